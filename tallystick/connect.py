"""Smoke before the suite: does the target speak this API at all?

A connection is made, a token fetched and the control request sent, so that a wrong address, refused
credentials or a page of HTML end in one line that says what to do, and not in hundreds of failures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from tallystick.settings import Settings
from tallystick.target import (
    Address,
    Answer,
    Client,
    Exchange,
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
    on_wait: Callable[[str], None] | None = None,
) -> Target:
    """A target that has answered; TargetError if it cannot be judged.

    `not_supported` maps the operations that it is said to lack to who says so; `on_wait` is called
    with a line where the target has to be waited for.
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
    if on_wait is not None:
        target.show_waits(on_wait)
    try:
        _smoke(target)
    except TargetError:
        target.close()
        raise
    target.begin_run()
    return target


def connected(
    settings: Settings,
    address: Address,
    client: Client,
    meter: Meter,
    observer: Observer,
    on_wait: Callable[[str], None] | None = None,
) -> Target:
    """The target of a run, after a first answer; TargetError if it cannot be judged."""
    return connect(
        address,
        client,
        settings.profile,
        network=settings.network,
        meter=meter,
        observer=observer,
        not_supported=settings.not_supported,
        on_wait=on_wait,
    )


class EarlyTarget:
    """A target that is connected before the run begins, to see how long its answers take."""

    def __init__(self, connecting: Callable[[Observer], Target]) -> None:
        """`connecting` connects with an observer; what it raises is passed on."""
        self._exchanges: list[Exchange] = []
        self._target = connecting(self._exchanges.append)

    @property
    def latency_s(self) -> float:
        """How long its fastest answer took, in seconds."""
        return min((each.returned_ns - each.called_ns) / 1e9 for each in self._exchanges)

    def close(self) -> None:
        """There is no run."""
        self._target.close()

    def hand_over(self, meter: Meter, observer: Observer) -> Target:
        """The target, for the run: its requests are counted and seen as those of the run."""
        for exchange in self._exchanges:
            observer(replace(exchange, number=meter.take()))
        self._target.meter, self._target.observer = meter, observer
        return self._target


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
