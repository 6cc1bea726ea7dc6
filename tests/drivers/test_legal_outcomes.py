"""All that the clients of a race may be answered, against orders that are known by hand."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tallystick.checker import Operation
from tallystick.documents.questions import open_dialect
from tallystick.drivers.concurrent.clients import client_pool
from tallystick.drivers.concurrent.independence import Op, TaggedCommand
from tallystick.drivers.concurrent.legal_outcomes import legal_outcomes
from tallystick.drivers.concurrent.trial import AT_THE_END, run_trial
from tallystick.evidence import ANY_FIGURE, LegalOutcomes, Row, is_explained
from tallystick.ledger.oracle import step
from tallystick.ledger.state import Ledger
from tallystick.ledger.vocabulary import (
    Accepted,
    Capture,
    CardId,
    CardRecord,
    Command,
    DeleteCard,
    EntryId,
    Kind,
    OpenCard,
    Outcome,
    ReadCard,
    RefId,
    Refused,
    Transact,
    TransactionRecord,
    Unknown,
    Void,
)
from tallystick.program import Program
from tallystick.replaying import live_run
from tests.prepaid.process import Prepaid
from tests.prepaid.tenants import FIRST as PREPAID_KEY
from tests.proof.servers import Environment
from tests.reporting.scripted import settings_for
from tests.stripelike.accounts import FIRST as STRIPE_KEY
from tests.stripelike.process import Stripelike

CARD, HOLD = CardId("a"), EntryId("h")
CONFLICT = Refused(409)
PAIRS = (
    ("A = card 1000", "1| d = draw A available", "2| e = draw A 100"),
    ("A = card 1000", "1| d = draw A 100", "2| d = draw A 100"),
    ("A = card 1000", "h = hold A 600", "1| c = capture h 400", "2| v = void h", "3| read A"),
    ("A = card 1000", "h = hold A 600", "1| c = capture h", "1| read A", "2| f = fund A 50"),
    ("1| A = card 1000", "2| A = card 1000"),
    ("A = card 1000", "1| delete A", "2| h = hold A 100"),
    (
        "A = card 1000",
        't = token A with {"one_time": "true"}',
        "1| p = draw t 1",
        "2| q = draw t 1",
    ),
)


def draw(ref: str, amount: int) -> Transact:
    return Transact(Kind.DRAWDOWN, CARD, amount, "NOK", RefId(ref))


def accepted(ref: str, amount: int) -> Accepted:
    return Accepted(TransactionRecord(EntryId(f"id-{ref}"), RefId(ref), amount, "NOK"))


def opened(*held: int) -> Ledger:
    """A card with 1000, with a hold of this amount."""
    ledger = Ledger(open_dialect(), CARD)
    done: list[tuple[Command, Outcome]] = [
        (OpenCard(CARD, 1000, "NOK"), Accepted(CardRecord(CARD, "NOK", None, 1000, 1000)))
    ]
    for amount in held:
        hold = Transact(Kind.HOLD, CARD, amount, "NOK", RefId("h"))
        done.append((hold, Accepted(TransactionRecord(HOLD, RefId("h"), amount, "NOK"))))
    for command, outcome in done:
        after = step(ledger, command, outcome)
        assert isinstance(after, tuple), after
        ledger = after[0]
    return ledger


def outcomes(ledger: Ledger, *done: tuple[Command, Outcome]) -> LegalOutcomes | None:
    """Each command is sent by a client of its own; then the card is read."""
    operations: list[Op] = [
        Operation(str(number), CARD, TaggedCommand(str(number), command), outcome, 0, 10)
        for number, (command, outcome) in enumerate(done, 1)
    ]
    shown = Accepted(CardRecord(CARD, "NOK", None, 0, 0))
    read = TaggedCommand("read", ReadCard(CARD))
    at_the_end: Op = Operation(AT_THE_END, CARD, read, shown, 20, 30)
    return legal_outcomes([*operations, at_the_end], {CARD: (ledger,)})


def rows_of(found: LegalOutcomes | None) -> set[tuple[object, ...]]:
    assert found is not None
    return {flat(row) for row in found.rows}


def flat(row: Row) -> tuple[object, ...]:
    """The decisions on the writes, then the figures of the read."""
    return (*(is_accepted for is_accepted, _ in row[:-1]), *row[-1][1])


def test_of_two_drawdowns_that_only_one_fits_into_exactly_one_is_accepted() -> None:
    found = outcomes(opened(), (draw("x", 700), accepted("x", 700)), (draw("y", 400), CONFLICT))
    assert rows_of(found) == {(True, False, 300, 300), (False, True, 600, 600)}


def test_the_same_request_twice_has_one_effect_however_the_second_is_answered() -> None:
    both = (draw("x", 100), accepted("x", 100))
    assert rows_of(outcomes(opened(), both, both)) == {
        (True, True, 900, 900),
        (True, False, 900, 900),
        (False, True, 900, 900),
    }


def test_captures_that_do_not_fit_together_are_accepted_one_by_one() -> None:
    captures = [(Capture(CARD, HOLD, 400, RefId(ref)), accepted(ref, 400)) for ref in ("x", "y")]
    found = rows_of(outcomes(opened(600), *captures))
    assert {row[:2] for row in found} == {(True, False), (False, True)}
    assert {row[2] for row in found} == {600}


def test_a_void_leaves_nothing_to_capture_and_a_full_capture_nothing_to_void() -> None:
    capture = (Capture(CARD, HOLD, None, RefId("x")), accepted("x", 600))
    void = (Void(CARD, HOLD, RefId("y")), CONFLICT)
    found = rows_of(outcomes(opened(600), capture, void))
    assert (False, True, 1000, 1000) in found
    assert (True, False, 400, 400) in found
    assert not any(balance == 1000 and row[0] for row in found for balance in row[2:3])


def test_what_a_deleted_card_shows_is_no_matter_of_its_figures() -> None:
    found = rows_of(outcomes(opened(), (DeleteCard(CARD), CONFLICT)))
    assert (True, ANY_FIGURE, ANY_FIGURE) in found
    assert (True, None, None) in found


def test_nothing_can_be_said_where_an_answer_is_missing() -> None:
    assert outcomes(opened(), (draw("x", 1), Unknown("lost")), (draw("y", 1), CONFLICT)) is None


def test_too_many_orders_are_given_up() -> None:
    many = [(draw(f"r{number}", 1), CONFLICT) for number in range(12)]
    assert outcomes(opened(), *many) is None


OF_HOLDS = (
    ("A = card 1000", "h = hold A 600", "1| c = capture h 400", "2| v = void h"),
    ("A = card 1000", "h = hold A 600", "1| c = capture h 400", "2| d = capture h 300"),
    ("A = card 1000", "1| h = hold A 600", "2| i = hold A 500", "2| v = void i"),
)


@pytest.mark.parametrize("lines", OF_HOLDS, ids=str)
def test_so_is_what_honest_servers_of_other_apis_show(lines: Sequence[str]) -> None:
    with Stripelike() as stripe, Prepaid() as prepaid:
        servers = {
            "stripe-charges": (stripe.url, STRIPE_KEY.key),
            "spec/prepaid/profile.yaml": (prepaid.url, PREPAID_KEY.value),
        }
        for profile, (url, key) in servers.items():
            known = {"TALLYSTICK_TARGET": url, "TALLYSTICK_TOKEN": key}
            with live_run(settings_for(known, profile)) as run, client_pool(run) as pool:
                for _ in range(4):
                    trial = run_trial(run, pool, Program.from_lines(lines))
                    legal = legal_outcomes(trial.operations, trial.initial)
                    assert legal is not None
                    assert is_explained(legal.shown, legal.rows), (profile, legal)


@pytest.mark.parametrize("lines", PAIRS, ids=str)
def test_what_an_honest_server_shows_is_always_among_the_rows(
    lines: Sequence[str], honest: Environment
) -> None:
    with live_run(settings_for(honest)) as run, client_pool(run) as pool:
        for _ in range(4):
            trial = run_trial(run, pool, Program.from_lines(lines))
            legal = legal_outcomes(trial.operations, trial.initial)
            assert legal is not None
            assert is_explained(legal.shown, legal.rows), legal
