"""Transaction records against the ledger: the answer to a payment, and the list of a card.

A record has to say what was done: the amount that moved, in the card's currency, under the caller's
ref_id, of a documented type, and for a capture or a void which transaction it acts on. This module
does not know whether the payment was legal (see `preconditions`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from tallystick.ledger.dialect import Dialect
from tallystick.ledger.effects import adopt
from tallystick.ledger.lifecycle import State
from tallystick.ledger.members import first_borrowed, first_missing
from tallystick.ledger.state import Entry, Ledger, is_made_up, is_unrecorded
from tallystick.ledger.vocabulary import (
    ActivateCard,
    EntryId,
    Extras,
    Kind,
    Money,
    Payment,
    RefId,
    TransactionRecord,
    Violation,
)

RECORD_RULE: dict[Kind, str] = {
    Kind.DRAWDOWN: "TX-4",
    Kind.HOLD: "TX-4",
    Kind.FUND: "FUND-4",
    Kind.CAPTURE: "CAP-8",
    Kind.VOID: "VOID-5",
    Kind.REFUND: "REFUND-4",
    Kind.OPENING: "BAL-5",
}
"""The rule that a wrong record breaks, by the kind of the transaction."""

SETTLING = (Kind.CAPTURE, Kind.VOID, Kind.REFUND)
"""What acts on an earlier payment; some APIs have no records of it."""
AMOUNT_RULE: dict[tuple[Kind, Money | None], str] = {
    (Kind.CAPTURE, None): "CAP-3",
    (Kind.CAPTURE, 0): "CAP-9",
}
"""The rule that a wrong amount breaks, by (kind, amount asked for): a capture of all, or of 0."""
PENDING = "pending_capture"
SHOWN_AS = {State.CAPTURED: "captured", State.VOIDED: "voided", State.RELEASED: "released"}


def judge_answer(
    ledger: Ledger, command: Payment, entry: Entry, record: TransactionRecord
) -> Dialect | Violation:
    """Judge the record that answers a payment. `entry` is what the payment makes, not yet booked.

    Returns the dialect, narrowed by what the record shows, or the violation.
    """
    rule = RECORD_RULE[command.kind]
    if record.id is None:
        return Violation(rule, "a record with an id", "no id")
    if record.id in ledger.entries:
        return Violation("TX-8", "a new id", f"the id {record.id} of an earlier transaction")
    judged = _judge_record(ledger, entry, record, command.extras)
    if isinstance(judged, Violation) and record.amount != entry.amount:
        asked = (command.kind, getattr(command, "amount", entry.amount))
        return replace(judged, rule=AMOUNT_RULE.get(asked, judged.rule))
    return judged


def judge_replay(
    ledger: Ledger, entry_id: EntryId, record: TransactionRecord
) -> Dialect | Violation:
    """Judge an answer that shows the transaction of an earlier request once more (REF-6)."""
    entry = ledger.entries[entry_id]
    if entry.kind is Kind.HOLD and record.type == PENDING:
        # The type of the first answer, whatever has become of the hold since.
        record = replace(record, type=None)
    judged = _judge_record(ledger, entry, record, entry.extras)
    if isinstance(judged, Violation):
        return replace(judged, rule="REF-6")
    return judged


def judge_list(
    ledger: Ledger, records: tuple[TransactionRecord, ...], checked: list[str]
) -> Ledger | Violation:
    """Judge a card's list: every transaction once, and none that no client made.

    Returns the ledger with what the list shows: ids of lost answers, answers to open questions.
    """
    checked += ["BAL-5", "READ-3"]
    seen: set[str] = set()
    for record in records:
        if record.id is None:
            return Violation("BAL-5", "every listed transaction has an id", f"{record}")
        if record.id in seen:
            return Violation("READ-3", "every transaction once", f"{record.id} twice")
        seen.add(record.id)
    unnamed = _Unnamed.of(ledger, records)
    for record in records:
        judged = _judge_listed(ledger, record, unnamed)
        if isinstance(judged, Violation):
            return judged
        ledger = judged
    for entry_id, entry in ledger.entries.items():
        if entry_id not in seen | unnamed.taken and _has_to_be_listed(ledger, entry_id, entry):
            return Violation(
                "BAL-5",
                f"the {entry.kind} of {entry.amount} with ref_id {entry.ref!r} in the list",
                f"{len(records)} transactions without it",
            )
    return ledger if unnamed.are_unclear else _judge_opening(ledger)


@dataclass(slots=True)
class _Unnamed:
    """What a list shows that no answer has shown, where its items have no ref_id to find it by."""

    are_unclear: bool = False
    """Whether one of them may be several entries, or the opening amount: nothing is learned."""
    taken: set[str] = field(default_factory=set)
    """The entries that stand for them if that is so."""
    may_be_opening: bool = False
    """Whether one more may be the opening amount."""

    @classmethod
    def of(cls, ledger: Ledger, records: tuple[TransactionRecord, ...]) -> _Unnamed:
        if ledger.traits.has("ref of an item"):
            return cls()
        unknown = [record for record in records if record.id not in ledger.entries]
        opening = _may_be_opening(ledger)
        possible = [len(_unshown(ledger, record)) + opening(record) for record in unknown]
        return cls(max(possible, default=0) > 1, may_be_opening=True)

    def judge(self, ledger: Ledger, record: TransactionRecord) -> Violation | None:
        """Let an entry that fits stand for a record; a violation if none is left."""
        left = [key for key in _unshown(ledger, record) if key not in self.taken]
        if left:
            self.taken.add(left[0])
        elif self.may_be_opening and _may_be_opening(ledger)(record):
            self.may_be_opening = False
        else:
            return _made_by_nobody(record)
        return None


def _unshown(ledger: Ledger, record: TransactionRecord) -> list[EntryId]:
    """Return the entries with ids that no answer has shown, and that a record may be of."""
    entries = ledger.entries.items()
    return [key for key, each in entries if is_made_up(key) and _fits(ledger, each, record)]


def _has_to_be_listed(ledger: Ledger, entry_id: EntryId, entry: Entry) -> bool:
    """Whether an entry is missed in a list. What has no record on this API may be left out."""
    if is_unrecorded(entry_id):
        return False
    return entry.kind not in SETTLING or ledger.traits.has(f"record of a {entry.kind}")


def _judge_listed(
    ledger: Ledger, record: TransactionRecord, unnamed: _Unnamed
) -> Ledger | Violation:
    entry_id = record.id or EntryId("")
    if entry_id not in ledger.entries:
        if unnamed.are_unclear:
            return unnamed.judge(ledger, record) or ledger
        found = _with_listed(ledger, record)
        if isinstance(found, Violation):
            return found
        ledger = found
    entry = ledger.entries[entry_id]
    judged = _judge_record(ledger, entry, _completed(ledger, entry, record), entry.extras)
    if isinstance(judged, Violation):
        return replace(judged, rule="BAL-5", expected=f"listed: {judged.expected}")
    own = (entry_id, *_parents(ledger, entry))
    others = (
        other.extras for key, other in ledger.entries.items() if key not in own and other.extras
    )
    borrowed = first_borrowed(_own_extras(ledger, entry), record.extras, others)
    if borrowed is not None:
        return Violation("BAL-5", "listed: only what was sent with it", f"{borrowed} of another")
    return ledger.with_dialect(judged)


def _own_extras(ledger: Ledger, entry: Entry) -> Extras:
    """Return what a record may show: what was sent with it, with its hold, and with its card."""
    parents = (ledger.entries.get(parent) for parent in _parents(ledger, entry))
    of_parents = (pair for parent in parents if parent is not None for pair in parent.extras)
    of_card = () if ledger.opened_by is None else ledger.opened_by.extras
    return (*entry.extras, *of_parents, *of_card)


def _parents(ledger: Ledger, entry: Entry) -> tuple[EntryId, ...]:
    """Return what a record may name as its parent: what was asked for, or the payment behind it."""
    named = entry.parent
    return () if named is None else tuple(dict.fromkeys((named, ledger.payment_behind(named))))


ITEM_MEMBERS = ("ref", "amount", "parent")


def _completed(ledger: Ledger, entry: Entry, record: TransactionRecord) -> TransactionRecord:
    """Return an item of a list with what the API shows on no item: that is never judged."""
    unshown = [name for name in ITEM_MEMBERS if not ledger.traits.has(f"{name} of an item")]
    return replace(record, **{name: getattr(entry, name) for name in unshown})


def _fits(ledger: Ledger, entry: Entry, record: TransactionRecord) -> bool:
    record = _completed(ledger, entry, record)
    return not isinstance(_judge_record(ledger, entry, record, entry.extras), Violation)


def _with_listed(ledger: Ledger, record: TransactionRecord) -> Ledger | Violation:
    """Return the ledger with the id of a listed transaction that no answer has shown.

    It is that of a lost answer, or of the opening amount; else a violation of BAL-5.
    """
    entry_id = record.id or EntryId("")
    if ledger.traits.has("ref of an item"):
        uses = ledger.refs.get(record.ref or RefId(""), ())
        lost = [use.entry for use in uses if is_made_up(use.entry)]
    else:
        lost = _unshown(ledger, record)
    for key in lost:
        if len(lost) == 1 or _fits(ledger, ledger.entries[key], record):
            return adopt(ledger, key, entry_id)
    if _may_be_opening(ledger)(record):
        narrowed = ledger.dialect.narrow(_opening_question(ledger), ["listed"])
        if narrowed is not None:
            entry = Entry(Kind.OPENING, record.ref, ledger.opening, State.OPENING)
            return ledger.changed(
                dialect=narrowed,
                entries=ledger.entries.set(entry_id, entry),
                spent_refs=ledger.spent_refs.set(record.ref or RefId(""), True),
            )
    return _made_by_nobody(record)


def _made_by_nobody(record: TransactionRecord) -> Violation:
    return Violation(
        "BAL-5",
        "only transactions that a client made",
        f"{record.type} of {record.amount} with ref_id {record.ref!r}",
    )


def _may_be_opening(ledger: Ledger) -> Callable[[TransactionRecord], bool]:
    """Return whether a record may be that of the opening amount, which is listed once at most."""
    is_there = any(entry.kind is Kind.OPENING for entry in ledger.entries.values())
    amounts = {ledger.opening} if ledger.traits.has("amount of an item") else {ledger.opening, None}
    return lambda each: not is_there and each.type in (None, "fund") and each.amount in amounts


def _judge_opening(ledger: Ledger) -> Ledger | Violation:
    """Narrow whether the opening amount is listed: it is open, but the same for every card."""
    if any(entry.kind is Kind.OPENING for entry in ledger.entries.values()):
        return ledger
    if ledger.opening == 0:
        return ledger  # without money on the card a record of it may be left out
    question = _opening_question(ledger)
    narrowed = ledger.dialect.narrow(question, ["absent"])
    if narrowed is None:
        return Violation(
            "DIA-1", "the opening amount in the list, as before", "it is absent", question
        )
    return ledger.with_dialect(narrowed)


def _opening_question(ledger: Ledger) -> str:
    activated = isinstance(ledger.opened_by, ActivateCard)
    return "list.activation" if activated else "list.opening"


def _judge_record(
    ledger: Ledger, entry: Entry, record: TransactionRecord, sent: Extras
) -> Dialect | Violation:
    rule = RECORD_RULE[entry.kind]
    done = (entry.amount, entry.ref, ledger.currency, entry.parent)
    if (record.amount, record.ref, record.currency, record.parent) != done:  # it rarely is
        for expected, actual in _documented_differences(ledger, entry, record):
            return Violation(rule, expected, actual)
    missing = first_missing(sent, record.extras, ledger.traits.reserved_metadata)
    if missing is not None:
        return Violation(rule, *missing)
    dialect = ledger.dialect
    if record.type is None and entry.kind is not Kind.VOID:
        return dialect  # it has none of the members below
    for question, answers, shown in _open_members(ledger, entry, record):
        narrowed = dialect.narrow(question, answers)
        if narrowed is None:
            possible = sorted(dialect.possible(question))
            return Violation(rule, f"{question}: {' or '.join(possible)}", shown, question)
        dialect = narrowed
    return dialect


def _documented_differences(
    ledger: Ledger, entry: Entry, record: TransactionRecord
) -> Iterator[tuple[str, str]]:
    """Return what is wrong with members whose value the documentation fixes: (expected, actual)."""
    is_open = entry.kind is Kind.VOID or _is_hidden(ledger, entry, record)
    is_open = is_open or _may_show_what_became_of_it(ledger, entry)
    if not is_open and record.amount != entry.amount:
        yield f"amount {entry.amount}", f"amount {record.amount}"
    if entry.kind is not Kind.OPENING and record.ref != entry.ref:
        yield f"ref_id {entry.ref!r}", f"ref_id {record.ref!r}"
    if record.currency != ledger.currency:
        yield f"currency {ledger.currency}", f"currency {record.currency}"
    if entry.parent is not None and record.parent not in _parents(ledger, entry):
        yield f"parent_id {entry.parent}", f"parent_id {record.parent}"
    if entry.parent is None and record.parent is not None:
        yield "no parent_id", f"parent_id {record.parent}"


def _may_show_what_became_of_it(ledger: Ledger, entry: Entry) -> bool:
    """Whether it is a hold that has changed since, on an API where captures have no records: its
    own one may then show what was captured of it, or what is left."""
    was_changed = bool(entry.captured or entry.released)
    return entry.kind is Kind.HOLD and was_changed and not ledger.traits.own_records


def _is_hidden(ledger: Ledger, entry: Entry, record: TransactionRecord) -> bool:
    """Whether the API shows no amount on such a record."""
    if record.amount is not None or entry.kind not in SETTLING:
        return False
    return not ledger.traits.has(f"amount of a {entry.kind}")


def _open_members(
    ledger: Ledger, entry: Entry, record: TransactionRecord
) -> Iterator[tuple[str, list[str], str]]:
    """Return the members whose value is a question: (question, answers that fit, what is shown)."""
    if (
        record.type is not None
        and entry.state is not State.ENDED
        and (entry.amount or entry.kind is not Kind.HOLD)
    ):
        # Not for a hold of 0: whether it is open, or finished by a capture of 0, is not documented.
        yield _type_question(entry), [record.type], f"type {record.type}"
    if entry.kind is Kind.VOID and not _is_hidden(ledger, entry, record):
        original = entry.captured  # of the voided hold, see `Entry`
        fitting = [
            name
            for name, amount in (("released", entry.amount), ("original", original))
            if record.amount == amount
        ]
        yield "void.amount", fitting, f"amount {record.amount}"


def _type_question(entry: Entry) -> str:
    if entry.kind is Kind.HOLD:
        return f"type.hold.{SHOWN_AS.get(entry.state, 'open')}"
    return f"type.{entry.kind}"
