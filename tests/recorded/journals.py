"""Journals written by hand, of a small API, and what is said of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tallystick.profiles.declared.profile import DeclaredProfile, load
from tallystick.profiles.documents import dialect_of
from tallystick.recorded import Judged, Recorded, judge, recorded
from tallystick.reporting.compressed import read_text
from tallystick.reporting.journal import Header, Journal
from tallystick.request import Request
from tallystick.target import Answer, Exchange, NoAnswer

JSON = Any
MS = 1_000_000

SMALL = """
profile: small
authentication: {header: Authorization, value: Bearer $token}
money: {as: minor-integer, currencies: [EUR, USD]}
retry: {header: Idempotency-Key}
refused: [400, 404, 409, 422]
control: GET /holds/none

commands:
  hold:
    send: POST /holds
    with: {amount: $amount, currency: $currency, metadata: $metadata}
    shows: {id: id, amount: amount, currency: currency, metadata: metadata}
  capture:
    send: POST /holds/$hold/captures
    with: {amount: $amount}
  void:
    send: POST /holds/$hold/void
  read hold:
    send: GET /holds/$hold
    shows:
      {id: id, amount: amount, captured: captured, remaining: left, open: {status: open},
       metadata: metadata}

answers:
  capture.rest: kept
  ref.same.*: replay
  ref.other_body.*: refuse
  ref.other_hold.*: refuse
  ref.across.*: refuse
"""


@dataclass(frozen=True)
class Sent:
    """One exchange: by itself it begins when the one before it has ended."""

    method: str
    path: str
    body: JSON = None
    key: str = ""
    status: int | None = 200
    answer: JSON = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    form: bool = False
    at_ms: tuple[int, int] | None = None

    def but(self, **changed: Any) -> Sent:
        return replace(self, **changed)


HELD = Sent(
    "POST",
    "/holds",
    {"amount": 600, "currency": "EUR"},
    "k1",
    answer={"id": "h1", "amount": 600, "currency": "EUR"},
)
CAPTURED = Sent("POST", "/holds/h1/captures", {"amount": 200}, "k2")
VOIDED = Sent("POST", "/holds/h1/void", None, "k3")


def read(captured: int, left: int, *, status: str = "open", hold: str = "h1") -> Sent:
    shown = {"id": hold, "amount": 600, "captured": captured, "left": left, "status": status}
    return Sent("GET", f"/holds/{hold}", answer=shown)


def profile(folder: Path, text: str = SMALL) -> DeclaredProfile:
    file = folder / "profile.yaml"
    file.write_text(text, encoding="utf-8")
    return load(file)


def journal(
    folder: Path, exchanges: Iterable[Sent], *, is_whole: bool = True, timeout_s: float = 10
) -> Path:
    path = folder / "journal.jsonl.gz"
    written = Journal(path, Header("http://127.0.0.1:1", "", "gate", 0, timeout_s=timeout_s))
    at = 0
    for number, sent in enumerate(exchanges, start=1):
        began, ended = sent.at_ms or (at, at + 1)
        at = ended + 1
        keyed = {"Idempotency-Key": sent.key} if sent.key else {}
        headers = tuple((keyed | sent.headers).items())
        request = Request("", sent.method, sent.path, sent.body, headers, sent.form)
        answer = (
            NoAnswer("reset")
            if sent.status is None
            else Answer(sent.status, "application/json", sent.answer)
        )
        written(Exchange(number, request, answer, began * MS + 1, ended * MS))
    written.close()
    if not is_whole:
        path.write_text("\n".join([*read_text(path).splitlines()[:-1], ""]))
    return path


def judged(path: Path, of: DeclaredProfile) -> tuple[Recorded, Judged]:
    found = recorded(path, of)
    known = dialect_of(of, None)
    return found, judge(
        found.history,
        lambda key, card: found.start(str(key), card, known, of.traits),
        seconds=60,
    )
