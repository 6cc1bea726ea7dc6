"""Other clients of the target, and Get Token. It knows no rule: what a client may do is a contract.

A client that was not given skips the test and is reported as not claimed; it is never a pass.
"""

from __future__ import annotations

from typing import NoReturn

import pytest

from contracts.support import request_builders
from tallystick.request import Request
from tallystick.run import Run
from tallystick.suite import Suite
from tallystick.target import Client, Target, TargetError, TargetGone


def connect_as(suite: Suite, run: Run, name: str, *rules: str) -> Target:
    """A connection as the client `other`, `reader` or `till`; the caller closes it.

    Skips the test, and leaves the rules unclaimed, if the client was not given or gets no token.
    """
    clients = suite.clients
    assert clients is not None, "the run has started"
    client: Client | None = getattr(clients, name)
    account = clients.other_account if name == "other" else run.target.address.account
    if client is None or (run.profile.accounts.are_needed and not account):
        given = f"TALLYSTICK_{name.upper()}_CLIENT_ID and _SECRET, or _TOKEN"
        not_claimed(suite, f"{given}, not given", *rules)
    target = run.target.another(client=client, account=account)
    try:
        target.credentials()
    except TargetGone:
        target.close()
        raise
    except TargetError as error:
        target.close()
        not_claimed(suite, f"the client {name!r} gets no token: {error}", *rules)
    return target


def not_claimed(suite: Suite, reason: str, *rules: str) -> NoReturn:
    """Skip the test; the rules are reported as not claimed."""
    suite.not_claimed.update(dict.fromkeys(rules, reason))
    pytest.skip(reason)


def base_of(target: Target) -> str:
    """The path of the wallets of a client's own account."""
    return f"/accounts/{target.address.account}/wallets"


def token_request(run: Run, audience: str | None = None, at: str | None = None) -> Request:
    """Get Token for the audience of the account `audience`, sent to the account `at`.

    Both are the account of the run unless another one is named.
    """
    account, accepted = run.target.address.account, run.target.audience
    wanted = accepted.replace(account, audience or account)
    return request_builders.get_token(at or account, wanted)
