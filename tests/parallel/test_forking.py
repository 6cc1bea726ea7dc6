"""Workers that are forked: each is like a Python of its own, which has imported everything."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from subprocess import PIPE

import pytest

from tallystick.location import SUITE_ROOT
from tallystick.parallel import forking
from tallystick.parallel.forking import CLIENT, Forking, workers_forked
from tests.proof.servers import Environment, forked_sandbox
from tests.suite.harness import Ran, tallystick

ABOUT = """\
import json, os, sys
print(json.dumps([os.getpid(), os.getcwd(), os.environ.get("OWN"), sys.argv, sorted(sys.modules)]))
print(sys.stdin.readline().strip(), file=sys.stderr)
"""
ASKS = """\
from tallystick.location import SUITE_ROOT
from tallystick.parallel.forking import workers_forked
from tests.parallel.test_forking import Spec, started
says = "import os; print([os.getcwdb(), os.environb[b'OWN']])"
with workers_forked(["-n", "2"], [SUITE_ROOT]) as (forking,):
    forking.pytest_xdist_setupnodes([spec := Spec()])
    print(started(spec.python, says).communicate("")[0])
"""
SLEEPS = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"


class Spec:
    """What pytest-xdist knows of a worker."""

    popen, python = True, ""


@pytest.fixture(scope="module")
def command() -> Iterator[str]:
    with workers_forked(["-n", "2"], [SUITE_ROOT]) as plugins:
        spec = Spec()
        (plugin,) = plugins
        assert isinstance(plugin, Forking)
        plugin.pytest_xdist_setupnodes([spec])
        yield spec.python


def started(command: str, code: str, **others: object) -> subprocess.Popen[str]:
    """A worker that runs this code, which is its first line."""
    process = subprocess.Popen(
        [*command.split(), "-u", "-c", "import sys;exec(eval(sys.stdin.readline()))"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **others,  # type: ignore[call-overload]
    )
    assert process.stdin is not None
    process.stdin.write(f"{code!r}\n")
    process.stdin.flush()
    return process


def test_a_worker_has_the_streams_folder_and_environment_of_its_client(
    command: str, tmp_path: Path
) -> None:
    worker = started(command, ABOUT, cwd=tmp_path, env={**os.environ, "OWN": "its own"})
    output, errors = worker.communicate("a second line\n")
    process, directory, own, arguments, _ = json.loads(output)
    assert (directory, own, arguments) == (str(tmp_path), "its own", ["-c"])
    assert errors == "a second line\n"
    assert process != worker.pid
    assert worker.returncode == 0


def test_a_worker_has_imported_what_contracts_need(command: str) -> None:
    output, _ = started(command, ABOUT).communicate("")
    modules = json.loads(output)[-1]
    needed = {"hypothesis.stateful", "schemathesis", "httpx", "jsonschema_rs", "pytest"}
    assert needed <= set(modules)
    assert {"contracts.support.staging", "tallystick.drivers.exploring"} <= set(modules)


def test_each_worker_is_a_process_of_its_own(command: str) -> None:
    workers = [started(command, ABOUT) for _ in range(3)]
    processes = {json.loads(worker.communicate("")[0])[0] for worker in workers}
    assert len(processes) == 3


def test_a_worker_that_is_killed_ends_its_client(command: str) -> None:
    worker = started(command, SLEEPS)
    assert worker.stdout is not None
    os.kill(int(worker.stdout.readline()), signal.SIGKILL)
    worker.communicate()
    assert worker.returncode not in (0, None)


def test_a_worker_whose_client_is_killed_ends(command: str) -> None:
    worker = started(command, SLEEPS)
    assert worker.stdout is not None
    process = int(worker.stdout.readline())
    worker.kill()
    worker.communicate()  # until the worker lets go of the other end too
    wait_for_the_end_of(process)


def wait_for_the_end_of(process: int) -> None:
    while Path(f"/proc/{process}").exists():
        time.sleep(0.02)


def test_a_client_without_a_server_is_the_python_that_was_asked_for(tmp_path: Path) -> None:
    missing = f"{sys.executable} -I -S {CLIENT} {tmp_path / 'missing'}"
    worker = started(missing, ABOUT)
    output, _ = worker.communicate("")
    assert json.loads(output)[0] == worker.pid


def test_a_worker_is_where_its_client_is_whatever_its_encoding(tmp_path: Path) -> None:
    folder = tmp_path / "Ordner ä"
    folder.mkdir()
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "OWN": "ü"}
    done = subprocess.run(
        [sys.executable, "-c", ASKS],
        cwd=folder,
        env={**os.environ, **ascii_only, "PYTHONPATH": str(SUITE_ROOT)},
        capture_output=True,
        check=False,
    )
    there = [os.fsencode(folder), "ü".encode()]
    assert done.stdout.decode().strip() == str(there), done.stderr


def test_a_temporary_folder_with_a_long_name_forks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ("long" * 30)).mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / ("long" * 30)))
    with workers_forked(["-n", "2"], [SUITE_ROOT]) as plugins:
        assert plugins == []
    assert list((tmp_path / ("long" * 30)).iterdir()) == []


@pytest.mark.parametrize(
    ("options", "are_forked"),
    [
        (["-n", "2"], True),
        (["-n4"], True),
        (["-nauto"], True),
        (["--numprocesses=3"], True),
        (["--numprocesses", "3"], True),
        (["-n", "0"], False),
        (["-n0"], False),
        (["--smoke"], False),
        ([], False),
    ],
)
def test_a_server_is_started_for_workers_only(
    options: Sequence[str], are_forked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A server takes a second to import what these rows are not about.
    monkeypatch.setattr(forking, "start_server", lambda *_: subprocess.Popen(["cat"], stdin=PIPE))
    with workers_forked(options, [SUITE_ROOT]) as plugins:
        assert bool(plugins) is are_forked


def test_a_python_that_the_user_names_for_a_worker_is_left_to_it() -> None:
    spec = Spec()
    spec.python = "/usr/bin/python3"
    Forking("address").pytest_xdist_setupnodes([spec])
    assert spec.python == "/usr/bin/python3"


def test_a_gate_of_forked_workers_finds_what_one_process_finds(tmp_path: Path) -> None:
    with forked_sandbox(faults=["capture_checks_original"]) as environment:
        alone = smoke(environment, tmp_path / "alone")
        together = smoke(environment, tmp_path / "together", "-n", "2")
    assert (together.status, together.result["verdict"]) == (1, "violates"), together.output
    assert alone.status == 1
    assert "Warning" not in together.output
    one, two = alone.result, together.result
    assert [entry["rule"] for entry in two["violations"]] == [
        entry["rule"] for entry in one["violations"]
    ]


def smoke(environment: Environment, reports: Path, *options: str) -> Ran:
    """The essentials of a gate."""
    given = ("gate", "--smoke", f"--report-dir={reports}", *options)
    return tallystick(environment, reports, *given)
