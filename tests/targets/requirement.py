"""Where the servers are installed. Without them a module of tests is skipped, as one line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.targets.install import DONE


def servers_with(*names: str, by: str) -> Path:
    """The folder with these servers; skips the module that asks, unless tox has installed them."""
    folder = Path(os.environ.get("TARGETS_FOLDER", os.devnull))
    if not all((folder / name / DONE).exists() for name in names):
        pytest.skip(f"tox -e {by} installs {', '.join(names)}", allow_module_level=True)
    return folder
