"""How a comparison of two results looks: text for a terminal, and data for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tallystick.reporting.comparison import Build, Comparison, exercised
from tallystick.reporting.result import Result, ViolationEntry
from tallystick.reporting.visible import visible_all

STATES = (
    ("newly_broken", "NEWLY BROKEN"),
    ("still_broken", "still broken"),
    ("fixed", "fixed"),
    ("not_shown", "broken before, not shown either way now"),
)


def comparison_text(comparison: Comparison) -> str:
    """The comparison for a terminal, worst first."""
    blocks = [_head(comparison)]
    for member, heading in STATES:
        entries: Sequence[ViolationEntry] = getattr(comparison, member)
        if entries:
            blocks.append([f"{heading} ({len(entries)})", *_violations(entries, comparison)])
    if comparison.less_claimed:
        lines = [f"  {rule:<9} {why}" for rule, why in comparison.less_claimed.items()]
        blocks.append([f"NO LONGER EXERCISED ({len(lines)})", *lines])
    if comparison.more_claimed:
        blocks.append([f"exercised now, not before: {', '.join(comparison.more_claimed)}"])
    if comparison.dialect:
        lines = [f"  {q}: {before} -> {now}" for q, (before, now) in comparison.dialect.items()]
        blocks.append([f"answers to open questions that changed ({len(lines)})", *lines])
    blocks.append(list(_numbers(comparison)))
    return "\n\n".join("\n".join(block) for block in blocks)


def _head(comparison: Comparison) -> list[str]:
    lines = [
        f"old  {_named(comparison.old)}",
        f"new  {_named(comparison.new)}",
        *(f"note {note}" for note in comparison.notes),
    ]
    if comparison.lost_its_verdict:
        lines.append(f"The new run decided nothing: {comparison.new.result['reason']}")
    return [*lines, "WORSE" if comparison.is_worse else "Nothing is worse."]


def _named(build: Build) -> str:
    named = f" (build {build.result['build']})" if build.result.get("build") else ""
    return f"{build.name}{named}: {build.result['verdict']}"


def _violations(entries: Sequence[ViolationEntry], comparison: Comparison) -> Iterator[str]:
    for entry in entries:
        level = "" if entry["level"] == "MUST" else f" ({entry['level']})"
        yield f"  {entry['rule']}{level} {entry['title']}"
        yield f"      {entry['fingerprint']}: permitted {entry['expected']}"
        yield f"      received {entry['actual']}"
        if entry["fingerprint"] in comparison.other_cause:
            yield "      the rule was broken before too, by another cause"
        yield from (f"      {line}" for line in entry["steps"])


def _numbers(comparison: Comparison) -> Iterator[str]:
    old, new = comparison.old.result, comparison.new.result
    yield f"rules exercised  {_coverage(old)} -> {_coverage(new)}"
    yield f"programs         {old['programs']:,} -> {new['programs']:,}"
    yield f"requests         {old['requests']:,} -> {new['requests']:,}"
    yield f"seconds          {old['seconds']:,.1f} -> {new['seconds']:,.1f}"
    shared = [name for name in old["latency"] if name in new["latency"]]
    width = max(map(len, shared), default=0)
    yield f"latency in ms    {'':<{width}}  p50 old      new          p99 old      new"
    for name in sorted(shared, key=lambda name: -_slower(old, new, name)):
        before, now = old["latency"][name], new["latency"][name]
        yield (
            f"                 {name:<{width}} {before['p50_ms']:8.1f} {now['p50_ms']:8.1f} "
            f"x{_slower(old, new, name):<6.1f}{before['p99_ms']:8.1f} {now['p99_ms']:8.1f}"
        )


def _slower(old: Result, new: Result, operation: str) -> float:
    """How many times as long the newer one takes for half of its answers."""
    return new["latency"][operation]["p50_ms"] / (old["latency"][operation]["p50_ms"] or 1.0)


def _coverage(result: Result) -> str:
    return f"{len(exercised(result))} of {len(result['rules'])}"


def comparison_data(comparison: Comparison) -> dict[str, Any]:
    """The comparison as data, for `--json`."""
    data: dict[str, Any] = {
        "is_worse": comparison.is_worse,
        "old": _build(comparison.old),
        "new": _build(comparison.new),
        "notes": list(comparison.notes),
        **{member: list(getattr(comparison, member)) for member, _ in STATES},
        "other_cause": list(comparison.other_cause),
        "less_claimed": dict(comparison.less_claimed),
        "more_claimed": list(comparison.more_claimed),
        "dialect": {
            question: {"old": before, "new": now}
            for question, (before, now) in comparison.dialect.items()
        },
    }
    return dict(visible_all(data))


def _build(build: Build) -> dict[str, Any]:
    result = build.result
    return {
        "name": build.name,
        "verdict": result["verdict"],
        "target": result["target"],
        "exercised": len(exercised(result)),
        "rules": len(result["rules"]),
        "requests": result["requests"],
        "seconds": result["seconds"],
        "latency": {
            name: {"p50_ms": entry["p50_ms"], "p99_ms": entry["p99_ms"]}
            for name, entry in result["latency"].items()
        },
    }
