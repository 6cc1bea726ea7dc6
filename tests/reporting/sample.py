"""A small made-up run, always the same, that the tests of the reports share.

It has what a real run seldom has at once: a lost answer, gaps and races. For a real run see
reports/example/, which example.py writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from tallystick.documents.questions import open_dialect
from tallystick.documents.shape import load
from tallystick.evidence import Event
from tallystick.ledger.dialect import Dialect
from tallystick.ledger.vocabulary import Violation
from tallystick.profiles.wallet.profile import Wallet
from tallystick.program import Program
from tallystick.reporting.timeline import Bar, TimeLine
from tallystick.request import Request
from tallystick.run import Finding, Run
from tallystick.target import Address, Answer, Client, Exchange, HttpTarget, NoAnswer

URL = "http://127.0.0.1:8000/v1"
ACCOUNT = "T12345678"
WALLETS = f"/accounts/{ACCOUNT}/wallets"
CARD = "ts5f3a90c1-41-A"
HOLD = "6f0c4a51-8a0e-4e0e-9a43-0d3c5be7f001"
OPENING = "card 1000 NOK"
NOT_CLAIMED = {
    "TIME": "the budget was spent before it was reached",
    "AUTH-5": "TALLYSTICK_OTHER_ACCOUNT is not set",
    "AUTH-6": "TALLYSTICK_OTHER_ACCOUNT is not set",
    "test_pair[hold-void]": "the budget was spent before it was reached",
}
REFUSED = {"error": {"message": "amount is above what remains", "code": "amount_too_large"}}


def sample_run(
    findings: Iterable[Finding] | None = None, checked: Mapping[str, int] | None = None
) -> Run:
    """A run with a sequential violation, a concurrent one, and gaps, unless others are given."""
    target = HttpTarget(
        Address(URL, ACCOUNT), Client("sandbox-admin", "sample-client-secret"), profile=Wallet()
    )
    for _ in range(4812):
        target.meter.take()
    run = Run(target, Wallet(), load(), _dialect(), seed=7)
    run.name = "ts5f3a90c1"
    for rule, times in (SAMPLE_COUNTS if checked is None else checked).items():
        run.count_checked(*[rule] * times)
    for finding in sample_findings() if findings is None else findings:
        run.record(finding)
    return run


def sample_findings() -> tuple[Finding, Finding]:
    """The two violations of the sample run, with the files that show them."""
    return (
        replace(
            over_capture(),
            also=("contracts/test_lifecycle.py::test_every_sequence_of_commands_keeps_the_ledger",),
            scenario="scenarios/cap-2.yaml",
        ),
        replace(lost_race(), scenario="scenarios/conc-1.yaml"),
    )


CHECKED = (
    *(f"SHAPE-{n}" for n in (1, 2, 3, 5, 6)),
    *(f"TX-{n}" for n in range(1, 10)),
    *(f"CAP-{n}" for n in range(1, 10)),
    *(f"VOID-{n}" for n in range(1, 6)),
    *("FUND-1", "FUND-2", "REF-1", "REF-2", "REF-6", "BAL-1", "BAL-2", "BAL-5", "READ-1", "CONC-1"),
)


SAMPLE_COUNTS = {rule: 11 * number for number, rule in enumerate(CHECKED, start=1)}


def over_capture() -> Finding:
    """A hold of 600 that gives 601."""
    program = Program.parse(f"A = {OPENING}", "h1 = hold A 600", "c1 = capture h1 remaining+1")
    longer = Program.parse(
        f"A = {OPENING}", "h1 = hold A 600", "c0 = capture h1 1", "c1 = capture h1 remaining+1"
    )
    path = f"{WALLETS}/transactions/{HOLD}/capture"
    shown = _transaction("c1", 601, "drawdown", "0d3c5be7f002") | {"parent_id": HOLD}
    events = (
        *_opening(),
        _event(3, "c1 = capture h1 remaining+1", "POST", path, _body("c1", amount=601), shown),
    )
    return Finding(
        Violation("CAP-2", "a refusal: 600 of 600 remain", "accepted: captured 601"),
        longer,
        events,
        requests_before=37,
        test="contracts/test_capture.py::test_a_capture_never_exceeds_the_hold",
        reduced=program,
        replays=(10, 10),
    )


def lost_race() -> Finding:
    """Two captures of one hold at the same moment, both accepted."""
    program = Program(
        Program.parse(f"A = {OPENING}", "h1 = hold A 600").prefix,
        (Program.parse("c1 = capture h1 600").prefix, Program.parse("c2 = capture h1 400").prefix),
    )
    path = f"{WALLETS}/transactions/{HOLD}/capture"
    events = (
        *_opening(),
        _event(
            3,
            "c1 = capture h1 600",
            "POST",
            path,
            _body("c1", amount=600),
            _transaction("c1", 600, "drawdown", "0d3c5be7f002") | {"parent_id": HOLD},
        ),
        _event(4, "c2 = capture h1 400", "POST", path, _body("c2", amount=400), None),
    )
    return Finding(
        Violation("CONC-1", "an order in which each answer is legal", "no order: 1000 of 600"),
        program,
        events,
        requests_before=3911,
        test="contracts/test_concurrency.py::"
        "test_settlements_at_the_same_moment_have_an_order[two captures of parts]",
        replays=(7, 10),
    )


def race() -> TimeLine:
    """Two captures of one hold, both accepted, beside a fund whose answer was lost."""
    ms = 1_000_000
    return TimeLine(
        "Every concurrent history of a card has a legal order.",
        "CONC-1",
        "Both captures were accepted, but together they take 1000 of the 600 that the hold locks.",
        (
            Bar("0", "A = card 1000 NOK", "accepted", 1 * ms, 4 * ms, 1, False),
            Bar("0", "h1 = hold A 600", "accepted", 5 * ms, 7 * ms, 2, False),
            Bar("1", "c1 = capture h1 600", "captured 600", 8 * ms, 12 * ms, 3, False),
            Bar("2", "c2 = capture h1 400", "captured 400", 8 * ms + 90, 11 * ms, None, True),
            Bar("3", "f1 = fund A 50", "no answer: timed out", 8 * ms + 170, None, None, False),
            Bar("0", "read A", "balance 0", 13 * ms, 14 * ms, None, False),
        ),
    )


def _dialect() -> Dialect:
    dialect = open_dialect()
    for question, answers in (
        ("ref.same.hold", ["replay"]),
        ("ref.same.capture", ["refuse"]),
    ):
        dialect = dialect.narrow(question, answers)
    return dialect


def _opening() -> tuple[Event, ...]:
    card = {"card_id": CARD, "amount": 1000, "currency": "NOK"}
    token = {"expires_in": 60, "token": {"value": "DINCARD:5d2f1c9e-77aa-4b11", "barcode_128": "x"}}
    made = card | {"amount_balance": 1000, "amount_available": 1000, "card_token": token}
    held = _transaction("h1", 600, "pending_capture", "0d3c5be7f001")
    hold = _body("h1", amount=600, currency="NOK", card_id=CARD, type="drawdown", pending=True)
    return (
        _event(1, f"A = {OPENING}", "POST", f"{WALLETS}/cards", card, made),
        _event(2, "h1 = hold A 600", "POST", f"{WALLETS}/transactions", hold, held),
    )


def _body(name: str, **members: object) -> dict[str, object]:
    return {"ref_id": f"ts5f3a90c1-41.{name}", **members}


def _transaction(name: str, amount: int, kind: str, tail: str) -> dict[str, object]:
    return {
        "id": f"6f0c4a51-8a0e-4e0e-9a43-{tail}",
        "ref_id": f"ts5f3a90c1-41.{name}",
        "amount": amount,
        "currency": "NOK",
        "type": kind,
        "created_at": "2026-11-20T17:00:00Z",
    }


def _event(
    number: int, step: str, method: str, path: str, body: object, answer: object | None
) -> Event:
    came = NoAnswer("ReadTimeout: timed out")
    back = came if answer is None else Answer(200, "application/json", answer)
    request = Request("aid_cards_transactions_post", method, path, body)
    return Event(step, Exchange(number, request, back, 1000 * number, 1000 * number + 700))
