"""One long program that visits everything the server does, so that two servers can be compared.

What is random or given by the server (ids, codes) is replaced by what can be said about it; what
is left is equal for two servers that behave alike. Knows no rule: it only asks.
"""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import jwt

from sandbox.credentials import ADMIN, OTHER, READER, TILL, Client
from tests.sandbox.harness import Answer, Local

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
UNKNOWN = "00000000-0000-4000-8000-000000000000"
NUMERIC = {"symbols": False, "characters": False}


class Parted(Exception):
    """The answers are no longer those that were expected."""


class Tour:
    """Runs stations on a server, and keeps what came back."""

    def __init__(self, wallet: Local, expected: list[str] | None) -> None:
        self.wallet = wallet
        self.seen: list[str] = []
        self._ids: dict[str, str] = {}
        original = wallet.exchange

        def kept(*arguments: Any) -> Answer:
            answer = original(*arguments)
            self.seen.append(self._normal(answer))
            if expected is not None and self.seen[-1] != expected[len(self.seen) - 1]:
                raise Parted
            return answer

        wallet.exchange = kept  # type: ignore[method-assign]

    def _normal(self, answer: Answer) -> str:
        media_type = answer.headers.get("content-type")
        text = json.dumps([answer.status, media_type, _described(answer.body)], sort_keys=True)
        return _UUID.sub(self._numbered, text)

    def _numbered(self, match: re.Match[str]) -> str:
        return self._ids.setdefault(match.group(), f"<{len(self._ids)}>")


def run(wallet: Local, expected: list[str] | None = None) -> list[str]:
    """What a server answers on the tour, normalised: to its end, or as long as it is expected."""
    tour = Tour(wallet, expected)
    for station in STATIONS:
        try:
            station(wallet)
        except Parted:
            break
        except (KeyError, TypeError, IndexError, AssertionError) as error:
            # A faulty answer may lack what the next step needs. That is a difference too.
            tour.seen.append(f"{station.__name__}: {type(error).__name__}")
    return tour.seen


def _described(value: Any) -> Any:
    """A JSON value with secrets replaced by their description."""
    if isinstance(value, list):
        return [_described(item) for item in value]
    if not isinstance(value, dict):
        return value
    described = {}
    for name, member in value.items():
        if name == "access_token":
            described[name] = "jwt"
        elif name == "barcode_128":
            described[name] = bool(member)
        elif name in ("value", "masked_code") and isinstance(member, str):
            described[name] = _code(member)
        else:
            described[name] = _described(member)
    return described


def _code(code: str) -> str:
    prefix, colon, rest = code.rpartition(":")
    hidden = rest.count("*")
    # Of a masked code no more than how much of it is hidden, and letters only if none may be there.
    kind = "digits" if rest.isdigit() else "mixed"
    return f"{prefix}{colon}[{len(rest)} {kind} {hidden > 0 and hidden}]"


# --- stations -------------------------------------------------------------------------------


def _watch(wallet: Local, card: str) -> None:
    wallet.read(card)
    wallet.records(card)


def drawdowns_and_holds(wallet: Local) -> None:
    card = wallet.card(100)
    held = wallet.hold(card, 60)
    for amount in (41, 40, 1, 0):
        wallet.transact(card, amount)
        wallet.hold(card, amount)
        _watch(wallet, card)
    wallet.capture(held, 70)
    wallet.capture(held, 60)
    _watch(wallet, card)
    for amount in (2**31 + 5, 2**53 + 1, 2**40):
        rich = wallet.card(amount)
        wallet.transact(rich, amount + 1)
        wallet.hold(rich, amount - 7)
        wallet.fund(rich, 5)
        wallet.transact(rich, amount)
        _watch(wallet, rich)
    for currency in ("NOK", "SEK", "DKK", "EUR", "USD"):
        _one_currency(wallet, currency)


def _one_currency(wallet: Local, currency: str) -> None:
    money: dict[str, Any] = {"currency": currency}
    card = wallet.card(1000, currency)
    held = wallet.hold(card, 333, **money)
    wallet.capture(held, 111, metadata={"order_id": "child"})
    _watch(wallet, card)
    wallet.void(held)
    wallet.fund(card, 77, **money)
    wallet.transact(card, 10, currency="SEK" if currency == "NOK" else "NOK")
    wallet.hold(card, 10, currency="SEK" if currency == "NOK" else "NOK")
    everything = wallet.hold(card, wallet.read(card)["amount_available"], **money)
    _watch(wallet, card)
    wallet.void(everything)
    _watch(wallet, card)


def captures(wallet: Local) -> None:
    card = wallet.card(1000)
    for parts in ([100], [30, 70], [10, 20, 30], [30, 30, 41], [99, 0, 1, 1], [50, 51], [101]):
        held = wallet.hold(card, 100)
        for part in parts:
            wallet.capture(held, part)
            _watch(wallet, card)
        wallet.capture(held)
        wallet.void(held)
        wallet.capture(held, 1)
        wallet.void(held)
        _watch(wallet, card)
    for parts in ([], [10], [10, 20], [10, 20, 30]):
        held = wallet.hold(card, 100)
        for part in parts:
            wallet.capture(held, part)
        wallet.void(held)
        wallet.capture(held, 10)
        wallet.capture(held)
        wallet.void(held)
        _watch(wallet, card)
    other = wallet.card(500)
    for record in (wallet.transact(other, 50), wallet.fund(other, 50)):
        wallet.capture(record, 20)
        wallet.void(record)
        _watch(wallet, other)
    held = wallet.hold(other, 100)
    for child in (wallet.capture(held, 30), wallet.void(held)):
        wallet.capture(child, 10)
        wallet.void(child)
        _watch(wallet, other)
    wallet.capture(UNKNOWN)
    wallet.void(UNKNOWN)


def several_holds(wallet: Local) -> None:
    card = wallet.card(1000)
    holds = [wallet.hold(card, amount) for amount in (100, 200, 300, 150)]
    _watch(wallet, card)
    wallet.transact(card, 251)
    wallet.hold(card, 251)
    wallet.capture(holds[0], 150)
    wallet.fund(card, 40)
    wallet.transact(card, 200)
    _watch(wallet, card)
    wallet.capture(holds[1], 50)
    wallet.fund(card, 40)
    wallet.void(holds[2])
    _watch(wallet, card)
    wallet.capture(holds[0])
    wallet.capture(holds[1])
    wallet.void(holds[3])
    _watch(wallet, card)
    wallet.send("GET", "/cards", query={"limit": 100})


def shared_references(wallet: Local) -> None:
    card = wallet.card(1000)
    holds = [wallet.hold(card, 100) for _ in range(2)]
    for hold in holds:
        wallet.capture(hold, 30, ref_id="shared")
    wallet.void(holds[0])
    wallet.capture(holds[1])
    for amount in (100, None, 1):
        wallet.capture(holds[1], amount)
    whole = wallet.hold(card, 70)
    wallet.capture(whole)
    wallet.capture(whole)
    for _ in range(4):
        wallet.fund(card, 5, ref_id="again", metadata={"a": 1})
    _watch(wallet, card)


def funds(wallet: Local) -> None:
    card = wallet.card(50)
    held = wallet.hold(card, 30)
    wallet.fund(card, 20)
    wallet.capture(held)
    wallet.transact(card, 40)
    wallet.fund(card, 10)
    wallet.fund(card, 10, pending=True)
    wallet.fund(card, 2**63 - 1)
    _watch(wallet, card)
    wallet.hold(card, 0)
    _watch(wallet, card)


def references(wallet: Local) -> None:
    card, other = wallet.card(1000), wallet.card(1000)
    names = ["ref", "REF", "ref ", "x" * 64 + "a", "x" * 64 + "b", "é", "e\u0301", ""]
    for name in names:
        for pending in (False, True):
            ref = f"{name}{'p' * pending}" if name != "ref " else f"ref{'p' * pending} "
            first = wallet.transact(card, 10, ref_id=ref, pending=pending)
            wallet.transact(card, 10, ref_id=ref, pending=pending)
            wallet.transact(card, 11, ref_id=ref, pending=pending)
            wallet.transact(other, 10, ref_id=ref, pending=pending)
            wallet.capture(first, 3, ref_id=ref)
    _watch(wallet, card)
    _watch(wallet, other)
    held = wallet.hold(card, 100, ref_id="held")
    for amount in (20, 20, 21):
        wallet.capture(held, amount, ref_id="part")
    for _ in range(2):
        wallet.void(held, ref_id="void")
        wallet.hold(card, 100, ref_id="held")
        _watch(wallet, card)
    for _ in range(2):
        wallet.fund(card, 5, ref_id="fund")
    wallet.transact(card, 5_000, ref_id="late")
    wallet.fund(card, 5_000)
    wallet.transact(card, 5_000, ref_id="late")
    for order in ("a", "a", "b"):
        wallet.transact(card, 1, metadata={"order_id": order, "zero": 0})
        wallet.fund(card, 0, ref_id="noted", metadata={"note": order})
    wallet.advance(3)
    wallet.fund(card, 5, ref_id="fund")
    _watch(wallet, card)


def attributes(wallet: Local) -> None:
    card = wallet.card(100, type="credit_note")
    wallet.transact(card, 101)
    wallet.transact(card, 200, metadata={"a": {"b": [0, "", None]}, "zero": 0})
    held = wallet.hold(card, 10, originated_by="o" * 200, metadata={"order_id": "æ 🎁"})
    wallet.capture(held, 1)
    wallet.void(held)
    wallet.transact(card, 5, originated_by="till 1", metadata={})
    _watch(wallet, card)
    long = wallet.card(10, card_id="x" * 200)
    wallet.fund(long, 5)
    wallet.card(11, card_id="x" * 199 + "y")
    wallet.card(1, card_id="7")
    wallet.read("007")
    wallet.card(1, card_id="Case")
    wallet.read("case")
    first, second = (wallet.card(100, customer_id="shared") for _ in range(2))
    wallet.hold(first, 60)
    _watch(wallet, second)
    _watch(wallet, long)


def busy_card(wallet: Local) -> None:
    card = wallet.card(1000)
    wallet.transact(card, 1, ref_id="first")
    for _ in range(24):
        wallet.transact(card, 1)
    wallet.fund(card, 3)
    wallet.transact(card, 5_000)
    wallet.transact(card, 1, ref_id="first")
    _watch(wallet, card)


def cards(wallet: Local) -> None:
    full = {
        "customer_id": "c-1",
        "name": "Grüße 世界",
        "type": "credit_note",
        "metadata": {"nested": {"a": [1]}},
        "originated_by": "shop",
        "active_from": "2020-01-01T00:00:00Z",
        "expires_at": "2040-01-01T00:00:00Z",
    }
    card = wallet.card(500, "EUR", card_id="full+1", **full)
    wallet.card(500, "EUR", card_id="full 1")
    wallet.card(500, "EUR", card_id="full+1", **full)
    wallet.card(7, card_id="full+1")
    wallet.hold(card, 60, currency="EUR")
    wallet.transact(card, 30, currency="EUR")
    _watch(wallet, card)
    wallet.card(5, card_id="a/b")
    wallet.read("a/b")
    wallet.card(5, card_id="🎁")
    wallet.card(5, card_id="nul\x00")
    for customer in ("c-1", "c", "nobody"):
        wallet.send("GET", f"/customers/{customer}/cards")
        wallet.send("GET", f"/customers/{customer}/cards/{quote(card)}")
    more = [wallet.card(i, customer_id="c-1") for i in range(12)]
    wallet.send("DELETE", f"/cards/{more[0]}")
    wallet.send("GET", "/customers/c-1/cards")
    wallet.send("GET", "/customers/c-1/cards", query={"limit": 2})
    wallet.send("GET", "/customers/c-1/cards", query={"limit": 2, "starting_after": more[3]})


def batches(wallet: Local) -> None:
    entries = [{"card_id": f"batch-{i}", "type": "credit_note"} for i in range(4)]
    options = {"pin": {"format": {"length": 4} | NUMERIC}, "card_token": {"format": NUMERIC}}
    made = wallet.send("POST", "/cards/batch", {"cards": entries, "options": options})
    for send in (wallet.fund, wallet.transact, wallet.hold):
        send("batch-0", 0)
    _watch(wallet, "batch-0")
    _watch(wallet, "batch-3")
    body = {
        "amount": 70,
        "currency": "DKK",
        "customer_id": "c-9",
        "expires_at": "2027-01-15T08:00:00Z",
    }
    wallet.send("GET", "/customers/c-9/cards")
    wallet.send("POST", "/cards/batch-1/activate", body)
    for _ in range(2):
        wallet.send("POST", "/cards/batch-0/activate", {"amount": 70, "currency": "DKK"})
        _watch(wallet, "batch-0")
        wallet.transact("batch-0", 20, currency="DKK")
        wallet.fund("batch-0", 5, currency="DKK")
    wallet.info(made["cards"][0]["card_token"]["token"]["value"])
    wallet.send("POST", "/cards/batch-2/activate", {"amount": 0, "currency": "NOK"})
    wallet.read("batch-2")
    wallet.send("POST", "/cards/batch", {"cards": entries[:1]})
    wallet.send("DELETE", "/cards/batch-3")
    wallet.send("POST", "/cards/batch", {"cards": [{"card_id": "batch-c", "type": "gift_card"}]})
    wallet.send("POST", "/cards/batch-c/tokens", {"ref_id": "t", "expires_in": 5})
    listed = {"customer_id": "c-8", "amount": 0, "currency": "NOK"}
    wallet.send("POST", "/cards/batch-c/activate", listed)
    wallet.send("GET", "/customers/c-8/cards")


def deletions(wallet: Local) -> None:
    card = wallet.card(50, customer_id="c-5")
    value = wallet.token(card, expires_after_transaction=False)["token"]["value"]
    held = wallet.hold(card, 20)
    wallet.send("DELETE", f"/cards/{card}")
    wallet.capture(held, 5)
    wallet.void(held)
    for _ in range(2):
        wallet.send("DELETE", f"/cards/{card}")
    _watch(wallet, card)
    wallet.transact(card, 1)
    wallet.transact(None, 1, token=value)
    wallet.info(value)
    wallet.send("GET", "/customers/c-5/cards")
    wallet.send("GET", f"/customers/c-5/cards/{card}")
    wallet.card(60, card_id=card)
    empty = wallet.card(0)
    wallet.send("DELETE", f"/cards/{empty}")
    for deleted in ("true", "false"):
        wallet.send("GET", "/cards", query={"limit": 100, "include_deleted": deleted})


def pages(wallet: Local) -> None:
    for limit in (3, 10, 11):
        query: dict[str, Any] = {"limit": limit}
        for _ in range(60):
            page = wallet.send("GET", "/cards", query=query).body
            if "starting_after" not in page:
                break
            query["starting_after"] = page["starting_after"]
    for query in (
        *({"amount_available": 500}, {"amount_available": 50, "limit": 100}),
        *({"starting_after": "nobody"}, {"limit": 0}, {"limit": 101}, {"limit": "x"}),
    ):
        wallet.send("GET", "/cards", query=query)
    wallet.send("GET", "/cards")


def tokens(wallet: Local) -> None:
    card = wallet.card(100)
    wallet.hold(card, 20)
    once = wallet.token(card, 60)["token"]["value"]
    wallet.transact(None, 90, token=once)
    wallet.transact(None, 1, token=once, currency="SEK")
    wallet.fund(None, 1, token=once)
    wallet.hold(None, 5, token=once)
    _watch(wallet, card)
    wallet.hold(None, 6, token=once)
    wallet.info(once)
    again = wallet.token(card, 60, ref_id="again", expires_after_transaction=True)
    wallet.token(card, 60, ref_id="again", expires_after_transaction=True)
    wallet.transact(None, 5, token=again["token"]["value"])
    wallet.transact(None, 6, token=again["token"]["value"])
    lasting = wallet.token(card, 60, expires_after_transaction=False)["token"]["value"]
    for _ in range(2):
        wallet.transact(None, 5, token=lasting)
    wallet.transact(card, 1, token=lasting)
    _watch(wallet, card)
    for seconds in (30, 31):
        wallet.advance(seconds)
        wallet.info(lasting)
        wallet.transact(None, 5, token=lasting)
    for wanted in ({"length": 20, "prefix": "V:"} | NUMERIC, {"length": 8}, {"barcode": True}):
        wallet.token(card, format=wanted)
    wallet.token(card, format={"symbols": False, "numbers": False, "characters": False})
    wallet.read(card)
    wallet.info("nothing")
    wallet.token(card, metadata={"a": 1})
    query: dict[str, Any] = {"limit": 10}
    for _ in range(3):
        query["starting_after"] = wallet.send("GET", "/cards", query=query)["starting_after"]
        wallet.card(1)


def pins(wallet: Local) -> None:
    # Codes are drawn from a fixed seed in these tests: some of these PINs start with 0.
    for number in range(8):
        body = {
            "card_id": f"pin-{number}",
            "amount": 5,
            "currency": "NOK",
            "pin": {"format": {"length": 4} | NUMERIC},
            "card_token": {"expires_in": 60},
        }
        made = wallet.send("POST", "/cards", body)
        pin, value = made["pin"]["pin"]["value"], made["card_token"]["token"]["value"]
        wallet.info(value, pin=pin)
        if number > 2:
            continue
        wallet.info(value)
        wallet.info(value, pin="no")
        rotated = wallet.send("POST", f"/cards/pin-{number}/rotate-pin", {"pin": {}}).body
        wallet.info(value, pin=pin)
        wallet.info(value, pin=rotated["pin"]["pin"]["value"])
        _watch(wallet, f"pin-{number}")


def times(wallet: Local) -> None:
    now = wallet.clock.now_us // 1_000_000
    early = wallet.card(100, active_from=_moment(now + 60))
    early_by_offset = wallet.card(100, active_from=_moment(now + 60 + 7200, "+02:00"))
    late = wallet.card(100, expires_at=_moment(now + 30), customer_id="c-7")
    late_by_offset = wallet.card(100, expires_at=_moment(now + 30 - 7200, "-02:00"))
    late_eastern = wallet.card(100, expires_at=_moment(now + 30 + 7200, "+02:00"))
    all_of_them = (early, early_by_offset, late, late_by_offset, late_eastern)
    value = wallet.token(late)["token"]["value"]
    held = wallet.hold(late, 10)
    kept = wallet.hold(late, 10)
    for _ in range(3):
        for card in all_of_them:
            wallet.transact(card, 1)
            wallet.hold(card, 1)
            wallet.fund(card, 7)
            _watch(wallet, card)
        wallet.advance(31)
        wallet.send("GET", "/customers/c-7/cards")
    wallet.capture(held, 5)
    wallet.void(kept)
    wallet.token(late)
    wallet.info(value)
    _watch(wallet, late)
    wallet.card(5, expires_at=_moment(now - 60))
    wallet.card(5, active_from=_moment(now + 60), expires_at=_moment(now + 30))


def _moment(seconds: int, offset: str = "Z") -> str:
    """A local time, with any offset written behind it."""
    import time

    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + offset


def accounts(wallet: Local) -> None:
    wallet.get_token(ADMIN, secret="wrong")
    foreign_audience = f"https://api/accounts/{OTHER.account}"
    issued = wallet.get_token(ADMIN, audience=foreign_audience)
    card = wallet.card(100, card_id="same")
    held = wallet.hold(card, 20)
    value = wallet.token(card, expires_after_transaction=False)["token"]["value"]
    wallet.send("POST", "/cards", {"card_id": "own", "amount": 9, "currency": "NOK"}, client=OTHER)
    for client, account in ((OTHER, ADMIN.account), (OTHER, OTHER.account)):
        for method, path, body in _requests(card, held["id"], value):
            wallet.send(method, path, body, client=client, account=account)
            _watch(wallet, card)
    body = {"card_id": "same", "amount": 55, "currency": "NOK"}
    wallet.send("POST", "/cards", body, client=OTHER)
    wallet.transact(card, 5)
    wallet.send("GET", "/cards/same", client=OTHER)
    if issued.status == 200:
        headers = {"authorization": f"Bearer {issued['access_token']}"}
        wallet.send("GET", "/cards", client=None, account=OTHER.account, headers=headers)
    _watch(wallet, card)


def _requests(card: str, held: str, value: str) -> list[tuple[str, str, Any]]:
    money = {"amount": 1, "currency": "NOK"}
    return [
        ("GET", f"/cards/{card}", None),
        ("GET", f"/cards/{card}/transactions", None),
        ("GET", "/cards", None),
        ("POST", "/transactions", {"ref_id": "f1", "token": value} | money),
        ("POST", "/transactions", {"ref_id": "f2", "card_id": card} | money),
        ("POST", f"/transactions/{held}/capture", {"ref_id": "f3", "amount": 1}),
        ("POST", f"/transactions/{held}/void", {"ref_id": "f4"}),
        ("POST", "/info", {"token": value}),
        ("DELETE", f"/cards/{card}", None),
    ]


def scopes(wallet: Local) -> None:
    for client in (READER, TILL):
        card = wallet.card(100)
        held = wallet.hold(card, 20)
        value = wallet.token(card, expires_after_transaction=False)["token"]["value"]
        for method, path, body in _requests(card, held["id"], value):
            wallet.send(method, path, body, client=client)
        fund = {"ref_id": "f9", "token": value, "type": "fund", "amount": 1, "currency": "NOK"}
        wallet.send("POST", "/transactions", fund, client=client)
        _watch(wallet, card)


def access_tokens(wallet: Local) -> None:
    sound = wallet.access_token(ADMIN)
    claims = jwt.decode(sound, options={"verify_signature": False})
    forged = jwt.encode(claims, "x" * 40, algorithm="HS256")
    unsigned = jwt.encode(claims, None, algorithm="none")
    for value in (None, "", "Bearer nonsense", f"Bearer {forged}", f"Bearer {unsigned}"):
        headers = {} if value is None else {"authorization": value}
        wallet.send("GET", "/cards", client=None, account=ADMIN.account, headers=headers)
    wallet.advance(20_000)
    wallet.send("GET", "/cards")
    wallet.tokens.clear()


def malformed(wallet: Local) -> None:
    card = wallet.card(100)
    held = wallet.hold(card, 10)
    body = {"ref_id": "r", "amount": 1, "currency": "NOK", "card_id": card}
    changes: list[dict[str, Any]] = [
        *({"amount": value} for value in (True, "5", 1.5, 5.0, None, -5, 2**63, 10**30)),
        *({"currency": value} for value in ("nok", "GBP", None)),
        *({"metadata": value} for value in ([1], "x", None)),
        *({"card_id": value} for value in (f"{card} ", "x" * 256, "a\x00b", "🎁", "unknown")),
        *({"type": "refund"}, {"pending": "false"}, {"token": "t"}, {"unknown": 1}),
        *({"id": UNKNOWN}, {"metadata": {"dintero_x": 1}}, {"ref_id": "🎁"}),
    ]
    for number, change in enumerate(changes):
        wallet.send("POST", "/transactions", {**body, "ref_id": f"m{number}"} | change)
        _watch(wallet, card)
    for missing in body:
        wallet.send("POST", "/transactions", {n: v for n, v in body.items() if n != missing})
    for change in ({"amount": -5}, {"amount": 2**63}, {"card_id": "y" * 300}, {"amount": 1.5}):
        wallet.send("POST", "/cards", {"card_id": "m", "amount": 1, "currency": "NOK"} | change)
    for raw in (b"", b"{", b"[]", b"\xff", b"{}" + b" " * (1 << 20)):
        wallet.send("POST", "/transactions", raw=raw)
    for bad in ("x", "%20", UNKNOWN):
        wallet.capture(bad, 1)
    wallet.capture(held, 11)
    wallet.read("unknown")
    wallet.send("GET", "/cards", account="T1")
    wallet.send("PUT", "/cards")
    wallet.card(5, card_id="a_b")
    wallet.card(6, card_id="a1b")
    wallet.read("a_b")
    wallet.read("a1_")
    forged = {"card_id": "forged", "created_by": "me", "amount_balance": 77}
    wallet.card(5, **forged)
    wallet.send("DELETE", "/cards/unknown")
    wallet.records("unknown")
    wallet.fund("unknown-2", 5)
    wallet.send("GET", "/nothing")
    wallet.send("POST", "/cards", raw=b"{}", headers={"content-type": "text/plain"})


STATIONS: tuple[Callable[[Local], None], ...] = (
    *(
        drawdowns_and_holds,
        captures,
        several_holds,
        shared_references,
        funds,
        references,
        attributes,
        busy_card,
    ),
    *(cards, batches, deletions, pages, tokens, pins, times, accounts, scopes, malformed),
    access_tokens,
)

__all__ = ["STATIONS", "Client", "run"]
