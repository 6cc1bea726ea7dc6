"""READ-8 and AUTH-3: what was made some time ago, and what has ended since.

It is made early in the run and looked at late, so that little waiting is left.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from contracts.support import request_builders
from contracts.support.clients import not_claimed
from contracts.support.credentials import granted
from contracts.support.identity import Identity, agree, identity_of
from contracts.support.staging import Stage, body_of, is_refused
from contracts.support.visits import APPOINTMENTS, Appointment, Visit
from contracts.support.wallets import FEW, every_request, prepared_wallet
from tallystick.ledger.vocabulary import CardId
from tallystick.repeating import until_answered
from tallystick.run import Intensity, Run
from tallystick.suite import Suite
from tallystick.target import Answer, bearer_header

rule = pytest.mark.rule
pytestmark = pytest.mark.api("wallet")

CARD = "the card"
LEAST_S, PATIENCE_S = 6, 10
"""At the end of a gate the suite waits so many seconds for an access token to expire. Of one that
lives shorter than the least it cannot be told whether its use prolongs it."""


# Ids and dates ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Aged:
    """A card with a hold and a drawdown, and their identities as they were made."""

    stage: Stage
    card_id: CardId
    customer: str
    held: str
    drawn: str
    known: dict[str, Identity]
    made: float
    """When it was made, by `time.monotonic`."""
    gone: CardId | None
    """A card of the same customer that was deleted then; None if that was refused."""
    gone_is_read: bool
    """Whether it could be read at once after its deletion."""


@pytest.fixture(scope="session")
def aged(run: Run) -> Aged:
    """A card that is looked at again when it is older."""
    return until_answered(run, lambda: _made_to_age(run))


def _made_to_age(run: Run) -> Aged:
    stage = Stage(run)
    card_id, whose = stage.fresh_card(), stage.fresh("customer")
    held, drawn = stage.fresh_ref("h"), stage.fresh_ref("d")
    pay = partial(request_builders.transact, stage.base, amount=9, card_id=card_id)
    answers = {
        CARD: stage.send(request_builders.open_card(stage.base, card_id, 1000, customer_id=whose)),
        held: stage.send(pay(ref_id=held, pending=True)),
        drawn: stage.send(pay(ref_id=drawn)),
    }
    known = {name: identity_of(body_of(answer) or {}) for name, answer in answers.items()}
    gone, is_read = _deleted(stage, whose)
    return Aged(stage, card_id, whose, held, drawn, known, time.monotonic(), gone, is_read)


def _deleted(stage: Stage, customer: str) -> tuple[CardId | None, bool]:
    """A card that was spent and deleted, or None; whether it can be read all the same."""
    card_id = stage.fresh_card("gone")
    stage.send(request_builders.open_card(stage.base, card_id, 7, customer_id=customer))
    stage.send(request_builders.transact(stage.base, stage.fresh_ref(), 7, card_id=card_id))
    for request in stage.offered(request_builders.delete_card(stage.base, card_id)):
        if body_of(stage.send(request)) is not None:
            read = stage.send(request_builders.read_card(stage.base, card_id))
            return card_id, not is_refused(read)
    return None, False


@pytest.mark.prepares
def test_what_ages_is_made(aged: Aged) -> None:
    assert aged.known


@pytest.mark.waits
@rule("READ-8")
def test_ids_and_dates_of_creation_never_change(aged: Aged) -> None:
    stage, known = aged.stage, dict(aged.known)
    card_id, drawn = aged.card_id, aged.drawn
    # Dates are compared to the second.
    time.sleep(max(0.0, aged.made + 1.1 - time.monotonic()))
    again = stage.send(request_builders.transact(stage.base, drawn, 9, card_id=card_id))
    same = agree(known[drawn], identity_of(body_of(again) or {}))
    stage.direct.expect("READ-8", same, f"{known[drawn]}, as it was made", f"{body_of(again)}")
    dates: dict[tuple[str, str], Any] = {}
    for _ in range(2):
        for view, name, item in list(_views(stage, card_id, aged.customer)):
            now, date = identity_of(item), item.get("created_at")
            was = known.setdefault(name, now)
            # One view shows a date with the same digits each time.
            same = agree(was, now) and dates.setdefault((view, name), date) == date
            stage.direct.expect("READ-8", same, f"{name} with {was}, as it was made", f"{item}")
        hold = str(known[aged.held].get("id"))
        stage.send(request_builders.capture(stage.base, hold, stage.fresh_ref("k"), amount=4))


@pytest.mark.waits
@rule("CARD-9", "CARD-10", "READ-8")
def test_a_card_that_was_deleted_long_ago_is_still_deleted(aged: Aged) -> None:
    stage, card_id = aged.stage, aged.gone
    if card_id is None:
        pytest.skip("the target deleted no card")
    for request in (
        request_builders.transact(stage.base, stage.fresh_ref(), 1, card_id=card_id, type="fund"),
        request_builders.transact(stage.base, stage.fresh_ref(), 0, card_id=card_id),
    ):
        stage.direct.expect_refusal("CARD-9", stage.send(request), "the card is deleted")
    read = stage.send(request_builders.read_card(stage.base, card_id))
    if not aged.gone_is_read:
        why = "the card is deleted, and reading it was refused then"
        stage.direct.expect_refusal("READ-8", read, why)
    for request in stage.offered(request_builders.customer_cards(stage.base, aged.customer)):
        shown = [card.get("card_id") for card in body_of(stage.send(request)) or []]
        without = f"no deleted card {card_id!r}"
        stage.direct.expect("CARD-10", card_id not in shown, without, f"{shown}")


def _views(stage: Stage, card_id: str, customer: str) -> Iterable[tuple[str, str, dict[str, Any]]]:
    """A card in every view, and each of its transactions, by ref_id."""
    for request in stage.offered(
        request_builders.read_card(stage.base, card_id),
        request_builders.customer_card(stage.base, customer, card_id),
        request_builders.customer_cards(stage.base, customer),
    ):
        body = body_of(stage.send(request))
        for card in body if isinstance(body, list) else [body or {}]:
            yield request.operation, CARD, card
    for request in stage.offered(request_builders.list_transactions(stage.base, card_id)):
        for item in body_of(stage.send(request)) or []:
            yield "transactions", str(item.get("ref_id")), item


# Access tokens that end ---------------------------------------------------------------------------

USES_S = (0.5, 0.9)
"""The part of its life in which an access token is used, while other tests run."""


class Grants:
    """Two access tokens; one of them is used before its end, and both are tried after it."""

    def __init__(self, run: Run, suite: Suite) -> None:
        self.stage = prepared_wallet(run)
        found = [granted(run, suite, self.stage, "AUTH-3") for _ in range(2)]
        self.life_s = max(_life_s(suite, grant) for grant in found)
        self.ends = time.monotonic() + self.life_s + 1.5
        self.unused, self.used = (bearer_header(str(grant["access_token"])) for grant in found)
        self.answers: list[Answer] = []
        """Those to the token that was used, after its end."""
        began = self.ends - self.life_s
        opens, closes = (began + part * self.life_s for part in USES_S)
        self.appointment = Appointment(run, Visit(opens, closes, self._use))

    def _use(self) -> Visit:
        began = time.monotonic()
        read = request_builders.read_card(self.stage.base, self.stage.card_id("A"))
        self.stage.send(read, headers=self.used, authorized=False)
        # A life that began again would end so much later.
        return Visit(self.ends, began + self.life_s, self._try)

    def _try(self) -> None:
        self.answers = [
            self.stage.send(request, headers=self.used, authorized=False)
            for request in every_request(self.stage)
            if request.operation in FEW
        ]


@pytest.fixture(scope="session")
def grants(run: Run, suite: Suite, pytestconfig: pytest.Config) -> Grants:
    """Access tokens that end while other tests run."""
    found = until_answered(run, lambda: Grants(run, suite))
    pytestconfig.stash[APPOINTMENTS].add(found.appointment)
    return found


def _life_s(suite: Suite, grant: dict[str, Any]) -> float:
    life_s = grant.get("expires_in")
    if not isinstance(life_s, int | float) or not grant.get("access_token"):
        not_claimed(suite, "the target does not say how long its access tokens live", "AUTH-3")
    return float(life_s)


def _patience_s(run: Run) -> float:
    """For how long a test waits for an access token to end; a run with a budget has more time."""
    if run.intensity is Intensity.GATE or run.seconds_left() == math.inf:
        return PATIENCE_S
    return max(PATIENCE_S, run.seconds_left() / 4)


@pytest.mark.prepares
def test_access_tokens_that_end_are_granted(grants: Grants) -> None:
    assert grants.life_s > 0


@pytest.mark.waits
@rule("AUTH-3")
def test_an_access_token_ends(run: Run, suite: Suite, grants: Grants) -> None:
    if grants.ends - time.monotonic() > _patience_s(run):
        not_claimed(suite, f"access tokens of the target live {grants.life_s:.0f} s", "AUTH-3")
    is_kept = grants.appointment.is_kept()
    if not is_kept and LEAST_S <= grants.life_s <= PATIENCE_S:
        grants, is_kept = Grants(run, suite), True
        too_slow = "the target is too slow to use an access token before its end"
        grants.appointment.has_to_be_kept(too_slow)
    time.sleep(max(0.0, grants.ends - time.monotonic()))
    stage = grants.stage
    stage.direct.note("with an access token that has expired:")
    for request in every_request(stage):
        answer = stage.send(request, headers=grants.unused, authorized=False)
        stage.direct.expect_refusal("AUTH-3", answer, "the access token has expired")
    if is_kept:
        for answer in grants.answers:
            why = "the access token has expired, though it was used before"
            stage.direct.expect_refusal("AUTH-3", answer, why)
    stage.read_back("AUTH-3", only="A", lists=False)
