"""The rows of the table about targets: what each does, and what a run says of it.

Rows are data. A behaviour stands in front of one honest server, so whatever a row finds is due to
the behaviour alone. `test_targets` runs them.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass, replace

from tests.misbehaviour.behaviours import (
    JSON,
    PAGE,
    bombs,
    bursts,
    chunked,
    continued,
    cut,
    date,
    deep,
    drip,
    encoded,
    error,
    flood,
    headers,
    later_token,
    longer,
    members,
    outage,
    raw,
    seldom,
    shifted,
    silent,
    token_reply,
    unannounced,
    with_message,
)
from tests.misbehaviour.proxy import Behaviour, Reply, always, answering, edited, every, token

CONFORMS, VIOLATES, UNDECIDED, ERROR, NONE = "conforms", "violates", "undecided", "error", "none"
STATUS = {CONFORMS: 0, VIOLATES: 1, UNDECIDED: 1, ERROR: 3, NONE: 4}
"""The exit status that belongs to a verdict; NONE: the run could not start."""


@dataclass(frozen=True, slots=True)
class Row:
    """A target, and what a run has to say of it. `verdict` may be several, `|` between them."""

    behaviour: Behaviour
    verdict: str
    line: str
    """A part of what the terminal shows, without regard to line breaks."""
    options: tuple[str, ...] = ()
    tls: bool = False
    ipv6: bool = False
    rules: tuple[str, ...] | None = None
    """The only rules that may be broken; None: that does not matter."""


ESC = "\x1b[2J\x1b[H\r\n0 violations: conforms\r\nCONFORMS: all rules\r\n"

AT_THE_START: dict[str, Row] = {
    "answers nothing": Row(silent, NONE, "no answer in time"),
    "closes every connection": Row(lambda turn: turn.close(), NONE, "(http or https?)"),
    "resets every connection": Row(lambda turn: turn.reset(), NONE, "Connection reset"),
    "speaks another protocol": Row(raw(b"SSH-2.0-OpenSSH_9.6\r\n"), NONE, "(http or https?)"),
    "speaks HTTP/0.9": Row(raw(b"<html>hello</html>"), NONE, "(http or https?)"),
    "has TLS where http was asked for": Row(raw(b"\x15\x03\x01\x00\x02\x02\x46"), NONE, "https"),
    "has a certificate of its own": Row(lambda turn: turn.pass_on(), NONE, "--ca", tls=True),
    "answers with a page": Row(answering(200, b"<html>", PAGE), NONE, "text/html"),
    "answers 404 with a page": Row(answering(404, b"<html>", PAGE), NONE, "404"),
    "redirects to a login": Row(
        answering(302, b"", ("Location", "https://login.example/?next=\x1b[2J")), NONE, "302"
    ),
    "redirects to itself": Row(answering(301, b"", ("Location", "/")), NONE, "301"),
    "answers 401": Row(always(error(401)), NONE, "401"),
    "answers 403": Row(always(error(403)), NONE, "403"),
    "answers 418": Row(always(error(418)), NONE, "418"),
    "answers 429 for ever": Row(always(error(429)), NONE, "lower --rate"),
    "answers 503 for ever": Row(always(error(503)), NONE, "503"),
    "asks for a wait of a second for ever": Row(
        always(error(503, ("Retry-After", "1"))), NONE, "come back later"
    ),
    "answers 500": Row(always(error(500)), NONE, "500"),
    "answers 204": Row(answering(204, b""), NONE, "204"),
    "answers 999": Row(answering(999, b"{}"), NONE, "999"),
    "answers with ESC in its content type": Row(
        always(answering(200, b"x", ("Content-Type", "text/\x1b[2Jplain"))), NONE, "text/\\u001b[2J"
    ),
    "answers null": Row(always(answering(200, b"null")), VIOLATES, "SHAPE-1"),
    "answers a list": Row(always(answering(200, b"[]")), VIOLATES, "SHAPE-1"),
    "answers a number of 20,000 digits": Row(
        always(answering(200, b'{"cards":' + b"9" * 20_000 + b"}")), NONE, "without bounds"
    ),
    "Get Token is refused": Row(token(error(401)), NONE, "refused the credentials"),
    "Get Token answers 500": Row(token(error(500)), NONE, "500"),
    "Get Token answers a page": Row(token(answering(200, b"<html>", PAGE)), NONE, "text/html"),
    "Get Token answers null": Row(token(answering(200, b"null")), NONE, "access token"),
    "Get Token answers nothing": Row(token(silent), NONE, "no answer in time"),
    "Get Token answers one byte a second": Row(
        token(drip(b"HTTP/1.1 200 OK\r\n" + b"x" * 500)), NONE, "without bounds"
    ),
    "Get Token answers without end": Row(
        token(flood(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n", b"[" * 65536)),
        NONE,
        "Get Token",
    ),
    "a token that is a number": Row(token_reply(access_token=5), NONE, "access token"),
    "a token with a line break": Row(token_reply(access_token="a\r\nX: y"), NONE, "access token"),
    "a token with letters that no header takes": Row(
        token_reply(access_token="æøå\u202e"), NONE, "access token"
    ),
    "a token of a megabyte": Row(token_reply(access_token="x" * 1_000_000), NONE, ""),
    "a token that lives -1 seconds": Row(token_reply(expires_in=-1), NONE, "expires_in '-1'"),
    "a token that lives NaN seconds": Row(
        token(
            lambda turn: turn.send(Reply(200, (JSON,), b'{"access_token": "x", "expires_in": NaN}'))
        ),
        NONE,
        "access token",
    ),
    "a token that lives for ever": Row(token_reply(expires_in=1e300), CONFORMS, "CONFORMS"),
    "a token that says not how long it lives": Row(token_reply(expires_in=None), NONE, ""),
}
"""What keeps a run from starting, and what only seems to."""

WITHIN_A_RUN: dict[str, Row] = {
    # Connections.
    "closes connections unannounced": Row(always(unannounced), CONFORMS, "CONFORMS"),
    "loses every 20th answer": Row(every(20, lambda turn: turn.close()), CONFORMS, ""),
    "resets every 20th connection": Row(every(20, lambda turn: turn.reset()), CONFORMS, ""),
    "makes it, and loses the answer": Row(
        every(20, lambda turn: (turn.answer, turn.close())[1]), CONFORMS, ""
    ),
    "answers half of an answer now and then": Row(every(20, cut), CONFORMS, ""),
    "answers more than it says": Row(every(20, longer), CONFORMS, ""),
    "dies after 60 requests": Row(
        every(1, lambda turn: turn.close(), after=60), UNDECIDED, "unreachable"
    ),
    "is silent from the 60th request on": Row(every(1, silent, after=60), UNDECIDED, ""),
    "restarts for a second": Row(
        outage(40, 1.0, lambda turn: turn.reset()), f"{CONFORMS}|{UNDECIDED}", "", ("--wait=10s",)
    ),
    "answers 502 for a second": Row(
        outage(40, 1.0, answering(502, b"<html>bad gateway</html>", PAGE)),
        f"{CONFORMS}|{UNDECIDED}",
        "",
        ("--wait=10s",),
    ),
    "answers 502 from the 60th request on": Row(
        every(1, answering(502, b"<html>bad gateway</html>", PAGE), after=60), UNDECIDED, ""
    ),
    "answers 401 from the 60th request on": Row(
        every(1, error(401), after=60), UNDECIDED, "credentials"
    ),
    "answers 401 twice in a row now and then": Row(bursts(2, 40, error(401)), CONFORMS, "CONFORMS"),
    "answers 401 five times in a row now and then": Row(
        bursts(5, 60, error(401)), CONFORMS, "CONFORMS", ("--wait=10s",)
    ),
    "gives a page for a token once": Row(
        later_token(2, answering(200, b"<html>", PAGE)), CONFORMS, "", ("--rate=100", "--wait=10s")
    ),
    "refuses the credentials once": Row(
        later_token(2, error(401)), CONFORMS, "", ("--rate=100", "--wait=10s")
    ),
    "answers half of the requests with 500": Row(
        seldom(0.5, error(500)), f"{VIOLATES}|{UNDECIDED}", ""
    ),
    "answers 429 now and then": Row(every(60, error(429)), CONFORMS, ""),
    "asks for waits in words": Row(every(60, error(503, ("Retry-After", "soon"))), CONFORMS, ""),
    "asks for negative waits": Row(every(20, error(429, ("Retry-After", "-1e9"))), CONFORMS, ""),
    "asks to wait for NaN": Row(every(60, error(429, ("Retry-After", "nan"))), CONFORMS, ""),
    # Bounds.
    "answers one byte a second": Row(every(30, drip(b"HTTP/1.1 200 OK\r\n\r\n")), VIOLATES, ""),
    "answers 1xx without end": Row(
        every(30, flood(b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 100)),
        f"{CONFORMS}|{UNDECIDED}|{VIOLATES}",
        "",
    ),
    "answers a few 1xx first": Row(always(continued(3)), CONFORMS, "CONFORMS"),
    "answers without end": Row(
        every(
            30,
            flood(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n", b" " * 65536),
        ),
        VIOLATES,
        "",
    ),
    "says that 1 GB follows": Row(
        every(30, raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n{")),
        CONFORMS,
        "",
    ),
    "sends a bomb of gzip": Row(every(30, bombs), VIOLATES, "SHAPE-1"),
    "sends 40 MB of JSON": Row(
        every(40, edited(lambda reply: replace(reply, body=b"[" + b"{}," * 13_000_000 + b"{}]"))),
        VIOLATES,
        "",
    ),
    "sends JSON 100,000 deep": Row(
        every(30, edited(lambda reply: replace(reply, body=deep(100_000)))),
        VIOLATES,
        "",
    ),
    "sends a number of a million digits": Row(
        every(30, edited(lambda reply: replace(reply, body=b"9" * 1_000_000))),
        VIOLATES,
        "",
    ),
    "sends a thousand headers": Row(
        every(30, headers(*((f"X-{n}", "y") for n in range(1000)))),
        CONFORMS,
        "",
    ),
    "sends a header of a megabyte": Row(
        every(30, headers(("X-Long", "y" * 1_000_000))), CONFORMS, ""
    ),
    "sends broken chunks": Row(every(30, chunked(b"ZZ\r\n{}\r\n")), CONFORMS, ""),
    "sends gzip that is none": Row(
        every(30, encoded(lambda body: b"no gzip", "gzip")),
        CONFORMS,
        "",
    ),
    "sends brotli, which nobody asked for": Row(
        every(30, encoded(lambda body: b"\x0b\x02\x80", "br")),
        CONFORMS,
        "",
    ),
    "sends gzip": Row(always(encoded(gzip.compress, "gzip")), CONFORMS, "CONFORMS"),
    # Encodings and JSON.
    "sends UTF-16": Row(
        every(30, edited(lambda reply: replace(reply, body=b"\xff\xfe{\x00}\x00"))), VIOLATES, ""
    ),
    "sends Latin-1": Row(
        every(30, edited(lambda reply: replace(reply, body=b'{"a": "\xe5"}'))), VIOLATES, "SHAPE-"
    ),
    "sends a byte order mark": Row(
        always(edited(lambda reply: replace(reply, body=b"\xef\xbb\xbf" + reply.body))),
        CONFORMS,
        "",
    ),
    "sends NaN": Row(
        every(30, edited(lambda reply: replace(reply, body=b'{"amount": NaN}'))), VIOLATES, ""
    ),
    "sends nothing with 200": Row(
        every(30, edited(lambda reply: replace(reply, body=b""))), f"{VIOLATES}", ""
    ),
    "sends null with 200": Row(
        every(30, edited(lambda reply: replace(reply, body=b"null"))), VIOLATES, "SHAPE-1"
    ),
    "sends a list for an object": Row(
        every(90, edited(lambda reply: replace(reply, body=b"[]"))), VIOLATES, "SHAPE-1"
    ),
    "sends lone surrogates": Row(members(currency="\ud800", message="\udfff"), VIOLATES, "\\ud800"),
    "sends NUL": Row(with_message("a\x00b"), VIOLATES, "VIOLATES"),
    "clears the screen in an error": Row(with_message(ESC), VIOLATES, "VIOLATES"),
    "clears the screen in an id": Row(members(id=ESC), VIOLATES, "\\u001b[2J"),
    "clears the screen in a currency": Row(members(currency=ESC), VIOLATES, "\\u001b[2J"),
    "clears the screen in a header": Row(
        always(edited(lambda reply: reply.with_header("Content-Type", "text/\x1b[2J"))),
        VIOLATES,
        "",
    ),
    "turns text around": Row(members(currency="\u202eKON"), VIOLATES, "\\u202eKON"),
    "sends markup": Row(members(id="<script>alert(1)</script>[red]x[/red]"), VIOLATES, "<script>"),
    "sends an id of 100,000 signs": Row(members(id="x" * 100_000), VIOLATES, "more characters"),
    "sends one id for all": Row(members(id="one"), VIOLATES, "TX-8"),
    "sends no ids": Row(members(id=""), VIOLATES, ""),
    "sends ids that are paths": Row(members(id="../../../etc/passwd"), VIOLATES, ""),
    "sends amounts as text": Row(members(amount="10"), VIOLATES, "SHAPE-1"),
    "sends amounts of 10^400": Row(members(amount=10**400), VIOLATES, ""),
    "sends infinite amounts": Row(members(amount=float("inf")), VIOLATES, ""),
    "sends amounts as lists": Row(members(amount_balance=[[]]), VIOLATES, "SHAPE-1"),
    "sends dates that are none": Row(members(created_at="soon"), VIOLATES, ""),
    "says JSON and sends a page": Row(
        every(30, edited(lambda reply: replace(reply, body=b"<html>"))), VIOLATES, "SHAPE-"
    ),
    "says nothing of its content type": Row(
        always(edited(lambda reply: reply.with_header("Content-Type", None))),
        VIOLATES,
        "",
    ),
    "says a content type with odd parameters": Row(
        always(
            edited(
                lambda reply: reply.with_header(
                    "Content-Type", 'application/json; charset="\x00"; q=='
                )
            )
        ),
        NONE,
        "",
    ),
    # Clocks.
    "is three hours ahead": Row(shifted(3), CONFORMS, "CONFORMS"),
    "is a day behind": Row(shifted(-24), CONFORMS, "CONFORMS"),
    "has a clock that stands still": Row(
        date("Mon, 02 Nov 2026 08:00:00 GMT"), CONFORMS, "CONFORMS"
    ),
    "lives in the year 1": Row(date("Mon, 01 Jan 0001 00:00:00 GMT"), CONFORMS, "CONFORMS"),
    "lives in the year 9999": Row(date("Fri, 31 Dec 9999 23:59:59 GMT"), CONFORMS, "CONFORMS"),
    "has a date that is none": Row(date("\x1b[2J soon"), CONFORMS, "CONFORMS"),
    "has no date": Row(date(None), CONFORMS, "CONFORMS"),
}
"""What a target does while it is judged."""
