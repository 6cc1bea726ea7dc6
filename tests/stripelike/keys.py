"""Idempotency keys: the first answer under a key is given again.

Keys belong to an account and count over all operations, unless the policy says otherwise. Knows
nothing of what an operation does.
"""

import json
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace

from tests.stripelike.calls import Call, Reply
from tests.stripelike.policy import Policy
from tests.stripelike.refusals import Refusal

LONGEST_KEY = 255
IN_USE_S = 0.005
"""How long an answer takes to be saved, where requests overlap; else no client would see it."""

Perform = Callable[[Call], Reply]


@dataclass(frozen=True, slots=True)
class Saved:
    """The first answer under a key, and what it was the answer to."""

    request: Hashable
    reply: Reply


class Keys:
    """Remembers answers by key."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.saved: dict[Hashable, Saved] = {}
        self.in_use: set[Hashable] = set()
        self.lock = threading.Lock()

    def answer(self, call: Call, perform: Perform) -> Reply:
        """The saved answer to a repeated request, else a new one.

        Raises:
            Refusal: the key belongs to another request, is in use, or is too long.
        """
        if call.key is None or call.method != "POST":
            return perform(call)
        if len(call.key) > LONGEST_KEY:
            raise Refusal(400, f"Idempotency keys have up to {LONGEST_KEY} characters")
        place = self.place(call)
        saved = self.claim(place)
        if saved is not None:
            return self.replay(saved, call, perform)
        try:
            reply = perform(call)
            if self.policy.threads:
                time.sleep(IN_USE_S)
            if self.keeps(reply):
                self.remember(place, Saved(self.request(call), reply))
            return reply
        finally:
            self.in_use.discard(place)

    def place(self, call: Call) -> Hashable:
        """What a key is remembered under."""
        if self.policy.key_scope == "path":
            return (call.account, call.path, call.key)
        return (call.account, call.key)

    def request(self, call: Call) -> Hashable:
        """What has to be equal in a repeated request."""
        return (call.path, json.dumps(call.params, sort_keys=True))

    def claim(self, place: Hashable) -> Saved | None:
        """What is saved, or None; then the key is in use from now on."""
        with self.lock:
            saved = self.saved.get(place)
            if saved is None and place in self.in_use:
                message = "There is a request in progress with this idempotency key"
                raise Refusal(409, message, code="idempotency_key_in_use", kind="idempotency_error")
            if saved is None:
                self.in_use.add(place)
            return saved

    def remember(self, place: Hashable, saved: Saved) -> None:
        self.saved[place] = saved

    def replay(self, saved: Saved, call: Call, perform: Perform) -> Reply:
        if saved.request != self.request(call):
            message = "This idempotency key was used with another endpoint or other parameters"
            raise Refusal(self.policy.mismatch_status, message, kind="idempotency_error")
        return replace(saved.reply, headers=(("Idempotent-Replayed", "true"),))

    def keeps(self, reply: Reply) -> bool:
        """Whether an answer uses up its key."""
        if self.policy.keeps_key_of == "accepted":
            return reply.status < 300
        return reply.executed or self.policy.keeps_key_of == "all"
