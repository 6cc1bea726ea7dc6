#!/usr/bin/env python3
r"""CONC-2: Requests that race with one ref_id have one effect.

    python conc-2.py URL [TRIALS]

URL is the base URL of the server, or TALLYSTICK_TARGET is. Needs Python 3.9 and httpx; of the
environment: TALLYSTICK_ACCOUNT; TALLYSTICK_CLIENT_ID and TALLYSTICK_CLIENT_SECRET, or TALLYSTICK_TOKEN.
It takes several clients at the same moment, and shows only now and then: so it is tried 40 times,
or TRIALS times. In each trial, each client leads in its turn.
Exit status 1: the fault shows at least once; 0: all answers were right; 2: it could not be tried.

    A = card 1000 NOK
    h = hold A 100
    1| c = capture h 50
    2| c = capture h 50

Expected: an order of these requests in which the ledger permits every answer
Seen: no such order: `c = capture h 50` accepted: 50; `c = capture h 50` accepted: 50. After `c = capture h 50`, `c = capture h 50` accepted: 50 is not permitted: REF-1 expects one effect for one ref_id: refuse or replay
"""

import base64
import json
import os
import random
import re
import secrets
import sys
import threading
import time
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


LOOKS = (
    "1| c = capture h 50",
    "2| c = capture h 50",
    "amount_balance at the end",
    "amount_available at the end",
)
RIGHT = (  # what these show, in every order in which a server may take the requests
    ("accepted", "accepted", 950, 900,),
    ("accepted", "refused", 950, 900,),
    ("refused", "accepted", 950, 900,),
)
ANY = "any"
MOST_SECONDS = 120


def trial(number):
    """Send the requests once; what the LOOKS show."""
    global OWN, DIGITS
    OWN, DIGITS = "ts" + secrets.token_hex(4), str(10**17 + secrets.randbelow(10**17))
    # A = card 1000 NOK
    ask("POST", f"/accounts/{quote(ACCOUNT, safe='')}/wallets/cards", {"card_id": f"{OWN}-132-A", "amount": 1000, "currency": "NOK"}, has_to_be="accepted")
    # h = hold A 100
    answer = ask("POST", f"/accounts/{quote(ACCOUNT, safe='')}/wallets/transactions", {"ref_id": f"{OWN}-132.h", "card_id": f"{OWN}-132-A", "amount": 100, "currency": "NOK", "type": "drawdown", "pending": True}, has_to_be="accepted")
    h_id = answer.id("id")

    def client_1():
        # 1| c = capture h 50
        yield ask("POST", f"/accounts/{quote(ACCOUNT, safe='')}/wallets/transactions/{quote(h_id, safe='')}/capture", {"ref_id": f"{OWN}-132.c", "amount": 50})

    def client_2():
        # 2| c = capture h 50
        yield ask("POST", f"/accounts/{quote(ACCOUNT, safe='')}/wallets/transactions/{quote(h_id, safe='')}/capture", {"ref_id": f"{OWN}-132.c", "amount": 50})

    answers = at_once(number, client_1, client_2)
    # at the end
    answers.append(ask("GET", f"/accounts/{quote(ACCOUNT, safe='')}/wallets/cards/{OWN}-132-A"))
    return (
        decision(answers[0]),
        decision(answers[1]),
        figure(answers[2], "amount_balance"),
        figure(answers[2], "amount_available"),
    )


def at_once(number, *clients):
    """Run the clients at the same moment; their answers, client by client."""
    start = threading.Barrier(len(clients))
    answers, failed = [[] for _ in clients], []

    def work(place, client):
        try:
            start.wait()
            if number > 1 and place != number % len(clients):  # at first, all start together
                time.sleep(random.uniform(0.0003, 0.003))
            answers[place] += client()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=each) for each in enumerate(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return [answer for each in answers for answer in each]


def decision(answer):
    """Whether the answer accepts."""
    return "accepted" if answer.status < 300 else "refused"


def figure(answer, *place):
    """What an answer shows; None if it refuses, ANY if it leaves that out."""
    if decision(answer) == "refused":
        return None
    return ANY if answer.at(*place) is ABSENT else answer.at(*place)


class Lost(Exception):
    """An answer did not come, or shows nothing; so its trial shows nothing."""


def run():
    """Try it several times; whether every trial was right."""
    HEADERS.update(log_in())
    tried, seen, lost, ends = 0, 0, [], time.monotonic() + MOST_SECONDS
    for number in range(TRIALS):
        if number and time.monotonic() > ends:
            break
        try:
            shown = trial(number)
        except Lost as error:
            lost.append(error)
            time.sleep(0.2)
            continue
        tried += 1
        if not any(all(ANY in (r, s) or r == s for r, s in zip(row, shown)) for row in RIGHT):
            seen += 1
            told = "; ".join(f"{look} -> {each}" for look, each in zip(LOOKS, shown))
            print(f"trial {number + 1}: {told}", file=sys.stderr)
    if not seen and tried <= len(lost):
        give_up(f"only {tried} of {tried + len(lost)} trials had all answers: {lost[-1]}")
    print(f"seen in {seen} of {tried} trials")
    return seen == 0


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
        raise Lost(f"{method} {path}: {type(error).__name__}: {error}") from None
    if answer.status in (408, 425, 429) or answer.status >= 500:
        raise Lost(f"{method} {path} was answered {answer.status}")
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
if len(sys.argv) > 2 and not re.fullmatch("[1-9][0-9]*", sys.argv[2]):
    give_up("TRIALS is how often it is tried: a whole number from 1 on")
TRIALS = int(sys.argv[2]) if len(sys.argv) > 2 else 40
CLIENT = httpx.Client(timeout=30)
RULE, EXPECTED, SEEN = "CONC-2", "an order of these requests in which the ledger permits every answer", "no such order: `c = capture h 50` accepted: 50; `c = capture h 50` accepted: 50. After `c = capture h 50`, `c = capture h 50` accepted: 50 is not permitted: REF-1 expects one effect for one ref_id: refuse or replay"
is_right = run()
CLIENT.close()
if is_right:
    keep()
print(f"FAULT: {RULE} is broken. Expected: {EXPECTED}; seen: {SEEN}")
sys.exit(1)
