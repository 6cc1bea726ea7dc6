"""Two real servers: an honest one agrees with itself, another build shows where it does not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sandbox.credentials import ACCOUNT, ADMIN
from tallystick.documents import shape
from tallystick.drivers.differential import Comparing, Difference
from tallystick.drivers.probe import PROBES
from tallystick.drivers.reduce import Budget, reduce_program
from tallystick.profiles.documents import dialect_of
from tallystick.profiles.wallet.profile import Wallet
from tallystick.program import Program, missing
from tallystick.run import Run
from tallystick.target import Address, Client, HttpTarget
from tests.proof.servers import forked_sandbox
from tests.sampling import some

MORE = (
    ("A = card 1000 NOK", "h = hold A 100", "c = capture h 40", "x = capture h remaining+1"),
    ("A = card 1000 NOK", "h = hold A 100", "c = capture h 40", "x = capture h"),
    ("A = card 1000 NOK", "h = hold A 100", "c = capture h 40", "x = capture h remaining"),
    (
        "A = card 1000 NOK",
        "h = hold A 100",
        "c = capture h 40",
        "v = void h",
        "d = draw A available",
    ),
    ("A = card 1000 NOK", "h = hold A 100", "x = capture h 0"),
    ("A = card 1000 NOK", "h = hold A 100", "x = capture h remaining+1"),
    ("A = card 1000 NOK", "h = hold A 100", "f = fund A 50", "c = capture missing 1"),
    ("A = card 1000 NOK", 'k = token A with {"one_time": "true"}', "info k", "d = draw k 5"),
    ("A = batch", "activate A 70 NOK", "activate A 70 NOK", "d = draw A 70", "read A"),
)
PROGRAMS = [
    program
    for program in (Program.parse(*lines) for lines in (*PROBES.values(), *MORE))
    if missing(program, Wallet().traits) is None
]

OTHER_BUILDS = {
    "capture_checks_original": "status",
    "default_capture_takes_original": "amount",
    "zero_capture_takes_everything": "amount",
    "capture_one_too_much": "status",
    "capture_of_exact_rest_refused": "status",
    "capture_record_without_parent": "parent_id",
    "void_record_is_drawdown": "type",
    "ref_replay_has_new_id": "id",
    "fund_counts_twice": "amount_balance",
    "balance_excludes_holds": "amount_balance",
    "activate_twice": "status",
    "drawdown_figure_is_held": "amount_drawdown",
}
"""By fault: a part of an answer that it changes."""
OTHER_DIALECTS = {
    "refusals_404": "status",
    "amount_is_balance": "amount",
    "void_after_part_refused": "status",
    "zero_capture_refused": "status",
    "figures_absent": "amount_drawdown",
    "type_defaults_to_gift_card": "type",
    "finished_type_follows": "type",
    "status_stays_unused": "status",
}
"""By variant: the same; both servers are honest."""
LONGEST = 6


@contextmanager
def _run(url: str) -> Iterator[Run]:
    client = Client(ADMIN.client_id, ADMIN.client_secret)
    target = HttpTarget(Address(url, ACCOUNT), client, profile=Wallet())
    try:
        yield Run(target, Wallet(), shape.load(), dialect_of(Wallet()), is_pinned=False)
    finally:
        target.close()


@contextmanager
def _compared(**other: list[str]) -> Iterator[Comparing]:
    with forked_sandbox() as honest, forked_sandbox(**other) as changed:
        urls = (honest["TALLYSTICK_TARGET"], changed["TALLYSTICK_TARGET"])
        with _run(urls[0]) as here, _run(urls[1]) as there:
            yield Comparing(here, there)


def _all(comparing: Comparing) -> list[tuple[Difference, Program]]:
    return [(found, program) for program in PROGRAMS for found in comparing.new(program)]


def test_an_honest_server_agrees_with_itself() -> None:
    with forked_sandbox() as honest:
        url = honest["TALLYSTICK_TARGET"]
        with _run(url) as here, _run(url) as there:
            comparing = Comparing(here, there)
            assert _all(comparing) == []
            assert (comparing.programs, comparing.inconclusive) == (len(PROGRAMS), 0)


def test_two_honest_servers_of_one_build_agree() -> None:
    with _compared() as comparing:
        assert _all(comparing) == []


@pytest.mark.parametrize("fault", some(OTHER_BUILDS, 2))
def test_a_faulty_build_answers_otherwise(fault: str) -> None:
    with _compared(faults=[fault]) as comparing:
        _check(comparing, OTHER_BUILDS[fault])


@pytest.mark.parametrize("variant", some(OTHER_DIALECTS, 2))
def test_an_honest_server_of_another_dialect_answers_otherwise(variant: str) -> None:
    with _compared(variants=[variant]) as comparing:
        _check(comparing, OTHER_DIALECTS[variant])


def _check(comparing: Comparing, member: str) -> None:
    """A difference in the member is found, and a short program shows it every time."""
    shown = {
        found.member.rpartition(".")[2]: (found, program) for found, program in _all(comparing)
    }
    assert member in shown, sorted(shown)
    found, program = shown[member]
    reduced = reduce_program(
        program, lambda shorter: comparing.shows(found.key, shorter), Budget.of(20.0)
    )
    assert reduced.replays[0] == reduced.replays[1] > 0
    assert len(reduced.program.steps) <= min(LONGEST, len(program.steps))
