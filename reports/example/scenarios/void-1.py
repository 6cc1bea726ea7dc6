#!/usr/bin/env python3
r"""VOID-1: The void of an open hold is accepted and releases exactly what it locks, or the part of it that was asked for and never more; the balance stays.

    python void-1.py URL

URL is the base URL of the server, or TALLYSTICK_TARGET is. Needs Python 3.9 and httpx; of the
environment: TALLYSTICK_ACCOUNT; TALLYSTICK_CLIENT_ID and TALLYSTICK_CLIENT_SECRET, or TALLYSTICK_TOKEN.
Exit status 1: the fault shows; 0: the server answers right; 2: it could not be tried.

    A = card 1000 NOK
    h1 = hold A 100
    v1 = void h1

Expected: amount_available 1000 after an accepted void
Seen: amount_available 900
"""

import base64
import json
import os
import re
import secrets
import sys
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from urllib.parse import quote, urlencode

import httpx

OWN = "ts" + secrets.token_hex(4)  # begins the ids of this run
DIGITS = str(10**17 + secrets.randbelow(10**17))
ACCOUNT = os.environ.get("TALLYSTICK_ACCOUNT", "")
TOKEN = ""
HEADERS = {"Accept": "application/json"}
ABSENT = object()


def run():
    """Send the requests; whether the last answer is right."""
    HEADERS.update(log_in())
    # A = card 1000 NOK
    ask("POST", f"/accounts/{quote(ACCOUNT, safe='')}/wallets/cards", {"card_id": f"{OWN}-11-A", "amount": 1000, "currency": "NOK"}, has_to_be="accepted")
    ask("GET", f"/accounts/{quote(ACCOUNT, safe='')}/wallets/cards/{OWN}-11-A", has_to_be="accepted")
    # h1 = hold A 100
    answer = ask("POST", f"/accounts/{quote(ACCOUNT, safe='')}/wallets/transactions", {"ref_id": f"{OWN}-11.h1", "card_id": f"{OWN}-11-A", "amount": 100, "currency": "NOK", "type": "drawdown", "pending": True}, has_to_be="accepted")
    h1_id = answer.id("id")
    ask("GET", f"/accounts/{quote(ACCOUNT, safe='')}/wallets/cards/{OWN}-11-A", has_to_be="accepted")
    # v1 = void h1
    ask("POST", f"/accounts/{quote(ACCOUNT, safe='')}/wallets/transactions/{quote(h1_id, safe='')}/void", {"ref_id": f"{OWN}-11.v1"}, has_to_be="accepted")
    last = ask("GET", f"/accounts/{quote(ACCOUNT, safe='')}/wallets/cards/{OWN}-11-A")
    return (
        last.shows(["amount_available"], 1000)
    )


@lru_cache(maxsize=None)
def log_in(client=""):
    """The headers with the credentials of a client; its variables begin with OTHER_, for example."""
    global TOKEN
    its_account = ACCOUNT
    token = f"{client}TOKEN"
    client_id = needed(f"{client}CLIENT_ID", token)
    client_secret = needed(f"{client}CLIENT_SECRET", token)
    its_token = os.environ.get(f"TALLYSTICK_{token}", "")
    basic = base64_of(f"{its_token}:" if its_token else f"{client_id}:{client_secret}")
    if not its_token:
        answer = ask("POST", f"/accounts/{quote(its_account, safe='')}/auth/token", {"grant_type": "client_credentials", "audience": f"https://api.dintero.com/v1/accounts/{its_account}"}, has_to_be="accepted", headers={"Authorization": f"Basic {basic}"})
        its_token = answer.id("access_token")
    TOKEN = TOKEN if client else its_token
    return {"Authorization": f"Bearer {its_token}"}


def base64_of(text):
    """A text in base64."""
    return base64.b64encode(text.encode()).decode()


def needed(name, or_else=""):
    """A variable of the environment."""
    value = os.environ.get(f"TALLYSTICK_{name}", "")
    if not value and not os.environ.get(f"TALLYSTICK_{or_else}", ""):
        give_up(f"set TALLYSTICK_{name}")
    return value


class Answer:
    """A status, a content type, and a body."""

    def __init__(self, response):
        self.status = response.status_code
        self.content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        try:
            self.body = json.loads(response.content)
        except ValueError:
            self.body = ABSENT

    def at(self, *place):
        """What is at a place in the body."""
        value = self.body
        for name in place:
            try:
                value = value[name]
            except (TypeError, KeyError, IndexError):
                return ABSENT
        return value

    def id(self, *place):
        """What later requests need."""
        value = self.at(*place)
        if value is ABSENT or value is None:
            give_up(f"no {'.'.join(map(str, place))} in an answer with status {self.status}")
        return str(value)

    def shows(self, place, *right):
        """Whether the member has one of the values."""
        value = None if self.at(*place) is ABSENT else self.at(*place)
        same = [isinstance(value, bool) == isinstance(each, bool) and value == each for each in right]
        return any(same)

    def status_is(self, *ranges):
        """Whether the status is within one of the ranges."""
        return any(least <= self.status <= most for least, most in ranges)

    def lacks(self, place):
        """Whether the member is not there."""
        return self.at(*place) is ABSENT

    def has_items(self, place, *numbers):
        """Whether the list has so many items."""
        value = self.at(*place)
        return isinstance(value, list) and len(value) in numbers

    def shows_another(self, place, *wrong):
        """Whether the member is there, with none of these values."""
        return self.at(*place) not in (ABSENT, None) and not self.shows(place, *wrong)

    def has(self, place, *right):
        """Whether each of the values is somewhere below the place."""
        shown = list(values(self.at(*place)))
        return all(each in shown for each in right)

    def has_nowhere(self, place, *wrong):
        """Whether the answer accepts, and none of the values is below the place."""
        shown = list(values(self.at(*place)))
        return self.status < 300 and not any(each in shown for each in wrong)

    def is_of(self, place, form):
        """Whether the member has a type or form."""
        value = self.at(*place)
        types = {"string": str, "boolean": bool, "object": dict, "array": list, "null": type(None)}
        if form in types:
            return isinstance(value, types[form])
        if form in PATTERNS:
            return isinstance(value, str) and re.fullmatch(PATTERNS[form], value) is not None
        is_integer = isinstance(value, int) and not isinstance(value, bool)
        return is_integer and (form == "integer" or value >= 0)


def values(body):
    """All values of a body that are no objects and no lists."""
    if isinstance(body, (dict, list)):
        for each in body.values() if isinstance(body, dict) else body:
            yield from values(each)
    else:
        yield body


PATTERNS = {"uuid": r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", "date-time": r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)"}


def ask(
    method, path, body=None, has_to_be="", form=False, headers=(), credentials=None, content=None
):
    """Send a request and return its answer."""
    usual = HEADERS if credentials is None else {"Accept": "application/json", **credentials}
    sent = httpx.Headers({**usual, **dict(headers)})
    if body is not None:
        content = (urlencode(body) if form else json.dumps(body)).encode()
    if content is not None and "Content-Type" not in sent:
        sent["Content-Type"] = f"application/{'x-www-form-urlencoded' if form else 'json'}"
    try:
        answer = Answer(CLIENT.request(method, URL + path, content=content, headers=sent))
    except httpx.HTTPError as error:
        give_up(f"{method} {path}: {type(error).__name__}: {error}")
    print(f"{method} {path} -> {answer.status}", file=sys.stderr)
    if has_to_be == "enough" and answer.status >= 300:
        keep()
    if has_to_be in ("accepted", "refused") and (answer.status < 300) != (has_to_be == "accepted"):
        give_up(f"{method} {path} was answered {answer.status}, and had to be {has_to_be}")
    return answer


def nines(code):
    """Another code of the same length: the distance of each digit to 9."""
    return "".join(str(9 - int(digit)) for digit in code)


def later(seconds, minutes, zone):
    """A moment from now on, by a clock that is so many minutes ahead of UTC."""
    moment = datetime.now(timezone.utc) + timedelta(seconds=seconds, minutes=minutes)
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + zone


def keep():
    """End: the server is right."""
    print(f"RIGHT: {RULE} is kept")
    sys.exit(0)


def give_up(why):
    """End: nothing is shown."""
    print(f"NOT TRIED: {why}")
    sys.exit(2)


URL = (sys.argv[1] if len(sys.argv) > 1 else os.environ.get("TALLYSTICK_TARGET", "")).rstrip("/")
if not URL:
    give_up("name the server: its base URL, or TALLYSTICK_TARGET")
needed("ACCOUNT")
CLIENT = httpx.Client(timeout=30)
RULE, EXPECTED, SEEN = "VOID-1", "amount_available 1000 after an accepted void", "amount_available 900"
is_right = run()
CLIENT.close()
if is_right:
    keep()
print(f"FAULT: {RULE} is broken. Expected: {EXPECTED}; seen: {SEEN}")
sys.exit(1)
