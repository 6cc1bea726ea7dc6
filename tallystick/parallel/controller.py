"""The controller of a parallel run: it connects, lets workers run the contracts, and judges.

It runs no contract. At the end it brings together what the workers have noted, whether they are
still there or not.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from tallystick.parallel.notes import SUFFIX, Reader, together
from tallystick.parallel.orders import Collected, Order, read_collection, write_order
from tallystick.parallel.plan import Plan
from tallystick.parallel.shared import PAUSE_S, Shared
from tallystick.reporting.journal import JournalContents
from tallystick.reporting.journal_files import PARTS, read_parts
from tallystick.reporting.reports import ReportsError
from tallystick.run import Run
from tallystick.settings import SettingsError
from tallystick.suite import Suite
from tallystick.sweeping import seen_in
from tallystick.target import Outage, TargetError

END_S = 15.0
"""How long a worker may take to end what it is doing: longer than one exchange takes."""


class Controller:
    """What the process that the user has started does about its workers."""

    def __init__(self, suite: Suite) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="tallystick-"))
        self.plan: Plan | None = None
        """What is to be run; None if no test needs a target."""
        self._suite = suite
        self._shared = Shared(self.directory)
        self._readers: dict[str, Reader] = {}
        self._adopted: set[str] = set()
        self._processes: dict[str, int] = {}
        self._died: dict[str, str] = {}
        self._is_gathered = False
        suite.slots = self._shared
        suite.known.first = self._shared
        suite.also_stop = self._shared.stop
        suite.gather = self.gather

    # Start ----------------------------------------------------------------------------------------

    def collected(self, worker: str) -> tuple[Collected, ...]:
        """What a worker has collected; nothing if no test needs a target.

        SettingsError if that cannot be run.
        """
        collection = read_collection(self.directory, worker)
        self._processes[worker] = collection.process
        self._suite.selection.is_deselected |= collection.is_deselected
        if collection.problem:
            raise SettingsError(collection.problem)
        self._suite.not_claimed |= collection.not_claimed
        needed = any(each.needs_target for each in collection.tests)
        return collection.tests if needed else ()

    def begin(self, tests: Iterable[Collected]) -> None:
        """Tell the workers of the run, which is connected."""
        run, address = self._suite.run, self._suite.settings.address
        assert run is not None
        its = list(tests)
        clients = self._suite.clients if address is None else None
        order = Order(run.target.address, clients, run.name, run.started, len(its))
        write_order(self.directory, order)
        self.plan = Plan(its, self._shared.reach)

    # Running --------------------------------------------------------------------------------------

    def died(self, name: str, test: str = "") -> None:
        """Note that a worker was lost, perhaps in the middle of a test."""
        self._died[name] = f"the worker {name} died" + (f" while it ran {test}" if test else "")

    def hear(self) -> None:
        """Take over the findings that workers have noted, and write them down."""
        suite = self._suite
        if suite.run is None or suite.reports is None:
            return
        added = [reader.read() for reader in self._all_readers()]
        if any(added):
            self._adopt_findings(suite.run)
            with suite.interruption:
                suite.reports.note(suite.run, suite.ending())

    def _all_readers(self) -> Iterable[Reader]:
        parts = self._suite.settings.report_dir / PARTS
        for path in sorted(parts.glob(f"*{SUFFIX}")):
            self._readers.setdefault(path.stem, Reader(path))
        return list(self._readers.values())

    def _adopt_findings(self, run: Run) -> None:
        readers = self._readers.values()
        now = together(noted for each in readers for noted in each.findings.values())
        run.adopt(now, self._adopted - now.keys())
        self._adopted = set(now)

    # The end --------------------------------------------------------------------------------------

    def gather(self) -> None:
        """Stop the workers, and bring together all that they have done; without effect if done."""
        suite, run = self._suite, self._suite.run
        if self._is_gathered or run is None or suite.reports is None:
            return
        self._is_gathered = True
        self._stop_workers()
        for reader in self._all_readers():
            reader.read()
        self._adopt_findings(run)
        self._explain(run)
        self._adopt_states(run)
        for died in self._died.values():
            run.leave_undecided(died)
        parts = read_parts(suite.settings.report_dir)
        self._learn_leftovers(run, parts)
        try:
            suite.reports.absorb(parts)
        except ReportsError:
            return  # the reports know, and keep what there is
        shutil.rmtree(suite.settings.report_dir / PARTS, ignore_errors=True)

    def _explain(self, run: Run) -> None:
        """Explain what a worker could not: the program of a known issue was still longer then."""
        for finding in list(run.findings.values()):
            known = finding.known or self._suite.known.id_of(finding)
            if known != finding.known:
                run.revise(finding, replace(finding, known=known))

    def _learn_leftovers(self, run: Run, parts: Iterable[JournalContents]) -> None:
        """Learn what the workers have made; a journal that was cut off may lack the last of it."""
        leftovers = self._suite.leftovers
        if leftovers is None:
            return
        for record in (record for part in parts for record in part.records):
            leftovers.learn(seen_in(record))
        if self._died:
            apart = run.target.apart()
            with suppress(TargetError):
                leftovers.search(apart, run.name)
            apart.close()

    def _stop_workers(self) -> None:
        self._shared.stop()
        deadline = time.monotonic() + END_S
        while (sending := self._shared.sending()) and time.monotonic() < deadline:
            time.sleep(PAUSE_S)
        for name in sending:
            if name in self._processes:
                self._died[name] = f"the worker {name} did not stop, and was ended"
                os.kill(self._processes[name], signal.SIGKILL)

    def _adopt_states(self, run: Run) -> None:
        suite = self._suite
        states = [reader.state for reader in self._readers.values()]
        for state in states:
            run.count_checked(*Counter(state.checked).elements())
            run.driven.add(state.driven, state.programs)
            for reason in state.undecided:
                run.leave_undecided(reason)
            for contradiction in run.target.support.adopt(state.missing, state.working):
                run.leave_undecided(contradiction)
            for test, lacks in state.left_out.items():
                run.left_out.by_test.setdefault(test, set()).update(lacks)
            suite.not_claimed.update(state.not_claimed)
            suite.depths.shallow += state.shallow
            if state.partial:
                suite.selection.be_partial()
            suite.error = suite.error or state.error
            suite.gone = suite.gone or state.gone
            if state.broken is not None and suite.reports is not None:
                suite.reports.broken = suite.reports.broken or state.broken
        run.target.adopt_outages(_once(outage for state in states for outage in state.outages))
        run.learn(self._shared.narrowed(run.dialect, run.pinned)[0])

    def close(self) -> None:
        """Remove the folder of the run."""
        shutil.rmtree(self.directory, ignore_errors=True)


def _once(outages: Iterable[Outage]) -> list[Outage]:
    """Outages that several workers have met at the same time, each once."""
    found: list[Outage] = []
    for outage in sorted(outages, key=lambda each: each.began):
        last = found[-1] if found else None
        if last is None or outage.began > last.began + last.seconds:
            found.append(outage)
        elif outage.began + outage.seconds > last.began + last.seconds:
            found[-1] = replace(last, seconds=outage.began + outage.seconds - last.began)
    return found
