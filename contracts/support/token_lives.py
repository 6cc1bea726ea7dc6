"""Tokens that are used before their end, and tried after it: no use makes a life longer (TOKEN-5).

What happens in between is somebody else's: the visits are made while other tests run.
"""

from __future__ import annotations

import time
from functools import partial

from contracts.support import request_builders
from contracts.support.staging import Stage, body_of
from contracts.support.visits import Appointment, Visit
from tallystick.clock import UNSURE_S
from tallystick.run import Run
from tallystick.target import Answer

REQUESTS = 80
"""About how many requests the preparation sends: on a slow target what it makes lives longer."""
LONGEST_S = 30
BEFORE_THE_END_S = 0.7
"""A token is used at least so long before its end; a life that starts again then is longer."""
LATER_S = UNSURE_S + 0.5
"""So long after its end, by the clock of the target, a life is over."""
USES = ("info", "draw", "fund", "refused")
LIFE_S = 5
"""Seconds that such a token lives. A gate should not have to wait for its end."""
USED_AFTER = 0.62
"""The part of its life after which it is used: there is time for other tests before its end, and
about as much before a life that began again would be over."""


class TokensInUse:
    """A card with tokens; each is used in a way of its own before its end, and tried after it."""

    def __init__(self, run: Run) -> None:
        self.answers: list[tuple[str, Answer]] = []
        """The answers that came after the end, each with the use before it."""
        self._run = run
        self._stage = Stage(run)
        self._values: list[str] = []
        self._life_s = LIFE_S
        self._ends = 0.0
        self.appointment = Appointment(run, None, self._begin)

    def prepare(self) -> TokensInUse:
        """Make the card and its tokens, and plan their use; raises what ends that."""
        self.appointment.next = self._begin()
        return self

    def _begin(self) -> Visit:
        """Make a card and its tokens; the time to use them."""
        self._stage, self._values = Stage(self._run), []
        stage, began = self._stage, time.monotonic()
        stage.perform("A = card 1000 NOK", unread=True)
        # On a slow target they live longer, so that they can be used in time.
        self._life_s = LIFE_S + min(LONGEST_S, int(REQUESTS * (time.monotonic() - began)))
        began = time.monotonic()
        for _ in USES:
            request = request_builders.issue_token(
                stage.base,
                stage.card_id("A"),
                stage.fresh_ref("t"),
                expires_in=self._life_s,
                expires_after_transaction=False,
            )
            token = (body_of(stage.send(request)) or {}).get("token") or {}
            if token.get("value"):
                self._values.append(token["value"])
        self._ends = time.monotonic() + self._life_s
        closes = began + self._life_s - BEFORE_THE_END_S
        return Visit(began + self._life_s * USED_AFTER, closes, self._use)

    def _use(self) -> Visit:
        """Use every token; no use has to succeed."""
        began = time.monotonic()
        stage = self._stage
        for use, value in zip(USES, self._values, strict=False):
            pay = partial(request_builders.transact, stage.base, stage.fresh_ref(), token=value)
            requests = {
                "info": request_builders.info(stage.base, value),
                "draw": pay(1),
                "fund": pay(1, type="fund"),
                "refused": pay(5000),
            }
            for request in stage.offered(requests[use]):
                stage.send(request)
        for request in stage.offered(request_builders.read_card(stage.base, stage.card_id("A"))):
            stage.send(request)
        # A life that began again would end so much later.
        return Visit(self._ends + LATER_S, began + self._life_s, self._try)

    def _try(self) -> None:
        """Try every token after its end."""
        stage = self._stage
        for use, value in zip(USES, self._values, strict=False):
            for request in stage.offered(
                request_builders.info(stage.base, value),
                request_builders.transact(stage.base, stage.fresh_ref(), 1, token=value),
            ):
                self.answers.append((use, stage.send(request)))

    def judge(self) -> None:
        """Raise Violated unless all of them were refused."""
        for use, answer in self.answers:
            why = f"the token has expired, though it was used before ({use})"
            self._stage.direct.expect_refusal("TOKEN-5", answer, why)
