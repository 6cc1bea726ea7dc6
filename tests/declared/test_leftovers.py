"""Holds that a run of a declared profile left open are voided; nothing else is touched."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tallystick.cleanup import Bound
from tallystick.connect import connect
from tallystick.ledger.vocabulary import (
    Accepted,
    Capture,
    CardId,
    EntryId,
    HoldRecord,
    Kind,
    ReadHold,
    RefId,
    Transact,
    Void,
)
from tallystick.profiles import registry
from tallystick.profiles.profile import Profile
from tallystick.target import Address, Client, Exchange, Target
from tests.stripelike.process import Stripelike

A = CardId("A")
_RUNS = itertools.count()


class Run:
    """A target whose exchanges the leftovers see, as those of a run."""

    def __init__(self, url: str, profile: Profile) -> None:
        leftovers = profile.leftovers()
        assert leftovers is not None
        self.leftovers = leftovers
        self.exchanges: list[Exchange] = []
        self._name, self._number = f"run{next(_RUNS)}", 0
        client, address = Client(token="sk_test_first"), Address(url, "")
        self.target: Target = connect(address, client, profile, observer=self._observe)

    def _observe(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)
        self.leftovers(exchange)

    def ref(self) -> RefId:
        self._number += 1
        return RefId(f"{self._name}-{self._number}")

    def hold(self) -> EntryId:
        command = Transact(Kind.HOLD, A, 1000, "USD", self.ref())
        outcome, _ = self.target.perform(command)
        assert isinstance(outcome, Accepted)
        assert isinstance(outcome.record, HoldRecord)
        assert outcome.record.id is not None
        return outcome.record.id

    def shown(self, hold: EntryId) -> Any:
        outcome, _ = self.target.perform(ReadHold(A, hold))
        assert isinstance(outcome, Accepted)
        return outcome.record

    def put_away(self, bound: Bound | None = None) -> Any:
        return self.leftovers.put_away({"": self.target}, bound or Bound.of(30))


@pytest.fixture(params=["stripe-charges", "stripe-payment-intents"])
def run(request: pytest.FixtureRequest, url: str) -> Iterator[Run]:
    run = Run(url, registry.load(request.param))
    yield run
    run.target.close()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Stripelike() as server:
        yield server.url


def test_an_open_hold_is_voided(run: Run) -> None:
    hold = run.hold()
    assert not run.put_away()
    assert run.shown(hold).is_open is False


def test_what_is_finished_is_not_touched(run: Run) -> None:
    captured, voided = run.hold(), run.hold()
    run.target.perform(Capture(A, captured, 400, run.ref()))
    run.target.perform(Void(A, voided, run.ref()))
    before = len(run.exchanges)
    assert not run.put_away()
    assert {each.request.method for each in run.exchanges[before:]} == {"GET"}
    assert run.shown(captured).captured == 400


def test_a_second_time_nothing_is_sent(run: Run) -> None:
    run.hold()
    run.put_away()
    before = len(run.exchanges)
    assert not run.put_away()
    assert len(run.exchanges) == before


def test_what_there_was_no_time_for_is_listed(run: Run) -> None:
    hold = run.hold()
    left = run.put_away(Bound.of(0))
    assert left.holds == (hold,)
    assert left.reason == "the time for the clean-up was over"
    assert run.leftovers.left("--keep").holds == (hold,)


def test_a_refused_hold_is_not_listed(run: Run) -> None:
    run.target.perform(Transact(Kind.HOLD, A, 1, "USD", run.ref()))
    assert not run.leftovers.left("--keep")


def test_the_holds_of_a_wallet_are_known_without_their_account() -> None:
    path = Path(__file__).parents[2] / "spec" / "prepaid" / "profile.yaml"
    profile = registry.load(str(path))
    request = profile.encode(Void(CardId(""), EntryId("hld_1"), RefId("r")), "", {})
    assert request.path == "/holds/hld_1/release"
