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

from tallystick.conditions import Place, leaves
from tallystick.evidence import Event
from tallystick.permitted.forms import MOMENT
from tallystick.reporting.blank import NUL, blank
from tallystick.reporting.credentials import UNKNOWN
from tallystick.target import Answer

JSON = Any
OWN, DIGITS, ACCOUNT, LATER = "own", "digits", "account", "later"
OTHER_ACCOUNT = "other_account"
NINES, CUT = "nines ", "cut "
"""A PIN of which each digit is its distance to 9; one without its end."""
HEAD, TAIL = "head ", "tail "
"""So many characters of a value from its beginning, or at its end: `head 12 t_value`."""
MOST_ALTERED = 2
"""So many characters of a value may be others in what was made of it."""
LONGEST_WAIT_NS = 1_000_000_000
LONG = 8
"""From this length on, an id is found within a longer text too."""
_MOMENT = re.compile(MOMENT)
_LONG_NUMBER = re.compile(r"(?<!\d)\d{15,20}(?!\d)")
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
        numbers = {found.lstrip("0") for text in texts for found in _LONG_NUMBER.findall(text)}
        if len(numbers) == 1 and not numbers & self._own.keys():
            self._own[numbers.pop()] = blank(DIGITS)  # an id of digits alone, made for this run
        self._codes: dict[str, Source] = {}
        self._names: set[str] = set()
        self._given = dict(self._ids(run_name))
        self._wall_s = self._clock()
        self.used: dict[str, Source] = {}
        """By its value: what is needed of earlier answers."""
        self.compared: dict[str, Source] = {}
        """The same, of what conditions and cursors need."""
        self._sources: dict[tuple[str, int], Source] = {}

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

    def right(self, value: JSON, event: int, *, is_repeat: bool) -> JSON:
        """A value that the answer of an event has to show, or not, with blanks.

        What only lists show is at the place where the last list before showed it: in another run
        other cards are on the same places of lists before that. `is_repeat`: it must not be shown
        again, so that it counts where it was shown last.
        """
        given = self._given.get(value) if isinstance(value, str) else None
        is_listed = given is not None and any(isinstance(name, int) for name in given.place)
        if given is None or not (is_listed or is_repeat):
            return self.of(value)
        latest = self._latest(value, event) or given
        self.compared[value] = latest
        return blank(latest.name)

    def _latest(self, value: str, event: int) -> Source | None:
        for number in range(event - 1, -1, -1):
            answer = self._events[number].exchange.answer
            for place, shown in leaves(answer.body) if isinstance(answer, Answer) else ():
                if shown == value:
                    name = _named(self._events[number].step, place, self._names)
                    self._names.add(name)
                    return Source(name, number, place)
        return None

    def path(self, path: str, event: Event | None = None) -> str:
        """The path of a request with blanks for its segments; `event` is that of the request."""
        parts = _IN_PATHS.split(path)
        named = [*_IN_PATHS.sub("\n", path).split("\n")]
        made = [self._segment(part) for part in parts]
        for number, name in enumerate(named[:-1]):
            # Between two parts there is a sign; a value behind the name of a member is from there.
            if event is not None and parts[2 * number + 1] == "=":
                place = 2 * number + 2
                made[place] = self._cursor(name, parts[place], event) or made[place]
        return "".join(made)

    def _cursor(self, name: str, value: str, event: Event) -> str:
        """A blank for a value that the latest answer before gave under the same name."""
        before = next(number for number, each in enumerate(self._events) if each is event)
        for number in range(before - 1, -1, -1):
            answer = self._events[number].exchange.answer
            body = answer.body if isinstance(answer, Answer) else None
            if isinstance(body, dict) and name in body:
                if body[name] != unquote(value):
                    return ""
                source = self._sources.get((name, number))
                if source is None:
                    source = Source(_named("", (name,), self._names), number, (name,))
                    self._names.add(source.name)
                    self._sources[name, number] = source
                self.compared[f"{source.name}"] = source
                return blank(source.name)
        return ""

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
        return text if NUL in text else self._altered(text)

    def _altered(self, text: str) -> str:
        """A text that was made of a given value with other characters in it; else the text."""
        for value, source in self._given.items():
            if len(value) < 2 * LONG or not 0 < len(text) <= len(value) + MOST_ALTERED:
                continue
            head = _shared(text, value)
            rest = min(len(text), len(value)) - head
            tail = min(rest, _shared(text[::-1], value[::-1]))
            middle = text[head : len(text) - tail]
            if head + tail >= max(LONG, len(value) - MOST_ALTERED) and len(middle) <= MOST_ALTERED:
                self.used[value] = source
                end = blank(f"{TAIL}{tail} {source.name}") if tail else ""
                return f"{blank(f'{HEAD}{head} {source.name}')}{middle}{end}"
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
        names = self._names
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


def _shared(one: str, other: str) -> int:
    """How many characters two texts have in common at their beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((number for number, (a, b) in pairs if a != b), min(len(one), len(other)))


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
