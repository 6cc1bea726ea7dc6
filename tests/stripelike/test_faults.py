"""Each named fault changes an answer that a client sees; a race, only to clients that meet."""

from collections import Counter

import pytest
import yaml

from tests.stripelike import crowds, walk
from tests.stripelike.assembly import assemble
from tests.stripelike.client import Checked, Local
from tests.stripelike.faults import FAULTS, Fault, races
from tests.stripelike.faults.registry import fault
from tests.stripelike.process import ROOT

RACES = {name for name in FAULTS if name.startswith("race_")}
OF_CREDENTIALS = {name for name in FAULTS if FAULTS[name].breaks in ("AUTH-1", "AUTH-2")}
"""What requests without a valid key show, which are the same in each mapping."""
TRIES = 5
"""So many tries meet a race on a busy machine too."""

_CHAPTERS = yaml.safe_load((ROOT / "spec" / "rules.yaml").read_text("utf-8"))["chapters"]
RULES = {rule["id"] for chapter in _CHAPTERS.values() for rule in chapter["rules"]}


@pytest.fixture(scope="module")
def honest() -> list[str]:
    """The reference walk of the honest server, each of its answers checked against the document."""
    return walk.run(Checked(Local(assemble())))


def test_the_reference_walk_is_the_same_every_time(honest: list[str]) -> None:
    assert walk.run(Local(assemble())) == honest
    assert {line[:3] for line in honest} == {"200", "400", "401", "402", "404"}


@pytest.mark.parametrize("name", sorted(FAULTS.keys() - RACES))
def test_a_fault_shows_on_the_reference_walk(name: str, honest: list[str]) -> None:
    seen = walk.run(Local(assemble(overrides=FAULTS[name].overrides)), honest)
    assert seen != honest


@pytest.mark.parametrize("mapping", walk.BY_MAPPING)
def test_a_fault_says_in_which_mapping_it_shows(mapping: str) -> None:
    scenarios = walk.BY_MAPPING[mapping]
    honest = walk.run(Local(assemble()), scenarios=scenarios)
    shown = {
        name
        for name in FAULTS.keys() - RACES - OF_CREDENTIALS
        if walk.run(Local(assemble(overrides=FAULTS[name].overrides)), honest, scenarios) != honest
    }
    said = {name for name, named in FAULTS.items() if named.shows_in(mapping)}
    assert shown >= said - RACES - OF_CREDENTIALS
    assert all(FAULTS[name].beyond for name in shown - said)
    assert len(shown) >= 80


@pytest.mark.parametrize("name", sorted(RACES))
def test_a_race_is_not_seen_by_one_client_alone(
    name: str, honest: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(races, "OTHERS_WAIT_S", 0)
    assert walk.run(Local(assemble(overrides=FAULTS[name].overrides))) == honest


@pytest.mark.parametrize("name", sorted(RACES))
def test_a_race_is_seen_by_a_crowd(name: str) -> None:
    assert any(met_by_a_crowd(name) for _ in range(TRIES))


def met_by_a_crowd(name: str) -> bool:
    for crowd in crowds.CROWDS:
        try:
            crowd(Local(assemble(overrides=FAULTS[name].overrides)))
        except AssertionError:
            return True
    return False


@pytest.mark.parametrize("crowd", crowds.CROWDS, ids=lambda crowd: crowd.__name__)
def test_a_crowd_finds_nothing_on_the_honest_server(crowd: crowds.Crowd) -> None:
    crowd(Checked(Local(assemble())))


@pytest.mark.parametrize("named", FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_says_what_it_is(named: Fault) -> None:
    assert named.breaks in RULES
    assert named.name == named.name.lower()
    assert named.name.replace("_", "").isalnum()
    assert 0 < len(named.summary) <= 100
    assert not named.summary.endswith(".")


def test_no_two_faults_have_one_name() -> None:
    taken = next(iter(FAULTS))
    with pytest.raises(ValueError, match=taken):
        fault(taken, breaks="CAP-2", summary="again")(Local)


def test_faults_of_every_kind_are_there() -> None:
    chapters = Counter(named.breaks.partition("-")[0] for named in FAULTS.values())
    assert len(FAULTS) >= 100
    assert {"SHAPE", "AUTH", "TX", "CAP", "VOID", "REF", "BAL", "READ", "CONC"} <= set(chapters)
    assert len(RACES) >= 6
