"""Small made-up results, for the tests of what compares and merges them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from tallystick.reporting.result import Result, ViolationEntry, read_result

EXAMPLE = Path(__file__).resolve().parents[2] / "reports" / "example"
KEPT = {"CAP-2": (10, 0), "VOID-6": (4, 0), "TX-1": (9, 0)}
LINES = ["A = card 1000 NOK", "h1 = hold A 100", "c1 = capture h1 101"]


def violation(rule: str = "CAP-2", fingerprint: str = "cap-2-1", **more: object) -> ViolationEntry:
    """A violation with a program of three steps."""
    entry = read_result(EXAMPLE / "result.json")["violations"][0]
    given = {
        "key": rule,
        "rule": rule,
        "fingerprint": fingerprint,
        "kind": "accepted",
        "level": "MUST",
        "question": None,
        "steps": LINES,
        "scenario": "scenarios/one.yaml",
        "unscripted": "",
        "transition": "",
        "also": [],
        "cause": None,
        "consequences": [],
    }
    return cast(ViolationEntry, {**entry, **given, **more})


def result(
    *violations: ViolationEntry, rules: Mapping[str, tuple[int, int]] = KEPT, **more: object
) -> Result:
    """A result with these violations; `rules` are (checked, violated)."""
    broken = {entry["rule"] for entry in violations}
    counts = {
        rule: {"checked": checked, "violated": int(rule in broken) or violated}
        for rule, (checked, violated) in rules.items()
    }
    given = {
        "verdict": "violates" if violations else "conforms",
        "rules": counts,
        "violations": list(violations),
        "not_claimed": {},
        "known": [],
        "dialect": {},
    }
    return cast(Result, {**read_result(EXAMPLE / "result.json"), **given, **more})
