"""What is no amount, in requests that are else as the profile sends them: refused, without effect.

The profile says where its requests carry the amount. What APIs may read in different ways (an
exponent, a comma, an empty text, null) is not sent. It knows no API.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tallystick.drivers.direct import requiring_answers
from tallystick.drivers.sequential import Session
from tallystick.ledger.state import LastWrite
from tallystick.ledger.vocabulary import (
    Accepted,
    Capture,
    CardId,
    CardLabel,
    Command,
    EntryId,
    Kind,
    RefId,
    Refund,
    Refused,
    Transact,
    Violation,
    Void,
)
from tallystick.profiles.profile import Fuzzing
from tallystick.program import Program, Step
from tallystick.request import Request
from tallystick.run import Finding, Run
from tallystick.target import Answer, NoAnswer, NotSupported
from tallystick.target.api import FollowUp, Unnamed

JSON = Any
RULE = "SHAPE-4"
AMOUNT = "amount"
LONGEST_NOTE = 300
ORDINARY = (1, 100, 300)
"""Ordinary amounts, in units of the least power of ten that the API takes."""
PAYING = (Kind.HOLD, Kind.DRAWDOWN, Kind.FUND)


def wrong_amounts(spelled: JSON, *, is_form: bool) -> dict[str, JSON]:
    """Return what is no amount, in the place of one, by what it is."""
    if isinstance(spelled, str):
        found: dict[str, JSON] = {"a negative amount": f"-{spelled}", "a word": "six"}
    else:
        found = {"a negative amount": -spelled, "a word": "six", "a truth value": True}
    if not is_form:
        found |= {"a list": [spelled], "an object": {AMOUNT: spelled}}
    return found


def put(body: Mapping[str, JSON], place: str, value: JSON) -> dict[str, JSON]:
    """Return a body with another value at a place such as `amount` or `amount[value]`."""
    first, _, rest = place.partition("[")
    if place in body or not rest:  # the names of a form are whole places
        return {**body, place: value}
    inner, _, after = rest.partition("]")
    return {**body, first: put(body[first], inner + after, value)}


def found_at(body: JSON, place: str) -> JSON:
    """Return what is at a place of a body; None if nothing is."""
    if not isinstance(body, Mapping):
        return None
    if place in body:
        return body[place]
    first, _, rest = place.partition("[")
    inner, _, after = rest.partition("]")
    return found_at(body.get(first), inner + after) if rest else None


def ordinary(
    run: Run, operation: str, card: CardId, hold: EntryId, ref: RefId
) -> dict[str, list[JSON]]:
    """Return ordinary amounts as the profile writes them, by their places in an operation.

    None of them is sent for the card, the hold and the ref: they only make a whole request.
    """
    places = (run.profile.fuzzing or Fuzzing()).places.get(operation, {})
    found: dict[str, list[JSON]] = {place: [] for place in places if places[place] == AMOUNT}
    for command in _payments(run, card, hold, ref) if found else ():
        try:
            request = run.profile.encode(command, run.target.address.account, {})
        except Unnamed:  # the API has no such command, or a request before it gives an id
            continue
        if request.operation == operation:
            for place, values in found.items():
                values.append(found_at(request.body, place))
    return {place: values for place in found if (values := [*filter(None, found[place])])}


def _payments(run: Run, card: CardId, hold: EntryId, ref: RefId) -> Iterator[Command]:
    for number in ORDINARY:
        amount, currency = number * run.profile.traits.scale, run.profile.traits.currency
        yield Capture(card, hold, amount, ref)
        yield Void(card, hold, ref, amount=amount)
        yield Refund(card, hold, amount, ref)
        yield from (Transact(kind, card, amount, currency, ref) for kind in PAYING)


class AmountFuzz:
    """Sends the last step of a program with what is no amount; those before it are setup."""

    _session: Session

    def __init__(self, run: Run, program: Program) -> None:
        self.run = run
        self._program = program
        self._note = ""

    def all(self) -> None:
        """Send each wrong amount. Violated if one is accepted, or a refused one has an effect.

        NotSupported if no request of the step carries an amount that can be replaced.
        """
        last = self._program.prefix[-1]
        self._set_up()
        request = self._request(self._resolved(last, 0)[0])
        place = self._place(request)
        spelled = found_at(request.body, place)
        is_known = True
        for number, (what, value) in enumerate(
            wrong_amounts(spelled, is_form=request.form).items(), start=1
        ):
            if not is_known:
                self._set_up()
            command, card = self._resolved(last, number)
            request = self._request(command)
            wrong = replace(request, body=put(request.body, place, value))
            is_known = self._try(command, card, wrong, what)

    def _set_up(self) -> None:
        """Perform the steps before the last one, on fresh cards."""
        self._session = Session(self.run, explain=self._explained)
        with requiring_answers(self._session.story):
            for step in self._program.prefix[:-1]:
                self._session.perform(step, unread=True)

    def _resolved(self, step: Step, number: int) -> tuple[Command, CardLabel]:
        """The step as a command, with a ref of its own."""
        return self._session.resolver.resolve(replace(step, name=f"{step.name}{number}"))

    def _request(self, command: Command) -> Request:
        if self.run.profile.is_prepared(command):
            raise NotSupported("step of one request")
        return self.run.profile.encode(command, self.run.target.address.account, {})

    def _place(self, request: Request) -> str:
        places = (self.run.profile.fuzzing or Fuzzing()).places.get(request.operation, {})
        for place, kind in places.items():
            if kind == AMOUNT and found_at(request.body, place) is not None:
                return place
        raise NotSupported("an amount that can be replaced")

    def _try(self, command: Command, card: CardLabel, request: Request, what: str) -> bool:
        """Send a wrong amount; False if nobody knows what it did to the card."""
        exchange = self.run.target.send(request)
        answer = exchange.answer
        self._session.story.add_exchange("", exchange)
        shown = str(answer.status) if isinstance(answer, Answer) else answer.reason
        line = f"{request.method} {request.path} {json.dumps(request.body)}"
        self._note = f"{line[:LONGEST_NOTE]} -> {shown}"
        violation = self.run.judge_shape(exchange)
        if violation is not None:
            self.run.record(self._explained(violation, None))
        outcome = self.run.profile.outcome(command, self._completed(command, answer))
        if isinstance(outcome, Accepted):
            accepted = Violation(RULE, f"a refusal: it is {what}", f"accepted ({shown})")
            self._session.violate(accepted, card)
        if not isinstance(outcome, Refused):
            self._session.resolver.forget(card)
            return False
        self.run.count_checked(RULE)
        possible = self._session.ledgers.of(card)
        after = tuple(ledger.changed(last_write=LastWrite.REFUSED) for ledger in possible)
        self._session.ledgers.replace(card, after)
        with requiring_answers(self._session.story):
            self._session.finish()
        return True

    def _completed(self, command: Command, answer: Answer | NoAnswer) -> Answer | NoAnswer:
        """The answer with what became of a queued request."""
        if isinstance(answer, NoAnswer):
            return answer
        step = self.run.profile.complete(command, self.run.target.address.account, answer)
        while isinstance(step, FollowUp):
            time.sleep(step.pause_s)
            step = step.read(self.run.target.ask(step.request))
        return step

    def _explained(self, violation: Violation, card: CardLabel | None) -> Finding:
        """A finding in words: no program can express such a request."""
        made = tuple(map(str, self._program.prefix[:-1]))
        status = self._note.rpartition(" -> ")[2]
        return Finding(
            self.run.blame(violation),
            Program(),
            tuple(self._session.story.events),
            self.run.target.meter.requests,
            notes=(*made, self._note),
            generated=f"{self._program.prefix[-1].verb} -> {status}",
        )
