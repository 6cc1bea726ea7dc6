"""The login of an API with blanks for what a script gets from its environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tallystick.reporting.blank import NUL
from tallystick.run import Run
from tallystick.target.api import ScriptedLogin

JSON = Any


def templated(run: Run, audience: str) -> str:
    """An audience with the blanks of a login."""
    address = run.target.address
    known = audience.replace(address.url, "${url}")
    return known.replace(address.account, "${account}") if address.account else known


def with_blanks(login: ScriptedLogin) -> ScriptedLogin:
    """The login with blanks in place of `${name}`."""
    fetch = login.fetch
    if fetch is not None:
        fetch = replace(
            fetch,
            path=_blanked(fetch.path),
            body=_blanked(fetch.body),
            headers=tuple((name, _blanked(value)) for name, value in fetch.headers),
        )
    return replace(login, headers=_blanked(login.headers), fetch=fetch)


def _blanked(value: JSON) -> JSON:
    if isinstance(value, Mapping):
        return {name: _blanked(member) for name, member in value.items()}
    if not isinstance(value, str):
        return value
    return value.replace("${", NUL).replace("}", NUL) if "${" in value else value
