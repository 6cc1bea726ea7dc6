"""All that one run leaves behind in its report directory, written as it goes.

The journal is a stream; result.json is there from the start and is written anew after every
finding, so that a run that is killed loses nothing. Until the end it says *undecided: not finished*
or *violates*. This module does not judge: it asks `result` for the verdict.
"""

from __future__ import annotations

import fcntl
import os
import re
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from errno import EBUSY, EEXIST
from itertools import takewhile
from pathlib import Path

from tallystick.documents import questions as dialect
from tallystick.documents.rules import load_rules
from tallystick.evidence import Event, Race
from tallystick.reporting.annotations import annotation_lines
from tallystick.reporting.curl import AT_THE_END
from tallystick.reporting.har import har_text
from tallystick.reporting.journal import Header, Journal, JournalContents
from tallystick.reporting.journal_files import NAME, PARTS, PLAIN_NAME, merge_journals
from tallystick.reporting.page import report_page
from tallystick.reporting.records import Exchanges, Races, Record, exchanges_of, record_of
from tallystick.reporting.redaction import Redactor
from tallystick.reporting.response_times import ResponseTimes
from tallystick.reporting.result import (
    Ending,
    Result,
    redactor_for,
    summarise,
    write_result,
    write_whole,
)
from tallystick.reporting.sarif import sarif_text
from tallystick.reporting.scenario import file_name, write_scenario
from tallystick.reporting.scripts import Unscripted, python_text, recipe_of, shell_text
from tallystick.reporting.summary import append_to_step, summary_text
from tallystick.reporting.terminal import WIDTH, report_text
from tallystick.reporting.timeline import TimeLine, bars_of
from tallystick.reporting.visible import visible_lines
from tallystick.run import Finding, Run
from tallystick.target import Answer, Exchange

__all__ = ["Reports", "ReportsError", "write_pages"]

ON_A_LANE = re.compile(rf"\d+\| |{AT_THE_END}$")
"""The steps of a plan that have a lane, unlike those before them."""


NOT_FINISHED = "not finished"
PAGE, SARIF = "report.html", "report.sarif"
SCRIPTS = {"py": python_text, "sh": shell_text}
"""The programs beside a scenario file, by the ending of their names."""
MARKS = ("result.json", NAME, PLAIN_NAME)
"""A directory with one of these is that of an earlier run."""
OURS = (
    *(*MARKS, PAGE, SARIF, "summary.md"),
    *(f"scenarios/*.{ending}" for ending in ("yaml", "har", *SCRIPTS)),
    *(f"{PARTS}/*.jsonl.gz", f"{PARTS}/*.notes"),
)
"""What a run writes anew."""


class ReportsError(Exception):
    """The reports cannot be written: one line that says why. A run without them is no use."""


class _Scripts:
    """The programs of their own that findings are written as, and their requests as an archive."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made_of: dict[str, tuple[Event, ...]] = {}
        """By the key of a finding: the exchanges of which its scripts were made."""

    def write(self, finding: Finding, run: Run) -> Finding:
        """Write those of the finding; returns it with why that cannot be done."""
        if self._made_of.get(finding.key) is finding.events:
            return finding
        self._made_of[finding.key] = finding.events
        archive = har_text(_records_of(run, finding), run.target.address.url, datetime.now(UTC))
        write_whole(self._folder / file_name(finding.key, "har"), archive)
        texts, why = _scripts_of(run, finding)
        for ending in SCRIPTS:
            path = self._folder / file_name(finding.key, ending)
            if ending in texts:
                write_whole(path, texts[ending])
            else:
                path.unlink(missing_ok=True)
        return replace(finding, unscripted=why)


class Reports:
    """The report directory of one run. Exchanges may be observed from any thread."""

    def __init__(self, directory: Path, *, is_part: bool = False) -> None:
        """Make the directory and clear it of an earlier run's files; OSError if that fails.

        `is_part`: the directory is ready, and this process does a part of its run.
        """
        self.directory = directory
        self.text = ""
        """The end of the run for a terminal: rules, violations, verdict, where the rest is."""
        self.broken: str | None = None
        """Why nothing can be written any more."""
        self._result: Result | None = None
        self._journal: Journal | None = None
        self._early: list[Exchange] = []
        self._is_closing = False
        self._merged: JournalContents | None = None
        self._times = ResponseTimes()
        self._scripts = _Scripts(directory / "scenarios")
        if is_part:
            return
        directory.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(directory)
        _clear(directory)
        (directory / "scenarios").mkdir(exist_ok=True)

    def open(self, run: Run, ending: Ending) -> None:
        """Start the journal of the run, and say that it is not finished; OSError if that fails."""
        address = run.target.address
        header = Header(
            target=address.url,
            account=address.account,
            seed=run.seed,
            intensity=run.intensity,
            run=run.name,
            timeout_s=run.target.connections.network.timeout_s,
        )
        read = run.profile.documents.headers
        self._journal = self._new_journal(header, redactor_for(run), read)
        for exchange in self._early:
            self._journal(exchange)
        self._early.clear()
        self._write(run, replace(ending, unfinished=NOT_FINISHED))

    def _new_journal(self, header: Header, redactor: Redactor, read: Iterable[str]) -> Journal:
        return Journal(self.directory / NAME, header, redactor=redactor, read=read)

    def owns(self, finding: Finding) -> bool:
        """Whether this process writes the files of the finding, and shortens its program."""
        return True

    def note(self, run: Run, ending: Ending) -> None:
        """Write the result as it is by now, or ReportsError."""
        with self._giving_up():
            self._write(run, replace(ending, unfinished=NOT_FINISHED))

    def absorb(self, parts: Sequence[JournalContents]) -> None:
        """Put the journals of the other processes of the run into this one, and end it.

        ReportsError if that fails.
        """
        with self._giving_up():
            if self._journal is not None:
                self._journal.close()
            self._times = ResponseTimes()
            self._merged = merge_journals(self.directory / NAME, parts)
            for record in self._merged.records:
                if record.status is not None:
                    took_ns = record.returned_ns - record.called_ns
                    self._times.note(record.operation, took_ns)

    def learn(self, *secrets: str) -> None:
        """Keep secrets of the run's own out of the journal."""
        for secret in filter(None, secrets):
            if self._journal is not None:
                self._journal.learn(secret)

    def mask(self, text: str) -> str:
        """A text of several lines, without secrets and without anything that acts on a terminal."""
        self.catch_up()  # the text may quote the latest answer
        return visible_lines(text if self._journal is None else self._journal.mask(text))

    def observe(self, exchange: Exchange) -> None:
        """Take an exchange into the journal; ReportsError if it cannot be written."""
        if self._journal is None:
            self._early.append(exchange)
            return
        if isinstance(exchange.answer, Answer):
            took_ns = exchange.returned_ns - exchange.called_ns
            self._times.note(exchange.request.operation, took_ns)
        with self._giving_up():
            self._journal(exchange)

    def catch_up(self) -> None:
        """Bring every exchange into the journal; where that fails, the next one raises it."""
        with suppress(ReportsError), self._giving_up():
            if self._journal is not None:
                self._journal.catch_up()

    def found(self, run: Run, finding: Finding, ending: Ending) -> Finding:
        """Write a finding to the disk, with all that is known of it now, or ReportsError.

        Returns it with the names of its files; the run keeps it so.
        """
        known = finding
        with self._giving_up():
            is_ours = self.owns(finding)
            if is_ours and finding.shortest.steps and not finding.notes:
                finding = replace(finding, scenario=f"scenarios/{file_name(finding.key)}")
                write_scenario(self.directory / finding.scenario, finding, run)
            if is_ours:
                finding = self._scripts.write(finding, run)
            run.revise(known, finding)
            if is_ours and self._journal is not None:
                self._journal.record(finding, _race_of(run, finding))
            self._write(run, replace(ending, unfinished=NOT_FINISHED))
        return finding

    def close(
        self, run: Run, ending: Ending, *, width: int = WIDTH, colour: bool = False
    ) -> Result:
        """Write everything, result.json last; the result as it is there.

        A report that cannot be made is an error of the result, and raises nothing.
        """
        self._is_closing = True
        try:
            with self._giving_up():
                exchanges, races = self._shown(run)
                result = self._summarise(run, ending)
                if self._journal is not None:
                    self._journal.close()
                known = dialect.dump(run.dialect, run.target.address.url, run.profile.traits)
                write_whole(self.directory / "dialect.yaml", known)
                write_pages(self.directory, result, exchanges, races)
                self.text = self._text(result, exchanges, width, colour)
                write_result(self.directory / "result.json", result)
        except ReportsError as error:
            result = self._close_without(run, replace(ending, error=str(error)), width, colour)
        self._result = result
        return result

    def release(self) -> None:
        """Let another run have the directory; without it, the end of the process does."""
        os.close(self._lock)

    def publish(self) -> str:
        """Append the summary to that of the CI step, if there is one; OSError if that fails.

        Returns lines that the CI system shows as annotations when they are printed.
        """
        if self._result is None:
            return ""
        append_to_step(summary_text(self._result))
        return annotation_lines(self._result)

    def _shown(self, run: Run) -> tuple[Exchanges, Races]:
        """The exchanges of each finding, and what clients did at the same moment."""
        if self._merged is not None:
            return self._merged.exchanges(), self._merged.races()
        findings = list(run.findings.values())
        races = {finding.key: _race_of(run, finding) for finding in findings}
        return (
            exchanges_of(findings, redactor_for(run, *findings)),
            {key: race for key, race in races.items() if race is not None},
        )

    @contextmanager
    def _giving_up(self) -> Iterator[None]:
        """Turn what goes wrong into ReportsError, and raise that from now on."""
        if self.broken is not None and not self._is_closing:
            raise ReportsError(self.broken)
        try:
            yield
        except OSError as error:
            why = error.strerror or str(error)
            self.broken = f"the reports cannot be written to {self.directory}: {why}"
            raise ReportsError(self.broken) from error
        except Exception as error:
            self.broken = f"the reports cannot be made: {type(error).__name__}: {error}"
            raise ReportsError(self.broken) from error

    def _close_without(self, run: Run, ending: Ending, width: int, colour: bool) -> Result:
        """The result of a run whose reports failed, with as much of them as can still be made."""
        result = self._summarise(run, ending)
        with suppress(Exception):
            write_result(self.directory / "result.json", result)
        for name in ("summary.md", PAGE):  # they may show the verdict that there is not
            with suppress(OSError):
                (self.directory / name).unlink(missing_ok=True)
        with suppress(Exception):
            write_pages(self.directory, result, {})
        try:
            self.text = self._text(result, {}, width, colour)
        except Exception:
            rules = ", ".join(dict.fromkeys(f.violation.rule for f in run.findings.values()))
            self.text = f"ERROR: {ending.error}. Broken rules: {rules or 'none'}."
        return result

    def _text(self, result: Result, exchanges: Exchanges, width: int, colour: bool) -> str:
        text = report_text(result, exchanges, self.directory, width=width, colour=colour)
        page = self.directory / PAGE
        return f"{text}\nMore in {page}" if page.exists() else text

    def _summarise(self, run: Run, ending: Ending) -> Result:
        return summarise(run, ending, seconds=time.monotonic() - run.started, times=self._times)

    def _write(self, run: Run, ending: Ending) -> None:
        write_result(self.directory / "result.json", self._summarise(run, ending))


def _locked(directory: Path) -> int:
    """A handle that keeps other runs out of the directory, until it is closed or the process ends.

    OSError if another run is there.
    """
    handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise OSError(EBUSY, "another run writes its reports there") from None
    return handle


def _clear(directory: Path) -> None:
    """Remove the files of an earlier run; OSError if there are files that may be none of a run."""
    stale = [path for pattern in OURS for path in directory.glob(pattern)]
    if stale and not any((directory / name).exists() for name in MARKS):
        raise OSError(EEXIST, f"it holds {stale[0].name}, and is no report directory")
    for path in stale:
        path.unlink()


def write_pages(
    directory: Path, result: Result, exchanges: Exchanges, races: Races | None = None
) -> None:
    """Write what is made from the result alone: the page and the summary."""
    texts = {
        PAGE: report_page(result, exchanges, races, scripts=_scripts_in(directory)),
        "summary.md": summary_text(result),
        SARIF: sarif_text(result),
    }
    for name, text in texts.items():
        write_whole(directory / name, text)


def _scripts_in(directory: Path) -> frozenset[str]:
    """The programs of their own that violations are written as, by their path below the folder."""
    there = (directory / "scenarios").iterdir() if (directory / "scenarios").is_dir() else ()
    return frozenset(f"scenarios/{path.name}" for path in there if path.suffix[1:] in SCRIPTS)


def _records_of(run: Run, finding: Finding) -> list[Record]:
    redactor = redactor_for(run, finding)
    return [record_of(event.exchange, event.step, redactor) for event in finding.events]


def _scripts_of(run: Run, finding: Finding) -> tuple[dict[str, str], str]:
    """The scripts of a finding, by the ending of their names; or none, and why not.

    A mistake in what only helps to read a violation is a warning: it must not cost the verdict.
    """
    try:
        recipe = recipe_of(run, finding)
        if isinstance(recipe, Unscripted):
            return {}, recipe.why
        return {
            ending: written(recipe, file_name(finding.key, ending))
            for ending, written in SCRIPTS.items()
        }, ""
    except Exception as error:
        why = type(error).__name__  # what it says may hold a secret
        warnings.warn(f"no script of {finding.key}: {why} is a bug of the suite", stacklevel=2)
        return {}, "a bug of the suite"


def _race_of(run: Run, finding: Finding) -> TimeLine | None:
    """What several clients did at the same moment, if it took that to show the finding."""
    return None if finding.race is None else time_line_of(run, finding, finding.race)


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
