"""The table of operations against the API document."""

from __future__ import annotations

import re

import pytest

from tallystick.documents.shape import load
from tallystick.profiles.wallet.operations import ROUTES
from tallystick.profiles.wallet.wire import request


def test_the_table_has_the_operations_methods_and_paths_of_the_document() -> None:
    documented = {
        name: (operation.method, re.sub(r"{[ao]id}", "{account}", operation.path))
        for name, operation in load().operations.items()
    }
    assert {name: (route.method, route.path) for name, route in ROUTES.items()} == documented


@pytest.mark.parametrize("operation", ROUTES)
def test_a_request_fills_every_path_parameter_in_one_segment(operation: str) -> None:
    ids = dict.fromkeys(ROUTES[operation].ids, "a/b?{c}")
    made = request(operation, "T12345678", **ids)
    template = ROUTES[operation].path.split("/")
    segments = made.path.split("/")
    assert len(segments) == len(template)
    for shown, asked in zip(segments, template, strict=True):
        expected = {"{account}": "T12345678"}.get(asked, asked)
        assert shown == ("a%2Fb%3F%7Bc%7D" if asked[1:-1] in ids else expected)


@pytest.mark.parametrize("name", [".", ".."])
def test_an_id_of_dots_does_not_lead_up_the_path(name: str) -> None:
    path = request("aid_cards_cardid_get", "T12345678", card_id=name).path
    assert path.endswith(f"/cards/{name.replace('.', '%2E')}")
