"""Each variant is honest: it answers an open question otherwise, and all else as the others do."""

from collections.abc import Callable

import pytest

from tests.stripelike import crowds, keys, walk
from tests.stripelike.assembly import assemble
from tests.stripelike.client import Checked, Local
from tests.stripelike.process import ROOT
from tests.stripelike.shop import Shop, figures
from tests.stripelike.variants import VARIANTS, policy_of


def shop_of(*names: str) -> Shop:
    return Shop(Checked(Local(assemble(policy_of(names)))))


def multicapture() -> None:
    shop = shop_of("multicapture")
    intent = shop.intent(1000)["id"]
    captured = shop.capture_intent(intent, 300, final_capture="false")
    assert figures(captured) == ("requires_capture", 700, 300)
    assert shop.capture_intent(intent, 701, final_capture="false").status == 400
    assert figures(shop.capture_intent(intent, 200)) == ("succeeded", 0, 500)
    whole = shop.intent(1000)["id"]
    shop.capture_intent(whole, 600, final_capture="false")
    captured = shop.capture_intent(whole, None, final_capture="false")
    assert figures(captured) == ("succeeded", 0, 1000)
    canceled = shop.intent(1000)
    shop.capture_intent(canceled["id"], 300, final_capture="false")
    assert figures(shop.cancel(canceled["id"])) == ("canceled", 0, 300)
    assert figures(shop.read_charge(canceled["latest_charge"])) == (300, 700, True, False)


def release_in_part() -> None:
    shop = shop_of("release_in_part")
    charge = shop.charge(1000)["id"]
    assert shop.refund(charge, 400)["amount"] == 400
    assert figures(shop.read_charge(charge)) == (0, 400, False, False)
    assert shop.capture_charge(charge, 601).status == 400
    assert figures(shop.capture_charge(charge)) == (600, 400, True, False)


def rest_is_no_refund() -> None:
    shop = shop_of("rest_is_no_refund")
    charge = shop.charge(1000)["id"]
    assert figures(shop.capture_charge(charge, 400)) == (400, 0, True, False)
    shop.refund(charge)
    assert figures(shop.read_charge(charge)) == (400, 400, True, True)
    released = shop.charge(1000)["id"]
    shop.refund(released)
    assert figures(shop.read_charge(released)) == (0, 1000, False, True)


def small_captures_refused() -> None:
    shop = shop_of("small_captures_refused")
    intent = shop.intent(1000)["id"]
    assert shop.capture_intent(intent, 49).error[2] == "amount_too_small"
    assert figures(shop.capture_intent(intent, 50)) == ("succeeded", 0, 50)


def keys_of_accepted_only() -> None:
    shop = shop_of("keys_of_accepted_only")
    charge = shop.charge(1000)["id"]
    assert shop.capture_charge(charge, 1001, "key").status == 400
    assert shop.capture_charge(charge, 1000, "key").status == 200
    assert shop.capture_charge(charge, 1000, "key").replayed


def keys_of_malformed_too() -> None:
    shop = shop_of("keys_of_malformed_too")
    assert shop.charge(10, "key").status == 400
    assert shop.charge(10, "key").replayed
    assert shop.charge(1000, "key").error[1] == "idempotency_error"


def key_scope_path() -> None:
    shop = shop_of("key_scope_path")
    first, second = shop.charge(1000, "key")["id"], shop.intent(1000, "key")["id"]
    assert shop.capture_charge(first, 300, "key").status == 200
    assert shop.capture_intent(second, 300, "key").status == 200
    assert shop.capture_charge(first, 300, "key").replayed
    assert shop.charge(1001, "key").error[1] == "idempotency_error"


def mismatch_409() -> None:
    shop = shop_of("mismatch_409")
    shop.charge(1000, "key")
    assert shop.charge(1001, "key").error[:2] == (409, "idempotency_error")


def above_402() -> None:
    shop = shop_of("above_402")
    charge = shop.charge(1000)["id"]
    assert shop.capture_charge(charge, 1001).status == 402
    assert figures(shop.read_charge(charge)) == (0, 0, False, False)
    shop.capture_charge(charge)
    assert shop.refund(charge, 1001).status == 402


def upper_case_currency() -> None:
    shop = shop_of("upper_case_currency")
    assert shop.charge(1000, currency="USD")["currency"] == "usd"


def key_in_use_409() -> None:
    shop = shop_of("key_in_use_409")
    hold = {"amount": 1000, "currency": "usd", "source": "tok_visa", "capture": "false"}
    request = shop.request("/v1/charges", "key", **hold)
    answers = shop.sender.together([request] * 3)
    made = [answer for answer in answers if answer.status == 200]
    assert len({answer["id"] for answer in made}) == 1
    in_use = (409, "idempotency_error", "idempotency_key_in_use")
    assert {answer.error for answer in answers if answer.status != 200} == {in_use}
    assert shop.sender.send(request).body == made[0].body


SHOWN: tuple[Callable[[], None], ...] = (
    *(multicapture, release_in_part, rest_is_no_refund, small_captures_refused),
    *(keys_of_accepted_only, keys_of_malformed_too, key_scope_path, mismatch_409),
    *(above_402, upper_case_currency, key_in_use_409),
)


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: shown.__name__)
def test_a_variant_does_what_its_summary_says(
    shown: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Long enough for requests that are sent together, on a busy machine too.
    monkeypatch.setattr(keys, "IN_USE_S", 0.3)
    shown()


def test_every_variant_is_shown_and_its_question_is_written_down() -> None:
    assert {shown.__name__ for shown in SHOWN} == set(VARIANTS)
    facts = (ROOT / "spec" / "stripe" / "FACTS.md").read_text("utf-8")
    assert [name for name in VARIANTS if f"`{name}`" not in facts] == []


@pytest.mark.parametrize("name", sorted(VARIANTS))
def test_the_answers_of_a_variant_are_documented(name: str) -> None:
    seen = walk.run(Checked(Local(assemble(policy_of([name])))))
    assert not any(line.startswith("5") for line in seen)
    # Requests that overlap are seen by crowds only.
    assert (seen == walk.run(Local(assemble()))) == (name == "key_in_use_409")


@pytest.mark.parametrize("name", sorted(VARIANTS))
def test_a_crowd_finds_nothing_on_a_variant(name: str) -> None:
    for crowd in crowds.CROWDS:
        crowd(Checked(Local(assemble(policy_of([name])))))
