"""Looks at the dialects that travel, show, check and take otherwise (looks.py)."""

from datetime import datetime
from typing import Any

from sandbox.app import Reply
from sandbox.clock import Clock
from sandbox.credentials import ACCOUNT, ADMIN, OTHER_ACCOUNT, READER, TILL
from sandbox.refusals import Cause, Refusal
from sandbox.variants import overrides_of
from tests.sandbox.harness import UNKNOWN, Local
from tests.sandbox.looks import batch, look, repeated, status


def headers(wallet: Local, **more: str) -> dict[str, str]:
    """The headers of an answer. Some dialects leave the document's own server behind here."""
    wallet.checked = False
    wallet.card(1, metadata={"note": "x" * 300})
    return wallet.send("GET", "/cards", headers=more).headers


def encoded(wallet: Local) -> bytes:
    return wallet.server.app.encode(Reply(200, {"card_id": "\N{SNOWMAN}", "name": "b"}))


def refusal(wallet: Local) -> Any:
    return wallet.transact("none", 1).body


# --- http ---------------------------------------------------------------------------------------


@look
def dates_whole_seconds(wallet: Local) -> Any:
    return len(wallet.read(wallet.card())["created_at"])


@look
def dates_in_local_time(wallet: Local) -> Any:
    card = wallet.read(wallet.card(1, expires_at="2031-01-01T00:00:00Z"))
    assert datetime.fromisoformat(card["expires_at"]).timestamp() == 1_924_992_000
    return card["expires_at"]


@look
def clock_ahead(wallet: Local) -> Any:
    clock = next((o for o in overrides_of(["clock_ahead"])), Clock)
    is_ahead = clock in type(wallet.server.app.clock).__mro__
    return is_ahead and clock().now() > Clock().now()


@look
def more_members(wallet: Local) -> Any:
    return sorted(wallet.read(wallet.card()).body)


@look
def members_reversed(wallet: Local) -> Any:
    return encoded(wallet)


@look
def refusals_terse(wallet: Local) -> Any:
    return refusal(wallet)


@look
def refusals_wordy(wallet: Local) -> Any:
    return refusal(wallet)


@look
def charset_named(wallet: Local) -> Any:
    return headers(wallet)["content-type"]


@look
def date_absent(wallet: Local) -> Any:
    return "date" in headers(wallet)


@look
def connections_closed(wallet: Local) -> Any:
    return headers(wallet).get("connection")


@look
def answers_packed(wallet: Local) -> Any:
    assert "content-encoding" not in headers(wallet)
    return headers(wallet, **{"accept-encoding": "gzip"}).get("content-encoding")


# --- shown --------------------------------------------------------------------------------------


@look
def defaults_shown(wallet: Local) -> Any:
    card = wallet.card()
    return wallet.read(card).body.get("name"), wallet.transact(card, 1).body.get("metadata")


@look
def cards_end_by_default(wallet: Local) -> Any:
    return wallet.read(wallet.card()).body.get("expires_at")


@look
def batch_status_created(wallet: Local) -> Any:
    made = batch(wallet, "a")
    card = wallet.card(10)
    seen = [made[0]["status"], wallet.read(card)["status"]]
    for amount in (4, 6):
        held = wallet.hold(card, amount)
        seen.append(wallet.read(card)["status"])
        if amount == 4:
            wallet.void(held)
            seen.append(wallet.read(card)["status"])
            wallet.transact(card, 4)
    return seen


@look
def inactive_in_euro(wallet: Local) -> Any:
    return batch(wallet, "a")[0]["currency"]


@look
def pending_counts_all_holds(wallet: Local) -> Any:
    card = wallet.card(100)
    wallet.void(wallet.hold(card, 30))
    wallet.hold(card, 20)
    return wallet.read(card)["amount_pending"], wallet.read(card)["amount_reserved"]


@look
def released_type_drawdown(wallet: Local) -> Any:
    card = wallet.card(100)
    held = wallet.hold(card, 30)
    wallet.capture(held, 10)
    wallet.void(held)
    return [record["type"] for record in wallet.records(card).body]


@look
def opening_listed_if_any(wallet: Local) -> Any:
    listed = wallet.records(wallet.card(5, card_id="five")).body
    assert not wallet.records(wallet.card(0)).body
    return [record["ref_id"] for record in listed]


# --- checks -------------------------------------------------------------------------------------


@look
def body_checked_first(wallet: Local) -> Any:
    return status(wallet, "/transactions", {}, client=None, account=ACCOUNT)


@look
def absence_checked_first(wallet: Local) -> Any:
    found = (
        status(wallet, f"/transactions/{UNKNOWN}/void", {}),
        status(wallet, "/cards/x/tokens", {}),
    )
    return found, wallet.send("GET", "/cards").status


@look
def account_checked_last(wallet: Local) -> Any:
    body = {"card_id": "a", "amount": 1, "currency": "NOK"}
    answer = wallet.send("POST", "/cards", body, client=READER, account=OTHER_ACCOUNT)
    return answer["error"]["code"]


@look
def state_before_ref(wallet: Local) -> Any:
    by_token = wallet.token(wallet.card(100))["token"]["value"]
    wallet.transact(None, 60, ref_id="again", token=by_token)
    token_repeat = wallet.transact(None, 60, ref_id="again", token=by_token).status
    end = "2027-01-15T08:00:10Z"
    return token_repeat, repeated(wallet, lambda card: wallet.advance(20), expires_at=end)


@look
def hold_before_ref(wallet: Local) -> Any:
    held = wallet.hold(wallet.card(100), 30)
    first, rest = wallet.capture(held, 10, ref_id="c"), wallet.capture(held, 10, ref_id="c")
    assert (first.status, first.body) == (rest.status, rest.body)
    wallet.void(held, ref_id="v")
    return wallet.void(held, ref_id="v").status


@look
def any_capture_is_a_part(wallet: Local) -> Any:
    answers = []
    for end in (wallet.capture, wallet.void):
        held = wallet.hold(wallet.card(100), 30)
        wallet.capture(held, 0)
        answers.append(end(held).status)
    return answers


@look
def funds_before_ref(wallet: Local) -> Any:
    return repeated(wallet, lambda card: None)


@look
def till_finishes_its_own(wallet: Local) -> Any:
    value = wallet.token(wallet.card(100), expires_after_transaction=False)["token"]["value"]
    own, other = (wallet.hold(None, 5, token=value, client=one) for one in (TILL, ADMIN))
    assert wallet.void(own, client=TILL).status == 200
    return wallet.void(other, client=TILL).status


# --- inputs -------------------------------------------------------------------------------------


@look
def ids_trimmed(wallet: Local) -> Any:
    body = {"card_id": " a ", "amount": 1, "currency": "NOK"}
    return status(wallet, "/cards", body), status(
        wallet, "/cards/batch", {"cards": [{"card_id": "b ", "type": "gift_card"}, 1]}
    )


@look
def ids_in_one_form(wallet: Local) -> Any:
    body = {"card_id": "caf\u00e9", "amount": 1, "currency": "NOK"}
    twice = [status(wallet, "/cards", body | {"card_id": i}) for i in ("caf\u00e9", "cafe\u0301")]
    return twice, wallet.send("GET", "/cards/cafe%CC%81").status


@look
def markup_refused(wallet: Local) -> Any:
    body = {"card_id": "a", "amount": 1, "currency": "NOK"}
    return [status(wallet, "/cards", body | {"name": name}) for name in ("<b>a</b>", "a < b")]


@look
def nulls_are_absent(wallet: Local) -> Any:
    kept = {"metadata": {"a": None}, "pin": {"format": None}}
    body = {"card_id": "a", "amount": 1, "currency": "NOK", "name": None} | kept
    batched = {"cards": [{"card_id": "b", "type": "gift_card", "name": None}]}
    return status(wallet, "/cards", body), status(wallet, "/cards/batch", batched)


@look
def doubled_keys_refused(wallet: Local) -> Any:
    raw = b'{"card_id": "a", "amount": 1, "amount": 2, "currency": "NOK"}'
    return wallet.send("POST", "/cards", raw=raw).status


@look
def half_pairs_kept(wallet: Local) -> Any:
    texts = ["a\ud83c", "\udfff", "\N{WRAPPED PRESENT}"]
    card = wallet.card(100, name=texts[0], metadata={"texts": texts})
    shown = wallet.read(card)
    if shown.status == 200:
        assert (shown["name"], shown["metadata"]["texts"]) == (texts[0], texts)
    return shown.status


@look
def metadata_bounded(wallet: Local) -> Any:
    card = wallet.card(100, metadata={"k" * 40: "v" * 500, "n": 1})
    assert wallet.read(card).status == 200
    bad = ({"k" * 41: ""}, {"k": "v" * 501}, {"k": {}}, {str(n): n for n in range(51)})
    return [wallet.transact(card, 1, metadata=one).status for one in bad]


@look
def texts_short(wallet: Local) -> Any:
    card = wallet.card(100)
    assert wallet.transact(card, 1, ref_id="r" * 36).status == 200
    named = {"card_id": "a", "amount": 1, "currency": "NOK", "name": "n" * 41}
    return wallet.transact(card, 1, ref_id="r" * 37).status, status(wallet, "/cards", named)


@look
def queries_strict(wallet: Local) -> Any:
    return wallet.send("GET", "/cards", query={"limit": 1, "unknown": 1}).status


@look
def filter_not_numbers(wallet: Local) -> Any:
    return wallet.send("GET", "/cards", query={"amount_available": 1}).status


@look
def uuids_as_shown(wallet: Local) -> Any:
    return wallet.void(wallet.hold(wallet.card(), 1)["id"].upper()).status


# --- more of what is shown ----------------------------------------------------------------------


@look
def framework_refuses_routes(wallet: Local) -> Any:
    app = wallet.server.app
    replies = [
        app.refuse(Refusal(cause)) for cause in (Cause.NO_ROUTE, Cause.NO_METHOD, Cause.NO_CARD)
    ]
    return [(reply.status, app.encode(reply)[:9]) for reply in replies]


@look
def uuids_in_capitals(wallet: Local) -> Any:
    cards = [wallet.card() for _ in range(2)]
    page = wallet.send("GET", "/cards", query={"limit": 1})
    rest = wallet.send("GET", "/cards", query={"starting_after": page["starting_after"]})
    assert [card["card_id"] for card in rest["cards"]] == cards[1:]
    held = wallet.hold(cards[0], 1)
    assert wallet.void(held)["parent_id"] == held["id"]
    return held["id"].isupper()


@look
def creation_shows_little(wallet: Local) -> Any:
    body = {"card_id": "a", "amount": 1, "currency": "NOK"}
    made = wallet.send("POST", "/cards", body)
    batch(wallet, "b")
    active = wallet.send("POST", "/cards/b/activate", {"amount": 1, "currency": "NOK"})
    gone = wallet.send("DELETE", "/cards/a")
    return ["amount_balance" in answer.body for answer in (made, active, gone)]


@look
def customers_see_balances(wallet: Local) -> Any:
    wallet.card(5, customer_id="c")
    return wallet.send("GET", "/customers/c/cards").body[0].get("amount_balance")


@look
def periods_in_seconds(wallet: Local) -> Any:
    begins, ends = "0000-01-01T00:00:00.5Z", "2031-01-01T02:00:00.75+02:00"
    card = wallet.read(wallet.card(1, active_from=begins, expires_at=ends))
    assert card["active_from"] == begins
    return card["expires_at"]


@look
def zero_hold_ends(wallet: Local) -> Any:
    return wallet.void(wallet.hold(wallet.card(), 0)).status


@look
def own_keys_in_metadata(wallet: Local) -> Any:
    card = wallet.card(10, metadata={"a": "b"})
    shown = wallet.read(card)["metadata"], wallet.transact(card, 1).body.get("metadata", {})
    assert shown[0]["a"] == "b"
    return [len(metadata) for metadata in shown]


@look
def child_merges_metadata(wallet: Local) -> Any:
    held = wallet.hold(wallet.card(), 5, metadata={"a": 1, "b": 1})
    own = wallet.capture(held, 1, metadata={"b": 2})["metadata"]
    bare = wallet.capture(wallet.hold(wallet.card(), 5), 1)
    assert "metadata" not in bare.body
    return own


@look
def rare_signs_refused(wallet: Local) -> Any:
    card = wallet.card()
    texts = ("\N{GRINNING FACE}", "a\n", "\x01", "\N{SNOWMAN}")
    return [wallet.transact(card, 1, metadata={"k": text}).status for text in texts]


@look
def bodies_small(wallet: Local) -> Any:
    return wallet.transact(wallet.card(), 1, metadata={"k": "v" * 4000}).status


@look
def customers_see_active(wallet: Local) -> Any:
    for begins in ("2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z"):
        wallet.card(1, customer_id="c", active_from=begins)
    return len(wallet.send("GET", "/customers/c/cards").body)


@look
def origins_hidden(wallet: Local) -> Any:
    return sorted(wallet.transact(wallet.card(), 1).body)


@look
def tokens_show_little(wallet: Local) -> Any:
    card = wallet.card(1, pin={})
    made = wallet.token(card).body
    shown = wallet.read(card)
    return sorted(made), sorted(shown["tokens"][0]), "pin" in shown.body


@look
def requests_limited(wallet: Local) -> Any:
    wallet.checked = False
    wallet.access_token(ADMIN)
    answers = [wallet.send("GET", "/cards") for _ in range(120)]
    return {answer.status: answer.headers.get("retry-after") for answer in answers}


@look
def filter_leaves_out_ended(wallet: Local) -> Any:
    for ends in ("2020-01-01T00:00:00Z", "2031-01-01T00:00:00Z"):
        wallet.card(1, expires_at=ends)
    whole, filtered = (
        wallet.send("GET", "/cards", query=query).body["cards"]
        for query in ({}, {"amount_available": 1})
    )
    return len(whole), len(filtered)
