"""What was asked of holds, and how often: each transition of the lifecycle with its answers.

It counts answers that the ledger permits, of requests that were sent one after another; what
clients asked at the same moment has no single state before it. It judges nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from tallystick.ledger.lifecycle import State, move_of_capture, move_of_void
from tallystick.ledger.references import is_reuse
from tallystick.ledger.state import Ledger
from tallystick.ledger.vocabulary import (
    Accepted,
    Capture,
    Command,
    Kind,
    Outcome,
    Payment,
    ReadCard,
    ReadHold,
    ReadTransactions,
    Refund,
    Refused,
    Transact,
)
from tallystick.program import Program

NEW, HOLD = "", "hold"
"""The state before a hold was made, and the move that makes it."""
ACCEPTED, REFUSED = "accepted", "refused"


@dataclass(frozen=True, slots=True)
class Judged:
    """An outcome, and the ledgers that were possible when the command was sent."""

    ledgers: tuple[Ledger, ...]
    """The likeliest first."""
    command: Command
    outcome: Outcome

    @property
    def is_write(self) -> bool:
        """Whether the command may change something."""
        return not isinstance(self.command, ReadCard | ReadTransactions | ReadHold)


def transition(ledger: Ledger, command: Command) -> tuple[str, str] | None:
    """The state of the hold that a command acts on, and the move that it asks for.

    None for a command that is no step of a hold's life. An id that was used before moves nothing.
    """
    if not isinstance(command, Payment) or isinstance(command, Refund):
        return None  # a refund changes nothing of what a hold locks
    if is_reuse(ledger, command):
        return None
    if isinstance(command, Transact):
        return (NEW, HOLD) if command.kind is Kind.HOLD else None
    hold = ledger.entries.get(command.parent)
    state, remaining = (State.MISSING, 0) if hold is None else (hold.state, hold.remaining)
    move_of = move_of_capture if isinstance(command, Capture) else move_of_void
    return state.value, move_of(command.amount, remaining).value


def last_transition(judged: Iterable[Judged | None]) -> str:
    """The transition that the last write asked for, as `STATE: MOVE`; empty if it is none."""
    writes = [each for each in judged if each is not None and each.is_write and each.ledgers]
    found = transition(writes[-1].ledgers[0], writes[-1].command) if writes else None
    return "" if found is None else ": ".join(found)


class Driven:
    """How often each transition was accepted and refused, by `STATE: MOVE: ANSWER`."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self.programs = 0
        """The number of the latest program; numbers are given in order, over all processes."""
        self.keep: Callable[[Program], None] = lambda program: None
        """Takes every sequential program that was run, for whoever wants to run it elsewhere."""

    @property
    def counts(self) -> Mapping[str, int]:
        """All counts so far."""
        return self._counts

    def note(self, ledger: Ledger, command: Command, outcome: Outcome) -> None:
        """Count an answer that the ledger permits; one that is missing is not counted."""
        found = transition(ledger, command)
        if found is not None and isinstance(outcome, Accepted | Refused):
            answer = ACCEPTED if isinstance(outcome, Accepted) else REFUSED
            self._counts[": ".join((*found, answer))] += 1

    def add(self, counts: Mapping[str, int], programs: int) -> None:
        """Add what another process of the run has counted; `programs`: its latest number."""
        self._counts.update(counts)
        self.programs = max(self.programs, programs)
