"""Every cell of the lifecycle table, then every pair of cells; each is a case of its own.

Generated from `tallystick.ledger.lifecycle`: a transaction is brought into each state, then each
command is tried on it with each class of amount. Select cases by name, for example with
`-k "partly_captured and remaining+1"`.
"""

from __future__ import annotations

import itertools

import pytest

from tallystick.drivers.direct import requiring_answers
from tallystick.drivers.offered import offered
from tallystick.drivers.sequential import Session
from tallystick.fixtures import Check
from tallystick.ledger.lifecycle import TRANSITIONS, State
from tallystick.run import Run

# The shortest way into every state, on a transaction with the label x. The card has enough money,
# so the state is the only reason for a refusal.
WAYS: dict[str, tuple[str, ...]] = {
    "open": ("x = hold A 600",),
    "partly_captured": ("x = hold A 600", "p1 = capture x 250"),
    "partly_captured_twice": ("x = hold A 600", "p1 = capture x 250", "p2 = capture x 100"),
    "fully_captured": ("x = hold A 600", "p1 = capture x"),
    "fully_captured_in_parts": ("x = hold A 600", "p1 = capture x 250", "p2 = capture x 350"),
    "voided": ("x = hold A 600", "v1 = void x"),
    "voided_after_a_partial_capture": ("x = hold A 600", "p1 = capture x 250", "v1 = void x"),
    "a_plain_drawdown": ("x = draw A 600",),
    "a_fund": ("x = fund A 600",),
    "a_capture's_own_record": ("h = hold A 600", "x = capture h 250"),
    "a_void's_own_record": ("h = hold A 600", "x = void h"),
    "a_refund's_own_record": ("h = hold A 600", "k = capture h", "x = refund h 100"),
    "no_transaction_of_this_card": (),
}
COMMANDS: dict[str, str] = {
    "capture_default": "capture x",
    "capture_0": "capture x 0",
    "capture_1": "capture x 1",
    "capture_half": "capture x remaining/2",
    "capture_remaining-1": "capture x remaining-1",
    "capture_remaining": "capture x remaining",
    "capture_remaining+1": "capture x remaining+1",
    "capture_original": "capture x original",
    "capture_2**31": f"capture x {2**31}",
    "capture_2**63": f"capture x {2**63}",
    "void": "void x",
}
PAIRED = [
    "capture_default",
    "capture_0",
    "capture_half",
    "capture_remaining",
    "capture_remaining+1",
    "capture_original",
    "void",
]
"""The commands of a pair; classes of amounts that differ only in size have cells only."""
CHANGING = ["open", "partly_captured"]
"""States that a command can change; in any other state a pair is the same as two cells."""

FINISHING = {
    *itertools.product(CHANGING, ("capture_default", "capture_remaining", "void")),
    ("open", "capture_original"),
}
"""Commands after which nothing remains of the hold."""
LEAVABLE = [state for state in WAYS if state.startswith(("open", "partly"))]
"""States that some command changes, so that each case needs its own transaction."""

BASE = "A = card 5000 NOK"


def _named(name: str, command: str, on: str = "x") -> str:
    return f"{name} = {COMMANDS[command]}".replace(" x", f" {on}")


class Finished:
    """Transactions that nothing can change any more. The cases of one state share a transaction, so
    that each costs two requests; after a violation or a lost answer the next case makes a new one.
    """

    def __init__(self) -> None:
        self._sessions: dict[tuple[str, ...], Session] = {}

    def check(self, run: Run, way: tuple[str, ...], command: str, on: str = "x") -> None:
        """Try a command on the transaction at the end of the way; the oracle judges the answer."""
        session = self._sessions.pop(way, None) or self._brought_along(run, way)
        line = _named(f"z{len(session.story.steps)}", command, on)
        with requiring_answers(session.story):
            session.perform(offered(run, line).prefix[0])
        self._sessions[way] = session

    def _brought_along(self, run: Run, way: tuple[str, ...]) -> Session:
        program = offered(run, *way)
        session = Session(run)
        with requiring_answers(session.story):
            for step in program.prefix:
                session.perform(step, unread=True)
        return session

    def finish(self) -> int:
        """Read every list; Violated if one shows what was refused. How many there were."""
        for session in self._sessions.values():
            with requiring_answers(session.story):
                session.finish()
        return len(self._sessions)


@pytest.fixture(scope="module")
def finished() -> Finished:
    """The transactions that the cases of this module share."""
    return Finished()


def test_every_state_of_the_table_has_a_way_into_it() -> None:
    reached = {way.split("_twice")[0].split("_in_parts")[0].replace("_", " ") for way in WAYS}
    # The record of the opening amount exists only where a server lists it: see test_balance. What
    # a capture of a part leads to is up to the API, and so is what a void of a captured hold does.
    left_out = {State.OPENING, State.ENDED, State.REFUNDED}
    assert reached == {str(state) for state in TRANSITIONS} - {str(state) for state in left_out}


pytestmark = pytest.mark.requests(4)


@pytest.mark.rule("CAP-1", "CAP-2", "CAP-3", "CAP-5", "CAP-6", "CAP-7", "VOID-1", "VOID-2")
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("state", WAYS)
def test_cell(run: Run, check: Check, finished: Finished, state: str, command: str) -> None:
    way = (BASE, *WAYS[state])
    if state in LEAVABLE:
        check(*way, _named("y", command), unread=len(way))
    else:
        finished.check(run, way, command, "x" if WAYS[state] else "missing")


@pytest.mark.rule("CAP-4", "VOID-6", "BAL-6")
@pytest.mark.parametrize(("first", "second"), list(itertools.product(PAIRED, PAIRED)))
@pytest.mark.parametrize("state", CHANGING)
def test_pair(
    run: Run, check: Check, finished: Finished, state: str, first: str, second: str
) -> None:
    way = (BASE, *WAYS[state], _named("y", first))
    if (state, first) in FINISHING:
        finished.check(run, way, second)
    else:
        check(*way, _named("z", second), unread=len(way))


@pytest.mark.rule("CAP-5", "CAP-6", "CAP-7", "VOID-2")
@pytest.mark.usefixtures("run")
def test_what_was_refused_is_not_listed(finished: Finished) -> None:
    if not finished.finish():
        pytest.skip("no case of a finished transaction was run")
