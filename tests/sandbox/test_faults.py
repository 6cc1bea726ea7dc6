"""Each named fault makes a difference that a client can see, and a race makes none to one alone."""

import pytest
import yaml

from sandbox.app import App
from sandbox.faults import FAULTS, Fault, races
from tests.sandbox import reference_walk
from tests.sandbox.harness import ROOT, Local

# Seen only by clients that meet, or that hang up: the tests of races and deliveries look for these.
UNSEEN_ALONE = {name for name in FAULTS if name.startswith("race_")} | {
    "client_gone_forgets_ref",
    "use_prolongs_access",
}


_CHAPTERS = yaml.safe_load((ROOT / "spec" / "rules.yaml").read_text())["chapters"]
RULES = {rule["id"]: rule["level"] for chapter in _CHAPTERS.values() for rule in chapter["rules"]}
# Broken only between two runs, by a server that is no longer the one that was pinned.
OF_TWO_RUNS = {"DIA-2"}
# The Wallet API has no refund; see the faults of tests/stripelike and tests/declared/servers.
OF_REFUNDS = {"REFUND-1", "REFUND-2", "REFUND-3", "REFUND-4"}
NO_FAULT_OF_ITS_OWN = OF_TWO_RUNS | OF_REFUNDS


def taken(
    overrides: tuple[type, ...], *, checked: bool, expected: list[str] | None = None
) -> list[str]:
    """What a server answers on the reference walk, as long as it is what was expected."""
    wallet = Local(overrides=overrides, checked=checked)
    try:
        return reference_walk.run(wallet, expected)
    finally:
        wallet.close()


@pytest.fixture(scope="module")
def honest() -> list[str]:
    """The reference walk of the honest server, each of its answers checked against the document."""
    return taken((), checked=True)


def test_the_reference_walk_is_the_same_every_time(honest: list[str]) -> None:
    assert taken((), checked=True) == honest
    assert not any(": " in line.split("[", 1)[0] for line in honest), "a scenario did not end"


@pytest.mark.parametrize("name", sorted(FAULTS.keys() - UNSEEN_ALONE))
def test_a_fault_shows_on_the_reference_walk(name: str, honest: list[str]) -> None:
    seen = taken(FAULTS[name].overrides, checked=False, expected=honest)
    assert seen != honest, f"{name} was not seen"


@pytest.mark.parametrize("name", sorted(UNSEEN_ALONE))
def test_a_race_is_not_seen_by_one_client_alone(
    name: str, honest: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(races, "OTHERS_WAIT_S", 0)
    inline = tuple(one for one in FAULTS[name].overrides if not issubclass(one, App))
    assert taken(inline, checked=False) == honest


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_says_what_it_is(fault: Fault) -> None:
    assert fault.breaks in RULES
    assert fault.name.replace("_", "").isalnum()
    assert fault.name == fault.name.lower()
    assert fault.summary
    assert not fault.summary.endswith(".")
    assert len(fault.summary) <= 100


def test_every_promise_has_a_fault_that_breaks_it() -> None:
    must = {rule for rule, level in RULES.items() if level == "MUST"}
    assert must - {fault.breaks for fault in FAULTS.values()} <= NO_FAULT_OF_ITS_OWN
