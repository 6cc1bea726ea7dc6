"""Lists of several pages, and requests that are queued: what is read until an answer is whole."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tallystick.cli import cli
from tallystick.ledger.vocabulary import (
    Accepted,
    Capture,
    CardId,
    EntryId,
    Outcome,
    ReadTransactions,
    RefId,
    Refused,
    TransactionRecord,
    Unknown,
    Void,
)
from tallystick.profiles.declared.profile import DeclaredProfile, load
from tallystick.profiles.declared.reading import read
from tallystick.target.answers import NOT_JSON, Answer, NoAnswer
from tallystick.target.api import FollowUp
from tests.prepaid.process import Prepaid
from tests.prepaid.tenants import FIRST

PREPAID = Path(__file__).parents[2] / "spec" / "prepaid" / "profile.yaml"
ADYEN = Path(__file__).parent / "table" / "adyen.yaml"
A, H = CardId("ts1-A"), EntryId("h1")
CAPTURE, VOID = Capture(A, H, 300, RefId("r")), Void(A, H, RefId("v"))
LISTS = """
profile: mine
authentication: none
money: {{as: minor-integer, currencies: [EUR]}}
records: own
retry: none
refused: [400, 404]
control: GET /cards/none
commands:
  card: {{send: PUT /cards/$card, with: {{amount: $amount}}}}
  read card: {{send: GET /cards/$card, shows: {{available: available}}}}
  hold: {{send: POST /cards/$card/holds, with: {{amount: $amount}}, shows: {{id: id}}}}
  void: {{send: POST /holds/$hold/void, shows: {{id: id}}}}
  list:
    send: GET /cards/$card/entries?limit=2
    items: items
    shows: {{id: id, amount: amount}}
    {pages}
"""
Page = dict[str, Any]


def answer(body: Any, status: int = 200) -> Answer:
    return Answer(status, "application/json", body)


def completed(
    of: DeclaredProfile, command: Any, first: Answer, *later: Answer | NoAnswer
) -> tuple[Outcome, list[str], float]:
    """The outcome, the paths of the reads that made it, and the seconds that were waited."""
    rest: Iterator[Answer | NoAnswer] = iter(later)
    step, paths, waited = of.complete(command, "", first), [], 0.0
    while isinstance(step, FollowUp):
        assert step.request.method == "GET"
        paths.append(step.request.path)
        waited += step.pause_s
        step = step.read(next(rest))
    return of.outcome(command, step), paths, waited


@pytest.fixture
def lists(tmp_path: Path) -> Any:
    def made(pages: str) -> DeclaredProfile:
        file = tmp_path / "mine.yaml"
        file.write_text(LISTS.format(pages=pages), encoding="utf-8")
        return load(file)

    return made


def items(*ids: str) -> list[dict[str, Any]]:
    return [{"id": each, "amount": 1} for each in ids]


LIST = "/cards/ts1-A/entries"
LINK = f'<https://pay.example/v1{LIST}?after={{}}>; rel="{{}}"'
FORMS: dict[str, tuple[str, list[Page], list[str]]] = {
    "a cursor": (
        "next: {cursor: next}",
        [{"items": items("a", "b"), "next": "c2"}, {"items": items("c"), "next": None}],
        [f"{LIST}?limit=2&cursor=c2"],
    ),
    "the last item": (
        "more: {has_more: true}\n    next: {starting_after: items.-1.id}",
        [{"items": items("a", "b"), "has_more": True}, {"items": items("c"), "has_more": False}],
        [f"{LIST}?limit=2&starting_after=b"],
    ),
    "an offset": (
        "next: {offset: $count}",
        [{"items": items("a", "b")}, {"items": items("c")}, {"items": []}],
        [f"{LIST}?limit=2&offset=2", f"{LIST}?limit=2&offset=3"],
    ),
    "a page": (
        "more: {more: true}\n    next: {page: $page}",
        [{"items": items("a", "b"), "more": True}, {"items": items("c"), "more": False}],
        [f"{LIST}?limit=2&page=2"],
    ),
    "a cursor in a header": (
        'next: {cursor: "header:X-Next"}',
        [{"items": items("a", "b"), "X-Next": "c2"}, {"items": items("c")}],
        [f"{LIST}?limit=2&cursor=c2"],
    ),
    "one of the links in a header": (
        "next: header:Link",
        [
            {
                "items": items("a", "b"),
                "Link": f"{LINK.format('z', 'prev')}, {LINK.format('b', 'next')}",
            },
            {"items": items("c"), "Link": LINK.format("a", "prev")},
        ],
        [f"{LIST}?after=b"],
    ),
    "a member within another": (
        "next: {page: {offset: $count}}",
        [{"items": items("a", "b")}, {"items": items("c")}, {"items": []}],
        [f"{LIST}?limit=2&page%5Boffset%5D=2", f"{LIST}?limit=2&page%5Boffset%5D=3"],
    ),
    "a link": (
        "next: links.next",
        [
            {"items": items("a"), "links": {"next": f"https://pay.example/v1{LIST}?after=a"}},
            {"items": items("b"), "links": {"next": "?after=b"}},
            {"items": items("c"), "links": {}},
        ],
        [f"{LIST}?after=a", f"{LIST}?after=b"],
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_all_pages_of_a_list_are_read(form: str, lists: Any) -> None:
    pages, bodies, expected = FORMS[form]
    answers = [
        replace(answer(body), headers={name: str(value) for name, value in body.items()})
        for body in bodies
    ]
    outcome, paths, _ = completed(lists(pages), ReadTransactions(A), *answers)
    assert isinstance(outcome, Accepted)
    assert [each.id for each in outcome.record] == ["a", "b", "c"]  # type: ignore[union-attr]
    assert paths == expected


@pytest.mark.parametrize(
    ("pages", "bodies", "reason"),
    [
        ("next: {cursor: next}", [{"items": items("a"), "next": "c2"}] * 2, "read before"),
        ("more: {more: true}", [{"items": [], "more": True}], "the list has more pages"),
        (
            "more: {more: true}\n    next: {cursor: next}",
            [{"items": items("a"), "more": True}],
            "does not show where",
        ),
        (
            "next: links.next",
            [{"items": items("a"), "links": {"next": "https://other.example/x?after=a"}}],
            "leads elsewhere",
        ),
        ("next: {offset: $count}", [{"items": items("a")}] * 50, "more than 50 pages"),
    ],
)
def test_pages_that_cannot_be_read_leave_the_list_unknown(
    pages: str, bodies: list[Page], reason: str, lists: Any
) -> None:
    outcome, _, _ = completed(lists(pages), ReadTransactions(A), *map(answer, bodies))
    assert isinstance(outcome, Unknown)
    assert reason in outcome.reason


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (answer({}, 404), Refused(404)),
        (NoAnswer("it broke off"), Unknown("it broke off")),
    ],
)
def test_a_page_that_is_refused_or_lost_decides(
    last: Answer | NoAnswer, expected: Outcome, lists: Any
) -> None:
    first = answer({"items": items("a"), "next": "c2"})
    assert completed(lists("next: {cursor: next}"), ReadTransactions(A), first, last)[0] == expected


def test_a_list_of_several_pages_is_not_read_while_others_write(lists: Any) -> None:
    assert lists("next: {cursor: next}").traits.lists_in_pages is True
    assert lists("more: {more: true}").traits.lists_in_pages is False


RECEIVED = answer({"pspReference": "c1", "status": "received"}, 201)
PENDING = answer({"pspReference": "c1", "status": "pending"})
DONE = answer({"pspReference": "c1", "status": "done"})


def test_what_is_queued_is_read_until_it_is_done() -> None:
    outcome, paths, waited = completed(
        load(ADYEN), CAPTURE, RECEIVED, PENDING, NoAnswer("lost"), answer({}, 404), DONE
    )
    assert isinstance(outcome, Accepted)
    assert paths == ["/payments/h1/captures/c1"] * 4
    assert 0 < waited < 1


def test_what_comes_to_nothing_is_refused() -> None:
    failed = answer({"pspReference": "c1", "status": "failed"})
    assert completed(load(ADYEN), CAPTURE, RECEIVED, PENDING, failed)[0] == Refused(200)
    assert completed(load(ADYEN), CAPTURE, failed)[0] == Refused(200)


def test_an_answer_202_is_waited_for_whatever_it_shows() -> None:
    cancelled = answer({"status": "cancelled"})
    outcome, paths, _ = completed(load(ADYEN), VOID, answer(NOT_JSON, 202), cancelled)
    assert isinstance(outcome, Accepted)
    assert paths == ["/payments/h1"]


def test_a_final_answer_is_not_waited_for() -> None:
    of = load(ADYEN)
    for first, kind in ((DONE, Accepted), (answer({}, 422), Refused), (answer({}, 500), Unknown)):
        outcome, paths, _ = completed(of, CAPTURE, first)
        assert isinstance(outcome, kind)
        assert paths == []


def test_what_is_queued_is_unknown_until_it_is_read() -> None:
    assert isinstance(load(ADYEN).outcome(CAPTURE, RECEIVED), Unknown)


def test_what_is_pending_for_too_long_stays_unknown() -> None:
    outcome, paths, waited = completed(load(ADYEN), CAPTURE, RECEIVED, *[PENDING] * 100)
    assert outcome == Unknown("it was not done 2 s after it was queued")
    assert 2 <= waited < 3
    assert len(paths) < 20


def test_a_queued_request_that_shows_not_where_it_is_stays_unknown() -> None:
    outcome, _, _ = completed(load(ADYEN), CAPTURE, answer({"status": "received"}, 201))
    assert isinstance(outcome, Unknown)
    assert "does not show $capture" in outcome.reason


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ("while: {status: [received, pending]}", "seconds: 3", "`while` is missing"),
        ("gives: {capture: pspReference}", "gives: {capturre: id}", "nothing gives $capture"),
    ],
)
def test_mistakes_in_wait_are_said(old: str, new: str, mistake: str, tmp_path: Path) -> None:
    text = ADYEN.read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "mine.yaml"
    file.write_text(text.replace(old, new, 1).replace("seconds: 2", ""), encoding="utf-8")
    assert any(mistake in line for line in read(file)[1].described()), read(file)[1].described()


LONG = """
rule: {rule}
profile: {profile}
steps:
- A = card 1000
- d1 = draw A 1
- h1 = hold A 20
- c1 = capture h1 3
- f1 = fund A 5
- d2 = draw A 2
- v1 = void h1
- d3 = draw A 3
- d4 = draw A 4
- f2 = fund A 7
- d5 = draw A 6
- d6 = draw A 8
- d7 = draw A 9
- list A
"""
EDGES = ("list_loses_at_edge", "list_repeats_at_edge", "list_ends_at_second_page")


@pytest.mark.parametrize("fault", [None, *EDGES])
def test_a_list_of_several_pages_is_judged(fault: str | None, tmp_path: Path) -> None:
    scenario = tmp_path / "long.yaml"
    rule = "READ-3" if fault == "list_repeats_at_edge" else "BAL-5"
    scenario.write_text(LONG.format(rule=rule, profile=PREPAID))
    with Prepaid(faults=[fault] if fault else []) as server:
        arguments = ["replay", str(scenario), "--times=1", "--target", server.url]
        environ = {"TALLYSTICK_TOKEN": FIRST.value}
        result = CliRunner().invoke(cli, arguments, env=environ, standalone_mode=False)
    word = "VIOLATES" if fault else "CONFORMS"
    assert f"{word}: {rule}" in result.output, result.output


def test_an_item_of_every_page_is_a_record(lists: Any) -> None:
    bodies = [{"items": items("a"), "next": "2"}, {"items": items("b")}]
    of = lists("next: {cursor: next}")
    outcome, _, _ = completed(of, ReadTransactions(A), *map(answer, bodies))
    assert isinstance(outcome, Accepted)
    assert isinstance(outcome.record, tuple)
    assert [(type(each), each.amount) for each in outcome.record] == [(TransactionRecord, 1)] * 2
