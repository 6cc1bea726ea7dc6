"""The oracle as the drivers use it: every ledger that explains the answers so far."""

from __future__ import annotations

from random import Random

from tallystick.documents.questions import Question, questions
from tallystick.ledger.dialect import Dialect
from tallystick.ledger.oracle import step
from tallystick.ledger.state import Ledger
from tallystick.ledger.vocabulary import (
    Command,
    Outcome,
    ReadCard,
    ReadTransactions,
    Unknown,
    Violation,
)
from tallystick.profiles.documents import dialect_of
from tallystick.profiles.wallet.profile import DECIDED, Wallet
from tests.ledger.programs import Commands
from tests.ledger.simulator import HABITS, HonestServer


class Accused(AssertionError):
    """The oracle found a violation."""

    def __init__(self, violation: Violation, story: list[str]) -> None:
        super().__init__("\n".join([*story, str(violation)]))
        self.violation = violation
        self.story = story


class Watcher:
    """Follows one card; Accused when no ledger explains an answer."""

    def __init__(self, dialect: Dialect) -> None:
        self.possible: tuple[Ledger, ...] = (Ledger(dialect, "A"),)
        self.story: list[str] = []

    def see(self, command: Command, outcome: Outcome) -> None:
        self.story.append(f"{command} -> {outcome}")
        survivors: list[Ledger] = []
        violations: list[Violation] = []
        for ledger in self.possible:
            result = step(ledger, command, outcome)
            if isinstance(result, Violation):
                violations.append(result)
            else:
                survivors += result
        if not survivors:
            raise Accused(violations[0], self.story)
        self.possible = tuple(dict.fromkeys(survivors))


def any_answers(rng: Random, dialect: Dialect | None = None) -> dict[str, str]:
    """A dialect, drawn from all that are permitted; without an argument, for the Wallet API."""
    permitted = dialect or dialect_of(Wallet())
    # Questions of other APIs are drawn apart, so that a seed means the same with and without them.
    apart = Random(str(rng.getstate()[1][:4]))
    return {
        name: (apart if _is_of_others(question) else rng).choice(sorted(permitted.possible(name)))
        for name, question in questions().items()
    }


def _is_of_others(question: Question) -> bool:
    return question.id in DECIDED or "refund" in question.needs


def any_habits(rng: Random) -> frozenset[str]:
    """Freedoms that a server takes."""
    return frozenset(habit for habit in HABITS if rng.random() < 0.3)


def drive(
    rng: Random, server: HonestServer, watcher: Watcher, steps: int, losses: float = 0.0
) -> None:
    """Send random commands and let the watcher see every answer; some answers get lost."""
    commands = Commands(rng, server)

    def ask(command: Command) -> None:
        outcome = server.perform(command)
        commands.look(outcome)
        watcher.see(command, outcome)

    for _ in range(steps):
        command = commands.next_write()
        if rng.random() >= losses:
            ask(command)
        else:
            if rng.random() < 0.5:
                server.perform(command)
            watcher.see(command, Unknown("lost"))
        ask(ReadCard("A"))
        if rng.random() < 0.3:
            ask(commands.next_read())
    ask(ReadTransactions("A"))
