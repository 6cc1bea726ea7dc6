"""Claims are read from the contracts as they are written, without running them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tallystick.reporting.claims import Claim, ClaimsError, by_rule, find_claims

SOURCE = """
import pytest
rule = pytest.mark.rule
BOTH = ("FUND-1", "FUND-2")
marked = pytest.mark.rule("FUND-4")
raise RuntimeError("never run")

@pytest.mark.rule("CAP-1", "CAP-2")
@rule("CAP-2")
def test_plain(): ...

@rule(*BOTH)
@marked
def test_constants(): ...

@pytest.mark.parametrize("x", [pytest.param(1, marks=rule("TX-1")), pytest.param(2)])
def test_parameters(x): ...

@rule("not a rule id")
@pytest.mark.other("VOID-9")
def test_nothing(): ...

@rule("VOID-1")
def helper(): ...

class TestGroup:
    pytestmark = [rule("VOID-2")]
    @rule("VOID-3")
    async def test_inside(self): ...

class Machine:
    @rule("VOID-4")
    def test_no(self): ...
"""


def test_every_way_of_claiming_is_read(tmp_path: Path) -> None:
    directory = tmp_path / "contracts"
    directory.mkdir()
    (directory / "test_a.py").write_text(SOURCE)
    (directory / "helper.py").write_text(SOURCE)
    (directory / "test_b.py").write_text(
        "import pytest\npytestmark = pytest.mark.rule('REF-1')\ndef test_b(): ...\n"
    )
    claims = find_claims(directory)
    assert by_rule(claims) == {
        "CAP-1": ["contracts/test_a.py::test_plain"],
        "CAP-2": ["contracts/test_a.py::test_plain"],
        "FUND-1": ["contracts/test_a.py::test_constants"],
        "FUND-2": ["contracts/test_a.py::test_constants"],
        "FUND-4": ["contracts/test_a.py::test_constants"],
        "TX-1": ["contracts/test_a.py::test_parameters"],
        "VOID-2": ["contracts/test_a.py::TestGroup::test_inside"],
        "VOID-3": ["contracts/test_a.py::TestGroup::test_inside"],
        "REF-1": ["contracts/test_b.py::test_b"],
    }
    assert claims[0] == Claim("CAP-1", "contracts/test_a.py::test_plain")


def test_a_contract_that_is_not_python_is_named(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text("def (:")
    with pytest.raises(ClaimsError, match=r"test_a\.py cannot be read"):
        find_claims(tmp_path)


def test_without_contracts_nothing_is_claimed(tmp_path: Path) -> None:
    assert find_claims(tmp_path / "none") == []
