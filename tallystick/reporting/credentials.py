"""The credentials of a request without their secrets: what was made of the usual ones.

A token that was left out, cut off or altered on purpose is what such a request is about, so it is
shown by blanks for the parts of the usual one: `token`, `signed` (all but its signature), `payload`
and `signature`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator

from tallystick.reporting.blank import blank, pieces
from tallystick.target import Client, Exchange
from tallystick.target.unusual import Headers, Unusual

UNKNOWN = "credentials"
"""The blank for credentials of which nobody can tell how they were made."""
PAIR = "pair "
"""Begins the blank for user and password of HTTP basic in base64: what they are made of follows."""
NAMES = ("authorization", "x-api-key")
SHARED = 12
"""So many signs in common with the usual token make a text a secret."""
_IN_SHELL = {
    "token": "${name}TOKEN",
    "signed": "${{{name}TOKEN%.*}}",
    "payload": '$(cut -d. -f2 <<<"${name}TOKEN")',
    "signature": "${{{name}TOKEN##*.}}",
}


def credentials_of(unusual: Unusual, client: Client | None = None) -> Headers:
    """The headers with credentials that a request carried, with blanks.

    With the client of the run it can be told what was made of its id and secret, too.
    """
    if unusual.is_computed:
        carried = unusual.usual if unusual.authorized else unusual.headers
        return tuple((name, blank(UNKNOWN)) for name, _ in carried if is_credential(name, unusual))
    given = {name.lower() for name, _ in unusual.headers}
    usual = [(n, v) for n, v in unusual.usual if unusual.authorized and n.lower() not in given]
    sent = [(n, v) for n, v in unusual.headers if is_credential(n, unusual)]
    known = dict(unusual.usual)
    return tuple(
        (name, _pair_in(value, client) or _shown(value, known.get(name, "")))
        for name, value in [*usual, *sent]
    )


def is_credential(name: str, unusual: Unusual) -> bool:
    """Whether a header of a request carries credentials."""
    usual = {each.lower() for each, _ in unusual.usual}
    return name[:1] in ("?", "&") or name.lower() in {*NAMES, *usual}


def _pair_in(value: str, client: Client | None) -> str:
    """What was made of the id and the secret of a client; empty: it cannot be told."""
    scheme, _, packed = value.partition(" ")
    if client is None or not client.client_id or not client.secret or scheme != "Basic":
        return ""
    try:
        user, colon, password = base64.b64decode(packed, validate=True).decode().partition(":")
    except ValueError:
        return ""
    begins = user.startswith(client.client_id)
    user = f"${{client_id}}{user[len(client.client_id) :]}" if begins else user
    for part, name in ((client.secret, "client_secret"), (client.secret[:-1], "cut_secret")):
        if part and password.startswith(part):
            made = f"{user}{colon}${{{name}}}{password[len(part) :]}"
            break
    else:
        made = f"{user}{colon}{password}"
    text = re.sub(r"\$\{\w+\}", "", made)
    is_told = client.secret in text or _shares(text, client.secret)
    is_plain = re.fullmatch(r"[\w:~.-]*", text) is not None
    return f"{scheme} {blank(PAIR + made)}" if is_plain and not is_told else ""


def _shown(value: str, usual: str) -> str:
    scheme, _, token = usual.rpartition(" ")
    if value == usual:
        return f"{scheme} {blank('token')}".strip()
    if value in ("", scheme):
        return value
    if token and token in value:
        return value.replace(token, blank("token"))
    given_scheme, _, given = value.rpartition(" ")
    if given_scheme.lower() not in ("", "bearer"):
        return blank(UNKNOWN)
    made = _made_of(given, token) if token.count(".") == 2 else None
    if made is not None:
        return f"{given_scheme} {made}".strip()
    return blank(UNKNOWN) if _shares(given, token) else value


def _made_of(given: str, token: str) -> str | None:
    """What was made of a token with three parts; None if it cannot be told."""
    header, payload, signature = token.split(".")
    parts = given.split(".")
    if len(parts) != 3 or parts[1] != payload:
        return None
    if parts[0] == header:
        # The signature is wrong on purpose: any other wrong one does the same.
        return f"{blank('signed')}.{'A' * len(parts[2])}"
    if parts[2] not in ("", signature):
        return None
    return f"{parts[0]}.{blank('payload')}.{blank('signature') if parts[2] else ''}"


def _shares(given: str, token: str) -> bool:
    return any(given[at : at + SHARED] in token for at in range(max(0, len(given) - SHARED + 1)))


def in_shell(headers: Iterable[tuple[str, str]], client: str) -> list[str]:
    """Headers as words of a shell between double quotes; `client` names whose token it is."""
    prefix = f"{client}_" if client else ""
    return ["".join([_named(name), *_words(value, prefix)]) for name, value in headers]


def _named(place: str) -> str:
    """A header, or a member of the query or the body, see `Proof.listed`."""
    return f"{place}=" if place[0] in "?&" else f"{place}: "


def _words(value: str, prefix: str) -> Iterable[str]:
    for part, is_blank in pieces(value):
        if is_blank:
            yield _IN_SHELL.get(part, "$CREDENTIALS").format(name=prefix)
        else:
            yield re.sub(r"([\\\"$`])", r"\\\1", part)


def further_headers(exchange: Exchange) -> Iterator[tuple[str, str]]:
    """The headers of a request beside its credentials."""
    yield from exchange.request.headers
    unusual = exchange.unusual
    if unusual is not None:
        yield from (each for each in unusual.headers if not is_credential(each[0], unusual))


def shown_credentials(exchange: Exchange) -> tuple[str, ...] | None:
    """The headers with its credentials, for a shell; None: they were the usual ones."""
    unusual = exchange.unusual
    if unusual is None or (unusual.authorized and not unusual.headers and not unusual.client):
        return None
    return tuple(in_shell(credentials_of(unusual), unusual.client))
