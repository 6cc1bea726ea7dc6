"""Requests of any form on any API: their answers are judged by the document, money by the holds.

Nothing reads such a request back here, so what an accepted one did is not known: a hold that it
named is left out of the judgement from then on. A refused request changes nothing, and no request
changes a hold that it does not name; so all other holds are read back at the end and compared with
their ledgers. Live ids come from holds that a session has made. It knows no API.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from random import Random
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from schemathesis.generation.case import Case

from tallystick.drivers.direct import requiring_answers
from tallystick.drivers.fuzz import cases
from tallystick.drivers.fuzz.amounts import ordinary
from tallystick.drivers.fuzz.request import NO_BODY
from tallystick.drivers.sequential import Session
from tallystick.ledger.state import LastWrite
from tallystick.ledger.vocabulary import CardLabel, EntryId, RefId, Violation
from tallystick.profiles.profile import Fuzzing
from tallystick.program import Program, parse_step
from tallystick.request import Request
from tallystick.run import Finding, Run, Violated
from tallystick.target import Answer, NoAnswer
from tallystick.target.api import Unnamed

JSON = Any

MOST_NOTES = 12
"""Lines of requests in a finding."""
LONGEST_NOTE = 300
FORM = "application/x-www-form-urlencoded"
READ_AFTER = 6
"""How many refusals of requests that name a hold are covered by one reading of all."""
MOST_RENEWALS = 4
"""How often new holds are made for one operation, when accepted requests have named all."""
LONGEST_TARGET = 8000
"""Path and query; every server has to take so much, and may refuse more at its door (RFC 9110)."""
LIVE = 0.8
"""How often a place for an id gets one that exists; else it keeps what was generated."""
ORDINARY = 0.4
"""How often a place for an amount gets an ordinary one, as the profile writes it."""
SETUPS = (
    ("A = card 1000", "a = hold A 600"),
    ("B = card 1000", "b = hold B 500", "b1 = capture b 200"),
    ("C = card 1000", "c = hold C 300"),
    ("D = card 1000", "d = hold D 400"),
)
"""The holds, each on a card of its own. No request names the last one."""


@dataclass(slots=True)
class Live:
    """A card with its hold, by their labels, and the ids that a request may name."""

    card: CardLabel
    ids: Mapping[str, str]
    """By kind: `card` and `hold`."""
    all_ids: tuple[str, ...]
    is_touched: bool = False
    """Whether an accepted request may have changed it, so that nothing is said about it."""

    def is_named_in(self, text: str) -> bool:
        """Whether a request, as text, names one of its ids."""
        return any(id_ in text or quote(id_, safe="") in text for id_ in self.all_ids)


class FormFuzz:
    """Sends the cases of one operation of the profile's document.

    A rule of form that is broken is recorded, and the cases go on: behind it may be another one.
    """

    def __init__(self, run: Run, operation: str) -> None:
        self.run = run
        self.fuzzing = run.profile.fuzzing or Fuzzing()
        self.operation = operation
        self._random = Random(f"{run.seed}/{operation}/form")
        self._renewals = 0
        self._found: Finding | None = None
        self._renew()

    def _renew(self) -> None:
        """Make new holds. Unanswered if an answer is missing: then an id is not known."""
        self._session = Session(self.run, explain=self._explained)
        self._notes: list[str] = []
        self._made_by: dict[CardLabel, list[str]] = {}
        self.lives: list[Live] = []
        self._unread = 0
        self._make()
        live = self.lives[0]
        card, hold = self._session.ledgers.card_id(live.card), EntryId(live.ids["hold"])
        self._amounts = ordinary(self.run, self.operation, card, hold, RefId(self._fresh()))

    def _make(self) -> None:
        verbs = self.run.profile.traits.verbs
        for lines in SETUPS:
            steps = [step for line in lines if (step := parse_step(line)).verb in verbs]
            card = CardLabel(lines[0][0])
            for step in steps:
                self._made_by.setdefault(card, []).append(str(step))
                with requiring_answers(self._session.story):
                    self._session.perform(step, unread=True)
            self.lives.append(self._live(card))

    def _live(self, card: CardLabel) -> Live:
        bindings = self._session.resolver.bindings
        made = {label: bound.id for label, bound in bindings.items() if bound.card == card}
        ids = {"hold": made.get(card.lower()) or ""}
        card_id = self._session.ledgers.card_id(card)
        try:
            ids["card"] = self.run.profile.target_id(card_id)
        except Unnamed:
            ids["card"] = ""
        names = {card_id, *ids.values(), *(id_ for id_ in made.values() if id_)}
        return Live(card, ids, tuple(filter(None, names)))

    # Sending --------------------------------------------------------------------------------------

    def try_case(self, case: Case[Any]) -> None:
        """Send a case with live ids and judge the form of its answer.

        A missing answer proves nothing of the form; the hold that the request names is left out.
        """
        if all(live.is_touched for live in self.lives[:-1]) and self._renewals < MOST_RENEWALS:
            self.settle()
            self._renewals += 1
            self._renew()
        request, content = self._http(case)
        if len(request.path) > LONGEST_TARGET:
            return
        exchange = self.run.target.send(request, content=content)
        answer = exchange.answer
        self._session.story.add_exchange("", exchange)
        self._note(request, content, answer)
        self._learn(request, content, answer)
        violation = self.run.judge_shape(exchange)
        is_ours = not self.run.shape.is_own  # Schemathesis knows our document only
        if violation is None and is_ours and isinstance(answer, Answer) and answer.status < 500:
            violation = cases.judge(case, answer)
        if violation is not None:
            finding = self.run.record(self._explained(violation, None))
            self._found = self._found or finding
        if self._unread >= READ_AFTER:
            self.settle()

    def settle(self) -> None:
        """Read the holds that no accepted request has named, and compare them with their ledgers.

        Raises Violated if one has changed.
        """
        self._unread = 0
        with requiring_answers(self._session.story):
            self._session.finish()

    def finish(self) -> None:
        """Read all holds once more. Violated if a rule was broken, by form or by money."""
        self.settle()
        if self._found is not None:
            raise Violated(self._found)

    def _learn(self, request: Request, content: bytes | None, answer: Answer | NoAnswer) -> None:
        """Leave out what an accepted request may have changed; a refused one changes nothing."""
        if request.method == "GET":
            return
        sent = " ".join((request.path, json.dumps(request.body), repr(content)))
        for live in self.lives:
            if live.is_touched or not live.is_named_in(sent):
                continue
            if isinstance(answer, Answer) and 400 <= answer.status < 500:
                self._mark_refused(live.card)
                self._unread += 1
            else:
                live.is_touched = True
                self._session.resolver.forget(live.card)

    def _mark_refused(self, card: CardLabel) -> None:
        possible = self._session.ledgers.of(card)
        after = tuple(ledger.changed(last_write=LastWrite.REFUSED) for ledger in possible)
        self._session.ledgers.replace(card, after)

    # Filling --------------------------------------------------------------------------------------

    def _http(self, case: Case[Any]) -> tuple[Request, bytes | None]:
        """The case as HTTP, and its body as bytes where those are not what `body` gives."""
        live = self._random.choice(self.lives[:-1])
        path = case.operation.path
        for name, generated in (case.path_parameters or {}).items():
            path = path.replace(f"{{{name}}}", quote(self._filled(name, generated, live), safe=""))
        query = cases.query_of(case)
        path = self._below_base(case, path) + (f"?{urlencode(query, doseq=True)}" if query else "")
        request = Request(self.operation, case.method.upper(), path, headers=self._headers(case))
        body = cases.body_of(case)
        if body is NO_BODY:
            return request, None
        body = self._body(body, live)
        if case.media_type != FORM:
            return (request, body) if isinstance(body, bytes) else (request, _json(body))
        if isinstance(body, dict):
            return replace(request, body=dict(_flat(body)), form=True), None
        return replace(request, form=True), str(body).encode()

    def _filled(self, name: str, generated: JSON, live: Live) -> str:
        """What a path gets for a parameter: an id that exists, or what was generated."""
        kind = self.fuzzing.places.get(self.operation, {}).get(name, "")
        if kind == "account":
            return self.run.target.address.account
        known = live.ids.get(kind, "")
        if known and self._random.random() < LIVE:
            return known
        # Dots alone would be resolved against the path, and an empty segment would change it.
        text = str(generated)
        return text if text.strip("./") else "missing"

    def _body(self, body: JSON, live: Live, within: str = "") -> JSON:
        if not isinstance(body, dict):
            return body
        kinds = self.fuzzing.places.get(self.operation, {})
        filled = {}
        for name, value in body.items():
            place = f"{within}[{name}]" if within else str(name)
            amounts = self._amounts.get(place)
            if amounts and self._random.random() < ORDINARY:
                filled[name] = self._random.choice(amounts)
                continue
            known = live.ids.get(kinds.get(place, ""), "")
            is_live = known and self._random.random() < LIVE
            filled[name] = known if is_live else self._body(value, live, place)
        return filled

    def _headers(self, case: Case[Any]) -> tuple[tuple[str, str], ...]:
        """A fresh text for each documented header, such as an idempotency key, but for credentials.

        The same seed generates the same keys again: on a server that has seen them, they would be
        repetitions.
        """
        names = [each.name for each in case.operation.headers]
        authentication = self.run.target.authentication
        places = [*authentication.current(), *(place for place, _ in authentication.shown)]
        never = {*NEVER_SENT, *map(str.lower, places)}
        return tuple((name, self._fresh()) for name in names if name.lower() not in never)

    def _fresh(self) -> str:
        return f"{self._session.resolver.prefix}-f{len(self._session.story.events)}"

    def _below_base(self, case: Case[Any], path: str) -> str:
        """The path without what the base URL of the target has of it already."""
        servers = case.operation.schema.raw_schema.get("servers") or [{"url": ""}]
        full = urlsplit(servers[0]["url"]).path.rstrip("/") + path
        base = urlsplit(self.run.target.address.url).path.rstrip("/")
        return full.removeprefix(base) if full.startswith(f"{base}/") else path

    # Findings -------------------------------------------------------------------------------------

    def _note(self, request: Request, content: bytes | None, answer: Answer | NoAnswer) -> None:
        body = repr(content)[2:-1] if content is not None else json.dumps(request.body)
        came = str(answer.status) if isinstance(answer, Answer) else answer.reason
        shown = "" if request.body is None and content is None else f" {body}"
        line = f"{request.method} {request.path}{shown}"
        self._notes.append(f"{line[:LONGEST_NOTE]} -> {came}")

    def _explained(self, violation: Violation, card: CardLabel | None) -> Finding:
        """A finding in words: no program can express these requests."""
        notes = self._notes[-MOST_NOTES:] if card is not None else self._notes[-1:]
        others = {
            live.card
            for live in self.lives
            if live.card != card and not any(map(live.is_named_in, notes))
        }
        made = [steps for label, steps in self._made_by.items() if label not in others]
        return Finding(
            self.run.blame(violation),
            Program(),
            tuple(self._session.story.events[-MOST_NOTES:]),
            self.run.target.meter.requests,
            notes=(*chain.from_iterable(made), *notes),
            generated=f"{self.operation} -> {notes[-1].rpartition(' -> ')[2]}" if notes else "",
        )


NEVER_SENT = ("authorization", "content-type", "accept")
"""Headers that the target sets."""


def _json(body: JSON) -> bytes:
    return json.dumps(body).encode()


def _flat(body: Mapping[str, JSON], within: str = "") -> Iterator[tuple[str, str]]:
    """The members of a form; a member of a member is named `card[number]`."""
    for name, value in body.items():
        place = f"{within}[{name}]" if within else str(name)
        items = dict(enumerate(value)) if isinstance(value, list) else value
        if isinstance(items, dict):
            yield from _flat({str(key): item for key, item in items.items()}, place)
        else:
            text = value if isinstance(value, str) else json.dumps(value)
            yield place, text.encode("utf-8", "replace").decode()
