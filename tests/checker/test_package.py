"""The checker as a package of its own: what it exports, and that it needs nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import tallystick.checker

EXAMPLE = '''
from tallystick.checker import History, Operation, Verdict, check

# Two clients capture one hold of 600, and both are accepted.
history = History.of(
    [
        Operation("a", "hold 1", ("capture", 600), "accepted", called_ns=10, returned_ns=40),
        Operation("b", "hold 1", ("capture", 600), "accepted", called_ns=20, returned_ns=50),
    ]
)


def transition(remaining, command, outcome):
    """A hold from which parts are captured, as long as enough remains."""
    _, amount = command
    if outcome == "accepted":
        return (remaining - amount,) if amount <= remaining else ()
    return (remaining,) if amount > remaining else ()


result = check(history, transition, initial=lambda key: 600)
assert result.verdict is Verdict.VIOLATES
illegality = result.illegalities[0]
assert illegality.prefix == history.operations[:1]
assert illegality.stuck == history.operations[1]
assert illegality.culprit == history.operations[0]
assert check(history, transition, initial=lambda key: 1200).verdict is Verdict.CONFORMS
'''


def test_the_example_of_the_package_runs_where_nothing_else_is_installed(tmp_path: Path) -> None:
    package = tmp_path / "tallystick"
    package.mkdir()
    (package / "__init__.py").touch()
    shutil.copytree(Path(tallystick.checker.__file__).parent, package / "checker")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{EXAMPLE}"
    # Isolated and without site-packages: the package and the standard library are all there is.
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_exported_name_is_there_once() -> None:
    names = tallystick.checker.__all__
    assert len(set(names)) == len(names)
    assert all(hasattr(tallystick.checker, name) for name in names)
