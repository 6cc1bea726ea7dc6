"""Wiring of the contracts: their order, the `check` fixture, and the repeating of lost answers."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial

import pytest

from contracts.support.repeating import repeating, until_answered
from tallystick.drivers.direct import require_answers
from tallystick.drivers.fuzz.card_set import BASIC, CardSet
from tallystick.drivers.sequential import Session, run_program
from tallystick.program import Program
from tallystick.pytest_plugin import SUITE
from tallystick.run import Intensity, Run

ORDER = (
    "test_essentials",
    "test_dialect",
    "test_transactions",
    "test_capture",
    "test_void",
    "test_fund",
    "test_references",
    "test_balance",
    "test_attributes",
    "test_cards",
    "test_activation",
    "test_pins",
    "test_tokens",
    "test_reads",
    "test_customers",
    "test_access",
    "test_input",
    "test_http_input",
    "test_transitions",
    "test_lifecycle",
    "test_concurrency",
    "test_delivery",
    "test_time",
    "test_schema",
)
"""What finds most with the fewest requests comes first; the dialect has to be known early."""

Check = Callable[..., Session]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Sort the modules by ORDER. Tests that use up a budget (`deep`) come last; a gate has none."""
    rank = {name: number for number, name in enumerate(ORDER)}

    def place(item: pytest.Item) -> tuple[bool, int]:
        return item.get_closest_marker("deep") is not None, rank.get(item.path.stem, len(rank))

    if config.stash[SUITE].settings.intensity is Intensity.GATE:
        deep = [item for item in items if item.get_closest_marker("deep")]
        items[:] = [item for item in items if item not in deep]
        config.hook.pytest_deselected(items=deep)
    items.sort(key=place)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Repeat a contract that misses an answer (see `contracts.support.repeating`)."""
    contract, run = pyfuncitem.obj, pyfuncitem.config.stash[SUITE].run
    if run is None:
        return (yield)

    def repeated(**fixtures: object) -> object:
        return until_answered(run, partial(contract, **fixtures))

    pyfuncitem.obj = repeated
    try:
        return (yield)
    finally:
        pyfuncitem.obj = contract


@pytest.fixture
def check(run: Run) -> Check:
    """Run the program of these lines on fresh cards; the oracle judges every answer.

    The first `unread` steps are not read back: each read costs a request. Unanswered if an answer
    is missing.
    """

    def check(*lines: str, unread: int = 0) -> Session:
        session = run_program(run, Program.parse(*lines), unread=unread)
        require_answers(session.story)
        return session

    return check


@pytest.fixture(scope="session")
def input_cards(run: Run) -> CardSet:
    """The cards that all contracts about input share, because making them costs requests."""
    return CardSet(run, BASIC, repeating(run))
