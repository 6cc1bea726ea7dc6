"""The ledger as a value: copies, comparison, and what an answer makes of it."""

from __future__ import annotations

import ast
from dataclasses import fields, replace
from pathlib import Path

import pytest

from tallystick.ledger.members import first_missing
from tallystick.ledger.oracle import LASTING_TOKEN_S, judge, step
from tallystick.ledger.state import CardStatus, LastWrite, Ledger, unanswered_id
from tallystick.ledger.vocabulary import (
    Accepted,
    CardId,
    CardRecord,
    IssueToken,
    Kind,
    RefId,
    Refused,
    TokenRecord,
    Transact,
    TransactionRecord,
    Unknown,
    Violation,
)
from tallystick.profiles.documents import dialect_of
from tallystick.profiles.wallet.profile import Wallet
from tests.ledger.stories import Story

ROOT = Path(__file__).parents[2]


def test_ledgers_that_differ_in_what_happened_last_alone_are_equal() -> None:
    one = Story().tell("open 9").ledger
    other = one.changed(last_write=LastWrite.READ)
    assert one == one.changed() == other
    assert hash(one) == hash(other)
    assert one != one.changed(opening=8)
    assert one != 9


def test_a_ledger_equals_itself_and_keeps_its_identity_with_the_same_dialect() -> None:
    one = Story().tell("open 9").ledger
    assert one.with_dialect(one.dialect) is one
    assert one.__eq__(one)
    narrowed = one.dialect.narrow("zero.hold", ["accept"])
    assert narrowed is not None
    assert one.with_dialect(narrowed) != one


def test_a_changed_ledger_leaves_the_first_as_it_was() -> None:
    one = Story().tell("open 9").ledger
    assert one.changed(opening=8).opening == 8
    assert one.opening == 9


def test_every_member_that_is_changed_somewhere_exists() -> None:
    members = {field.name for field in fields(Ledger)}
    nodes = [
        node
        for path in (ROOT / "tallystick" / "ledger").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    ]
    named = {
        keyword.arg
        for node in nodes
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "changed"
        for keyword in node.keywords
    }
    assert named - {None} <= members
    assert len(named) > 10
    booked = {
        ast.literal_eval(key)
        for node in nodes
        if isinstance(node, ast.FunctionDef) and getattr(node.returns, "id", "") == "Changes"
        for made in ast.walk(node)
        if isinstance(made, ast.Dict)
        for key in made.keys
    }
    assert booked <= members
    assert len(booked) > 8


def test_a_ledger_cannot_be_altered() -> None:
    with pytest.raises(AttributeError):
        Ledger(dialect_of(Wallet()), "A").opening = 5  # type: ignore[misc]


def test_of_a_payment_that_nobody_looks_for_the_money_alone_is_booked() -> None:
    ref = RefId("nobody")
    opened = Story().tell("open 9").ledger.changed(unrecorded={ref})
    command = Transact(Kind.DRAWDOWN, CardId(opened.card), 4, "NOK", ref)
    result = step(opened, command, Accepted(TransactionRecord("t1", ref, 4, "NOK")))
    assert not isinstance(result, Violation)
    assert {ledger.balance for ledger in result} == {5}
    assert all((ledger.entries, ledger.refs) == (opened.entries, opened.refs) for ledger in result)


def test_an_unknown_outcome_has_both_successors() -> None:
    story = Story().tell("open 1000")
    happened, did_not = story.judge("draw d1 5", "lost").result
    assert (happened.balance, did_not.balance) == (995, 1000)


def test_an_unknown_outcome_of_what_is_illegal_changes_nothing() -> None:
    story = Story().tell("open 1000")
    (after,) = story.judge("draw d1 1001", "lost").result
    assert after.balance == 1000


def test_a_lost_refusal_may_have_burnt_its_ref_id_and_used_its_token() -> None:
    story = Story().tell("open 1000", "token k1 once")
    ledgers = story.judge("draw d1 5 cur=SEK token=k1", "lost").result
    again = story.command("draw d1 5 token=k1")
    results = [step(ledger, again, story.outcome(again, "refused")) for ledger in ledgers]
    assert all(ledger.balance == 1000 for ledger in ledgers)
    assert any(isinstance(result, tuple) for result in results)


def test_a_token_whose_answer_was_lost_is_the_one_that_its_repeats_show() -> None:
    story = Story().tell("open 1000", "lost token k1")
    again = story.command("token k1")
    for ledger in (story.ledger, Story().tell("open 1000").ledger):
        (shown,) = judge(ledger, again, story.outcome(again, "accepted value=a")).result
        assert list(shown.tokens) == ["a"]
        other = judge(shown, again, story.outcome(again, "accepted value=b"))
        assert (other.result.rule, other.checked[-1]) == ("TOKEN-11", "TOKEN-11")


def test_a_token_that_may_have_ended_is_followed_by_another_one() -> None:
    story = Story().tell("open 1000")
    short = IssueToken(story.ledger.card, RefId("k1"), expires_in=LASTING_TOKEN_S - 1)
    (first,) = judge(story.ledger, short, Accepted(TokenRecord("a", short.ref))).result
    (second,) = judge(first, short, Accepted(TokenRecord("b", short.ref))).result
    assert list(second.tokens) == ["a", "b"]


def test_two_answers_lost_under_one_ref_id_are_two_entries() -> None:
    story = Story(**{"ref.across.drawdown-fund": "separate"})
    story.tell("open 1000", "lost draw x 5", "lost fund x 7")
    assert {unanswered_id(Kind.DRAWDOWN, "x"), unanswered_id(Kind.FUND, "x")} == set(
        story.ledger.entries
    )
    assert story.ledger.balance == 1002
    story.tell("list")
    assert all(not key.startswith("?") for key in story.ledger.entries)


def test_a_lost_answer_is_recognised_in_the_list_and_by_its_retry() -> None:
    for line in ("list", "draw x 5"):
        story = Story(**{"ref.same.drawdown": "replay"}).tell("open 1000", "lost draw x 5", line)
        (entry,) = story.ledger.entries
        assert not entry.startswith("?")
        assert story.ledger.drawn == 5


def test_a_server_that_refused_a_repeat_does_not_replay_it_later() -> None:
    story = Story(**{"ref.same.drawdown": "refuse"}).tell("open 99", "draw x 5", "draw x 5")
    assert story.judge("draw x 5", "accepted id=x").result.rule == "DIA-1"


def test_a_retry_after_a_lost_answer_shows_an_id() -> None:
    story = Story(**{"ref.same.drawdown": "replay"}).tell("open 9", "lost draw x 5")
    assert story.judge("draw x 5", "accepted id=none").result.rule == "REF-6"


def test_of_two_lost_answers_each_is_recognised_by_what_it_shows() -> None:
    story = Story(**{"ref.across.drawdown-fund": "separate"})
    story.tell("open 1000", "lost draw x 5", "lost fund x 7")
    odd = TransactionRecord("t9", "x", 6, "NOK", "drawdown")
    found = step(story.ledger, story.command("list"), Accepted((odd,)))
    assert isinstance(found, Violation)
    assert found.rule == "BAL-5"


def test_the_opening_amount_is_listed_for_every_card_or_for_none() -> None:
    listed = Story(**{"list.opening": "listed"}).tell("open 9", "list")
    absent = Story(**{"list.opening": "absent"}).tell("open 9", "list")
    for one, other in ((listed, absent), (absent, listed)):
        ledger = Story().tell("open 9").ledger.changed(dialect=one.ledger.dialect)
        outcome = other.server.perform(other.command("list"))
        found = step(ledger, other.command("list"), outcome)
        assert isinstance(found, Violation)
        assert found.rule in ("DIA-1", "BAL-5")


def test_a_retry_that_shows_the_id_of_another_transaction_is_seen() -> None:
    story = Story().tell("open 1000", "draw y 5", "lost draw x 5")
    judgement = story.judge("draw x 5", "accepted id=y")
    assert judgement.result.rule == "TX-8"


def test_a_second_record_after_a_lost_answer_is_the_first_or_one_of_its_own() -> None:
    story = Story().tell("open 1000", "lost draw x 5")
    command = story.command("fund x 7")
    record = TransactionRecord("t9", "x", 7, "NOK", "fund")
    (after,) = step(story.ledger, command, Accepted(record))
    assert (after.drawn, after.funded) == (5, 7)


def test_a_batch_with_the_id_of_a_deleted_card_makes_an_inactive_card_or_changes_nothing() -> None:
    story = Story(**{"delete.with_balance": "accept"})
    story.tell("open 1000", "draw x 5", "delete")
    fresh, unchanged = step(story.ledger, story.command("batch"), Unknown("lost"))[:2]
    assert (fresh.card_status, fresh.balance) == (CardStatus.INACTIVE, 0)
    assert "x" in fresh.spent_refs
    assert (unchanged.card_status, unchanged.balance) == (CardStatus.DELETED, 995)


def test_a_refusal_answers_no_question_while_two_uses_of_its_ref_id_may_be_the_reason() -> None:
    story = Story(**{"ref.across.drawdown-fund": "separate", "ref.other_body.fund": "refuse"}).tell(
        "open 1000", "draw x 5", "fund x 7"
    )
    ledger = story.ledger.changed(dialect=dialect_of(Wallet()))
    (after,) = step(ledger, story.command("fund x 8"), Refused(400))
    assert after.dialect.learned() == {}
    known = dialect_of(Wallet()).narrow("ref.across.drawdown-fund", ["separate"])
    (after,) = step(ledger.changed(dialect=known), story.command("fund x 8 cur=NOK"), Refused(400))
    assert set(after.dialect.learned()) == {"ref.across.drawdown-fund", "ref.other_body.fund"}


def test_a_card_whose_id_is_used_again_starts_afresh_and_remembers_ref_ids() -> None:
    story = Story(**{"delete.with_balance": "accept"})
    story.tell("open 1000", "draw x 5", "delete")
    fresh, unchanged = step(story.ledger, story.command("open 7"), Unknown("lost"))[:2]
    assert (fresh.balance, len(fresh.entries)) == (7, 0)
    assert "x" in fresh.spent_refs
    assert unchanged.balance == 995


@pytest.mark.parametrize("line", ["batch", "open 1000", "read"])
def test_a_token_need_not_show_a_card_of_which_any_answer_has_shown_a_pin(line: str) -> None:
    story = Story().tell(*(["open 1000"] if line == "read" else []))
    command = story.command(line)
    outcome = story.server.perform(command)
    assert isinstance(outcome, Accepted)
    assert isinstance(outcome.record, CardRecord)
    shown = Accepted(replace(outcome.record, has_pin=True))
    (story.ledger,) = step(story.ledger, command, shown)
    story.tell(*(["activate 1000"] if line == "batch" else []), "token k1")
    (after,) = step(story.ledger, story.command("info k1"), Refused(403))
    assert after.has_pin
    assert after != after.changed(has_pin=False)
    without_pin = step(after.changed(has_pin=False), story.command("info k1"), Refused(403))
    assert isinstance(without_pin, Violation)
    assert without_pin.rule == "TOKEN-3"


@pytest.mark.parametrize(
    ("sent", "shown", "missing"),
    [
        ({}, {}, None),
        ({"name": "a"}, {"name": "a"}, None),
        ({"name": "a"}, {"name": "b"}, ("name a", "name b")),
        ({"name": "a"}, {}, ("name a", "name None")),
        ({"pin": "{}"}, {}, None),
        ({"expires_at": "2030-01-01T00:00:00Z"}, {"expires_at": "2030-01-01T01:00:00+01:00"}, None),
        ({"expires_at": "2030-01-01T00:00:00Z"}, {"expires_at": "2030-01-01t00:00:00.000z"}, None),
        ({"expires_at": "2030-01-01T00:00:00Z"}, {"expires_at": "2030-01-01t00:00:01z"}, True),
        ({"expires_at": "2030-01-01T00:00:00Z"}, {"expires_at": "soon"}, True),
        ({"metadata": '{"a": 1}'}, {"metadata": '{"a": 1, "b": 2}'}, None),
        ({"metadata": '{"a": 1}'}, {"metadata": '{"a": 2}'}, True),
        ({"metadata": '{"a": 1}'}, {"metadata": "no JSON"}, True),
        ({"metadata": '{"a": 1}'}, {"metadata": "5"}, True),
        ({"metadata": '{"a": 1}'}, {"metadata": "[" * 100_000}, True),
        ({"metadata": '{"reserved_a": 1}'}, {}, None),
        ({"metadata": "[]"}, {"metadata": "[]"}, None),
    ],
)
def test_what_was_sent_is_looked_for_in_what_is_shown(sent, shown, missing) -> None:
    found = first_missing(tuple(sent.items()), tuple(shown.items()), "reserved_")
    assert (found is not None) if missing is True else (found == missing)


def test_a_dialect_narrows_to_what_is_observed_and_never_to_nothing() -> None:
    dialect = dialect_of(Wallet())
    narrowed = dialect.narrow("zero.hold", ["accept"])
    assert narrowed is not None
    assert narrowed.answer("zero.hold") == "accept"
    assert dialect.answer("zero.hold") is None
    assert narrowed.narrow("zero.hold", ["accept"]) is narrowed
    assert narrowed.narrow("zero.hold", ["refuse"]) is None
    assert narrowed.is_permitted("zero.hold", "refuse")
    assert not narrowed.allows("zero.hold", "refuse")
    assert narrowed.learned() == {"zero.hold": frozenset(["accept"])}
    assert repr(narrowed) == "Dialect({'zero.hold': ['accept']})"
    assert narrowed != dialect
    assert narrowed.__eq__(narrowed)
    same = dialect_of(Wallet()).narrow("zero.hold", ["accept"])
    assert len({narrowed, same, narrowed, dialect}) == 2


def test_a_question_can_be_opened_again() -> None:
    dialect = dialect_of(Wallet())
    narrowed = dialect.narrow("zero.hold", ["accept"])
    assert narrowed is not None
    assert narrowed.reopened("zero.hold") == dialect
    assert narrowed.also("refuse", ("zero.",)) == dialect
    assert dialect != "a dialect"
