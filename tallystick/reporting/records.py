"""What may be written of an exchange: its record, without its secrets.

It does not know where records are written, and does not judge.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tallystick.evidence import Event
from tallystick.reporting.credentials import further_headers, shown_credentials
from tallystick.reporting.ledger_says import Compared, compare
from tallystick.reporting.redaction import Redactor
from tallystick.reporting.timeline import TimeLine
from tallystick.run import Finding
from tallystick.target import NOT_JSON, Answer, Exchange, NoAnswer

JSON = Any

LONGEST_CONTENT = 4_000
"""Bytes that are kept of what was sent in place of a body."""


@dataclass(frozen=True, slots=True)
class Record:
    """An exchange without its secrets. `status` None: no answer, for the reason in `reason`."""

    number: int
    step: str
    operation: str
    method: str
    path: str
    body: JSON
    status: int | None
    reason: str
    answer: JSON
    called_ns: int
    returned_ns: int
    headers: Mapping[str, str] = field(default_factory=dict)
    """What the API asks for beside the credentials, such as an idempotency key."""
    form: bool = False
    """Whether the body was sent as a form."""
    compared: tuple[Compared, ...] = ()
    """What the ledger says beside what the server showed, if it is an exchange of a finding."""
    credentials: tuple[str, ...] | None = None
    """The headers with its credentials, for a shell, if they were not the usual ones."""
    shown_headers: Mapping[str, str] = field(default_factory=dict)
    """The headers of the answer that the profile reads, names in small letters."""


Exchanges = Mapping[str, tuple[Record, ...]]
"""The exchanges that led to each violation, by its key (see `Finding.key`)."""
Races = Mapping[str, TimeLine]
"""What several clients did at the same moment, by the same key."""


def record_of(
    exchange: Exchange, step: str, redactor: Redactor, read: Iterable[str] = ()
) -> Record:
    """What may be written of an exchange; of the headers of its answer, those that are `read`."""
    request, answer = exchange.request, exchange.answer
    body = redactor.request(request.body) if request.body is not None else None
    status: int | None = None
    reason, shown, headers = "", None, {}
    if isinstance(answer, NoAnswer):
        reason = redactor.text(answer.reason)
    else:
        status, known = answer.status, answer.headers
        headers = {name: redactor.text(known[name]) for name in sorted(read) if name in known}
        if answer.body is NOT_JSON:
            reason = f"not JSON ({answer.content_type or 'no content type'})"
        else:
            shown = redactor.answer(answer.body)
    unusual = exchange.unusual
    if unusual is not None and unusual.content is not None:
        body = redactor.text(unusual.content[:LONGEST_CONTENT].decode(errors="replace"))
    return Record(
        exchange.number,
        step,
        request.operation,
        request.method,
        redactor.text(request.path),
        body,
        status,
        reason,
        shown,
        exchange.called_ns,
        exchange.returned_ns,
        {name: redactor.text(value) for name, value in further_headers(exchange)},
        request.form,
        credentials=shown_credentials(exchange),
        shown_headers=headers,
    )


def changed_nothing(exchange: Exchange) -> bool:
    """Whether the target says so; it may be wrong, and then it is made known by later answers."""
    answer = exchange.answer
    is_read = exchange.request.method in ("GET", "HEAD")
    return is_read or (isinstance(answer, Answer) and 400 <= answer.status < 500)


def exchanges_of(findings: Iterable[Finding], redactor: Redactor) -> dict[str, tuple[Record, ...]]:
    """The exchanges of each finding, as the journal would show them."""
    return {finding.key: tuple(_records(finding.events, redactor)) for finding in findings}


def _records(events: Iterable[Event], redactor: Redactor) -> Iterable[Record]:
    return (
        replace(
            record_of(event.exchange, event.step, redactor), compared=compared_of(event, redactor)
        )
        for event in events
    )


def compared_of(event: Event, redactor: Redactor) -> tuple[Compared, ...]:
    """What the ledger says of each part of an answer beside what the server showed, masked."""
    return tuple(
        each._replace(ledger=redactor.text(each.ledger), server=redactor.text(each.server))
        for each in compare(event.judged)
    )
