"""All that one run leaves behind in its report directory, written as it goes.

The journal is a stream; result.json is written anew after every finding, so that a run that is
killed loses nothing. This module does not judge: it asks `result` for the verdict.
"""

from __future__ import annotations

import time
from pathlib import Path

from tallystick import dialect
from tallystick.reporting.journal import Header, Journal
from tallystick.reporting.result import Result, summarise, write_result
from tallystick.reporting.scenario import write_scenario
from tallystick.run import Finding, Run
from tallystick.target import Exchange


class Reports:
    """The report directory of one run."""

    def __init__(self, directory: Path) -> None:
        """Make the directory and clear it of an earlier run's files; OSError if that fails."""
        self.directory = directory
        self.result: Result | None = None
        self._journal: Journal | None = None
        directory.mkdir(parents=True, exist_ok=True)
        for pattern in ("result.json", "journal.jsonl", "scenarios/*.yaml", "*.html", "summary.md"):
            for stale in directory.glob(pattern):
                stale.unlink()
        (directory / "scenarios").mkdir(exist_ok=True)

    def open(self, run: Run) -> None:
        """Start the journal of the run."""
        address = run.target.address
        header = Header(
            target=address.url,
            account=address.account,
            seed=run.seed,
            intensity=run.intensity,
        )
        self._journal = Journal(self.directory / "journal.jsonl", header)

    def observe(self, exchange: Exchange) -> None:
        """Take an exchange into the journal."""
        if self._journal is not None:
            self._journal(exchange)

    def found(self, run: Run, finding: Finding, not_claimed: dict[str, str]) -> None:
        """Bring a finding to the disk, with all that is known of it now."""
        name = f"scenarios/{finding.violation.rule.lower()}.yaml"
        write_scenario(self.directory / name, finding, run)
        finding.scenario = name
        if self._journal is not None:
            self._journal.record(finding)
        self._write(run, not_claimed, None, interrupted=True)

    def close(
        self, run: Run, *, not_claimed: dict[str, str], error: str | None, interrupted: bool
    ) -> Result:
        """Write everything; the result as it is in result.json."""
        self.result = self._write(run, not_claimed, error, interrupted=interrupted)
        text = dialect.dump(run.dialect, run.target.address.url)
        (self.directory / "dialect.yaml").write_text(text, encoding="utf-8")
        if self._journal is not None:
            self._journal.close()
        return self.result

    def summary_text(self) -> str:
        return f"verdict: {self.result['verdict']} requests {self.result['requests']} {self.result['seconds']:.1f}s" if self.result else ""

    def _write(
        self, run: Run, not_claimed: dict[str, str], error: str | None, *, interrupted: bool
    ) -> Result:
        result = summarise(
            run,
            seconds=time.monotonic() - run.started,
            not_claimed=not_claimed,
            error=error,
            interrupted=interrupted,
        )
        write_result(self.directory / "result.json", result)
        return result


def violation_text(run: Run, finding: Finding) -> str:
    v = finding.violation
    steps = "\n".join("   " + line for line in finding.shortest.lines())
    return f"{v.rule}\n expected {v.expected}\n actual {v.actual}\n question {v.question}\n{steps}\n replays {finding.replays} requests_before {finding.requests_before}"
