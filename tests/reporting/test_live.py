"""The live line inside a pytest session of its own, on a terminal and in a log."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = """
from itertools import count
from tallystick.reporting.live_line import LiveLine, own_terminal
from tallystick.reporting.progress import Status

asked = count(1)

def status():
    number = next(asked)
    return Status("contracts/test_capture.py::test_x", number, 10 * number, 0)

def pytest_configure(config):
    terminal = own_terminal()
    live = LiveLine(terminal, RUN, plain_after_s=0.01)
    config.pluginmanager.register(live, "tallystick-live")
"""
TESTS = """
import os, pytest

@pytest.mark.parametrize("x", range(4))
def test_a(x, capfd):
    if x == 2:
        pytest.skip("not now")
    os.system("echo said by a child; sleep 0.05")
    assert x != 1, "one is wrong"
"""
ROOT = Path(__file__).resolve().parents[2]
TYPED = re.compile(r"\x1b\[[\d;?]*[A-Za-z]")


@pytest.fixture
def session(tmp_path: Path) -> list[str]:
    """The command of a session with four tests, of which one fails and one is skipped."""
    (tmp_path / "conftest.py").write_text(CONFTEST.replace("RUN", "status"))
    (tmp_path / "test_a.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist"]
    return [*command, "--rootdir", str(tmp_path), str(tmp_path)]


def _environment() -> dict[str, str]:
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "COV_"))}
    return {**plain, "PYTHONPATH": str(ROOT), "COLUMNS": "80", "TERM": "xterm"}


def _ended(text: str) -> None:
    assert "FAILED" in text.partition("short test summary info")[2]
    assert "1 failed, 2 passed, 1 skipped" in text


def test_a_log_gets_a_line_now_and_then_and_one_for_each_failure(session: list[str]) -> None:
    done = subprocess.run(
        session, capture_output=True, text=True, env=_environment(), timeout=60, cwd=session[-1]
    )
    assert done.returncode == 1, done.stderr
    head = done.stdout.partition("= FAILURES =")[0]
    failed = [line for line in head.splitlines() if line.startswith("failed  ")]
    assert len(failed) == 1
    assert failed[0].startswith("failed  test_a::test_a[1]  ")
    assert len(re.findall(r"^[0-4]/4  test_capture::test_x ", head, re.MULTILINE)) >= 3
    assert "said by a child" not in head
    assert not re.search(r"^\S*test_a\.py [.Fs]", head, re.MULTILINE)
    _ended(done.stdout)


def test_a_terminal_shows_one_line_in_place(session: list[str]) -> None:
    master, slave = pty.openpty()
    with subprocess.Popen(
        session, stdout=slave, stderr=slave, env=_environment(), cwd=session[-1]
    ) as running:
        os.close(slave)
        shown = b""
        try:
            while part := os.read(master, 65536):
                shown += part
        except OSError:
            pass  # the other end is closed: the session is over
        assert running.wait(timeout=60) == 1
    os.close(master)
    text = shown.decode()
    assert "/4  test_capture::test_x" in text
    assert "\x1b[2K" in text
    assert "failed  test_a::test_a[1]" in TYPED.sub("", text)
    _ended(TYPED.sub("", text))


def test_without_a_run_pytest_keeps_its_own_lines(session: list[str], tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST.replace("RUN", "lambda: None"))
    done = subprocess.run(
        session, capture_output=True, text=True, env=_environment(), timeout=60, cwd=session[-1]
    )
    assert re.search(r"\.Fs\.\s+\[100%\]", done.stdout)
    _ended(done.stdout)
