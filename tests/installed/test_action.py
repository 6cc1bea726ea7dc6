"""The action for GitHub: what its step does with its inputs, and what it says in its outputs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.test_architecture import ROOT

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
(JUDGE,) = (step for step in ACTION["runs"]["steps"] if step.get("id") == "judge")
INPUT = "${{{{ inputs.{} }}}}"


def _judge(folder: Path, **inputs: str) -> tuple[int, str, dict[str, str]]:
    """The status, the output and the outputs of the step that judges, with these inputs."""
    given = {INPUT.format(name): one.get("default", "") for name, one in ACTION["inputs"].items()}
    given |= {INPUT.format(name.replace("_", "-")): value for name, value in inputs.items()}
    outputs = folder / "outputs"
    outputs.touch()
    environment = {name: given[value] for name, value in JUDGE["env"].items()}
    environment |= {"GITHUB_OUTPUT": str(outputs), "GITHUB_STEP_SUMMARY": str(folder / "step.md")}
    environment |= {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    ended = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", JUDGE["run"]],
        cwd=folder,
        env={**os.environ, **environment, "GITHUB_ACTIONS": "true"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    said = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
    return ended.returncode, ended.stdout, said


def test_the_outputs_name_the_verdict_and_the_reports(tmp_path: Path) -> None:
    status, said, outputs = _judge(
        tmp_path, options="contracts/test_essentials.py -q", report_dir="out/tallystick"
    )
    assert status == 0, said
    assert outputs == {"verdict": "conforms", "report": "out/tallystick"}
    assert (tmp_path / "out" / "tallystick" / "junit.xml").is_file()
    assert "Tallystick" in (tmp_path / "step.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("target", ["http://127.0.0.1:1/v1", "a name; touch pwned"])
def test_a_run_that_cannot_start_has_no_verdict_and_status_4(tmp_path: Path, target: str) -> None:
    status, said, outputs = _judge(tmp_path, target=target, options="--account T12345678 --wait 1s")
    assert status == 4, said
    assert outputs["verdict"] == ""
    assert not (tmp_path / "pwned").exists()


def test_every_input_reaches_the_step() -> None:
    used = {*JUDGE["env"].values(), "${{ inputs.python-version }}"}
    assert used == {INPUT.format(name) for name in ACTION["inputs"]}
    assert set(ACTION["outputs"]) == {"verdict", "report"}
