"""CARD and READ: the list of a customer has all cards of the customer and no others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from contracts.support import request_builders
from contracts.support.staging import (
    FIRST,
    SECOND,
    Stage,
    body_of,
    is_refused,
    pin_of,
    spelled,
)
from tallystick.conditions import Condition, Kind, listing, nowhere, on_some_page
from tallystick.profiles.wallet import operations as op
from tallystick.repeating import until_answered
from tallystick.run import Run

rule = pytest.mark.rule
broad = pytest.mark.broad
pytestmark = pytest.mark.api("wallet")

LABELS = "ABCDEFGHIJKL"


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer with cards of both types; some of them have payments."""

    stage: Stage
    id: str
    cards: list[str]

    def page(self, **query: Any) -> list[dict[str, Any]] | None:
        """One page of the customer's list; None if it is refused."""
        answer = self.stage.send(request_builders.customer_cards(self.stage.base, self.id, **query))
        body: list[dict[str, Any]] | None = body_of(answer)
        if body is None:
            return None
        limit = int(query.get("limit") or 10)
        self.stage.direct.expect(
            "READ-7",
            len(body) <= limit,
            f"at most {limit} cards",
            f"{len(body)} cards",
            right=(Condition(Kind.AT_MOST, (), (limit,)),),
        )
        return body


@pytest.fixture(scope="module")
def customer(run: Run) -> Customer:
    """A customer with more cards than a page has by default; all have money left."""
    return until_answered(run, lambda: _customer_with_cards(run))


def _customer_with_cards(run: Run) -> Customer:
    stage = Stage(run)
    stage.require(op.LIST_CUSTOMER_CARDS)
    name = stage.fresh("customer")
    for label in LABELS:
        members = {"customer_id": name, "type": "credit_note" if label == "B" else "gift_card"}
        currency = "EUR" if label == "D" else "NOK"
        stage.perform(f"{label} = card 100 {currency} {spelled(members)}", unread=True)
    stage.perform("Z = batch", f"activate Z 100 NOK {spelled({'customer_id': name})}", unread=True)
    stage.perform("h = hold A 60", "c = capture h 40", "d = draw C 30", unread=True)
    is_complete = stage.has(op.PREPARE_CARDS) and stage.has(op.ACTIVATE_CARD)
    labels = [*LABELS, "Z"] if is_complete else [*LABELS]
    return Customer(stage, name, [stage.card_id(label) for label in labels])


@broad
@rule("CARD-2", "BAL-7", "CARD-11", "TOKEN-6")
def test_cards_of_one_customer_share_nothing_but_the_customer(run: Run) -> None:
    stage = Stage(run)
    whose = {"customer_id": stage.fresh("customer")}
    for label, members in (("A", FIRST), ("B", SECOND)):
        stage.perform(f"{label} = card 100 NOK {spelled({**members, **whose})}", unread=True)
    stage.perform("read A", "read B")
    _shows_its_own_tokens(stage, whose["customer_id"])
    pins = [_new_pin(stage, label) for label in "AB"]
    stage.perform("t = token A")  # whether tokens survive a rotation is open (question 51)
    if pins[0] and stage.has(op.ISSUE_TOKEN) and stage.has(op.READ_BY_TOKEN):
        answer = stage.send(request_builders.info(stage.base, stage.token("t"), pin=pins[0]))
        shown = "a look-up of the first card by its PIN"
        stage.direct.expect("CARD-11", not is_refused(answer), shown, "a refusal")
    stage.perform("e = draw B available", "delete B", "read A", "p = draw t 10", "f = fund A 5")
    stage.finish()


def _shows_its_own_tokens(stage: Stage, customer: str) -> None:
    """Both views of the first card list one more token: its own, and not that of the second one."""
    before = _tokens_shown(stage, customer)
    stage.perform("a = token A", "b = token B", unread=True)
    after = _tokens_shown(stage, customer)
    for earlier, later in zip(before, after, strict=True):
        if later:  # or they are shown with `includes` only
            stage.direct.expect(
                ("CARD-10", "TOKEN-8"),
                len(later) == len(earlier) + 1,
                f"one token more in this view of the card than {earlier}",
                f"{later}",
            )


def _tokens_shown(stage: Stage, customer: str) -> list[list[object]]:
    """The masked tokens of the first card, in the card view and in that of its customer."""
    card_id = stage.card_id("A")
    requests = stage.offered(
        request_builders.read_card(stage.base, card_id),
        request_builders.customer_card(stage.base, customer, card_id),
    )
    bodies = [body_of(stage.send(request)) or {} for request in requests]
    return [[token.get("masked_code") for token in body.get("tokens") or []] for body in bodies]


def _new_pin(stage: Stage, label: str) -> object:
    """A new PIN of six digits for a card; None if the target gives none."""
    form = {"length": 6, **request_builders.DIGITS}
    for request in stage.offered(
        request_builders.rotate_pin(stage.base, stage.card_id(label), **form)
    ):
        return pin_of(body_of(stage.send(request)) or {})
    return None


@rule("CARD-10", "READ-7", "READ-3", "READ-9", "READ-11")
def test_the_list_of_a_customer_is_whole_and_its_pages_join(customer: Customer) -> None:
    expect = customer.stage.direct.expect
    listed = customer.page(limit=100) or []
    shown = [str(item.get("card_id")) for item in listed]
    expect("READ-3", len(set(shown)) == len(shown), "every card once", f"{shown}")
    expect(
        "CARD-10",
        sorted(shown) == sorted(customer.cards),
        f"{customer.cards}",
        f"{shown}",
        right=listing(shown, customer.cards),
    )
    customer.page()
    for limit in (3, 7):
        first = customer.page(limit=limit) or []
        expect("READ-7", len(first) > 0, "a page with cards", "an empty page")
        name = _cursor_name(customer, first, limit)
        if name is not None:
            _pages_join(customer, name, limit)
            if limit == 3:
                _pages_join(customer, name, limit, rules=("READ-11", "READ-3"), paying=True)


def _cursor_name(customer: Customer, first: list[dict[str, Any]], limit: int) -> str | None:
    """The member that leads to the next page; None if the server takes neither as a cursor."""
    answers = {
        name: customer.page(limit=limit, starting_after=first[-1][name])
        for name in ("id", "card_id")
        if isinstance(first[-1].get(name), str)
    }
    seen = {item.get("card_id") for item in first}
    for name, answer in answers.items():
        if answer and not seen & {item.get("card_id") for item in answer}:
            return name
    begun_again = [name for name, answer in answers.items() if answer == first]
    customer.stage.direct.expect(
        "READ-9",
        not answers or len(begun_again) < len(answers),
        "the cards after the one that starting_after names",
        f"the first page again, by {' and by '.join(begun_again)}",
    )
    return None


def _pages_join(
    customer: Customer,
    name: str,
    limit: int,
    *,
    rules: tuple[str, ...] = ("READ-9", "READ-3"),
    paying: bool = False,
) -> None:
    """Every card is on one page, also if the card that the cursor names pays in between."""
    labels = dict(zip(customer.cards, [*LABELS, "Z"], strict=False))
    seen: list[str] = []
    ends: list[int] = []  # how many exchanges there were after each page
    again: dict[str, int] = {}
    cursor = None
    for _ in range(len(customer.cards) + 2):
        items = customer.page(limit=limit, starting_after=cursor)
        ends.append(len(customer.stage.story.events))
        if not items:
            break
        again |= {
            str(each.get("card_id")): ends[-1] for each in items if each.get("card_id") in seen
        }
        seen += [str(item.get("card_id")) for item in items]
        cursor = items[-1].get(name)
        if paying and seen[-1] in labels:
            customer.stage.perform(f"p{len(seen)} = draw {labels[seen[-1]]} 1", unread=True)
    end = len(customer.stage.story.events)
    missing = [card for card in customer.cards if card not in seen]
    right = [each for card in missing for each in on_some_page(card, [end - at for at in ends])]
    right += [each for card, at in [*again.items()][:1] for each in nowhere(card, back=end - at)]
    customer.stage.direct.expect(
        rules,
        sorted(seen) == sorted(customer.cards),
        f"each of {len(customer.cards)} cards once on pages of {limit}",
        f"{seen}",
        right=right,
    )
