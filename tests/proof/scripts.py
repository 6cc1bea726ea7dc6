"""What is written for a fault tells the faulty server from the honest one: scenario and scripts.

Each is run in a process of its own, as the person who got it would. Knows the command lines only.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from sandbox.faults import FAULTS
from sandbox.faults.delivery import Every
from tests.proof.gate import run_gate
from tests.proof.selection import ladder
from tests.proof.servers import forked_sandbox

COMMANDS = {
    "yaml": (sys.executable, "-m", "tallystick", "replay"),
    "py": (sys.executable,),
    "sh": ("bash",),
}
"""What runs a file, by the ending of its name."""
LIMIT_S = 300.0
"""A script of a race tries it many times."""
ROOT = Path(__file__).parents[2]
RIGHT = (1, 0)


@dataclass(frozen=True, slots=True)
class ScriptRow:
    """What the files of one fault end with: on the faulty server, then on the honest one."""

    name: str
    rule: str
    """The rule that was found broken first; empty: none was."""
    yaml: tuple[int, int] | None
    """None: there is no such file, because no program shows it."""
    py: tuple[int, int] | None
    sh: tuple[int, int] | None

    @property
    def is_good(self) -> bool:
        """Whether every file that there is tells the servers apart."""
        return all(pair in (None, RIGHT) for pair in (self.yaml, self.py, self.sh))

    @property
    def is_whole(self) -> bool:
        """Whether all three tell the servers apart."""
        return (self.yaml, self.py, self.sh) == (RIGHT,) * 3


def repeatable() -> list[str]:
    """The faults that do not wait for the n-th request; races show often enough."""
    return [name for name, fault in FAULTS.items() if not issubclass(fault.overrides[0], Every)]


def measure(names: Sequence[str], *, jobs: int) -> Iterator[ScriptRow]:
    """A row for each fault, in the order of the names."""
    with forked_sandbox() as honest, ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(lambda name: _row(name, honest), names)


def _row(name: str, honest: Mapping[str, str]) -> ScriptRow:
    with tempfile.TemporaryDirectory(prefix="scripts-") as folder:
        reports = Path(folder)
        with forked_sandbox(faults=[name]) as faulty:
            rule = _found(name, faulty, reports)
            found = sorted((reports / "scenarios").glob(f"{rule.lower()}*")) if rule else []
            files = {path.suffix[1:]: path for path in found}
            pairs = {
                ending: (status_of(path, faulty), status_of(path, honest))
                for ending, path in files.items()
                if ending in COMMANDS
            }
        return ScriptRow(name, rule, pairs.get("yaml"), pairs.get("py"), pairs.get("sh"))


def _found(name: str, environment: Mapping[str, str], reports: Path) -> str:
    for selection in ladder(FAULTS[name].breaks):
        outcome = run_gate(environment, "-x", f"--report-dir={reports}", tests=selection)
        path = reports / "result.json"
        if outcome.status == 1 and path.exists():
            rules = [entry["rule"] for entry in _violations(path)]
            if rules:
                return rules[0]
    return ""


def _violations(path: Path) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))["violations"]
    return found


def status_of(path: Path, environment: Mapping[str, str]) -> int:
    """What a scenario or a script ends with on a server, in a process of its own."""
    kept = {name: v for name, v in os.environ.items() if not name.startswith("TALLYSTICK_")}
    done = subprocess.run(
        [*COMMANDS[path.suffix[1:]], str(path)],
        env={**kept, **environment},
        cwd=ROOT,
        capture_output=True,
        timeout=LIMIT_S,
        check=False,
    )
    return done.returncode


def table(rows: Sequence[ScriptRow]) -> str:
    """The rows that are not as they should be, then the sums."""
    lines = [str(row) for row in rows if not row.is_whole]
    with_program = [row for row in rows if row.yaml is not None]
    whole = sum(row.is_whole for row in rows)
    scripted = sum(row.py is not None for row in rows)
    lines.append(
        f"{len(rows)} faults: {len(with_program)} with a program, {scripted} with scripts; "
        f"{whole} told apart by all three, {sum(not row.is_good for row in rows)} not told apart"
    )
    return "\n".join(lines)
