"""Guesses which operations of an OpenAPI document are hold, capture, void and the others, and what
their members mean. Only guesses: a person corrects them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tallystick.profiles.declared.declaration import Name
from tallystick.profiles.declared.documents import Described

JSON = Any
_WORDS = re.compile(r"[a-z]+")
_PARAMETER = re.compile(r"\{([^}]+)\}")


@dataclass(frozen=True, slots=True)
class _Clue:
    """What an operation looks like."""

    method: str
    last: tuple[str, ...]
    """Words for the last word of its path that is no variable, best first."""
    anywhere: tuple[str, ...] = ()
    """Words for its id and summary."""
    never: tuple[str, ...] = ()


_HOLDS = (
    *("hold", "authorization", "authorize", "authorisation", "authorise", "reservation"),
    *("reserve", "preauthorization", "preauth", "block", "intent", "charge", "payment"),
)
_ENDS = ("capture", "settle", "confirm", "commit", "void", "cancel", "release", "refund", "reverse")
CLUES: dict[Name, _Clue] = {
    Name.CARD: _Clue("POST", ("account", "wallet", "card", "balance"), (), _ENDS),
    Name.HOLD: _Clue("POST", _HOLDS, ("hold", "authorize", "reserve"), (*_ENDS, "method")),
    Name.CAPTURE: _Clue("POST", ("capture", "settle", "confirm", "commit", "complete")),
    Name.VOID: _Clue("POST", ("void", "release", "cancel", "reverse", "reversal", "refund")),
    Name.DRAW: _Clue(
        "POST", ("payment", "debit", "withdrawal", "withdraw", "spend", "purchase"), (), _ENDS
    ),
    Name.FUND: _Clue("POST", ("deposit", "fund", "topup", "credit", "load", "funding"), (), _ENDS),
    Name.LIST: _Clue("GET", ("transaction", "movement", "entry", "activity", "operation")),
}


def guess(operations: Iterable[Described]) -> dict[Name, Described]:
    """Return the operation that fits each command best; a command without one is left out."""
    listed = list(operations)
    found: dict[Name, Described] = {}
    for name in (Name.CAPTURE, Name.VOID, Name.HOLD, Name.FUND, Name.CARD, Name.DRAW, Name.LIST):
        left = [each for each in listed if each not in found.values()]
        best = max(left, key=lambda each: _score(CLUES[name], each), default=None)
        if best is not None and _score(CLUES[name], best) > 0:
            found[name] = best
    for made, read in ((Name.HOLD, Name.READ_HOLD), (Name.CARD, Name.READ_CARD)):
        reader = _reader(listed, found, found.get(made))
        if reader is not None:
            found[read] = reader
    if Name.READ_CARD not in found:
        for name in (Name.CARD, Name.DRAW, Name.FUND, Name.LIST):
            found.pop(name, None)
    return found


def _score(clue: _Clue, operation: Described) -> int:
    if operation.method != clue.method:
        return 0
    segments = [each for each in operation.path.split("/") if each and not each.startswith("{")]
    last = _stems(segments[-1]) if segments else []
    if any(word in last for word in clue.never):
        return 0
    score = max((20 - at for at, word in enumerate(clue.last) if word in last), default=0)
    said = _stems(f"{operation.operation} {operation.summary}")
    return score + (5 if any(word in said for word in clue.anywhere) and score else 0)


def _stems(text: str) -> list[str]:
    """The words of a name or a sentence, each without the s of its plural."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).lower()
    words = _WORDS.findall(spaced)
    return words + [word.removesuffix("s") for word in words] + ["".join(words)]


def _reader(
    operations: list[Described], found: Mapping[Name, Described], made: Described | None
) -> Described | None:
    """The GET of what is made: the same path with an id, or the one before `/capture`."""
    if made is None:
        return None
    bases = [made.path.rstrip("/")]
    for name in (Name.CAPTURE, Name.VOID):
        if made is found.get(Name.HOLD) and name in found:
            bases.append(_PARAMETER.sub("{}", found[name].path).rpartition("/{}/")[0])
    for base in (_PARAMETER.sub("{}", path) for path in bases):
        for each in operations:
            if each.method == "GET" and _PARAMETER.sub("{}", each.path) == f"{base}/{{}}":
                return each
    return None


# Members ------------------------------------------------------------------------------------------

SENT = {
    "$amount": (
        *("amount", "amount_to_capture", "capture_amount", "value", "amount_minor"),
        *("opening_amount", "initial_amount", "opening_balance", "initial_balance"),
    ),
    "$currency": ("currency", "currency_code", "asset"),
    "$hold": ("hold_id", "hold", "charge", "authorization_id", "payment_id", "payment_intent"),
    "$card": ("card_id", "account_id", "wallet_id", "account", "wallet", "source_account"),
}
"""By variable: the members of a request that look like it."""
REFS = ("idempotency_key", "ref_id", "reference", "request_id", "external_id", "client_reference")
CONSTANTS: dict[str, JSON] = {"capture": False, "pending": True, "auto_capture": False}
"""Members of a request that make a hold of a payment."""
SHOWN = {
    "id": ("id", "uuid", "hold_id", "authorization_id", "transaction_id"),
    "currency": ("currency", "currency_code"),
    "amount": ("amount", "authorized_amount", "amount_authorized", "original_amount"),
    "captured": ("captured", "amount_captured", "captured_amount", "amount_received"),
    "remaining": ("remaining", "amount_capturable", "remaining_amount", "capturable_amount"),
    "released": ("released", "amount_released", "released_amount"),
    "balance": ("balance", "total", "amount_balance", "total_balance"),
    "available": ("available", "amount_available", "available_balance", "available_amount"),
    "pending": ("pending", "held", "reserved", "held_amount"),
    "ref": ("idempotency_key", "ref_id", "reference"),
    "parent": ("parent_id", "hold_id", "authorization_id", "payment_id"),
}
"""By figure: the members of an answer that look like it."""


def properties(document: Mapping[str, JSON], schema: JSON) -> dict[str, JSON]:
    """Return the members of a schema, with those of the schemas that it is made of."""
    schema = resolved(document, schema)
    found = dict(schema.get("properties") or {})
    for kind in ("allOf", "oneOf", "anyOf"):
        for part in schema.get(kind) or ():
            found = {**properties(document, part), **found}
    return found


def resolved(document: Mapping[str, JSON], node: JSON) -> dict[str, JSON]:
    """Return a part of a document in place of a reference to it; empty if there is none."""
    for _ in range(20):
        if not isinstance(node, dict) or "$ref" not in node:
            break
        found: JSON = document
        for part in str(node["$ref"]).removeprefix("#/").split("/"):
            found = found.get(part, {}) if isinstance(found, dict) else {}
        node = found
    return node if isinstance(node, dict) else {}


def request_body(document: Mapping[str, JSON], operation: Described) -> tuple[str, JSON]:
    """Return `json` or `form`, and the schema of the body of a request; `{}` if it has none."""
    content = resolved(document, operation.content.get("requestBody")).get("content") or {}
    for kind, body in (("application/json", "json"), ("application/x-www-form-urlencoded", "form")):
        if kind in content:
            return body, content[kind].get("schema") or {}
    return "json", {}


def answer_schema(document: Mapping[str, JSON], operation: Described) -> JSON:
    """Return the schema of an accepting answer; `{}` if it has none."""
    for status, response in (operation.content.get("responses") or {}).items():
        if str(status).startswith("2"):
            content = resolved(document, response).get("content") or {}
            return (content.get("application/json") or {}).get("schema") or {}
    return {}


def statuses(operation: Described) -> set[int]:
    """Return the documented statuses from 400 to 499."""
    listed = (str(status) for status in operation.content.get("responses") or {})
    return {int(each) for each in listed if each.isdecimal() and 400 <= int(each) < 500}


def named(members: Iterable[str], words: Iterable[str]) -> str | None:
    """Return the member that one of the words names, best first."""
    known = list(members)
    return next((word for word in words if word in known), None)
