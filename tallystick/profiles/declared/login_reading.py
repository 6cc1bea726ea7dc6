"""Reads `authentication` of a profile file. Every mistake is noted on the page."""

from __future__ import annotations

from tallystick.profiles.declared.command_reading import CommandReader, headers_in
from tallystick.profiles.declared.declaration import Login
from tallystick.profiles.declared.expressions import as_word
from tallystick.profiles.declared.page import Item, Members, Page, plain
from tallystick.profiles.declared.signing import (
    ALGORITHMS,
    DIGESTS,
    KEYS,
    SPELLINGS,
    TIMES,
    Signature,
)
from tallystick.profiles.declared.templates import names_in

WHERE = "authentication"
BASIC = "Basic $basic"


def login_in(page: Page, members: Members, reader: CommandReader) -> Login:
    """Return how requests authenticate."""
    item = members.take(WHERE)
    if item is None or item.value in (None, "none"):
        return Login()
    inner = Members(page, item, WHERE)
    pair = inner.text("basic")
    if pair and ":" not in pair:
        inner.mistake(item.line, "`basic` is a user and a password, such as $token:x or api:$token")
    query = {name: as_word(plain(each)) or "" for name, each in inner.mapping("query").items()}
    body = {name: plain(each) for name, each in inner.mapping("members").items()}
    fetched = inner.take("fetch")
    headers = _headers(inner, item, has_others=bool(query or body), pair=pair)
    token = reader.expression(inner.take("token"), f"{WHERE}: token")
    lifetime = reader.expression(inner.take("lifetime"), f"{WHERE}: lifetime")
    signature = _signature(page, inner.take("signature"))
    inner.end()
    call = None if fetched is None else reader.one_call(fetched, f"{WHERE}: fetch")
    if (call is None) != (token is None):
        inner.mistake(item.line, "`fetch` and `token` (where its answer has the token) go together")
    is_form = reader.body == "form"
    return Login(headers, call, token, lifetime, query, body, is_form, pair, signature)


def _headers(members: Members, item: Item, *, has_others: bool, pair: str) -> dict[str, str]:
    """The headers: one, several, or the usual one where nothing else carries credentials."""
    headers = headers_in(members)
    has_others = has_others or bool(headers)
    header = members.text("header", "" if has_others else "Authorization")
    value = members.text("value", BASIC if pair else "" if has_others else "Bearer $token")
    if headers and header:
        text = "one header with `header` and `value`, or several in `headers`"
        members.mistake(item.line, text)
    if pair and "basic" not in names_in([headers, value]):
        members.mistake(item.line, "`basic` is what $basic stands for, and no header has it")
    if pair and not header and not headers:
        header = "Authorization"
    if bool(header) != bool(value) and not headers:
        members.mistake(item.line, "`header` and `value` go together")
    return headers or ({header: value} if header else {})


def _signature(page: Page, item: Item | None) -> Signature | None:
    if item is None:
        return None
    inner = Members(page, item, f"{WHERE}: signature")
    of = inner.text("of")
    if not of:
        inner.mistake(item.line, 'the text that is signed is missing: `of: "$method\\n$resource"`')
    key = inner.text("key", "$client_secret")
    found = Signature(
        of,
        key,
        inner.one_of("with", ALGORITHMS, next(iter(ALGORITHMS))),
        inner.one_of("as", SPELLINGS, SPELLINGS[0]),
        inner.one_of("key_as", KEYS, KEYS[0]),
        inner.one_of("timestamp", TIMES, TIMES[0]),
        inner.one_of("digest", DIGESTS, DIGESTS[0]),
    )
    inner.end()
    return found
