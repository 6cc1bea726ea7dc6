"""Reads settings from options and an environment; no test."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tallystick.settings import Settings, SettingsError, load_settings

URL = "https://wallet.test/v1"
ENVIRON = {
    "TALLYSTICK_TARGET": URL,
    "TALLYSTICK_ACCOUNT": "T12345678",
    "TALLYSTICK_CLIENT_ID": "me",
    "TALLYSTICK_CLIENT_SECRET": "hush-hush",
}


def load(environ: dict[str, str] | None = None, **given: str | Sequence[str]) -> Settings:
    """Settings from options, written with _ for -, and from these changes of the environment."""
    options = {name.replace("_", "-"): value for name, value in given.items()}
    return load_settings(options, {**ENVIRON, **(environ or {})})


def refusal(environ: dict[str, str] | None = None, **given: str | Sequence[str]) -> str:
    """The line that says why these settings cannot be used."""
    with pytest.raises(SettingsError) as found:
        load(environ, **given)
    line = str(found.value)
    assert line.isprintable()
    assert "hush" not in line
    return line
