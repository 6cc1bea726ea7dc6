"""The journal: whole or refused, cheap to write, and the same when read back."""

from __future__ import annotations

import gzip
import json
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from itertools import count
from pathlib import Path
from textwrap import dedent

import pytest

from tallystick.reporting.compressed import MAGIC, read_text
from tallystick.reporting.journal import LONGEST_LINE, Header, Journal, JournalError, read_journal
from tallystick.reporting.records import exchanges_of
from tallystick.reporting.redaction import Redactor
from tallystick.request import Request
from tallystick.target import NOT_JSON, Answer, Exchange, NoAnswer
from tests.reporting.sample import over_capture

HEADER = Header("http://127.0.0.1:8000/v1", "T12345678", "gate", 7)
SALT = b"fixed"
ROOT = Path(__file__).parents[2]


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
    text = read_text(path)
    for secret in ("hunter2pass", "client-secret-1", "run-time-token-1", "code-of-a-card", "8315"):
        assert secret not in text


def test_every_exchange_is_on_the_disk_before_the_next_answer(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = _journal(path)
    journal(_exchange(1, NoAnswer("reset")))
    assert len(read_journal(path, partial=True).records) == 1
    journal(_exchange(2, Answer(404, "application/json", {})))
    journal.catch_up()
    assert [record.number for record in read_journal(path, partial=True).records] == [1, 2]
    for number in (3, 4):
        journal(_exchange(number, Answer(404, "application/json", {})))
    assert [record.number for record in read_journal(path, partial=True).records] == [1, 2, 3, 4]
    journal.record(over_capture())
    contents = read_journal(path, partial=True)
    assert not contents.is_whole
    assert len(contents.records) == 4
    assert list(contents.findings) == ["CAP-2"]
    journal.close()


def test_a_journal_without_its_footer_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = _journal(path)
    journal(_exchange(1, NoAnswer("reset")))
    journal.catch_up()
    with pytest.raises(JournalError, match="cut off: no footer after 1 exchanges"):
        read_journal(path)
    journal.close()
    assert read_journal(path).is_whole


def test_a_line_that_was_cut_in_the_middle_counts_as_missing(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with _journal(path) as journal:
        journal(_exchange(1, NoAnswer("reset")))
    path.write_text(read_text(path)[:-5])
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
    header = read_text(path).splitlines()[0]
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
    assert all(len(line) < LONGEST_LINE for line in read_text(path).splitlines())


# Compression --------------------------------------------------------------------------------------


def _said(number: int) -> Exchange:
    body = {"card_id": f"ts5f3a90c1-{number}", "amount": 1000 + number, "currency": "NOK"}
    return _exchange(number, Answer(200, "application/json", body), {"amount": number})


def test_a_journal_is_small_and_reads_the_same_when_it_is_not_compressed(tmp_path: Path) -> None:
    packed, plain = tmp_path / "journal.jsonl.gz", tmp_path / "journal.jsonl"
    with _journal(packed) as journal:
        for number in range(1, 501):
            journal(_said(number))
    assert packed.read_bytes().startswith(MAGIC)
    plain.write_text(read_text(packed))
    assert plain.stat().st_size > 5 * packed.stat().st_size
    assert read_journal(plain) == read_journal(packed)
    assert read_text(packed) == gzip.decompress(packed.read_bytes()).decode()


def test_a_journal_that_was_cut_off_anywhere_is_read_up_to_there(tmp_path: Path) -> None:
    path, ends = tmp_path / "journal.jsonl.gz", list[int]()
    with _journal(path) as journal:
        for number in range(1, 9):
            ends.append(path.stat().st_size)  # so much was there before this exchange
            journal(_said(number))
    data = path.read_bytes()
    for length in range(ends[0], len(data)):
        path.write_bytes(data[:length])
        numbers = [record.number for record in read_journal(path, partial=True).records]
        whole = sum(end <= length for end in ends) - 1
        assert numbers == list(range(1, len(numbers) + 1))
        assert whole <= len(numbers) <= whole + 1


def test_a_journal_of_a_process_that_is_killed_has_all_it_was_given(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl.gz"
    program = f"""
        import os, signal
        from pathlib import Path
        from tests.reporting.test_journal import _journal, _said
        journal = _journal(Path({str(path)!r}))
        for number in range(1, 301):
            journal(_said(number))
        os.kill(os.getpid(), signal.SIGKILL)
    """
    killed = subprocess.run([sys.executable, "-c", dedent(program)], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    with pytest.raises(JournalError, match="was cut off: no footer after 300 exchanges"):
        read_journal(path)
    assert len(read_journal(path, partial=True).records) == 300


def test_an_interrupt_in_the_middle_of_writing_loses_nothing(tmp_path: Path) -> None:
    path, given, interrupts = tmp_path / "journal.jsonl.gz", list[int](), 0
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    journal = _journal(path)
    try:
        while interrupts < 300:
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.0002 + 0.000003 * interrupts)
                for number in count(len(given) + 1):
                    journal(_said(number))
                    given.append(number)
            except KeyboardInterrupt:
                interrupts += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    journal.catch_up()
    numbers = {record.number for record in read_journal(path, partial=True).records}
    journal.close()
    assert numbers >= set(given)


def test_damaged_data_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl.gz"
    path.write_bytes(MAGIC + b"no gzip at all")
    with pytest.raises(JournalError, match="its compressed data is damaged"):
        read_journal(path)


def test_a_large_journal_has_short_bodies_and_all_that_a_finding_needs(tmp_path: Path) -> None:
    path, long = tmp_path / "journal.jsonl.gz", {"text": "x" * 2_000}
    finding = over_capture()
    answer = Answer(200, "application/json", long)
    events = tuple(
        replace(event, exchange=replace(event.exchange, answer=answer)) for event in finding.events
    )
    with Journal(path, HEADER, redactor=Redactor(salt=SALT), largest=0) as journal:
        for event in events:
            journal(event.exchange)
        journal(_exchange(9, answer, {"amount": 9}))
        journal.record(replace(finding, events=events))
    contents = read_journal(path)
    *needed, other = sorted(contents.records, key=lambda record: record.number)
    assert [record.answer for record in needed] == [long] * len(events)
    assert (other.body, other.answer[:5]) == ({"amount": 9}, "[cut:")


def test_every_line_is_json_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with _journal(path) as journal:
        journal(_exchange(1, Answer(200, "application/json", {"text": "a\u2028b\nc\ud800"})))
    assert [type(json.loads(line)) for line in read_text(path).splitlines()] == [dict] * 3
    assert read_journal(path).records[0].answer == {"text": "a\u2028b\nc\ud800"}
