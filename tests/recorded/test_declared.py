"""Records of an API that a profile file describes: what is judged, what is not, and why."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tallystick.checker import Verdict
from tallystick.reporting.har import har_text
from tallystick.reporting.journal import read_journal
from tests.recorded.journals import (
    CAPTURED,
    HELD,
    SMALL,
    VOIDED,
    Sent,
    journal,
    judged,
    profile,
    read,
)

Table = dict[str, tuple[Any, ...]]


def named(table: Table) -> dict[str, Any]:
    """The arguments of a parametrized test, with a name for each row."""
    return {"argvalues": list(table.values()), "ids": list(table)}


LEGAL = (HELD, CAPTURED, read(200, 400), VOIDED, read(200, 0, status="ended"))


def rules(folder: Path, *exchanges: Sent, text: str = SMALL) -> list[str]:
    """The rules that a journal breaks."""
    _, found = judged(journal(folder, exchanges), profile(folder, text))
    return [each.rule for each in found.broken]


def left_out(folder: Path, *exchanges: Sent, text: str = SMALL) -> dict[str, int]:
    """What of a journal is not judged, by the reason; nothing of it is accused."""
    record, found = judged(journal(folder, exchanges), profile(folder, text))
    assert not found.broken
    return dict(record.left_out)


def test_every_exchange_of_a_legal_journal_is_judged(tmp_path: Path) -> None:
    record, found = judged(journal(tmp_path, LEGAL), profile(tmp_path))
    assert (record.judged, found.operations, found.cards) == (5, 5, 1)
    assert found.verdict is Verdict.CONFORMS


@pytest.mark.parametrize(
    ("exchanges", "rule"),
    **named(
        {
            "a read shows less": ((HELD, CAPTURED, read(100, 500)), "CAP-1"),
            "more than is left": (
                (HELD, CAPTURED, CAPTURED.but(key="k4", body={"amount": 401})),
                "CAP-2",
            ),
            "after the void": ((HELD, VOIDED, CAPTURED), "CAP-6"),
            "voided twice": ((HELD, VOIDED, VOIDED.but(key="k4")), "VOID-2"),
            "a key has two effects": ((HELD, CAPTURED, CAPTURED, read(400, 200)), "REF-1"),
            "another hold is shown": ((HELD, read(0, 600).but(answer={"id": "h2"})), "READ-2"),
            "a lost capture has two effects": (
                (HELD, CAPTURED.but(status=None), CAPTURED, read(400, 200)),
                "CAP-1",
            ),
        }
    ),
)
def test_an_illegal_answer_is_named_by_its_rule(
    exchanges: tuple[Sent, ...], rule: str, tmp_path: Path
) -> None:
    assert rules(tmp_path, *exchanges) == [rule]


@pytest.mark.parametrize(
    "exchanges",
    **named(
        {
            "a lost answer, and the same request again": (
                *(HELD, CAPTURED.but(status=None), CAPTURED, read(200, 400)),
            ),
            "a lost answer of what was done": (HELD, CAPTURED.but(status=None), read(200, 400)),
            "a lost answer of what was not done": (HELD, CAPTURED.but(status=None), read(0, 600)),
            "a lost hold, shown by the same request": (HELD.but(status=None), HELD, read(0, 600)),
            "a copy is refused while the first is under way": (
                HELD,
                CAPTURED.but(at_ms=(10, 20)),
                CAPTURED.but(at_ms=(12, 14), status=409),
                read(200, 400).but(at_ms=(30, 31)),
            ),
            "a read beside a capture": (
                HELD,
                CAPTURED.but(at_ms=(10, 20)),
                read(200, 400).but(at_ms=(11, 12)),
                read(200, 400).but(at_ms=(30, 31)),
            ),
            "the credentials had ended": (HELD, CAPTURED.but(status=401), read(0, 600)),
        }
    ),
)
def test_an_honest_answer_is_not_accused(exchanges: tuple[Sent, ...], tmp_path: Path) -> None:
    assert rules(tmp_path, *exchanges) == []


@pytest.mark.parametrize(
    ("odd", "why"),
    **named(
        {
            "a further member": (
                CAPTURED.but(body={"amount": 200, "fee": 1}),
                "it cannot be read as a command for certain",
            ),
            "a text in place of a number": (
                CAPTURED.but(body={"amount": "200"}),
                "it is written otherwise than the profile writes it",
            ),
            "less than nothing": (
                CAPTURED.but(body={"amount": -1}),
                "it is written otherwise than the profile writes it",
            ),
            "no key": (CAPTURED.but(key=""), "it cannot be read as a command for certain"),
            "an odd key": (
                CAPTURED.but(key="k 2"),
                "its key has another form than that of the profile",
            ),
            "a form": (
                CAPTURED.but(body={"amount": "200"}, form=True),
                "it is written otherwise than the profile writes it",
            ),
            "another operation": (
                Sent("POST", "/holds/h1/tips", {"amount": 200}),
                "it is no command of the profile",
            ),
        }
    ),
)
def test_what_cannot_be_read_leaves_its_hold_out(odd: Sent, why: str, tmp_path: Path) -> None:
    # What became of it nobody knows: the read shows its effect, and that is no violation.
    counted = left_out(tmp_path, HELD, odd, read(200, 400))
    assert counted == {why: 1, "its card is left out": 2}


def test_what_was_refused_for_certain_changes_nothing(tmp_path: Path) -> None:
    odd = CAPTURED.but(body={"amount": "200"}, status=400)
    assert rules(tmp_path, HELD, odd, read(200, 400)) == ["TX-5"]
    assert rules(tmp_path, HELD, odd, read(0, 600)) == []


def test_a_key_of_a_request_that_is_not_read_is_followed_no_further(tmp_path: Path) -> None:
    odd = HELD.but(body={"amount": "x", "currency": "EUR"}, status=400)
    again = HELD.but(status=409)
    counted = left_out(tmp_path, odd, again)
    assert counted["its key was used by a request that is not judged"] == 1
    assert rules(tmp_path, again) == ["TX-5"]


def test_a_hold_that_no_answer_has_shown_is_not_judged(tmp_path: Path) -> None:
    counted = left_out(tmp_path, CAPTURED.but(status=404), read(1, 2))
    assert counted == {"it names what no answer has shown": 2}


def test_a_capture_of_a_hold_whose_answer_was_lost_leaves_it_open(tmp_path: Path) -> None:
    lost = HELD.but(status=None)
    assert left_out(tmp_path, lost, CAPTURED, lost.but(status=409))


def test_holds_that_share_a_key_are_judged_together(tmp_path: Path) -> None:
    other = HELD.but(key="k5", answer={**HELD.answer, "id": "h2"})
    same = CAPTURED.but(path="/holds/h2/captures")
    assert rules(tmp_path, HELD, other, CAPTURED, same.but(status=409)) == []
    assert rules(tmp_path, HELD, other, CAPTURED, same, read(200, 400, hold="h2")) == ["DIA-1"]


def test_what_two_commands_write_in_the_same_way_is_neither(tmp_path: Path) -> None:
    text = SMALL.replace("/holds/$hold/void", "/holds/$hold/captures")
    counted = left_out(tmp_path, HELD, CAPTURED.but(body={}), read(600, 0), text=text)
    assert counted["it may be one of several commands"] == 1
    # With an amount it is a capture.
    assert rules(tmp_path, HELD, CAPTURED, read(200, 400), text=text) == []


def test_metadata_is_read_and_has_to_be_shown(tmp_path: Path) -> None:
    body = {**HELD.body, "metadata": {"order": "7"}}
    shown = HELD.but(body=body, answer={**HELD.answer, "metadata": {"order": "7"}})
    assert rules(tmp_path, shown) == []
    assert rules(tmp_path, shown.but(answer=HELD.answer)) == ["TX-4"]


def test_a_form_with_its_key_in_a_member_is_read(tmp_path: Path) -> None:
    text = SMALL.replace("{header: Idempotency-Key}", "{member: reference}") + "\nbody: form\n"
    held = HELD.but(
        key="",
        form=True,
        body={"amount": "600", "currency": "EUR", "metadata[a]": "b", "reference": "k1"},
        answer={**HELD.answer, "metadata": {"a": "b"}},
    )
    taken = CAPTURED.but(key="", form=True, body={"amount": "200", "reference": "k2"})
    right, wrong = (
        each.but(answer={**each.answer, "metadata": {"a": "b"}})
        for each in (read(200, 400), read(0, 600))
    )
    assert rules(tmp_path, held, taken, right, text=text) == []
    assert rules(tmp_path, held, taken, wrong, text=text) == ["CAP-1"]


def test_of_a_journal_that_was_cut_off_the_end_is_not_judged(tmp_path: Path) -> None:
    # A capture was under way when the run was killed, so that no line tells of it.
    late = read(200, 400).but(at_ms=(60_000, 60_001))
    cut = journal(tmp_path, (HELD, read(0, 600), late), is_whole=False)
    record, found = judged(cut, profile(tmp_path))
    assert (found.operations, found.verdict) == (2, Verdict.CONFORMS)
    assert record.left_out == {"its answer is missing": 1}
    told = (HELD, read(1, 599), late)
    wrong = journal(tmp_path, told, is_whole=False)
    assert judged(wrong, profile(tmp_path))[1].verdict is Verdict.VIOLATES
    patient = journal(tmp_path, told, is_whole=False, timeout_s=60)
    assert judged(patient, profile(tmp_path))[1].verdict is not Verdict.VIOLATES


# HTTP archives ------------------------------------------------------------------------------------


def archive(folder: Path, *exchanges: Sent) -> Path:
    records = read_journal(journal(folder, exchanges)).records
    path = folder / "it.har"
    path.write_text(har_text(records, "https://api.test/v1", datetime(2026, 1, 2, tzinfo=UTC)))
    return path


def changed(path: Path, number: int, url: str = "", **headers: str) -> None:
    """Change an entry of an archive: where it went, or what its headers say."""
    har: Any = json.loads(path.read_text())
    request = har["log"]["entries"][number]["request"]
    request["url"] = url or request["url"]
    request["headers"] += [{"name": name, "value": value} for name, value in headers.items()]
    path.write_text(json.dumps(har))


def test_an_archive_is_judged_wherever_the_api_begins(tmp_path: Path) -> None:
    of = profile(tmp_path)
    assert judged(archive(tmp_path, *LEGAL), of)[1].verdict is Verdict.CONFORMS
    _, found = judged(archive(tmp_path, HELD, CAPTURED, read(0, 600)), of)
    assert [each.rule for each in found.broken] == ["CAP-1"]


def test_requests_to_other_servers_in_an_archive_are_left_out(tmp_path: Path) -> None:
    path = archive(tmp_path, *LEGAL, CAPTURED.but(key="k9"))
    changed(path, 5, "https://elsewhere.test/v1/holds/h1/captures")
    record, found = judged(path, profile(tmp_path))
    assert found.verdict is Verdict.CONFORMS
    assert record.left_out == {"it went to another server or path": 1}


def test_a_key_of_another_client_is_another_key(tmp_path: Path) -> None:
    other = HELD.but(answer={**HELD.answer, "id": "h2"}, body={"amount": 5, "currency": "EUR"})
    path = archive(tmp_path, HELD, other)
    for number, token in enumerate(("one", "two")):
        changed(path, number, Authorization=f"Bearer {token}")
    record, found = judged(path, profile(tmp_path))
    assert not found.broken
    assert record.left_out["its key was used for another card, or by another client"] == 1
