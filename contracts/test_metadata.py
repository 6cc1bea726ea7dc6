"""TX and CARD: what a caller sends as metadata comes back whole, in every view.

Values are lost where a program asks whether they are true, where a database has other types, and
where a key looks like another notation. A server may refuse such metadata; what it accepts is
shown, in the answer, in the card and in the list, with the same values.
"""

from __future__ import annotations

from typing import Any

import pytest

from contracts.support import request_builders
from contracts.support.staging import Stage, body_of, spelled
from tallystick.fixtures import Check
from tallystick.ledger.members import first_missing
from tallystick.program import extras
from tallystick.run import Run

rule = pytest.mark.rule
broad = pytest.mark.broad
pytestmark = pytest.mark.api("wallet")

VALUES: dict[str, dict[str, Any]] = {
    "falsy": {"no": False, "yes": True, "zero": 0, "text": "", "list": [], "object": {}},
    "like_another_type": {
        **{"null": "null", "none": "undefined", "nan": "NaN", "true": "true", "list": "[]"},
        **{"zeros": "007", "exponent": "1e5", "date": "2020-01-01", "large": "9007199254740993"},
        **{"moment": "2020-01-01T01:00:00+02:00", "uuid": "6CCFEC5D-3A53-47DE-910A-97D6DDA22E5F"},
    },
    "numbers_and_nested": {
        **{
            "large": 2**53 - 1,
            "part": 0.1,
            "long": 0.12345678901,
            "small": 2.5e-09,
            "negative": -1,
            "one": 1,
            "many": [10, 9, 1, 2, 9, 10],
        },
        **{"lines": [{"sku": "b", "gift": False, "n": 0}, {}, ["", [0]]], "a": {"b": {"c": 1}}},
    },
    "many_keys": {f"key_{number}": str(number) for number in range(60)},
    "lists_of_one": {"one": [1], "object": [{"sku": "b"}], "list": [["x"]]},
    "deep": {"a": {"b": {"c": {"d": {"e": {"f": "g"}}}}}},
    "names_of_members": {
        **{"amount": "1", "currency": "SEK", "type": "fund", "id": "2", "ref_id": "3"},
        **{"card_id": "4", "customer_id": "5", "parent_id": "6", "status": "used", "name": "7"},
        **{"created_at": "8", "amount_available": "9", "pending": "false", "metadata": "10"},
    },
    "names_of_methods": {"toString": "1", "constructor": "2", "valueOf": "3", "length": "4"},
    "spaces": {"ends": " a ", "twice": "b  c", "alone": " "},
    "lines": {"of_windows": "a\r\nb", "tab": "a\tb", "last": "c\n"},
    "spaces_in_keys": {" a": "1", "a": "2", "a ": "3", "b c": "4"},
    "keys": {"a.b": "1", "a": {"b": "2"}, "A": "3", "$set": "4", "__proto__": "5", "0": "6"},
}


@broad
@rule("TX-4", "FUND-4", "CAP-8", "VOID-5", "BAL-5", "CARD-2")
@pytest.mark.parametrize("values", VALUES)
def test_no_value_of_metadata_is_lost(check: Check, values: str) -> None:
    sent = spelled({"metadata": VALUES[values]})
    check(
        f"A = card 1000 NOK {sent}",
        f"h = hold A 100 {sent}",
        f"c = capture h 40 {sent}",
        f"v = void h {sent}",
        f"f = fund A 5 {sent}",
        f"d = draw A 7 {sent}",
        unread=6,
    )


@rule("CARD-2", "CARD-10", "TOKEN-3", "TOKEN-10")
def test_every_view_of_a_card_shows_all_of_its_metadata(run: Run) -> None:
    stage = Stage(run)
    customer = stage.fresh("customer")
    sent = {"metadata": VALUES["falsy"], "customer_id": customer}
    stage.perform("A = batch", f"activate A 100 NOK {spelled(sent)}", "t = token A", unread=True)
    if stage.session.ledger("A").card_status != "active":
        pytest.skip("the target refuses metadata with values that are no texts")
    stage.perform("read A", "info t", "customer A")
    request = request_builders.issue_token(
        stage.base, stage.card_id("A"), stage.fresh_ref(), metadata=VALUES["falsy"]
    )
    for offered in stage.offered(request):
        made = body_of(stage.send(offered))
        if made is not None:
            shown = extras(metadata=made.get("metadata"))
            lost = first_missing(extras(metadata=VALUES["falsy"]), shown)
            stage.direct.expect("TOKEN-10", lost is None, f"{VALUES['falsy']}", f"{made}")


@rule("CARD-17")
def test_an_integer_that_no_double_holds_comes_back_exactly(run: Run) -> None:
    stage = Stage(run)
    card, sent = stage.fresh_card(), {"order": 2**53 + 1, "lines": [{"sku": -(2**63) + 1}]}
    made = stage.send(request_builders.open_card(stage.base, card, metadata=sent))
    if body_of(made) is None:
        pytest.skip("the target refuses metadata with integers above 2^53")
    for answer in (made, stage.send(request_builders.read_card(stage.base, card))):
        body = body_of(answer)
        shown = body.get("metadata") if isinstance(body, dict) else None
        if not isinstance(shown, dict):
            continue  # an answer to a creation may show less; whether metadata is kept is CARD-2
        kept = all(shown.get(name) == sent[name] for name in sent)
        # The ledger takes the nearest double for it: how precise a number is, JSON leaves open.
        stage.direct.expect("CARD-17", kept, f"metadata {sent}", f"metadata {shown}")
