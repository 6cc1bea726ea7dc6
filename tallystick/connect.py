"""Smoke before the suite: does the target speak this API at all?

A connection is made, a token fetched and one card list read, so that a wrong address, refused
credentials or a page of HTML end in one line that says what to do, and not in hundreds of failures.
"""

from __future__ import annotations

from tallystick.target import (
    NOT_JSON,
    Address,
    Answer,
    Client,
    HttpTarget,
    Meter,
    Network,
    Observer,
    Target,
    TargetError,
)
from tallystick.target.control import ask_control, control_request


def connect(
    address: Address,
    client: Client,
    *,
    network: Network | None = None,
    meter: Meter | None = None,
    observer: Observer | None = None,
) -> Target:
    """A target that has answered; TargetError if it cannot be judged."""
    target = HttpTarget(address, client, network=network, meter=meter, observer=observer)
    try:
        _smoke(target)
    except TargetError:
        target.close()
        raise
    target.begin_run()
    return target


def _smoke(target: Target) -> None:
    url, account = target.address.url, target.address.account
    answer = ask_control(target)
    where = f"GET {url}{control_request(account).path}"
    if not isinstance(answer, Answer):
        raise TargetError(f"{where} got no answer: {answer.remedy or answer.reason}")
    if answer.status == 200 and answer.body is not NOT_JSON:
        return
    if answer.status in (401, 403):
        raise TargetError(
            f"{where} answered {answer.status}: these credentials may not read the cards of "
            f"{account}; a run needs admin:wallets, or read:wallets and write:wallets"
        )
    kind = answer.content_type or "no content type"
    raise TargetError(
        f"{where} answered {answer.status} with {kind}: is {url} the base URL of a Wallet / Cards "
        "API up to and including /v1?"
    )
