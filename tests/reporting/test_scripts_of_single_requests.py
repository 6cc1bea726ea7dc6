"""Single requests as scripts: what an answer, or a page before it, has to show, said as values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from contracts.support import request_builders
from contracts.support.staging import Stage, body_of
from tallystick.conditions import ACCEPTED, Condition, Kind, listing, nowhere, on_some_page
from tallystick.ledger.vocabulary import CardId
from tallystick.replaying import live_run
from tallystick.run import Violated
from tests.proof.servers import Environment, forked_sandbox
from tests.reporting.scripted import check_scripts, settings_for


def card_of_a_batch(stage: Stage) -> None:
    """The last card of a batch cannot be read."""
    ids = [stage.fresh_card("b") for _ in range(2)]
    cards = [{"card_id": card_id, "type": "gift_card"} for card_id in ids]
    stage.send(request_builders.batch(stage.base, cards))
    read = stage.send(request_builders.read_card(stage.base, ids[-1]), shaped=False)
    right = (ACCEPTED,)
    stage.direct.expect("CARD-4", read.status == 200, "the card", "it cannot be read", right=right)


def deleted_card(stage: Stage) -> None:
    """The list of a customer has a deleted card."""
    customer = stage.fresh("customer")
    stage.perform(f'A = card 0 with {{"customer_id": "{customer}"}}', "delete A", unread=True)
    answer = stage.send(request_builders.customer_cards(stage.base, customer))
    card_id = stage.card_id("A")
    shown = [item.get("card_id") for item in body_of(answer)]
    right = nowhere(card_id)
    stage.direct.expect("CARD-10", card_id not in shown, "no deleted card", f"{shown}", right=right)


def page_again(stage: Stage) -> None:
    """A page begins with the card that ended the page before."""
    for label in "ABC":
        stage.perform(f"{label} = card 10", unread=True)
    first = body_of(stage.send(request_builders.list_cards(stage.base, limit=1)))
    cursor = first["starting_after"]
    query = {"limit": 1, "starting_after": cursor}
    second = body_of(stage.send(request_builders.list_cards(stage.base, **query)))
    shown, before = ([card["id"] for card in each["cards"]] for each in (second, first))
    stage.direct.expect(
        "READ-3", shown != before, "every card once", f"{before} twice", right=nowhere(*before)
    )


def card_on_no_page(stage: Stage) -> None:
    """Between two pages a card is missing."""
    ids = [stage.fresh_card(label) for label in "abcde"]
    made = [body_of(stage.send(request_builders.open_card(stage.base, each))) for each in ids]
    shown: list[CardId] = []
    cursor = made[0]["id"]
    for _ in range(3):
        query = {"limit": 1, "starting_after": cursor}
        page = body_of(stage.send(request_builders.list_cards(stage.base, **query)))
        shown += [card["card_id"] for card in page["cards"]]
        cursor = page.get("starting_after")
        if cursor is None:
            break
    missing = [card_id for card_id in ids[1:4] if card_id not in shown]
    right = on_some_page(missing[0] if missing else None, range(3))
    stage.direct.expect("READ-5", not missing, "each card", f"no {missing}", right=right)


def altered_token(stage: Stage) -> None:
    """A token with a wildcard in it is taken for the token that it fits."""
    stage.perform("A = card 10", "t = token A", unread=True)
    value = stage.token("t")
    other = f"{value[:12]}_{value[13:]}"
    answer = stage.send(request_builders.info(stage.base, other), shaped=False)
    stage.direct.expect_refusal("TOKEN-4", answer, "there is no such token")


SHOWN: dict[str, Callable[[Stage], None]] = {
    "batch_forgets_last": card_of_a_batch,
    "customer_list_has_deleted": deleted_card,
    "page_repeats_cursor": page_again,
    "page_skips_one": card_on_no_page,
    "token_is_a_pattern": altered_token,
}


@pytest.mark.parametrize("name", SHOWN)
def test_scripts_of_single_requests_tell_a_faulty_wallet_from_an_honest_one(
    name: str, honest: Environment, tmp_path: Path
) -> None:
    with forked_sandbox(faults=[name]) as faulty, live_run(settings_for(faulty)) as run:
        with pytest.raises(Violated) as caught:
            SHOWN[name](Stage(run))
        check_scripts(run, caught.value.finding, tmp_path, faulty, honest)


def test_a_list_says_what_is_too_much_before_what_is_missing() -> None:
    assert listing(["a", "b"], ["a"]) == (Condition(Kind.NOWHERE, values=("b",)),)
    assert listing(["b"], ["a"]) == (Condition(Kind.NOWHERE, values=("b",)),)
    assert listing(["a"], ["a", "b", "c"]) == (Condition(Kind.SOMEWHERE, values=("b", "c")),)
    assert listing(["a", "a"], ["a"]) == ()
