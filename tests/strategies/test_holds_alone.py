"""An API of holds alone: no honest server is accused, and faults are found by their rules."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from dataclasses import replace

import pytest

from tallystick.documents.questions import open_dialect
from tallystick.drivers.offered import offered
from tallystick.drivers.probe import PROBES, ask
from tallystick.drivers.sequential import Reading, run_program
from tallystick.ledger.traits import Traits
from tallystick.ledger.vocabulary import (
    Capture,
    Command,
    HoldRecord,
    Money,
    Outcome,
    Refused,
    Transact,
)
from tallystick.program import parse_step
from tallystick.run import Violated
from tallystick.target import NotSupported
from tests.ledger.simulated_holds import HOLDS, Hold, HoldServer, Past
from tests.ledger.watching import any_answers
from tests.strategies.hold_memory import FIRST, run_on_holds
from tests.strategies.machine import drive

SERVERS = 80
MACHINES = 6
STEPS = 25


def some_traits(rng: random.Random) -> Traits:
    return replace(
        HOLDS,
        retries=rng.random() < 0.7,
        part_of_void=rng.random() < 0.5,
        decimal=rng.random() < 0.5,
        least=rng.choice([0, 0, 50]),
        says_rest=rng.choice([frozenset(), frozenset({"true"}), frozenset({"true", "false"})]),
        verbs=HOLDS.verbs | rng.choice([set(), {"refund"}]),
        part_of_refund=rng.random() < 0.7,
    )


def accused(number: int) -> Violated | None:
    """What the machines of a seed say of the server of that seed."""
    rng = random.Random(number)
    server = HoldServer(any_answers(rng, open_dialect()), some_traits(rng), rng.random() < 0.5)
    return drive(
        run_on_holds(server), number=number, examples=MACHINES, steps=STEPS, look=lambda _: None
    )


def test_no_honest_server_is_accused() -> None:
    found = {number: str(why) for number in range(SERVERS) if (why := accused(number))}
    assert found == {}


@pytest.mark.parametrize("rest", ["kept", "released"])
@pytest.mark.parametrize("default", ["accept", "refuse"])
@pytest.mark.parametrize("refund", ["accept", "refuse"])
def test_the_probe_learns_what_other_apis_leave_open(rest: str, default: str, refund: str) -> None:
    told = {"capture.rest": rest, "capture.default": default, "void.captured": refund}
    assert learned(HoldServer({**FIRST, **told}), told) == told


@pytest.mark.parametrize("counts", ["with_rest", "without_rest"])
def test_the_probe_learns_whether_what_is_released_counts_the_rest(counts: str) -> None:
    told = {"capture.rest": "released", "figure.released": counts}
    assert learned(HoldServer({**FIRST, **told}), told) == told


def learned(server: HoldServer, questions: Iterable[str]) -> dict[str, str | None]:
    """The answers that the probe sees."""
    run = run_on_holds(server)
    for name in PROBES:
        ask(run, name)
    return {question: run.dialect.answer(question) for question in questions}


# Faults -------------------------------------------------------------------------------------------


class CapturesTwice(HoldServer):
    def capture(self, hold: Hold, amount: Money | None) -> None:
        hold.is_over = False
        super().capture(hold, hold.amount if amount is None else amount)

    def need(self, condition: bool) -> None:
        """It checks nothing."""


class KeepsTheRest(HoldServer):
    def show(self, hold: Hold) -> HoldRecord:
        shown = super().show(hold)
        return replace(shown, remaining=hold.amount - hold.captured, released=0)


class AddsOne(HoldServer):
    def capture(self, hold: Hold, amount: Money | None) -> None:
        super().capture(hold, amount)
        hold.captured += 1


class CapturesMore(HoldServer):
    def capture(self, hold: Hold, amount: Money | None) -> None:
        self.need(not hold.is_over)
        hold.captured = min(hold.amount, hold.captured + (amount or hold.rest))


class VoidsWhatIsCaptured(HoldServer):
    def refund(self, hold: Hold) -> None:
        hold.is_voided = True


class VoidsTwice(HoldServer):
    def void(self, hold: Hold, amount: Money | None) -> None:
        if not hold.is_voided:
            super().void(hold, amount)


class CapturesWhatIsVoided(HoldServer):
    def capture(self, hold: Hold, amount: Money | None) -> None:
        if not hold.is_voided:
            super().capture(hold, amount)


class RepeatsWithEffect(HoldServer):
    def repeated(self, command) -> Past | None:
        past = super().repeated(command)
        if past is not None and isinstance(command, Capture):
            past.hold.captured += command.amount or 0
        return past


class HoldsAgain(HoldServer):
    def repeated(self, command) -> Past | None:
        return None if isinstance(command, Transact) else super().repeated(command)


class TakesWhatItRefuses(HoldServer):
    def perform(self, command: Command) -> Outcome:
        outcome = super().perform(command)
        known = isinstance(command, Capture) and command.parent in self.holds
        if isinstance(outcome, Refused) and known:
            self.holds[command.parent].captured += 1
        return outcome


class ShowsAnother(HoldServer):
    def show(self, hold: Hold) -> HoldRecord:
        return replace(super().show(hold), id="h0")


class RoundsUp(HoldServer):
    def usable(self, amount: Money | None) -> None:
        """It takes any amount."""

    def capture(self, hold: Hold, amount: Money | None) -> None:
        super().capture(hold, amount if amount is None else math.ceil(amount))


class RoundsDown(RoundsUp):
    def capture(self, hold: Hold, amount: Money | None) -> None:
        HoldServer.capture(self, hold, amount if amount is None else int(amount))


class ReleasesAll(HoldServer):
    def void(self, hold: Hold, amount: Money | None) -> None:
        super().void(hold, None)


class ReleasesOthers(HoldServer):
    def capture(self, hold: Hold, amount: Money | None) -> None:
        super().capture(hold, amount)
        for other in self.holds.values():
            if other is not hold:
                other.released, other.is_over = other.amount - other.captured, True


class StaysOpen(HoldServer):
    def show(self, hold: Hold) -> HoldRecord:
        return replace(super().show(hold), is_open=True)


class ForgetsMembers(HoldServer):
    def show(self, hold: Hold) -> HoldRecord:
        return replace(super().show(hold), extras=())


class GivesBackTooMuch(HoldServer):
    def give_back(self, hold: Hold, amount: Money | None) -> None:
        self.need(hold.captured > 0)
        hold.given_back += hold.captured if amount is None else amount


class GivesBackTwice(HoldServer):
    def give_back(self, hold: Hold, amount: Money | None) -> None:
        self.need(0 < (amount or 1) <= hold.captured)
        hold.given_back += hold.captured if amount is None else amount


class GivesBackAll(HoldServer):
    def give_back(self, hold: Hold, amount: Money | None) -> None:
        super().give_back(hold, amount)
        hold.given_back = hold.captured


class GivesBackWhatIsVoided(HoldServer):
    def give_back(self, hold: Hold, amount: Money | None) -> None:
        if hold.captured or not hold.is_voided:
            super().give_back(hold, amount)


class AnotherCurrency(HoldServer):
    def show(self, hold: Hold) -> HoldRecord:
        return replace(super().show(hold), currency="SEK")


class Loses(HoldServer):
    def find(self, key: str) -> Hold:
        hold = super().find(key)
        self.need(not hold.is_over)
        return hold


class SaysNothing(HoldServer):
    """What a capture says of the rest is not looked at."""

    def first(self, command: Command) -> HoldRecord:
        return super().first(replace(command, extras=()))


KEPT, RELEASED = {"capture.rest": "kept"}, {"capture.rest": "released"}
LAST, NOT_LAST = 'with {"final": "true"}', 'with {"final": "false"}'
TWO = ("h1 = hold A 600", "h2 = hold A 400")
PAID = ("h = hold A 600", "c = capture h")


FAULTS: list[tuple[type[HoldServer], dict[str, str], tuple[str, ...], str]] = [
    (
        CapturesTwice,
        RELEASED,
        ("h = hold A 600", "c = capture h 200", "d = capture h 100"),
        "CAP-5",
    ),
    (CapturesTwice, {}, ("h = hold A 600", "c = capture h", "d = capture h"), "CAP-5"),
    (KeepsTheRest, RELEASED, ("h = hold A 600", "c = capture h 200"), "CAP-4"),
    (AddsOne, {}, ("h = hold A 600", "c = capture h 200"), "CAP-1"),
    (CapturesMore, {}, ("h = hold A 600", "c = capture h remaining+1"), "CAP-2"),
    (VoidsWhatIsCaptured, {}, ("h = hold A 600", "c = capture h 600", "v = void h"), "VOID-3"),
    (VoidsTwice, {}, ("h = hold A 600", "v = void h", "w = void h"), "VOID-2"),
    (CapturesWhatIsVoided, {}, ("h = hold A 600", "v = void h", "c = capture h 1"), "CAP-6"),
    (RepeatsWithEffect, {}, ("h = hold A 600", "c = capture h 100", "again c"), "REF-1"),
    (HoldsAgain, {}, ("h = hold A 600", "again h"), "REF-1"),
    (TakesWhatItRefuses, {}, ("h = hold A 600", "c = capture h remaining+1"), "BAL-6"),
    (ShowsAnother, {}, (*TWO, "read h2"), "TX-8"),
    (RoundsUp, {}, ("h = hold A 600", "c = capture h 100+half"), "CAP-1"),
    (RoundsDown, {}, ("h = hold A 600", "c = capture h remaining+half"), "CAP-2"),
    (ReleasesAll, {}, ("h = hold A 600", "v = void h 200"), "VOID-1"),
    (ReleasesOthers, {}, (*TWO, "c = capture h1 100"), "CAP-4"),
    (StaysOpen, {}, ("h = hold A 600", "v = void h"), "VOID-1"),
    (StaysOpen, {}, ("h = hold A 600", "c = capture h 600"), "CAP-3"),
    (ForgetsMembers, {}, ('h = hold A 600 with {"metadata": "{\\"a\\": \\"b\\"}"}',), "TX-4"),
    (AnotherCurrency, {}, ("h = hold A 600",), "TX-4"),
    (SaysNothing, KEPT, ("h = hold A 600", f"c = capture h 200 {LAST}"), "CAP-4"),
    (SaysNothing, RELEASED, ("h = hold A 600", f"c = capture h 200 {NOT_LAST}"), "CAP-4"),
    (Loses, {}, ("h = hold A 600", "v = void h"), "READ-1"),
    (GivesBackTooMuch, {}, (*PAID, "r = refund h 601"), "REFUND-2"),
    (GivesBackTwice, {}, (*PAID, "r = refund h 400", "s = refund h 400"), "REFUND-2"),
    (GivesBackAll, {}, (*PAID, "r = refund h 400"), "REFUND-1"),
    (GivesBackWhatIsVoided, {}, ("h = hold A 600", "v = void h", "r = refund h"), "REFUND-3"),
]
EXACT = replace(
    HOLDS,
    decimal=True,
    part_of_void=True,
    says_rest=frozenset({"true", "false"}),
    verbs=HOLDS.verbs | {"refund"},
)


@pytest.mark.parametrize(
    ("fault", "answers", "lines", "rule"),
    FAULTS,
    ids=[f"{f.__name__} {r}" for f, _, _, r in FAULTS],
)
def test_a_fault_is_found_by_the_rule_that_a_reader_expects(
    fault: type[HoldServer], answers: dict[str, str], lines: tuple[str, ...], rule: str
) -> None:
    run = run_on_holds(fault({**FIRST, **answers}, EXACT), decided=[*answers, "void.captured"])
    program = offered(run, "A = card 1000", *lines)
    with pytest.raises(Violated) as found:
        run_program(run, program, reading=Reading.EAGER)
    assert found.value.finding.violation.rule == rule


@pytest.mark.parametrize("fault", [fault for fault, *_ in FAULTS[1:]], ids=lambda f: f.__name__)
def test_the_machine_finds_a_fault_by_itself(fault: type[HoldServer]) -> None:
    for number in range(5):
        server = fault(dict(FIRST), EXACT)
        run = run_on_holds(server, decided=["void.captured"])
        if drive(run, number=number, examples=30, steps=20, look=lambda _: None):
            return
    pytest.fail("nothing was found")


# What is not offered ------------------------------------------------------------------------------

NOT_OFFERED = {
    "draw": ("A = card 1000", "d = draw A 10"),
    "refund": ("A = card 1000", "h = hold A 10", "c = capture h", "r = refund h"),
    "void of a part": ("A = card 1000", "h = hold A 10", "v = void h 5"),
    "amounts between two minor units": ("A = card 1000", "h = hold A 1+half"),
    "idempotency keys": ("A = card 1000", "h = hold A 10", "again h"),
    "captures of a part": ("A = card 1000", "h = hold A 10", "c = capture h 5"),
    "captures that say": ("A = card 1000", "h = hold A 10", f"c = capture h {LAST}"),
    "cards": ('A = card 1000 with {"name": "x"}',),
}


@pytest.mark.parametrize("what", NOT_OFFERED)
def test_a_program_that_needs_what_the_api_lacks_is_not_claimed(what: str) -> None:
    run = run_on_holds(traits=replace(HOLDS, retries=False, part_of_capture=False))
    with pytest.raises(NotSupported, match=f"not claimed: the target has no {what}"):
        offered(run, *NOT_OFFERED[what])


def test_a_card_that_is_none_is_not_created_again_nor_shared() -> None:
    run = run_on_holds()
    for lines in (
        ("A = card 10", "again A"),
        ("1| A = card 10",),
        ("A = card 9", "B = card 9", "h = hold A 1", "i = hold B 1 ref=h"),
    ):
        with pytest.raises(NotSupported):
            offered(run, *lines)


def test_a_program_is_adapted_to_the_least_amount_and_the_currencies() -> None:
    run = run_on_holds(traits=replace(HOLDS, least=50))
    program = offered(run, "A = card 1000 NOK", "h = hold A 1 EUR", "c = capture h remaining+1")
    assert program.lines() == ["A = card 100000", "h = hold A 100", "c = capture h remaining+1"]
    assert offered(run, "A = card 1000 EUR").lines() == ["A = card 100000 EUR"]


def test_one_more_than_remains_is_one_more_than_the_api_permits() -> None:
    run = run_on_holds(traits=replace(HOLDS, over_capture=20))
    lines = ("A = card 1000", "h = hold A 600", "c = capture h 100", "d = capture h remaining+1")
    program = offered(run, *lines)
    assert program.lines()[-1] == "d = capture h limit+1"
    session = run_program(run, program)
    judged = session.story.events[-2].judged
    assert judged is not None
    assert getattr(judged.command, "amount", None) == 500 + 120 + 1


def test_a_read_of_a_card_that_is_none_shows_its_latest_hold() -> None:
    run = run_on_holds()
    session = run_program(run, offered(run, "A = card 1000", "read A"))
    assert run.target.meter.requests == 0
    for line in ("h = hold A 10", "i = hold A 20", "read A", "read missing"):
        session.perform(parse_step(line))
    assert [event.step for event in session.story.events][-2:] == ["read A", "read missing"]
    assert session.story.verified_at("h1") == 4
