"""What a script has to do, as values: requests with blanks, and what the last answer has to show.

It is made from the exchanges of a finding. It knows no language, and no API.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from tallystick.conditions import Condition, Kind, Place, leaves
from tallystick.documents.rules import load_rules
from tallystick.evidence import Event
from tallystick.ledger.vocabulary import Accepted, Refused, Unknown
from tallystick.permitted import conditions_of
from tallystick.permitted.judging import changes_nothing, violation_of
from tallystick.permitted.repair import REFUSALS
from tallystick.reporting.blank import NUL, blank, pieces
from tallystick.reporting.credentials import UNKNOWN, credentials_of, is_credential
from tallystick.reporting.records import LONGEST_CONTENT
from tallystick.reporting.redaction import Redactor
from tallystick.reporting.result import redactor_for
from tallystick.reporting.scripts.blanks import ACCOUNT, Blanks
from tallystick.reporting.scripts.compared import filled, moved
from tallystick.reporting.scripts.logins import templated, with_blanks
from tallystick.reporting.scripts.together import (
    ACCEPTED,
    REFUSED,
    Together,
    events_of_race,
    together_of,
)
from tallystick.reporting.scripts.unscripted import (
    MORE_REQUESTS,
    NO_ANSWER,
    NO_CONDITION,
    NO_EVENTS,
    NO_ORDER,
    NOT_OF_THIS_API,
    OTHER_IDS,
    SECRET,
    Unscripted,
)
from tallystick.reporting.visible import brief, visible
from tallystick.run import Finding, Run
from tallystick.target import Answer
from tallystick.target.api import FollowUp, ScriptedLogin
from tallystick.target.unusual import Headers, Unusual

JSON = Any
ANY = ""
ENOUGH = "enough"
"""A refusal shows already that the server is right: the token of the last request is not given."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request of a script."""

    step: str
    """What it belongs to, for a comment."""
    method: str
    path: str
    body: JSON
    form: bool
    headers: tuple[tuple[str, str], ...]
    has_to_be: str
    """How it has to be answered; otherwise what follows shows nothing. Empty: anyhow."""
    credentials: Headers | None = None
    """The headers with its credentials; None: the usual ones."""
    client: str = ""
    """Whose usual credentials: `OTHER`, `READER`, `TILL`; empty: those of the run."""
    content: bytes | str | None = None
    """What is sent in place of a body of JSON or a form; a text has blanks."""
    gives: tuple[tuple[str, Place], ...] = ()
    """What later requests need of its answer: names of blanks, with places."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that a script does, and says."""

    rule: str
    sentence: str
    expected: str
    actual: str
    program: tuple[str, ...]
    login: ScriptedLogin
    calls: tuple[Call, ...]
    conditions: tuple[Condition, ...]
    """What the last answer has to show: any one of these."""
    profile: str
    together: Together | None = None
    """What has to be sent at the same moment; then this says what is right, in place of the
    conditions."""
    refusals: tuple[Condition, ...] = ()
    """Any of these: the answer refuses, though its status is no 4xx."""

    @property
    def needs_account(self) -> bool:
        """Whether requests name the account."""
        return blank(ACCOUNT) in repr((self.calls, self.login)).replace("\\x00", NUL)


def recipe_of(run: Run, finding: Finding) -> Recipe | Unscripted:
    """What a script for a finding does; Unscripted if it would take more than its requests.

    That is so for an answer that never came, where no single answer is wrong, and where a secret
    would have to be written down, or ids that a script cannot make.
    """
    profile = run.profile
    plan = _plan(run, finding)
    login = profile.scripted_login(templated(run, run.target.audience))
    if login is None or not profile.documents.can_be_scripted:
        return NOT_OF_THIS_API
    if isinstance(plan, Unscripted):
        return plan
    events, conditions, together = plan
    if any(_takes_more(each, run) for each in events):
        return MORE_REQUESTS
    address = run.target.address
    blanks = Blanks(events, run.name, address.account, run.other_account, profile.documents.pins)
    calls = _calls(finding, events, blanks, run, together)
    right = tuple(filled(conditions, finding.events, events, blanks))
    if together is not None and any(s.event >= together.first for s in blanks.used.values()):
        return OTHER_IDS  # in another trial there may be no such id
    _mark_given(calls, blanks)
    if together is None:
        _mark_enough(calls, right)
        _mark_last(calls, events[-1], right)
    redactor = redactor_for(run, finding)
    looked_at = {id(finding.events[-1 - each.back]) for each in right}
    kept = list(_without_secrets(finding, events, calls, redactor, looked_at))
    calls = [calls[number] for number in kept]
    right = tuple(moved(right, finding.events, [events[number] for number in kept]))
    if any(_tells_a_secret(call, redactor) for call in calls):
        return SECRET
    known = _Known(tuple(calls), right, together, with_blanks(login), redactor)
    return _described(run, finding, known)


@dataclass(frozen=True, slots=True)
class _Known:
    """What a recipe does, without what it says."""

    calls: tuple[Call, ...]
    conditions: tuple[Condition, ...]
    together: Together | None
    login: ScriptedLogin
    redactor: Redactor


def _described(run: Run, finding: Finding, known: _Known) -> Recipe:
    """The recipe, with the words of the finding."""
    violation, redactor = finding.violation, known.redactor
    rule = load_rules().get(violation.rule)
    return Recipe(
        violation.rule,
        rule.text if rule is not None else "",
        brief(redactor.text(violation.expected)),
        brief(redactor.text(violation.actual)),
        tuple(brief(redactor.text(line)) for line in finding.steps),
        known.login,
        known.calls,
        known.conditions,
        run.profile_option,
        known.together and known.together.told(lambda text: brief(redactor.text(visible(text)))),
        tuple(_refused_in_body(run)),
    )


Plan = tuple[tuple[Event, ...], tuple[Condition, ...], Together | None]
"""The exchanges that a script repeats, and what tells whether the server is right."""


def _plan(run: Run, finding: Finding) -> Plan | Unscripted:
    """What a script does; Unscripted if no answers tell whether the server is right."""
    if finding.race is not None:
        known = events_of_race(finding)
        together = None if known is None else together_of(*known, run)
        return NO_ORDER if known is None or together is None else (known[0], (), together)
    # The form of an answer that only clients at the same moment get is no matter of a sequence.
    conditions = () if finding.shortest.branches else _conditions(finding, run)
    # Without events, what several tests know contradicts itself, and no request shows it.
    events = _needed(finding, run)
    if not events:
        return NO_EVENTS
    if not conditions:
        came = isinstance(events[-1].exchange.answer, Answer)
        return NO_CONDITION if came else NO_ANSWER
    return events, conditions, None


def _calls(
    finding: Finding,
    events: Sequence[Event],
    blanks: Blanks,
    run: Run,
    together: Together | None,
) -> list[Call]:
    calls = [_call(event, blanks, run) for event in events]
    open_ones = _decided(finding, events) if together is None else range(together.first, len(calls))
    for number in open_ones:
        calls[number] = replace(calls[number], has_to_be=ANY)
    return calls


def _decided(finding: Finding, events: Sequence[Event]) -> Iterator[int]:
    """The numbers of the requests that may be answered in any way: what is wrong is about them.

    Of single requests, a read at the end shows what the last write should not have done. A write
    that was sent before may be refused, or answered as it was.
    """
    sent = [event.exchange.request for event in events]
    for number, event in enumerate(events):
        if event.judged is None and sent[number].method != "GET" and sent[number] in sent[:number]:
            yield number
    last = len(events) - 1
    yield last
    writes = [n for n, event in enumerate(events) if event.exchange.request.method != "GET"]
    if finding.notes and writes and writes[-1] != last:
        yield writes[-1]


def _mark_enough(calls: list[Call], conditions: Sequence[Condition]) -> None:
    """Mark the request that gives the token of the last one, if that one has to be refused."""
    is_refusal = all(each.kind is Kind.STATUS for each in conditions)
    carried = repr(calls[-1].credentials)
    for number, call in enumerate(calls[:-1]):
        if is_refusal and any(repr(blank(name))[1:-1] in carried for name, _ in call.gives):
            calls[number] = replace(call, has_to_be=ENOUGH)


def _mark_last(calls: list[Call], last: Event, conditions: Sequence[Condition]) -> None:
    """Mark the last request, if only an answer that accepts it shows what is wrong."""
    answer = last.exchange.answer
    was_accepted = isinstance(answer, Answer) and answer.status < 300
    if was_accepted and all(each.kind in OF_BODIES for each in conditions):
        calls[-1] = replace(calls[-1], has_to_be=ACCEPTED)


OF_BODIES = (Kind.COUNT, Kind.AT_MOST, Kind.SOMEWHERE, Kind.NOWHERE)
"""Conditions about lists: a refusal, such as one of a cursor, has none."""


def _conditions(finding: Finding, run: Run) -> tuple[Condition, ...]:
    """How the last answer has to be; where a refusal is right, also one that is no 4xx."""
    conditions = conditions_of(finding, run.profile, run.shape)
    if Condition(Kind.STATUS, values=(REFUSALS,)) not in conditions:
        return conditions
    return (*conditions, *_refused_in_body(run))


def _refused_in_body(run: Run) -> Iterator[Condition]:
    """What a body shows, any of these, that refuses without a 4xx."""
    for place, values in run.profile.documents.refused_in_body:
        if values:
            yield Condition(Kind.VALUE, place, values)
        else:
            yield from (Condition(Kind.TYPE, place, (form,)) for form in ("string", "integer"))


def _needed(finding: Finding, run: Run) -> tuple[Event, ...]:
    """The exchanges without those of single requests that no script can send, and need not send.

    What was refused, or read, before the last request has no effect.
    """
    if not finding.notes or not finding.events:
        return finding.events
    *before, last = finding.events
    kept = [each for each in before if not (_has_no_effect(each) and _takes_more(each, run))]
    return (*kept, last)


def _without_secrets(
    finding: Finding,
    events: Sequence[Event],
    calls: Sequence[Call],
    redactor: Redactor,
    looked_at: Container[int],
) -> Iterator[int]:
    """The numbers of the calls without those with a secret, where the rest means the same without
    them. `looked_at`: the events whose answers show what is wrong.
    """
    for number, (event, call) in enumerate(zip(events, calls, strict=True)):
        is_idle = finding.notes and id(event) not in looked_at and not call.gives
        if not (is_idle and _has_no_effect(event) and _tells_a_secret(call, redactor)):
            yield number


def _has_no_effect(event: Event) -> bool:
    answer = event.exchange.answer
    is_refused = isinstance(answer, Answer) and 400 <= answer.status < 500
    return is_refused or event.exchange.request.method == "GET"


def _call(event: Event, blanks: Blanks, run: Run) -> Call:
    request, unusual = event.exchange.request, event.exchange.unusual
    call = Call(
        visible(event.step),
        request.method,
        blanks.path(request.path, event),
        blanks.of(request.body, event),
        request.form,
        tuple((name, blanks.text(value)) for name, value in request.headers),
        _has_to_be(event, run),
    )
    if unusual is None:
        return call
    further = [(n, blanks.text(v)) for n, v in unusual.headers if not is_credential(n, unusual)]
    return replace(
        call,
        body=call.body if unusual.content is None else None,
        headers=(*call.headers, *further),
        credentials=None if _is_usual(unusual) else _credentials(event, blanks, run),
        client=unusual.client,
        content=_content(unusual.content, blanks, run),
    )


def _is_usual(unusual: Unusual) -> bool:
    """Whether its credentials were those that all requests of its client carry."""
    return unusual.authorized and not any(is_credential(n, unusual) for n, _ in unusual.headers)


def _credentials(event: Event, blanks: Blanks, run: Run) -> Headers:
    """The credentials of a request, with blanks for what earlier answers gave."""
    unusual = event.exchange.unusual
    if unusual is None:
        return ()
    sent = dict(unusual.headers)
    made = credentials_of(unusual, run.target.client)
    return tuple((name, blanks.token(sent.get(name, ""), event) or value) for name, value in made)


def _content(content: bytes | None, blanks: Blanks, run: Run) -> bytes | str | None:
    """What was sent in place of a body, with blanks for ids of the run."""
    if content is None or run.name.encode() not in content:
        return content
    return blanks.text(content.decode())


def _takes_more(event: Event, run: Run) -> bool:
    """Whether a request of a script would not be the one that was sent."""
    judged, unusual = event.judged, event.exchange.unusual
    account = run.target.address.account
    if judged is not None and run.profile.is_prepared(judged.command):
        return True  # requests of its own come before the one with the effect
    answer = event.exchange.answer
    if judged is not None and isinstance(answer, Answer):
        whole = run.profile.complete(judged.command, account, answer)
        if isinstance(whole, FollowUp):
            return True  # the answer was put together from several
    if unusual is None:
        return False
    content = unusual.content or b""
    return (
        bool(unusual.client and not _is_usual(unusual))
        or len(content) > LONGEST_CONTENT
        or (run.name.encode() in content and not _is_text(content))
        or b"\0" in content
        or any(name.lower() == "accept" for name, _ in unusual.headers)
    )


def _is_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _has_to_be(event: Event, run: Run) -> str:
    """How an answer has to be for the rest to mean the same.

    A repetition may be refused or answered with the first record: nothing happens either way.
    """
    answer, judged = event.exchange.answer, event.judged
    if not isinstance(answer, Answer):
        return ANY
    if judged is None:
        return ACCEPTED if answer.status < 300 else REFUSED
    outcome = judged.outcome
    if isinstance(outcome, Unknown):
        return ANY
    if isinstance(outcome, Refused):
        return REFUSED if answer.status >= REFUSALS[0] else ANY
    is_optional = violation_of(judged, Refused(400)) is None and changes_nothing(judged)
    return ACCEPTED if isinstance(outcome, Accepted) and not is_optional else ANY


def _mark_given(calls: list[Call], blanks: Blanks) -> None:
    """Mark the requests whose answers give what others need."""
    for source in (*blanks.used.values(), *blanks.compared.values()):
        call = calls[source.event]
        calls[source.event] = replace(call, gives=(*call.gives, (source.name, source.place)))


def _tells_a_secret(call: Call, redactor: Redactor) -> bool:
    """Whether a request has a secret that is no blank, such as a PIN that was sent."""
    if any(blank(UNKNOWN) in value for _, value in call.credentials or ()):
        return True
    texts = [call.path, *(value for _, value in call.headers), *_texts(call.body)]
    texts += [call.content] if isinstance(call.content, str) else []
    parts = [part for text in texts for part, is_blank in pieces(text) if not is_blank]
    body = _without_blanks(call.body)
    # A copy: what one request has as a token, such as the id of a card, is no secret in the others.
    return deepcopy(redactor).request(body) != body or any(redactor.text(p) != p for p in parts)


def _without_blanks(body: JSON) -> JSON:
    """A body without members that are blanks, or blanks with a sign more: what the script gets
    from an answer is no secret.
    """
    if isinstance(body, dict):
        return {n: _without_blanks(v) for n, v in body.items() if not _is_a_blank(v)}
    if isinstance(body, list):
        return [_without_blanks(item) for item in body if not _is_a_blank(item)]
    return body


def _is_a_blank(value: JSON) -> bool:
    if not isinstance(value, str) or not value:
        return False
    parts = list(pieces(value))
    is_filled = any(is_blank for _, is_blank in parts)
    return is_filled and all(is_blank or len(part) == 1 for part, is_blank in parts)


def _texts(body: JSON) -> list[str]:
    return [value for _, value in leaves(body) if isinstance(value, str)]
