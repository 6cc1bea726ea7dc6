"""Resolves symbolic steps into commands: labels, ids, ref_ids, amounts and periods of time.

A label stands for a card, a payment or a token; its binding says which. Amounts are resolved from
the ledgers (`remaining+1`), times from the target's clock (`now+60`). It sends nothing and judges
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, replace
from typing import Self

from tallystick.clock import Clock, Period
from tallystick.drivers.possible_ledgers import PossibleLedgers
from tallystick.drivers.reading_back import known_holds
from tallystick.ledger.state import Ledger
from tallystick.ledger.vocabulary import (
    Accepted,
    ActivateCard,
    Capture,
    CardId,
    CardLabel,
    Command,
    DeleteCard,
    EntryId,
    Extras,
    HoldRecord,
    IssueToken,
    Kind,
    OpenCard,
    Outcome,
    Payment,
    Phase,
    PrepareCard,
    ReadCard,
    ReadHold,
    ReadTransactions,
    RefId,
    Refund,
    TokenRecord,
    Transact,
    TransactionRecord,
    View,
    Void,
)
from tallystick.program import MISSING_LABELS, ModelState, Step, Verb

KINDS = {Verb.DRAW: Kind.DRAWDOWN, Verb.HOLD: Kind.HOLD, Verb.FUND: Kind.FUND}
MISSING_ID = "00000000-0000-4000-8000-000000000000"
"""A transaction id that no server gives away; programs name it `missing`."""
NO_CUSTOMER = "nobody"
"""The customer by whom a card is asked for that has none."""
ON_MISSING = (Verb.CAPTURE, Verb.VOID, Verb.REFUND, Verb.INFO, Verb.READ)
"""Verbs that may act on what does not exist."""
OURS = ("ref_tail", "ref_digits")
"""Members of a step that shape its ref_id; they are no members of a request."""
CUSTOMER_TAIL = "customer_tail"
"""The same for the customer_id of a card: a server may bound how many cards a customer has."""


@dataclass(frozen=True, slots=True)
class Binding:
    """What a label stands for: the command that made it, its card, and the id it was given."""

    command: Command
    card: CardLabel
    id: str | None = None
    """The id of a transaction or the value of a token; None if it was refused, or is a card."""


class Resolver:
    """The labels of one program and what they stand for.

    It follows a card in `ledgers` as soon as a step names it.
    """

    def __init__(self, ledgers: PossibleLedgers, prefix: str, clock: Clock) -> None:
        """`prefix` begins every id and ref_id that is made here; it is unique on the target.

        `clock` is that of the target; all programs of a run share it.
        """
        self.ledgers = ledgers
        self.prefix = prefix
        self.clock = clock
        self._bindings: dict[str, Binding] = {}
        self._periods: dict[CardLabel, Period] = {}
        self._lost: dict[str, str] = {}

    @property
    def bindings(self) -> Mapping[str, Binding]:
        """What the labels stand for."""
        return self._bindings

    def fork(self, *, shares_bindings: bool = False) -> Self:
        """The resolver of another client, which knows all that is known by now.

        It has ledgers of its own, and labels of its own unless `shares_bindings`.
        """
        other = copy(self)
        other.ledgers = self.ledgers.copy()
        other._periods = dict(self._periods)
        if not shares_bindings:
            other._bindings, other._lost = dict(self._bindings), dict(self._lost)
        return other

    def with_prefix(self, prefix: str) -> Self:
        """The same cards and labels, shared in both directions; new ids begin with the prefix."""
        other = copy(self)
        other.prefix = prefix
        return other

    # Labels ---------------------------------------------------------------------------------------

    def bind(
        self, label: str, command: Command, card: CardLabel, outcome: Outcome | None = None
    ) -> None:
        """Let a label stand for what the command made; without an outcome, for its card."""
        made: str | None = None
        if isinstance(outcome, Accepted):
            record = outcome.record
            own = isinstance(command, Transact)  # a capture without a record has no id
            if isinstance(record, TransactionRecord) or (own and isinstance(record, HoldRecord)):
                made = record.id
            elif isinstance(record, TokenRecord):
                made = record.value
        self._bindings[label] = Binding(command, card, made)
        self._lost.pop(label, None)

    def forget(self, card: CardLabel) -> None:
        """Forget a card and all labels that belong to it."""
        self.ledgers.forget(card)
        for label in [label for label, bound in self._bindings.items() if bound.card == card]:
            del self._bindings[label]

    def lose(self, label: str, operation: str) -> None:
        """A label stands for nothing, because the target lacks the operation that makes it."""
        if label:
            self._lost[label] = operation

    @property
    def lost(self) -> Mapping[str, str]:
        """Labels that stand for nothing, with the missing operations that would have made them."""
        return self._lost

    def lost_by(self, step: Step) -> str | None:
        """The missing operation without which nothing made what the step names; None if none."""
        return next((self._lost[label] for label in step.needs if label in self._lost), None)

    def model_state(self) -> ModelState:
        """What strategies choose the next step from."""
        payments: dict[str, tuple[CardLabel, EntryId | None]] = {}
        tokens: dict[str, CardLabel] = {}
        for label, bound in self._bindings.items():
            if isinstance(bound.command, Payment):
                payments[label] = (bound.card, EntryId(bound.id) if bound.id else None)
            elif isinstance(bound.command, IssueToken) and bound.id:
                tokens[label] = bound.card
        cards = {label: self.ledgers.likeliest(label) for label in self.ledgers}
        return ModelState(cards, payments, tokens, self.ledgers.traits)

    # Steps ----------------------------------------------------------------------------------------

    def can_resolve(self, step: Step) -> bool:
        """Whether all that the step names is there; some verbs may act on a missing transaction."""
        if step.verb is Verb.READ and _hold_read_by(step, self._bindings, self.ledgers) is None:
            return self.ledgers.traits.account and all(n in self._bindings for n in step.needs)
        if step.on in MISSING_LABELS and step.verb in ON_MISSING:
            # The command goes to some card all the same, so there has to be one.
            return bool(self.ledgers) and (not step.ref or step.ref in self._bindings)
        return all(label in self._bindings for label in step.needs)

    def resolve(self, step: Step) -> tuple[Command, CardLabel]:
        """The command that a step means now, and the card it concerns.

        KeyError if it names what is not there: ask `can_resolve` first.
        """
        if step.verb in (Verb.CARD, Verb.BATCH):
            card = CardLabel(step.name)
            return self.timed(self._new_card(step, card), card), card
        if step.verb is Verb.AGAIN:
            bound = self._bindings[step.on]
            return self.timed(bound.command, bound.card), bound.card
        named = self._bindings.get(step.on)
        card = named.card if named is not None else next(iter(self.ledgers))
        hold = _hold_read_by(step, self._bindings, self.ledgers) if step.verb is Verb.READ else None
        if hold is not None:
            return self.timed(ReadHold(self.ledgers.card_id(card), hold), card), card
        return self.timed(self._on_card(step, named, card), card), card

    def _new_card(self, step: Step, card: CardLabel) -> Command:
        # A label twice is the same card: created once more, or by several clients at once.
        members = dict(step.extras)
        card_id = CardId(f"{self.prefix}-{members.pop('id_tail', step.name)}")
        self.ledgers.follow(card, card_id)
        if step.verb is Verb.BATCH:
            return PrepareCard(card_id)
        amount = step.amount.offset if step.amount is not None else 0
        extras = self._with_own(card, members)
        return OpenCard(
            card_id, max(0, amount), step.currency or self.ledgers.traits.currency, extras
        )

    def _on_card(self, step: Step, named: Binding | None, card: CardLabel) -> Command:
        ledger = self.ledgers.likeliest(card)
        extras = tuple(pair for pair in step.extras if pair[0] not in OURS)
        match step.verb:
            case Verb.ACTIVATE:
                extras = self._with_own(card, dict(extras))
                amount = step.amount.resolve(ledger, None) if step.amount is not None else 0
                currency = step.currency or ledger.currency or self.ledgers.traits.currency
                return ActivateCard(ledger.card, amount, currency, extras)
            case Verb.DELETE:
                return DeleteCard(ledger.card)
            case Verb.TOKEN:
                return IssueToken(ledger.card, self._ref(step), ("one_time", "true") in extras)
        made = named.id if named is not None and named.id is not None else MISSING_ID
        if step.verb in (Verb.READ, Verb.LIST, Verb.INFO, Verb.CUSTOMER):
            return _read(step.verb, ledger, made)
        return self._payment(step, named, ledger, made, extras)

    def _payment(
        self, step: Step, named: Binding | None, ledger: Ledger, made: str, extras: Extras
    ) -> Command:
        ref = self._ref(step)
        entry_id = EntryId(made)
        amount = None if step.amount is None else step.amount.resolve(ledger, entry_id)
        if step.verb is Verb.CAPTURE:
            return Capture(ledger.card, entry_id, amount, ref, extras=extras)
        if step.verb is Verb.VOID:
            return Void(ledger.card, entry_id, ref, extras=extras, amount=amount)
        if step.verb is Verb.REFUND:
            return Refund(ledger.card, entry_id, amount, ref, extras=extras)
        by_token = named is not None and isinstance(named.command, IssueToken)
        currency = step.currency or ledger.currency or self.ledgers.traits.currency
        kind, token = KINDS[step.verb], made if by_token else None
        return Transact(kind, ledger.card, amount or 0, currency, ref, token, extras=extras)

    def _ref(self, step: Step) -> RefId:
        if step.ref:
            first = self._bindings[step.ref].command
            return RefId(getattr(first, "ref", ""))
        members = dict(step.extras)
        if "ref_digits" in members:
            return RefId(f"{members['ref_digits']}{int.from_bytes(self.prefix.encode())}")
        return RefId(f"{self.prefix}.{members.get('ref_tail', step.name)}")

    # Time -----------------------------------------------------------------------------------------

    def timed(self, command: Command, card: CardLabel) -> Command:
        """The command with the phase of its card's period in which it is sent now."""
        period = self._periods.get(card)
        if period is None or isinstance(command, PrepareCard):
            return command
        phase = self.clock.phase(period)
        return command if phase is command.phase else replace(command, phase=phase)

    def as_answered(self, command: Command, card: CardLabel) -> Command:
        """The command as its answer is judged, which has come just now.

        If it came in another phase than that of the sending, either phase may have decided.
        """
        timed = self.timed(command, card)
        if isinstance(command, PrepareCard) or timed is command:
            return command
        return replace(command, phase=Phase.EDGE)

    def _with_own(self, card: CardLabel, members: dict[str, str]) -> Extras:
        """Turn `now+60` into a date-time by the target's own clock, and remember the period.

        `now+60@+05:00` is the same moment, written at that offset from UTC. A customer of whom the
        end of the id is said is one of this program alone.
        """
        if (tail := members.pop(CUSTOMER_TAIL, None)) is not None:
            members.setdefault("customer_id", f"{self.prefix}.{tail}")
        period = self._periods.get(card, Period())
        for name in ("active_from", "expires_at"):
            if members.get(name, "").startswith("now"):
                seconds, _, offset = members[name].removeprefix("now").partition("@")
                moment = self.clock.now() + float(seconds)
                period = replace(period, **{name: float(int(moment))})
                members[name] = self.clock.text(moment, offset or "Z")
        self._periods[card] = period
        return tuple(sorted(members.items()))


def _hold_read_by(
    step: Step, bindings: Mapping[str, Binding], ledgers: PossibleLedgers
) -> EntryId | None:
    """The hold that a read names; of a card that is none, the latest. None: it reads a card."""
    named = bindings.get(step.on)
    if not ledgers.traits.reads_hold:
        return None
    if step.on in MISSING_LABELS:
        return EntryId(MISSING_ID)
    if named is not None and isinstance(named.command, Payment):
        return EntryId(named.id or MISSING_ID)
    if ledgers.traits.account or named is None:
        return None
    return next(reversed(list(known_holds(ledgers.likeliest(named.card)))), None)


def _read(verb: Verb, ledger: Ledger, made: str) -> Command:
    match verb:
        case Verb.LIST:
            return ReadTransactions(ledger.card)
        case Verb.INFO:
            return ReadCard(ledger.card, View.INFO, made)
        case Verb.CUSTOMER:
            opened = dict(ledger.opened_by.extras) if ledger.opened_by is not None else {}
            # A card without a customer belongs to none: whoever asks has to be refused.
            return ReadCard(ledger.card, View.CUSTOMER, opened.get("customer_id", NO_CUSTOMER))
        case _:
            return ReadCard(ledger.card)
