"""Answers to outcomes and records, by what a profile file says of them. Pure, but for `Names`.

What an answer does not show is None in a record of a hold or a card, and never judged. A record of
a payment is filled with what was asked for by the request that made it, where the API shows no such
member at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tallystick.ledger.members import as_text as as_metadata
from tallystick.ledger.vocabulary import (
    Accepted,
    Capture,
    CardId,
    CardRecord,
    Command,
    EntryId,
    Extras,
    HoldRecord,
    OpenCard,
    Outcome,
    Payment,
    ReadCard,
    Record,
    Refused,
    Settlement,
    Transact,
    TransactionRecord,
    Unknown,
)
from tallystick.profiles.declared.declaration import SETTLING, Declaration, Name, Template
from tallystick.profiles.declared.encoding import METADATA, name_of
from tallystick.profiles.declared.expressions import as_word, headers_as_variables
from tallystick.profiles.declared.names import Names
from tallystick.target.answers import NOT_JSON, Answer, NoAnswer

JSON = Any
NO_CONTENT = 204

TYPES: dict[Name | None, str] = {
    Name.FUND: "fund",
    Name.DRAW: "drawdown",
    Name.HOLD: "pending_capture",
    Name.CAPTURE: "drawdown",
    Name.VOID: "voided",
    Name.REFUND: "refund",
}
"""The type of what a command makes, in the words of the ledger's questions (`type.fund`)."""


@dataclass(frozen=True, slots=True)
class Whole:
    """The body of an answer that further reads have completed."""

    pages: tuple[JSON, ...]
    """The bodies of all pages of a list; else the last body alone."""
    given: Mapping[str, JSON] = field(default_factory=dict)
    """The variables that the first answer gave."""


def items_of(template: Template, body: JSON, variables: Mapping[str, JSON]) -> list[JSON]:
    """Return the items of one page of a list; none if there is no list."""
    found = body if template.items is None else template.items.value(body, variables)
    return found if isinstance(found, list) else []


def _is_refused_late(template: Template, body: JSON) -> bool:
    """Whether what was queued has come to nothing."""
    wait = template.wait
    return wait is not None and wait.refused is not None and wait.refused.holds_for(body)


def _has_unread_pages(template: Template, body: JSON) -> bool:
    more = template.more
    return template.pages is None and more is not None and more.holds_for(body)


def _whole(body: JSON) -> Whole:
    if isinstance(body, Whole):
        return body
    return Whole((None if body is NOT_JSON else body,))


class Decoder:
    """Reads the answers of one run."""

    def __init__(self, declaration: Declaration, names: Names) -> None:
        self._declaration = declaration
        self._names = names
        self._money = declaration.money

    def verdict(self, answer: Answer) -> str:
        """Return `accepted` or `refused`; else why an answer is neither."""
        if answer.status >= 500:
            return f"status {answer.status}"
        body = None if answer.body is NOT_JSON else answer.body
        if any(each.applies(answer.status, body) for each in self._declaration.refused):
            return "refused"
        if any(each.applies(answer.status, body) for each in self._declaration.accepted):
            return "accepted"
        return f"status {answer.status}: the profile has it neither as accepted nor as refused"

    def outcome(
        self,
        command: Command,
        template: Template,
        answer: Answer | NoAnswer,
        variables: Mapping[str, JSON],
        currency: str,
    ) -> Outcome:
        """Return what an answer proves; `currency` is that of what the command is about."""
        if isinstance(answer, NoAnswer):
            return Unknown(answer.reason)
        verdict = self.verdict(answer)
        if verdict == "refused":
            return Refused(answer.status)
        if verdict != "accepted":
            return Unknown(verdict)
        if answer.body is NOT_JSON and template.reads_body and answer.status != NO_CONTENT:
            return Unknown(f"status {answer.status} without JSON")
        whole = _whole(answer.body)
        if template.wait is not None and template.wait.pending.holds_for(whole.pages[-1]):
            return Unknown("it is queued: what comes of it is not known yet")
        if _is_refused_late(template, whole.pages[-1]):
            return Refused(answer.status)
        if _has_unread_pages(template, whole.pages[-1]):
            return Unknown("the list has more pages: what is on them is not known")
        known = {**variables, **headers_as_variables(answer.headers), **whole.given}
        shown = _Shown(template, whole.pages[-1], known)
        if name_of(command) is Name.LIST:
            items = (item for body in whole.pages for item in shown.items_of(body))
            return Accepted(tuple(self._listed(command.card, item) for item in items))
        return Accepted(self._record(command, shown, currency))

    def _record(self, command: Command, shown: _Shown, currency: str) -> Record:
        name = name_of(command)
        if isinstance(command, OpenCard | ReadCard):
            return self._card(command, shown, currency)
        if isinstance(command, Capture):
            self._names.learn_capture(command.parent, shown.given())
        holds = (Name.HOLD, *SETTLING)
        if name is Name.READ_HOLD or (name in holds and not self._declaration.has_record(name)):
            return self._hold(command, shown, currency)
        assert isinstance(command, Payment), f"{name} has a record"
        return self._payment(command, shown, currency)

    def _card(self, command: OpenCard | ReadCard, shown: _Shown, currency: str) -> CardRecord:
        theirs = shown.text("id")
        if isinstance(command, OpenCard):
            id_here = self._names.write(command.card) if theirs is None else theirs
            self._names.learn_card(command.card, id_here, command.currency)
            self._names.learn_number(id_here, shown.value("id"))
            self._names.learn_given("card", id_here, shown.given())
        card = self._names.card_of(theirs) if theirs is not None else command.card
        read_as = self._currency(shown) or currency

        def money(figure: str) -> int | Decimal | None:
            return self._money.read(shown.value(figure), read_as)

        return CardRecord(
            card=card or CardId(theirs or ""),
            currency=self._currency(shown) or (None if shown.has("currency") else currency),
            amount=money("amount"),
            balance=money("balance"),
            available=money("available"),
            funds=money("funds"),
            drawdown=money("drawdown"),
            pending=money("pending"),
            reserved=money("reserved"),
            status=shown.text("status"),
            extras=shown.extras(),
        )

    def _hold(self, command: Command, shown: _Shown, currency: str) -> HoldRecord:
        theirs = shown.text("id")
        read_as = self._currency(shown) or currency
        if isinstance(command, Transact) and theirs is not None:
            self._names.learn_entry(EntryId(theirs), command.currency)
            self._names.learn_given("hold", theirs, shown.given())
            self._names.learn_number(theirs, shown.value("id"))
        return HoldRecord(
            id=None if theirs is None else EntryId(theirs),
            currency=self._currency(shown),
            amount=self._money.read(shown.value("amount"), read_as),
            captured=self._money.read(shown.value("captured"), read_as),
            remaining=self._money.read(shown.value("remaining"), read_as),
            released=self._money.read(shown.value("released"), read_as),
            refunded=self._money.read(shown.value("refunded"), read_as),
            is_open=shown.is_open(),
            extras=shown.extras() if shown.has(METADATA) else None,
        )

    def _payment(self, command: Payment, shown: _Shown, currency: str) -> TransactionRecord:
        theirs = shown.text("id")
        if isinstance(command, Transact) and theirs is not None:
            self._names.learn_entry(EntryId(theirs), command.currency)
            self._names.learn_given("hold", theirs, shown.given())
            self._names.learn_number(theirs, shown.value("id"))
        first = self._names.first_of(theirs, command)
        parent = None if isinstance(first, Transact) else first.parent
        is_hidden = isinstance(command, Settlement)  # see `details_of`
        shown_parent = shown.text("parent")
        amount = self._money.read(shown.value("amount"), self._currency(shown) or currency)
        return TransactionRecord(
            id=None if theirs is None else EntryId(theirs),
            ref=self._names.read_ref(shown.text("ref")) if shown.has("ref") else first.ref,
            amount=amount if shown.has("amount") or is_hidden else first.amount,
            currency=self._currency(shown) if shown.has("currency") else currency,
            type=shown.type(TYPES[name_of(command)]),
            parent=_entry(shown_parent) if shown.has("parent") else parent,
            extras=shown.extras() if shown.has(METADATA) else first.extras,
        )

    def _listed(self, card: CardId, shown: _Shown) -> TransactionRecord:
        currency = self._names.currency_of(card) or next(iter(self._money.currencies))
        return TransactionRecord(
            id=_entry(shown.text("id")),
            ref=self._names.read_ref(shown.text("ref")),
            amount=self._money.read(shown.value("amount"), self._currency(shown) or currency),
            currency=self._currency(shown) if shown.has("currency") else currency,
            parent=_entry(shown.text("parent")),
            extras=shown.extras(),
        )

    def _currency(self, shown: _Shown) -> str | None:
        return self._money.read_currency(shown.text("currency"))


class _Shown:
    """One body, and what a template reads from it."""

    def __init__(self, template: Template, body: JSON, variables: Mapping[str, JSON]) -> None:
        self._template = template
        self._body = body
        self._variables = variables

    def has(self, figure: str) -> bool:
        """Whether the profile says where the figure is."""
        return figure in self._template.shows

    def value(self, figure: str) -> JSON:
        """The figure as it is there; None if it is not."""
        expression = self._template.shows.get(figure)
        return None if expression is None else expression.value(self._body, self._variables)

    def text(self, figure: str) -> str | None:
        """The figure as text; ids may be numbers."""
        value = self.value(figure)
        return None if isinstance(value, bool) else as_word(value)

    def given(self) -> dict[str, JSON]:
        """The variables for later requests on what was made."""
        before = {name: self._variables.get(name) for name in self._template.all_given}
        values = {
            name: value
            for name, where in self._template.gives.items()
            if (value := where.value(self._body, self._variables)) is not None
        }
        return {**before, **values}

    def extras(self) -> Extras:
        """The metadata, as a command carries it."""
        value = self.value(METADATA)
        return () if value is None else ((METADATA, as_metadata(value)),)

    def is_open(self) -> bool | None:
        """Whether the hold is open, if that is shown."""
        condition = self._template.open
        return None if condition is None else condition.shown_in(self._body)

    def type(self, own: str) -> str | None:
        """The type of a record: `own` if it is that of its command; None if that is not shown."""
        condition = self._template.type
        is_own = None if condition is None else condition.shown_in(self._body)
        if condition is None or is_own is None:
            return None
        return own if is_own else repr(condition.text_in(self._body))

    def items_of(self, body: JSON) -> list[_Shown]:
        """Each of a list."""
        listed = items_of(self._template, body, self._variables)
        return [_Shown(self._template, item, self._variables) for item in listed]


def _entry(text: str | None) -> EntryId | None:
    return None if text is None else EntryId(text)
