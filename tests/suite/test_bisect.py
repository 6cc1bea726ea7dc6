"""`git bisect run` names the commit that brought a fault, and skips those that cannot be tried."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import credentials
from tests.proof.forking import ROOT
from tests.suite.harness import free_url

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is missing")

COMMITS = 16
BROKEN_SINCE = 11
DOES_NOT_START = (7, 8)
"""Commits that a bisection of sixteen meets on its way."""
SERVER = """import os, sys
options = open("faults.txt").read().split()
python = sys.executable
os.execv(python, [python, "-m", "sandbox", "--port", sys.argv[1], *options])
"""
SCENARIO = """rule: CAP-2
steps:
- A = card 1000 NOK
- h = hold A 600
- c = capture h 400
- d = capture h 400
"""
TRY = """{python} server.py {port} 2>/dev/null >/dev/null & trap "kill $! 2>/dev/null" EXIT
sleep 1; kill -0 $! 2>/dev/null || exit 125
{python} -m tallystick replay --bisect --times 1 --wait 20s --target {url} {scenario}
"""


def git(folder: Path, *arguments: str) -> str:
    """Run git with no configuration of the machine's own."""
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=m"]
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("TALLYSTICK_")
    }
    environment |= {
        "PYTHONPATH": str(ROOT),
        "TALLYSTICK_ACCOUNT": credentials.ACCOUNT,
        "TALLYSTICK_CLIENT_ID": credentials.ADMIN.client_id,
        "TALLYSTICK_CLIENT_SECRET": credentials.ADMIN.client_secret,
    }
    done = subprocess.run(
        ["git", *identity, *arguments],
        cwd=folder,
        env={**environment, **alone},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Sixteen commits of a server; one of them brought a fault, two do not start."""
    folder = tmp_path / "server"
    folder.mkdir()
    git(folder, "init", "-q")
    for number in range(1, COMMITS + 1):
        fault = "--fault capture_checks_original" if number >= BROKEN_SINCE else ""
        (folder / "faults.txt").write_text(fault)
        starts = number not in DOES_NOT_START
        (folder / "server.py").write_text(SERVER if starts else "raise SystemExit('no build')\n")
        (folder / "number.txt").write_text(str(number))
        git(folder, "add", ".")
        git(folder, "commit", "-q", "-m", f"commit {number}")
        git(folder, "tag", f"c{number}")
    return folder


def test_a_bisection_names_the_commit_that_brought_the_fault(
    repository: Path, tmp_path: Path
) -> None:
    url = free_url()
    scenario = tmp_path / "cap-2.yaml"
    scenario.write_text(SCENARIO)
    script = tmp_path / "try.sh"
    port = url.rpartition(":")[2].partition("/")[0]
    script.write_text(TRY.format(python=sys.executable, port=port, url=url, scenario=scenario))
    git(repository, "bisect", "start", f"c{COMMITS}", "c1")
    said = git(repository, "bisect", "run", "bash", str(script))
    assert "is the first bad commit" in said, said
    assert f"commit {BROKEN_SINCE}\n" == git(repository, "show", "-s", "--format=%s", "bisect/bad")
    assert "bisect skip" in git(repository, "bisect", "log")
