"""Wiring of the contracts: their order, and the cards that contracts about input share."""

from __future__ import annotations

import pytest

from contracts.support.visits import APPOINTMENTS, Appointments
from tallystick.profiles.wallet.fuzz.card_set import BASIC, CardSet
from tallystick.pytest_plugin import SUITE
from tallystick.repeating import repeating
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
    "test_retries",
    "test_ways",
    "test_leftovers",
    "test_metadata",
    "test_accepted",
    "test_identities",
    "test_reads",
    "test_filters",
    "test_pages",
    "test_customers",
    "test_makers",
    "test_clients",
    "test_access",
    "test_aging",
    "test_input",
    "test_formats",
    "test_http_input",
    "test_transitions",
    "test_lifecycle",
    "test_concurrency",
    "test_delivery",
    "test_time",
    "test_schema",
    "test_form",
)
"""What finds most with the fewest requests comes first; the dialect has to be known early."""
PREPARED_AFTER = ORDER.index("test_references")
"""Where what has to wait is prepared: by then most faults are found, and enough is left to run."""
EARLY = ORDER[:2]
"""With workers (`-n`), all other tests wait for these."""
DRAWN = ("test_lifecycle", "test_concurrency", "test_delivery", "test_schema", "test_form")
"""Tests whose inputs the seed decides: what a hunt runs again with each seed."""
ALONE = "listed_cards"
"""With workers, tests that use this fixture run alone: no card list may change while it is read."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Sort the modules by ORDER. Tests that use up a budget (`deep`) come last; a gate has none."""
    config.stash[APPOINTMENTS] = Appointments()
    rank = {name: number for number, name in enumerate(ORDER)}

    def place(item: pytest.Item) -> tuple[bool, bool, float]:
        has = item.get_closest_marker
        number = float(rank.get(item.path.stem, len(rank)))
        if has("prepares") is not None:
            number = PREPARED_AFTER + 0.5
        return has("deep") is not None, has("waits") is not None, number

    if config.stash[SUITE].settings.intensity is Intensity.GATE:
        deep = [item for item in items if item.get_closest_marker("deep")]
        items[:] = [item for item in items if item not in deep]
        config.hook.pytest_deselected(items=deep)
    items.sort(key=place)
    for item in items:
        if item.path.stem == ORDER[0]:
            item.add_marker(pytest.mark.smoke)
        if item.path.stem in DRAWN:
            item.add_marker(pytest.mark.drawn)
        if item.path.stem in EARLY:
            item.add_marker(pytest.mark.early)
        if ALONE in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.alone)


@pytest.fixture(autouse=True)
def appointments_are_kept(pytestconfig: pytest.Config) -> None:
    """What has to happen at a time of its own happens before the test that begins then."""
    pytestconfig.stash[APPOINTMENTS].keep()


@pytest.fixture(scope="session")
def input_cards(run: Run) -> CardSet:
    """The cards that all contracts about input share, because making them costs requests."""
    return CardSet(run, BASIC, repeating(run))
