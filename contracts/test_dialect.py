"""DIA: what the documentation leaves open is asked first, and then held."""

from __future__ import annotations

import pytest

from contracts.conftest import Check
from tallystick.drivers.probe import PROBES


@pytest.mark.rule("DIA-1", "DIA-2")
@pytest.mark.parametrize("probe", PROBES)
def test_an_open_question_has_a_permitted_answer(check: Check, probe: str) -> None:
    check(*PROBES[probe])
