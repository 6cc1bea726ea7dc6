"""What proves who sends a request, and where in the request it travels. Values; knows no API."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import unquote_plus, urlencode

import httpx

from tallystick.target.address import Secret

JSON = Any
Change = Callable[[str], str]
"""Makes another secret of one."""
Part = Literal["secret", "key"]
"""What is another one: what a request shows, or what it is signed with."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One HTTP request as it is sent."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes | None

    @property
    def resource(self) -> str:
        """The path from the host on, with the query, as it is on the wire."""
        return httpx.URL(self.url).raw_path.decode("ascii")

    @property
    def host(self) -> str:
        """The host as the request names it, with the port if it is not the usual one."""
        return httpx.URL(self.url).netloc.decode("ascii")


@dataclass(frozen=True, slots=True)
class Proof:
    """The credentials of one request, and the signature if it is signed."""

    headers: Mapping[str, Secret] = field(default_factory=dict)
    query: Mapping[str, Secret] = field(default_factory=dict)
    members: Mapping[str, JSON] = field(default_factory=dict)
    """Members of the body, perhaps within others."""
    form: bool = False
    """Whether a request without a body gets a form for `members`; else it gets JSON."""

    def put_into(self, sent: Outgoing) -> Outgoing:
        """The request with these credentials; what it says itself in a header goes before them."""
        if self.query:
            sent = replace(sent, url=_with_query(sent.url, self.query))
        if self.members and sent.method in ("POST", "PUT", "PATCH"):
            sent = _with_members(sent, self.members, form=self.form)
        return replace(sent, headers={**self.headers, **sent.headers})

    def listed(self) -> Iterator[tuple[str, Secret]]:
        """All that they are, by place: a header, `?name` in the query, `&name[inner]` in a body."""
        yield from self.headers.items()
        yield from ((f"?{name}", value) for name, value in self.query.items())
        yield from ((f"&{name}", Secret(value)) for name, value in leaves(self.members))


def leaves(members: Mapping[str, JSON], within: str = "") -> Iterator[tuple[str, str]]:
    """The members of a body and of its objects, each named as a form does: `merchant[key]`."""
    for name, value in members.items():
        named = f"{within}[{name}]" if within else name
        if isinstance(value, Mapping):
            yield from leaves(value, named)
        else:
            yield named, str(value)


def _with_query(url: str, query: Mapping[str, str]) -> str:
    """The address with these members of its query, in place of others of the same names.

    A link of the server's own (the next page) may have them already.
    """
    address, _, given = url.partition("?")
    kept = [
        pair for pair in given.split("&") if pair and unquote_plus(pair.split("=")[0]) not in query
    ]
    return f"{address}?{'&'.join([*kept, urlencode(query)])}"


def _with_members(sent: Outgoing, members: Mapping[str, JSON], *, form: bool) -> Outgoing:
    content = sent.content
    kind = next((v for name, v in sent.headers.items() if name.lower() == "content-type"), "")
    if content is None:
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        headers = {**sent.headers, "Content-Type": kind}
        sent, content = replace(sent, headers=headers), b"" if form else b"{}"
    if "form" in kind:
        pairs = urlencode(list(leaves(members))).encode()
        return replace(sent, content=b"&".join(filter(None, (content, pairs))))
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return sent  # it is ill-formed on purpose
    if not isinstance(body, dict):
        return sent
    if not set(body) & set(members):
        # What a driver wrote is kept byte for byte: a number may be spelled in a way of its own.
        start, rest = content.lstrip()[:1], content.lstrip()[1:]
        comma = b", " if body else b""
        return replace(sent, content=start + json.dumps(members)[1:-1].encode() + comma + rest)
    return replace(sent, content=json.dumps(_merged(body, members)).encode())


def _merged(body: Mapping[str, JSON], members: Mapping[str, JSON]) -> dict[str, JSON]:
    found = dict(body)
    for name, value in members.items():
        inner = found.get(name)
        if isinstance(inner, Mapping) and isinstance(value, Mapping):
            value = _merged(inner, value)
        found[name] = value
    return found
