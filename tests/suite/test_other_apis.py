"""A sample of what `python -m tests.proof profiles` measures: some faults and honest servers."""

from __future__ import annotations

import pytest

from tests.proof.profiles import SERVERS, gate
from tests.sampling import some

FAULTS = {
    "stripelike-charges": (
        *("capture_one_too_much", "rest_released_one_short", "rest_stays_held"),
        *("released_twice", "key_prefix_is_enough", "keys_only_for_creates"),
    ),
    "stripelike-intents": (
        *("canceled_is_captured", "cancel_releases_nothing", "received_is_amount"),
        *("foreign_read", "mismatch_is_carried_out", "capture_one_too_little"),
    ),
    "prepaid": (
        *("capture_forgets_releases", "release_unlimited", "finer_rounded"),
        *("reader_captures", "keys_per_operation", "list_loses_oldest"),
    ),
}
HONEST = (
    *(("stripelike-charges", "rest_is_no_refund"), ("stripelike-intents", "multicapture")),
    *(("prepaid", "key_in_body"), ("prepaid", "refusals_as_200")),
)


@pytest.mark.parametrize(
    ("server", "name"), some(((server, name) for server in FAULTS for name in FAULTS[server]), 3)
)
def test_a_fault_is_found(server: str, name: str) -> None:
    outcome = gate(SERVERS[server], "-x", faults=[name])
    assert outcome.status == 1, outcome.output
    assert outcome.violations


@pytest.mark.parametrize(("server", "name"), some(HONEST, 1))
def test_an_honest_server_conforms(server: str, name: str) -> None:
    outcome = gate(SERVERS[server], variants=[name])
    assert (outcome.status, outcome.violations) == (0, []), outcome.output
    assert outcome.verdict == "conforms"
