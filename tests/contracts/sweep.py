"""Loses the answer to every request of every contract that sends requests directly, one by one.

`python -m tests.contracts.sweep [MOST]` tries the places 1 to MOST of each test in all ways against
an honest sandbox, and prints every run that ends with a violation or an error. It takes minutes.
"""

from __future__ import annotations

import itertools
import sys
from dataclasses import dataclass

from tests.contracts.losing import LOSSES, How, harmed_in
from tests.proof.gate import UNSHORTENED, Outcome, run_gate
from tests.proof.servers import Environment, forked_sandbox

DIRECT = tuple(
    f"contracts/test_{name}.py"
    for name in (
        "transactions",
        "balance",
        "cards",
        "activation",
        "pins",
        "tokens",
        "reads",
        "customers",
        "access",
    )
)
"""The chapters whose contracts send requests directly. So does `test_time`, which waits as well."""
FUZZED = tuple(f"contracts/test_{name}.py" for name in ("input", "http_input", "schema"))
"""The chapters of the fuzz driver, which repeats each of its requests apart."""
EVERYWHERE = (*DIRECT, *FUZZED, "contracts/test_time.py")
MOST = 60
"""Requests of the longest of these contracts, more or less."""


@dataclass(frozen=True, slots=True)
class Loss:
    """What happens to which request of each test."""

    how: How
    number: int

    def __str__(self) -> str:
        return f"{self.how}-{self.number}"


def run_with(environment: Environment, loss: Loss, tests: tuple[str, ...] = DIRECT) -> Outcome:
    """Run the contracts and let one exchange of each of them go wrong."""
    harm = {"LOSING_HOW": str(loss.how), "LOSING_NUMBER": str(loss.number)}
    return run_gate(
        {**environment, **harm}, *UNSHORTENED, "-p", "tests.contracts.losing", tests=tests
    )


def main(most: int = MOST) -> int:
    """Try all places; 1 if a contract accused the server or broke."""
    failed = 0
    with forked_sandbox() as environment:
        for number, how in itertools.product(range(1, most + 1), LOSSES):
            outcome = run_with(environment, Loss(how, number), EVERYWHERE)
            said = ", ".join(outcome.rules) or outcome.verdict
            print(f"{how}-{number}: {said}", flush=True)
            if not harmed_in(outcome.output):
                break  # no contract sends so many requests
            if outcome.verdict not in ("conforms", "undecided"):
                failed += 1
                print(outcome.output)
    print(f"{failed} runs ended with a violation or an error")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])))
