"""Idempotency keys: the first answer under a key is given again.

A key is claimed in the transaction of the request itself, so that a request that is refused or
fails leaves no key behind, and a second one waits until the first has ended. Knows nothing of what
an operation does.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.prepaid.answers import Answers
from tests.prepaid.calls import Call, Reply
from tests.prepaid.database import Session, only
from tests.prepaid.policy import Policy
from tests.prepaid.refusals import Refusal

REPLAYED = ("Idempotency-Replayed", "true")

Perform = Callable[[Session, Call], Reply]


@dataclass(frozen=True, slots=True)
class Saved:
    """The first answer under a key, and what it was the answer to."""

    request: str
    status: int
    body: Any


class Keys:
    """Remembers answers by key, in the database."""

    def __init__(self, answers: Answers, policy: Policy) -> None:
        self.answers = answers
        self.policy = policy
        self.in_use: set[str] = set()
        self.lock = threading.Lock()

    def answer(self, session: Session, call: Call, perform: Perform) -> Reply:
        """The saved answer to a repeated request, else a new one.

        Raises:
            Refusal: the request is refused, or its key belongs to another one.
        """
        if call.key is None:
            return perform(session, call)
        place, request = self.place(call), self.request(call)
        if not self.claim(session, place, request):
            saved = self.saved(session, place)
            if saved is not None:
                return self.replay(session, saved, call, perform)
        reply = self.first(session, call, perform)
        self.remember(session, place, reply)
        return reply

    def place(self, call: Call) -> str:
        """What a key is remembered under."""
        return f"{call.tenant} {call.key}"

    def request(self, call: Call) -> str:
        """What has to be equal in a repeated request."""
        body = json.dumps(call.body, sort_keys=True, default=str)
        return f"{call.method} {call.path} {body}"

    def claim(self, session: Session, place: str, request: str) -> bool:
        """Whether the key is fresh. Waits for the end of a transaction that has just claimed it."""
        claimed = session.rows(
            "INSERT INTO keys (place, request) VALUES (?, ?)"
            " ON CONFLICT DO NOTHING RETURNING place",
            *(place, request),
        )
        return bool(claimed)

    def saved(self, session: Session, place: str) -> Saved | None:
        row = only(session.rows("SELECT request, status, body FROM keys WHERE place = ?", place))
        if row is None or row[1] is None:
            return None
        request, status, body = row
        return Saved(request, status, json.loads(body))

    def first(self, session: Session, call: Call, perform: Perform) -> Reply:
        """The answer to a request whose key is fresh; a refusal, if the policy keeps these."""
        if not self.policy.keeps_refusals:
            return perform(session, call)
        session.run("SAVEPOINT fresh")
        try:
            return perform(session, call)
        except Refusal as refusal:
            if not refusal.executed:
                raise
            session.run("ROLLBACK TO SAVEPOINT fresh")
            return self.answers.refused(refusal)

    def remember(self, session: Session, place: str, reply: Reply) -> None:
        session.run(
            "UPDATE keys SET status = ?, body = ? WHERE place = ?",
            *(reply.status, json.dumps(reply.body), place),
        )

    def replay(self, session: Session, saved: Saved, call: Call, perform: Perform) -> Reply:
        self.judge_same(saved, call)
        status = saved.status
        if status < 300 and self.policy.replay_status:
            status = self.policy.replay_status
        return Reply(status, saved.body, (REPLAYED,))

    def judge_same(self, saved: Saved, call: Call) -> None:
        if saved.request != self.request(call):
            message = "This idempotency key was used for another request"
            raise Refusal(self.policy.mismatch_status, "idempotency_key_reused", message)

    @contextmanager
    def exclusive(self, call: Call) -> Iterator[None]:
        """Where the policy says so, refuse a request whose key is in use at this moment (409)."""
        if call.key is None or not self.policy.key_in_use_refused:
            yield
            return
        place = self.place(call)
        with self.lock:
            if place in self.in_use:
                message = "A request with this idempotency key is being carried out"
                raise Refusal(409, "idempotency_key_in_use", message)
            self.in_use.add(place)
        try:
            yield
        finally:
            with self.lock:
                self.in_use.discard(place)
