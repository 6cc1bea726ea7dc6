"""TOKEN: a token pays for its card, as long and as often as it was made for.

What happens after a token has expired is tested in test_time, because it needs a wait.
"""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest

from contracts.support import request_builders
from contracts.support.masks import is_hidden
from contracts.support.staging import FIRST, Stage, body_of, is_refused, pin_of, spelled, texts_in
from tallystick.conditions import nowhere
from tallystick.fixtures import Check
from tallystick.ledger.members import instant_of
from tallystick.ledger.vocabulary import (
    Accepted,
    IssueToken,
    Kind,
    OpenCard,
    TokenRecord,
    Transact,
)
from tallystick.profiles.wallet import operations as op
from tallystick.run import Run

rule = pytest.mark.rule
broad = pytest.mark.broad
wallet = pytest.mark.api("wallet")

ONCE = 'with {"one_time": "true"}'
LIFE_S, LENIENCE_S = 3600, 60
"""Seconds that a token of a program is valid, and how many its shown end may differ."""
DEFAULT = re.compile(r"DINCARD:[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@wallet
@rule("TOKEN-2", "TOKEN-3")
@pytest.mark.parametrize("paying", ["draw", "hold"])
def test_a_one_time_token_pays_once_and_still_shows_its_card(check: Check, paying: str) -> None:
    check(
        f"A = card 1000 NOK {spelled(FIRST)}",
        f"t = token A {ONCE}",
        "info t",
        f'p = {paying} t 100 with {{"originated_by": "till 2"}}',
        "info t",
        "x1 = draw t 100",
        "x2 = hold t 100",
        "x3 = draw t 1",
        "d = draw A 50",
        "info t",
        unread=2,
    )


@rule("TOKEN-2", "CAP-1", "VOID-1")
def test_what_a_one_time_token_held_is_captured_and_voided_without_it(check: Check) -> None:
    check(
        "A = card 1000 NOK",
        f"t = token A {ONCE}",
        "h = hold t 100",
        "c = capture h 40",
        "v = void h",
        "info t",
        "e = draw A available",
        unread=2,
    )


@broad
@rule("TOKEN-6", "TOKEN-3")
def test_a_lasting_token_pays_again_and_again(check: Check) -> None:
    check(
        "A = card 1000 NOK",
        "t = token A",
        "d = draw t 100",
        "h = hold t 300",
        "info t",
        "c = capture h 100",
        "list A",
        "e = draw t 50",
        "v = void h",
        "info t",
        "x = draw t available+1",
        "y = draw t 1 SEK",
        "g = draw t available",
        "info t",
        unread=4,
    )


@wallet
@rule("TOKEN-2")
def test_a_token_is_for_one_time_unless_asked_otherwise(run: Run) -> None:
    stage = Stage(run, "A = card 1000 NOK")
    _issue(stage, "A", "t")
    stage.perform("d = draw t 100", "x = draw t 100", "y = hold t 1", "info t")
    stage.finish()


@rule("TOKEN-1", "BAL-7", "TOKEN-6")
def test_a_token_moves_no_money_but_that_of_its_card(check: Check) -> None:
    check(
        "A = card 1000 NOK",
        "B = card 500 NOK",
        "t = token A",
        "u = token B",
        "d = draw t 600",
        "x = draw u 600",
        "h = hold u 200",
        "c = capture h 50",
        "info t",
        "info u",
        unread=4,
    )


@broad
@wallet
@rule("TOKEN-4", "BAL-6")
def test_a_token_that_was_never_made_is_refused(run: Run) -> None:
    stage = Stage(run, "A = card 1000 NOK", "t = token A")
    value = stage.token("t")
    middle = len(value) // 2
    other = "0" if value[middle] != "0" else "1"
    made_up = {
        "one with another character": value[:middle] + other + value[middle + 1 :],
        "one that lacks its end": value[:-1],
        "one that goes on": value + "0",
        "a random one": f"DINCARD:{uuid.uuid4()}",
        "the card's own id": stage.card_id("A"),
        "a pattern": "%",
        "one with any character": f"{value[:middle]}_{value[middle + 1 :]}",
        **_masked(stage),
    }
    for what, token in made_up.items():
        for request in stage.offered(
            request_builders.info(stage.base, token),
            request_builders.transact(stage.base, stage.fresh_ref(), 1, token=token),
        ):
            stage.direct.expect_refusal("TOKEN-4", stage.send(request), f"the token is {what}")
    stage.read_back("TOKEN-4")


def _masked(stage: Stage) -> dict[str, str]:
    details = body_of(stage.send(request_builders.read_card(stage.base, stage.card_id("A")))) or {}
    codes = [item.get("masked_code") for item in details.get("tokens") or []]
    return {"a masked one": str(codes[0])} if codes and codes[0] else {}


@wallet
@rule("SHAPE-4")
def test_a_token_that_is_made_with_its_card_lives_for_a_second_at_least(run: Run) -> None:
    stage = Stage(run)
    stage.require(op.ISSUE_TOKEN)
    wanted = request_builders.open_card(
        stage.base, stage.fresh_card(), 100, card_token={"expires_in": 0}
    )
    stage.direct.expect_refusal("SHAPE-4", stage.send(wanted), "expires_in is 1 at least")


@wallet
@rule("TOKEN-1")
def test_every_token_has_a_value_of_its_own(run: Run) -> None:
    stage = Stage(run, "A = card 1000 NOK", "B = card 500 NOK")
    bodies = [_issue(stage, card, f"{card}{number}") for card in "AB" for number in range(3)]
    values = [_value(body) for body in bodies]
    # "Not required to be globally unique": the server may refuse the ref_id on another card, but
    # must not answer with the token of the first card.
    shared = request_builders.issue_token(stage.base, stage.card_id("B"), bodies[0]["ref_id"])
    again = body_of(stage.send(shared))
    values += [] if again is None else [_value(again)]
    stage.direct.expect(
        "TOKEN-1", len(set(values)) == len(values), "a value of its own for each token", f"{values}"
    )


@wallet
@rule("TOKEN-3", "TOKEN-1")
def test_a_short_token_is_made_for_one_card_only(run: Run) -> None:
    # No least length is documented. Where one digit is accepted, ten tokens use all of them up.
    stage = Stage(run, "A = card 1000 NOK", "B = card 500 NOK")
    owners: dict[str, str] = {}
    for number in range(12):
        label = "AB"[number % 2]
        wanted = request_builders.issue_token(
            stage.base,
            stage.card_id(label),
            stage.fresh_ref("t"),
            format={"length": 1, **request_builders.DIGITS},
        )
        body = body_of(stage.send(wanted))
        if body is None:
            return
        owner = owners.setdefault(_value(body), label)
        stage.direct.expect(
            "TOKEN-3",
            owner == label,
            f"a token of card {label} that no other card has, or a refusal",
            f"{_value(body)!r}, which is a token of card {owner}",
        )


@broad
@rule("TOKEN-2")
def test_a_one_time_token_that_has_paid_is_not_renewed_by_a_fund(check: Check) -> None:
    check(
        "A = card 1000 NOK",
        f"t = token A {ONCE}",
        f"u = token A {ONCE}",
        "d1 = draw t available",
        "f1 = fund A 10",
        "d2 = draw t 5",
        "f2 = fund t 10",
        "d3 = draw t 5",
        "h = hold t 5",
        "e = draw u 5",  # the other one has not paid yet
        unread=9,
    )


# How codes look -----------------------------------------------------------------------------------

FORMATS: dict[str, dict[str, Any]] = {
    "digits": {"length": 16, **request_builders.DIGITS},
    "digits_after_a_prefix": {"length": 18, "prefix": "VOUCH:", **request_builders.DIGITS},
    "letters": {"length": 20, "numbers": False, "symbols": False, "characters": True},
    "letters_and_digits": {
        "length": 24,
        "prefix": "x-",
        "numbers": True,
        "symbols": False,
        "characters": True,
    },
    "all_kinds": {"length": 30, "numbers": True, "symbols": True, "characters": True},
    "a_prefix_alone": {"prefix": "GIFT-"},
    "a_length_alone": {"length": 40},
}


@wallet
@rule("TOKEN-7")
@pytest.mark.parametrize("wanted", FORMATS)
def test_a_token_has_the_format_that_was_asked_for(run: Run, wanted: str) -> None:
    stage = Stage(run)
    stage.perform("A = card 1000 NOK", unread=True)
    format_, once = FORMATS[wanted], wanted in ("digits", "letters")
    request = request_builders.issue_token(
        stage.base,
        stage.card_id("A"),
        stage.fresh_ref("t"),
        format=format_,
        expires_in=7200,
        expires_after_transaction=once,
    )
    answer = stage.send(request)
    if wanted not in ("digits", "digits_after_a_prefix") and is_refused(answer):
        return  # only the formats of the guides have to be accepted: the bounds are open
    issued = IssueToken(stage.card_id("A"), request.body["ref_id"], one_time=once)
    stage.take("A", issued, answer, name="t")
    _fits("token", stage, stage.token("t"), format_)
    first = "draw" if once else "hold"
    stage.perform(f"p = {first} t 10", "d = draw t 10", "info t", unread=True)


@wallet
@rule("TOKEN-7", "TOKEN-3")
def test_a_token_that_is_made_with_its_card_has_its_format_and_pays(run: Run) -> None:
    stage = Stage(run)
    stage.require(op.ISSUE_TOKEN)
    card_id, format_ = stage.fresh_card(), {"length": 16, "prefix": "W:", **request_builders.DIGITS}
    generator = {"expires_in": 3600, "expires_after_transaction": False, "format": format_}
    made = body_of(
        stage.send(request_builders.open_card(stage.base, card_id, 500, card_token=generator))
    )
    if made is None:
        stage.direct.violate("CARD-1", "a card with a token", "a refusal")
    value = _value(made.get("card_token"))
    _fits("card_token", stage, value, format_)
    pin = pin_of(made)  # a server may give a card a PIN unasked, and demand it (question 50)
    secret = {} if pin is None else {"pin": pin}
    for request in stage.offered(request_builders.info(stage.base, value, **secret)):
        shown = body_of(stage.send(request))
        stage.direct.expect(
            "TOKEN-3",
            shown is not None and shown.get("card_id") == card_id,
            f"card {card_id!r}",
            "a refusal" if shown is None else f"card {shown.get('card_id')!r}",
        )
    for number in (1, 2):
        paid = stage.send(
            request_builders.transact(stage.base, stage.fresh_ref(), 100, token=value)
        )
        stage.direct.expect(
            "TOKEN-6", not is_refused(paid), f"payment {number} by the token", "a refusal"
        )


@wallet
@rule("TOKEN-2", "BAL-6")
@pytest.mark.parametrize("kind", ["drawdown", "hold"])
def test_a_one_time_token_that_is_made_with_its_card_pays_once(run: Run, kind: str) -> None:
    stage = Stage(run)
    stage.require(op.ISSUE_TOKEN)
    card_id = stage.fresh_card()
    generator = {"expires_in": 3600, "expires_after_transaction": True}
    answer = stage.send(request_builders.open_card(stage.base, card_id, 500, card_token=generator))
    stage.take("A", OpenCard(card_id, 500, "NOK"), answer)
    value = _value((body_of(answer) or {}).get("card_token"))
    if not value:
        pytest.skip("the answer to the creation shows no token")
    issued = IssueToken(card_id, stage.fresh_ref("t"), one_time=True)
    stage.session.judge("A", issued, Accepted(TokenRecord(value)))
    for number, paying in enumerate((Kind(kind), Kind.DRAWDOWN, Kind.HOLD)):
        command = Transact(paying, card_id, 100 + number, "NOK", stage.fresh_ref("p"), value)
        stage.do("A", command)
    stage.finish()


def _fits(what: str, stage: Stage, value: str, format_: dict[str, Any]) -> None:
    """Check a code against the documented part of its format."""
    length = format_.get("length", 36)
    # If no prefix is asked for, a code may have none or the default one.
    prefix = format_.get("prefix", "DINCARD:" if value.startswith("DINCARD:") else "")
    code = value.removeprefix(prefix)
    stage.direct.expect(
        "TOKEN-7",
        value.startswith(prefix) and len(code) == length,
        f"a {what} of {length} characters after {prefix!r}",
        f"{value!r}",
    )
    digits, letters = format_.get("numbers", True), format_.get("characters", True)
    asked = format_.get("symbols", True) or all(
        (letters and sign.isalpha()) or (digits and sign.isdigit()) for sign in code
    )
    stage.direct.expect(
        "TOKEN-7", asked, f"a {what} of the asked characters: {format_}", f"{value!r}"
    )


# What shows a token -------------------------------------------------------------------------------


@wallet
@rule("TOKEN-9", "TOKEN-10")
def test_a_new_token_shows_what_was_sent_and_the_default_form(run: Run) -> None:
    stage = Stage(run)
    stage.perform("A = card 1000 NOK", unread=True)
    ref, metadata = stage.fresh_ref("t"), {"till": "4"}
    request = request_builders.issue_token(
        stage.base, stage.card_id("A"), ref, metadata=metadata, expires_in=7200
    )
    body = body_of(stage.send(request))
    if body is None:
        stage.direct.violate("TOKEN-1", "a token", "a refusal")
    shown = {name: body.get(name) for name in ("ref_id", "expires_in", "metadata")}
    kept = isinstance(shown["metadata"], dict) and metadata.items() <= shown["metadata"].items()
    stage.direct.expect(
        "TOKEN-10",
        (shown["ref_id"], shown["expires_in"]) == (ref, 7200) and kept,
        f"ref_id {ref}, expires_in 7200, metadata {metadata}",
        f"{shown}",
    )
    stage.direct.expect(
        "TOKEN-9", bool(DEFAULT.fullmatch(_value(body))), "DINCARD: and a UUID", f"{_value(body)!r}"
    )


@wallet
@rule("TOKEN-8")
def test_the_details_of_a_card_list_its_tokens_masked(run: Run) -> None:
    stage = Stage(run)
    customer = stage.fresh("customer")
    names = ["t", "u", "v", "w", "x", "y"]
    stage.perform(
        f'A = card 1000 NOK with {{"customer_id": "{customer}"}}',
        f"{names[0]} = token A",
        "read A",  # what is shown now may be kept, but not for longer than until the next token
        *[f"{name} = token A" for name in names[1:]],
        unread=True,
    )
    card_id = stage.card_id("A")
    values = sorted({stage.token(name) for name in names})
    for request in stage.offered(
        request_builders.read_card(stage.base, card_id),
        request_builders.customer_card(stage.base, customer, card_id),
        request_builders.info(stage.base, stage.token("t")),
        request_builders.list_transactions(stage.base, card_id),
    ):
        body = body_of(stage.send(request))
        leaked = [text for text in texts_in(body) if any(value in text for value in values)]
        stage.direct.expect(
            "TOKEN-8", not leaked, "no token in a read", f"{leaked}", right=nowhere(*values)
        )
        tokens = body.get("tokens") if isinstance(body, dict) else None
        # Tokens may be shown only with `includes`, and its values are not documented.
        if request.operation == "aid_cards_cardid_get" and tokens:
            codes = [str(item.get("masked_code")) for item in tokens]
            hidden = all(is_hidden(value, code) for code in codes for value in values)
            whole = hidden and len(codes) == len(names)
            stage.direct.expect("TOKEN-8", whole, "six tokens, masked", f"{codes}")
            shown = (item.get("expires_at") for item in tokens if not run.clock.disagreement)
            for ends in filter(None, shown):
                left_s = (instant_of(ends) or 0.0) - run.clock.now()
                stage.direct.expect(
                    "TOKEN-8",
                    abs(left_s - LIFE_S) < LENIENCE_S,
                    f"an end in {LIFE_S} s, as it was made",
                    f"{ends}, in {left_s:.0f} s",
                )


@wallet
@rule("TOKEN-8")
@pytest.mark.parametrize("length", [4, 6, 8])
def test_a_short_token_is_masked_too(run: Run, length: int) -> None:
    stage = Stage(run, "A = card 1000 NOK")
    form = {"length": length, "prefix": "W:", **request_builders.DIGITS}
    ref = stage.fresh_ref("t")
    request = request_builders.issue_token(stage.base, stage.card_id("A"), ref, format=form)
    value = _value(body_of(stage.send(request)))
    if not value:
        pytest.skip("the target makes no token as short as that")
    details = body_of(stage.send(request_builders.read_card(stage.base, stage.card_id("A")))) or {}
    codes = [str(item.get("masked_code")) for item in details.get("tokens") or []]
    hidden = not any(code.endswith(value.removeprefix("W:")) for code in codes)
    stage.direct.expect("TOKEN-8", hidden, "no whole code behind a mask", f"{codes}")


# Helpers ------------------------------------------------------------------------------------------


def _issue(stage: Stage, card: str, name: str) -> Any:
    """Make a token without the optional members; by default it pays once."""
    ref = stage.fresh_ref("t")
    answer = stage.send(request_builders.issue_token(stage.base, stage.card_id(card), ref))
    stage.take(card, IssueToken(stage.card_id(card), ref, one_time=True), answer, name=name)
    return body_of(answer)


def _value(token: Any) -> str:
    code = token.get("token") if isinstance(token, dict) else None
    return str(code.get("value", "")) if isinstance(code, dict) else ""
