"""Masks what pytest prints of a failure: with --showlocals, frames show whatever the suite holds.

A failure that is a violation is worded by us; any other is shown as pytest shows it, and its frames
hold answers with tokens and PINs. It knows the form of pytest's reports, and no secret itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Mask = Callable[[str], str]


def mask_report(report: Any, mask: Mask) -> None:
    """Mask the failure of a test report, and what the test has printed."""
    if report.longrepr is not None:
        report.longrepr = masked(report.longrepr, mask)
    report.sections = [(mask(name), mask(content)) for name, content in report.sections]


def masked(shown: Any, mask: Mask) -> Any:
    """The same failure, masked: a text, the reason of a skip, or frames, changed in place."""
    if isinstance(shown, str):
        return mask(shown)
    if isinstance(shown, tuple):
        return (*shown[:-1], mask(str(shown[-1])))
    for traceback, crash in _parts(shown):
        if crash is not None:
            crash.message = mask(crash.message)
        for entry in getattr(traceback, "reprentries", ()):
            _mask_entry(entry, mask)
    sections = getattr(shown, "sections", ())
    shown.sections = [(mask(name), mask(text), sign) for name, text, sign in sections]
    return shown


def _parts(shown: Any) -> list[tuple[Any, Any]]:
    """The traceback of each exception, and where it crashed."""
    alone = (getattr(shown, "reprtraceback", None), getattr(shown, "reprcrash", None), None)
    return [(traceback, crash) for traceback, crash, _ in getattr(shown, "chain", [alone])]


def _mask_entry(entry: Any, mask: Mask) -> None:
    if getattr(entry, "lines", None):
        entry.lines = [mask(line) for line in entry.lines]
    arguments = getattr(entry, "reprfuncargs", None)
    if arguments is not None:
        arguments.args = [(name, mask(str(value))) for name, value in arguments.args]
    local = getattr(entry, "reprlocals", None)
    if local is not None:
        local.lines = [mask(line) for line in local.lines]
