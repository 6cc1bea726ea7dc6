"""A hold as a server shows it by itself, against the ledger.

What was captured of it, what can still be captured, what was released. It is read, or it answers a
payment of an API that has no records of captures and voids. A wrong figure is blamed on the last
write, as those of a card are (see `figures`). What an answer does not show is never judged. This
module does not know whether a payment was legal (see `preconditions`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tallystick.ledger.dialect import REPLAY
from tallystick.ledger.effects import adopt, apply, made_up_id
from tallystick.ledger.figures import BLAME
from tallystick.ledger.lifecycle import State
from tallystick.ledger.members import first_missing
from tallystick.ledger.references import WRITE_OF_REUSE, Reuse
from tallystick.ledger.state import (
    CardStatus,
    Entry,
    LastWrite,
    Ledger,
    Successors,
    answered,
    is_unanswered,
)
from tallystick.ledger.vocabulary import (
    EntryId,
    HoldRecord,
    Kind,
    Money,
    Outcome,
    Payment,
    Phase,
    ReadHold,
    Refused,
    Transact,
    Unknown,
    Violation,
)

CAPTURED = "figure.captured"
"""The question whether what was captured of a hold is less by what was refunded."""
RELEASED = "figure.released"
"""The question whether what was released of a hold counts the rest that a capture released."""


def judge_hold_read(
    ledger: Ledger, command: ReadHold, outcome: Outcome, checked: list[str]
) -> Successors | Violation:
    """Judge the answer to a read of one hold; the rules that were checked go into `checked`."""
    if isinstance(outcome, Unknown):
        return (ledger,)
    hold = ledger.entries.get(command.parent)
    if hold is None:
        checked.append("READ-4")
        refused = isinstance(outcome, Refused)
        return (ledger,) if refused else Violation("READ-4", "a refusal: no such hold", "accepted")
    hidden = ledger.card_status is CardStatus.DELETED or command.phase is not Phase.WITHIN
    if hidden or hold.kind is not Kind.HOLD:
        return (ledger,)  # whether it is shown, and what as, is not documented
    checked.append("READ-1")
    if isinstance(outcome, Refused):
        return Violation("READ-1", "the hold can be read", f"refused with {outcome.status}")
    record = outcome.record
    assert isinstance(record, HoldRecord), "a hold is answered with a hold record"
    judged = judge_hold(ledger, command.parent, record, checked)
    if isinstance(judged, Violation):
        return judged
    if ledger.traits.account or ledger.last_hold != command.parent:
        return (judged,)  # what the last write did shows elsewhere too, and was not read yet
    return (judged.changed(last_write=LastWrite.READ),)


def judge_hold(
    ledger: Ledger, hold_id: EntryId, record: HoldRecord, checked: list[str]
) -> Ledger | Violation:
    """Compare what is shown of a hold with the ledger.

    Returns the ledger, its dialect narrowed by what is shown, or the first violation.
    """
    hold = ledger.entries[hold_id]
    money_rule, rest_rule = BLAME[ledger.last_write]
    checked += dict.fromkeys(("READ-2", "TX-4", money_rule, rest_rule))
    if record.id not in (None, hold_id):
        return Violation("READ-2", f"hold {hold_id}", f"hold {record.id}")
    for rule, expected, shown in _differences(ledger, hold, record):
        blamed = {"money": money_rule, "rest": rest_rule}.get(rule, rule)
        return Violation(blamed, f"{expected} {_after(ledger, hold_id)}", shown)
    for narrowed in (_with_captured, _with_released):
        judged = narrowed(ledger, hold_id, record)
        if isinstance(judged, Violation):
            return judged
        ledger = judged
    if record.extras is not None:
        sent = _sent(ledger, hold_id, hold)
        missing = first_missing(sent, record.extras, ledger.traits.reserved_metadata)
        if missing is not None:
            return Violation("TX-4", *missing)
    return judged


def _after(ledger: Ledger, hold_id: EntryId) -> str:
    """What was done last, in words."""
    about_it = hold_id == ledger.last_hold
    return f"after {ledger.last_write}{'' if about_it else ' that is not about it'}"


def _with_captured(ledger: Ledger, hold_id: EntryId, record: HoldRecord) -> Ledger | Violation:
    """Compare what is shown as captured after a refund: with what was given back, or without it."""
    hold, shown = ledger.entries[hold_id], record.captured
    if shown is None or hold.is_refunded or not hold.refunded:
        return ledger
    readings: dict[str, Money] = {"gross": hold.captured, "net": hold.refundable}
    return _read_in_one_way(ledger, hold_id, CAPTURED, readings, (shown,))


def _with_released(ledger: Ledger, hold_id: EntryId, record: HoldRecord) -> Ledger | Violation:
    """Compare what is shown as released of a hold, in one of the readings that are possible."""
    hold, shown = ledger.entries[hold_id], record.released
    if shown is None or hold.is_refunded:
        return ledger
    readings = _readings_of_released(ledger, hold_id, hold)
    # Some APIs have one figure for what was released and what was refunded.
    return _read_in_one_way(ledger, hold_id, RELEASED, readings, (shown, shown - hold.refunded))


def _read_in_one_way(
    ledger: Ledger,
    hold_id: EntryId,
    question: str,
    readings: Mapping[str, Money],
    shown: tuple[Money, ...],
) -> Ledger | Violation:
    """Narrow the answers to a question to the readings of a figure that fit what is shown.

    `shown` begins with the figure itself; what else it may count is taken off in the others.
    """
    fitting = [answer for answer, figure in readings.items() if figure in shown]
    dialect = ledger.dialect.narrow(question, fitting)
    if dialect is not None:
        return ledger.with_dialect(dialect)
    money_rule, rest_rule = BLAME[ledger.last_write]
    figure = question.removeprefix("figure.")
    possible = sorted({readings[answer] for answer in ledger.dialect.possible(question)})
    expected = f"{figure} {' or '.join(map(str, possible))} {_after(ledger, hold_id)}"
    is_open = len(set(readings.values())) > 1
    return Violation(
        money_rule if question == CAPTURED else rest_rule,
        expected,
        f"{figure} {shown[0]}",
        question if is_open else None,
    )


def _readings_of_released(ledger: Ledger, hold_id: EntryId, hold: Entry) -> dict[str, Money]:
    """Return what was released of a hold, by the answers to the question what that counts."""
    voided = hold.released
    if hold.state is State.ENDED:
        # A void of all that a hold locks ends it, so that a capture finds parts at most.
        voided = sum(entry.amount for entry in _parts_released(ledger, hold_id))
    return {"with_rest": hold.released, "without_rest": voided}


def _parts_released(ledger: Ledger, hold_id: EntryId) -> Iterator[Entry]:
    """The voids of a part, and the refunds that gave nothing back but released a part."""
    can_be = ledger.traits.part_of_void or "refund" in ledger.traits.verbs
    if can_be:  # else there are none, and all entries need not be looked at
        for entry in ledger.entries.values():
            releases = entry.kind is Kind.VOID or (entry.kind is Kind.REFUND and entry.captured)
            if releases and entry.parent == hold_id:
                yield entry


def _differences(ledger: Ledger, hold: Entry, record: HoldRecord) -> Iterator[tuple[str, str, str]]:
    """Return what is wrong: (rule or what to blame, expected, shown)."""
    if record.currency not in (None, ledger.currency):
        yield "TX-4", f"currency {ledger.currency}", f"currency {record.currency}"
    if record.amount not in (None, hold.amount, hold.amount + hold.over):
        yield "TX-4", f"amount {hold.amount}", f"amount {record.amount}"
    # Once something was refunded, see `_with_captured`; how much a void gave back is not known.
    is_back = hold.is_refunded or hold.refunded
    if record.captured not in (None, hold.captured) and not is_back:
        yield "money", f"captured {hold.captured}", f"captured {record.captured}"
    if record.refunded not in (None, hold.refunded) and not hold.is_refunded:
        yield "money", f"refunded {hold.refunded}", f"refunded {record.refunded}"
    # Where it is computed from what was held and captured, a surcharge makes it less than nothing.
    if record.remaining not in (None, hold.remaining, hold.remaining - hold.over):
        yield "rest", f"remaining {hold.remaining}", f"remaining {record.remaining}"
    # Of a hold of which nothing remains it may be open whether it is finished.
    can_close = hold.is_open and hold.remaining == 0
    if record.is_open not in (None, hold.is_open) and not can_close:
        said = {True: "open", False: "finished"}
        yield "rest", f"the hold is {said[hold.is_open]}", f"it is {said[bool(record.is_open)]}"


def _sent(ledger: Ledger, hold_id: EntryId, hold: Entry) -> tuple[tuple[str, str], ...]:
    """Return the members that the hold has to show: what was sent with it.

    A capture or a void without a record of its own may leave its members on the hold.
    """
    if not hold.extras or any(
        entry.parent == hold_id and entry.extras for entry in ledger.entries.values()
    ):
        return ()
    return hold.extras


# Answers to payments ------------------------------------------------------------------------------


def judge_held(
    ledger: Ledger, command: Payment, record: HoldRecord, checked: list[str]
) -> Successors | Violation:
    """Judge a legal payment that is answered with its hold, by what the answer shows of the hold.

    The rules that were checked go into `checked`.
    """
    if isinstance(command, Transact):
        checked.append("TX-8")
        if record.id is None:
            return Violation("TX-4", "a hold with an id", "no id")
        if record.id in ledger.entries:
            return Violation("TX-8", "a new id", f"the id {record.id} of an earlier hold")
        entry_id = hold_id = record.id
    else:
        entry_id, hold_id = made_up_id(ledger, command), ledger.payment_behind(command.parent)
    possible: list[Ledger] = []
    violation: Violation | None = None
    for after in apply(ledger, command, entry_id):
        judged = judge_hold(after, hold_id, record, checked)
        if isinstance(judged, Ledger):
            possible.append(judged)
        else:
            violation = violation or judged
    return violation if violation is not None and not possible else tuple(possible)


def hold_of(ledger: Ledger, reuse: Reuse) -> EntryId:
    """Return the id of the hold that the earlier use of a ref_id was about."""
    return ledger.payment_behind(ledger.entries[reuse.entry].parent or reuse.entry)


def judge_repeated(
    ledger: Ledger, record: HoldRecord, reuse: Reuse, checked: list[str]
) -> Successors | Violation:
    """Judge an answer that shows the hold of an earlier request once more (REF-6).

    Its figures may be those of any moment since; so only what never changes is compared.
    """
    checked.append("REF-6")
    answers = reuse.explained_by(REPLAY)
    replayed = answered(ledger, reuse.question, answers, "the hold again")
    if isinstance(replayed, Violation):
        return replayed
    after, hold_id = replayed[0], hold_of(ledger, reuse)
    if is_unanswered(hold_id):
        if record.id is None or record.id in ledger.entries:
            return Violation("TX-8", "an id of its own", f"the id {record.id}")
        after, hold_id = adopt(after, hold_id, record.id), record.id
    hold = after.entries[hold_id]
    if record.amount not in (None, hold.amount):
        return Violation("REF-6", f"amount {hold.amount}", f"amount {record.amount}")
    if record.currency not in (None, ledger.currency):
        return Violation("REF-6", f"currency {ledger.currency}", f"currency {record.currency}")
    return (after.changed(last_write=WRITE_OF_REUSE[reuse.rule], last_hold=hold_id),)
