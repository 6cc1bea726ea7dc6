"""Writes a recipe as a script. What is the same in every script is in the templates beside this."""

from __future__ import annotations

import shlex
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tallystick.permitted.forms import PATTERNS
from tallystick.reporting.blank import pieces
from tallystick.reporting.credentials import PAIR
from tallystick.reporting.scripts.blanks import (
    ACCOUNT,
    OTHER_ACCOUNT,
)
from tallystick.reporting.scripts.in_python import in_python, py_value
from tallystick.reporting.scripts.in_shell import in_shell
from tallystick.reporting.scripts.recipe import Recipe

JSON = Any
TRIALS_IN_PYTHON, TRIALS_IN_SHELL = 40, 20
"""How often a script of a race tries it, if nothing else is asked for. The shell is slower."""


def python_text(recipe: Recipe, file: str) -> str:
    """The script in Python, of this name."""
    said = (recipe.rule, recipe.expected, recipe.actual)
    return _render(
        "script.py.j2",
        recipe,
        file,
        in_python(recipe),
        trials=TRIALS_IN_PYTHON,
        said=", ".join(map(py_value, said)),
        patterns="{" + ", ".join(f'"{n}": r"{p}"' for n, p in PATTERNS.items()) + "}",
    )


def shell_text(recipe: Recipe, file: str) -> str:
    """The script for bash, of this name."""
    broken = f"FAULT: {recipe.rule} is broken. Expected: {recipe.expected}; seen: {recipe.actual}"
    return _render(
        "script.sh.j2",
        recipe,
        file,
        in_shell(recipe),
        trials=TRIALS_IN_SHELL,
        kept=shlex.quote(f"RIGHT: {recipe.rule} is kept"),
        broken=shlex.quote(broken),
    )


def _render(
    template: str, recipe: Recipe, file: str, written: dict[str, object], **more: object
) -> str:
    login = recipe.login
    fetch = login.fetch
    names = _blanks_in([login.headers, fetch and (fetch.path, fetch.body, fetch.headers)])
    can_fetch = fetch is not None or "basic" in names or "client_id" in names
    sent = _blanks_in([(call.path, call.body, call.credentials or ()) for call in recipe.calls])
    clients = sorted({call.client for call in recipe.calls if call.client})
    needs_other = OTHER_ACCOUNT in sent or (ACCOUNT in names and "OTHER" in clients)
    accounts = {"": recipe.needs_account, "OTHER_": needs_other}
    variables = [f"TALLYSTICK_{name}ACCOUNT" for name, is_needed in accounts.items() if is_needed]
    for prefix in ["", *(f"{client}_" for client in clients)] if login.headers else []:
        pair = f"TALLYSTICK_{prefix}CLIENT_ID and TALLYSTICK_{prefix}CLIENT_SECRET, or "
        variables.append(f"{pair if can_fetch else ''}TALLYSTICK_{prefix}TOKEN")
    context = {
        "rule": recipe.rule,
        "sentence": _harmless(recipe.sentence),
        "file": file,
        "environment": "; ".join(variables) or "nothing",
        "program": [_harmless(line) for line in recipe.program],
        "expected": _harmless(recipe.expected),
        "actual": _harmless(recipe.actual),
        "needs_account": recipe.needs_account,
        "needs_other_account": needs_other,
        "needs_pair": any(name.startswith(PAIR) for name in sent),
        "logs_in": bool(login.headers),
        "can_fetch": can_fetch,
        "needs_token": login.fetch is None and "token" in names,
    }
    return _environment().get_template(template).render(**context, **written, **more)


def _harmless(text: str) -> str:
    """A text that ends no docstring."""
    return text.replace('"""', "'''")


def _blanks_in(value: JSON) -> set[str]:
    if isinstance(value, dict):
        return _blanks_in(list(value.values()))
    if isinstance(value, list | tuple):
        return set().union(*map(_blanks_in, value)) if value else set()
    return (
        {part for part, is_blank in pieces(value) if is_blank} if isinstance(value, str) else set()
    )


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
