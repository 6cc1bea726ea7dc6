"""A gate on a server, as its users run it: a process of its own, and the result that it leaves.

Knows the command line, not what is found.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tallystick.reporting.result import Result, read_result

PROFILES = {"localstripe": "stripe-payment-intents", "stripe-stateful-mock": "stripe-charges"}
"""The servers of others, and what they speak."""
ENDED_S = 600
JUDGED = (0, 1)
"""How a gate ends that has a verdict: nothing was found, or something."""


class NotJudged(RuntimeError):
    """A gate ended without a verdict; the text is what it wrote last."""


def gate(folder: Path, *, token: str = "", arguments: Sequence[str] = ()) -> Result:
    """The result of a gate, whose report is left in the folder. NotJudged without a verdict."""
    command = [sys.executable, "-m", "tallystick", "gate", *arguments, "--report-dir", str(folder)]
    kept = {name: text for name, text in os.environ.items() if "TALLYSTICK" not in name}
    credentials = {"TALLYSTICK_TOKEN": token} if token else {}
    ended = subprocess.run(
        command,
        env=kept | credentials,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=ENDED_S,
        text=True,
        check=False,
    )
    if ended.returncode not in JUDGED:
        raise NotJudged(
            f"{' '.join(command)} ended with {ended.returncode}:\n{ended.stdout[-3000:]}"
        )
    return read_result(folder / "result.json")
