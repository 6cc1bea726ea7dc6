"""Journals and HTTP archives as records, one for each exchange, in the order of their calls."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tallystick.reporting.compressed import beginning
from tallystick.reporting.journal import JournalError, read_journal
from tallystick.reporting.records import Record
from tallystick.target import NOT_JSON
from tallystick.target.network import TIMEOUT_S

JSON = Any
Fits = Callable[[str, str], bool]
"""Whether an API has an operation with a method and a path."""
ELSEWHERE = "it went to another server or path"


@dataclass(frozen=True, slots=True)
class Records:
    """The exchanges of a file."""

    records: tuple[Record, ...]
    elsewhere: int = 0
    """How many exchanges of the file are not of this API."""
    is_whole: bool = True
    """Whether no exchange is missing at its end."""
    timeout_s: float = TIMEOUT_S
    """How long an answer was waited for."""


def is_journal(path: Path) -> bool:
    """Whether a file begins as a journal of the suite."""
    return beginning(path, 200).startswith('{"journal":')


def is_archive(path: Path) -> bool:
    """Whether a file begins as an HTTP archive: an object with the member `log`."""
    return "".join(beginning(path, 200).split()).startswith('{"log":')


def records_in(path: Path, fits: Fits) -> Records:
    """The exchanges of a file with an API; JournalError says what is wrong with the file."""
    if not is_archive(path):
        contents = read_journal(path, partial=True)
        return Records(
            _in_order(contents.records),
            is_whole=contents.is_whole,
            timeout_s=contents.header.timeout_s,
        )
    try:
        entries = json.loads(path.read_text(encoding="utf-8-sig"))["log"]["entries"]
        places = [_place_of(entry, fits) for entry in entries]
        base = _usual(places)
        records = [
            _record_of(number, entry, base)
            for number, (entry, place) in enumerate(zip(entries, places, strict=True), start=1)
            if _url(entry).startswith(base)
        ]
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        said = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise JournalError(f"{path} is no HTTP archive that can be judged: {said}") from None
    return Records(_in_order(records), len(entries) - len(records))


def _in_order(records: Any) -> tuple[Record, ...]:
    return tuple(sorted(records, key=lambda record: record.called_ns))


# HTTP archives ------------------------------------------------------------------------------------


def _url(entry: dict[str, JSON]) -> str:
    url: str = entry["request"]["url"]
    return url


def _place_of(entry: dict[str, JSON], fits: Fits) -> str | None:
    """Where the API begins, if this is a request to it: all before the path of its operation."""
    url = urlsplit(_url(entry))
    parts = url.path.split("/")
    for number in range(1, len(parts)):
        if fits(entry["request"]["method"], "/" + "/".join(parts[number:])):
            return f"{url.scheme}://{url.netloc}" + "/".join(parts[:number])
    return None


def _usual(places: list[str | None]) -> str:
    """Where most of the requests go that an operation fits."""
    counted = Counter(place for place in places if place is not None)
    return counted.most_common(1)[0][0] if counted else ""


def _record_of(number: int, entry: dict[str, JSON], base: str) -> Record:
    request, response = entry["request"], entry["response"]
    began = datetime.fromisoformat(entry["startedDateTime"])
    called_ns = round(began.timestamp() * 1e6) * 1000
    url = urlsplit(request["url"].removeprefix(base))
    path = url.path + (f"?{url.query}" if url.query else "")
    post = request.get("postData") or {}
    text, form = post.get("text") or "", "urlencoded" in (post.get("mimeType") or "")
    body: JSON = None
    if text:
        body = _form(text) if form else _parsed(text)
        body = text if body is NOT_JSON else body
    status = response["status"] or None
    answer = _parsed((response.get("content") or {}).get("text") or "")
    reason = "not JSON" if answer is NOT_JSON else ""
    return Record(
        *(number, "", "", request["method"], path, body, status, reason),
        None if answer is NOT_JSON else answer,
        called_ns,
        called_ns + max(0, round(float(entry["time"]) * 1e6)),
        headers=_headers(request),
        form=form,
        shown_headers=_headers(response),
    )


def _headers(part: dict[str, JSON]) -> dict[str, str]:
    return {str(each["name"]).lower(): str(each["value"]) for each in part.get("headers") or ()}


def _form(text: str) -> JSON:
    """The members of a form; the text itself if one comes twice, so that nothing is guessed."""
    pairs = parse_qsl(text, keep_blank_values=True)
    return dict(pairs) if len(dict(pairs)) == len(pairs) else text


def _parsed(text: str) -> JSON:
    try:
        return json.loads(text)
    except ValueError:
        return NOT_JSON
