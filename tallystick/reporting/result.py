"""The result of a run as data: `result.json`, described by `reports/result.schema.json`.

Every other report is made from it (and from the journal, for the exchanges), so that it can be made
again later. This module does not know how anything looks.
"""

from __future__ import annotations

import json
import os
import shlex
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import cast

import jsonschema_rs

from tallystick import __version__
from tallystick.causes import grouped
from tallystick.checker import Verdict
from tallystick.cleanup import LeftOpen
from tallystick.documents.rules import Rule, load_rules
from tallystick.known import KnownIssues
from tallystick.location import SUITE_ROOT
from tallystick.reporting.lifecycle import lifecycle_of
from tallystick.reporting.redaction import Redactor
from tallystick.reporting.response_times import ResponseTimes
from tallystick.reporting.result_form import (
    AgainstEntry,
    CorpusEntry,
    Count,
    KnownEntry,
    LeftEntry,
    OutageEntry,
    Result,
    RunEntry,
    ViolationEntry,
)
from tallystick.reporting.visible import brief, visible_all
from tallystick.run import Finding, Run

__all__ = [
    "CorpusEntry",
    "Count",
    "Ending",
    "KnownEntry",
    "LeftEntry",
    "OutageEntry",
    "Result",
    "ResultError",
    "RunEntry",
    "ViolationEntry",
    "again",
    "credentials_line",
    "is_must",
    "place_line",
    "read_result",
    "redactor_for",
    "summarise",
    "target_options",
    "write_result",
    "write_whole",
]

MOST_IDS = 100
"""Ids of what was left open that are listed; the others are in the journal."""
SCHEMA = SUITE_ROOT / "reports" / "result.schema.json"


BEARER = "Authorization: Bearer $TOKEN"
"""The credentials of a request as they are shown by default."""


class ResultError(ValueError):
    """A result file that cannot be used: one line that says what is wrong."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended, as far as its verdict depends on that."""

    unfinished: str | None = None
    """Why it did not come to its end."""
    error: str | None = None
    """What broke in the suite itself."""
    partial: bool = False
    """Whether a selection left contracts out."""
    not_claimed: Mapping[str, str] = field(default_factory=dict)
    """What it says nothing about, and why: by chapter, rule or test."""
    left: LeftOpen = field(default_factory=LeftOpen)
    """What stays on the target."""
    shallow: int = 0
    """How many contracts the budget left at the depth of a gate, though more was asked for."""
    not_supported: Mapping[str, str] = field(default_factory=dict)
    """Operations that the target lacks, and how that is known."""
    known: KnownIssues = field(default_factory=KnownIssues)
    """Violations that are accepted until a date."""
    corpus: CorpusEntry | None = None
    """What the replay of a corpus showed, if there is one."""
    against: AgainstEntry | None = None
    """What the comparison with a second server came to, if there is one."""
    build: str = ""
    """What the user calls the build that is judged."""
    command: str = ""
    """The command that makes this run again."""


def summarise(
    run: Run,
    ending: Ending,
    *,
    seconds: float,
    times: ResponseTimes | None = None,
) -> Result:
    """The result of the run so far; a violation once seen outweighs all that went wrong."""
    rules, redactor = load_rules(), redactor_for(run)
    verdict, reason = _verdict(run, ending, rules)
    result = Result(
        verdict=verdict.value,
        reason=None if reason is None else brief(redactor.text(reason)),
        partial=ending.partial,
        shallow=ending.shallow,
        target=redactor.text(run.target.address.url),
        build=redactor.text(ending.build),
        version=__version__,
        date=_began(seconds),
        command=redactor.text(ending.command),
        profile=run.profile.name,
        intensity=str(run.intensity),
        seed=run.seed,
        seconds=round(seconds, 2),
        requests=run.target.meter.requests,
        programs=run.programs,
        dialect=_dialect(run),
        pinned=sorted(run.pinned),
        rules=_counts(run, rules),
        not_claimed={name: redactor.text(why) for name, why in ending.not_claimed.items()},
        not_supported={name: redactor.text(why) for name, why in ending.not_supported.items()},
        violations=_violations(run, rules),
        known=_known(run, ending.known),
        left_open=_left_entry(run, ending.left, redactor),
        outages=_outages(run, redactor),
        lifecycle=lifecycle_of(run),
        latency=times.entries() if times is not None else {},
    )
    _add_what_is_not_the_default(run, ending, result, redactor)
    return cast(Result, visible_all(result))


def _dialect(run: Run) -> dict[str, str | list[str]]:
    return {
        question: answers[0] if len(answers) == 1 else answers
        for question, left in sorted(run.dialect.learned().items())
        if (answers := sorted(left))
    }


def _outages(run: Run, redactor: Redactor) -> list[OutageEntry]:
    return [
        OutageEntry(
            seconds=round(outage.seconds, 2),
            reason=redactor.text(outage.reason),
            met_by=outage.met_by,
        )
        for outage in run.target.outages[:MOST_IDS]
    ]


def _began(seconds: float) -> str:
    """When a run began that has taken so many seconds, in UTC."""
    began = datetime.now(UTC) - timedelta(seconds=seconds)
    return began.strftime("%Y-%m-%dT%H:%M:%SZ")


def _add_what_is_not_the_default(
    run: Run, ending: Ending, result: Result, redactor: Redactor
) -> None:
    """Add how the API is named and reached, where that is not the default, and the corpus."""
    if ending.corpus is not None:
        result["corpus"] = ending.corpus
    if ending.against is not None:
        result["against"] = ending.against
    if run.profile_option:
        result["profile_option"] = redactor.text(run.profile_option)
    authentication = run.target.authentication
    shown = [place_line(*each) for each in authentication.shown]
    shown = shown or [credentials_line(*each) for each in authentication.current().items()]
    if shown != [BEARER] and (shown or authentication.is_fixed):
        result["credentials"] = shown


def _left_entry(run: Run, left: LeftOpen, redactor: Redactor) -> LeftEntry | None:
    """What stays; holds first, because they lock money."""
    if not left:
        return None
    ids = [redactor.text(id_) for id_ in (*left.holds, *left.cards)]
    return LeftEntry(
        cards=len(left.cards),
        holds=len(left.holds),
        prefix=run.name,
        ids=ids[:MOST_IDS],
        reason=redactor.text(left.reason),
    )


def redactor_for(run: Run, *findings: Finding) -> Redactor:
    """A redactor that knows the credentials of the run and what the findings gave away."""
    client = run.target.client
    ids = run.profile.documents.ids
    redactor = Redactor(filter(None, (client.secret, client.token)), ids)
    for finding in findings:
        for event in finding.events:
            body = getattr(event.exchange.answer, "body", None)
            redactor.request(event.exchange.request.body)
            redactor.answer(body)
    return redactor


def is_must(rule: str, rules: Mapping[str, Rule]) -> bool:
    """Whether breaking the rule violates the contract; a SHOULD is reported and fails nothing."""
    return rule not in rules or rules[rule].level == "MUST"


def _verdict(run: Run, ending: Ending, rules: Mapping[str, Rule]) -> tuple[Verdict, str | None]:
    reasons = list(run.undecided)
    if ending.unfinished is not None:
        reasons.append(ending.unfinished)
    elif not any(run.checked.values()):
        reasons.append("no rule was exercised")
    if any(is_must(finding.violation.rule, rules) for finding in _new(run)):
        return Verdict.VIOLATES, ending.error or ending.unfinished
    if ending.error is not None:
        return Verdict.ERROR, ending.error
    if reasons:
        return Verdict.UNDECIDED, "; ".join(reasons)
    return Verdict.CONFORMS, None


def _new(run: Run) -> list[Finding]:
    """The findings that no known issue explains."""
    return [finding for finding in run.findings.values() if not finding.known]


def _known(run: Run, known: KnownIssues) -> list[KnownEntry]:
    """What became of each known issue."""
    tests: dict[str, list[str]] = {}
    for finding in run.findings.values():
        tests.setdefault(finding.known, []).extend((finding.test, *finding.also))
    return [
        KnownEntry(
            rule=issue.rule,
            fingerprint=issue.fingerprint,
            reason=issue.reason,
            until=issue.until.isoformat(),
            state=str(state),
            tests=tests.get(issue.id, []),
        )
        for issue, state in known.states(tests)
    ]


def _counts(run: Run, rules: Mapping[str, Rule]) -> dict[str, Count]:
    found: Counter[str] = Counter()
    for finding in _new(run):
        found[finding.violation.rule] += 1 + len(finding.also)
    extra = sorted((set(run.checked) | set(found)) - set(rules))
    counts = {}
    for rule in (*rules, *extra):
        violated = found[rule]
        counts[rule] = Count(checked=max(run.checked.get(rule, 0), violated), violated=violated)
    return counts


def _violations(run: Run, rules: Mapping[str, Rule]) -> list[ViolationEntry]:
    """The broken rules, causes first, each with what it explains."""
    found = grouped(_new(run), lambda rule: is_must(rule, rules))
    entries = [_entry(run, each.finding, each.cause, rules) for each in found]
    for place, each in enumerate(found):
        if each.cause is not None:
            entries[each.cause]["consequences"].append(place)
    return entries


def _entry(
    run: Run, finding: Finding, cause: int | None, rules: Mapping[str, Rule]
) -> ViolationEntry:
    violation = finding.violation
    rule = rules.get(violation.rule)
    redactor = redactor_for(run, finding)
    return ViolationEntry(
        key=finding.key,
        rule=violation.rule,
        fingerprint=finding.cause.fingerprint,
        kind=finding.cause.kind,
        title=rule.text if rule is not None else "",
        level=rule.level if rule is not None else "MUST",
        expected=brief(redactor.text(violation.expected)),
        actual=brief(redactor.text(violation.actual)),
        question=violation.question,
        requests_before=finding.requests_before,
        # Notes quote requests; a program is symbolic, and could not be replayed with masks in it.
        steps=[redactor.text(note) for note in finding.notes] or finding.steps,
        transition=finding.transition,
        scenario=finding.scenario,
        unscripted=finding.unscripted,
        test=finding.test,
        also=list(finding.also),
        replays=None if finding.replays is None else list(finding.replays),
        cause=cause,
        consequences=[],
    )


# Files --------------------------------------------------------------------------------------------


def write_result(path: Path, result: Result) -> None:
    """Write the file in one stroke."""
    write_whole(path, json.dumps(result, indent=2, ensure_ascii=False) + "\n")


def read_result(path: Path) -> Result:
    """The result in a file; ResultError says what is wrong with it."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ResultError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise ResultError(f"{path} is not JSON: {error}") from None
    problem = next(_validator().iter_errors(found), None)
    if problem is not None:
        where = "/".join(str(part) for part in problem.instance_path) or "the whole"
        raise ResultError(f"{path} is not a result of this version: {where}: {problem.message}")
    return cast(Result, visible_all(found))


def again(test: str, result: Result) -> str:
    """The command that runs a test again: of the suite's own contracts, or of a caller's pytest."""
    is_ours = test.startswith("contracts/")
    return f"tallystick {result['intensity']} '{test}'" if is_ours else f"pytest '{test}'"


def credentials_line(name: str, value: str) -> str:
    """A header with credentials, with `$TOKEN` in their place."""
    scheme, _, _ = value.partition(" ")
    known = scheme.lower() in ("bearer", "basic", "digest", "token") and scheme != value
    return f"{name}: {scheme} $TOKEN" if known else f"{name}: $TOKEN"


def place_line(place: str, value: str) -> str:
    """Credentials as a header, or as `?name=` of the query or `&name=` of the body."""
    return f"{place}={value}" if place[0] in "?&" else f"{place}: {value}"


def target_options(result: Result) -> str:
    """The options of a command that name the target of the result, and its API."""
    profile = result.get("profile_option", "")
    named = f" --profile {shlex.quote(profile)}" if profile else ""
    return f"--target {result['target']}{named}"


def write_whole(path: Path, text: str) -> None:
    """Write a text file by renaming a finished one, so that no reader ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@lru_cache(maxsize=1)
def _validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
