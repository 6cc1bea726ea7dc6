"""Records as a history: what each request asked for, what its answer proves, and which card it is.

What cannot be judged is counted, with the reason, and never guessed: a card that was there before
the record begins, one that a request which cannot be read may have changed, one whose period the
clock decides. On an API of holds alone what is judged together is a hold, with all that its keys
were used for. It opens no connection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tallystick.checker import History, Operation
from tallystick.ledger.dialect import Dialect
from tallystick.ledger.effects import book_opening
from tallystick.ledger.state import Ledger
from tallystick.ledger.traits import Traits
from tallystick.ledger.vocabulary import (
    Accepted,
    CardId,
    Command,
    HoldRecord,
    OpenCard,
    Outcome,
    Payment,
    ReadCard,
    ReadHold,
    ReadTransactions,
    Refused,
    Transact,
    TransactionRecord,
    Unknown,
)
from tallystick.profiles.profile import Profile, Recogniser, Sent
from tallystick.recorded.files import ELSEWHERE, Records, records_in
from tallystick.recorded.owners import Owners
from tallystick.reporting.records import Record
from tallystick.target import NOT_JSON, Answer, NoAnswer
from tallystick.target.api import FollowUp

JSON = Any
CUT = "[cut: "
TOO_LONG = "the answer was too long to be kept"
BUSY = 429
MARGIN = 3
"""A record that was cut off may lack requests that were under way then; none of them began earlier
than so many times the wait for an answer before its end."""

PREPARES = "it moves no money"
NOT_SHOWN = "it names what no answer has shown"
LOST_MAKER = "a request acted on what a lost answer may have made"
CURRENCIES = "its holds are in several currencies"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A history, and what was left out of it: exchanges and cards, by the reason."""

    history: History[Command, Outcome]
    exchanges: int
    left_out: Counter[str] = field(default_factory=Counter)
    cards_left_out: Counter[str] = field(default_factory=Counter)
    currencies: dict[str, str] = field(default_factory=dict)
    """The currency of each hold that no card has, by its key in the history."""

    @property
    def judged(self) -> int:
        """How many exchanges are judged, or belong to one that is."""
        return self.exchanges - self.left_out.total()

    def start(self, key: str, card: CardId, dialect: Dialect, traits: Traits) -> Ledger:
        """What is known of a card before its first operation."""
        ledger = Ledger(dialect, card, traits=traits)
        currency = self.currencies.get(key)
        return ledger if currency is None else book_opening(ledger, OpenCard(card, 1, currency))


def recorded(path: Path, profile: Profile) -> Recorded:
    """What of a file can be judged by a profile. JournalError if it cannot be read."""
    recogniser = profile.recogniser()
    found = records_in(path, recogniser.fits)
    reader = _Reader(profile.traits, recogniser, _end_of(found), _span_s(found))
    for record in found.records:
        reader.take(record)
    if found.elsewhere:
        reader.left_out[ELSEWHERE] += found.elsewhere
    return reader.ended(len(found.records) + found.elsewhere)


def _span_s(found: Records) -> float:
    """How many seconds pass from the first request to the last answer."""
    if not found.records:
        return 0.0
    last_ns = max(record.returned_ns for record in found.records)
    return (last_ns - found.records[0].called_ns) / 1e9


def _end_of(found: Records) -> int | None:
    """Until when all is known that had an effect; None: to the end."""
    if found.is_whole or not found.records:
        return None
    return max(record.returned_ns for record in found.records) - round(
        MARGIN * found.timeout_s * 1e9
    )


@dataclass(slots=True)
class _Asked:
    """A command of the record, and what of it is known so far."""

    command: Command
    account: str
    record: Record
    nodes: tuple[str, ...]
    """What it is about: its card, or its hold and its key."""
    returned_ns: int
    parts: int = 1
    """Of how many exchanges it is made."""
    follow: FollowUp | None = None
    """The read that completes its answer; None: it is complete."""


class _Reader:
    """Reads exchanges in the order of their calls."""

    def __init__(
        self, traits: Traits, recogniser: Recogniser, end_ns: int | None, span_s: float
    ) -> None:
        self._traits = traits
        self._recogniser = recogniser
        self._end_ns = end_ns
        self._operations: list[tuple[_Asked, Operation[Command, Outcome]]] = []
        self.left_out: Counter[str] = Counter()
        self._owners = Owners(traits, span_s)
        self._waiting: list[_Asked] = []
        self._harmless: set[int] = set()
        """Exchanges that moved no money, and may prepare a later one."""

    # Exchanges ------------------------------------------------------------------------------------

    def take(self, record: Record) -> None:
        """Take the next exchange."""
        sent, answer = _sent(record), _answer(record)
        is_awaited = self._continue(record, answer)
        if record.status == BUSY:
            self.left_out["the target was too busy for it"] += 1
            return
        found = self._recogniser.recognise(sent)
        self._recogniser.learn(sent, answer)
        command = found.command
        nodes = () if command is None else self._owners.nodes(command, found.account)
        if command is not None and nodes:
            asked = _Asked(command, found.account, record, nodes, record.returned_ns)
            asked.parts += self._claim(found.prepared_by)
            self._begin(asked, answer)
            return
        moves = found.moves if command is None else not _is_read(command)
        if moves:
            self._recogniser.skip(sent)
        if not is_awaited:
            reason = _reason(command, moves, found.why)
            self.left_out[reason] += 1
            if reason == PREPARES:
                self._harmless.add(record.number)
        if moves and (record.status is None or not 300 <= record.status < 500):
            self._owners.may_have_changed(record, command, found.touches)

    def _claim(self, numbers: frozenset[int]) -> int:
        """How many of these exchanges belong to a command, and to none before."""
        found = self._harmless & numbers
        self._harmless -= found
        self.left_out[PREPARES] -= len(found)
        return len(found)

    def _begin(self, asked: _Asked, answer: Answer | NoAnswer) -> None:
        if isinstance(answer, Answer) and not _is_cut(asked.record):
            answered = self._recogniser.complete(asked.command, asked.account, answer)
            self._go_on(asked, answered)
        else:
            self._finish(asked, answer)

    def _go_on(self, asked: _Asked, so_far: Answer | NoAnswer | FollowUp) -> None:
        if isinstance(so_far, FollowUp):
            asked.follow = so_far
            self._waiting.append(asked)
        else:
            asked.follow = None
            self._finish(asked, so_far)

    def _continue(self, record: Record, answer: Answer | NoAnswer) -> bool:
        """Whether it is the read that completes earlier answers: it is given to them."""
        known = [
            asked
            for asked in self._waiting
            if asked.follow is not None
            and asked.follow.request.method == record.method
            and asked.follow.request.path == record.path
            and asked.follow.request.body == record.body
            and asked.returned_ns <= record.called_ns
        ]
        for asked in known:
            self._waiting.remove(asked)
            asked.returned_ns = max(asked.returned_ns, record.returned_ns)
            asked.parts += asked is known[0]
            assert asked.follow is not None, "it waits for this"
            self._go_on(asked, asked.follow.read(answer))
        return bool(known)

    # Answers --------------------------------------------------------------------------------------

    def _finish(self, asked: _Asked, answer: Answer | NoAnswer) -> None:
        command, record = self._named(asked), asked.record
        outcome = self._outcome(asked, answer)
        if isinstance(outcome, Unknown) and _is_read(command):
            self.left_out["its answer is missing"] += asked.parts
            return
        self._owners.watch(asked.nodes[0], command)
        ids = self._recogniser.ids_of(command, asked.account, outcome)
        shown = self._shown(command, outcome)
        if not self._traits.account and shown is not None:
            asked.nodes = (*asked.nodes, f"hold {asked.account} {shown}")
        self._owners.own(asked.nodes, ids, shown)
        returned_ns = None if isinstance(outcome, Unknown) else asked.returned_ns
        operation: Operation[Command, Outcome] = Operation(
            record.number, asked.nodes[0], command, outcome, record.called_ns, returned_ns
        )
        self._operations.append((asked, operation))

    def _named(self, asked: _Asked) -> Command:
        """The command with its card."""
        command = asked.command
        if command.card or not self._traits.account:
            return command
        return replace(command, card=self._owners.cards[asked.nodes[0]])

    def _outcome(self, asked: _Asked, answer: Answer | NoAnswer) -> Outcome:
        record = asked.record
        if record.status in (401, 403):
            # Perhaps it was refused for who asked, of which the ledger knows nothing.
            return Unknown(f"status {record.status}")
        outcome = self._recogniser.outcome(asked.command, asked.account, answer)
        if _is_cut(record) and not isinstance(outcome, Refused):
            return Unknown(TOO_LONG)
        if self._end_ns is not None and asked.returned_ns > self._end_ns:
            return Unknown("the record was cut off while others were under way")
        return outcome

    def _shown(self, command: Command, outcome: Outcome) -> str | None:
        """The id of the hold or transaction that an answer shows."""
        record = outcome.record if isinstance(outcome, Accepted) else None
        is_made = isinstance(command, Payment)
        if is_made and isinstance(record, TransactionRecord | HoldRecord):
            return record.id
        return None

    # The end --------------------------------------------------------------------------------------

    def ended(self, exchanges: int) -> Recorded:
        """What was read, without the cards that cannot be judged."""
        for asked in self._waiting:
            self._finish(asked, NoAnswer("the record does not show what became of it"))
        if self._owners.lost_is_used:
            for asked, lost in self._operations:
                if not lost.answered:
                    self._owners.spoiled.setdefault(asked.nodes[0], LOST_MAKER)
        self._leave_out_mixed()
        spoiled = {self._owners.groups.of(node): why for node, why in self._owners.spoiled.items()}
        kept, unread = [], 0
        for asked, operation in self._without_torn_lists():
            root = self._owners.groups.of(asked.nodes[0])
            if root in spoiled:
                unread += asked.parts
            else:
                kept.append(self._keyed(operation, root))
        if unread:
            self.left_out["its card is left out"] += unread
        known = {self._owners.groups.of(asked.nodes[0]) for asked, _ in self._operations}
        counted = Counter(why for root, why in spoiled.items() if root in known)
        found = self._currencies()
        return Recorded(History.of(kept), exchanges, +self.left_out, counted, found)

    def _keyed(
        self, operation: Operation[Command, Outcome], root: str
    ) -> Operation[Command, Outcome]:
        """The operation on the card, or on the hold that stands for one."""
        if self._traits.account:
            return replace(operation, key=root.partition(" ")[2])
        command = replace(operation.command, card=CardId(root))
        return replace(operation, key=root, command=command)

    def _currencies(self) -> dict[str, str]:
        if self._traits.account:
            return {}
        return {
            self._owners.groups.of(asked.nodes[0]): asked.command.currency
            for asked, _ in reversed(self._operations)
            if isinstance(asked.command, Transact)
        }

    def _leave_out_mixed(self) -> None:
        """Holds that share keys, and are in several currencies: a ledger has one."""
        first = self._currencies()
        for asked, _ in self._operations:
            if isinstance(asked.command, Transact) and not self._traits.account:
                node = asked.nodes[0]
                if first[self._owners.groups.of(node)] != asked.command.currency:
                    self._owners.spoiled.setdefault(node, CURRENCIES)

    def _without_torn_lists(self) -> Iterator[tuple[_Asked, Operation[Command, Outcome]]]:
        """All but lists of several pages that were read while others wrote: they show no moment."""
        writes: dict[str, list[Operation[Command, Outcome]]] = {}
        for asked, operation in self._operations:
            if not _is_read(operation.command):
                writes.setdefault(asked.nodes[0], []).append(operation)
        for asked, operation in self._operations:
            is_torn = (
                asked.parts > 1
                and isinstance(operation.command, ReadTransactions)
                and any(_overlap(each, operation) for each in writes.get(asked.nodes[0], ()))
            )
            if is_torn:
                self.left_out["others wrote while the pages of its list were read"] += asked.parts
            else:
                yield asked, operation


def _overlap(write: Operation[Command, Outcome], read: Operation[Command, Outcome]) -> bool:
    assert read.returned_ns is not None, "a read without an answer is left out"
    begins_before = write.called_ns <= read.returned_ns
    return begins_before and (write.returned_ns is None or write.returned_ns >= read.called_ns)


def _is_read(command: Command) -> bool:
    return isinstance(command, ReadCard | ReadHold | ReadTransactions)


def _reason(command: Command | None, moves: bool, why: str) -> str:
    if command is not None:
        return NOT_SHOWN
    return why if why and moves else PREPARES


def _sent(record: Record) -> Sent:
    return Sent(
        *(record.number, record.method, record.path, record.body),
        {name.lower(): value for name, value in record.headers.items()},
        record.form,
        " ".join(record.credentials or ()),
        record.credentials is None,
    )


def _answer(record: Record) -> Answer | NoAnswer:
    if record.status is None:
        return NoAnswer(record.reason)
    body = NOT_JSON if record.reason or _is_cut(record) else record.answer
    return Answer(record.status, "application/json", body, headers=record.shown_headers)


def _is_cut(record: Record) -> bool:
    return isinstance(record.answer, str) and record.answer.startswith(CUT)


def said_of(found: Recorded) -> Iterator[str]:
    """What was left out, in lines."""
    yield f"judged: {found.judged:,} of {found.exchanges:,} exchanges"
    for what, counted in (("exchanges", found.left_out), ("cards", found.cards_left_out)):
        for reason, number in counted.most_common():
            yield f"not judged: {number:,} {what}: {reason}"
