"""Each named variant is a correct server that differs: it says so, and its answers still fit."""

from dataclasses import fields

import pytest

from sandbox.policy import DEFAULT
from sandbox.variants import VARIANTS, overrides_of, policy_of
from tests.sampling import some
from tests.sandbox import reference_walk
from tests.sandbox.harness import Local

QUESTIONS = {field.name for field in fields(DEFAULT)}


def taken(names: list[str], expected: list[str] | None = None) -> list[str]:
    """What the server of some variants answers, each answer checked against the document."""
    wallet = Local(policy=policy_of(names), overrides=overrides_of(names))
    try:
        return reference_walk.run(wallet, expected)
    finally:
        wallet.close()


@pytest.fixture(scope="module")
def default() -> list[str]:
    """The reference walk of the default server."""
    return taken([])


# What overrides a part is looked at one by one (test_dialects.py).
CHOICES_ONLY = [name for name, variant in VARIANTS.items() if not variant.overrides]


@pytest.mark.parametrize("name", some(CHOICES_ONLY, 32))
def test_a_variant_differs_and_fits_the_document(name: str, default: list[str]) -> None:
    assert taken([name]) != default


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_answers_questions_of_the_policy(name: str) -> None:
    variant = VARIANTS[name]
    assert variant.choices.keys() <= QUESTIONS
    assert policy_of([name]) != DEFAULT or variant.overrides
    assert variant.summary
    assert not variant.summary.endswith(".")


def test_every_question_is_answered_otherwise_by_some_variant() -> None:
    answered = {choice for variant in VARIANTS.values() for choice in variant.choices}
    assert answered == QUESTIONS


def test_variants_add_up_and_the_later_one_wins() -> None:
    both = policy_of(["malformed_uuid_404", "foreign_account_404", "foreign_account_401"])
    assert dict(both.statuses) == {"MALFORMED_TRANSACTION": 404, "FOREIGN_ACCOUNT": 401}
    assert policy_of([]) == DEFAULT


# --- money under the variants that could lose it --------------------------------------------


def test_deleting_a_card_releases_its_holds_where_that_is_the_policy() -> None:
    wallet = Local(policy=policy_of(["delete_holds_released"]))
    card = wallet.card(100)
    held = wallet.hold(card, 40)
    wallet.capture(held, 10)
    deleted = wallet.send("DELETE", f"/cards/{card}")
    assert (deleted["amount_balance"], deleted["amount_available"]) == (90, 90)
    assert wallet.capture(held, 1).status == 404
    wallet.close()


def test_holds_outlive_their_card_where_that_is_the_policy() -> None:
    wallet = Local(policy=policy_of(["deleted_holds_live", "deleted_readable"]))
    card = wallet.card(100)
    held, other = wallet.hold(card, 40), wallet.hold(card, 10)
    assert wallet.send("DELETE", f"/cards/{card}").status == 200
    assert wallet.capture(held, 15).status == 200
    assert wallet.void(held).status == 200
    assert wallet.void(other).status == 200
    assert wallet.hold(card, 1).status == 404
    assert wallet.figures(card) == (100, 15, 0, 85)
    wallet.close()


def test_a_refused_ref_id_is_spent_where_that_is_the_policy() -> None:
    wallet = Local(policy=policy_of(["ref_refused_spent"]))
    card = wallet.card(100)
    assert wallet.transact(card, 101, ref_id="one").status == 400
    wallet.fund(card, 10)
    assert wallet.transact(card, 101, ref_id="one").status == 400
    held = wallet.hold(card, 50)
    assert wallet.capture(held, 51, ref_id="two").status == 400
    assert wallet.capture(held, 50, ref_id="two").status == 400
    assert wallet.figures(card) == (110, 0, 50, 60)
    wallet.close()


def test_gross_figures_follow_open_holds() -> None:
    wallet = Local(policy=policy_of(["pending_gross"]))
    card = wallet.card(100)
    held, other = wallet.hold(card, 40), wallet.hold(card, 10)
    wallet.capture(held, 15)
    assert wallet.read(card)["amount_pending"] == 50
    assert wallet.read(card)["amount_reserved"] == 35
    wallet.void(held)
    assert wallet.read(card)["amount_pending"] == 10
    wallet.capture(other)
    assert wallet.read(card)["amount_pending"] == 0
    wallet.close()
