"""CARD: a card from creation to deletion, in every view."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.support import request_builders
from contracts.support.staging import FIRST, SECOND, Stage, body_of, is_refused, spelled
from tallystick.conditions import listing, nowhere, on_some_page, shows
from tallystick.drivers.resolver import CUSTOMER_TAIL
from tallystick.fixtures import Check
from tallystick.profiles.wallet import operations as op
from tallystick.profiles.wallet.wire import card_record
from tallystick.run import Run

rule = pytest.mark.rule
broad = pytest.mark.broad
wallet = pytest.mark.api("wallet")

ATTRIBUTES: dict[str, dict[str, object]] = {
    "name": {"name": "Birthday card"},
    "name_beyond_latin": {"name": "Gavekort 贈り物 🎁"},
    "long_name": {"name": "n" * 255},
    "gift_card": {"type": "gift_card"},
    "credit_note": {"type": "credit_note"},
    "customer": {"customer_id": "customer-{}"},
    "long_customer": {"customer_id": "customer-{}-" + "c" * 200},
    "customer_beyond_ascii": {"customer_id": "Åse & 李 + {}"},
    "origin": {"originated_by": "store 14, till 2"},
    "longest_origin": {"originated_by": "o" * 255},
    "metadata": {"metadata": {"order": "1", "branch": "Bergen"}},
    "nested_metadata": {"metadata": {"order": {"lines": [1, {"sku": "é"}], "open": True}}},
    "active_from": {"active_from": "2020-02-29T12:00:00Z"},
    "expires_at": {"expires_at": "2090-12-31T23:59:59Z"},
    "dates_at_an_offset": {
        "active_from": "2020-01-01T00:30:00+05:00",
        "expires_at": "2090-01-01T00:30:00-03:30",
    },
}
ALL: dict[str, object] = {
    "name": "Everything",
    "type": "credit_note",
    "customer_id": "customer-{}",
    "originated_by": "web",
    "metadata": {"order": "7"},
    "active_from": "2020-01-01T00:00:00Z",
    "expires_at": "2090-01-01T00:00:00Z",
}


# Creation -----------------------------------------------------------------------------------------


@rule("CARD-1", "CARD-2")
def test_a_card_opens_with_exactly_its_amount_in_every_currency(check: Check) -> None:
    check(
        "A = card 12345 NOK",
        "B = card 1 SEK",
        "C = card 70 DKK",
        "D = card 999999 EUR",
        "E = card 50000 USD",
        *[f"{name.lower()} = draw {name} available" for name in "ABCDE"],
        unread=10,
    )


@wallet
@rule("CARD-2")
@pytest.mark.parametrize("members", ATTRIBUTES)
def test_a_card_reads_back_what_was_sent(run: Run, members: str) -> None:
    stage = Stage(run, f"A = card 1000 EUR {spelled(ATTRIBUTES[members], run.name)}", "read A")
    opened = stage.session.ledger("A").opened_by
    customer = dict(opened.extras).get("customer_id") if opened is not None else None
    if customer is not None and stage.has(op.LIST_CUSTOMER_CARDS):
        listed = body_of(stage.send(request_builders.customer_cards(stage.base, customer))) or []
        shown = [item.get("card_id") for item in listed]
        card_id = stage.card_id("A")
        stage.direct.expect(
            "CARD-10",
            card_id in shown,
            f"card {card_id!r}",
            f"cards {shown}",
            right=on_some_page(card_id, [0]),
        )


@wallet
@rule("CARD-2", "CARD-10", "READ-2")
def test_every_view_shows_what_was_sent(run: Run) -> None:
    stage = Stage(run)
    customer = stage.fresh("customer")
    stage.perform(
        f"A = card 1000 USD {spelled({**ALL, 'customer_id': customer})}", "t = token A", "info t"
    )
    found = [
        request_builders.read_card(stage.base, stage.card_id("A")),
        request_builders.customer_card(stage.base, customer, stage.card_id("A")),
    ]
    if stage.has(op.ISSUE_TOKEN):
        found.append(request_builders.info(stage.base, stage.token("t")))
    for request in stage.offered(*found):
        body = body_of(stage.send(request))
        if body is not None:
            stage.shows("A", body, "CARD-2")
    for request in stage.offered(request_builders.customer_cards(stage.base, customer)):
        _lists_one_card(stage, body_of(stage.send(request)) or [])


def _lists_one_card(stage: Stage, listed: list[dict[str, Any]]) -> None:
    for item in listed:
        stage.direct.expect(
            "CARD-10",
            item.get("card_id") == stage.card_id("A"),
            f"no card but {stage.card_id('A')!r} in the list of its customer",
            f"card {item.get('card_id')!r}",
        )


ROUTED = set("/\\%;")
"""Characters that a router may interpret, even if they are percent-encoded."""
UNUSUAL_IDS = (
    ".dots..inside.",
    "a+b",
    " a space inside",
    "æøå-ÆØÅ",
    "贈り物🎁",
    "%2F%00 %",
    "a+b&c=d;e",
    "?query#fragment",
    "quotes'\"",
    "with/a/slash",
    "\\",
)


@wallet
@rule("CARD-16", "READ-2", "CARD-1")
@pytest.mark.parametrize("tail", UNUSUAL_IDS)
def test_an_unusual_card_id_names_its_own_card_or_none(run: Run, tail: str) -> None:
    _names_its_own_card(Stage(run), f"{run.next_program()}{tail}")


@wallet
@rule("CARD-16", "READ-2")
@pytest.mark.parametrize("length", [1, 255])
def test_a_card_id_of_every_length_names_its_own_card_or_none(run: Run, length: int) -> None:
    # One character that is probably free: the cards of earlier runs are still on the target.
    own = int(run.name.removeprefix("ts"), 16)
    card_id = chr(0x4E00 + own % 20_000) if length == 1 else run.next_program().ljust(255, "x")
    _names_its_own_card(Stage(run), card_id)


@wallet
@rule("CARD-16", "READ-2")
def test_a_card_may_be_called_batch(run: Run) -> None:
    stage = Stage(run)
    # A gateway that takes the operation away takes every request to its path away.
    stage.require(op.PREPARE_CARDS, op.DELETE_CARD)
    made = stage.send(request_builders.open_card(stage.base, "batch", 70))
    read = stage.send(request_builders.read_card(stage.base, "batch"), shaped=False)
    stage.send(request_builders.delete_card(stage.base, "batch"), shaped=False)
    if body_of(made) is not None:
        shown = card_record(body_of(read)).card
        stage.direct.expect("CARD-16", shown == "batch", "card 'batch'", f"card {shown!r}")


def _names_its_own_card(stage: Stage, card_id: str) -> None:
    """A router or a database may refuse an unusual id; an accepted one names exactly one card."""
    made = stage.send(request_builders.open_card(stage.base, card_id, 70))
    if body_of(made) is None:
        return
    shown = card_record(body_of(made)).card
    stage.direct.expect(
        ("CARD-2", "CARD-16"), shown == card_id, f"card {card_id!r}", f"card {shown!r}"
    )
    drawn = stage.send(
        request_builders.transact(stage.base, stage.fresh_ref(), 70, card_id=card_id)
    )
    left = 0 if body_of(drawn) is not None else 70
    routed = bool(ROUTED & set(card_id))
    read = stage.send(request_builders.read_card(stage.base, card_id), shaped=not routed)
    if is_refused(read):
        breaks = "CARD-16" if routed else "READ-2"
        stage.direct.violate(breaks, f"card {card_id!r}, which was made", "a refusal")
    if body_of(read) is not None:
        record = card_record(body_of(read))
        stage.direct.expect(
            ("READ-2", "CARD-16"),
            (record.card, record.balance) == (card_id, left),
            f"card {card_id!r} with amount_balance {left}",
            f"card {record.card!r} with amount_balance {record.balance}",
            right=(
                shows(("amount_balance",), left)
                if record.card == card_id
                else shows(("card_id",), card_id),
            ),
        )
        if not routed and not left:
            _is_known_everywhere(stage, card_id)


def _is_known_everywhere(stage: Stage, card_id: str) -> None:
    """An id that finds an empty card in one operation finds it in all of them."""
    for breaks, request in (
        ("TOKEN-1", request_builders.issue_token(stage.base, card_id, stage.fresh_ref())),
        ("READ-2", request_builders.list_transactions(stage.base, card_id)),
        ("CARD-8", request_builders.delete_card(stage.base, card_id)),
    ):
        if not stage.has(request.operation):
            continue
        answer = stage.send(request)
        stage.direct.expect(
            breaks, not is_refused(answer), f"card {card_id!r}, which can be read", "a refusal"
        )


# The same id again --------------------------------------------------------------------------------


@wallet
@rule("CARD-3")
@pytest.mark.parametrize(
    "before",
    [[], ["d = draw A 50", "h = hold A 300", "c = capture h 100", "f = fund A 50"]],
    ids=["fresh", "in_use"],
)
def test_a_second_create_never_changes_the_first_card(run: Run, before: list[str]) -> None:
    stage = Stage(run)
    stage.perform(f"A = card 1000 NOK {spelled(FIRST)}", *before, unread=True)
    stage.perform("again A")
    again = stage.card_id("A")
    second = {"customer_id": stage.fresh("customer"), **SECOND}
    del second[CUSTOMER_TAIL]
    for members in ({"currency": "SEK"}, second):
        stage.send(request_builders.open_card(stage.base, again, 777, **members))
        stage.read_back("CARD-3", lists=False)
    batch = request_builders.batch(stage.base, [{"card_id": again, "type": "credit_note"}])
    for request in stage.offered(batch):
        stage.send(request)
    stage.read_back("CARD-3")
    stage.perform("y = draw A available", "x = draw A 1")


@broad
@rule("CARD-3")
def test_the_id_of_a_deleted_card_never_brings_its_money_back(check: Check) -> None:
    check("A = card 100 NOK", "d = draw A available", "delete A", "again A", "e = draw A available")


@wallet
@rule("CARD-9", "BAL-7")
@pytest.mark.parametrize("before", [["d = draw A available"], ["h = hold A 60"]])
def test_what_named_a_deleted_card_names_no_new_one_of_its_id(run: Run, before: list[str]) -> None:
    stage = Stage(run)
    stage.perform("A = card 100 NOK", "t = token A", *before, "delete A", unread=True)
    if stage.session.ledger("A").card_status != "deleted":
        pytest.skip("the target keeps the card")
    card_id = stage.card_id("A")
    made = body_of(stage.send(request_builders.open_card(stage.base, card_id, 500))) or {}
    if made.get("amount_available") != 500:
        pytest.skip("the target gives no new card the id of a deleted one")  # question 32
    if stage.has(op.ISSUE_TOKEN):
        for kind in ({}, {"pending": True}, {"type": "fund"}):
            ref, token = stage.fresh_ref(), stage.token("t")
            paid = stage.send(request_builders.transact(stage.base, ref, 5, token=token, **kind))
            stage.direct.expect_refusal("CARD-9", paid, "the token is that of a deleted card")
    if before[0].startswith("h"):
        hold = stage.entry_id("h")
        stage.send(request_builders.capture(stage.base, hold, stage.fresh_ref(), amount=20))
        stage.send(request_builders.void(stage.base, hold, stage.fresh_ref()))
    shown = body_of(stage.send(request_builders.read_card(stage.base, card_id))) or {}
    figures = [shown.get(name) for name in ("amount_balance", "amount_available")]
    stage.direct.expect("BAL-7", figures == [500, 500], "500 on the new card", f"{figures}")
    tokens = shown.get("tokens") or []
    stage.direct.expect("BAL-7", not tokens, "no token of the deleted card", f"{tokens}")


# Deletion -----------------------------------------------------------------------------------------


@broad
@rule("CARD-8", "CARD-9")
def test_a_deleted_card_takes_no_payment(check: Check) -> None:
    check(
        "A = card 100 NOK",
        "t = token A",
        "d = draw A available",
        "delete A",
        "f = fund A 10",
        "e = draw A 0",
        "h = hold A 1",
        "p = draw t 1",
        "q = fund t 10",
        "u = token A",
        "activate A 10 NOK",
        "info t",
        unread=3,
    )


@broad
@wallet
@rule("BAL-7", "CARD-8")
def test_a_delete_takes_no_other_card_of_the_customer(run: Run) -> None:
    stage = Stage(run)
    shared = spelled({**FIRST, "customer_id": stage.fresh("customer")})
    stage.perform(*[f"{card} = card 100 NOK {shared}" for card in "ABC"], unread=True)
    stage.perform("a = draw A available", "b = draw B available", "delete A", unread=True)
    stage.perform("f = fund B 10", "d = draw B 10", "h = hold C 40", "c = capture h", unread=True)
    stage.finish()


@rule("CARD-9", "BAL-6")
@pytest.mark.parametrize("before", [["d = draw A 40"], ["h = hold A 100", "c = capture h 60"]])
def test_a_delete_with_money_is_refused_or_final(check: Check, before: list[str]) -> None:
    check(
        "A = card 100 NOK",
        "t = token A",
        *before,
        "delete A",
        "e = draw A 1",
        "p = draw t 1",
        "f = fund A 10",
        *(["c2 = capture h 10", "v = void h"] if before[0].startswith("h") else []),
        "delete A",
        unread=2 + len(before),
    )


@wallet
@rule("CARD-12")
def test_a_card_that_does_not_exist_cannot_be_changed(run: Run) -> None:
    stage = Stage(run)
    missing = stage.fresh_card("nobody")
    for request in stage.offered(
        request_builders.delete_card(stage.base, missing),
        request_builders.activate(stage.base, missing),
        request_builders.issue_token(stage.base, missing, stage.fresh_ref()),
        request_builders.rotate_pin(stage.base, missing, length=6, **request_builders.DIGITS),
    ):
        stage.direct.expect_refusal("CARD-12", stage.send(request), "there is no such card")
    read = stage.send(request_builders.read_card(stage.base, missing))
    stage.direct.expect_refusal("CARD-12", read, "nothing was made")


# Customers ----------------------------------------------------------------------------------------


@wallet
@rule("CARD-10")
def test_the_customer_view_agrees_with_the_card(run: Run) -> None:
    stage = Stage(run)
    customer = spelled({"customer_id": stage.fresh("customer")})
    stage.perform(f"A = card 1000 SEK {customer}", "customer A")
    stage.perform(
        "d = draw A 100", "h = hold A 300", "customer A", "c = capture h 120", "customer A"
    )


@wallet
@rule("CARD-10")
def test_a_customer_sees_only_the_own_cards(run: Run) -> None:
    stage = Stage(run)
    mine = stage.fresh("customer")
    others = {label: f"{mine}{tail}" for label, tail in (("C", "1"), ("D", "x"))}
    stage.perform(
        *[f"{label} = card 100 NOK {spelled({'customer_id': mine})}" for label in "AB"],
        *[f"{n} = card 100 NOK {spelled({'customer_id': whose})}" for n, whose in others.items()],
        "E = card 100 NOK",
        "customer E",
        unread=True,
    )
    for request in stage.offered(request_builders.customer_cards(stage.base, mine, limit=100)):
        listed = body_of(stage.send(request))
        if listed is None:
            continue
        shown = sorted(item.get("card_id") for item in listed)
        own = sorted(stage.card_id(label) for label in "AB")
        stage.direct.expect(
            "CARD-10",
            shown == own,
            f"the cards {own}",
            f"the cards {shown}",
            right=listing(shown, own),
        )
    strangers = [request_builders.customer_card(stage.base, mine, stage.card_id(c)) for c in "CDE"]
    for request in stage.offered(*strangers):
        stage.direct.expect_refusal("CARD-10", stage.send(request), f"no card of {mine!r}")


@wallet
@rule("CARD-10")
def test_a_customer_list_has_no_card_that_is_not_active(run: Run) -> None:
    stage = Stage(run)
    stage.require(op.LIST_CUSTOMER_CARDS)
    customer = stage.fresh("customer")
    whose = spelled({"customer_id": customer})
    stage.perform(f"A = card 100 NOK {whose}", f"B = card 100 NOK {whose}", "C = batch")
    stage.perform("h = hold A 50", "t = token A", unread=True)
    stage.perform("d = draw B available", "delete B", f"activate C 100 NOK {whose}")
    stage.perform("c = capture h 20", "p = draw t 10")
    listed = body_of(stage.send(request_builders.customer_cards(stage.base, customer)))
    if listed is None:
        stage.direct.violate("CARD-10", "the cards of the customer", "a refusal")
    shown = {item.get("card_id") for item in listed}
    wanted = {stage.card_id("A")}
    if stage.has(op.PREPARE_CARDS) and stage.has(op.ACTIVATE_CARD):
        wanted.add(stage.card_id("C"))
    stage.direct.expect(
        "CARD-10",
        wanted <= shown,
        f"{sorted(wanted)}",
        f"{sorted(shown)}",
        right=listing(wanted & shown, wanted),
    )
    deleted = stage.card_id("B")
    gone = stage.session.ledger("B").card_status == "deleted"
    stage.direct.expect(
        "CARD-10",
        not (gone and deleted in shown),
        "no deleted card",
        f"{deleted!r} is there",
        right=nowhere(deleted),
    )
