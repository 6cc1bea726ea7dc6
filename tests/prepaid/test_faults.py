"""Each named fault changes an answer that a client sees; a race, only to clients that meet."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import pytest
import yaml

from tests.prepaid import crowds, walk
from tests.prepaid.app import App
from tests.prepaid.assembly import assemble
from tests.prepaid.client import Checked, Local
from tests.prepaid.database import Database, Sqlite
from tests.prepaid.faults import FAULTS, Fault, races
from tests.prepaid.faults.registry import fault
from tests.prepaid.postgres import Postgres
from tests.prepaid.process import ROOT

RACES = {name for name in FAULTS if name.startswith("race_")}
TRIES = 5
"""So many tries meet a race on a busy machine too."""

_CHAPTERS = yaml.safe_load((ROOT / "spec" / "rules.yaml").read_text("utf-8"))["chapters"]
RULES = {rule["id"] for chapter in _CHAPTERS.values() for rule in chapter["rules"]}

Serve = Callable[..., App]


@pytest.fixture
def serve(database: str) -> Iterator[Serve]:
    """Makes servers on a database of each kind."""
    made: list[App] = []

    def serve(*names: str) -> App:
        overrides = [override for name in names for override in FAULTS[name].overrides]
        fresh = Sqlite() if database == "sqlite" else Postgres(database)
        made.append(assemble(fresh, overrides=overrides))
        return made[-1]

    yield serve
    for app in made:
        app.close()


def test_the_reference_walk_is_the_same_on_every_database(serve: Serve, honest: walk.Seen) -> None:
    assert walk.run(Local(serve())) == honest
    assert {line[:3] for lines in honest.values() for line in lines} == {
        *("200", "201", "400", "401", "403", "404", "409", "422")
    }


@pytest.mark.parametrize("name", sorted(FAULTS.keys() - RACES))
def test_a_fault_shows_on_the_reference_walk(
    name: str, beside_sqlite: list[str], honest: walk.Seen
) -> None:
    shown = _shown_on(Sqlite(), name, walk.SCENARIOS, honest)
    assert shown is not None
    for address in beside_sqlite:
        assert _shown_on(Postgres(address), name, [shown], honest) == shown


def _shown_on(
    database: Database, name: str, scenarios: Sequence[walk.Scenario], honest: walk.Seen
) -> walk.Scenario | None:
    """The first scenario that shows the fault on a database."""
    app = assemble(database, overrides=FAULTS[name].overrides)
    try:
        return next((one for one in scenarios if walk.shows(Local(app), one, honest)), None)
    finally:
        app.close()


@pytest.mark.parametrize("name", sorted(RACES))
def test_a_race_is_not_seen_by_one_client_alone(
    serve: Serve, name: str, honest: walk.Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(races, "OTHERS_WAIT_S", 0)
    assert walk.run(Local(serve(name))) == honest


@pytest.mark.parametrize("name", sorted(RACES))
def test_a_race_is_seen_by_a_crowd(serve: Serve, name: str) -> None:
    sender = Local(serve(name))
    assert any(met_by_a_crowd(sender) for _ in range(TRIES))


def met_by_a_crowd(sender: Local) -> bool:
    for crowd in crowds.CROWDS:
        try:
            crowd(sender)
        except AssertionError:
            return True
    return False


@pytest.mark.parametrize("crowd", crowds.CROWDS, ids=lambda crowd: crowd.__name__)
def test_a_crowd_finds_nothing_on_the_honest_server(serve: Serve, crowd: crowds.Crowd) -> None:
    sender = Checked(Local(serve()))
    for _ in range(TRIES):
        crowd(sender)


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
    assert set(chapters) >= {
        *("SHAPE", "AUTH", "TX", "CAP", "VOID", "FUND", "REF", "BAL", "READ", "CONC")
    }
    assert len(RACES) >= 10
