"""Wiring of the contracts: their order, and the cards that contracts about input share."""

from __future__ import annotations

import pytest

from contracts.support.visits import APPOINTMENTS, Appointments
from tallystick.documents.questions import asked_questions
from tallystick.ledger.dialect import ACCEPT
from tallystick.profiles.wallet.fuzz.card_set import BASIC, CardSet
from tallystick.pytest_plugin import SUITE
from tallystick.repeating import repeating
from tallystick.run import Intensity, Run

ORDER = (
    "test_essentials",
    "test_dialect",
    # What the essentials have not touched: how a card is made, named, found and shown, and ends.
    "test_cards",
    "test_activation",
    "test_pins",
    "test_tokens",
    "test_ways",
    "test_metadata",
    "test_identities",
    "test_reads",
    "test_filters",
    "test_pages",
    "test_customers",
    "test_makers",
    "test_clients",
    "test_access",
    "test_aging",
    "test_time",
    # A second, closer look at the payments and holds that they have walked through.
    "test_balance",
    "test_transactions",
    "test_capture",
    "test_void",
    "test_fund",
    "test_references",
    "test_retries",
    "test_leftovers",
    "test_attributes",
    # What no ordinary client sends.
    "test_accepted",
    "test_input",
    "test_formats",
    "test_http_input",
    # Many requests for whatever only a rare sequence, a race or a lost answer shows.
    "test_transitions",
    "test_lifecycle",
    "test_schema",
    "test_form",
    # Short tests last: what has to wait is looked at between two of them.
    "test_concurrency",
    "test_delivery",
)
"""What nobody has looked at yet comes before a second look at anything, so that most violations are
seen early; the dialect has to be known early. Tests that are `prepares` or `broad` come after EARLY
and before all others. Broad are those that show at least three of the faults that `tests.proof` has
recorded, and one with every eight requests or fewer: mostly a walk along a chapter, or one look at
many things."""
EARLY = ORDER[:2]
"""With workers (`-n`), all other tests wait for these."""
DRAWN = ("test_lifecycle", "test_concurrency", "test_delivery", "test_schema", "test_form")
"""Tests whose inputs the seed decides: what a hunt runs again with each seed."""
ALONE = "listed_cards"
"""With workers, tests that use this fixture run alone: no card list may change while it is read."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Sort the tests, mostly by ORDER. Those that use up a budget come last; a gate has none."""
    config.stash[APPOINTMENTS] = Appointments()
    rank = {name: number for number, name in enumerate(ORDER)}

    def place(item: pytest.Item) -> tuple[bool, bool, int, int]:
        def has(marker: str) -> bool:
            return item.get_closest_marker(marker) is not None

        early = (item.path.stem in EARLY, has("prepares"), has("broad"), True)
        return has("deep"), has("waits"), early.index(True), rank.get(item.path.stem, len(rank))

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


def pytest_runtest_setup(item: pytest.Item) -> None:
    """What has to happen at a time of its own happens before the test that begins then."""
    item.config.stash[APPOINTMENTS].keep()


@pytest.fixture
def by_capture(run: Run) -> None:
    """Skip where no refund can name a capture's own record, or this server refuses it."""
    is_asked = "refund.by_capture" in asked_questions(run.profile.traits, run.dialect)
    if not is_asked or not run.dialect.is_permitted("refund.by_capture", ACCEPT):
        pytest.skip("no refund of this API names a capture's own record")


@pytest.fixture(scope="session")
def input_cards(run: Run) -> CardSet:
    """The cards that all contracts about input share, because making them costs requests."""
    return CardSet(run, BASIC, repeating(run))
