"""No secret that goes in comes out."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tallystick.reporting.redaction import Redactor

SALT = b"fixed"
# Codes as the API's formats make them, symbols included, and long enough to be no ordinary word.
CODES = st.one_of(
    st.text("0123456789", min_size=6, max_size=16),
    st.uuids().map(lambda code: f"DINCARD:{code}"),
    st.text("abcXYZ0189@#$%&/()=+-_.:;,!?{}[]'\" ", min_size=8, max_size=24).filter(
        lambda code: len(code.strip()) >= 8
    ),
)
PINS = st.text("0123456789", min_size=4, max_size=8)
PLACES = ("token", "card_token", "pin", "token_request", "pin_request", "barcode", "oauth", "basic")


def _answer(place: str, secret: str) -> Any:
    """A body that gives the secret away under the name that the API has for it."""
    return {
        "token": {"tokens": [{"token": {"value": secret, "format": {"length": 16}}}]},
        "card_token": {"card_token": {"token": {"value": secret}, "expires_in": 60}},
        "pin": {"pin": {"format": {"length": 4}, "pin": {"value": secret}}},
        "token_request": {"token": secret, "amount": 5},
        "pin_request": {"token": "other-token-value", "pin": secret},
        "barcode": {"token": {"value": "other-token-value", "barcode_128": secret}},
        "oauth": {"access_token": secret, "token_type": "Bearer"},
        "basic": {"headers": {"Authorization": secret}},
    }[place]


@given(place=st.sampled_from(PLACES), secret=CODES)
def test_a_secret_never_stays_under_its_own_name(place: str, secret: str) -> None:
    for redact in (Redactor(salt=SALT).answer, Redactor(salt=SALT).request):
        assert json.dumps(secret)[1:-1] not in json.dumps(redact(_answer(place, secret)))


@given(place=st.sampled_from(PLACES), secret=CODES, quoted=st.sampled_from(['"{}"', "({})", "{}."]))
def test_a_secret_that_is_repeated_elsewhere_is_masked_there_too(
    place: str, secret: str, quoted: str
) -> None:
    redactor = Redactor(salt=SALT)
    message = f"the code {quoted.format(secret)} is not known"
    body = {"error": {"message": message}, **_answer(place, secret), "metadata": {"copy": secret}}
    shown = redactor.answer(body)
    assert secret not in shown["error"]["message"]
    assert secret not in shown["metadata"]["copy"]
    assert secret not in redactor.text(f"later: {secret} again")
    assert secret not in json.dumps(redactor.answer([{secret: 1}, secret]), ensure_ascii=False)


@given(pin=PINS)
def test_a_pin_that_was_handed_out_is_masked_everywhere(pin: str) -> None:
    redactor = Redactor(salt=SALT)
    redactor.answer({"pin": {"pin": {"value": pin}}})
    assert redactor.text(f"PIN {pin} is wrong") == "PIN [pin] is wrong"
    assert redactor.request({"pin": int(pin), "metadata": {"p": pin}}) == {
        "pin": "[pin]",
        "metadata": {"p": "[pin]"},
    }


@given(secret=CODES)
def test_credentials_of_the_run_are_masked_wherever_a_server_echoes_them(secret: str) -> None:
    redactor = Redactor([secret], salt=SALT)
    assert secret not in redactor.text(f"client {secret} may not do that")
    assert secret not in json.dumps(redactor.answer({"message": secret}), ensure_ascii=False)


def test_equal_tokens_stay_recognisable_and_different_ones_differ() -> None:
    redactor = Redactor(salt=SALT)
    first, again, other = (
        redactor.request({"token": code})["token"]
        for code in ("code-1-aaa", "code-1-aaa", "code-2")
    )
    assert first == again != other
    assert first.startswith("[token ")


def test_the_digest_of_a_token_says_nothing_outside_its_run() -> None:
    one, two = Redactor(salt=b"one"), Redactor(salt=b"two")
    assert one.request({"token": "4" * 16}) != two.request({"token": "4" * 16})


def test_bearer_credentials_and_user_info_are_masked_though_nobody_named_them() -> None:
    redactor = Redactor(salt=SALT)
    text = redactor.text("sent Authorization: Bearer abc.def-ghi123 to http://me:pw@host/v1")
    assert text == "sent Authorization: [secret] to http://host/v1"
    assert "eyJ" not in redactor.text("got eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl")


@given(
    body=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_what_holds_no_secret_is_not_changed(body: Any) -> None:
    plain = json.loads(json.dumps(body))
    names = (
        "token",
        "pin",
        "secret",
        "password",
        "barcode",
        "auth",
        "bearer",
        "basic",
        "://",
        "eyj",
    )
    if not any(name in json.dumps(plain).lower() for name in names):
        assert Redactor(salt=SALT).answer(plain) == plain


def test_made_up_codes_of_a_client_do_not_blot_out_ordinary_words() -> None:
    redactor = Redactor(salt=SALT)
    redactor.request({"token": "fund", "pin": "1000"})
    assert redactor.text("fund of 1000") == "fund of 1000"


def test_an_id_of_a_payment_is_no_secret_though_its_member_is_named_like_a_header() -> None:
    redactor = Redactor(salt=SALT)
    body = {"authorization": "au_1f0c4a51", "items": [{"Authorization": "au_2"}]}
    assert redactor.answer(body) == body
    assert redactor.text("/authorizations/au_1f0c4a51/capture") == (
        "/authorizations/au_1f0c4a51/capture"
    )
    assert redactor.text("{'authorization': 'au_1f0c4a51'}") == "{'authorization': 'au_1f0c4a51'}"


def test_an_id_that_an_api_calls_a_token_is_no_secret_there() -> None:
    redactor = Redactor(["s3cret-of-the-run"], frozenset({"token"}))
    body = {"token": "auth-1", "card_token": "4711-4711", "links": {"token": {"value": "x-1234"}}}
    shown = redactor.answer(body)
    assert shown["token"] == "auth-1"
    assert shown["links"] == body["links"]
    assert "4711" not in str(shown), "a name that is not declared stays one of a secret"
    text = redactor.text('{"token": "auth-2", "card_token": "4712-4712"}')
    assert '"token": "auth-2"' in text
    assert "4712" not in text
    assert redactor.answer({"token": "s3cret-of-the-run"}) == {"token": "[secret]"}


def test_credentials_of_a_header_are_masked_wherever_they_stand() -> None:
    redactor = Redactor(salt=SALT)
    assert redactor.answer({"authorization": "Bearer abc"}) == {"authorization": "[secret]"}
    assert redactor.answer({"headers": {"X-Api-Key": "key-12345"}}) == {
        "headers": {"X-Api-Key": "[secret]"}
    }
    assert redactor.text("the key key-12345") == "the key [secret]"
    assert redactor.text("{'Authorization': 'Basic abc'}") == "{'Authorization': [secret]}"


def test_settings_of_a_code_are_not_secrets() -> None:
    body = {"pin": {"format": {"length": 4, "prefix": "P"}}, "card_token": {"expires_in": 60}}
    assert Redactor(salt=SALT).answer(body) == body


def test_a_code_of_signs_alone_is_masked_too() -> None:
    redactor = Redactor(["(/&/=/?)"], salt=SALT)
    assert redactor.text("got (/&/=/?) instead") == "got [secret] instead"


def test_a_body_that_is_quoted_and_cut_in_a_text_keeps_its_secrets() -> None:
    redactor = Redactor(salt=SALT)
    note = 'POST /info {"token": "DINCARD:5d2f", "pin": 1234, "amount": 5, "card_token": "cut \\"of'
    assert redactor.text(note) == (
        'POST /info {"token": [secret], "pin": [secret], "amount": 5, "card_token": [secret]'
    )
    assert redactor.text("{'pin': 'a\\'b', 'x': 'y'}") == "{'pin': [secret], 'x': 'y'}"


def test_a_secret_is_masked_also_as_the_query_of_a_link_spells_it() -> None:
    redactor = Redactor(["key/with+odd=signs"])
    text = "next: https://wallet.test/holds?api_key=key%2Fwith%2Bodd%3Dsigns&page=2"
    assert redactor.text(text) == "next: https://wallet.test/holds?api_key=[secret]&page=2"
