"""Installs the servers into a folder, once.

Knows pip, npm and the folder, not what the servers do.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.targets.catalogue import Package

LIMIT_S = 900
DONE = "installed.txt"


class NotInstalled(RuntimeError):
    """A server could not be installed; the one line says what is missing."""


def installed(package: Package, servers: Path) -> Path:
    """Install the package below `servers`, unless it is there, and return its folder.

    Raises NotInstalled where a tool or the network is missing.
    """
    folder = servers / package.name
    with _one_at_a_time(servers / f"{package.name}.lock"):
        done = folder / DONE
        if not done.exists() or done.read_text() != package.pinned:
            shutil.rmtree(folder, ignore_errors=True)
            _install(package, folder)
            done.write_text(package.pinned)
    return folder


def _install(package: Package, folder: Path) -> None:
    if shutil.which(package.tool) is None:
        raise NotInstalled(f"{package.pinned} needs {package.tool}, which is not on the PATH")
    folder.mkdir(parents=True)
    for command in package.install(folder):
        try:
            ended = subprocess.run(
                command, capture_output=True, text=True, timeout=LIMIT_S, check=False
            )
        except subprocess.TimeoutExpired:
            raise NotInstalled(f"{package.pinned}: no end after {LIMIT_S} s: {command}") from None
        if ended.returncode:
            said = (ended.stderr or ended.stdout).strip().splitlines() or ["it said nothing"]
            errors = [line for line in said if "ERROR" in line or "error" in line] or said
            raise NotInstalled(
                f"{package.pinned} cannot be installed (is there a network?): {errors[0]}"
            )


@contextmanager
def _one_at_a_time(lock: Path) -> Iterator[None]:
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
