"""What the page is made of: the ledger beside the server, the life of a hold, times, pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tallystick.documents.questions import open_dialect
from tallystick.driven import Driven, Judged, last_transition, transition
from tallystick.drivers.sequential import Session, run_program
from tallystick.ledger.lifecycle import Move, State
from tallystick.ledger.vocabulary import (
    Accepted,
    Capture,
    CardId,
    CardRecord,
    EntryId,
    OpenCard,
    Outcome,
    ReadCard,
    RefId,
    Refused,
    Unknown,
    Violation,
)
from tallystick.program import Program
from tallystick.reporting.journal import Header, Journal, read_journal
from tallystick.reporting.ledger_says import Compared, compare
from tallystick.reporting.lifecycle import MoveEntry, lifecycle_of, merged_lifecycle
from tallystick.reporting.lifecycle_figure import figure_of
from tallystick.reporting.page import report_page
from tallystick.reporting.records import exchanges_of
from tallystick.reporting.redaction import Redactor
from tallystick.reporting.response_times import ResponseTimes, merged_latency
from tallystick.reporting.result import Ending, summarise
from tallystick.reporting.sequence import sequence_of, short_path
from tallystick.run import Run, Violated
from tests.reporting.sample import lost_race, over_capture, race, sample_run
from tests.strategies.hold_memory import run_on_holds
from tests.strategies.memory import run_in_memory

CARD = "A = card 1000 NOK"
LIFE = Program.parse(CARD, "h = hold A 600", "c = capture h 100", "again c", "v = void h")


def judged_by(run: Run, *lines: str) -> list[Judged]:
    """What the last request of each step was judged by."""
    session = Session(run)
    for step in Program.parse(*lines).prefix:
        session.perform(step)
    return [event.judged for event in session.story.events if event.judged is not None]


def entry(entries: list[MoveEntry], state: str, move: str) -> MoveEntry:
    (found,) = (each for each in entries if (each["state"], each["move"]) == (state, move))
    return found


# The ledger beside the server ---------------------------------------------------------------------


def test_a_read_shows_each_figure_of_both() -> None:
    *_, read = judged_by(run_in_memory(), CARD, "h = hold A 600")
    assert isinstance(read.command, ReadCard)
    assert compare(read) == (
        Compared("answer", "accepted", "accepted", False),
        Compared("balance", "1000", "1000", False),
        Compared("available", "400", "400", False),
    )
    wrong = replace(read, outcome=Accepted(CardRecord(CardId("x"), available=1000)))
    assert compare(wrong)[1:] == (Compared("available", "400", "1000", True),)


@pytest.mark.parametrize(
    ("line", "outcome", "expected"),
    [
        ("c = capture h 601", Refused(400), ("refused: ", "refused with 400", False)),
        ("c = capture h 601", Accepted(()), ("refused: ", "accepted", True)),
        ("c = capture h 1", Refused(400), ("accepted", "refused with 400", True)),
        ("c = capture h 1", Unknown("lost"), ("accepted", "no answer: lost", False)),
        ("again h", Refused(400), ("no second effect", "refused with 400", False)),
    ],
)
def test_an_answer_is_shown_beside_what_the_ledger_says_of_it(
    line: str, outcome: Outcome, expected: tuple[str, str, bool]
) -> None:
    lines = (CARD, "h = hold A 600", line)
    write = [each for each in judged_by(run_in_memory(), *lines) if each.is_write][2]
    shown = compare(replace(write, outcome=outcome))[0]
    due, came, differs = expected
    assert shown.ledger.startswith(due)
    assert (shown.server, shown.differs) == (came, differs)


def test_with_two_possible_ledgers_both_are_shown_and_only_a_third_figure_differs() -> None:
    *_, before = judged_by(run_in_memory(), CARD, "read A")
    *_, after = judged_by(run_in_memory(), CARD, "h = hold A 600")
    two = replace(after, ledgers=(*before.ledgers, *after.ledgers))
    for available, differs in ((1000, False), (400, False), (7, True)):
        record = CardRecord(CardId("x"), available=available)
        (_, shown) = compare(replace(two, outcome=Accepted(record)))
        assert shown == Compared("available", "400 or 1000", str(available), differs)


def test_what_no_ledger_judged_is_not_compared() -> None:
    assert compare(None) == ()


def test_a_hold_that_is_read_by_itself_is_compared() -> None:
    run = run_on_holds()
    *_, read = judged_by(run, "A = card 1000", "h = hold A 600", "read h")
    assert [(each.name, each.ledger) for each in compare(read)] == [
        ("answer", "accepted"),
        ("captured", "0"),
        ("remaining", "600"),
    ]


def test_the_journal_keeps_the_comparison_and_the_race(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    run = run_in_memory()
    session = Session(run)
    for step in Program.parse(CARD, "h = hold A 600").prefix:
        session.perform(step)
    finding = session.story.finding(Violation("CAP-2", "a", "b"), 1, None)
    with Journal(path, Header("t", "a", "gate", 0)) as journal:
        for event in finding.events:
            journal(event.exchange)
        journal.record(finding, race())
    contents = read_journal(path)
    assert contents.exchanges() == exchanges_of([finding], Redactor())
    assert contents.races() == {"CAP-2": race()}
    assert contents.exchanges()["CAP-2"][-1].compared[-1].ledger == "400"


# The life of a hold -------------------------------------------------------------------------------


def test_every_move_is_counted_and_a_repetition_is_none() -> None:
    run = run_in_memory()
    run_program(run, LIFE)
    counts = run.driven.counts
    assert counts == {
        ": hold: accepted": 1,
        "open: capture a part: accepted": 1,
        "partly captured: void: accepted": 1,
    }


def test_what_had_to_be_refused_is_counted_apart() -> None:
    run = run_in_memory()
    run_program(run, Program.parse(CARD, "h = hold A 600", "v = void h", "w = void h"))
    moves = lifecycle_of(run)
    assert entry(moves, "voided", "void") == MoveEntry(
        state="voided", move="void", to=None, accepted=0, refused=1
    )
    assert entry(moves, "open", "void")["accepted"] == 1
    assert entry(moves, "open", "capture a part")["accepted"] == 0
    assert "release a part" not in {move["move"] for move in moves}


def test_an_isolated_run_counts_for_itself() -> None:
    run = run_in_memory()
    run_program(run.isolated_copy(), LIFE)
    assert run.driven.counts == {}


def test_counts_of_other_processes_are_added() -> None:
    driven = Driven()
    driven.add({"open: void: accepted": 2}, 41)
    driven.add({"open: void: accepted": 3}, 40)
    assert (driven.counts, driven.programs) == ({"open: void: accepted": 5}, 41)


def test_where_a_part_releases_the_rest_the_hold_has_ended() -> None:
    run = run_on_holds()
    run.learn(open_dialect({"capture.rest": ("released",), "void.captured": ("accept",)}))
    moves = lifecycle_of(run)
    ended = "captured in part, the rest released"
    assert entry(moves, "open", "capture a part")["to"] == ended
    assert entry(moves, ended, "void")["to"] == "captured, then refunded"
    assert State.PARTLY_CAPTURED not in {move["state"] for move in moves}
    drawn = {box.name for box in figure_of(moves, ()).boxes}
    assert {ended, "captured, then refunded"} < drawn


def test_an_api_without_holds_has_no_such_life() -> None:
    run = run_on_holds()
    run.profile.traits = replace(  # type: ignore[misc]
        run.profile.traits, verbs=frozenset({"card", "draw"})
    )
    assert lifecycle_of(run) == []
    assert figure_of([], ()).moves == ()


def test_the_last_write_names_the_transition() -> None:
    judged = judged_by(run_in_memory(), CARD, "h = hold A 600", "c = capture h 601")
    assert last_transition(judged) == "open: capture more than remains"
    assert last_transition(judged_by(run_in_memory(), CARD, "d = draw A 6")) == ""
    assert last_transition([None]) == ""
    assert not any(isinstance(each.command, OpenCard) for each in judged[1:])


def test_a_capture_of_nothing_that_is_known_has_a_state_too() -> None:
    (opened, *_) = judged_by(run_in_memory(), CARD)
    command = Capture(CardId("A"), EntryId("none"), None, RefId("r"))
    assert transition(opened.ledgers[0], command) == (State.MISSING, Move.CAPTURE_REST)


def test_the_broken_move_is_marked_and_one_that_was_never_driven_is_idle() -> None:
    run = run_in_memory()
    run_program(run, LIFE)
    figure = figure_of(
        lifecycle_of(run), ["open: void", "partly captured: capture more than remains"]
    )
    states = {(move.move, move.state) for move in figure.moves}
    assert {("void", "broken"), ("void", "driven"), ("capture what remains", "idle")} < states
    wrong = {box.name: box.broken for box in figure.boxes if box.broken}
    assert wrong == {"partly captured": "capture more than remains"}


def test_every_legal_move_of_every_api_is_drawn() -> None:
    for rest in ("kept", "released"):
        run = run_on_holds()
        run.profile.traits = replace(run.profile.traits, part_of_void=True)  # type: ignore[misc]
        run.learn(open_dialect({"capture.rest": (rest,), "void.captured": ("accept",)}))
        moves = [move for move in lifecycle_of(run) if move["to"] is not None]
        drawn = figure_of(moves, ()).moves
        missing = {(m["state"], m["to"]) for m in moves} - {
            (m["state"], m["to"]) for m in moves if any(d.move == m["move"] for d in drawn)
        }
        assert len(drawn) == len(moves), missing


def test_moves_of_several_runs_are_added() -> None:
    one = MoveEntry(state="open", move="void", to="voided", accepted=2, refused=1)
    other = MoveEntry(
        state="open", move="capture more than remains", to=None, accepted=0, refused=4
    )
    assert merged_lifecycle([[other, one], [one]]) == [
        {**one, "accepted": 4, "refused": 2},
        other,
    ]


def test_a_violation_names_its_transition_in_the_result() -> None:
    session = Session(run_in_memory())
    for step in Program.parse(CARD, "h = hold A 600", "v = void h").prefix:
        session.perform(step)
    with pytest.raises(Violated) as caught:
        session.violate(Violation("VOID-1", "a", "b"), next(iter(session.ledgers)))
    assert caught.value.finding.transition == "open: void"


# Times --------------------------------------------------------------------------------------------


def test_latency_is_kept_in_steps_of_a_tenth() -> None:
    times = ResponseTimes()
    for milliseconds in range(1, 101):
        times.note("read", milliseconds * 1_000_000)
    found = times.entries()["read"]
    assert found["answers"] == sum(found["steps"].values()) == 100
    assert 50 <= found["p50_ms"] < 50 * 1.1
    assert 99 <= found["p99_ms"] < 99 * 1.1


def test_latency_of_several_runs_is_that_of_all_answers() -> None:
    one, other, both = ResponseTimes(), ResponseTimes(), ResponseTimes()
    for number in range(40):
        for times in (one if number % 3 else other, both):
            times.note(f"op{number % 2}", 1000 + number * 77_777)
    assert merged_latency([one.entries(), other.entries()]) == both.entries()


def test_an_answer_in_less_than_a_microsecond_has_a_step() -> None:
    times = ResponseTimes()
    times.note("read", 0)
    assert times.entries()["read"]["steps"] == {"0": 1}


# Pictures -----------------------------------------------------------------------------------------


def test_a_lost_answer_ends_in_the_network_and_a_copy_begins_there() -> None:
    finding = over_capture()
    records = list(exchanges_of([finding], Redactor())["CAP-2"])
    lost = replace(records[1], step="h1 = hold A 600 !lost", status=None)
    again = replace(records[1], step="h1 = hold A 600 !lost: retried")
    copy = replace(records[2], step="c1 = capture h1 601 !late: the late copy")
    picture = sequence_of([records[0], lost, again, copy], copy.number)
    assert [(each.sent_from, each.ends_at) for each in picture.arrows] == [
        (40, 40),
        (40, 340),
        (40, 40),
        (340, 40),
    ]
    assert [each.answer for each in picture.arrows][1] == "answer lost"
    assert picture.arrows[2].step == "h1 = hold A 600 !lost (retried)"
    assert [each.is_wrong for each in picture.arrows] == [False, False, False, True]


def test_of_a_long_history_the_end_is_drawn() -> None:
    record = exchanges_of([over_capture()], Redactor())["CAP-2"][0]
    picture = sequence_of([replace(record, number=n) for n in range(30)], 29)
    assert (len(picture.arrows), picture.left_out) == (24, 6)


def test_a_path_is_shortened_to_its_end() -> None:
    uuid = "6f0c4a51-8a0e-4e0e-9a43-0d3c5be7f001"
    path = f"/accounts/T12345678/wallets/transactions/{uuid}/capture"
    assert short_path(path) == "…/6f0c4a51…/capture"
    assert short_path("/v1/charges") == "/v1/charges"
    assert len(short_path(f"/a?{'x' * 500}")) == 60


# The page -----------------------------------------------------------------------------------------


def test_what_follows_from_a_cause_is_folded_under_it() -> None:
    run = sample_run()
    result = summarise(run, Ending(), seconds=1)
    cause, other = result["violations"]
    cause["consequences"], other["cause"] = [1], 0
    page = report_page(result, {})
    assert page.count("1 more rule breaks because of it") == 1
    assert page.index("1 more rule breaks") < page.index(f'id="violation-{other["rule"]}"')


def test_the_head_says_what_was_judged_and_how_to_repeat_it() -> None:
    ending = Ending(build="1.4.2 <rc>", command="tallystick gate --target staging --seed 0")
    page = report_page(summarise(sample_run(), ending, seconds=12.34), {})
    for text in ("1.4.2 &lt;rc&gt;", "tallystick gate --target staging --seed 0", "12.3 s"):
        assert text in page


def test_deviations_from_the_pinned_dialect_come_first() -> None:
    run = sample_run()
    drift = Violation("DIA-2", "ref.same.hold: replay", "refuse", "ref.same.hold")
    run.record(replace(over_capture(), violation=drift))
    result = summarise(run, Ending(), seconds=1)
    result["pinned"] = ["ref.same.hold"]
    page = report_page(result, {})
    first = page.index('<tr role="row" class="deviates">')
    assert page.index("deviates</a> refuse; pinned: ref.same.hold: replay") > first
    assert page.index(">ref.same.capture</span>") > first


def test_the_exchanges_of_one_page_are_bounded() -> None:
    run = sample_run()
    result = summarise(run, Ending(), seconds=1)
    records = exchanges_of(run.findings.values(), Redactor())
    long = {
        key: tuple(
            replace(each, answer={"text": "x" * 3000}, number=n) for n, each in enumerate(of * 60)
        )
        for key, of in records.items()
    }
    page = report_page(result, long)
    assert len(page) < 1_000_000
    assert page.count("are in the journal") == 2


def test_the_page_says_why_there_is_no_script() -> None:
    run = sample_run([replace(over_capture(), unscripted="a <secret>")])
    result = summarise(run, Ending(), seconds=1)
    assert result["violations"][0]["unscripted"] == "a <secret>"
    assert "No script: a &lt;secret&gt;." in report_page(result, {})
    del result["violations"][0]["unscripted"]  # type: ignore[misc]  # an older suite wrote none
    assert "No script" not in report_page(result, {})


def test_a_race_is_drawn_within_the_page() -> None:
    run = sample_run([lost_race()])
    page = report_page(summarise(run, Ending(), seconds=1), {}, {"CONC-1": race()})
    assert page.count('<g class="operation') == len(race().bars)
    assert "No order of these requests permits that answer." in page


def test_in_a_race_the_answer_that_no_order_takes_is_marked() -> None:
    run = sample_run([lost_race()])
    first, second = exchanges_of(run.findings.values(), Redactor())["CONC-1"][-2:]
    records = (
        replace(first, step="1| c1 = capture h1 600"),
        replace(second, step="2| c2 = capture h1 400"),
        replace(first, step="at the end", number=9),
    )
    page = report_page(summarise(run, Ending(), seconds=1), {"CONC-1": records}, {"CONC-1": race()})
    rows = page.split('<tr role="row" class="')[1:]
    assert [row.startswith("wrong") for row in rows[:3]] == [False, True, False]
    assert "captured 600" in rows[0]
    assert "no order has a place for this answer" in rows[1]
