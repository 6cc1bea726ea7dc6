"""`tallystick known add`: writes the violations of a result down as known issues."""

from __future__ import annotations

import datetime
from pathlib import Path

import click

from tallystick.documents.rules import load_rules
from tallystick.known import entry_text, read_known
from tallystick.reporting.result import read_result

FILE = "known.yaml"


@click.group("known", short_help="Keep the list of known issues.")
def known_command() -> None:
    """Known issues are listed by a run and do not fail it, until their date (--known FILE)."""


@known_command.command("add", short_help="Write the violations of a result down.")
@click.argument("result", type=click.Path(path_type=Path))
@click.option("--reason", required=True, help="why it is accepted, such as the number of a ticket")
@click.option(
    "--until",
    required=True,
    type=click.DateTime(["%Y-%m-%d"]),
    help="the last day on which it is accepted, such as 2027-01-31",
)
@click.option("--rule", default="", help="only the violations of this rule")
@click.option(
    "--known",
    default=FILE,
    envvar="TALLYSTICK_KNOWN",
    type=click.Path(path_type=Path),
    help=f"the file that it is added to (default {FILE}) [env: TALLYSTICK_KNOWN]",
)
def add_command(
    result: Path, reason: str, until: datetime.datetime, rule: str, known: Path
) -> None:
    """Add the violations in RESULT (a result.json, or its folder) to the file, each once."""
    found = read_result(result / "result.json" if result.is_dir() else result)
    rules = list(load_rules())
    there = {issue.id for issue in read_known(known, rules).issues} if known.exists() else set()
    for entry in found["violations"]:
        if entry["fingerprint"] in there or rule not in ("", entry["rule"]):
            continue
        there.add(entry["fingerprint"])
        steps = entry["steps"] if entry["scenario"] else []
        named = entry["rule"] if entry["rule"] != "DIA-2" else f"DIA-2 {entry['question']}"
        text = entry_text(named, entry["fingerprint"], entry["kind"], steps, reason, until.date())
        with known.open("a", encoding="utf-8") as file:
            file.write(text)
        click.echo(f"{known}: {entry['fingerprint']}: {entry['title']}")
