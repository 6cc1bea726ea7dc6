"""The oracle on an API of holds alone: honest servers are never accused, wrong answers are."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest

from tallystick.documents.questions import open_dialect
from tallystick.ledger.effects import book_opening
from tallystick.ledger.invariants import broken
from tallystick.ledger.oracle import judge, step
from tallystick.ledger.state import CardStatus, LastWrite, Ledger
from tallystick.ledger.traits import Traits
from tallystick.ledger.vocabulary import (
    Accepted,
    Capture,
    Command,
    HoldRecord,
    Kind,
    Money,
    OpenCard,
    Outcome,
    Phase,
    ReadHold,
    Refund,
    Refused,
    Transact,
    Unknown,
    Violation,
    Void,
)
from tests.ledger.simulated_holds import HOLDS, HoldServer
from tests.ledger.watching import Watcher, any_answers

EXACT = replace(HOLDS, decimal=True, part_of_void=True)


def start(traits: Traits = EXACT, **answers: tuple[str, ...]) -> Ledger:
    """The ledger of a card that is none."""
    dialect = open_dialect({name.replace("__", "."): left for name, left in answers.items()})
    return book_opening(Ledger(dialect, "A", traits=traits), OpenCard("A", 1000, "USD"))


def hold(amount: object = 600, ref: str = "r", **members: object) -> Transact:
    return replace(Transact(Kind.HOLD, "A", 0, "USD", ref), amount=amount, **members)


def after(ledger: Ledger, *exchanges: tuple[Command, Outcome]) -> tuple[Ledger, ...]:
    """The ledgers that explain all of these."""
    possible: tuple[Ledger, ...] = (ledger,)
    for command, outcome in exchanges:
        results = [step(one, command, outcome) for one in possible]
        possible = tuple(one for r in results if isinstance(r, tuple) for one in r)
    return possible


def shown(**members: object) -> Accepted:
    return Accepted(HoldRecord("h", **members))  # type: ignore[arg-type]


def rule_of(ledger: Ledger, command: Command, outcome: Outcome) -> str | None:
    """The rule that the outcome breaks; None if it breaks none."""
    result = judge(ledger, command, outcome).result
    return result.rule if isinstance(result, Violation) else None


# Random servers -----------------------------------------------------------------------------------


def some_command(rng: Random, server: HoldServer, number: int) -> Command:
    """A command that is legal or not."""
    ref = f"r{rng.randrange(number + 1)}" if rng.random() < 0.2 else f"new{number}"
    known = list(server.holds) or ["missing"]
    parent = rng.choice([*known, known[-1], known[-1], "missing"])
    rest = server.holds[parent].rest if parent in server.holds else 0
    amounts = [None, 0, 1, rest, rest + 1, rest // 2, 60]
    if server.traits.decimal:
        amounts.append(rest + Decimal("0.5"))
    draw = rng.random()
    if draw < 0.35:
        extras = rng.choice([(), (("metadata", '{"a": "b"}'),)])
        return hold(rng.choice([0, 1, 70, 600]), ref, extras=extras)
    if "refund" in server.traits.verbs and draw > 0.85:
        known_hold = server.holds.get(parent)
        left = 0 if known_hold is None else known_hold.captured - known_hold.given_back
        return Refund("A", parent, rng.choice([None, 1, left, left + 1, left // 2]), ref)
    if draw < 0.75:
        return Capture("A", parent, rng.choice(amounts), ref)
    part = rng.choice(amounts) if server.traits.part_of_void else None
    return Void("A", parent, ref, amount=part)


class HoldWatcher(Watcher):
    """Follows the holds of one name."""

    def __init__(self, traits: Traits) -> None:
        super().__init__(open_dialect())
        self.possible = (start(traits).changed(dialect=open_dialect()),)

    def see(self, command: Command, outcome: Outcome) -> None:
        super().see(command, outcome)
        assert all(broken(ledger) == [] for ledger in self.possible), self.story


def drive(rng: Random, server: HoldServer, losses: float = 0.0) -> HoldWatcher:
    """Send random commands, read each hold back, and let the watcher see every answer."""
    watcher = HoldWatcher(server.traits)
    named: set[str] = set()
    for number in range(15):
        command = some_command(rng, server, number)
        if getattr(command, "parent", "missing") not in (*named, "missing"):
            continue  # no client can name a hold whose answer was lost
        is_lost = rng.random() < losses
        outcome = server.perform(command)
        if isinstance(outcome, Accepted) and isinstance(command, Transact) and not is_lost:
            named.add(outcome.record.id)
        watcher.see(command, Unknown("lost") if is_lost else outcome)
        for name in sorted(named):
            watcher.see(read := ReadHold("A", name), server.perform(read))
    return watcher


@pytest.mark.parametrize("losses", [0.0, 0.2])
def test_an_honest_server_is_never_accused(losses: float) -> None:
    for seed in range(400):
        rng = Random(seed)
        traits = replace(
            HOLDS,
            retries=rng.random() < 0.7,
            part_of_void=rng.random() < 0.5,
            decimal=rng.random() < 0.3,
            least=rng.choice([0, 50]),
            verbs=HOLDS.verbs | rng.choice([set(), {"refund"}]),
        )
        answers = any_answers(rng, open_dialect())
        drive(rng, HoldServer(answers, traits, rng.random() < 0.5), losses)


# Rows ---------------------------------------------------------------------------------------------

HELD = (hold(), shown(amount=600, remaining=600, is_open=True))


def test_while_it_is_open_what_becomes_of_the_rest_there_are_two_ledgers() -> None:
    part = Capture("A", "h", 200, "c")
    both = after(start(), HELD, (part, shown(captured=200)))
    assert [one.entries["h"].remaining for one in both] == [400, 0]
    assert [one.entries["h"].released for one in both] == [0, 400]
    read = ReadHold("A", "h")
    assert after(start(), HELD, (part, shown()), (read, shown(remaining=0))) == both[1:]
    assert rule_of(both[0], read, shown(remaining=7)) == "CAP-4"


PART = Capture("A", "h", 200, "c")
READ_H = ReadHold("A", "h")


def ended(traits: Traits = EXACT, *, before: tuple[Void, ...] = ()) -> Ledger:
    """The ledger after a capture that ended its hold, and released what was left of it."""
    voids = [(void, shown()) for void in before]
    (one,) = after(start(traits, capture__rest=("released",)), HELD, *voids, (PART, shown()))
    return one


@pytest.mark.parametrize(("released", "answer"), [(400, "with_rest"), (0, "without_rest")])
def test_what_is_shown_as_released_counts_the_rest_or_not_and_never_changes(
    released: int, answer: str
) -> None:
    (once,) = after(ended(), (READ_H, shown(released=released)))
    assert once.dialect.answer("figure.released") == answer
    assert after(once, (READ_H, shown(released=released))) == (once,)
    wrong = judge(once, READ_H, shown(released=400 - released)).result
    assert isinstance(wrong, Violation)
    assert wrong.question == "figure.released"


@pytest.mark.parametrize("traits", [EXACT, replace(EXACT, part_of_void=False)])
def test_what_was_released_is_the_whole_rest_or_nothing_of_it(traits: Traits) -> None:
    wrong = judge(ended(traits), READ_H, shown(released=399)).result
    assert isinstance(wrong, Violation)
    assert (wrong.rule, wrong.actual) == ("CAP-4", "released 399")
    assert wrong.expected.startswith("released 0 or 400 after an accepted partial capture")


def test_a_part_that_was_voided_is_released_with_and_without_the_rest() -> None:
    (other,) = after(ended(), (hold(ref="s"), Accepted(HoldRecord("i"))))
    assert rule_of(other, READ_H, shown(released=0)) is None
    one = ended(before=(Void("A", "h", "v", amount=100),))
    fitting = [n for n in range(601) if rule_of(one, READ_H, shown(released=n)) is None]
    assert fitting == [100, 400]


@pytest.mark.parametrize(
    ("members", "rule"),
    [
        ({"amount": 599}, "TX-4"),
        ({"currency": "EUR"}, "TX-4"),
        ({"captured": 1}, "TX-5"),
        ({"remaining": 599}, "TX-5"),
        ({"released": 1}, "TX-5"),
        ({"is_open": False}, "TX-5"),
        ({"extras": (("metadata", '{"a": "c"}'),)}, "TX-4"),
        ({"amount": 600, "captured": 0, "remaining": 600, "released": 0, "is_open": True}, None),
        ({}, None),
    ],
)
def test_what_a_new_hold_shows_is_judged(members: dict[str, object], rule: str | None) -> None:
    command = hold(extras=(("metadata", '{"a": "b"}'),))
    assert rule_of(start(), command, shown(**members)) == rule


@pytest.mark.parametrize(
    ("answers", "rule"), [(("replay",), "DIA-1"), (("replay", "refuse"), None)]
)
def test_a_capture_that_ended_its_hold_is_replayed_where_the_documentation_promises_it(
    answers: tuple[str, ...], rule: str | None
) -> None:
    begun = start(capture__rest=("released",), ref__same__capture=answers)
    (over,) = after(begun, HELD, (PART, shown()), (PART, shown()))
    assert rule_of(over, PART, Refused(400)) == rule
    other = Capture("A", "h", 100, "c")
    assert rule_of(over, other, Refused(400)) is None


def test_a_card_that_is_none_says_nothing_about_how_much_a_hold_may_be() -> None:
    opened = OpenCard("A", 2_000_000_000, "USD")
    large = book_opening(Ledger(open_dialect(), "A", traits=EXACT), opened)
    assert rule_of(large, hold(2_000_000_000), Refused(400)) is None
    assert rule_of(large, hold(1000), Refused(400)) == "TX-5"


def test_a_hold_needs_an_id_of_its_own() -> None:
    (held,) = after(start(), HELD)
    assert rule_of(start(), hold(), Accepted(HoldRecord(None))) == "TX-4"
    assert rule_of(held, hold(ref="s"), shown()) == "TX-8"
    assert rule_of(held, Capture("A", "h", 1, "c"), Accepted(HoldRecord("other"))) == "READ-2"


def test_members_of_a_later_payment_may_replace_those_of_the_hold() -> None:
    metadata = (("metadata", '{"a": "b"}'),)
    (held,) = after(start(), (hold(extras=metadata), shown()))
    capture = Capture("A", "h", None, "c", extras=(("metadata", '{"x": "y"}'),))
    (captured,) = after(held, (capture, shown()))
    assert rule_of(held, ReadHold("A", "h"), shown(extras=())) == "TX-4"
    assert rule_of(captured, ReadHold("A", "h"), shown(extras=())) is None


@pytest.mark.parametrize(
    ("parent", "outcome", "rule"),
    [
        ("missing", Refused(404), None),
        ("missing", shown(), "READ-4"),
        ("h", Refused(404), "READ-1"),
        ("h", Unknown("lost"), None),
        ("h", Accepted(HoldRecord("i")), "READ-2"),
    ],
)
def test_a_read_of_a_hold_is_judged(parent: str, outcome: Outcome, rule: str | None) -> None:
    (held,) = after(start(), HELD)
    assert rule_of(held, ReadHold("A", parent), outcome) == rule


def test_nothing_is_said_of_a_hold_that_may_be_hidden() -> None:
    (held,) = after(start(), HELD)
    wrong = shown(remaining=1)
    deleted = held.changed(card_status=CardStatus.DELETED)
    assert rule_of(deleted, ReadHold("A", "h"), wrong) is None
    assert rule_of(held, ReadHold("A", "h", Phase.AFTER), wrong) is None


def test_a_read_of_another_hold_keeps_the_blame_on_the_last_write() -> None:
    (ledger,) = after(start(), HELD, (hold(400, "s"), Accepted(HoldRecord("i"))))
    (ledger,) = after(ledger, (ReadHold("A", "h"), shown()))
    assert ledger.last_write is LastWrite.HELD
    found = judge(ledger, ReadHold("A", "h"), shown(remaining=0)).result
    assert isinstance(found, Violation)
    assert found.rule == "TX-5"
    assert "not about it" in found.expected
    (ledger,) = after(ledger, (ReadHold("A", "i"), Accepted(HoldRecord("i"))))
    assert ledger.last_write is LastWrite.READ


def test_with_a_card_the_read_of_a_hold_clears_nothing() -> None:
    (held,) = after(start(replace(EXACT, account=True)), HELD)
    (read,) = after(held, (ReadHold("A", "h"), shown()))
    assert read.last_write is LastWrite.HELD
    fund = Transact(Kind.FUND, "A", 1, "USD", "f")
    assert rule_of(held, fund, Refused(400)) == "FUND-2"


# Repetitions --------------------------------------------------------------------------------------


def test_a_repetition_with_an_effect_is_found_by_the_next_read() -> None:
    capture = Capture("A", "h", 100, "c")
    (once,) = after(start(capture__rest=("kept",)), HELD, (capture, shown(captured=100)))
    (again,) = after(once, (capture, shown(captured=200)))
    assert rule_of(again, ReadHold("A", "h"), shown(captured=100)) is None
    assert rule_of(again, ReadHold("A", "h"), shown(captured=200)) == "REF-1"


def test_a_repetition_shows_the_hold_of_the_first_request() -> None:
    (held,) = after(start(), HELD)
    assert rule_of(held, hold(), shown(amount=600, currency="USD")) is None
    assert rule_of(held, hold(), shown(amount=500)) == "REF-6"
    assert rule_of(held, hold(), shown(currency="EUR")) == "REF-6"
    assert rule_of(held, hold(), Accepted(HoldRecord("new"))) == "REF-1"


def test_a_repetition_after_a_lost_answer_shows_the_id() -> None:
    lost = after(start(), (hold(), Unknown("lost")))
    known = [one for one in after(lost[0], (hold(), shown())) if "h" in one.entries]
    assert known
    (other,) = after(start(), (hold(ref="s"), Accepted(HoldRecord("h"))))
    both = after(other, (hold(), Unknown("lost")))
    assert {rule_of(one, hold(), shown()) for one in both} >= {"TX-8"}


def test_a_server_that_refuses_repetitions_may_not_accept_one() -> None:
    (held,) = after(start(ref__same__hold=("refuse",)), HELD)
    assert rule_of(held, hold(), shown()) in ("DIA-1", "REF-1")


TIPPED = replace(EXACT, over_capture=15)


@pytest.mark.parametrize(
    ("amount", "accepted", "refused"),
    [
        (600, None, "CAP-1"),
        (601, None, None),
        (690, None, None),
        (691, "CAP-2", None),
        (Decimal("690.5"), "CAP-2", None),
    ],
)
def test_a_surcharge_is_permitted_up_to_its_bound_and_need_not_be_accepted(
    amount: Money, accepted: str | None, refused: str | None
) -> None:
    (held,) = after(start(TIPPED), HELD)
    capture = Capture("A", "h", amount, "c")
    assert rule_of(held, capture, shown(captured=amount)) == accepted
    assert rule_of(held, capture, Refused(422)) == refused


def test_the_bound_of_surcharges_is_one_for_all_captures_of_a_hold() -> None:
    (held,) = after(start(TIPPED, capture__rest=("kept",)), HELD)
    (part,) = after(held, (Capture("A", "h", 500, "c"), shown(captured=500)))
    second = Capture("A", "h", 160, "d")
    (over,) = after(part, (second, shown(captured=660, remaining=0, is_open=False)))
    assert broken(over) == []
    assert (over.captured, over.held, over.entries["h"].over) == (660, 0, 60)
    again = Capture("A", "h", 30, "e")
    assert rule_of(over, again, shown(captured=690)) is None
    assert rule_of(over, again, Refused(422)) is None
    (most,) = after(over, (again, shown(captured=690, remaining=-90)))
    assert broken(most) == []
    assert rule_of(most, Capture("A", "h", 1, "f"), shown(captured=691)) == "CAP-5"
    assert rule_of(most, ReadHold("A", "h"), shown(captured=690, remaining=-1)) is not None


def test_a_hold_that_one_capture_ends_takes_no_surcharge_after_it() -> None:
    (held,) = after(start(TIPPED, capture__rest=("released",)), HELD)
    (whole,) = after(held, (Capture("A", "h", 600, "c"), shown(captured=600)))
    assert rule_of(whole, Capture("A", "h", 30, "d"), shown(captured=630)) == "CAP-5"


def test_without_keys_every_request_is_a_new_one() -> None:
    unkeyed = start(replace(EXACT, retries=False))
    first = after(unkeyed, (hold(), Unknown("lost")))
    second = after(first[0], (hold(), Unknown("lost")))
    assert max(len(one.entries) for one in second) == 2
    capture = Capture("A", "h", 100, "c")
    (kept,) = after(start(replace(EXACT, retries=False), capture__rest=("kept",)), HELD)
    (twice,) = after(kept, (capture, shown(captured=100)), (capture, shown(captured=200)))
    assert len(twice.entries) == 3


def test_where_captures_alone_carry_no_key_holds_are_still_made_once() -> None:
    captures = replace(EXACT, without_key=frozenset({Kind.CAPTURE}))
    (kept,) = after(start(captures, capture__rest=("kept",)), HELD)
    capture = Capture("A", "h", 100, "c")
    (twice,) = after(kept, (capture, shown(captured=100)), (capture, shown(captured=200)))
    assert len(twice.entries) == 3
    other = Accepted(HoldRecord("i"))
    assert rule_of(kept, hold(), other) == "REF-1"
    assert rule_of(twice, hold(ref="c"), other) is None


# What is not an ordinary amount -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "accepted", "refused"),
    [
        (hold(10), None, None),
        (hold(50), None, "TX-5"),
        (hold(Decimal("60.5")), None, None),
        (Capture("A", "h", 10, "c"), None, None),
        (Capture("A", "h", Decimal("600.5"), "c"), "CAP-2", None),
        (Void("A", "h", "v", amount=601), "VOID-1", None),
        (Void("A", "h", "v", amount=600), None, "VOID-1"),
        (Void("A", "h", "v", amount=0), None, None),
        (hold(10**9), None, None),
    ],
)
def test_small_and_fine_amounts_may_be_refused_and_are_exact_if_taken(
    command: Command, accepted: str | None, refused: str | None
) -> None:
    (held,) = after(start(replace(EXACT, least=50)), (hold(), shown()))
    command = replace(command, ref="other")  # type: ignore[call-arg]
    answer = Accepted(HoldRecord("new")) if isinstance(command, Transact) else shown()
    assert rule_of(held, command, answer) == accepted
    assert rule_of(held, command, Refused(400)) == refused


def test_a_void_of_what_was_captured_is_a_refund_only_where_the_api_says_so() -> None:
    exchanges = (HELD, (Capture("A", "h", 600, "c"), shown()))
    void = Void("A", "h", "v")
    (decided,) = after(start(void__captured=("refuse",)), *exchanges)
    assert rule_of(decided, void, shown()) == "VOID-3"
    (free,) = after(start(), *exchanges)
    (refunded,) = after(free, (void, shown(captured=0, released=600)))
    assert refunded.entries["h"].is_refunded
    assert rule_of(refunded, ReadHold("A", "h"), shown(captured=600, remaining=0)) is None
    assert rule_of(refunded, ReadHold("A", "h"), shown(remaining=1)) == "VOID-3"
    assert rule_of(refunded, void, Accepted(HoldRecord("h"))) is None  # the same request again
    assert rule_of(refunded, Void("A", "h", "w"), shown()) is None  # of another part
    whole = refunded.changed(traits=HOLDS)
    assert rule_of(whole, Void("A", "h", "w"), shown()) == "VOID-2"
