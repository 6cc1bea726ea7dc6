"""The exchanges of a violation as an HTTP archive (HAR 1.2), without their secrets.

Browsers and HTTP tools open it. It is made of records, so it holds what the journal holds.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tallystick import __version__
from tallystick.reporting.records import Record

JSON_TYPE, FORM_TYPE = "application/json", "application/x-www-form-urlencoded"


def har_text(records: Sequence[Record], base_url: str, ended: datetime) -> str:
    """The archive. `ended` is the moment of the last answer; the others are measured from it."""
    last_ns = max((record.returned_ns for record in records), default=0)
    entries = [_entry(record, base_url, ended, last_ns) for record in records]
    creator = {"name": "Tallystick", "version": __version__}
    log = {"version": "1.2", "creator": creator, "entries": entries}
    return json.dumps({"log": log}, indent=2) + "\n"


def _entry(record: Record, base_url: str, ended: datetime, last_ns: int) -> dict[str, Any]:
    began = ended - timedelta(microseconds=(last_ns - record.called_ns) / 1000)
    took_ms = (record.returned_ns - record.called_ns) / 1e6
    return {
        "startedDateTime": began.isoformat(timespec="microseconds"),
        "time": took_ms,
        "request": _request(record, base_url),
        "response": _response(record),
        "cache": {},
        "timings": {"send": 0, "wait": took_ms, "receive": 0},
        "comment": record.step,
    }


def _request(record: Record, base_url: str) -> dict[str, Any]:
    url = base_url + record.path
    headers = [{"name": name, "value": value} for name, value in record.headers.items()]
    made: dict[str, Any] = {
        "method": record.method,
        "url": url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": headers,
        "queryString": [
            {"name": name, "value": value}
            for name, value in parse_qsl(urlsplit(url).query, keep_blank_values=True)
        ],
        "headersSize": -1,
        "bodySize": -1,
    }
    if record.body is not None:
        is_form = record.form and isinstance(record.body, dict)
        text = urlencode(record.body) if is_form else json.dumps(record.body)
        own = (each["value"] for each in headers if each["name"].lower() == "content-type")
        kind = next(own, FORM_TYPE if is_form else JSON_TYPE)
        made["postData"] = {"mimeType": kind, "text": text}
    return made


def _response(record: Record) -> dict[str, Any]:
    """The answer; status 0 and the reason, if none came."""
    status = record.status or 0
    has_body = record.status is not None and not record.reason
    text = json.dumps(record.answer) if has_body and record.answer is not None else ""
    shown = record.shown_headers
    return {
        "status": status,
        "statusText": HTTPStatus(status).phrase if status in set(HTTPStatus) else "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [{"name": name, "value": value} for name, value in shown.items()],
        "content": {"size": len(text), "mimeType": JSON_TYPE if text else "", "text": text},
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": -1,
        "comment": record.reason,
    }
