"""What tests of scripts share: scripts are written, and run as processes of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tallystick.reporting.scripts import Recipe, python_text, recipe_of, shell_text
from tallystick.run import Finding, Run
from tallystick.settings import Settings, load_settings

NEEDED = [name for name in ("bash", "curl", "jq") if shutil.which(name) is None]


def settings_for(environment: Mapping[str, str], profile: str = "") -> Settings:
    return load_settings({}, environment, default_profile=profile)


def written(run: Run, finding: Finding, folder: Path) -> dict[str, Path]:
    """The scripts of a finding, by the ending of their names."""
    recipe = recipe_of(run, finding)
    assert isinstance(recipe, Recipe), finding.violation
    paths = {}
    for ending, text in (("py", python_text), ("sh", shell_text)):
        paths[ending] = folder / f"it.{ending}"
        paths[ending].write_text(text(recipe, f"it.{ending}"), encoding="utf-8")
    return paths


def ran(path: Path, environment: Mapping[str, str], *arguments: str) -> tuple[int, str]:
    """The exit status of a script in a process of its own, and what it says."""
    kept = {name: v for name, v in os.environ.items() if not name.startswith("TALLYSTICK_")}
    command = ["bash"] if path.suffix == ".sh" else [sys.executable, "-W", "error"]
    done = subprocess.run(
        [*command, str(path), *arguments],
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def check_scripts(
    run: Run, finding: Finding, folder: Path, faulty: Mapping[str, str], honest: Mapping[str, str]
) -> dict[str, str]:
    """Both scripts end with 1 on the faulty server and with 0 on the honest one; their texts."""
    paths = written(run, finding, folder)
    for path in paths.values():
        if path.suffix == ".sh" and NEEDED:
            pytest.skip(f"{', '.join(NEEDED)} cannot be had here (Debian has curl and jq)")
        status, said = ran(path, faulty)
        assert status == 1, said
        assert f"FAULT: {finding.violation.rule}" in said
        status, said = ran(path, honest)
        assert status == 0, said
    return {ending: path.read_text(encoding="utf-8") for ending, path in paths.items()}
