"""Honest servers whose answers get lost: no contract accuses them, and the suite does not break.

Here a few places of the loss are tried; `python -m tests.contracts.sweep` tries all of them.
"""

from __future__ import annotations

import pytest

from tests.contracts.losing import How, harmed_in
from tests.contracts.sweep import Loss, run_with
from tests.proof.servers import Environment
from tests.sampling import LONG

FEW = [
    Loss(How.LOST, 1),
    Loss(How.UNSENT, 2),
    Loss(How.MASKED, 3),
    Loss(How.REJECTED, 5),
    pytest.param(Loss(How.LOST, 8), marks=LONG),
]


@pytest.mark.parametrize("loss", FEW, ids=str)
def test_a_lost_answer_breaks_no_rule(honest: Environment, loss: Loss) -> None:
    outcome = run_with(honest, loss)
    assert outcome.violations == [], outcome.output
    assert outcome.verdict == "conforms", outcome.output
    assert harmed_in(outcome.output) > 50


CHECKED = ("contracts/test_transactions.py", "contracts/test_tokens.py")


@pytest.mark.parametrize("how", [How.UNAUTHORIZED, How.FORBIDDEN])
@pytest.mark.parametrize("number", [30, 160])
def test_credentials_that_end_leave_the_run_undecided(
    honest: Environment, how: How, number: int
) -> None:
    outcome = run_with(honest, Loss(how, number), CHECKED)
    assert outcome.violations == [], outcome.output
    assert (outcome.verdict, outcome.status) == ("undecided", 1), outcome.output
    assert "no longer" in outcome.output
