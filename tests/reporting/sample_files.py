"""Writes reports/example/ from the sample run: `python -m tests.reporting.sample_files`."""

from __future__ import annotations

from pathlib import Path

from tallystick.documents.rules import load_rules
from tallystick.reporting.journal import Header, Journal, exchanges_of
from tallystick.reporting.page import report_page
from tallystick.reporting.redaction import Redactor
from tallystick.reporting.result import summarise, write_result, write_whole
from tallystick.reporting.scenario import write_scenario
from tallystick.reporting.summary import summary_text
from tallystick.reporting.terminal import report_text
from tallystick.reporting.timeline import Bar, TimeLine, timeline_page
from tests.reporting.sample import ACCOUNT, NOT_CLAIMED, SAMPLE_COUNTS, URL, sample_run

EXAMPLE = Path(__file__).resolve().parents[2] / "reports" / "example"
CREATED = "2026-11-20T17:00:00Z"
CHAPTERS = ("CAP", "VOID", "TIME", "CONC")
"""A few chapters are enough to show what a report looks like, and keep it small."""


def write_example(directory: Path) -> None:
    """All files of a report, always the same."""
    rules = {id: rule for id, rule in load_rules().items() if rule.chapter in CHAPTERS}
    run = sample_run(checked={id: n for id, n in SAMPLE_COUNTS.items() if id in rules})
    claims = {name: why for name, why in NOT_CLAIMED.items() if not name.startswith("AUTH")}
    result = summarise(run, seconds=61.23, not_claimed=claims, rules=rules)
    exchanges = exchanges_of(run.findings.values(), Redactor(salt=b"example"))
    write_result(directory / "result.json", result)
    write_whole(directory / "summary.md", summary_text(result))
    write_whole(directory / "report.html", report_page(result, exchanges, rules))
    write_whole(directory / "conc-1.html", timeline_page(race()))
    text = report_text(result, exchanges, Path("reports/example"))
    write_whole(directory / "terminal.txt", "".join(f"{x.rstrip()}\n" for x in text.split("\n")))
    for finding in run.findings.values():
        write_scenario(directory / finding.scenario, finding, run, created=CREATED)
    header = Header(URL, ACCOUNT, "gate", run.seed, "example")
    redactor = Redactor(salt=b"example")
    with Journal(directory / "journal.jsonl", header, redactor=redactor) as journal:
        for event in run.findings["CAP-2"].events:
            journal(event.exchange)
        journal.record(run.findings["CAP-2"])


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


if __name__ == "__main__":
    write_example(EXAMPLE)
