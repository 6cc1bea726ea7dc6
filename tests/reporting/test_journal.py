"""The journal: whole or refused, cheap to write, and the same when read back."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from tallystick.reporting.journal import (
    LONGEST_LINE,
    Header,
    Journal,
    JournalError,
    exchanges_of,
    read_journal,
)
from tallystick.reporting.redaction import Redactor
from tallystick.request import Request
from tallystick.target import NOT_JSON, Answer, Exchange, NoAnswer
from tests.reporting.sample import over_capture

HEADER = Header("http://127.0.0.1:8000/v1", "T12345678", "gate", 7)
SALT = b"fixed"


def _exchange(number: int, answer: Answer | NoAnswer, body: object = None) -> Exchange:
    return Exchange(number, Request("op", "POST", f"/cards/{number}", body), answer, 10, 20)


def _journal(path: Path) -> Journal:
    return Journal(path, HEADER, redactor=Redactor(salt=SALT))


def test_what_was_heard_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "journal.jsonl"
    finding = over_capture()
    with _journal(path) as journal:
        for event in finding.events:
            journal(event.exchange)
        journal(_exchange(4, NoAnswer("ReadTimeout: timed out")))
        journal(_exchange(5, Answer(502, "text/html", NOT_JSON)))
        journal.record(finding)
    contents = read_journal(path)
    assert contents.header == HEADER
    assert [record.number for record in contents.records] == [1, 2, 3, 4, 5]
    assert contents.exchanges() == exchanges_of([finding], Redactor(salt=SALT))
    lost, page = contents.records[3:]
    assert (lost.status, lost.reason) == (None, "ReadTimeout: timed out")
    assert (page.status, page.reason) == (502, "not JSON (text/html)")


def test_no_secret_reaches_the_file(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    header = Header("http://me:hunter2pass@host/v1", "T12345678", "gate", 0)
    with Journal(path, header, redactor=Redactor(["client-secret-1"])) as journal:
        journal.learn("run-time-token-1")
        shown = {"token": {"value": "code-of-a-card"}, "pin": {"value": "8315"}}
        journal(_exchange(1, Answer(200, "application/json", shown), {"token": "code-of-a-card"}))
        leak = {"error": {"message": "client-secret-1 run-time-token-1 code-of-a-card 8315"}}
        journal(_exchange(2, Answer(400, "application/json", leak)))
        journal(_exchange(3, NoAnswer("cut after code-of-a-card")))
    text = path.read_text()
    for secret in ("hunter2pass", "client-secret-1", "run-time-token-1", "code-of-a-card", "8315"):
        assert secret not in text


def test_every_exchange_is_on_the_disk_at_once(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = _journal(path)
    journal(_exchange(1, NoAnswer("reset")))
    assert len(read_journal(path, partial=True).records) == 1
    journal.record(over_capture())
    contents = read_journal(path, partial=True)
    assert not contents.is_whole
    assert len(contents.records) == 1
    assert list(contents.findings) == ["CAP-2"]
    journal.close()


def test_a_journal_without_its_footer_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = _journal(path)
    journal(_exchange(1, NoAnswer("reset")))
    journal.flush()
    with pytest.raises(JournalError, match="cut off: no footer after 1 exchanges"):
        read_journal(path)
    journal.close()
    assert read_journal(path).is_whole


def test_a_line_that_was_cut_in_the_middle_counts_as_missing(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with _journal(path) as journal:
        journal(_exchange(1, NoAnswer("reset")))
    path.write_text(path.read_text()[:-5])
    with pytest.raises(JournalError, match="cut off"):
        read_journal(path)
    assert len(read_journal(path, partial=True).records) == 1


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "is empty"),
        (['{"exchanges":0}'], "line 1: not the header"),
        (['{"journal":9}'], "journal format 9; this version reads 1"),
        (["HEADER", "oops"], r"line 2: not JSON \(Expecting value at column 1\)"),
        (["HEADER", "[1]"], "line 2"),
        (["HEADER", '{"what":1}'], "line 2: 'exchanges' is missing"),
        (["HEADER", '{"number":"1","called_ns":1,"returned_ns":1}'], "line 2: number is '1'"),
        (["HEADER", '{"number":1,"colour":1}'], "line 2: not known: colour"),
        (["HEADER", '{"exchanges":0}', '{"exchanges":0}'], "line 3: there is something after"),
        (["HEADER", '{"exchanges":3}'], "the footer counts 3 exchanges, the file 0"),
    ],
)
def test_a_broken_journal_is_refused_with_its_line(
    tmp_path: Path, lines: list[str], said: str
) -> None:
    path = tmp_path / "journal.jsonl"
    with _journal(path):
        pass
    header = path.read_text().splitlines()[0]
    path.write_text("".join(f"{line}\n" for line in lines).replace("HEADER", header))
    with pytest.raises(JournalError, match=said):
        read_journal(path)


def test_a_missing_file_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="cannot be read: No such file"):
        read_journal(tmp_path / "none.jsonl")


def test_many_threads_write_one_whole_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with _journal(path) as journal:

        def hear(first: int) -> None:
            for number in range(first, first + 200):
                journal(_exchange(number, Answer(200, "application/json", {"n": number})))

        threads = [threading.Thread(target=hear, args=(1000 * n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len({record.number for record in read_journal(path).records}) == 800


def test_an_answer_after_the_end_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with _journal(path) as journal:
        pass
    journal(_exchange(1, NoAnswer("late")))
    journal.record(over_capture())
    assert read_journal(path).records == ()


def test_a_huge_body_is_left_out_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with _journal(path) as journal:
        journal(_exchange(1, Answer(200, "application/json", ["x" * LONGEST_LINE]), {"a": 1}))
    (record,) = read_journal(path).records
    assert record.body == {"a": 1}
    assert record.answer.startswith("[cut: ")
    assert all(len(line) < LONGEST_LINE for line in path.read_text().splitlines())


def test_every_line_is_json_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with _journal(path) as journal:
        journal(_exchange(1, Answer(200, "application/json", {"text": "a\u2028b\nc\ud800"})))
    assert [type(json.loads(line)) for line in path.read_text().splitlines()] == [dict] * 3
    assert read_journal(path).records[0].answer == {"text": "a\u2028b\nc\ud800"}
