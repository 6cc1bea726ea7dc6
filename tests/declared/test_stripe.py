"""The two profiles of Stripe's shape on a server of that shape: single commands."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tallystick.documents import shape
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
    Unknown,
    Void,
)
from tallystick.profiles import registry
from tallystick.profiles.declared.profile import DeclaredProfile
from tallystick.target.answers import Answer, NoAnswer
from tests.declared.driving import Driver
from tests.stripelike.process import Stripelike

A = CardId("A")
NAMES = ["stripe-charges", "stripe-payment-intents"]
KEY = {"Authorization": "Bearer sk_test_first"}


_numbers = itertools.count()
_prefix = [""]


@pytest.fixture(autouse=True)
def new_refs() -> None:
    """One server serves all tests, so each has refs of its own."""
    _prefix[0] = f"t{next(_numbers)}-"


def ref(name: str) -> RefId:
    return RefId(_prefix[0] + name)


@contextmanager
def driving(name: str, *variants: str) -> Iterator[Driver]:
    profile = registry.load(name)
    assert isinstance(profile, DeclaredProfile)
    with Stripelike(variants=variants) as server:
        driver = Driver(profile, server.url, KEY)
        try:
            yield driver
        finally:
            driver.close()


@pytest.fixture(params=NAMES, scope="module")
def driver(request: pytest.FixtureRequest) -> Iterator[Driver]:
    with driving(request.param) as driver:
        yield driver


def hold(amount: int = 1000, currency: str = "USD") -> Transact:
    return Transact(Kind.HOLD, A, amount, currency, ref("r1"))


def made(driver: Driver, command: Transact) -> EntryId:
    outcome = driver.do(command)
    assert isinstance(outcome, Accepted)
    assert isinstance(outcome.record, HoldRecord)
    assert outcome.record.id is not None
    return outcome.record.id


def shown(driver: Driver, entry: EntryId) -> HoldRecord:
    outcome = driver.do(ReadHold(A, entry))
    assert isinstance(outcome, Accepted)
    assert isinstance(outcome.record, HoldRecord)
    return outcome.record


def test_a_hold_shows_its_figures(driver: Driver) -> None:
    entry = made(driver, hold(currency="JPY"))
    record = shown(driver, entry)
    assert (record.id, record.currency, record.amount) == (entry, "JPY", 1000)
    assert (record.captured, record.is_open) == (0, True)
    assert record.remaining in (1000, None)


def test_a_partial_capture_ends_the_hold(driver: Driver) -> None:
    entry = made(driver, hold())
    outcome = driver.do(Capture(A, entry, 300, ref("r2")))
    assert isinstance(outcome, Accepted)
    record = shown(driver, entry)
    assert (record.captured, record.is_open) == (300, False)
    assert driver.do(Capture(A, entry, 700, ref("r3"))) == Refused(400)


def test_a_capture_without_an_amount_takes_all(driver: Driver) -> None:
    entry = made(driver, hold())
    driver.do(Capture(A, entry, None, ref("r2")))
    assert shown(driver, entry).captured == 1000


def test_more_than_what_is_held_is_refused(driver: Driver) -> None:
    entry = made(driver, hold())
    assert driver.do(Capture(A, entry, 1001, ref("r2"))) == Refused(400)
    assert shown(driver, entry).is_open is True


def test_a_void_releases_all(driver: Driver) -> None:
    entry = made(driver, hold())
    outcome = driver.do(Void(A, entry, ref("r2")))
    assert isinstance(outcome, Accepted)
    assert isinstance(outcome.record, HoldRecord)
    assert outcome.record.id == entry
    record = shown(driver, entry)
    assert (record.captured, record.is_open) == (0, False)
    assert driver.do(Capture(A, entry, None, ref("r3"))) == Refused(400)


def test_the_same_ref_is_the_same_request_and_gets_the_same_answer(driver: Driver) -> None:
    first = made(driver, hold())
    sent = driver.sent[-1]
    before = len(driver.sent)
    assert made(driver, hold()) == first
    assert driver.sent[-1] == sent
    assert len(driver.sent) == before + 1, "what prepares it is not sent again"


def test_another_body_under_a_ref_is_refused(driver: Driver) -> None:
    made(driver, hold())
    assert driver.do(hold(1001)) == Refused(400)


def test_a_hold_that_is_not_there_is_refused(driver: Driver) -> None:
    assert driver.do(ReadHold(A, EntryId("../x y"))) == Refused(404)
    assert driver.do(Void(A, EntryId("missing"), ref("r1"))) == Refused(404)


def test_every_answer_fits_the_document(driver: Driver) -> None:
    document = shape.load(driver.profile.documents.openapi)
    entry = made(driver, hold())
    for command in (Capture(A, entry, 1, ref("r2")), Void(A, entry, ref("r3"))):
        driver.do(command)
    for request in (*driver.sent[-4:], *driver.profile.control_requests("")):
        assert request.operation in document.operations
        answer = driver.send(request)
        assert (
            document.judge(request.operation, answer.status, "application/json", answer.body)
            is None
        )


def test_a_working_server_answers_the_control_requests(driver: Driver) -> None:
    first, second = driver.profile.control_requests("")
    assert driver.profile.is_working(driver.send(first))
    assert driver.send(second).status == 404


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (402, {"error": {"type": "card_error"}}, Refused(402)),
        (409, {"error": {"type": "idempotency_error"}}, Refused(409)),
        (409, {"error": {"type": "idempotency_error", "code": "idempotency_key_in_use"}}, None),
        (409, {"error": {"type": "api_error"}}, None),
        (429, {}, None),
        (500, {}, None),
        (202, {}, None),
        (302, {}, None),
    ],
)
def test_what_proves_nothing_is_unknown(
    name: str, status: int, body: object, outcome: Refused | None
) -> None:
    found = registry.load(name).outcome(hold(), Answer(status, "application/json", body))
    assert found == outcome or (outcome is None and isinstance(found, Unknown))


@pytest.mark.parametrize("name", NAMES)
def test_no_answer_is_unknown(name: str) -> None:
    assert registry.load(name).outcome(hold(), NoAnswer("reset")) == Unknown("reset")


@pytest.mark.parametrize("name", NAMES)
def test_live_keys_and_the_vendor_are_real_money(name: str) -> None:
    production = registry.load(name).production
    assert production.host_of("https://api.stripe.com")
    assert not production.host_of("http://127.0.0.1:8000")


def test_a_mismatch_may_be_a_conflict() -> None:
    with driving("stripe-charges", "mismatch_409") as driver:
        made(driver, hold())
        assert driver.do(hold(1001)) == Refused(409)
