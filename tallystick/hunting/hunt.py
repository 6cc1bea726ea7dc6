"""A hunt: new seeds until the budget is spent, then one result and one page of all its runs.

What a run finds is in the corpus the moment it is found, and the runs after it replay it first. So
neither a run that is killed nor the end of this process loses anything.
"""

from __future__ import annotations

import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tallystick.corpus.storage import open_corpus
from tallystick.hunting.engine import Engine, cluster, here
from tallystick.hunting.plan import CANNOT_START, Plan
from tallystick.hunting.request import Request, request_of
from tallystick.hunting.round import Ended, Round
from tallystick.interruption import SIGNALS
from tallystick.judging import judge
from tallystick.merge_command import status_of, write_merged
from tallystick.options import SettingsError
from tallystick.parallel.number import processors
from tallystick.reporting.journal_files import journal_in
from tallystick.reporting.result import Result, ResultError, read_result
from tallystick.reporting.visible import brief
from tallystick.values import number_of

ROUNDS = "rounds"
"""The folder, below that of the reports, with the reports of each run."""
INTERRUPTED = 2
PAUSE_S = 1.0
"""How often it is looked whether there are new workers, or a signal came."""


def hunt(words: Sequence[str]) -> int:
    """Hunt with the words of a command line; the exit status."""
    request = request_of(words)
    if request is None:
        return judge("hunt", words)
    if request.corpus:
        open_corpus(request.corpus)  # a mistake in its address ends the hunt here
    folder = request.report_dir / ROUNDS
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with _engine(request, folder) as engine:
        return _Hunt(request, engine, folder).run()


def _engine(request: Request, folder: Path) -> AbstractContextManager[Engine]:
    workers = _workers(request)
    if request.scheduler:
        return cluster(request.scheduler, workers)
    return here(workers or 1, folder)


def _workers(request: Request) -> int | None:
    """How many runs at the same time were asked for; None: it is left open."""
    if request.workers == "auto":
        return None if request.scheduler else processors()
    if not request.workers:
        return None if request.scheduler else len(request.targets)
    number = number_of(request.workers, "-n", int)
    if not 1 <= number <= 1000:
        raise SettingsError(f"-n {request.workers}: use a number from 1 to 1000, or auto")
    return number


class _Hunt:
    """The runs of one hunt, and what they left behind."""

    def __init__(self, request: Request, engine: Engine, folder: Path) -> None:
        self._request, self._engine, self._folder = request, engine, folder
        self._plan = Plan(request, engine.slots)
        self._running: dict[Future[Ended], Round] = {}
        self._said: list[str] = []
        self._is_stopped = False

    def run(self) -> int:
        """Run until the budget is spent, then bring all together; the exit status."""
        with _signals(self._stop):
            self._begin()
            while self._running:
                done, _ = wait(self._running, PAUSE_S, FIRST_COMPLETED)
                for future in done:
                    self._end(self._running.pop(future), future)
                self._begin()
            return self._bring_together()

    def _begin(self) -> None:
        while not self._is_stopped and len(self._running) < max(self._engine.slots, 1):
            round_ = self._plan.next()
            if round_ is None:
                return
            self._running[self._engine.submit(round_)] = round_

    def _stop(self) -> None:
        self._is_stopped = True
        self._engine.stop()

    def _end(self, round_: Round, future: Future[Ended]) -> None:
        try:
            ended = future.result()
        except CancelledError:
            return
        except Exception as error:  # a worker that is lost for good; what it found is in the corpus
            ended = Ended(-signal.SIGKILL, f"{type(error).__name__}: {error}")
            self._plan.lacking.append(f"the run of seed {round_.seed} was lost: {ended.said}")
        for name, content in ended.files.items():
            path = self._folder / round_.name / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        self._plan.end(round_, ended)
        self._say(round_, ended)

    def _say(self, round_: Round, ended: Ended) -> None:
        on = f" on {round_.target}" if round_.target else ""
        result = self._result(round_)
        if result is None:
            self._said.append(ended.said or f"a run ended with status {ended.status}")
            said = self._said[-1]
        else:
            rules = " ".join(dict.fromkeys(entry["rule"] for entry in result["violations"]))
            said = f"{result['verdict']} {rules}".strip() + f", {result['requests']:,} requests"
            self._lighten(round_, result)
        print(brief(f"seed {round_.seed}{on}: {said}"), flush=True)

    def _result(self, round_: Round) -> Result | None:
        try:
            return read_result(self._folder / round_.name / "result.json")
        except ResultError:
            return None

    def _lighten(self, round_: Round, result: Result) -> None:
        """Remove the journal of a run that has nothing to show and left nothing behind."""
        if not result["violations"] and result["left_open"] is None and result["reason"] is None:
            journal_in(self._folder / round_.name).unlink(missing_ok=True)

    def _bring_together(self) -> int:
        found = sorted(path.parent for path in self._folder.glob("*/result.json"))
        if not found:
            if self._is_stopped:
                return INTERRUPTED
            why = next(iter(self._said), "the budget was too short for a run: raise --budget")
            print(f"tallystick: {brief(why)}", file=sys.stderr)
            return CANNOT_START
        lacking = [*self._plan.lacking, *(["interrupted"] if self._is_stopped else [])]
        result, text = write_merged(found, self._request.report_dir, lacking)
        print(text)
        return INTERRUPTED if self._is_stopped else status_of(result)


@contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` at each signal while the block runs."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number in SIGNALS:
        if number != signal.SIGHUP or before[number] != signal.SIG_IGN:  # as nohup leaves it
            signal.signal(number, lambda *_: stop())
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
