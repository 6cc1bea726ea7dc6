"""What went wrong, as GitHub Actions shows it beside a run: lines of output that it recognises.

The format: docs.github.com, "Workflow commands for GitHub Actions". It knows nothing of the run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from tallystick.reporting.chapters import causes, consequence_text
from tallystick.reporting.result import Result, ViolationEntry

MOST = 10
"""GitHub shows so many of a kind for one step."""


def annotation_lines(result: Result, environ: Mapping[str, str] = os.environ) -> str:
    """The lines; empty outside of GitHub Actions, and where nothing went wrong."""
    if environ.get("GITHUB_ACTIONS") != "true":
        return ""
    return "\n".join(list(_lines(result))[:MOST])


def _lines(result: Result) -> Iterator[str]:
    for entry in causes(result):
        kind = "error" if entry["level"] == "MUST" else "warning"
        explained = [result["violations"][place] for place in entry["consequences"]]
        said = "\n".join(
            [_said(entry), *(f"explains {consequence_text(one)}" for one in explained)]
        )
        yield _command(kind, f"{entry['rule']} ({entry['level']})", said)
    if result["verdict"] in ("undecided", "error"):
        yield _command("error", f"Tallystick: {result['verdict']}", result["reason"] or "")


def _said(entry: ViolationEntry) -> str:
    """The rule, what was permitted and received, and the shortest program."""
    return "\n".join(
        [
            entry["title"],
            f"permitted: {entry['expected']}",
            f"received: {entry['actual']}",
            *entry["steps"],
        ]
    )


def _command(kind: str, title: str, text: str) -> str:
    title = _escaped(title).replace(":", "%3A").replace(",", "%2C")
    return f"::{kind} title={title}::{_escaped(text)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
