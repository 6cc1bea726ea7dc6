"""One fingerprint for one cause, and which violations a cause explains."""

from __future__ import annotations

import pytest

from tallystick.fingerprint import Cause, cause_of
from tallystick.ledger.vocabulary import Violation
from tallystick.program import Program

HOLD = ("A = card 1000 NOK", "h = hold A 100")
BARE = (*HOLD, "c = capture h remaining+1")
AFTER_A_PART = (*HOLD, "c = capture h 50", "d = capture h remaining+1")


def cause(*lines: str, rule: str = "CAP-2", actual: str = "accepted") -> Cause:
    violation = Violation(rule, "a refusal", actual)
    return cause_of(violation, Program.from_lines(lines), (), "capture")


def words(note: str, operation: str = "capture") -> Cause:
    return cause_of(Violation("CAP-2", "a refusal", "accepted"), Program(), (note,), operation)


@pytest.mark.parametrize(
    "lines",
    [
        ("B = card 5000 EUR", "x = hold B 70", "y = capture x 71"),
        ("A = card 1 NOK", "h = hold A available", "c = capture h original+1"),
    ],
)
def test_amounts_currencies_and_names_do_not_change_a_fingerprint(lines: tuple[str, ...]) -> None:
    assert cause(*lines).fingerprint == cause(*BARE).fingerprint


@pytest.mark.parametrize(
    "other",
    [
        cause(*AFTER_A_PART),
        cause(*BARE, rule="CAP-4"),
        cause(*BARE, actual="amount_available 950"),
        cause(*HOLD, "c = capture h"),
        cause(*HOLD, "c = void h"),
        cause("A = card 1000 NOK", "h = hold A 100", "1| c = capture h", "2| d = capture h"),
        words("POST /transactions/1/capture -> 200"),
    ],
)
def test_another_cause_has_another_fingerprint(other: Cause) -> None:
    if other != cause(*HOLD, "c = capture h"):  # the amount is no part of the normal form
        assert other.fingerprint != cause(*BARE).fingerprint
    assert not other.explains(cause(*BARE))


def test_the_same_step_twice_is_its_repeat() -> None:
    repeated = cause(*HOLD, "again h", rule="REF-1", actual="a second record")
    twice = cause(*HOLD, "h = hold A 100", rule="REF-1", actual="a second record")
    assert repeated.explains(twice)
    assert twice.fingerprint == repeated.fingerprint
    other = cause(*HOLD, "h = hold A 101", rule="REF-1", actual="a second record")
    assert other.fingerprint != repeated.fingerprint


def test_a_fingerprint_says_its_rule_and_stays_the_same() -> None:
    assert cause(*BARE).fingerprint == "cap-2-e5ca1a59"


@pytest.mark.parametrize(
    "longer",
    [
        (*HOLD, "d = draw A 5", "c = capture h 500"),
        ("B = card 1 SEK", *HOLD, "x = capture h 200", "v = void h", "c = capture h original"),
        (*HOLD, "i = hold A 10", "c = capture i 11"),
    ],
)
def test_a_cause_explains_a_longer_way_to_it(longer: tuple[str, ...]) -> None:
    assert cause(*BARE).explains(cause(*longer))


@pytest.mark.parametrize(
    "other",
    [
        (*HOLD, "c = capture h remaining+1"),
        (*HOLD, "i = hold A 9", "c = capture i 5", "d = capture h original"),
        (*HOLD, "c = capture h 50", "d = capture h"),
        (*HOLD, "c = capture h 50", "d = capture h original ref=c"),
        (*HOLD, "c = capture h 50", "d = capture h original !lost"),
        (*HOLD, "c = capture h 50", "d = capture h original", "x = draw A 1"),
    ],
)
def test_a_cause_explains_nothing_that_lacks_one_of_its_steps(other: tuple[str, ...]) -> None:
    assert not cause(*AFTER_A_PART).explains(cause(*other))


def test_words_are_explained_by_the_same_kind_of_request() -> None:
    assert cause(*BARE).explains(words("POST /transactions/7/capture -> 200"))
    assert not cause(*BARE).explains(words("POST /transactions/7/void -> 200", "void"))
    assert words("POST /x/7 -> 200").explains(words("POST /x/8 -> 200"))
    assert not words("POST /x/7 -> 200").explains(words("POST /y/7 -> 200"))


def test_a_race_is_explained_by_one_with_the_same_concurrent_steps() -> None:
    two = (*HOLD, "1| c = capture h", "2| v = void h")
    three = (*HOLD, "1| c = capture h", "2| v = void h", "3| d = draw A 1")
    other = (*HOLD, "1| c = capture h", "2| d = capture h")
    assert cause(*two, rule="CONC-1").explains(cause(*three, rule="CONC-1"))
    assert not cause(*two, rule="CONC-1").explains(cause(*other, rule="CONC-1"))
