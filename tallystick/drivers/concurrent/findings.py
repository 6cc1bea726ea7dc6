"""From the history of concurrent clients to findings: count, judge, and make it replayable.

Races and soaks share it. Whether a history has a legal order is asked of `order`; what the replays
of a finding send is up to `trial`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence

from tallystick.checker import Budget
from tallystick.drivers.concurrent.clients import ClientPool
from tallystick.drivers.concurrent.independence import Op, sent_ref_of
from tallystick.drivers.concurrent.legal_outcomes import legal_outcomes
from tallystick.drivers.concurrent.order import HistoryVerdict, judge_history, label_of, outcome_of
from tallystick.drivers.concurrent.trial import StartSchedule, Trial, run_trial
from tallystick.evidence import Event, Race
from tallystick.ledger.state import Ledger
from tallystick.ledger.vocabulary import CardId, Violation
from tallystick.program import Program, Step
from tallystick.run import Attempt, Finding, Run, Violated

TRIES = 4
"""How many trials a shorter program gets to show a violation: a race shows only now and then."""
TRIAL_BUDGET = Budget(seconds=10.0)
"""What judging one trial may cost. Its few operations take milliseconds; the rest is margin."""


def judge_operations(
    run: Run,
    operations: Sequence[Op],
    initial: Mapping[CardId, Sequence[Ledger]],
    budget: Budget,
) -> HistoryVerdict:
    """Judge what the clients did, and count the rules that were checked by it."""
    run.count_checked("CONC-1")
    refs = [sent_ref_of(op) for op in operations if sent_ref_of(op)]
    if len(set(refs)) < len(refs):
        run.count_checked("CONC-2")
    return judge_history(operations, initial, budget=budget)


def judge_trial(run: Run, trial: Trial) -> HistoryVerdict:
    """Judge what the clients of a trial did."""
    return judge_operations(run, trial.operations, trial.initial, TRIAL_BUDGET)


def note_undecided(run: Run, verdict: HistoryVerdict) -> None:
    """Tell the run which cards could not be judged within the budget: they are never green."""
    for card in verdict.undecided:
        run.leave_undecided(f"the budget for judging the history of card {card} was spent")


def record_shape_violations(
    run: Run, events: Iterable[Event], finding_of: Callable[[Violation, Event], Finding]
) -> Finding | None:
    """Check the answers against the document and record what does not fit; return the first.

    It raises nothing, because the order of the answers, judged next, says more than their shape.
    """
    first = None
    for event in events:
        violation = run.judge_shape(event.exchange)
        if violation is not None:
            finding = run.record(finding_of(violation, event))
            first = first or finding
    return first


def race_of(verdict: HistoryVerdict, trial: Trial | None = None) -> Race | None:
    """The history behind a violation, as reports show it; None if there is no violation.

    With the trial that showed it, reports can tell what its program may show at all.
    """
    illegality = verdict.illegality
    if illegality is None:
        return None
    if trial is None:
        return Race(illegality, label_of, outcome_of)
    operations, initial = trial.operations, trial.initial
    return Race(illegality, label_of, outcome_of, lambda: legal_outcomes(operations, initial))


def trial_finding(
    run: Run,
    pool: ClientPool,
    violation: Violation,
    program: Program,
    trial: Trial,
    race: Race | None = None,
) -> Finding:
    """A violation that a trial showed, with trials of shorter programs as its replays."""
    attempt = race_replayer(run, pool, violation.rule)
    requests = run.target.meter.requests
    return Finding(violation, program, trial.events, requests, attempt, race=race)


def race_replayer(run: Run, pool: ClientPool, rule: str) -> Attempt:
    """Return a function that replays a program apart from the run, up to `TRIES` times.

    It returns the first violation of the rule that a trial shows, if any.
    """
    known = run.isolated_copy()

    def attempt(program: Program) -> Finding | None:
        schedule = StartSchedule(random.Random(run.seed))
        for _ in range(TRIES):
            shown = _shown_by(known.isolated_copy(), pool, program, schedule, rule)
            if shown is not None:
                return shown
        return None

    return attempt


def _shown_by(
    run: Run, pool: ClientPool, program: Program, schedule: StartSchedule, rule: str
) -> Finding | None:
    """The violation of the rule that one trial of the program shows, if any."""
    try:
        trial = run_trial(run, pool, program, schedule)
    except Violated:  # already by its prefix
        return run.finding_of(rule)
    record_trial_shapes(run, pool, program, trial)
    verdict = judge_trial(run, trial)
    if verdict.violation is not None and verdict.violation.rule == rule:
        return trial_finding(run, pool, verdict.violation, program, trial, race_of(verdict, trial))
    return run.finding_of(rule)


def record_trial_shapes(
    run: Run, pool: ClientPool, program: Program, trial: Trial
) -> Finding | None:
    """Record the answers of the branches and of the reads that do not fit the document."""
    # The session of the prefix has checked its own answers.
    events = trial.events[len(trial.session.story.events) :]
    return record_shape_violations(
        run, events, lambda violation, _: trial_finding(run, pool, violation, program, trial)
    )


def program_of(core: Iterable[Op], history: Iterable[Op], opening: Step) -> Program:
    """A contradiction of a long history as a program of its own.

    Its prefix opens the card and makes, one step after another, what the core builds on. The other
    steps of the core become branches, one for each client.
    """
    maker = {step.name: step for step in map(_step_of, history) if step is not None and step.name}
    prefix: dict[Step, None] = {opening: None}  # an ordered set

    def prepare(step: Step) -> None:
        for label in step.needs:
            if label in maker:
                prepare(maker[label])
                prefix[maker[label]] = None

    clients: dict[str, list[Step]] = {}
    for op in core:
        step = _step_of(op)
        if step is not None:
            prepare(step)
            clients.setdefault(str(op.client), []).append(step)
    branches = [tuple(step for step in steps if step not in prefix) for steps in clients.values()]
    return Program(tuple(prefix), tuple(steps for steps in branches if steps))


def _step_of(operation: Op) -> Step | None:
    """The step of a program behind the operation; None for the reads at the end."""
    return operation.command.step if isinstance(operation.command.step, Step) else None
