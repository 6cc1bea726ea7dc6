"""Makes an `Answer` of an HTTP response."""

from __future__ import annotations

import json

import httpx

from tallystick.target.answers import NOT_JSON, Answer

LARGEST_ANSWER = 32 * 1024 * 1024


def answer_of(response: httpx.Response) -> Answer:
    """The answer in a response that was read."""
    try:
        body = json.loads(response.content[:LARGEST_ANSWER]) if response.content else NOT_JSON
    except (ValueError, RecursionError):
        body = NOT_JSON
    headers = response.headers
    return Answer(
        response.status_code,
        headers.get("content-type", ""),
        body,
        headers.get("date", ""),
        headers.get("retry-after", ""),
        headers.get("allow", ""),
    )
