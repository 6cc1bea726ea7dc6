"""Authentication without a request of its own: headers that the credentials alone decide.

A profile whose credentials are fetched brings its own (`wallet.bearer`).
"""

from __future__ import annotations

from collections.abc import Mapping

from tallystick.profiles.profile import ProfileError
from tallystick.target.address import Client, Secret, basic_header
from tallystick.target.proof import Change, Outgoing, Part, Proof
from tallystick.target.sender import Sender

TOKEN = "${token}"


class HeadersOnly:
    """What an authentication is whose credentials are all in headers, the same for any request."""

    covers: frozenset[str] = frozenset()
    shown: tuple[tuple[str, str], ...] = ()

    def current(self) -> Mapping[str, Secret]:
        """The headers."""
        raise NotImplementedError

    def proof(self, sent: Outgoing, change: Change | None = None, part: Part = "secret") -> Proof:
        """The headers; with `change`, other ones."""
        headers = self.current()
        if change is None:
            return Proof(headers)
        return Proof({name: Secret(change(str(value))) for name, value in headers.items()})


class FixedHeaders(HeadersOnly):
    """The same headers with every request."""

    is_fixed = True
    audience = ""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = {name: Secret(value) for name, value in headers.items()}

    def headers(self, sender: Sender) -> Mapping[str, Secret]:
        """The headers; `sender` is not needed."""
        return self._headers

    def current(self) -> Mapping[str, Secret]:
        """The headers."""
        return self._headers

    def forget(self) -> None:
        """There are no others."""


def header_from_template(name: str, template: str, client: Client) -> FixedHeaders:
    """One header from a template such as `Bearer ${token}`, where `${token}` is TALLYSTICK_TOKEN.

    ProfileError, one line, if no token was given.
    """
    if TOKEN in template and not client.token:
        raise ProfileError("this profile authenticates with a token: set TALLYSTICK_TOKEN")
    return FixedHeaders({name: template.replace(TOKEN, client.token)})


def basic(client: Client) -> FixedHeaders:
    """HTTP basic: TALLYSTICK_CLIENT_ID with TALLYSTICK_CLIENT_SECRET, or TALLYSTICK_TOKEN alone.

    A token alone is sent as the user name, with an empty password. ProfileError if none was given.
    """
    if client.token:
        return FixedHeaders(basic_header(client.token, ""))
    if not client.client_id:
        raise ProfileError(
            "this profile authenticates with HTTP basic: set TALLYSTICK_CLIENT_ID and "
            "TALLYSTICK_CLIENT_SECRET, or TALLYSTICK_TOKEN"
        )
    return FixedHeaders(basic_header(client.client_id, client.secret))
