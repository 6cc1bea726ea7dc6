"""The summary of the record in README.md, between two marker comments. Measures nothing."""

from __future__ import annotations

import re
from pathlib import Path
from statistics import median
from typing import Any

from tests.proof import profiles, record
from tests.proof.table import markdown

README = Path(__file__).parents[2] / "README.md"
MARKED = re.compile(r"(<!-- proof -->\n).*?(<!-- /proof -->)", re.DOTALL)

Rows = list[dict[str, Any]]


def write(path: Path = README) -> None:
    """Put the summary where the markers are."""
    text = path.read_text(encoding="utf-8")
    path.write_text(with_summary(text, measured()), encoding="utf-8")


def measured() -> str:
    """The summary of all that is on record."""
    return f"{summary(record.read())}\n\n{of_profiles(record.read(profiles.RECORD))}"


def with_summary(text: str, summary: str) -> str:
    """The page with another summary."""
    if not MARKED.search(text):
        raise ValueError("the page has no <!-- proof --> and <!-- /proof -->")
    return MARKED.sub(lambda found: f"{found[1]}{summary}\n{found[2]}", text)


def summary(kept: record.Record) -> str:
    """Tables and sentences for what was measured."""
    parts = [
        summarise(kept)
        for section, summarise in (
            ("faults", _faults),
            ("variants", _variants),
            ("networks", _networks),
            ("interrupts", _interrupts),
            ("mutants", _mutants),
        )
        if section in kept
    ]
    return "\n\n".join(parts) or "Nothing was measured yet: `tox -e proof`."


def _faults(kept: record.Record) -> str:
    rows: Rows = kept["faults"]["rows"]
    peer = {row["name"]: row for row in kept.get("peers", {}).get("rows", [])}
    categories = list(dict.fromkeys(row["category"] for row in rows))
    lines = [
        _line(name, [row for row in rows if row["category"] == name], peer) for name in categories
    ]
    lines.append(_line("**all**", rows, peer))
    headings = (
        "faults",
        "how many",
        "caught by `gate`",
        "requests to detection, median",
        "worst",
        "steps above the shortest, median (of how many)",
        "Schemathesis alone",
    )
    text = markdown(headings, lines)
    if peer:
        asked, budget_s = len(peer), kept["peers"]["budget_s"]
        text += (
            f"\n\nThe last column is the command line of Schemathesis on {asked} of the faults, "
            f"{budget_s} seconds each, less what it reports of the honest sandbox too; where it "
            f"finds something, after {_median_of(peer)} requests in the median. It shows requests, "
            "not programs, so there are no steps to compare."
        )
    return text + _reported_only(rows)


def _reported_only(rows: Rows) -> str:
    """How many faults a gate only reports: a SHOULD does not fail it."""
    reported = [row["name"] for row in rows if row["is_caught"] and row["status"] == 0]
    if not reported:
        return ""
    return (
        f"\n\n{len(reported)} of those that are caught break a rule of level SHOULD only, which is "
        f"reported and does not fail a gate: {', '.join(f'`{name}`' for name in reported)}."
    )


def _median_of(peer: dict[str, Any]) -> int:
    counts = [row["requests"] for row in peer.values() if row["is_caught"]]
    return round(median(counts)) if counts else 0


def _line(name: str, rows: Rows, peer: dict[str, Any]) -> tuple[object, ...]:
    caught = [row for row in rows if row["is_caught"]]
    requests = [row["requests"] for row in caught]
    # A violation in words is not shortened, and not every fault's program was counted by hand.
    counted = [row for row in caught if row["replays"] is not None and row["shortest"] is not None]
    extra = [row["steps"] - row["shortest"] for row in counted]
    asked = [peer[row["name"]] for row in rows if row["name"] in peer]
    found = sum(row["is_caught"] for row in asked)
    return (
        name,
        len(rows),
        f"{len(caught)} of {len(rows)}",
        round(median(requests)) if requests else None,
        max(requests, default=None),
        f"{median(extra):g}, at most {max(extra)} ({len(extra)})" if extra else None,
        f"{found} of {len(asked)}" if asked else "-",
    )


def _variants(kept: record.Record) -> str:
    rows: Rows = kept["variants"]["rows"]
    names = {row["name"] for row in rows}
    seeds = {row["seed"] for row in rows}
    alarms = _accused(rows)
    return (
        f"Honest servers: {len(names)} (the sandbox, its variants, and a server of another "
        f"design), {len(seeds)} {'seed' if len(seeds) == 1 else 'seeds'} each, {len(rows)} runs: "
        f"{alarms or 'no'} false {_alarms(alarms)}." + _mixes(kept)
    )


def _mixes(kept: record.Record) -> str:
    rows: Rows = kept.get("mixes", {}).get("rows", [])
    if not rows:
        return ""
    alarms = _accused(rows)
    return (
        f" Random mixes of 3 to 6 variants: {len({row['name'] for row in rows})}, {len(rows)} "
        f"runs: {alarms or 'no'} false {_alarms(alarms)}."
    )


def _networks(kept: record.Record) -> str:
    rows: Rows = kept["networks"]["rows"]
    harmed = sum(row["harmed"] for row in rows)
    accused = sum(bool(row["alarms"]) for row in rows)
    conforming = sum(row["verdict"] == "conforms" for row in rows)
    return (
        f"Bad network: {rows[0]['rate']:.0%} of all answers lost, cut or late, {len(rows)} whole "
        f"gates with {harmed:,} harmed exchanges: {accused or 'no'} false {_alarms(accused)}, "
        f"{conforming} *conforms*, {len(rows) - conforming} *undecided*."
    )


def _interrupts(kept: record.Record) -> str:
    rows: Rows = kept["interrupts"]["rows"]
    good = sum(not row["complaints"] for row in rows)
    left = sum(row["open_after_run"] for row in rows)
    return (
        f"Runs ended early by a signal at a random moment: {good} of {len(rows)} said so and never "
        f"*conforms*; {left} cards still locked money after the runs that were killed, none after "
        "`tallystick sweep`."
    )


SHORT = 5
"""Lines of a program that are read at a glance."""


def of_profiles(kept: record.Record) -> str:
    """The table of the servers that speak other APIs."""
    names = [name for name in profiles.SERVERS if f"{name} faults" in kept]
    lines = [
        (
            name,
            len(profiles.SERVERS[name].faults),
            *_found(kept[f"{name} faults"]["rows"]),
            *_quiet(kept, f"{name} variants"),
        )
        for name in names
    ]
    headings = (
        "server and profile",
        "faults",
        "caught, of those measured",
        f"by a program of at most {SHORT} lines",
        "longest program",
        "requests to detection, median",
        "runs on honest servers",
        "false alarms",
    )
    return (
        "Other APIs: two servers of our own, [`tests/stripelike/`](tests/stripelike) by both "
        "profiles of Stripe and [`tests/prepaid/`](tests/prepaid), and the faults that a client "
        f"of the profile can meet.\n\n{markdown(headings, lines)}"
    )


def _found(rows: Rows) -> tuple[object, ...]:
    caught = [row for row in rows if row["is_caught"]]
    lines = [row["steps"] for row in caught if row["replays"] is not None]
    return (
        f"{len(caught)} of {len(rows)}",
        sum(count <= SHORT for count in lines),
        max(lines, default=None),
        round(median(row["requests"] for row in caught)) if caught else None,
    )


def _quiet(kept: record.Record, section: str) -> tuple[object, ...]:
    rows: Rows = kept.get(section, {}).get("rows", [])
    return len(rows), _accused(rows)


def _accused(rows: Rows) -> int:
    """How many runs on honest servers reported anything; a SHOULD leaves the status at 0."""
    return sum(row["status"] != 0 or bool(row["alarms"]) for row in rows)


def _alarms(number: int) -> str:
    return "alarm" if number == 1 else "alarms"


def _mutants(kept: record.Record) -> str:
    section = kept["mutants"]
    rows: Rows = section["rows"]
    killed = sum(row["is_killed"] for row in rows)
    text = (
        f"Mutants of the second server's money code: {killed} of {len(rows)} are killed "
        f"({100 * killed / len(rows):.1f} %); {section['argued']} more are no faults, each argued "
        "in [`tests/rival/equivalents.py`](tests/rival/equivalents.py)."
    )
    survivors = [f"`{row['name']}`" for row in rows if not row["is_killed"]]
    return text + (f" Survivors: {', '.join(survivors)}." if survivors else "")
