"""All that one run leaves behind in its report directory, written as it goes.

The journal is a stream; result.json is written anew after every finding, so that a run that is
killed loses nothing. This module does not judge: it asks `result` for the verdict.
"""

from __future__ import annotations

import re
import time
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

from tallystick.documents import questions as dialect
from tallystick.documents.rules import load_rules
from tallystick.reporting.curl import AT_THE_END
from tallystick.reporting.journal import Exchanges, Header, Journal, exchanges_of
from tallystick.reporting.page import report_page
from tallystick.reporting.result import (
    Result,
    redactor_for,
    summarise,
    write_result,
    write_whole,
)
from tallystick.reporting.scenario import file_name, write_scenario
from tallystick.reporting.summary import write_summary
from tallystick.reporting.terminal import WIDTH, report_text
from tallystick.reporting.timeline import TimeLine, bars_of, timeline_page
from tallystick.run import Finding, Race, Run
from tallystick.target import Exchange

__all__ = ["Reports", "write_pages"]

ON_A_LANE = re.compile(rf"\d+\| |{AT_THE_END}$")
"""The steps of a plan that have a lane, unlike those before them."""


class Reports:
    """The report directory of one run."""

    def __init__(self, directory: Path) -> None:
        """Make the directory and clear it of an earlier run's files; OSError if that fails."""
        self.directory = directory
        self.result: Result | None = None
        self.exchanges: Exchanges = {}
        self._journal: Journal | None = None
        self._early: list[Exchange] = []
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
        redactor = redactor_for(run)
        self._journal = Journal(self.directory / "journal.jsonl", header, redactor=redactor)
        for exchange in self._early:
            self._journal(exchange)
        self._early.clear()

    def learn(self, *secrets: str) -> None:
        """Keep secrets of the run's own out of the journal."""
        for secret in filter(None, secrets):
            if self._journal is not None:
                self._journal.learn(secret)

    def observe(self, exchange: Exchange) -> None:
        """Take an exchange into the journal."""
        if self._journal is not None:
            self._journal(exchange)
        else:
            self._early.append(exchange)

    def found(self, run: Run, finding: Finding, not_claimed: dict[str, str]) -> Finding:
        """Write a finding to the disk, with all that is known of it now.

        Returns it with the names of its files; the run keeps it so.
        """
        known = finding
        if finding.shortest.steps and not finding.notes:
            finding = replace(finding, scenario=f"scenarios/{file_name(finding.key)}")
            write_scenario(self.directory / finding.scenario, finding, run)
        if finding.race is not None:
            finding = self.with_time_line(finding, time_line_of(run, finding, finding.race))
        run.revise(known, finding)
        if self._journal is not None:
            self._journal.record(finding)
        self._write(run, not_claimed, None, interrupted=True)
        return finding

    def close(
        self, run: Run, *, not_claimed: dict[str, str], error: str | None, interrupted: bool
    ) -> Result:
        """Write everything; the result as it is in result.json."""
        self.result = self._write(run, not_claimed, error, interrupted=interrupted)
        text = dialect.dump(run.dialect, run.target.address.url)
        (self.directory / "dialect.yaml").write_text(text, encoding="utf-8")
        if self._journal is not None:
            self._journal.close()
        findings = list(run.findings.values())
        self.exchanges = exchanges_of(findings, redactor_for(run, *findings))
        write_pages(self.directory, self.result, self.exchanges)
        return self.result

    def summary_text(self, width: int = WIDTH, *, colour: bool = False) -> str:
        """The end of the run for a terminal: rules, violations, verdict, and where the rest is."""
        if self.result is None:
            return ""
        text = report_text(self.result, self.exchanges, self.directory, width=width, colour=colour)
        return f"{text}\nMore in {self.directory / 'report.html'}"

    def with_time_line(self, finding: Finding, line: TimeLine) -> Finding:
        """Write the page that shows a race; returns the finding with the name of the page."""
        page = f"{finding.violation.rule.lower()}.html"
        write_whole(self.directory / page, timeline_page(line))
        return replace(finding, page=page)

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


def write_pages(directory: Path, result: Result, exchanges: Exchanges) -> None:
    """Write what is made from the result alone: the page and the summary."""
    write_whole(directory / "report.html", report_page(result, exchanges))
    write_summary(directory / "summary.md", result)


def time_line_of(run: Run, finding: Finding, race: Race) -> TimeLine:
    """What the page of a race says; labels and outcomes may quote the target, so no secrets."""
    violation = finding.violation
    redactor = redactor_for(run)
    rule = load_rules().get(violation.rule)
    steps = (event.step for event in finding.events)
    before = dict.fromkeys(takewhile(lambda step: not ON_A_LANE.match(step), steps))
    return TimeLine(
        rule.text if rule is not None else "",
        violation.rule,
        redactor.text(f"Expected: {violation.expected}; {violation.actual}"),
        bars_of(
            race.illegality,
            lambda op: redactor.text(race.label(op)),
            lambda op: redactor.text(race.outcome(op)),
        ),
        tuple(redactor.text(step) for step in before),
    )
