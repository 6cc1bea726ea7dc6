"""The fixtures of contracts, of the suite's own and of a team's: `check`, `run` and `suite`.

`pytest_plugin` brings them. A contract that misses an answer is repeated on fresh cards (see
`repeating`). This module does not know what a contract claims.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator
from functools import partial

import pytest

from tallystick.drivers.concurrent.clients import client_pool
from tallystick.drivers.concurrent.race import race
from tallystick.drivers.delivery import LATE_S, deliver, lossy_connection
from tallystick.drivers.direct import Unanswered, unanswered
from tallystick.drivers.offered import offered
from tallystick.drivers.sequential import Session, run_program
from tallystick.own_contracts import CHECKED
from tallystick.program import Program, ProgramError
from tallystick.pytest_plugin import SUITE
from tallystick.repeating import until_answered
from tallystick.run import Run
from tallystick.selection import asks_for_target
from tallystick.suite import Suite
from tallystick.target import NotSupported

TRIALS = 20
"""How often `check` runs a program with branches: a race needs luck."""

Check = Callable[..., Session]


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Repeat a contract that misses an answer; one that could ask for nothing is not claimed."""
    contract, run = pyfuncitem.obj, pyfuncitem.config.stash[SUITE].run
    if run is None or not asks_for_target(pyfuncitem):
        return (yield)

    def repeated(**fixtures: object) -> object:
        before = run.target.meter.requests
        ended = until_answered(run, partial(contract, **fixtures))
        lacking = run.left_out.by_test.get(run.current_test)
        if lacking and run.target.meter.requests == before:
            operation = min(lacking)
            raise NotSupported(operation, run.target.support.label(operation))
        return ended

    pyfuncitem.obj = repeated
    try:
        return (yield)
    finally:
        pyfuncitem.obj = contract


@pytest.fixture(scope="session")
def suite(request: pytest.FixtureRequest) -> Suite:
    """The session: settings, clients, and what is not claimed."""
    return request.config.stash[SUITE]


@pytest.fixture(scope="session")
def run(suite: Suite) -> Run:
    """The run against the target."""
    assert suite.run is not None, "the run starts as soon as a test asks for it"
    return suite.run


@pytest.fixture
def check(run: Run, request: pytest.FixtureRequest) -> Check:
    """Run the program of these lines on fresh cards; the oracle judges every answer.

    The first `unread` steps are not read back: each read costs a request. `spare`: lines that are
    so many of a kind that an answer to one may be missing. Branches are run at the same moment,
    `TRIALS` times. Unanswered if an answer is missing, ProgramError for a wrong line,
    NotSupported if the API does not have what a line asks for.
    """
    checked = request.node.stash.setdefault(CHECKED, [])

    def check(*lines: str, unread: int = 0, spare: Collection[str] = ()) -> Session:
        session = _performed(run, _whole(offered(run, *lines)), unread, spare)
        checked.append(session)
        return session

    return check


def _whole(program: Program) -> Program:
    """The same program; ProgramError if a line names what no line makes."""
    kept = program.without_orphans().lines()
    for line in program.lines():
        if line not in kept:
            raise ProgramError(f"{line!r} needs a name that no line before it makes")
    return program


def _performed(run: Run, program: Program, unread: int, spare: Collection[str]) -> Session:
    if program.branches:
        with client_pool(run) as pool:
            return race(run, pool, program, TRIALS)
    if any(step.delivery for step in program.prefix):
        with lossy_connection(run) as connection:
            return deliver(run, connection, program, unread=unread, late_s=LATE_S)
    session = run_program(run, program, unread=unread)
    for event in unanswered(session.story):
        if event.step not in spare:
            raise Unanswered(event.exchange)
        run.gaps[event.step] = event.exchange
    return session
