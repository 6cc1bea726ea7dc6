"""Smoke before the suite: does the target speak this API at all?

A connection is made, a token fetched and the control request sent, so that a wrong address, refused
credentials or a page of HTML end in one line that says what to do, and not in hundreds of failures.
"""

from __future__ import annotations

from tallystick.target import (
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
) -> Target:
    """A target that has answered; TargetError if it cannot be judged."""
    target = HttpTarget(
        address, client, profile=profile, network=network, meter=meter, observer=observer
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
    answer = ask_control(target)
    request = control_request(target)
    where = f"{request.method} {url}{request.path}"
    if not isinstance(answer, Answer):
        raise TargetError(f"{where} got no answer: {answer.remedy or answer.reason}")
    if profile.is_working(answer):
        return
    if answer.status in (401, 403):
        raise TargetError(
            f"{where} answered {answer.status}: these credentials may not ask for it; "
            f"{profile.permissions}"
        )
    kind = answer.content_type or "no content type"
    raise TargetError(f"{where} answered {answer.status} with {kind}: is {url} {profile.base_url}?")
