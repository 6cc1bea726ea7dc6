"""SHAPE: input at and beyond the edge, on live cards.

What the documentation forbids is refused (SHAPE-4); what it leaves open may be refused or taken.
Either way the answer has its documented form, and the money is what the answer says it is.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from strategies.payloads import EDGE_AMOUNTS, HALVES, TEXTS, WRONG_AMOUNTS
from tallystick.drivers.direct import Direct
from tallystick.drivers.fuzz.constraints import NOTHING
from tallystick.drivers.fuzz.driver import NOBODY
from tallystick.drivers.fuzz.interpretation import Sent
from tallystick.drivers.fuzz.setting import FEW, Stage
from tallystick.drivers.fuzz.valid import (
    ACTIVATE,
    CAPTURE,
    CREATE,
    INFO,
    LIST,
    ROTATE,
    TOKEN,
    TRANSACT,
    VOID,
    changed,
    garbled,
    loose,
    valid,
    without,
    written,
)
from tallystick.ledger.vocabulary import Kind, Transact
from tallystick.run import Run
from tallystick.target import Answer, outcome_of
from tallystick.wire import Request

rule = pytest.mark.rule

JSON = Any

BODIES = (CREATE, ACTIVATE, ROTATE, TOKEN, INFO, TRANSACT, CAPTURE, VOID)
ANY_4XX = range(400, 500)


@pytest.fixture(scope="module")
def stage(run: Run) -> Stage:
    return Stage(run, FEW)


def ask(stage: Stage, operation: str, make: Any) -> None:
    """Send what `make` makes of a valid request, and hold it to the ledger."""
    with stage.acting(operation) as fuzz:
        fuzz.ask(make(valid(fuzz, operation)))


def settle(stage: Stage, operation: str) -> None:
    """Read what was refused something: a refusal changes nothing."""
    with stage.acting(operation) as fuzz:
        fuzz.settle()


# Amounts ----------------------------------------------------------------------------------------

PAID = {
    "drawdown": (TRANSACT, {}),
    "hold": (TRANSACT, {"pending": True}),
    "fund": (TRANSACT, {"type": "fund"}),
    "capture": (CAPTURE, {}),
    "card": (CREATE, {}),
    "activation": (ACTIVATE, {}),
}


@rule("SHAPE-4", "SHAPE-2", "SHAPE-5", "BAL-6")
@pytest.mark.parametrize("paid", [paid for paid in PAID if paid != "hold"])
def test_what_is_no_amount_is_refused_and_changes_nothing(stage: Stage, paid: str) -> None:
    operation, more = PAID[paid]
    for amount in WRONG_AMOUNTS.values():
        if amount is None and operation == CAPTURE:
            continue  # null where the member may be left out: open (question 55)
        ask(stage, operation, lambda sent, amount=amount: changed(sent, **more, amount=amount))
    settle(stage, operation)


@rule("SHAPE-2", "SHAPE-1", "BAL-1", "BAL-2", "BAL-6")
@pytest.mark.parametrize("paid", [paid for paid in PAID if paid != "activation"])
def test_an_amount_at_an_edge_is_refused_or_exact(stage: Stage, paid: str) -> None:
    operation, more = PAID[paid]
    for amount in EDGE_AMOUNTS.values():
        ask(stage, operation, lambda sent, amount=amount: changed(sent, **more, amount=amount))
    for text in (b"6e2", b"1e400", b"-0"):
        ask(stage, operation, lambda sent, text=text: _with_number(sent, text, **more))
    settle(stage, operation)


def _with_number(sent: Sent, text: bytes, **more: JSON) -> Sent:
    """The request with the amount as it is written; Python would write another form of it."""
    sent = changed(sent, **more, amount=json.loads(text))
    content = json.dumps({**sent.body, "amount": "?"}).encode().replace(b'"?"', text)
    return written(sent, content)


# Members ----------------------------------------------------------------------------------------


@rule("SHAPE-4", "SHAPE-2", "BAL-6")
@pytest.mark.parametrize("operation", BODIES)
def test_a_required_member_is_required(stage: Stage, run: Run, operation: str) -> None:
    with stage.acting(operation) as fuzz:
        required = sorted(fuzz.demands.bodies[operation].required)
    for name in required:
        ask(stage, operation, lambda sent, name=name: without(sent, name))
        ask(stage, operation, lambda sent, name=name: changed(sent, **{name: None}))
    for body in (NOTHING, None, [], "body"):
        ask(stage, operation, lambda sent, body=body: Sent(operation, sent.path, body=body))
    settle(stage, operation)


WRONG_TYPES: dict[str, tuple[JSON, ...]] = {
    "string": (5, ["a"]),
    "integer": (),  # amounts have a test of their own
    "boolean": ("true", "false", 1, []),
    "object": ("text", True, [{"a": "b"}]),
}


@rule("SHAPE-4", "SHAPE-2", "BAL-6")
@pytest.mark.parametrize("operation", BODIES)
def test_a_member_of_a_wrong_type_is_refused(stage: Stage, operation: str) -> None:
    with stage.acting(operation) as fuzz:
        members = fuzz.demands.bodies[operation].members
    for name, member in members.items():
        if member.is_read_only or name in ("active_from", "expires_at"):
            continue
        for value in WRONG_TYPES.get(member.type or "", ()):
            ask(stage, operation, lambda sent, name=name, value=value: _put(sent, name, value))
    settle(stage, operation)


def _put(sent: Sent, name: str, value: JSON) -> Sent:
    """The member with this value, and no second name for the card beside it."""
    sent = changed(sent, **{name: value})
    return without(sent, "card_id") if name == "token" and "card_id" in sent.body else sent


OPTIONS = {
    "currency of a drawdown": (TRANSACT, "currency", ("nok", "XXX", "", "NOKK", "578")),
    "type of a transaction": (TRANSACT, "type", ("refund", "DRAWDOWN", "", "pending_capture")),
    "currency of a card": (CREATE, "currency", ("nok", "XXX", "")),
    "type of a card": (CREATE, "type", ("debit_card", "GIFT_CARD", "")),
    "currency of an activation": (ACTIVATE, "currency", ("nok", "XXX")),
    "life of a token": (TOKEN, "expires_in", (0, -1, "3600", True, 1.5)),
    "length of originated_by": (TRANSACT, "originated_by", ("x" * 256, "x" * 2000)),
    "length of originated_by of an activation": (ACTIVATE, "originated_by", ("x" * 256,)),
    "length of a card_id": (CREATE, "card_id", ("x" * 256, "é" * 256)),
    "length of a customer_id": (CREATE, "customer_id", ("x" * 256,)),
}


@rule("SHAPE-4", "BAL-6")
@pytest.mark.parametrize("what", OPTIONS)
def test_a_value_outside_of_its_list_or_range_is_refused(stage: Stage, what: str) -> None:
    operation, name, values = OPTIONS[what]
    for value in values:
        ask(stage, operation, lambda sent, value=value: _out_of_range(sent, name, value))
    settle(stage, operation)


def _out_of_range(sent: Sent, name: str, value: JSON) -> Sent:
    # A server that cuts an id makes a card of it: the id begins with a name that nobody has.
    own = f"{sent.body[name]}{value}"[: len(value)] if name == "card_id" else value
    return changed(sent, **{name: own})


# Texts ------------------------------------------------------------------------------------------

WRITTEN = {
    "ref_id of a drawdown": (TRANSACT, "ref_id"),
    "ref_id of a token": (TOKEN, "ref_id"),
    "metadata of a drawdown": (TRANSACT, "metadata"),
    "originated_by": (TRANSACT, "originated_by"),
    "name of a card": (CREATE, "name"),
}


@rule("SHAPE-2", "SHAPE-1", "TX-4", "BAL-1")
@pytest.mark.parametrize("where", WRITTEN)
def test_an_unusual_text_is_refused_or_kept(stage: Stage, where: str) -> None:
    operation, name = WRITTEN[where]
    for text in TEXTS.values():
        ask(stage, operation, lambda sent, text=text: _with_text(sent, name, text))
    for text in HALVES.values():
        ask(stage, operation, lambda sent, text=text: garbled(_with_text(sent, name, text)))
    settle(stage, operation)


def _with_text(sent: Sent, name: str, text: str) -> Sent:
    if name == "metadata":
        return changed(sent, metadata={"order": text, **({text: "1"} if text else {})})
    # A reference stays unique, or another run on the same server would find it used.
    return changed(sent, **{name: f"{sent.body['ref_id']}{text}" if name == "ref_id" else text})


@rule("SHAPE-2", "SHAPE-3", "SHAPE-5")
def test_an_id_with_space_at_an_end_is_refused_or_trimmed(stage: Stage) -> None:
    # "no leading or trailing spaces" is documented; what becomes of them is open (question 55).
    for operation, name in ((CREATE, "card_id"), (CREATE, "customer_id")):
        for form in (" {}", "{} "):
            ask(
                stage,
                operation,
                lambda sent, name=name, form=form: garbled(
                    changed(sent, **{name: form.format(sent.body["card_id"])})
                ),
            )
    for value in (" till", "till "):
        ask(stage, TRANSACT, lambda sent, value=value: changed(sent, originated_by=value))
    settle(stage, TRANSACT)


# What else a body may hold ------------------------------------------------------------------------


CREATION = ("id", "created_by")


@rule("SHAPE-8", "SHAPE-2", "BAL-1")
def test_what_is_read_only_or_unknown_has_no_effect(stage: Stage, run: Run) -> None:
    mine = "11111111-1111-4111-8111-111111111111"
    for operation, names in ((TRANSACT, ("id", "created_by", "parent_id")), (CREATE, CREATION)):
        with stage.acting(operation) as fuzz:
            answer = fuzz.ask(changed(valid(fuzz, operation), **dict.fromkeys(names, mine)))
            run.count_checked("SHAPE-8")
            body = answer.body if isinstance(answer, Answer) else None
            if isinstance(body, dict) and mine in [body.get(name) for name in names]:
                fuzz.violate("SHAPE-8", f"{', '.join(names)} of the server's own", f"{body}")
    figures = {"amount_balance": 999, "amount_available": 999, "amount_funds": 999}
    ask(stage, CREATE, lambda sent: changed(sent, **figures, amount_drawdown=0))
    ask(stage, CREATE, lambda sent: changed(sent, unknown={"a": [1]}))
    ask(stage, CAPTURE, lambda sent: changed(sent, currency="EUR", card_id="x", pending=True))
    ask(stage, VOID, lambda sent: changed(sent, amount=1))
    ask(stage, TOKEN, lambda sent: changed(sent, amount=1, token={"value": "mine"}))
    settle(stage, TRANSACT)


@rule("FUND-3", "BAL-2")
def test_a_fund_is_never_pending(stage: Stage) -> None:
    ask(stage, TRANSACT, lambda sent: changed(sent, type="fund", pending=True))
    ask(stage, TRANSACT, lambda sent: changed(sent, type="fund", pending=False))
    settle(stage, TRANSACT)


@rule("TX-6")
def test_a_transaction_names_a_card(stage: Stage) -> None:
    for more in ({}, {"pending": True}, {"type": "fund"}):
        with stage.acting(TRANSACT) as fuzz:
            sent = changed(without(valid(fuzz, TRANSACT), "card_id"), **more)
            fuzz.run.count_checked("TX-6")
            answer = fuzz.send(sent)
            if isinstance(answer, Answer) and answer.status == 200:
                fuzz.violate("TX-6", "a refusal: neither card_id nor token is there", "accepted")
            fuzz.read_back("A")


@rule("TX-6", "BAL-1")
def test_a_card_that_is_named_twice_pays_once(stage: Stage) -> None:
    # "Cannot be combined" (TX-6), and a guide sends both all the same: refused, or one effect.
    with stage.acting(TRANSACT) as fuzz:
        ledger = fuzz.ledger("A")
        token = next((value for value, made in ledger.tokens.items() if not made.one_time), None)
        assert token is not None, "the stage has a lasting token"
        sent = changed(valid(fuzz, TRANSACT), token=token)
        answer = fuzz.send(sent)
        fuzz.run.count_checked("TX-6")
        if isinstance(answer, Answer) and answer.status == 200:
            command = Transact(Kind.DRAWDOWN, ledger.card, 10, "NOK", sent.body["ref_id"])
            fuzz.session.judge("A", command, outcome_of(command, answer))
        fuzz.read_back("A")


# Bytes ------------------------------------------------------------------------------------------

BROKEN = {
    "cut off": b'{"ref_id": "a", "amount": 10',
    "single quotes": b"{'ref_id': 'a'}",
    "empty": b"",
    "closed only": b"}",
    "two values": b'{"ref_id": "a"}{"ref_id": "b"}',
    "trailing comma": b'{"ref_id": "a",}',
    "not UTF-8": b'{"ref_id": "\xff\xfe"}',
    "a form": b"ref_id=a&amount=10",
    "XML": b"<ref_id>a</ref_id>",
    "a control character": b'{"ref_id": "a\x01b"',
}


@rule("SHAPE-4", "SHAPE-2", "SHAPE-5", "BAL-6")
@pytest.mark.parametrize("operation", [TRANSACT, CAPTURE, VOID, CREATE, TOKEN])
def test_broken_json_is_refused(stage: Stage, operation: str) -> None:
    for content in BROKEN.values() if operation == TRANSACT else list(BROKEN.values())[:4]:
        ask(stage, operation, lambda sent, c=content: Sent(operation, sent.path, body=c))
    settle(stage, operation)


@rule("SHAPE-2", "BAL-6")
@pytest.mark.parametrize("operation", [TRANSACT, CAPTURE])
def test_odd_json_is_answered_in_form(stage: Stage, operation: str) -> None:
    def written_as(old: bytes, new: bytes) -> Any:
        return lambda sent: written(sent, json.dumps(sent.body).encode().replace(old, new, 1))

    nan = b'{"metadata": {"a": NaN}, '
    ask(stage, operation, written_as(b"{", nan))
    ask(stage, operation, written_as(b"{", b"\xef\xbb\xbf{"))
    ask(stage, operation, written_as(b'"ref_id"', b'"ref\\u005fid"'))
    deep = b'{"metadata": ' + b'{"a":' * 3000 + b"1" + b"}" * 3000 + b", "
    ask(stage, operation, lambda sent: loose(written_as(b"{", deep)(sent)))
    wide = b'{"metadata": {' + b", ".join(b'"k%d": 1' % n for n in range(3000)) + b"}, "
    ask(stage, operation, lambda sent: loose(written_as(b"{", wide)(sent)))
    settle(stage, operation)


@rule("SHAPE-2", "BAL-6")
@pytest.mark.parametrize("operation", [TRANSACT, CREATE])
def test_a_huge_body_is_no_fault_of_the_server(stage: Stage, operation: str) -> None:
    for size in (100_000, 1 << 20, (1 << 20) + 100_000):
        note = "x" * size
        ask(stage, operation, lambda sent, note=note: _huge(sent, note))
    settle(stage, operation)


def _huge(sent: Sent, note: str) -> Sent:
    content = json.dumps({**sent.body, "metadata": {"note": note}}).encode()
    return written(sent, content, is_loose=True)


CONTENT_TYPES = ("text/plain", "", "application/xml", "nonsense", "application/json; charset=x")


@rule("SHAPE-2", "SHAPE-4", "BAL-6")
@pytest.mark.parametrize("operation", [TRANSACT, CAPTURE])
def test_another_content_type_is_refused_or_has_no_other_effect(
    stage: Stage, operation: str
) -> None:
    for kind in CONTENT_TYPES:
        headers = {"Content-Type": kind}
        ask(
            stage,
            operation,
            lambda sent, headers=headers: written(
                sent, json.dumps(sent.body).encode(), headers=headers, is_loose=True
            ),
        )
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    ask(
        stage,
        operation,
        lambda sent: Sent(
            operation, sent.path, body=b"ref_id=a&amount=10", headers=form, is_loose=True
        ),
    )
    settle(stage, operation)


# Paths, queries and methods -----------------------------------------------------------------------

NO_UUIDS = (
    "not-a-uuid",
    "1",
    "00000000-0000-4000-8000-00000000000",
    "00000000-0000-4000-8000-0000000000000",
    "{00000000-0000-4000-8000-000000000000}",
    "00000000-0000-4000-8000-00000000000g",
    "\N{SNOWMAN}",
    "a b",
    "'; DROP TABLE cards",
    "x" * 300,
)


@rule("SHAPE-4", "SHAPE-2", "SHAPE-5", "TX-7")
@pytest.mark.parametrize("operation", [CAPTURE, VOID])
def test_an_id_that_is_no_uuid_is_refused(stage: Stage, operation: str) -> None:
    for name in NO_UUIDS:
        with stage.acting(operation) as fuzz:
            body = valid(fuzz, operation).body
            fuzz.run.count_checked("SHAPE-4")
            answer = fuzz.send(Sent(operation, {"transaction_id": name}, body=body))
            if isinstance(answer, Answer) and answer.status == 200:
                fuzz.violate("SHAPE-4", "a refusal: transaction_id is a uuid", "accepted")
    with stage.acting(operation) as fuzz:
        fuzz.read_back("A")


NAMING = {
    "aid_cards_cardid_get": "card_id",
    "aid_cards_cardid_transactions_tid_get": "card_id",
    "aid_cards_cardid_delete": "card_id",
    ACTIVATE: "card_id",
    ROTATE: "card_id",
    TOKEN: "card_id",
    TRANSACT: "card_id",
    INFO: "token",
}


@rule("READ-4", "CARD-12", "TX-7", "TOKEN-4", "SHAPE-2", "SHAPE-5")
@pytest.mark.parametrize("operation", NAMING)
def test_what_nobody_made_is_refused(stage: Stage, operation: str) -> None:
    with stage.acting(operation) as fuzz:
        stranger = fuzz.fresh(f"-{NOBODY}")
        body = valid(fuzz, operation).body if operation in BODIES else NOTHING
        if operation in (TRANSACT, INFO):
            fuzz.ask(Sent(operation, body={**body, NAMING[operation]: stranger}))
        else:
            fuzz.ask(Sent(operation, {"card_id": stranger}, body=body))


@rule("SHAPE-4", "SHAPE-2")
def test_a_malformed_account_is_refused(run: Run) -> None:
    direct = Direct(run)
    for account in ("T1234567", "X12345678", "T123456789", "t12345678", "T1234567x", "T1234567 "):
        path = f"/accounts/{_quoted(account)}/wallets"
        for request in (
            Request(LIST, "GET", f"{path}/cards"),
            Request(TRANSACT, "POST", f"{path}/transactions", {"ref_id": "a"}),
        ):
            direct.expect_refusal("SHAPE-4", direct.send(request), "aid is P or T and 8 digits")


def _quoted(text: str) -> str:
    return text.replace(" ", "%20")


@rule("SHAPE-4", "SHAPE-2", "SHAPE-1")
def test_a_limit_is_a_number(run: Run) -> None:
    direct = Direct(run)
    path = f"{direct.base}/cards?limit="
    for text in ("abc", "1x", "true", "%00", "ten"):
        answer = direct.send(Request(LIST, "GET", path + text))
        direct.expect_refusal("SHAPE-4", answer, "limit is an integer")
    # Out of range is refused (READ-7) or, at the worst, cut: never more than a page, never a fault.
    for text in ("0", "101", "-1", "1.5", "99999999999999999999", ""):
        answer = direct.send(Request(LIST, "GET", path + text))
        body = answer.body if isinstance(answer, Answer) else None
        cards = body.get("cards") if isinstance(body, dict) else None
        direct.expect("SHAPE-1", len(cards or ()) <= 100, "at most 100 cards", len(cards or ()))


@rule("CARD-15", "SHAPE-2")
def test_a_pin_has_four_characters_at_least(run: Run, stage: Stage) -> None:
    for length in (3, 1, 0, -4):
        with stage.acting(ROTATE) as fuzz:
            sent = changed(valid(fuzz, ROTATE), pin={"format": {"length": length}})
            answer = fuzz.send(sent)
            run.count_checked("CARD-15")
            if isinstance(answer, Answer) and answer.status == 200:
                fuzz.violate("CARD-15", "a refusal: a PIN has 4 characters at least", "accepted")


WRONG_METHODS = (
    (LIST, "PATCH", "/cards"),
    (LIST, "PUT", "/cards"),
    (TRANSACT, "PUT", "/transactions"),
    (TRANSACT, "DELETE", "/transactions"),
    (INFO, "DELETE", "/info"),
    (CAPTURE, "GET", "/transactions/{hold}/capture"),
    (CAPTURE, "DELETE", "/transactions/{hold}/capture"),
    (VOID, "PUT", "/transactions/{hold}/void"),
    (CREATE, "POST", "/cardz"),
    (LIST, "GET", "/nothing/at/all"),
    (TRANSACT, "POST", "/transactions/{hold}/refund/twice"),
)


@rule("SHAPE-7", "BAL-6")
def test_an_unknown_method_or_route_is_refused(run: Run, stage: Stage) -> None:
    with stage.acting(CAPTURE) as fuzz:
        hold = valid(fuzz, CAPTURE).path["transaction_id"]
        body = valid(fuzz, TRANSACT).body
        direct = Direct(run)
        for operation, method, path in WRONG_METHODS:
            sent = None if method in ("GET", "DELETE") else body
            request = Request(operation, method, direct.base + path.format(hold=hold), sent)
            answer = direct.send(request, shaped=False)
            direct.expect_refusal("SHAPE-7", answer, "nobody documents it", ANY_4XX)
        fuzz.read_back("A")
