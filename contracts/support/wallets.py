"""Cards of the suite's own with everything on them, and a request of every operation on them.

It does not know who sends the requests, nor what has to come of them.
"""

from __future__ import annotations

from collections.abc import Callable

from contracts.support.credentials import Wallet, every_operation, further_transactions
from contracts.support.staging import Stage, spelled
from tallystick.profiles.wallet import operations as op
from tallystick.request import Request
from tallystick.run import Run

FEW = ("aid_cards_cardid_get", "aid_cards_transactions_post")
"""A read and a write, where trying every operation would take too many requests."""


def prepared_wallet(run: Run) -> Stage:
    """An active card A with a hold h and a token t, an inactive card B, an empty card C."""
    stage = Stage(run)
    whose = spelled({"customer_id": stage.fresh("customer")})
    stage.perform(f"A = card 1000 NOK {whose}", "h = hold A 100", "t = token A", unread=True)
    # B can be activated and C can be deleted: only the credentials are a reason to refuse it.
    stage.perform("B = batch", "C = card 10 NOK", "d = draw C available", unread=True)
    return stage


def wallet_of(stage: Stage) -> Wallet:
    opened = stage.session.ledger("A").opened_by
    assert opened is not None, "card A was made"
    return Wallet(
        card=stage.card_id("A"),
        customer=dict(opened.extras)["customer_id"],
        inactive=stage.card_id("B") if stage.has(op.PREPARE_CARDS) else None,
        empty=stage.card_id("C"),
        hold=stage.entry_id("h"),
        token=stage.token("t") if stage.has(op.ISSUE_TOKEN) else None,
    )


def _fresh(stage: Stage) -> Callable[[], str]:
    return lambda: stage.fresh("a")


def every_request(stage: Stage) -> list[Request]:
    """A request of each operation that the target has."""
    return list(stage.offered(*every_operation(stage.base, wallet_of(stage), _fresh(stage))))


def every_use(stage: Stage, base: str) -> list[Request]:
    """The same with the other uses of the operation that moves money; the deletion comes last."""
    wallet, fresh = wallet_of(stage), _fresh(stage)
    found = every_operation(base, wallet, fresh)
    return list(stage.offered(*found[:-1], *further_transactions(base, wallet, fresh), found[-1]))
