"""One run of the suite against a server: exit status, result, and how long it took.

Knows the command line of pytest and `result.json`; nothing of the server.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tallystick.reporting.result import Result, ViolationEntry
from tests.proof import forking

LIMIT_S = 600.0
USUAL = ("-q",)
UNSHORTENED = ("-p", "tests.proof.unshortened")
"""Only whether something is found, without the time that shortening takes."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run said. `result` is None if it wrote none."""

    status: int | None
    result: Result | None
    output: str
    seconds: float

    @property
    def violations(self) -> list[ViolationEntry]:
        """All violations, in the order in which they were seen."""
        found = self.result["violations"] if self.result is not None else []
        return sorted(found, key=lambda entry: entry["requests_before"])

    @property
    def rules(self) -> list[str]:
        """The rules that were broken, in the order in which it was seen."""
        return list(dict.fromkeys(entry["rule"] for entry in self.violations))

    @property
    def verdict(self) -> str:
        """The verdict; `none` if the run came to none."""
        return self.result["verdict"] if self.result is not None else "none"


def run_gate(
    environment: Mapping[str, str],
    *arguments: str,
    tests: tuple[str, ...] = ("contracts",),
    limit_s: float = LIMIT_S,
) -> Outcome:
    """Run the contracts at intensity gate, or as the arguments say."""
    with tempfile.TemporaryDirectory(prefix="proof-") as name:
        directory = Path(name)
        output = directory / "output.txt"
        began = time.monotonic()
        options = [*tests, *USUAL, f"--report-dir={directory / 'reports'}", *arguments]
        status = forking.run_in("pytest", environment, options, output, limit_s)
        seconds = time.monotonic() - began
        text = output.read_text(encoding="utf-8", errors="replace") if output.exists() else ""
        return Outcome(status, _result(directory / "reports" / "result.json"), text, seconds)


def _result(path: Path) -> Result | None:
    try:
        found: Result = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found
