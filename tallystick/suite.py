"""One run against one target: from its settings to its verdict and exit status.

The target is connected only if a selected test asks for it. A violation is written down the moment
it is seen, then its program is shortened under a budget. What pytest has to do with it is in
`pytest_plugin`; the sandbox is unknown here, a hook offers an embedded server.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from tallystick.against import Against, without_share
from tallystick.choosing import Choice, selecting_words
from tallystick.claiming import NEVER_MET, shortfall, unmet
from tallystick.cleanup import Bound, LeftOpen
from tallystick.connect import EarlyTarget, connected
from tallystick.corpus.of_run import CorpusOfRun
from tallystick.corpus.storage import CorpusError
from tallystick.depth import DepthPlan
from tallystick.documents.files import DocumentError
from tallystick.documents.shape import Shape
from tallystick.embedded import EmbeddedServer
from tallystick.interruption import CutOff, Interruption, OutOfTime
from tallystick.ledger.dialect import Dialect
from tallystick.profiles.documents import dialect_of, shape_of
from tallystick.profiles.profile import ProfileError
from tallystick.reporting.progress import Status
from tallystick.reporting.reports import Reports
from tallystick.reporting.result import Ending, Result
from tallystick.reporting.visible import brief
from tallystick.run import Finding, Run
from tallystick.selection import Selection
from tallystick.settings import Clients, Settings
from tallystick.shortening import Shortening
from tallystick.target import Address, Client, Exchange, Meter, Slots, Target, TargetError

CONFORMS, NOT_SHOWN, INTERRUPTED, BROKE, CANNOT_START = 0, 1, 2, 3, 4
"""The exit statuses; NOT_SHOWN: the target violates its contract, or nothing was decided."""

NO_REPORTS = "{} cannot be written: {}; name another folder with --report-dir"
CLEAN_UP_S = 30.0
"""Seconds for the clean-up on the target at the end."""
SOON_S = 10.0
"""The same if somebody has interrupted the run, and waits."""
SHARE, SHORTEST_S = 0.05, 3.0
"""The share of a budget that the clean-up may take, and what it may take in any case."""


class Suite:
    """One run: its settings, `run` (from when the target is connected), and the reports."""

    is_worker = False
    """Whether another process of the run brings the target."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self.config = config
        self.settings = without_share(settings)
        self.run: Run | None = None
        self.clients: Clients | None = settings.clients
        self.reports: Reports | None = None
        self.known = settings.known
        self.corpus, self.against = CorpusOfRun(settings.corpus), Against(settings)
        self.selection = Selection(settings.intensity)
        self.choice = Choice()
        self.early: EarlyTarget | TargetError | None = None
        """The target, or why there is none, where it had to be asked before the run."""
        self.interruption = Interruption(self.stop)
        self.not_claimed: dict[str, str] = {}
        self.error: str | None = None
        self.gone: str | None = None
        self.slots: Slots | None = None
        """Where requests get their numbers, if other processes send some too."""
        self.processes = 1
        """How many processes send requests of this run."""
        self.also_stop: Callable[[], None] = lambda: None
        """Stops what other processes do for this run."""
        self.gather: Callable[[], None] = lambda: None
        """Brings together what other processes have done; called before the verdict is made."""
        self.is_cut: Callable[[], bool] = lambda: self.interruption.came
        """Whether the run is broken off."""
        self.is_interrupted = False
        """Whether a signal, or a plugin, has broken the run off."""
        self.explained = 0
        """Failed tests whose reason is known: a violation, a target that is gone, an error."""
        self.text = ""
        """What the terminal shows at the end."""
        self.embedded = EmbeddedServer(config.hook.pytest_tallystick_embedded)
        self.shortening = Shortening(settings.intensity)
        self.leftovers = settings.profile.leftovers()
        self._clean_up_bound = Bound.of(0)
        self._left: LeftOpen | None = None
        self.depths = DepthPlan(settings.intensity, settings.budget_s, 0)
        self._may_be_cut = self._looks_into = False
        """What runs now: a contract; or a look into a finding, which has bounds of its own."""

    # Running --------------------------------------------------------------------------------------

    def start(self) -> None:
        """Connect to the target, or start the embedded one; UsageError with one line if not."""
        settings = self.settings
        if not __debug__:
            raise pytest.UsageError(
                "run without python -O and PYTHONOPTIMIZE: they leave out checks"
            )
        try:
            address = settings.address or self._embedded()
            assert self.clients is not None, "settings and the embedded server both bring clients"
            shape = shape_of(settings.profile, settings.spec, settings.network, address.url)
            dialect = dialect_of(settings.profile, settings.dialect)
            self.corpus.open()
            self.reports = self._reports()
            self.against.connect(self.clients)
            target = self._connect(address, self.clients.main)
        except (TargetError, ProfileError, DocumentError, CorpusError, OSError) as error:
            self.embedded.stop()
            raise pytest.UsageError(brief(str(error))) from None
        self.begin_run(target, shape, dialect)
        self._replay_corpus()

    def _replay_corpus(self) -> None:
        """Look for what was found before; what it costs counts for the budget of the run."""
        assert self.run is not None
        run = self.run
        try:
            self.corpus.replay(run, lambda: run.has_time() and not self.is_cut())
        except TargetError as error:
            self.gone = brief(str(error))
        except CorpusError as error:
            run.leave_undecided(brief(str(error)))

    def begin_run(
        self,
        target: Target,
        shape: Shape,
        dialect: Dialect,
        share: Callable[[Run], None] = lambda run: None,
    ) -> None:
        """Begin the run, or with `share` this process's part of it; UsageError if not."""
        settings, reports = self.settings, self.reports
        assert reports is not None
        assert self.clients is not None
        self.run = Run(
            target,
            settings.profile,
            shape,
            dialect,
            intensity=settings.intensity,
            seed=settings.seed,
            budget_s=settings.budget_s,
            on_finding=self.on_finding,
            known=self.known.id_of,
        )
        self.run.another = self.another_cause
        self.run.other_account = self.clients.other_account
        self.against.keep_programs(self.run)
        share(self.run)
        target.end_with(self.run.seconds_left)
        target.connections.meanwhile = self.catch_up
        if not self.run.pinned:
            self.not_claimed["DIA-2"] = "no dialect is pinned (--dialect)"
        try:
            reports.open(self.run, self.ending())
        except OSError as error:
            said = NO_REPORTS.format(settings.report_dir, error.strerror)
            raise pytest.UsageError(brief(said)) from None
        tests = len(self.selection)
        self.depths = DepthPlan(settings.intensity, settings.budget_s, tests)
        for client in self.clients.everybody():
            reports.learn(client.secret, client.token)
        reports.learn(*(value for _, value in settings.network.headers))

    def _connect(self, address: Address, client: Client) -> Target:
        meter = Meter(self.settings.rate, slots=self.slots)
        if isinstance(self.early, TargetError):
            raise self.early
        if self.early is not None:
            return self.early.hand_over(meter, self.observe)
        return connected(self.settings, address, client, meter, self.observe, self._say)

    def _say(self, line: str) -> None:
        """Show a line before the first test."""
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.ensure_newline()
            reporter.write_line(line)

    def _reports(self) -> Reports:
        try:
            return Reports(self.settings.report_dir)
        except OSError as error:
            raise TargetError(NO_REPORTS.format(self.settings.report_dir, error.strerror)) from None

    def observe(self, exchange: Exchange) -> None:
        """Note an exchange of the run; CutOff if that was the last one of a contract."""
        if self.leftovers is not None:
            self.leftovers(exchange)
        if self.reports is not None:
            with self.interruption:
                self.reports.observe(exchange)
        if self._may_be_cut and self.depths.is_too_late():
            raise OutOfTime("the budget is spent")
        if (self._may_be_cut or self._looks_into) and self.is_cut():
            raise CutOff("the run was broken off")

    def catch_up(self) -> None:
        """Write down what was observed; done while the target works on a request."""
        if self.reports is not None:
            with self.interruption:
                self.reports.catch_up()

    def begin(self, name: str, *, is_deep: bool) -> None:
        """Start a contract, as deep as the budget allows."""
        assert self.run is not None
        depth = self.depths.begin(self.run.target.meter.requests, is_deep=is_deep)
        self.run.begin_test(name, depth.intensity, depth.until)
        self._may_be_cut = True

    def stop(self) -> None:
        """Let what is running come to its end soon: the budget is spent."""
        self._clean_up_bound.cut()
        self.also_stop()
        if self.run is not None:
            self.run.deadline = time.monotonic()

    def begin_embedded(self) -> None:
        """Begin to start the embedded server, if this process is going to judge it."""
        is_elsewhere = self.is_worker or self.settings.address is not None
        if not is_elsewhere and not self.config.option.collectonly:
            self.embedded.begin()

    def _embedded(self) -> Address:
        address, self.clients = self.embedded.ready()
        return address

    def on_finding(self, finding: Finding) -> None:
        """Write the violation down at once, then look for its shortest program."""
        assert self.run is not None
        assert self.reports is not None
        with self.interruption:
            finding = self.reports.found(self.run, finding, self.ending())
        if not self.reports.owns(finding):
            return
        self.corpus.keep(self.run, finding, self.reports.directory)
        if self.is_cut() or finding.replays is not None:
            return
        shortened = self._looked(self.shortening.shortened, finding)
        if shortened is not None:
            shortened = replace(shortened, known=self.known.id_of_shorter(shortened))
            with self.interruption:
                shortened = self.run.revise(finding, shortened)
                shortened = self.reports.found(self.run, shortened, self.ending())
            before = finding.cause.fingerprint
            self.corpus.keep(self.run, shortened, self.reports.directory, before)

    def another_cause(self, finding: Finding) -> Finding | None:
        """The finding, shortened, if its cause is not the one that broke its rule before."""
        return None if self.is_cut() else self._looked(self.shortening.another, finding)

    def _looked(
        self, look: Callable[[Run, Finding], Finding | None], finding: Finding
    ) -> Finding | None:
        """Look into a finding, within bounds of its own; None too if the run or the target ends."""
        assert self.run is not None
        self._may_be_cut, self._looks_into = False, True
        try:
            return look(self.run, finding)
        except CutOff:
            return None
        except TargetError as error:
            self.gone = brief(str(error))
            return None
        finally:
            self._may_be_cut, self._looks_into = True, False

    def status(self) -> Status | None:
        """Where the run stands, for the live line."""
        run = self.run
        if run is None:
            return None
        return Status(run.current_test, run.programs, run.target.meter.requests, len(run.findings))

    def ending(self) -> Ending:
        """How the run would end now."""
        is_broken_off = self.is_interrupted or self.interruption.came
        return Ending(
            self.selection.unfinished() or ("not finished: interrupted" if is_broken_off else None),
            self.error,
            self.selection.is_partial,
            {**self._lacking(), **self._not_claimed()},
            self._left or LeftOpen(),
            self.depths.shallow,
            self._not_supported(),
            self.known,
            self.corpus.replayed,
            self.against.entry,
            self.settings.build,
            self._command(),
        )

    def _command(self) -> str:
        words = selecting_words(self.config) if self.selection.is_partial else ""
        return f"{self.settings.command} {words}".strip()

    def _not_supported(self) -> dict[str, str]:
        """The operations that the target lacks, with the reason to think so."""
        if self.run is None:
            return {}
        support = self.run.target.support
        return {name: f"{support.label(name)}: {why}" for name, why in support.missing.items()}

    def _not_claimed(self) -> dict[str, str]:
        checked = {} if self.run is None else self.run.checked
        claims = frozenset().union(*self.selection.claims.values())
        without_occasion = {rule: why for rule, why in NEVER_MET.items() if rule in claims}
        of_document = {} if self.run is None else self.run.shape.said
        found = without_occasion | dict(of_document) | self.not_claimed
        return unmet(found, checked, self.settings.profile)

    def _lacking(self) -> dict[str, str]:
        """Rules that were not exercised, because every contract about them lacks an operation."""
        run = self.run
        if run is None:
            return {}
        label, reasons = run.target.support.label, dict[str, set[str]]()
        for test, operations in run.left_out.by_test.items():
            for rule in self.selection.claims.get(test, ()):
                if not run.checked.get(rule) and not run.has_broken(rule):
                    reasons.setdefault(rule, set()).update(map(label, operations))
        return {rule: f"the target has no {', '.join(sorted(of))}" for rule, of in reasons.items()}

    def broke(self, error: BaseException) -> None:
        """Note what broke outside of a test."""
        self.fail(f"pytest or one of its plugins broke: {type(error).__name__}: {error}")

    def fail(self, why: str) -> None:
        """Note what broke in the suite itself; the first of it is the reason of the verdict."""
        if self.error is None:
            self.error = why if self.reports is None else self.reports.mask(why)

    # The end --------------------------------------------------------------------------------------

    def finish(self, failed: int) -> int:
        """Write all reports and return the exit status; `failed`: tests that pytest saw fail.

        It may be called again, when something else breaks after it.
        """
        self.interruption.end()
        self._may_be_cut = False
        if self.run is None or self.reports is None:
            return BROKE
        self.gather()
        if self.gone is not None:
            self.run.leave_undecided(self.gone)
        if failed > self.explained:
            self.error = self.error or f"{failed - self.explained} tests failed without a violation"
        self._look_again(self.run)
        self._check_known(self.run)
        too_few = shortfall(
            self.run, self.choice, self.ending().not_claimed, self.settings.require_rules
        )
        if too_few is not None:
            self.run.leave_undecided(too_few)
        if self.gone is None:
            self.against.compare(self.run, lambda: not self.is_cut())
        self._left = self._left or self._clean_up(self.run)
        self.against.close()
        self.interruption.end()
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        width = reporter._tw.fullwidth if reporter is not None else 80
        colour = reporter is not None and reporter.hasmarkup
        self.run.target.close()
        self.embedded.begin_stop()
        try:
            result = self.reports.close(self.run, self.ending(), width=width, colour=colour)
        except Exception as error:
            self.text = f"ERROR: no report can be made: {type(error).__name__}: {error}"
            return BROKE
        finally:
            self.embedded.stop()
        self.text = self.reports.text
        return self._exit_status(result)

    def _check_known(self, run: Run) -> None:
        """Known issues that have expired, or that a whole run has not met, are undecided."""
        is_whole = not self.selection.is_partial and self.gone is None and run.has_time()
        seen = {finding.known for finding in run.findings.values()}
        for said in self.known.complaints(seen, run.checked, is_whole=is_whole):
            run.leave_undecided(said)

    def _look_again(self, run: Run) -> None:
        """What was found missing has to be missing at the end, else nothing is shown by it."""
        if self.gone is not None or self.interruption.came:
            return
        try:
            for said in run.target.support.contradictions(
                run.target.ask, run.target.address.account
            ):
                run.leave_undecided(said)
        except TargetError as error:
            run.leave_undecided(brief(str(error)))

    def _clean_up(self, run: Run) -> LeftOpen:
        """Void the holds of the run and delete its cards; what stays."""
        if self.settings.address is None or self.leftovers is None:
            return LeftOpen()  # an embedded server is stopped, and all that is on it is gone
        assert self.clients is not None, "a named target comes with clients"
        targets = {run.target.address.account: run.target.apart()}
        other = self.clients.other
        if other is not None and self.clients.other_account:
            account = self.clients.other_account
            targets[account] = run.target.apart(client=other, account=account)
        self._clean_up_bound = Bound.of(self._clean_up_s(), self.processes)
        try:
            if self.settings.keep or self.gone is not None:
                return self.leftovers.left(self.gone or "--keep")
            return self.leftovers.put_away(targets, self._clean_up_bound)
        finally:
            for target in targets.values():
                target.close()

    def _clean_up_s(self) -> float:
        """Seconds for the clean-up: it keeps to the budget, and keeps nobody waiting."""
        seconds = SOON_S if self.interruption.came else CLEAN_UP_S
        budget_s = self.settings.budget_s
        return seconds if budget_s is None else min(seconds, max(SHORTEST_S, budget_s * SHARE))

    def publish(self) -> None:
        """Show the verdict to the CI system around us, where there is one."""
        try:
            if self.reports is not None:
                self.text += self.reports.publish()
        except OSError as error:
            self.text += f"\n{error.filename} cannot be written: {error.strerror}"

    def _exit_status(self, result: Result) -> int:
        assert self.reports is not None
        if self.reports.broken is not None:
            return BROKE
        if self.interruption.came or (self.is_interrupted and self.gone is None):
            return INTERRUPTED
        statuses = {"conforms": CONFORMS, "violates": NOT_SHOWN, "undecided": NOT_SHOWN}
        status = statuses.get(result["verdict"], BROKE)
        return NOT_SHOWN if status == CONFORMS and self.against.fails else status
