"""The profile of the prepaid accounts: balances, decimal texts, ids of the server."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tallystick.ledger.vocabulary import (
    Accepted,
    Capture,
    CardId,
    CardRecord,
    EntryId,
    HoldRecord,
    Kind,
    OpenCard,
    ReadCard,
    ReadHold,
    ReadTransactions,
    Record,
    RefId,
    Refused,
    Transact,
    TransactionRecord,
    Void,
)
from tallystick.profiles.declared.profile import load
from tallystick.target.api import Unnamed
from tests.declared.driving import Driver
from tests.prepaid.process import Prepaid
from tests.prepaid.tenants import FIRST

PROFILE = Path(__file__).parents[2] / "spec" / "prepaid" / "profile.yaml"
A, B = CardId("ts1-A"), CardId("ts1-B")


@pytest.fixture(params=[(), ("refusals_as_200",), ("numeric_ids",)])
def driver(request: pytest.FixtureRequest) -> Iterator[Driver]:
    with Prepaid(variants=request.param) as server:
        driver = Driver(load(PROFILE), server.url, {"X-Api-Key": FIRST.value})
        yield driver
        driver.close()


def transact(kind: Kind, amount: int | Decimal, ref: str, card: CardId = A) -> Transact:
    return Transact(kind, card, amount, "KWD", RefId(ref))


def accepted(driver: Driver, command: object) -> Record:
    outcome = driver.do(command)  # type: ignore[arg-type]
    assert isinstance(outcome, Accepted), outcome
    return outcome.record


def card(driver: Driver) -> tuple[object, ...]:
    record = accepted(driver, ReadCard(A))
    assert isinstance(record, CardRecord)
    return record.card, record.available, record.pending, record.balance, record.currency


def entry(driver: Driver, command: object) -> EntryId:
    record = accepted(driver, command)
    assert isinstance(record, TransactionRecord | HoldRecord)
    assert record.id is not None
    return record.id


def test_a_life_of_a_hold_on_an_account(driver: Driver) -> None:
    opened = accepted(driver, OpenCard(A, 1000, "KWD"))
    assert isinstance(opened, CardRecord)
    assert (opened.card, opened.available, opened.currency) == (A, 1000, "KWD")
    hold = entry(driver, transact(Kind.HOLD, 600, "r1"))
    assert card(driver) == (A, 400, 600, 1000, "KWD")
    capture = accepted(driver, Capture(A, hold, 250, RefId("r2")))
    assert isinstance(capture, TransactionRecord)
    assert (capture.amount, capture.parent, capture.ref) == (250, hold, "r2")
    accepted(driver, Void(A, hold, RefId("r3"), amount=50))
    record = accepted(driver, ReadHold(A, hold))
    assert isinstance(record, HoldRecord)
    assert (record.captured, record.released, record.remaining) == (250, 50, 300)
    assert record.is_open is True
    accepted(driver, transact(Kind.FUND, 1, "r4"))
    accepted(driver, transact(Kind.DRAWDOWN, 2, "r5"))
    assert card(driver) == (A, 449, 300, 749, "KWD")
    listed = accepted(driver, ReadTransactions(A))
    assert isinstance(listed, tuple)
    assert {(each.ref, each.amount, each.parent) for each in listed if each.ref != A} == {
        ("r1", 600, None),
        ("r2", 250, hold),
        ("r3", 50, hold),
        ("r4", 1, None),
        ("r5", 2, None),
    }
    assert hold in {each.id for each in listed}


STEPS = {
    "fund": ("fund", lambda hold: transact(Kind.FUND, 1, "r1")),
    "draw": ("drawdown", lambda hold: transact(Kind.DRAWDOWN, 1, "r1")),
    "capture": ("drawdown", lambda hold: Capture(A, hold, 1, RefId("r1"))),
    "void": ("voided", lambda hold: Void(A, hold, RefId("r1"), amount=1)),
}


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("said", ["type: ", "type: not ", "kind: "])
def test_a_record_says_which_command_made_it(name: str, said: str) -> None:
    """`said`: how the profile spells what is `type: ` in it."""
    expected, command = STEPS[name]
    profile = PROFILE.read_text("utf-8").replace("type: {type: ", f"type: {{{said}")
    with Prepaid() as server, TemporaryDirectory() as folder:
        file = Path(folder) / "profile.yaml"
        file.write_text(profile.replace("openapi.yaml", str(PROFILE.parent / "openapi.yaml")))
        driver = Driver(load(file), server.url, {"X-Api-Key": FIRST.value})
        accepted(driver, OpenCard(A, 1000, "KWD"))
        record = accepted(driver, command(entry(driver, transact(Kind.HOLD, 600, "r0"))))
        driver.close()
    assert isinstance(record, TransactionRecord)
    shown = {"fund": "deposit", "draw": "payment", "void": "release"}.get(name, name)
    assert record.type == {"type: ": expected, "type: not ": repr(shown), "kind: ": None}[said]


def test_a_refusal_is_seen_by_status_or_body(driver: Driver) -> None:
    accepted(driver, OpenCard(A, 1000, "KWD"))
    assert isinstance(driver.do(transact(Kind.DRAWDOWN, 1001, "r1")), Refused)
    assert isinstance(driver.do(transact(Kind.HOLD, Decimal("0.5"), "r2")), Refused)
    assert card(driver) == (A, 1000, 0, 1000, "KWD")


def test_an_account_without_a_known_id_cannot_be_asked_for(driver: Driver) -> None:
    with pytest.raises(Unnamed, match="no answer has shown the id of card ts1-B"):
        driver.do(ReadCard(B))
    with pytest.raises(Unnamed):
        driver.profile.target_id(B)


def test_a_command_that_the_file_has_not_cannot_be_asked_for(driver: Driver) -> None:
    accepted(driver, OpenCard(A, 1000, "KWD"))
    with pytest.raises(Unnamed, match="takes no pin"):
        driver.do(Transact(Kind.HOLD, A, 1, "KWD", RefId("r"), extras=(("pin", "{}"),)))
    with pytest.raises(Unnamed, match="no header"):
        driver.do(transact(Kind.HOLD, 1, "r\n"))
