"""DIA: the suite asks what the documentation leaves open, and then expects the same answer."""

from __future__ import annotations

import pytest

from tallystick.drivers.probe import PROBES, ask
from tallystick.run import Run


@pytest.mark.rule("DIA-1", "DIA-2")
@pytest.mark.parametrize("probe", PROBES)
def test_an_open_question_has_a_permitted_answer(run: Run, probe: str) -> None:
    ask(run, probe)
