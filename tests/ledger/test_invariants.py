"""The invariants follow from `step`: for all small ledgers, and for random large ones."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.ledger.invariants import INVARIANTS, MONOTONE, broken, broken_between
from tallystick.ledger.lifecycle import State
from tallystick.ledger.oracle import step
from tallystick.ledger.state import CardStatus, Entry, Ledger, Use
from tallystick.ledger.vocabulary import (
    Accepted,
    Capture,
    Kind,
    OpenCard,
    Refused,
    Transact,
    TransactionRecord,
    Unknown,
    Violation,
    Void,
)
from tallystick.profiles.documents import dialect_of
from tallystick.profiles.wallet.profile import Wallet
from tests.ledger.simulator import HonestServer
from tests.ledger.stories import TYPES, Story
from tests.ledger.watching import Watcher, any_answers, any_habits, drive

DEPTH = 6
SETTINGS = settings(derandomize=True, database=None, deadline=None, max_examples=150)


class Small:
    """Every payment of 0 to 3 that can be asked of a card with at most two holds and one fund."""

    def commands(self, ledger: Ledger, ref: str):
        for kind in (Kind.DRAWDOWN, Kind.HOLD, Kind.FUND):
            holds = sum(entry.kind is Kind.HOLD for entry in ledger.entries.values())
            if (kind is Kind.FUND and ledger.funded) or (kind is Kind.HOLD and holds == 2):
                continue
            for amount in range(4):
                yield Transact(kind, "A", amount, "NOK", ref)
        for parent in self.parents(ledger):
            yield Void("A", parent, ref)
            for amount in (None, 0, 1, 2, 3):
                yield Capture("A", parent, amount, ref)

    def parents(self, ledger: Ledger):
        """Every hold, and one of all that is none."""
        others = [key for key, entry in ledger.entries.items() if entry.kind is not Kind.HOLD]
        return [key for key in ledger.entries if key not in others] + others[-1:]

    def outcomes(self, ledger: Ledger, command, new: str):
        parent = getattr(command, "parent", None)
        amount = getattr(command, "amount", None)
        if amount is None:
            amount = ledger.entries[parent].remaining
        shown = TYPES[command.kind]
        yield Accepted(TransactionRecord(new, command.ref, amount, "NOK", shown, parent))
        yield Refused(400)
        yield Unknown("lost")


def essence(ledger: Ledger) -> tuple:
    """What the future depends on: not the names, nor how many finished records there are."""
    holds = sorted(
        (entry.amount, entry.captured, entry.state)
        for entry in ledger.entries.values()
        if entry.kind is Kind.HOLD
    )
    return (ledger.total, ledger.funded, ledger.balance, tuple(holds))


def test_the_invariants_hold_for_every_small_ledger_to_depth_six() -> None:
    small = Small()
    first = Ledger(dialect_of(Wallet()), "A")
    frontier = {}
    for amount in range(4):
        (ledger, *_) = step(first, OpenCard("A", amount, "NOK"), Unknown("lost"))
        frontier[essence(ledger)] = ledger
    seen = dict(frontier)
    judged = 0
    for depth in range(DEPTH):
        following = {}
        for ledger in frontier.values():
            for command in small.commands(ledger, f"r{depth}"):
                for outcome in small.outcomes(ledger, command, f"t{depth}"):
                    judged += 1
                    result = step(ledger, command, outcome)
                    if isinstance(result, Violation):
                        continue
                    for after in result:
                        key = essence(after)
                        if key not in seen:
                            assert not broken(after), (command, outcome, after)
                            assert not broken_between(ledger, after), (command, outcome, after)
                            seen[key] = following[key] = after
        frontier = following
    assert len(seen) > 3_500
    assert judged > 150_000


@SETTINGS
@given(st.integers(0, 2**32).map(Random), st.booleans())
def test_the_invariants_hold_for_large_ledgers_of_any_dialect(rng: Random, lossy: bool) -> None:
    class Sound(Watcher):
        def see(self, command, outcome):
            before = self.possible
            super().see(command, outcome)
            for ledger in self.possible:
                assert not broken(ledger), (self.story, ledger)
                if len(before) == 1 and before[0].card_status is not CardStatus.DELETED:
                    assert not broken_between(before[0], ledger), self.story

    server = HonestServer(any_answers(rng), any_habits(rng))
    drive(rng, server, Sound(dialect_of(Wallet())), 25, losses=0.2 if lossy else 0.0)


PAST = (
    "open 9",
    "hold h1 6",
    "capture c1 h1 2",
    "fund f1 1",
    "draw d1 1",
    "hold h2 2",
    "void v2 h2",
    "refund r1 d1 1",
)


def spoilt(name: str) -> Ledger:
    """A ledger that breaks an invariant, made by hand."""
    story = Story().tell(*PAST)
    ledger, ids = story.ledger, story.ids
    entries = ledger.entries
    hold, capture = entries[ids["h1"]], entries[ids["c1"]]
    ways = {
        "money_is_conserved": {"drawn": 2},
        "nothing_is_negative": {"held": 100},
        "available_is_the_balance_less_what_is_held": None,
        "held_is_what_open_holds_lock": {"held": 3},
        "held_original_is_what_open_holds_locked_at_first": {"held_original": 7},
        "a_hold_is_captured_by_its_captures": {
            "entries": entries.set(ids["h1"], hold._replace(captured=3))
        },
        "what_a_hold_locked_is_captured_or_released_at_its_end": {
            "entries": entries.set(ids["h1"], hold._replace(released=hold.amount))
        },
        "a_state_says_what_was_captured": {
            "entries": entries.set(ids["h1"], hold._replace(state=State.OPEN))
        },
        "nothing_is_refunded_that_was_not_paid": {
            "entries": entries.set(ids["h1"], hold._replace(refunded=1))
        },
        "a_child_points_to_what_it_acts_on": {
            "entries": entries.set(ids["c1"], capture._replace(parent=ids["d1"]))
        },
        "a_ref_points_to_its_records": {"refs": ledger.refs.set("h1", (Use(("hold",), "other"),))},
        "a_card_that_was_never_loaded_pays_nothing": {"card_status": CardStatus.INACTIVE},
    }
    return ledger.changed(**(ways[name] or {}))


@pytest.mark.parametrize("name", INVARIANTS)
def test_an_invariant_can_be_broken(name: str) -> None:
    # That available is the balance less what is held is how the ledger computes it.
    by_definition = name == "available_is_the_balance_less_what_is_held"
    assert (name in broken(spoilt(name))) is not by_definition


def test_a_sound_ledger_breaks_nothing() -> None:
    ledger = Story().tell(*PAST).ledger
    assert broken(ledger) == []
    assert broken_between(ledger, ledger) == []


def test_a_finished_hold_that_opens_again_and_a_record_that_changes_are_seen() -> None:
    story = Story().tell(*PAST)
    ledger, voided = story.ledger, story.ids["h2"]
    hold = ledger.entries[voided]
    opened = ledger.changed(entries=ledger.entries.set(voided, hold._replace(state=State.OPEN)))
    smaller = ledger.changed(entries=ledger.entries.set(voided, hold._replace(amount=1)))
    gone = ledger.changed(entries=ledger.entries.without(voided))
    assert broken_between(ledger, opened) == ["what_is_finished_stays_finished"]
    assert broken_between(ledger, smaller) == ["a_record_never_changes"]
    assert broken_between(ledger, gone) == ["a_record_never_changes"]
    assert set(MONOTONE) == {"what_is_finished_stays_finished", "a_record_never_changes"}


def test_a_hold_in_a_state_that_no_hold_can_have_is_seen() -> None:
    ledger = Ledger(dialect_of(Wallet()), "A")
    odd = Entry(Kind.HOLD, None, 0, State.MISSING)
    assert "a_state_says_what_was_captured" in broken(
        ledger.changed(entries=ledger.entries.set("t", odd))
    )
