"""How the comparison with a second server is said in text: where it differs, side by side."""

from __future__ import annotations

from collections.abc import Iterator

from tallystick.reporting.result_form import DifferenceEntry, Result

WIDEST = 400
"""Characters of an answer that are shown; result.json has more."""


def against_note(result: Result) -> str:
    """What the comparison came to, in a sentence; empty if there was none."""
    entry = result.get("against")
    if entry is None:
        return ""
    number = len(entry["differences"])
    found = f"{number or 'no'} difference{'s' * (number != 1)} from {entry['target']}"
    parts = [f"{found}, in {entry['programs']} programs"]
    parts += filter(None, (entry["reason"], entry["left"] and f"there {entry['left']}"))
    return "; ".join(parts)


def against_lines(result: Result) -> Iterator[str]:
    """All differences, each with its program and both answers; nothing if there was no other."""
    entry = result.get("against")
    if entry is None:
        return
    for difference in entry["differences"]:
        yield from _difference(difference)
        yield ""
    yield f"AGAINST: {against_note(result)}"


def _difference(difference: DifferenceEntry) -> Iterator[str]:
    last = difference["answers"][-1]
    seen, replayed = difference["replays"]
    yield f"DIFFERENCE in {difference['member']}, seen again in {seen} of {replayed} replays"
    for number, line in enumerate(difference["steps"], start=1):
        yield f"  {number:>2}  {line}"
    yield f"  at     {last['step']}: {last['request']}"
    yield f"  here   {last['here'][:WIDEST]}"
    yield f"  there  {last['there'][:WIDEST]}"
