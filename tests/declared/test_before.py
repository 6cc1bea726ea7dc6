"""Requests before the one with the effect: when they are sent, and what they give."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tallystick.ledger.vocabulary import (
    Accepted,
    Capture,
    CardId,
    EntryId,
    HoldRecord,
    Kind,
    ReadHold,
    RefId,
    Refused,
    Transact,
    Void,
)
from tallystick.profiles.declared.profile import DeclaredProfile, load
from tallystick.target.answers import NOT_JSON, Answer
from tests.declared.driving import Driver
from tests.declared.servers.http import Serving
from tests.declared.servers.till import TOKEN, Till

TILL = Path(__file__).parent / "servers" / "till.yaml"
HOLD = Transact(Kind.HOLD, CardId("A"), 600, "EUR", RefId("r"))
BEFORE = """
  read hold:
    before:
      send: GET /v2/payments/$hold
      gives: {held: payment.amount_money.amount, version: payment.version}
    send: GET /v2/payments/$hold
    shows:
      id: payment.id
      amount: $held
      captured: payment.total_money.amount or 0
      remaining: $held - payment.total_money.amount or $held
      metadata: $version

answers:"""


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[Driver]:
    text = TILL.read_text(encoding="utf-8")
    kept, _, rest = text.partition("  read hold:")
    file = tmp_path / "till.yaml"
    file.write_text(kept + BEFORE.lstrip("\n") + rest.partition("answers:")[2], encoding="utf-8")
    with Serving(Till()) as server:
        found = Driver(load(file), server.url, {"Authorization": f"Bearer {TOKEN}"})
        yield found
        found.close()


def hold(driver: Driver, amount: int, ref: str) -> EntryId:
    made = driver.do(Transact(Kind.HOLD, CardId("A"), amount, "USD", RefId(ref)))
    assert isinstance(made, Accepted)
    assert isinstance(made.record, HoldRecord)
    assert made.record.id is not None
    return made.record.id


def read(driver: Driver, entry: EntryId) -> HoldRecord:
    shown = driver.do(ReadHold(CardId("A"), entry))
    assert isinstance(shown, Accepted)
    assert isinstance(shown.record, HoldRecord)
    return shown.record


def test_each_read_has_what_its_own_requests_before_it_gave(driver: Driver) -> None:
    first, second = hold(driver, 600, "r"), hold(driver, 250, "s")
    assert [read(driver, each).amount for each in (first, second, first)] == [600, 250, 600]
    before = read(driver, first)
    driver.do(Capture(CardId("A"), first, None, RefId("c")))
    after = read(driver, first)
    assert (before.remaining, after.remaining, after.captured) == (600, 0, 600)
    assert before.extras != after.extras, "the version is read anew"


def test_a_request_without_a_key_is_prepared_each_time_that_it_is_sent(driver: Driver) -> None:
    entry = hold(driver, 600, "r")
    capture = Capture(CardId("A"), entry, None, RefId("c"))
    driver.sent.clear()
    assert isinstance(driver.do(capture), Accepted)
    driver.do(capture)
    assert [request.method for request in driver.sent] == ["GET", "POST", "GET", "POST"]


LINKED = """
profile: linked
records: own
money: {as: minor-integer, currencies: [EUR]}
retry: {header: Idempotency-Key}
refused: [422]
control: GET /holds
commands:
  hold:
    send: POST /holds
    with: {amount: $amount}
    shows: {id: id, amount: amount, captured: captured, open: {state: open}}
    gives: {place: segment(links.settle)}
  capture:
    send: POST /settlements/$place
    with: {amount: $amount}
    shows: {id: id}
  void:
    before:
      send: GET /holds/$hold
      gives: {way: segment(links.cancel)}
      refused: {links.cancel: null}
    send: DELETE /cancellations/$way
  read hold:
    send: GET /holds/$hold
    shows: {captured: captured}
"""


@pytest.fixture
def linked(tmp_path: Path) -> DeclaredProfile:
    file = tmp_path / "linked.yaml"
    file.write_text(LINKED, encoding="utf-8")
    profile = load(file)
    links = {"settle": "https://api.test/settlements/eyJr"}
    body = {"id": "h1", "amount": 600, "captured": 5, "state": "open", "links": links}
    outcome = profile.outcome(HOLD, Answer(201, "application/json", body))
    assert isinstance(outcome, Accepted)
    assert outcome.record == HoldRecord(
        EntryId("h1"), currency=None, amount=600, captured=5, is_open=True
    )
    return profile


def test_a_link_that_came_with_the_hold_is_enough_to_capture_it(linked: DeclaredProfile) -> None:
    request = linked.encode(Capture(CardId("A"), EntryId("h1"), 100, RefId("c")), "", {})
    assert request.path == "/settlements/eyJr"


def test_a_link_that_a_read_no_longer_shows_refuses_where_the_file_says_so(
    linked: DeclaredProfile,
) -> None:
    step = linked.prepare(Void(CardId("A"), EntryId("h1"), RefId("v")), "", {})
    assert step is not None
    shown = {"links": {"cancel": "/cancellations/c9"}}
    assert step.read(Answer(200, "application/json", shown)) == {"way": "c9", "before 1": "yes"}
    assert step.read(Answer(200, "application/json", {"links": {}})) == Refused(200)
    assert step.read(Answer(200, "text/html", NOT_JSON)) is None, "it shows no link, nor that"
    assert step.read(Answer(503, "application/json", {"links": {}})) is None


NUMBERED = """
profile: numbered
money: {as: minor-integer, currencies: [EUR]}
retry: $ref
refused: [422]
control: GET /holds
commands:
  hold:
    send: POST /holds
    with: {key: $ref, amount: $amount}
    shows: {id: hold.id}
    gives: {shard: hold.shard, label: hold.label}
  capture:
    send: POST /shards/$shard/captures
    with: {hold: $hold, text: "hold $hold", shard: $shard, label: $label, amount: $amount}
  read hold:
    send: GET /holds/$hold
    shows: {captured: captured}
"""


@pytest.mark.parametrize(
    ("line", "is_scripted"),
    [("", True), ("ids: uuid", False), ("ids: digits", False)],
)
def test_ids_that_no_script_can_make_or_find_prevent_it(
    tmp_path: Path, line: str, is_scripted: bool
) -> None:
    file = tmp_path / "numbered.yaml"
    for text, can in (
        (NUMBERED, is_scripted),
        (NUMBERED.replace("hold.id", "header:Id"), False),
        (NUMBERED.replace("hold.shard", "segment(hold.link)"), False),
    ):
        file.write_text(f"{text}{line}\n", encoding="utf-8")
        assert load(file).documents.can_be_scripted is can


def test_an_id_that_is_shown_as_a_number_is_sent_as_one(tmp_path: Path) -> None:
    file = tmp_path / "numbered.yaml"
    file.write_text(NUMBERED, encoding="utf-8")
    profile = load(file)
    made = Transact(Kind.HOLD, CardId("A"), 600, "EUR", RefId("r"))
    body = {"hold": {"id": 17, "shard": 3, "label": "x"}}
    outcome = profile.outcome(made, Answer(201, "application/json", body))
    assert isinstance(outcome, Accepted)
    assert getattr(outcome.record, "id", None) == "17"
    request = profile.encode(Capture(CardId("A"), EntryId("17"), 100, RefId("c")), "", {})
    assert request.path == "/shards/3/captures"
    sent = {"hold": 17, "text": "hold 17", "shard": 3, "label": "x", "amount": 100}
    assert request.body == sent


def test_a_command_with_requests_before_it_is_prepared_however_often_it_was_asked(
    driver: Driver,
) -> None:
    entry = hold(driver, 600, "r")
    capture = Capture(CardId("A"), entry, None, RefId("c"))
    for _ in range(2):
        assert driver.profile.is_prepared(capture)
        driver.do(capture)
    assert not driver.profile.is_prepared(HOLD)
