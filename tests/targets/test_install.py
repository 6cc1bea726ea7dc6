"""What the launchers say where something is missing; this needs none of the servers."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.targets import install
from tests.targets.catalogue import PACKAGES, Package
from tests.targets.install import NotInstalled, installed
from tests.targets.process import NotStarted, ThirdParty

SAYING = "import sys; print('what it said'); sys.exit({status})"


def package(*, install_status: int = 0, start_status: int = 0) -> Package:
    """A package whose commands print a line and end."""

    def ends_with(status: int) -> list[str]:
        return [sys.executable, "-c", SAYING.format(status=status)]

    return replace(
        PACKAGES["localstripe"],
        name="stub",
        install=lambda folder: [ends_with(install_status)],
        start=lambda folder: ends_with(start_status),
        environment={},
    )


def test_a_missing_tool_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotInstalled, match="needs no-such-tool, which is not on the PATH"):
        installed(replace(package(), tool="no-such-tool"), tmp_path)


def test_a_failed_installation_is_one_line_and_is_tried_again(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(NotInstalled) as raised:
            installed(package(install_status=1), tmp_path)
        assert str(raised.value).endswith("cannot be installed (is there a network?): what it said")
    assert installed(package(), tmp_path) == tmp_path / "stub"


def test_what_is_installed_is_not_installed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(package(), tmp_path)
    monkeypatch.setattr(install, "_install", lambda *_: pytest.fail("installed once more"))
    installed(package(), tmp_path)


def test_another_version_replaces_the_installed_one(tmp_path: Path) -> None:
    old = installed(package(), tmp_path) / "old"
    old.touch()
    installed(replace(package(), version="2"), tmp_path)
    assert not old.exists()


def test_a_server_that_does_not_start_leaves_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PACKAGES, "stub", package(start_status=1))
    with pytest.raises(NotStarted, match=r"stub 1\.15\.10 did not start:\nwhat it said\n"):
        ThirdParty("stub", tmp_path)
