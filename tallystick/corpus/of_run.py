"""What one run does with a corpus: it replays all programs first, and keeps what it finds at once.

It sends nothing itself (`drivers.again` does) and judges nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

from tallystick.corpus.storage import Corpus, CorpusError, open_corpus
from tallystick.drivers.again import run_again
from tallystick.drivers.probe import probe
from tallystick.reporting.result import CorpusEntry
from tallystick.reporting.scenario import Scenario, ScenarioError, scenario_of
from tallystick.run import Finding, Run, Violated
from tallystick.target import NotSupported

TEST = "corpus"
"""What a finding names as its test, followed by the name of the program."""


class CorpusOfRun:
    """The corpus of a run, at the place that the user named; none if that is empty."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._corpus: Corpus | None = None
        self._there: frozenset[str] = frozenset()
        """What was there when the run began; it is not written again."""
        self.replayed: CorpusEntry | None = None
        """How many programs were replayed, and which of them showed a violation."""

    def open(self) -> Corpus | None:
        """Open it, if there is one; CorpusError if that fails."""
        if self._corpus is None and self._place:
            self._corpus = open_corpus(self._place)
        return self._corpus

    def replay(self, run: Run, goes_on: Callable[[], bool]) -> None:
        """Run every program of the corpus, for as long as `goes_on`; the run records what breaks.

        A program that shows nothing is run once more after the probe: what it breaks may be an
        answer that the server has given before. TargetError if the target is gone.
        """
        corpus = self.open()
        if corpus is None:
            return
        left = dict(_scenarios(corpus, run))
        self._there = frozenset(left)
        self.replayed = CorpusEntry(programs=len(left), shown=[])
        if not left:
            return
        name, alone = run.name, run.alone
        run.share(f"{name}c", count(1), alone)  # the contracts number their programs from 1
        try:
            self._show(run, left, goes_on)
            if left and goes_on():
                self._probe(run)
                self._show(run, left, goes_on)
        finally:
            run.share(name, count(1), alone)
            run.begin_test("")

    def _show(self, run: Run, left: dict[str, Scenario], goes_on: Callable[[], bool]) -> None:
        """Run what is left; what shows a violation, or cannot be run, is left no longer."""
        assert self.replayed is not None
        for name, scenario in list(left.items()):
            if not goes_on():
                return
            run.begin_test(f"{TEST} {name}")
            try:
                run_again(run, scenario.program, scenario.rule)
                if run.noted is not None:
                    raise Violated(run.noted)
            except Violated:
                self.replayed["shown"].append(name)
                del left[name]
            except NotSupported:
                del left[name]

    def _probe(self, run: Run) -> None:
        run.begin_test(f"{TEST} probe")
        try:
            probe(run)
        except Violated:
            return

    def keep(self, run: Run, finding: Finding, folder: Path, instead_of: str = "") -> None:
        """Keep the program of a finding, whose scenario is in `folder`.

        `instead_of` is the name of a longer one that it replaces. Without effect if no program
        shows the finding, or if it is a known issue. A corpus that fails leaves the run undecided.
        """
        if not finding.scenario or finding.known:
            return
        name = finding.cause.fingerprint
        try:
            corpus = self.open()
            if corpus is None or name in self._there:
                return
            corpus.keep(name, (folder / finding.scenario).read_text(encoding="utf-8"))
            if instead_of not in ("", name):
                corpus.drop(instead_of)
        except CorpusError as error:
            run.leave_undecided(f"{name} could not be kept: {error}")


def _scenarios(corpus: Corpus, run: Run) -> Iterator[tuple[str, Scenario]]:
    """The programs for the API of the run; CorpusError if one cannot be read."""
    for name, text in corpus.programs().items():
        try:
            scenario = scenario_of(text, name)
        except ScenarioError as error:
            raise CorpusError(f"the corpus: {error}") from None
        if scenario.profile == run.profile_option:
            yield name, scenario
