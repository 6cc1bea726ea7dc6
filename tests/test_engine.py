"""The engine knows no API: what is particular to one stands in its profile and its documents."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

import yaml

from tests.test_architecture import files, sources, text_of, tree_of

ENGINE = re.compile(r"tallystick/(?!profiles/)")
WORDS_OF_PROGRAMS = {
    *("active_from", "expires_at", "customer_id", "originated_by", "card_token"),
    *("amount_available", "amount_balance"),
}
"""Words of the program language (what follows `with`) and of findings (figures of a card), which
one API happens to share. A profile maps them to members of its requests and answers."""
SECRET_MEMBERS = {"access_token", "refresh_token", "barcode_128", "client_secret"}
"""Members of any API that are masked in reports (`reporting/redaction.py`)."""


def documents_of_apis() -> dict[str, Any]:
    paths = [name for name in files() if re.fullmatch(r"spec/(\w+/)?openapi\.yaml", name)]
    return {path: yaml.safe_load(text_of(path)) for path in paths}


def names_of_apis() -> set[str]:
    """What belongs to one API: operation ids, parts of paths and members, if no plain words."""
    found: set[str] = set()
    for document in documents_of_apis().values():
        for path, item in document["paths"].items():
            found |= {part for part in path.split("/") if re.search("^[a-z]+[_-][a-z]+$", part)}
            found |= {spec["operationId"] for spec in item.values() if "operationId" in spec}
        found |= {name for name in members_in(document) if "_" in name}
    found = {name for name in found if not name.isalpha() or not name.islower()}
    return found - WORDS_OF_PROGRAMS - SECRET_MEMBERS


def members_in(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "properties" and isinstance(value, dict):
                yield from value
            yield from members_in(value)
    elif isinstance(node, list):
        for value in node:
            yield from members_in(value)


def texts_in_code(name: str) -> Iterator[str]:
    """The texts of a module that are no docstrings."""
    tree = tree_of(name)
    documentation = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and id(node) not in documentation:
            yield node.value


def test_the_engine_names_no_api() -> None:
    """No operation id, path, member, currency or form of an account outside of `profiles/`."""
    names = names_of_apis()
    assert {"aid_cards_get", "card_id", "payment_intents", "createAccount"} <= names
    particular = re.compile(
        r"\b(NOK|SEK|DKK|EUR|USD|JPY|usd|eur)\b|[/:]wallets|/payment_intents|/charges"
        r"|(?<![A-Za-z])/v1\b"
        r"|\[PT\]|\b[PT]\d{8}|dintero|stripe|paypal|adyen"
    )
    found = {
        f"{name}: {text}"
        for name in sources()
        if ENGINE.match(name)
        for text in texts_in_code(name)
        if text in names or particular.search(text)
    }
    assert found == set()
