"""The package as a user gets it: built, installed into a fresh environment, run from a folder that
has nothing to do with it and whose own pytest is set up against it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.test_architecture import ROOT, files

SUITE = ("contracts/", "sandbox/", "spec/", "strategies/")
HOSTILE = {
    "pytest.ini": "[pytest]\naddopts = --no-such-option\npython_files = none_*.py\n",
    "conftest.py": "raise RuntimeError('the conftest of the caller was loaded')\n",
    "contracts/__init__.py": "raise RuntimeError('the contracts of the caller were loaded')\n",
    "sandbox/__main__.py": "raise RuntimeError('the sandbox of the caller was started')\n",
}
"""What a folder may hold that happens to have our names."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the sdist, which is built from the files that git knows."""
    return _built(files(), tmp_path_factory)


def _built(names: Iterable[str], factory: pytest.TempPathFactory) -> Path:
    source, dist = factory.mktemp("source"), factory.mktemp("dist")
    for name in names:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, source / name)
    _run(source, sys.executable, "-m", "build", "--outdir", str(dist))
    (found,) = dist.glob("*.whl")
    return found


def _held(wheel: Path) -> set[str]:
    """The files of a wheel, without what describes it."""
    with zipfile.ZipFile(wheel) as packed:
        return {name for name in packed.namelist() if ".dist-info/" not in name}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a caller."""
    made = tmp_path_factory.mktemp("folder")
    for name, text in HOSTILE.items():
        (made / name).parent.mkdir(exist_ok=True)
        (made / name).write_text(text, encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the programs of a fresh environment are, into which the wheel was installed."""
    home = tmp_path_factory.mktemp("environment")
    _run(home, sys.executable, "-m", "venv", str(home))
    pins = f"--constraint={ROOT / 'constraints.txt'}"
    _run(home, str(home / "bin" / "pip"), "install", "--quiet", pins, str(wheel))
    return home / "bin"


def _run(folder: Path, *command: str, expected: int = 0) -> str:
    """What a program prints, if it ends as expected."""
    environment = {name: text for name, text in os.environ.items() if name not in LEAKS}
    environment |= {"PYTEST_ADDOPTS": "--no-such-option", "PYTEST_PLUGINS": "no_such_plugin"}
    environment |= {"PYTHONSAFEPATH": "1"}
    ended = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert ended.returncode == expected, ended.stdout
    return ended.stdout


LEAKS = ("PYTHONPATH", "TALLYSTICK_TARGET", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")
"""Variables of the process that runs these tests, which a user does not have."""


def test_the_wheel_holds_all_files_of_the_suite(wheel: Path) -> None:
    inside = "tallystick/suite_files/"
    expected = {inside + name for name in files() if name.startswith(SUITE)}
    expected |= {name for name in files() if name.startswith("tallystick/")}
    expected |= {f"{inside}conftest.py", f"{inside}reports/result.schema.json"}
    assert _held(wheel) == expected


def test_the_context_of_the_container_is_enough_to_build_it(
    wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    kept = [line.removeprefix("!") for line in lines if line.startswith("!")]
    context = [name for name in files() if any(Path(name).is_relative_to(one) for one in kept)]
    assert "constraints.txt" in context
    assert _held(_built(context, tmp_path_factory)) == _held(wheel)


def test_the_installed_gate_conforms_whatever_the_folder_holds(
    programs: Path, folder: Path
) -> None:
    named = "contracts/test_essentials.py"
    said = _run(folder, str(programs / "tallystick"), "gate", named, "--junitxml=junit.xml")
    assert "CONFORMS (PARTIAL)" in said
    result = json.loads((folder / "reports" / "latest" / "result.json").read_text())
    assert result["verdict"] == "conforms"
    assert (folder / "junit.xml").is_file()


def test_all_contracts_are_collected(programs: Path, folder: Path) -> None:
    said = _run(folder, str(programs / "tallystick"), "gate", "--collect-only", "-q")
    modules = {line.split("::")[0] for line in said.splitlines() if "::" in line}
    assert modules == {name for name in files() if name.startswith("contracts/test_")}


def test_the_installed_commands_find_their_documents(programs: Path, folder: Path) -> None:
    listed = _run(folder, str(programs / "tallystick"), "rules", "--format", "json")
    assert {rule["id"] for rule in json.loads(listed)} >= {"CAP-2", "DIA-1"}
    assert all(rule["claims"] for rule in json.loads(listed))


def test_the_sandbox_is_installed_with_its_faults(programs: Path, folder: Path) -> None:
    listed = _run(folder, str(programs / "tallystick"), "sandbox", "--list")
    assert "capture_checks_original" in listed


def test_nothing_but_the_engine_can_be_imported(programs: Path, tmp_path: Path) -> None:
    for name in ("contracts", "sandbox", "strategies", "conftest"):
        said = _run(tmp_path, str(programs / "python"), "-c", f"import {name}", expected=1)
        assert f"No module named '{name}'" in said
