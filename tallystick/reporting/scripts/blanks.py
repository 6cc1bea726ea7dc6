"""Texts with blanks: places for what every run of a script has to find out anew.

This module finds what has to be a blank: our own ids, the account, moments, and what earlier
answers gave away. It renders nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, unquote

from tallystick.evidence import Event
from tallystick.permitted.conditions import Place, leaves
from tallystick.permitted.forms import MOMENT
from tallystick.reporting.blank import blank
from tallystick.reporting.credentials import UNKNOWN
from tallystick.target import Answer

JSON = Any
OWN, DIGITS, ACCOUNT, LATER = "own", "digits", "account", "later"
OTHER_ACCOUNT = "other_account"
NINES, CUT = "nines ", "cut "
"""A PIN of which each digit is its distance to 9; one without its end."""
LONGEST_WAIT_NS = 1_000_000_000
LONG = 8
"""From this length on, an id is found within a longer text too."""
_MOMENT = re.compile(MOMENT)
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_NAME = re.compile(r"(\w+) = ")
_IN_PATHS = re.compile(r"([/?&=])")


@dataclass(frozen=True, slots=True)
class Source:
    """What an answer gives away, and where: the number of its event, and the place in its body."""

    name: str
    event: int
    place: Place


class Blanks:
    """Finds the blanks of the requests of some events."""

    def __init__(
        self,
        events: Iterable[Event],
        run_name: str,
        account: str,
        other_account: str = "",
        pins: frozenset[str] = frozenset(),
    ) -> None:
        """`pins` are the members with a PIN (see `Documents.pins`)."""
        self._events = list(events)
        self._pins = pins
        named = {account: ACCOUNT, other_account: OTHER_ACCOUNT}
        self._accounts = {text: blank(name) for text, name in named.items() if text}
        texts = [text for event in self._events for text in _sent_by(event)]
        prefix = re.compile(rf"{re.escape(run_name)}-\d+")
        prefixes = sorted({found for text in texts for found in prefix.findall(text)})
        self._own = {str(int.from_bytes(each.encode())): blank(DIGITS) for each in prefixes}
        self._own[run_name] = blank(OWN)
        self._codes: dict[str, Source] = {}
        self._given = dict(self._ids(run_name))
        self._wall_s = self._clock()
        self.used: dict[str, Source] = {}
        """By its value: what is needed of earlier answers."""

    def of(self, value: JSON, event: Event | None = None) -> JSON:
        """A value with blanks; moments are taken from the time of the event."""
        if isinstance(value, dict):
            return {
                self.text(name): self._pin(member)
                if name in self._pins and isinstance(member, str)
                else self.of(member, event)
                for name, member in value.items()
            }
        if isinstance(value, list):
            return [self.of(item, event) for item in value]
        if not isinstance(value, str):
            return value
        if event is not None and _MOMENT.fullmatch(value):
            return self._moment(value, event)
        return self.text(value)

    def path(self, path: str) -> str:
        """The path of a request with blanks for its segments."""
        parts = _IN_PATHS.split(path)
        return "".join(self._segment(part) for part in parts)

    def text(self, text: str) -> str:
        """A text with blanks."""
        for literal, name in self._own.items():
            text = text.replace(literal, name)
        for account, name in self._accounts.items():
            if len(account) >= LONG:
                text = re.sub(rf"(?<!\w){re.escape(account)}(?!\w)", name, text)
        for value, source in sorted(self._given.items(), key=lambda pair: -len(pair[0])):
            if text == value or (len(value) >= LONG and value in text):
                self.used[value] = source
                text = text.replace(value, blank(source.name))
        return text

    def token(self, header: str, event: Event) -> str:
        """A header whose credentials an earlier answer gave; empty if none did.

        No script waits until a token has ended.
        """
        filled = self.text(header)
        if filled == header:
            return ""
        given = [source for value, source in self.used.items() if value in header]
        ages_ns = [
            event.exchange.called_ns - self._events[source.event].exchange.returned_ns
            for source in given
        ]
        return blank(UNKNOWN) if max(ages_ns, default=0) > LONGEST_WAIT_NS else filled

    def _pin(self, sent: str) -> str:
        """What was made of a PIN that an answer showed; the text itself if it is not known."""
        newest = list(reversed(self._codes.items()))
        for code, source in sorted(newest, key=lambda pair: pair[0] != sent):
            made = _made_of(sent, code, source.name)
            # The PIN of a script seldom begins with 0, if that is what it is about.
            if made and not code.startswith("0"):
                self.used[code] = source
                return made
        return self.text(sent)

    def _pin_at(self, place: Place, value: JSON) -> str:
        """The member that holds the PIN which the value is; empty: it is none."""
        is_code = isinstance(value, str) and value.isascii() and value.isdigit()
        named = (str(name) for name in place if name in self._pins)
        return next(named, "") if is_code else ""

    def _segment(self, part: str) -> str:
        return self._accounts.get(unquote(part)) or self.text(part)

    def _ids(self, run_name: str) -> Iterator[tuple[str, Source]]:
        """What the target chose and later requests, or conditions, may name."""
        sent: set[str] = set()
        taken: set[str] = set()
        names: set[str] = set()
        for number, event in enumerate(self._events):
            sent |= set(_sent_by(event))
            answer = event.exchange.answer
            for place, value in leaves(answer.body) if isinstance(answer, Answer) else ():
                pin = self._pin_at(place, value)
                if pin and value not in self._codes:
                    name = _named(event.step, (pin,), names)
                    names.add(name)
                    self._codes[value] = Source(name, number, place)
                text = "" if pin else _id_in(place, value)
                if not text or text in sent or text in taken or run_name in text:
                    continue
                taken.add(text)
                name = _named(event.step, place, names)
                names.add(name)
                yield text, Source(name, number, place)

    def _clock(self) -> float | None:
        """Seconds to add to the monotonic clock for the time of the target; None if not known."""
        for event in self._events:
            answer = event.exchange.answer
            if isinstance(answer, Answer) and answer.date:
                try:
                    shown = parsedate_to_datetime(answer.date)
                except (TypeError, ValueError, OverflowError):
                    continue
                return shown.timestamp() - event.exchange.returned_ns / 1e9
        return None

    def _moment(self, text: str, event: Event) -> str:
        moment = _read(text)
        if self._wall_s is None or moment is None:
            return text
        now_s = self._wall_s + event.exchange.called_ns / 1e9
        offset = moment.utcoffset() or timedelta(0)
        zone = "Z" if text[-1] in "zZ" else text[-6:]
        seconds = round(moment.timestamp() - now_s)
        return blank(f"{LATER} {seconds} {int(offset.total_seconds() // 60)} {zone}")


def _read(text: str) -> datetime | None:
    """The moment that a text names; None: it only looks like one, as month 13 does."""
    try:
        moment = datetime.fromisoformat(text.upper())
        moment.timestamp()
    except (ValueError, OverflowError):
        return None
    return moment


def _sent_by(event: Event) -> Iterator[str]:
    request = event.exchange.request
    yield from (value for _, value in request.headers)
    yield from (unquote(part) for part in _IN_PATHS.split(request.path))
    for _, value in leaves(request.body):
        if isinstance(value, str):
            yield value


def _id_in(place: Place, value: JSON) -> str:
    """The text of a value that may be an id; empty: it is none."""
    last = next((str(name) for name in reversed(place) if isinstance(name, str)), "")
    is_named = last.lower().endswith(("id", "token", "parent"))
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if is_named else ""
    if not isinstance(value, str) or not value or _MOMENT.fullmatch(value):
        return ""
    if is_named:
        return value
    has_digit = any(sign.isdigit() for sign in value)
    return value if has_digit and len(value) >= LONG and not _NUMBER.fullmatch(value) else ""


def _made_of(sent: str, code: str, name: str) -> str:
    """A PIN that was sent, made of the one that was shown; empty: it was not made of it."""
    if sent == code[:-1]:
        return blank(CUT + name)
    if code in sent:
        return sent.replace(code, blank(name))
    is_other = sent == "".join(str(9 - int(digit)) for digit in code)
    return blank(NINES + name) if is_other else ""


def _named(step: str, place: Place, taken: set[str]) -> str:
    made = _NAME.match(step)
    last = next((str(name) for name in reversed(place) if isinstance(name, str)), "value")
    words = [made[1] if made else "answer", re.sub(r"\W", "_", last)]
    name = "_".join(words).lower()
    if name[0].isdigit():
        name = f"the_{name}"
    number = 2
    while name in taken:
        name = f"{'_'.join(words).lower()}_{number}"
        number += 1
    return name


def quoted(text: str) -> str:
    """A value as one segment of a path."""
    return quote(text, safe="")
