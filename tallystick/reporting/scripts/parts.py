"""What is the same in both languages: steps, the parts of a race, and blanks that others make."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from tallystick.reporting.blank import blank, pieces
from tallystick.reporting.credentials import PAIR
from tallystick.reporting.scripts.blanks import ACCOUNT, DIGITS, OTHER_ACCOUNT, OWN
from tallystick.reporting.scripts.recipe import Call, Recipe
from tallystick.reporting.scripts.together import Together
from tallystick.target.api import ScriptedLogin

JSON = Any
CONSTANTS = {
    OWN: "OWN",
    DIGITS: "DIGITS",
    ACCOUNT: "ACCOUNT",
    OTHER_ACCOUNT: "OTHER_ACCOUNT",
    "url": "URL",
}
_ITS_OWN = {ACCOUNT: "its_account", "token": "its_token"}
"""Blanks of a login that stand for the account and the token of the client that logs in."""
OF_PAIR = {
    "client_id": ("CLIENT_ID", "CLIENT_ID"),
    "client_secret": ("CLIENT_SECRET", "CLIENT_SECRET"),
    "cut_secret": ("CLIENT_SECRET[:-1]", "CLIENT_SECRET%?"),
}
"""What user and password of HTTP basic are made of, in Python and in shell."""


def by_step(calls: Iterable[Call]) -> Iterator[tuple[str, list[Call]]]:
    """The requests of each step, with its text for a comment."""
    for step, group in groupby(calls, lambda call: call.step):
        yield step or "a single request", list(group)


def looked_back(recipe: Recipe) -> Iterator[tuple[Call, int]]:
    """The requests before the last one whose answers are looked at, with how far back they are."""
    for back in sorted({each.back for each in recipe.conditions if each.back}):
        yield recipe.calls[-1 - back], back


def kept_answer(back: int) -> str:
    """The name of the answer that came so many requests before the last; empty: it is the last."""
    return f"answer_{back}_before" if back else ""


def in_parts(together: Together, asks: Sequence[object]) -> dict[str, object]:
    """What each client asks for, and what is asked for after them."""
    theirs = {number for client in together.clients for number in client}
    return {
        "clients": [[asks[number] for number in client] for client in together.clients],
        "after": [ask for number, ask in enumerate(asks) if number not in theirs],
    }


def places(together: Together, number_of_calls: int) -> dict[int, int]:
    """By the number of a request: the place of its answer, client by client."""
    order = [number for client in together.clients for number in client]
    after = [number for number in range(number_of_calls) if number not in order]
    return {number: place for place, number in enumerate([*order, *after])}


def its_own_call(login: ScriptedLogin) -> Call | None:
    """The request of a login, for the client that logs in; None: it needs none."""
    fetch = login.fetch
    if fetch is None:
        return None
    path, body, headers = (its_own(each) for each in (fetch.path, fetch.body, fetch.headers))
    return Call("", fetch.method, path, body, fetch.form, tuple(headers), "accepted")


def its_own(value: JSON) -> JSON:
    """A value of a login with the blanks of the client that logs in."""
    if isinstance(value, dict):
        return {name: its_own(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [its_own(item) for item in value]
    if not isinstance(value, str):
        return value
    parts = pieces(value)
    return "".join(blank(_ITS_OWN.get(part, part)) if is_b else part for part, is_b in parts)


def pair(name: str) -> Iterator[tuple[str, bool]]:
    """What a pair of user and password is made of: its parts, with whether each is a name."""
    parts = re.split(r"\$\{(\w+)\}", name.removeprefix(PAIR))
    return ((part, number % 2 == 1) for number, part in enumerate(parts) if part)
