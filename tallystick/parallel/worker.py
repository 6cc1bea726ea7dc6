"""A worker of a parallel run: it runs the contracts that it is given, and notes what came of them.

It is a suite of its own on the same target, without a verdict. What it has seen is on the disk
before it goes on: exchanges in its journal, the rest in its notes.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NoReturn

import pytest

from tallystick.claiming import not_claimed
from tallystick.depth import DepthPlan
from tallystick.interruption import SIGNALS, CutOff
from tallystick.ledger.vocabulary import Violation
from tallystick.own_contracts import unknown_claims
from tallystick.parallel.notes import SUFFIX, Notes, State
from tallystick.parallel.orders import (
    Collected,
    Collection,
    Order,
    Stage,
    read_order,
    write_collection,
)
from tallystick.parallel.shared import PAUSE_S, Shared
from tallystick.profiles.documents import dialect_of, shape_of
from tallystick.program import Program
from tallystick.reporting.journal import Header, Journal
from tallystick.reporting.journal_files import PARTS
from tallystick.reporting.redaction import Redactor
from tallystick.reporting.reports import Reports
from tallystick.reporting.result import Ending
from tallystick.run import Finding, Run, Violated
from tallystick.selection import asks_for_target, selected
from tallystick.suite import Suite
from tallystick.target import HttpTarget, Meter, Support
from tallystick.target.pace import Time

LONGEST_LINE = 2**40
"""A worker's journal leaves nothing out: the controller learns from it what was made."""
FEW = 11
"""Requests of a test that does not say how many it sends, in round numbers."""
WITHOUT_STATE = ("_pytest", "tallystick")
"""Packages whose fixtures each worker may have for itself."""


class Worker:
    """One process of a parallel run; `name` is what pytest-xdist calls it."""

    def __init__(self, suite: Suite, directory: Path, name: str) -> None:
        self._suite = suite
        self._name = name
        self._shared = Shared(directory)
        self._version = 0
        self._stages: dict[str, Stage] = {}
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:  # the controller says when to stop, and loses nothing
                signal.signal(number, signal.SIG_IGN)

    def collected(self, items: list[pytest.Item]) -> None:
        """Tell the controller what there is to run."""
        tests = tuple(map(_collected, items))
        self._stages = {each.test.nodeid: each.stage for each in tests}
        suite = self._suite
        suite.not_claimed |= not_claimed(items, suite.settings.profile)
        found = Collection(
            tests,
            suite.selection.is_deselected,
            os.getpid(),
            suite.not_claimed,
            next(unknown_claims(items), ""),
        )
        write_collection(self._shared.directory, self._name, found)

    # Running --------------------------------------------------------------------------------------

    def begin(self, nodeid: str) -> None:
        """Wait until this test may run, and take over what the others have learned."""
        order = None if self._suite.run is not None else read_order(self._shared.directory)
        if self._suite.run is None and order is None:
            return  # no test needs a target
        self._shared.wait_for(self._stages[nodeid])
        if order is not None and not self._shared.is_stopped:
            self._join(order)
        if self._suite.run is not None and self._version != self._shared.version:
            self._learn(self._suite.run)

    @property
    def is_stopped(self) -> bool:
        """Whether nothing more may be sent."""
        return self._shared.is_stopped

    def stop(self) -> None:
        """Let all workers end: the target is gone, or the suite broke."""
        self._shared.stop()

    def end(self) -> None:
        """Note what has come of the test that has ended."""
        run, reports = self._suite.run, self._suite.reports
        if run is not None and isinstance(reports, PartOfReports):
            reports.note(run, self._suite.ending())
        if self._shared.is_stopped:
            self._shared.end_sending()

    def leave(self) -> None:
        """This process sends nothing more."""
        self.end()
        if self._suite.run is not None:
            self._suite.run.target.close()
        if isinstance(self._suite.reports, PartOfReports):
            self._suite.reports.leave()
        self._shared.end_sending()

    def _join(self, order: Order) -> None:
        suite, settings = self._suite, self._suite.settings
        self._shared.begin_sending(self._name)
        suite.slots = self._shared
        suite.known.first = self._shared
        suite.clients = settings.clients or order.clients
        assert suite.clients is not None, "the controller has connected with some"
        suite.is_cut = lambda: self._shared.is_stopped
        suite.reports = PartOfReports(settings.report_dir, self._name, self._shared, suite)
        target = HttpTarget(
            order.address,
            suite.clients.main,
            profile=settings.profile,
            support=Support(settings.profile.offers, settings.not_supported),
            network=settings.network,
            meter=Meter(settings.rate, slots=self._shared),
            observer=suite.observe,
            time=Time(sleep=partial(_wait, self._shared)),
        )
        target.begin_run()
        shape = shape_of(settings.profile, settings.spec, settings.network, order.address.url)
        dialect = dialect_of(settings.profile, settings.dialect)

        def share(run: Run) -> None:
            run.share(order.name, self._shared.programs(), self._alone)
            run.deadline = order.began + (settings.budget_s or float("inf"))

        suite.begin_run(target, shape, dialect, share)
        suite.depths = DepthPlan(
            settings.intensity,
            settings.budget_s,
            order.tests,
            began=order.began,
            begun=self._shared.tests(),
        )

    # The dialect ----------------------------------------------------------------------------------

    def contradictions(self) -> list[str]:
        """Tell the others what was learned; the questions to which they know another answer.

        To these, the run has their answer from now on.
        """
        return [] if self._suite.run is None else self._learn(self._suite.run)

    def contradict(self, question: str, nodeid: str) -> NoReturn:
        """Violated: the test has had another answer to the question than tests beside it."""
        run = self._suite.run
        assert run is not None
        violation = run.blame(
            Violation(
                "DIA-1",
                f"{question}: the same answer in all tests of a run",
                f"another answer in {nodeid} than in tests that ran beside it",
                question,
            )
        )
        finding = Finding(violation, Program(()), (), run.target.meter.requests)
        raise Violated(run.record(replace(finding, notes=(f"the requests of {nodeid}",))))

    def _learn(self, run: Run) -> list[str]:
        dialect, contradictions = self._shared.narrowed(run.dialect, run.pinned)
        run.learn(dialect)
        self._version = self._shared.version
        return contradictions

    @contextmanager
    def _alone(self) -> Iterator[None]:
        run = self._suite.run
        assert run is not None
        with self._shared.alone():
            self._learn(run)
            yield
            self._learn(run)


class PartOfReports(Reports):
    """What one worker writes: a journal and notes, and the files of the findings that are its own.

    The result is made by the controller.
    """

    def __init__(self, directory: Path, name: str, shared: Shared, suite: Suite) -> None:
        super().__init__(directory, is_part=True)
        self._name = name
        self._shared = shared
        self._suite = suite
        self._parts = directory / PARTS
        self._parts.mkdir(exist_ok=True)
        self._notes = Notes(self._parts / f"{name}{SUFFIX}")
        self._noted: dict[str, Finding] = {}

    def owns(self, finding: Finding) -> bool:
        """Whether this worker saw it first, of all workers.

        Where issues are known, each worker has to know what its own finding comes down to.
        """
        if self._suite.known.issues:
            return True
        return self._shared.is_first(finding.key, self._name)

    def leave(self) -> None:
        """Close the files; nothing is written any more."""
        self._notes.close()
        if self._journal is not None:
            self._journal.close()

    def _new_journal(self, header: Header, redactor: Redactor, read: Iterable[str]) -> Journal:
        path = self._parts / f"{self._name}.jsonl.gz"
        return Journal(path, header, redactor=redactor, read=read, longest=LONGEST_LINE)

    def _write(self, run: Run, ending: Ending) -> None:
        for key in self._noted.keys() - run.findings.keys():
            del self._noted[key]
            self._notes.drop(key)
        for key, finding in run.findings.items():
            if self._noted.get(key) is not finding:
                self._noted[key] = finding
                self._notes.finding(run, key, finding, is_ours=self.owns(finding))
        self._notes.state(
            State(
                dict(run.checked),
                dict(run.driven.counts),
                run.programs,
                tuple(map(self.mask, run.undecided)),
                self._suite.not_claimed,
                tuple(run.target.outages),
                {test: tuple(sorted(lacks)) for test, lacks in run.left_out.by_test.items()},
                run.target.support.missing,
                tuple(sorted(run.target.support.working)),
                ending.shallow,
                ending.partial,
                ending.error,
                self._suite.gone,
                self.broken,
            )
        )


def _wait(shared: Shared, seconds: float) -> None:
    """Let so much time pass; CutOff if the run is broken off meanwhile."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if shared.is_stopped:
            raise CutOff("the run was broken off")
        time.sleep(min(left, PAUSE_S))


def _collected(item: pytest.Item) -> Collected:
    stage = Stage.REST
    for name, earlier in (("early", Stage.EARLY), ("alone", Stage.ALONE)):
        if item.get_closest_marker(name) is not None:
            stage = earlier
    says = item.get_closest_marker("requests")
    return Collected(
        selected(item),
        asks_for_target(item),
        stage,
        _shared_fixtures(item),
        FEW if says is None else int(says.args[0]),
        item.get_closest_marker("deep") is not None,
    )


def _shared_fixtures(item: pytest.Item) -> tuple[str, ...]:
    """The fixtures with a state that the test shares with others: of its module, or of all."""
    found = []
    info = getattr(item, "_fixtureinfo", None)
    for name, definitions in getattr(info, "name2fixturedefs", {}).items():
        fixture = definitions[-1]
        home = fixture.func.__module__.partition(".")[0]
        if fixture.scope != "function" and home not in WITHOUT_STATE:
            found.append(name if fixture.scope == "session" else f"{item.path}::{name}")
    return tuple(found)
