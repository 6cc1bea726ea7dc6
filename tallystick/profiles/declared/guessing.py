"""Guesses which operations of an OpenAPI document are hold, capture, void and the others, and what
their members mean. Only guesses: a person corrects them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tallystick.profiles.declared.declaration import Name
from tallystick.profiles.declared.documents import Described
from tallystick.profiles.declared.guessed_members import CONSTANTS, named, properties, resolved

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
    others: tuple[str, ...] = ()
    """Other methods that it may have."""


_HOLDS = (
    *("hold", "authorization", "authorize", "authorisation", "authorise", "reservation"),
    *("reserve", "preauthorization", "preauth", "block", "intent", "charge", "payment"),
)
_ENDS = ("capture", "settle", "confirm", "commit", "void", "cancel", "release", "refund", "reverse")
_COLLECTS = (
    *("capture", "settle", "settlement", "clearing", "clear", "confirm", "commit", "complete"),
    *("completion", "collect"),
)
CLUES: dict[Name, _Clue] = {
    Name.CARD: _Clue("POST", ("account", "wallet", "card", "balance"), (), _ENDS),
    Name.HOLD: _Clue("POST", _HOLDS, ("hold", "authorize", "reserve"), (*_ENDS, "method")),
    Name.CAPTURE: _Clue(
        *("POST", _COLLECTS, (), ()),
        others=("PUT", "PATCH"),
    ),
    Name.VOID: _Clue(
        *("POST", ("void", "release", "cancel", "reverse", "reversal", "refund"), (), ()),
        others=("PUT", "PATCH"),
    ),
    Name.REFUND: _Clue("POST", ("refund",), (), ()),
    Name.DRAW: _Clue(
        "POST", ("payment", "debit", "withdrawal", "withdraw", "spend", "purchase"), (), _ENDS
    ),
    Name.FUND: _Clue("POST", ("deposit", "fund", "topup", "credit", "load", "funding"), (), _ENDS),
    Name.LIST: _Clue("GET", ("transaction", "movement", "entry", "activity", "operation")),
}

CLEAREST_FIRST = (
    *(Name.CAPTURE, Name.VOID, Name.REFUND, Name.HOLD),
    *(Name.FUND, Name.CARD, Name.DRAW, Name.LIST),
)
"""The commands by how clear their words are: what one has taken no later one can have."""


def guess(
    operations: Iterable[Described], document: Mapping[str, JSON] | None = None
) -> dict[Name, Described]:
    """Return the operation that fits each command best; a command without one is left out."""
    listed = list(operations)
    found: dict[Name, Described] = {}
    for name in CLEAREST_FIRST:
        left = [each for each in listed if each not in found.values()]
        best = max(left, key=lambda each: _score(CLUES[name], each), default=None)
        if best is not None and _score(CLUES[name], best) > 0:
            found[name] = best
    if Name.HOLD not in found:
        makers = [each for each in listed if _makes_holds(document or {}, each, found)]
        found |= dict(zip([Name.HOLD], makers, strict=False))
    for made, read in ((Name.HOLD, Name.READ_HOLD), (Name.CARD, Name.READ_CARD)):
        reader = _reader(listed, found, found.get(made))
        if reader is not None:
            found[read] = reader
    if Name.VOID not in found and Name.READ_HOLD in found:
        path = found[Name.READ_HOLD].path
        deletes = [each for each in listed if each.method == "DELETE" and each.path == path]
        found |= dict(zip([Name.VOID], deletes, strict=False))
    if Name.READ_CARD not in found:
        for name in (Name.CARD, Name.DRAW, Name.FUND, Name.LIST):
            found.pop(name, None)
    return found


def _makes_holds(
    document: Mapping[str, JSON], operation: Described, found: Mapping[Name, Described]
) -> bool:
    """Whether a request has a member that makes a hold of a payment, or makes what is captured.

    The latter is at the path before it: `/orders` of `/orders/{id}/captures`.
    """
    members = properties(document, request_body(document, operation)[1])
    ends = [found[name].path for name in (Name.CAPTURE, Name.VOID) if name in found]
    bases = [re.sub(r"/\{[^}]+\}/[^{}]*$", "", path) for path in ends]
    is_known = named(members, CONSTANTS) is not None or operation.path in bases
    return operation.method == "POST" and is_known


def _score(clue: _Clue, operation: Described) -> int:
    if operation.method not in (clue.method, *clue.others):
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


USUAL_REFUSALS = {400, 404, 422}
"""What most APIs refuse with, where a document says only that they do."""

# Bodies -------------------------------------------------------------------------------------------


def request_body(document: Mapping[str, JSON], operation: Described) -> tuple[str, JSON]:
    """Return `json` or `form`, and the schema of the body of a request; `{}` if it has none."""
    content = resolved(document, operation.content.get("requestBody")).get("content") or {}
    for kind, described in content.items():
        if kind.endswith("json"):
            return "json", described.get("schema") or {}
    form = content.get("application/x-www-form-urlencoded")
    return ("json", {}) if form is None else ("form", form.get("schema") or {})


def answer_schema(document: Mapping[str, JSON], operation: Described) -> JSON:
    """Return the schema of an accepting answer; `{}` if it has none."""
    for response in _accepting(document, operation):
        for kind, described in (response.get("content") or {}).items():
            if kind.endswith("json"):
                return described.get("schema") or {}
    return {}


def shows_location(document: Mapping[str, JSON], operation: Described) -> bool:
    """Whether an accepting answer has no body, and says in `Location` where what it made is."""
    answers = list(_accepting(document, operation))
    headers = [name.lower() for answer in answers for name in answer.get("headers") or ()]
    return "location" in headers and not answer_schema(document, operation)


def _accepting(document: Mapping[str, JSON], operation: Described) -> Iterator[dict[str, JSON]]:
    for status, response in (operation.content.get("responses") or {}).items():
        if str(status).startswith("2"):
            yield resolved(document, response)


def statuses(operation: Described) -> set[int]:
    """Return the documented statuses from 400 to 499; for `4XX` and `default` the usual ones."""
    listed = [str(status) for status in operation.content.get("responses") or {}]
    found = {int(each) for each in listed if each.isdecimal() and 400 <= int(each) < 500}
    says_only_that = {"4XX", "DEFAULT"} & set(map(str.upper, listed))
    return USUAL_REFUSALS if says_only_that and not found else found
