"""Recorded requests to commands, by a profile file: what a request asked for.

A command counts only if its template writes exactly this request again, all requests before it are
in the record, and its key is followed. What the target makes (ids of cards and holds) is learned
from the answers, as in a run. Keys are taken as they stand in the record: of which client's words
they were made, it need not know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from tallystick.ledger.vocabulary import (
    Accepted,
    Command,
    HoldRecord,
    OpenCard,
    Outcome,
    TransactionRecord,
)
from tallystick.profiles.declared.book import Book, Speaker
from tallystick.profiles.declared.declaration import PAYMENTS, Call, Declaration, Name
from tallystick.profiles.declared.keys import Keys, Unclear
from tallystick.profiles.declared.matching import (
    Found,
    Unlike,
    fits,
    texts_in,
    variables_in,
)
from tallystick.profiles.declared.signing import PER_REQUEST
from tallystick.profiles.declared.templates import merged, names_in
from tallystick.profiles.profile import Recognised, Sent
from tallystick.target.answers import Answer, NoAnswer
from tallystick.target.api import FollowUp

JSON = Any
READS = (Name.READ_CARD, Name.READ_HOLD, Name.LIST)
UNCERTAIN = "it cannot be read as a command for certain"
NOT_DECLARED = "it is no command of the profile"


@dataclass(frozen=True, slots=True)
class Reading:
    """A request that a template may have written."""

    name: Name
    call: Call
    final: str
    """What a capture says of the rest of its hold; empty: nothing."""
    variables: Found


class DeclaredRecogniser:
    """See `profiles.profile.Recogniser`."""

    def __init__(self, declaration: Declaration, speaker: Callable[[], Speaker]) -> None:
        """`speaker` makes the profile as it speaks of one account."""
        self._declaration = declaration
        self._speaker = speaker
        self._books: dict[str, Book] = {}
        login = declaration.login
        self._unread = frozenset((*login.query, *login.members))
        self._calls = list(_calls(declaration))
        self._befores = [
            (name, number, before)
            for name, template in declaration.commands.items()
            for number, before in enumerate(template.before)
        ]
        self._of_client = [
            name.lower()
            for name, value in login.headers.items()
            if not names_in(value) & set(PER_REQUEST)
        ]
        waits = [each.wait.call for each in declaration.commands.values() if each.wait is not None]
        fetch = [] if login.fetch is None else [login.fetch]
        self._harmless = [*declaration.control, *waits, *fetch]

    def _book(self, account: str) -> Book:
        if account not in self._books:
            self._books[account] = Book(self._speaker(), Keys(self._declaration))
        return self._books[account]

    # Requests -------------------------------------------------------------------------------------

    def fits(self, method: str, path: str) -> bool:
        """Whether a template has this method and path."""
        befores = [before.call for _, _, before in self._befores]
        calls = [*(call for _, call, _ in self._calls), *befores, *self._harmless]
        return any(fits(call, method, path) for call in calls)

    def recognise(self, sent: Sent) -> Recognised:
        """What a request asked for."""
        readings = list(self._readings(sent))
        if not readings:
            return self._no_command(sent)
        account = str(readings[0].variables.get("account", ""))
        moves = any(reading.name not in READS for reading in readings)
        if not sent.is_usual:
            return Recognised(None, moves, account, "it carries other credentials")
        if len(readings) > 1:
            return Recognised(None, moves, account, "it may be one of several commands")
        client = [sent.headers.get(name, "") for name in self._of_client]
        sent = replace(sent, client=" ".join([sent.client, *client]))
        try:
            one = readings[0]
            book = self._book(account)
            command = book.command(
                *(one.name, one.call, one.final, one.variables, sent, self._unread)
            )
        except Unclear as unclear:
            return Recognised(None, moves, account, str(unclear), touches=unclear.touches)
        return Recognised(command, moves, account, prepared_by=frozenset(book.prepared_by))

    def _readings(self, sent: Sent) -> Iterator[Reading]:
        for name, call, final in self._calls:
            found = self._matched(call, sent)
            if found is not None and not (name in PAYMENTS and self._has_further_key(call, sent)):
                yield Reading(name, call, final, found)

    def _has_further_key(self, call: Call, sent: Sent) -> bool:
        """Whether it carries a key where the template has none."""
        header = self._declaration.retry_header
        return header.lower() in sent.headers and header not in call.headers

    def _matched(self, call: Call, sent: Sent) -> Found | None:
        if call.method != sent.method:
            return None
        try:
            return variables_in(call, sent.path, sent.body, sent.headers, self._unread)
        except Unlike:
            return None

    def _no_command(self, sent: Sent) -> Recognised:
        method, path = sent.method, sent.path
        matched = [name for name, call, _ in self._calls if fits(call, method, path)]
        befores = [before.call for _, _, before in self._befores]
        if any(self._matched(call, sent) is not None for call in befores):
            return Recognised(None, moves=False)
        if any(fits(call, method, path) for call in self._harmless):
            return Recognised(None, moves=False)
        if matched:
            return Recognised(None, any(name not in READS for name in matched), why=UNCERTAIN)
        moves = method not in ("GET", "HEAD", "OPTIONS")
        return Recognised(None, moves, why=NOT_DECLARED)

    def learn(self, sent: Sent, answer: Answer | NoAnswer) -> None:
        """What a request gave that comes before the one with the effect."""
        if isinstance(answer, NoAnswer) or not sent.is_usual:
            return
        for name, number, before in self._befores:
            found = self._matched(before.call, sent)
            if found is not None:
                book = self._book(str(found.get("account", "")))
                book.prepare(name, number, before, found, sent, answer, self._unread)

    def skip(self, sent: Sent) -> None:
        """Whatever is in the request may be a key that was used for what nobody follows."""
        if sent.method in ("GET", "HEAD", "OPTIONS"):
            return
        path = sent.path.replace("?", "/").split("/")
        texts = {*sent.headers.values(), *texts_in(sent.body), *path}
        for book in self._books.values():
            book.keys.strange |= texts
        self._book("").keys.strange |= texts

    # Answers --------------------------------------------------------------------------------------

    def complete(
        self, command: Command, account: str, answer: Answer
    ) -> Answer | NoAnswer | FollowUp:
        """The reads that complete an answer, as a run sends them."""
        return self._book(account).speaker.complete(command, account, answer)

    def outcome(self, command: Command, account: str, answer: Answer | NoAnswer) -> Outcome:
        """What an answer proves."""
        book = self._book(account)
        outcome = book.speaker.outcome(command, answer)
        record = outcome.record if isinstance(outcome, Accepted) else None
        if isinstance(record, TransactionRecord | HoldRecord) and record.id is not None:
            book.holds.setdefault(record.id, command.card)
        return outcome

    def ids_of(self, command: Command, account: str, outcome: Outcome) -> tuple[str, ...]:
        """The id of what it made, and what else was given with it."""
        book = self._book(account)
        record = outcome.record if isinstance(outcome, Accepted) else None
        if isinstance(command, OpenCard):
            theirs = book.speaker.names.id_of(command.card)
            made = theirs or (command.card if self._declaration.cards_are_ours else None)
            given = book.speaker.names.given("card", made)
            book.learn_card(command.card, given)
            return _with_given(made, given)
        if not isinstance(record, TransactionRecord | HoldRecord) or record.id is None:
            return ()
        return _with_given(record.id, book.speaker.names.given("hold", record.id))


def _with_given(made: str | None, given: Any) -> tuple[str, ...]:
    texts = [str(each) for each in given.values() if isinstance(each, str | int)]
    return (*texts,) if made is None else (made, *texts)


def _calls(declaration: Declaration) -> Iterator[tuple[Name, Call, str]]:
    """Each way to write each command: name, request, and what it says of the rest of its hold."""
    for name, template in declaration.commands.items():
        for call in template.effects:
            yield from _with_and_without_key(declaration, name, call, "")
        for final, more in template.says_rest.items():
            content = merged(template.call.content, more)
            call = replace(template.call, content=content, has_body=True)
            yield from _with_and_without_key(declaration, name, call, final)


def _with_and_without_key(
    declaration: Declaration, name: Name, call: Call, final: str
) -> Iterator[tuple[Name, Call, str]]:
    carried = declaration.with_key(name, call)
    yield name, carried, final
    if declaration.key_is_optional and carried is not call:
        yield name, call, final
