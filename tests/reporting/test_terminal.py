"""The end of a run on a terminal: nothing is cut, and what is to be copied can be copied."""

from __future__ import annotations

import html
import json
import re
import shlex
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tallystick.documents.rules import load_rules
from tallystick.profiles.authentication import FixedHeaders
from tallystick.reporting.chapters import others_that_meet
from tallystick.reporting.curl import curl
from tallystick.reporting.page import report_page
from tallystick.reporting.progress import Progress, Status, progress_line
from tallystick.reporting.records import Record, exchanges_of
from tallystick.reporting.result import Ending, Result, redactor_for, summarise
from tallystick.reporting.summary import summary_text
from tallystick.reporting.terminal import brief_text, report_text, verdict_lines
from tallystick.run import Run
from tallystick.target import HttpTarget
from tests.reporting.sample import NOT_CLAIMED, URL, sample_run

DIRECTORY = Path("reports/latest")
RULES = len(load_rules())


def _text(run: Run, *, width: int = 80, colour: bool = False) -> str:
    result = summarise(run, Ending(not_claimed=NOT_CLAIMED), seconds=61.23)
    exchanges = exchanges_of(run.findings.values(), redactor_for(run, *run.findings.values()))
    return report_text(result, exchanges, DIRECTORY, width=width, colour=colour)


def _result(**members: object) -> Result:
    run = sample_run(findings=())
    return {**summarise(run, Ending(), seconds=1), **members}  # type: ignore[typeddict-item]


def _words(text: str) -> str:
    return " ".join(text.split())


def test_every_chapter_of_a_green_run_has_one_row() -> None:
    text = _text(sample_run(findings=()))
    for chapter in {rule.chapter for rule in load_rules().values()}:
        assert len(re.findall(rf"^{chapter} ", text, re.MULTILINE)) == 1


def test_every_violation_has_one_block_and_the_verdict_comes_last() -> None:
    text = _text(sample_run())
    for block in ("CAP-2 (MUST) A capture of more than remains", "CONC-1 (MUST) Every concurrent"):
        assert text.count(block) == 1
    assert text.splitlines()[-2].startswith("VIOLATES: http://127.0.0.1:8000/v1 breaks 2 rules")


@pytest.mark.parametrize("width", [60, 80, 132])
def test_nothing_is_cut_at_any_width(width: int) -> None:
    text = _text(sample_run(), width=width)
    assert "…" not in text
    flat = _words(text.replace("\\\n", ""))
    for whole in (
        "a refusal: 600 of 600 remain",
        "c1 = capture h1 remaining+1",
        "/transactions/6f0c4a51-8a0e-4e0e-9a43-0d3c5be7f001/capture",
        "tallystick replay reports/latest/scenarios/cap-2.yaml --target http://127.0.0.1:8000/v1",
        "first after 37 requests; again in 10 of 10 replays",
    ):
        assert whole in flat
    unbroken = ("curl", "http", "contracts/", "replay", "tallystick")
    for line in text.splitlines():
        assert len(line) <= width or any(word in line for word in unbroken)


def test_without_colour_there_is_no_escape_and_with_colour_the_words_are_the_same() -> None:
    plain, coloured = _text(sample_run()), _text(sample_run(), colour=True)
    assert "\x1b" not in plain
    assert "\x1b[1;31m" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain


def _with_causes(number: int, **members: object) -> tuple[Result, dict[str, tuple[Record, ...]]]:
    """A result with so many causes, and the exchanges of each."""
    run = sample_run()
    result = summarise(run, Ending(not_claimed=NOT_CLAIMED), seconds=1.0)
    shown = exchanges_of(run.findings.values(), redactor_for(run, *run.findings.values()))
    first = result["violations"][0]
    result["violations"] = [
        {**first, "key": str(n), "actual": f"wrong {n}", **members}  # type: ignore[typeddict-item]
        for n in range(number)
    ]
    return result, {str(n): shown[first["key"]] for n in range(number)}


def test_causes_are_shown_in_full_while_there_is_room_and_the_others_take_a_line_each() -> None:
    result, exchanges = _with_causes(5)
    shown = report_text(result, exchanges, Path("r"))
    in_full = shown.count("permitted")
    assert 2 <= in_full < 5
    assert f"{5 - in_full} more cause{'s' * (in_full < 4)}; the page has them in full:" in shown
    assert "wrong 0" in shown
    assert "  CAP-2: wrong 4 (" in shown


def test_a_red_report_has_a_bound_whatever_was_found() -> None:
    many = [f"h{n} = hold A {n}" for n in range(300)]
    result, exchanges = _with_causes(40, steps=many, expected="a " * 2_000, title="word " * 900)
    result["violations"][0]["consequences"] = list(range(1, 30))
    record = exchanges["0"][-1]
    members: dict[str, Any] = {f"m{n}": "value " * 20 for n in range(60)}
    long = replace(record, form=True, body=members, answer={"list": list(range(9_000))})
    text = report_text(result, {"0": (long,)}, Path("r"))
    assert len(text.splitlines()) <= 85
    for said in ("... 291 more", "h299 = hold A 299", "and 27 more; the page", "  and 33 more"):
        assert said in text
    assert "# 54 more members: exchange 3 in the journal" in text


def test_a_red_report_begins_with_the_cause_and_tables_the_broken_chapters_only() -> None:
    lines = [line for line in _text(sample_run()).splitlines() if line.strip("- ")]
    assert lines[0].startswith("CAP-2 (MUST)")
    table = lines[next(n for n, line in enumerate(lines) if line.startswith("chapter ")) :]
    assert [line.split()[0] for line in table[2:4]] == ["CAP", "CONC"]
    assert "not exercised" not in " ".join(table[:4])


def test_gaps_are_named_with_their_reasons() -> None:
    flat = _words(_text(sample_run(findings=())))
    assert "not exercised: 1-4, 7-10; not claimed: 5-6 (TALLYSTICK_OTHER_ACCOUNT is not" in flat
    assert "TIME 2 0 0 - not claimed: the budget was spent before it was reached" in flat
    assert "not claimed: test_pair[hold-void]: the budget" in flat


def test_brackets_of_a_server_are_text_and_not_style() -> None:
    run = sample_run()
    finding = run.findings["CAP-2"]
    violation = replace(finding.violation, actual="[bold]accepted[/nonsense] [red]")
    run.revise(finding, replace(finding, violation=violation))
    assert "[bold]accepted[/nonsense] [red]" in _text(run)


def test_a_long_answer_says_where_the_rest_is() -> None:
    run = sample_run()
    finding = run.findings["CAP-2"]
    exchange = finding.events[-1].exchange
    huge = replace(exchange.answer, body={"x": ["y" * 9] * 200})  # type: ignore[type-var]
    event = replace(finding.events[-1], exchange=replace(exchange, answer=huge))
    run.revise(finding, replace(finding, events=(event,)))
    assert "more characters: exchange 3 in the journal" in _words(_text(run))


def test_an_exchange_of_a_longer_program_is_told_apart() -> None:
    run = sample_run()
    assert "in a longer program" not in _text(run)
    finding = run.findings["CAP-2"]
    first, *rest = finding.events
    events = (replace(first, step="A = card 9 EUR"), *rest)
    run.revise(finding, replace(finding, events=events))
    assert "in a longer program, whose last exchange was this:" in _text(run)


def test_requests_that_no_program_spells_are_shown_in_words() -> None:
    run = sample_run()
    finding = run.findings["CAP-2"]
    notes = ("GET /cards -> 200", 'POST /info {"token": "abc"} -> 500')
    events = tuple(replace(event, step="") for event in finding.events)
    run.revise(finding, replace(finding, notes=notes, scenario="", events=events))
    text = _text(run)
    assert "requests   1  GET /cards -> 200" in text
    assert '2  POST /info {"token": [secret]} -> 500' in text
    assert "in a longer program" not in text
    assert "again      tallystick gate 'contracts/test_capture.py::" in text
    assert text.count("curl") == 2


def test_a_failing_test_says_it_in_short() -> None:
    run = sample_run()
    finding = run.findings["CAP-2"]
    block = brief_text(run, finding)
    assert block.startswith("CAP-2 is broken")
    assert finding.violation.expected in block
    assert all(step in block for step in finding.steps)
    assert "5d2f1c9e" not in block


@pytest.mark.parametrize("option", ["stripe-charges", "my api/wallet.yaml"])
def test_a_command_to_copy_names_the_profile_where_it_is_not_the_default(option: str) -> None:
    assert "--profile" not in _text(sample_run())
    run = sample_run()
    run.profile.option = option  # type: ignore[misc]
    result = summarise(run, Ending(), seconds=1)
    for shown in (
        report_text(result, {}, DIRECTORY, width=80),
        summary_text(result),
        html.unescape(report_page(result, {})),
    ):
        line = f"--target {URL} --profile {shlex.quote(option)}"
        assert re.sub("(?:</code>)?</pre>", "\n", shown).count(f"{line}\n") == 2


def test_the_curl_line_is_one_command_for_a_shell() -> None:
    run = sample_run()
    records = exchanges_of(run.findings.values(), redactor_for(run))["CAP-2"]
    quoting = replace(records[-1], body={"metadata": {"it's": '"$HOME" `x`\n'}})
    words = _shell_words(curl(quoting, "http://h/v1"))
    assert words[:4] == ["curl", "-sS", "-X", "POST"]
    assert "Authorization: Bearer $TOKEN" in words
    assert json.loads(words[words.index("-d") + 1]) == quoting.body
    assert words[-1] == f"http://h/v1{quoting.path}"
    assert "-d" not in _shell_words(curl(replace(quoting, body=None), "http://h/v1"))
    own = replace(quoting, headers={"content-type": "application/vnd.api+json"})
    named = " ".join(_shell_words(curl(own, "http://h/v1"))).lower()
    assert named.count("content-type") == 1


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("X-Api-Key", "key-12345", "X-Api-Key: $TOKEN"),
        ("Authorization", "Basic a2V5Og==", "Authorization: Basic $TOKEN"),
    ],
)
def test_a_curl_line_shows_the_header_of_the_credentials(name: str, value: str, shown: str) -> None:
    run = sample_run()
    assert isinstance(run.target, HttpTarget)
    run.target.authentication = FixedHeaders({name: value})
    text = _text(run)
    assert f'curl -sS -X POST -H "{shown}"' in text
    assert "Bearer $TOKEN" not in text
    assert value not in text


def test_the_curl_line_of_a_form_has_its_members_and_its_headers() -> None:
    run = sample_run()
    record = exchanges_of(run.findings.values(), redactor_for(run))["CAP-2"][-1]
    sent = replace(record, body={"card[number]": "a b&c"}, form=True, headers={"Key": "k 1"})
    words = _shell_words(curl(sent, "http://h/v1"))
    assert words[words.index("--data-urlencode") + 1] == "card[number]=a b&c"
    assert "Key: k 1" in words
    assert "Content-Type: application/json" not in words


def test_a_curl_line_has_the_credentials_of_the_query_and_of_the_body() -> None:
    run = sample_run()
    record = exchanges_of(run.findings.values(), redactor_for(run))["CAP-2"][-1]
    sent = replace(record, method="POST", body={"amount": 1, "auth": {"of": "it's"}})
    places = ["?key=$TOKEN", "&auth[id]=$CLIENT_ID"]
    words = _shell_words(curl(sent, "http://h/v1", places))
    assert words[words.index("--url-query") + 1] == "key=$TOKEN"
    body = json.loads(words[words.index("-d") + 1])
    assert body == {"amount": 1, "auth": {"of": "it's", "id": "$CLIENT_ID"}}
    form = _shell_words(curl(replace(sent, body={"a": "1"}, form=True), "http://h/v1", places))
    assert "auth[id]=$CLIENT_ID" in form
    assert "-d" in _shell_words(curl(replace(sent, body=None), "http://h/v1", places))
    assert "-d" not in _shell_words(curl(replace(sent, method="GET", body=None), "h", places))


def test_a_curl_line_that_needs_a_signature_says_so() -> None:
    run = sample_run()
    record = exchanges_of(run.findings.values(), redactor_for(run))["CAP-2"][-1]
    note, *command = curl(record, "http://h/v1", ["X-Time: $TIMESTAMP", "X-Sign: $SIGNATURE"])
    assert note.startswith("# $TIMESTAMP, $SIGNATURE have to be computed for this request")
    assert "X-Sign: $SIGNATURE" in _shell_words(command)


def _shell_words(lines: list[str]) -> list[str]:
    return shlex.split("\n".join(lines).replace("\\\n", " "))


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({}, "CONFORMS: http://127.0.0.1:8000/v1 keeps all 38 rules that were checked (4,812"),
        ({"requests": 1}, f"(1 request in 1.0 s, seed 7; {RULES - 38} of {RULES} rules not ex"),
        (
            {"verdict": "undecided", "reason": "no rule was exercised"},
            "UNDECIDED: http://127.0.0.1:8000/v1 is not decided: no rule was exercised",
        ),
        ({"verdict": "error", "reason": "KeyError: 'x'"}, "ERROR: the suite itself broke: KeyErr"),
    ],
)
def test_the_verdict_is_one_sentence(members: dict[str, object], said: str) -> None:
    assert said in " ".join(line.plain for line in verdict_lines(_result(**members), 80))


# The live line ------------------------------------------------------------------------------------

STATUS = Status("contracts/test_capture.py::test_all[remaining+1]", 1234, 56789, 2, 3, 120)


@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_live_line_fits_and_keeps_its_figures(width: int) -> None:
    line = progress_line(STATUS, 75.9, 812.4, width).plain
    assert len(line) < max(width, 72)
    for part in ("3/120", "1,234 programs", "56,789 requests", "812/s", "1:15", "2 broken"):
        assert part in line


def test_the_name_of_the_test_is_whole_where_there_is_room() -> None:
    assert "test_capture::test_all[remaining+1]" in progress_line(STATUS, 1, 1, 200).plain


def test_without_a_terminal_it_is_a_plain_line_now_and_then() -> None:
    file = StringIO()
    spoken: list[int] = []

    def status() -> Status:
        spoken.append(1)
        return STATUS

    with Progress(Console(file=file, width=80), status, plain_after_s=0.001):
        while len(spoken) < 3:
            pass
    lines = file.getvalue().splitlines()
    assert len(lines) >= 2
    assert all(line.startswith("3/120  test_c") for line in lines)


def test_on_a_terminal_the_line_leaves_nothing_behind() -> None:
    file = StringIO()
    console = Console(file=file, width=80, force_terminal=True, color_system=None)
    with Progress(console, lambda: STATUS):
        pass
    assert "1,234 programs" in file.getvalue()
    assert file.getvalue().endswith(("\x1b[2K", "\x1b[?25h"))


def test_a_violation_that_a_script_shows_without_the_suite_names_it(tmp_path: Path) -> None:
    result, exchanges = _with_causes(1, key="CAP-2")
    assert "python" not in report_text(result, exchanges, tmp_path)
    (tmp_path / "scenarios").mkdir()
    script = tmp_path / "scenarios" / "cap-2.py"
    script.touch()
    assert f"python {script} {URL}" in report_text(result, exchanges, tmp_path)


@pytest.mark.parametrize(
    ("number", "text"),
    [(1, "1 more test meets the same"), (1200, "1,200 more tests meet the same")],
)
def test_how_many_tests_meet_the_same_is_a_sentence_for_any_number(number: int, text: str) -> None:
    assert others_that_meet(number) == text
