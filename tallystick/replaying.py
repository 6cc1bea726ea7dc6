"""The subcommands that talk to a target: probe it, or replay a scenario on it.

They return what they saw; `cli` says it. Neither knows pytest nor the contracts.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from tallystick.cleanup import LeftOpen
from tallystick.connect import connect
from tallystick.documents.questions import asked_questions, narrowed
from tallystick.drivers.again import run_again
from tallystick.drivers.probe import probe
from tallystick.ledger.dialect import Dialect
from tallystick.profiles.documents import dialect_of, shape_of
from tallystick.program import Delivery
from tallystick.reporting.scenario import Scenario
from tallystick.run import Finding, Run, Violated
from tallystick.settings import Settings, SettingsError
from tallystick.sweeping import clean_up
from tallystick.target import Exchange, Meter, NoAnswer, Observer, Target, TargetError

MORE_TRIES = 3
"""So many times the replays asked for are run at most, because answers got lost in others."""
MOST_LOST_IN_RACES = 0.1
"""The share of lost answers up to which a race still shows something: it is run many times."""
LOSSES = (Delivery.LOST, Delivery.CUT, Delivery.TIMEOUT)
"""The deliveries that lose an answer on purpose."""
KEPT_BY = {"REF-6": ("REF-1", "REF-2", "REF-3")}
"""Rules that a refusal keeps too; what was refused is counted for these."""
OF_ANY_QUESTION = ("DIA-1", "DIA-2")
"""Rules that every answer to an open question checks, if it is the one before again."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What replays of a scenario showed: how many broke its rule, and all that was broken."""

    times: int
    seen: int
    findings: tuple[Finding, ...]
    run: Run
    """The run that they were made with; its connection is closed."""
    undecided: str | None = None
    """Why the rule was not judged, if it was not seen broken; None: it was kept."""

    @property
    def is_about_answers(self) -> bool:
        """Whether all that was found is answers to open questions other than those recorded."""
        questions = [finding.violation.question for finding in self.findings]
        return bool(questions) and None not in questions


class Traffic:
    """Counts the exchanges of a run, and those in which the target said nothing that proves it."""

    def __init__(self, observer: Observer | None = None) -> None:
        self._observer = observer
        self.restart()

    def restart(self) -> None:
        """Count from here on."""
        self.exchanges = 0
        self.lost = 0

    def __call__(self, exchange: Exchange) -> None:
        answer = exchange.answer
        if self._observer is not None:
            self._observer(exchange)
        self.exchanges += 1
        self.lost += isinstance(answer, NoAnswer) or answer.status >= 500


@contextmanager
def live_run(
    settings: Settings,
    dialect: Dialect | None = None,
    *,
    is_pinned: bool = True,
    observer: Observer | None = None,
) -> Iterator[Run]:
    """A run against the named target; SettingsError if none is named."""
    leftovers = settings.profile.leftovers()

    def observe(exchange: Exchange) -> None:
        if leftovers is not None:
            leftovers(exchange)
        if observer is not None:
            observer(exchange)

    target = _connect(settings, observe)
    try:
        run = Run(
            target,
            settings.profile,
            shape_of(settings.profile, settings.spec, settings.network, target.address.url),
            dialect or dialect_of(settings.profile, settings.dialect),
            intensity=settings.intensity,
            seed=settings.seed,
            is_pinned=is_pinned,
        )
        run.other_account = "" if settings.clients is None else settings.clients.other_account
        yield run
    finally:
        left = LeftOpen() if settings.keep else clean_up(leftovers, target)
        target.close()
        if left:
            print(left, file=sys.stderr)


def _connect(settings: Settings, observer: Observer) -> Target:
    if settings.address is None or settings.clients is None:
        raise SettingsError("name the server: --target URL or TALLYSTICK_TARGET")
    return connect(
        settings.address,
        settings.clients.main,
        settings.profile,
        network=settings.network,
        meter=Meter(settings.rate),
        observer=observer,
    )


def probe_target(settings: Settings) -> Run:
    """Put every open question to the target; the run holds the dialect and what was violated."""
    with live_run(settings) as run:
        probe(run)
        return run


def replay_scenario(
    settings: Settings, scenario: Scenario, times: int, observer: Observer | None = None
) -> Replay:
    """Run a scenario's program on fresh cards, several times; `observer` hears every exchange.

    A replay in which answers got lost proves nothing unless the rule is broken, and is run again.
    Raises TargetError if the target cannot be judged from the start.
    """
    known = None if settings.dialect else _recorded(settings, scenario)
    is_pinned = settings.dialect is not None or scenario.rule == "DIA-2"
    traffic = Traffic(observer)
    with live_run(settings, known, is_pinned=is_pinned, observer=traffic) as run:
        replay = _replay(run, scenario, times, traffic)
        if replay.is_about_answers and not is_pinned:
            # The recorded answers to open questions are those of the broken build, and its fault
            # may be among them. This one is held to its own.
            with suppress(TargetError):
                run.learn(_own_answers(run))
                replay = _replay(run, scenario, times, traffic)
    return replay


def _recorded(settings: Settings, scenario: Scenario) -> Dialect:
    """The answers to open questions that the target of the scenario gave."""
    return narrowed(dict(scenario.dialect), "the scenario", dialect_of(settings.profile))


def _own_answers(run: Run) -> Dialect:
    apart = run.isolated_copy()
    apart.learn(dialect_of(run.profile))
    probe(apart)
    return apart.dialect


def _replay(run: Run, scenario: Scenario, times: int, traffic: Traffic) -> Replay:
    made = seen = judged = 0
    found: dict[str, Finding] = {}
    why: str | None = None
    for made in range(1, MORE_TRIES * times + 1):
        once = run.isolated_copy()
        traffic.restart()
        left_out: tuple[str, ...] = ()
        try:
            left_out = run_again(once, scenario.program, scenario.rule)
        except TargetError as error:
            why = str(error)
            break
        except Violated:
            pass
        found = {**once.findings, **found}
        reason = None
        if once.has_broken(scenario.rule):
            seen += 1
        else:
            reason = _not_judged(once, scenario, left_out, traffic)
        judged += reason is None
        why = reason or why
        if made >= times and (judged >= times or not traffic.lost):
            break
    return Replay(made, seen, tuple(found.values()), run, why if judged < times else None)


def _not_judged(
    run: Run, scenario: Scenario, left_out: tuple[str, ...], traffic: Traffic
) -> str | None:
    """Why a replay that did not break the rule shows nothing about it; None if it was kept."""
    program, rule = scenario.program, scenario.rule
    if run.findings:
        return f"the program broke other rules before {rule} could be judged"
    on_purpose = sum(1 for step in program.steps if step.delivery in LOSSES)
    is_race = bool(program.branches)
    tolerated = MOST_LOST_IN_RACES * traffic.exchanges if is_race else on_purpose
    if traffic.lost > tolerated:
        return f"{traffic.lost} of {traffic.exchanges} answers got lost"
    if left_out:
        lacking = [run.target.support.label(name) for name in run.target.support.missing]
        why = f"the target has no {', '.join(lacking)}" if lacking else "what it names was not made"
        return f"the step `{left_out[0]}` could not be run: {why}"
    if (
        not any(map(run.checked.get, (rule, *KEPT_BY.get(rule, ()))))
        and rule not in OF_ANY_QUESTION
    ):
        return f"{rule} was not exercised: no answer of this program is judged by it"
    return None


def probe_rows(run: Run) -> list[tuple[str, str, str]]:
    """The table of a probe: question id, its text, and the answers that are left.

    Questions that this API cannot be asked are left out.
    """
    rows = []
    for question in asked_questions(run.profile.traits, run.dialect).values():
        left = sorted(run.dialect.possible(question.id))
        asked = len(left) < len(question.permitted) or len(question.permitted) == 1
        rows.append((question.id, question.text, " or ".join(left) if asked else "not answered"))
    return rows
