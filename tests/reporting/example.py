"""Writes reports/example/ from a real run: `python -m tests.reporting.example`.

The run judges a sandbox with two faults. Everything that differs between two such runs (the port,
ids, times) is replaced by an equivalent that does not, and the journal keeps only the exchanges
that a violation quotes, because the whole of it is large. The reports that are made from
result.json and the journal are then made again. Knows the names of the files; nothing of wallets.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from tallystick.reporting.compressed import read_text
from tallystick.reporting.journal import read_journal
from tallystick.reporting.reports import write_pages
from tallystick.reporting.response_times import LatencyEntry, ResponseTimes
from tallystick.reporting.result import read_result, write_whole
from tallystick.reporting.terminal import report_text
from tests.proof import forking
from tests.proof.servers import forked_sandbox

EXAMPLE = forking.ROOT / "reports" / "example"
COMMAND = "python -m tests.reporting.example"
FAULTS = ("void_releases_nothing", "race_ref_capture")
CONTRACTS = (
    "contracts/test_void.py",
    "contracts/test_concurrency.py::test_one_ref_id_at_the_same_moment_has_one_effect",
)
URL = "http://127.0.0.1:8000/v1"
SECONDS = 4.0
DATE = "2026-11-20T17:00:00Z"
LIMIT_S = 120.0
MS = 1_000_000

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_MASKED = re.compile(r"\[token [0-9a-f]{8}\]")
_STAMP = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_CREATED = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_CLOCK_NS = re.compile(r"(?<=_ns\":)\d+")
_PREFIX = re.compile(r"\bts[0-9a-f]{8}\b")


def main() -> None:
    """Replace the committed example by the reports of a new run."""
    with tempfile.TemporaryDirectory(prefix="example-") as name:
        directory = Path(name) / "reports"
        _run_contracts(directory)
        written = {
            str(path.relative_to(directory)).removesuffix(".gz"): read_text(path)
            for path in sorted(directory.rglob("*"))
            if path.is_file() and path.suffix != ".har"
        }
    shutil.rmtree(EXAMPLE, ignore_errors=True)
    for name, text in normalised(written).items():
        (EXAMPLE / name).parent.mkdir(parents=True, exist_ok=True)
        write_whole(EXAMPLE / name, text)
    render(EXAMPLE)


def render(directory: Path) -> None:
    """Make the reports that need no more than result.json and the journal."""
    result = read_result(directory / "result.json")
    journal = read_journal(directory / "journal.jsonl")
    exchanges = journal.exchanges()
    write_pages(directory, result, exchanges, journal.races())
    text = report_text(result, exchanges, Path("reports/example"))
    write_whole(directory / "terminal.txt", "".join(f"{x.rstrip()}\n" for x in text.split("\n")))


def _run_contracts(directory: Path) -> None:
    output = directory.parent / "output.txt"
    options = [*CONTRACTS, "-q", "--seed=0", "--build=1.4.2-rc3", f"--report-dir={directory}"]
    with forked_sandbox(faults=FAULTS) as environment:
        status = forking.run_in("pytest", environment, options, output, LIMIT_S)
    if status != 1:
        raise SystemExit(f"the run ended with status {status}, not 1:\n{output.read_text()}")


def normalised(files: Mapping[str, str]) -> dict[str, str]:
    """The files of a report directory, without what another run of the same kind would change."""
    found = dict(files)
    found["journal.jsonl"] = quoted(found["journal.jsonl"])
    result = json.loads(found["result.json"])
    port = re.compile(re.escape(result["target"]))
    result |= {"seconds": SECONDS, "date": DATE}
    result["latency"] = steady(result["latency"])
    found["result.json"] = json.dumps(result, indent=2, ensure_ascii=False) + "\n"
    for pattern, replacement in (
        (port, lambda _: URL),
        (_PREFIX, lambda _: "ts00000001"),
        (_CREATED, lambda _: "2026-11-20T17:00:00Z"),
        (_UUID, lambda number: f"00000000-0000-4000-8000-{number:012d}"),
        (_MASKED, lambda number: f"[token {number:08d}]"),
    ):
        _replace(found, pattern, replacement, list(dict.fromkeys(_all(found, pattern))))
    # Moments keep their order: each becomes its place among the others.
    for pattern, replacement in (
        (_STAMP, lambda number: f"2026-11-20T17:00:{number // 1000:02d}.{number % 1000:03d}Z"),
        (_CLOCK_NS, lambda number: str(number * 1_000_000)),
    ):
        moments = set(_all(found, pattern))
        _replace(found, pattern, replacement, sorted(moments, key=lambda x: (len(x), x)))
    return found


def steady(latency: Mapping[str, LatencyEntry]) -> dict[str, LatencyEntry]:
    """As many answers of each operation, in times that are the same for every run."""
    times = ResponseTimes()
    for operation, entry in latency.items():
        for number in range(entry["answers"]):
            times.note(operation, MS + MS // 10 * (number * number % 17))
    return times.entries()


def quoted(journal: str) -> str:
    """A journal with only the exchanges that a finding names, each finding as it was noted last."""
    header, *lines = journal.splitlines()
    findings: dict[str, str] = {}
    records: dict[int, str] = {}
    for line in lines:
        members = json.loads(line)
        if "finding" in members:
            findings[members["finding"]] = line
        elif "number" in members:
            records[members["number"]] = line
    named = {each[0] for line in findings.values() for each in json.loads(line)["exchanges"]}
    kept = [records[number] for number in sorted(named)]
    footer = json.dumps({"exchanges": len(kept)}, separators=(",", ":"))
    return "\n".join([header, *kept, *findings.values(), footer]) + "\n"


def _all(files: Mapping[str, str], pattern: re.Pattern[str]) -> list[str]:
    # The journal first: it shows ids in the order in which the server made them.
    names = sorted(files, key=lambda name: name != "journal.jsonl")
    return [text for name in names for text in pattern.findall(files[name])]


def _replace(
    files: dict[str, str],
    pattern: re.Pattern[str],
    replacement: Callable[[int], str],
    values: list[str],
) -> None:
    """Replace what matches by the replacement for its number, which is its place in `values`."""
    numbers = {value: number for number, value in enumerate(values, start=1)}
    for name, text in files.items():
        files[name] = pattern.sub(lambda match: replacement(numbers[match.group()]), text)


if __name__ == "__main__":
    main()
