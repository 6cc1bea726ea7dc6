"""CONC: what several clients do at the same moment has the same effect as some order of it.

Each program is a race in which real servers have failed. A line that begins with `1|` is a step of
the first client, and so on. One name in two branches is one request that two clients send.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from strategies.plans import plans
from strategies.workload import Workload
from tallystick.drivers.concurrent.clients import ClientPool, client_pool
from tallystick.drivers.concurrent.race import race
from tallystick.drivers.concurrent.soak import soak
from tallystick.drivers.exploring import explore
from tallystick.drivers.offered import offered
from tallystick.drivers.probe import probe
from tallystick.ledger.dialect import ACCEPT
from tallystick.program import Program, Verb
from tallystick.run import Intensity, Run

rule = pytest.mark.rule
pytestmark = pytest.mark.requests(22)

TRIALS = {Intensity.GATE: 4, Intensity.RELEASE: 25, Intensity.HUNT: 100}
"""Trials of a program of two clients; one of more clients takes longer and gets half of them."""
WITHIN_S = {Intensity.GATE: 1.5, Intensity.RELEASE: 15.0, Intensity.HUNT: 60.0}
EXAMPLES = {Intensity.GATE: 8, Intensity.RELEASE: 100, Intensity.HUNT: 500}
SOAK_OPERATIONS = {Intensity.RELEASE: 4000, Intensity.HUNT: 20000}

Race = Callable[..., None]


@pytest.fixture(scope="module")
def pool(run: Run) -> Iterator[ClientPool]:
    with run.alone():
        if not run.dialect.learned():  # no chapter before this one was run: nothing was asked yet
            probe(run)
    with client_pool(run) as pool:
        yield pool


@pytest.fixture
def race_(run: Run, pool: ClientPool) -> Race:
    """Run the program of these lines several times, each time on fresh cards."""

    def race_(*lines: str) -> None:
        program = offered(run, *lines)
        times = TRIALS[run.intensity] // (1 if len(program.branches) == 2 else 2)
        race(run, pool, program, times, within_s=WITHIN_S[run.intensity])

    return race_


CARD = "A = card 1000 NOK"
HOLD = "h = hold A 600"
READS = ["2| read A", "2| read A", "2| read A", "3| read A", "3| read A"]

SETTLEMENTS = {
    "two captures of all": [HOLD, "1| c1 = capture h", "2| c2 = capture h"],
    "two captures of parts": [HOLD, "1| c1 = capture h 400", "2| c2 = capture h 400"],
    "three captures of parts": [
        HOLD,
        "1| c1 = capture h 250",
        "2| c2 = capture h 250",
        "3| c3 = capture h 250",
    ],
    "capture against void": [HOLD, "1| c = capture h", "2| v = void h"],
    "capture of a part against void": [HOLD, "1| c = capture h 200", "2| v = void h"],
    "two voids": [HOLD, "1| v1 = void h", "2| v2 = void h"],
    "captures of two holds": [
        "h1 = hold A 500",
        "h2 = hold A 400",
        "1| c1 = capture h1 300",
        "2| c2 = capture h2",
    ],
    "capture of one hold beside the void of another": [
        "h1 = hold A 500",
        "h2 = hold A 400",
        "1| c1 = capture h1",
        "2| v2 = void h2",
    ],
    "capture beside a drawdown": [HOLD, "1| c = capture h", "2| d = draw A 400"],
    "void beside a drawdown of what it frees": [HOLD, "1| v = void h", "2| d = draw A 500"],
}

REFUNDS = {
    "two voids of what was captured": [HOLD, "c = capture h", "1| v1 = void h", "2| v2 = void h"],
    "two voids after a part is captured": [
        HOLD,
        "c = capture h 200",
        "1| v1 = void h",
        "2| v2 = void h",
    ],
}
"""Where a void of captured money is its refund (`void.captured`)."""

GIVEN_BACK = {
    "two refunds of all": [HOLD, "c = capture h", "1| r1 = refund h", "2| r2 = refund h"],
    "three refunds of parts": [
        HOLD,
        "c = capture h",
        "1| r1 = refund h 250",
        "2| r2 = refund h 250",
        "3| r3 = refund h 250",
    ],
    "refund of all against one of a part": [
        HOLD,
        "c = capture h",
        "1| r1 = refund h",
        "2| r2 = refund h 10",
    ],
}

BALANCES = {
    "two drawdowns": ["1| d1 = draw A 600", "2| d2 = draw A 600"],
    "three drawdowns": ["1| d1 = draw A 400", "2| d2 = draw A 400", "3| d3 = draw A 400"],
    "two holds": ["1| h1 = hold A 600", "2| h2 = hold A 600"],
    "hold against drawdown": ["1| h1 = hold A 600", "2| d2 = draw A 600"],
    "two funds": ["1| f1 = fund A 100", "2| f2 = fund A 70"],
    "fund, hold and drawdown": ["1| f = fund A 100", "2| h = hold A 70", "3| d = draw A 30"],
}

ONE_REF = {
    "drawdown": ["1| d = draw A 100", "2| d = draw A 100"],
    "hold": ["1| i = hold A 100", "2| i = hold A 100"],
    "fund": ["1| f = fund A 100", "2| f = fund A 100"],
    "capture": [HOLD, "1| c = capture h 200", "2| c = capture h 200"],
    "void": [HOLD, "1| v = void h", "2| v = void h"],
    "refund": [HOLD, "c = capture h", "1| r = refund h 200", "2| r = refund h 200"],
    "token": ["1| t = token A", "2| t = token A"],
    "drawdown with another amount": ["1| d = draw A 100", "2| d = draw A 70"],
}

TOKEN = "t = token A"
ONE_TOKEN = 't = token A with {"one_time": "true"}'

CARDS = {
    "a one-time token, two drawdowns": [CARD, ONE_TOKEN, "1| d1 = draw t 100", "2| d2 = draw t 70"],
    "a one-time token, drawdown and hold": [
        CARD,
        ONE_TOKEN,
        "1| d1 = draw t 100",
        "2| h2 = hold t 70",
    ],
    "two activations": ["A = batch", "1| activate A 500 NOK", "2| activate A 700 NOK"],
    "activation against drawdown": ["A = batch", "1| activate A 500 NOK", "2| d = draw A 100"],
    "delete against drawdown": [CARD, "1| delete A", "2| d = draw A 1000"],
    "delete against hold": [CARD, "1| delete A", "2| h = hold A 1000"],
    "delete against hold on an empty card": [
        "A = card 500 NOK",
        "d = draw A 500",
        "1| delete A",
        "2| f = fund A 100",
        "2| h = hold A 100",
    ],
    "two creations": ["1| A = card 1000 NOK", "2| A = card 500 NOK"],
    "drawdowns by card and by token": [CARD, TOKEN, "1| d1 = draw A 600", "2| d2 = draw t 600"],
    "a hold by token beside a drawdown": [CARD, TOKEN, "1| h = hold t 70", "2| d = draw A 100"],
    "a fund beside a drawdown by token": [CARD, TOKEN, "1| f = fund A 100", "2| d = draw t 70"],
    "a drawdown beside look-ups": [CARD, "t = token A", "1| d = draw A 100", "2| info t"],
    "a drawdown beside a new token": [CARD, "1| d = draw A 100", "2| t = token A"],
}

WATCHED = {
    "capture": [HOLD, "1| c = capture h 200", *READS],
    "void": [HOLD, "1| v = void h", *READS],
    "drawdown": ["1| d = draw A 100", *READS],
    "fund": ["1| f = fund A 100", *READS],
    "refused drawdown": ["1| d = draw A available+1", *READS],
    "refused capture": [HOLD, "1| c = capture h remaining+1", *READS],
}


@rule("CONC-1")
@pytest.mark.parametrize("name", SETTLEMENTS)
def test_settlements_at_the_same_moment_have_an_order(race_: Race, name: str) -> None:
    race_(CARD, *SETTLEMENTS[name])


@rule("CONC-1")
@pytest.mark.parametrize("name", REFUNDS)
def test_refunds_at_the_same_moment_have_an_order(run: Run, race_: Race, name: str) -> None:
    if not run.dialect.is_permitted("void.captured", ACCEPT):
        pytest.skip("no void of this API gives captured money back")
    race_(CARD, *REFUNDS[name])


@rule("CONC-1", "REFUND-2")
@pytest.mark.parametrize("name", GIVEN_BACK)
def test_what_was_captured_is_given_back_once_at_the_same_moment(race_: Race, name: str) -> None:
    race_(CARD, *GIVEN_BACK[name])


@rule("CONC-1", "REFUND-2")
@pytest.mark.usefixtures("by_capture")
def test_refunds_by_two_ids_at_the_same_moment_have_an_order(race_: Race) -> None:
    race_(CARD, HOLD, "c = capture h", "1| r1 = refund h 400", "2| r2 = refund c 400")


@rule("CONC-1")
@pytest.mark.parametrize("name", BALANCES)
def test_requests_on_one_balance_have_an_order(race_: Race, name: str) -> None:
    race_(CARD, *BALANCES[name])


@rule("CONC-2")
@pytest.mark.parametrize("name", ONE_REF)
def test_one_ref_id_at_the_same_moment_has_one_effect(race_: Race, name: str) -> None:
    race_(CARD, *ONE_REF[name])


@rule("CONC-1")
@pytest.mark.parametrize("name", CARDS)
def test_changes_of_a_card_at_the_same_moment_have_an_order(race_: Race, name: str) -> None:
    race_(*CARDS[name])


@rule("CONC-1")
@pytest.mark.parametrize("name", WATCHED)
def test_no_read_shows_half_a_change(race_: Race, name: str) -> None:
    race_(CARD, *WATCHED[name])


@rule("CONC-1", "CONC-2")
def test_every_drawn_program_has_an_order(run: Run, pool: ClientPool) -> None:
    tokens = not run.target.support.lacking(Verb.TOKEN)

    def race_once(program: Program) -> None:
        race(run, pool, program, 1)

    explore(
        run,
        plans(tokens, run.profile.traits),
        EXAMPLES[run.intensity],
        race_once,
        least=EXAMPLES[Intensity.GATE],
    )


@rule("CONC-1", "CONC-2")
def test_many_clients_at_work_have_an_order(run: Run, pool: ClientPool) -> None:
    if run.intensity not in SOAK_OPERATIONS:
        pytest.skip("a soak takes its time; it is a part of release and hunt")
    soak(run, pool, Workload(run.seed, run.profile.traits), SOAK_OPERATIONS[run.intensity])
