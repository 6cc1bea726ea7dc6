"""The servers that `tox -e targets` installed. Without them, the tests here are skipped."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def servers() -> Path:
    """The folder with the installed servers."""
    folder = os.environ.get("TARGETS_FOLDER")
    if folder is None:
        pytest.skip("needs servers of others: tox -e targets installs them and runs this")
    return Path(folder)
