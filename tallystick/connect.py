"""Smoke before the suite: does the target speak this API at all?

A connection is made, a token fetched and the control request sent, so that a wrong address, refused
credentials or a page of HTML end in one line that says what to do, and not in hundreds of failures.
"""

from __future__ import annotations

from collections.abc import Mapping

from tallystick.target import (
    Address,
    Answer,
    Client,
    HttpTarget,
    Meter,
    Network,
    NotSupported,
    Observer,
    Support,
    Target,
    TargetError,
)
from tallystick.target.api import Api
from tallystick.target.control import ask_control, control_request


def connect(
    address: Address,
    client: Client,
    profile: Api,
    *,
    network: Network | None = None,
    meter: Meter | None = None,
    observer: Observer | None = None,
    not_supported: Mapping[str, str] | None = None,
) -> Target:
    """A target that has answered; TargetError if it cannot be judged.

    `not_supported` maps the operations that it is said to lack to who says so.
    """
    target = HttpTarget(
        address,
        client,
        profile=profile,
        network=network,
        meter=meter,
        observer=observer,
        support=Support(profile.offers, not_supported),
    )
    try:
        _smoke(target)
    except TargetError:
        target.close()
        raise
    target.begin_run()
    return target


def _smoke(target: Target) -> None:
    url, profile = target.address.url, target.profile
    try:
        answer = ask_control(target)
    except NotSupported:
        return  # all but this read works: it was looked at
    request = control_request(target)
    where = f"{request.method} {url}{request.path}"
    if not isinstance(answer, Answer):
        raise TargetError(f"{where} got no answer: {answer.remedy or answer.reason}")
    if not target.support.has(request.operation):
        return _check_without(target)
    if profile.is_working(answer):
        return
    if answer.status in (401, 403):
        raise TargetError(
            f"{where} answered {answer.status}: these credentials may not ask for it; "
            f"{profile.permissions}"
        )
    kind = answer.content_type or "no content type"
    raise TargetError(f"{where} answered {answer.status} with {kind}: is {url} {profile.base_url}?")


def _check_without(target: Target) -> None:
    """Check a target that is said to lack the control request: what can be made there is enough."""
    said = target.support.check(target.ask, target.address.account)
    if said:
        raise TargetError(
            f"{target.address.url}: {said}; is it {target.profile.base_url}, and may the client "
            "write?"
        )
