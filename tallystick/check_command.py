"""The subcommand `tallystick check`: judges what was recorded, and sends nothing.

A history of the suite's own is judged as it stands, or while it is read (`--stream`). Of a journal
of a run, or an HTTP archive, it is first read what the requests asked for (see `recorded`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from tallystick.checker import (
    BLOCK_BUDGET,
    Budget,
    History,
    HistoryError,
    Illegality,
    Key,
    Stream,
    Verdict,
    check,
    load,
    read,
)
from tallystick.documents.rules import load_rules
from tallystick.drivers.concurrent.independence import TaggedCommand
from tallystick.ledger.coding import decode_command, decode_outcome
from tallystick.ledger.dialect import Dialect
from tallystick.ledger.oracle import step
from tallystick.ledger.state import Ledger
from tallystick.ledger.vocabulary import CardId, Command
from tallystick.profiles import registry
from tallystick.profiles.documents import dialect_of
from tallystick.profiles.profile import Profile
from tallystick.recorded import Broken, is_archive, is_journal, judge, recorded, said_of
from tallystick.reporting.result import write_whole
from tallystick.reporting.timeline import TimeLine, bars_of, timeline_page
from tallystick.reporting.visible import brief, visible
from tallystick.reporting.wording import say_command, say_outcome
from tallystick.values import duration

OK, VIOLATES = 0, 1
Pinned = Callable[[], Dialect]
"""Reads the dialect, once it is known that there is something to judge by it."""


@dataclass(slots=True)
class Checked:
    """What was judged, and what came of it."""

    verdict: Verdict
    operations: int
    cards: int
    seconds: float
    told: list[Illegality[Ledger]] = field(default_factory=list)
    """What is shown of the cards without a legal order."""
    rules: list[str] = field(default_factory=list)
    """In lines, which rules are broken on how many cards."""
    undecided: tuple[Key, ...] = ()
    left_out: list[str] = field(default_factory=list)


@click.command("check", short_help="Judge a recorded history.")
@click.argument("history", type=click.Path(path_type=Path))
@click.option("--profile", default=registry.DEFAULT, help="the API that the history is of")
@click.option("--dialect", default="", help="pinned dialect to hold it to")
@click.option("--budget", default="60s", help="time for the search, such as 90s or 10m")
@click.option("--page", default="", help="write the time line of the first violation to this file")
@click.option("--stream", is_flag=True, help="judge a history while it is read, however long it is")
def check_command(
    history: Path, profile: str, dialect: str, budget: str, page: str, stream: bool
) -> int:
    """Judge a recorded history: is there a legal order of its operations?

    It takes the journal of a run and HTTP archives (HAR) too. What cannot be judged is counted.
    """
    api = registry.load(profile)
    known = partial(dialect_of, api, Path(dialect) if dialect else None)
    seconds = duration(budget)
    if stream:
        found = _streamed(history, known(), seconds)
    elif is_journal(history) or is_archive(history):
        found = _of_record(history, api, known, seconds)
    else:
        found = _of_history(history, known, seconds)
    for line in _said(found, budget):
        click.echo(line)
    if page and found.told:
        write_whole(Path(page), timeline_page(_time_line(found.told[0])))
        click.echo(f"time line: {page}")
    if not found.operations:
        click.echo("UNDECIDED: nothing in it can be judged")
        return VIOLATES
    click.echo(
        f"{found.verdict.value.upper()}: {found.operations:,} operations on "
        f"{found.cards:,} cards in {found.seconds:.2f} s"
    )
    return OK if found.verdict is Verdict.CONFORMS else VIOLATES


# What is judged -----------------------------------------------------------------------------------


def _of_record(file: Path, api: Profile, pinned: Pinned, seconds: float) -> Checked:
    """The verdict on the journal of a run, or an archive."""
    found, known = recorded(file, api), pinned()
    began = time.monotonic()
    judged = judge(
        found.history,
        lambda key, card: found.start(str(key), card, known, api.traits),
        seconds=seconds,
    )
    shown, rules = _by_rule(judged.broken)
    return Checked(
        *(judged.verdict, judged.operations, judged.cards, time.monotonic() - began),
        *(shown, rules, tuple(judged.undecided), list(said_of(found))),
    )


def _by_rule(broken: Iterable[Broken]) -> tuple[list[Illegality[Ledger]], list[str]]:
    """Of each broken rule the card that shows it in the fewest operations, and how many do."""
    by_rule: dict[str, list[Broken]] = {}
    for each in broken:
        by_rule.setdefault(each.rule, []).append(each)
    texts = load_rules()
    shown, lines = [], []
    for rule, cards in sorted(by_rule.items(), key=lambda item: -len(item[1])):
        shortest = min(cards, key=lambda each: len(each.illegality.prefix))
        shown.append(shortest.illegality)
        text = f" {texts[rule].text}" if rule in texts else ""
        lines.append(brief(f"broken on {len(cards):,} cards: {rule}{text}"))
        if shortest.violation is not None:
            expected, actual = shortest.violation.expected, shortest.violation.actual
            lines.append(brief(f"  expected {expected}; received {actual}"))
    return shown, lines


def _of_history(file: Path, pinned: Pinned, seconds: float) -> Checked:
    """The verdict on a history of the suite's own."""
    try:
        with file.open(encoding="utf-8") as lines:
            history: History[Any, Any] = load(lines, decode_command, decode_outcome)
    except (HistoryError, UnicodeDecodeError) as error:
        raise HistoryError(f"{file}: {error}") from None
    known = pinned()
    first = {key: part[0].command.card for key, part in history.partitions().items()}
    found = check(
        history, step, lambda key: Ledger(known, first[key]), budget=Budget(seconds=seconds)
    )
    told, count = list(found.illegalities), len(history)
    counted = (found.verdict, count, len(first), found.seconds)
    return Checked(*counted, told, undecided=found.undecided)


def _streamed(file: Path, known: Dialect, seconds: float) -> Checked:
    """The verdict on a history that is judged while it is read."""
    cards: dict[Key, CardId] = {}
    block = replace(BLOCK_BUDGET, seconds=seconds)
    stream = Stream(step, lambda key: Ledger(known, cards[key]), budget=block)
    count = 0
    try:
        with file.open(encoding="utf-8") as lines:
            for operation in read(lines, decode_command, decode_outcome):
                cards.setdefault(operation.key, operation.command.card)
                stream.add(operation)
                count += 1
    except (HistoryError, UnicodeDecodeError) as error:
        raise HistoryError(f"{file}: {error}") from None
    found = stream.end()
    counted = (found.verdict, count, len(cards), found.seconds)
    return Checked(*counted, list(found.illegalities), undecided=found.undecided)


# In words -----------------------------------------------------------------------------------------


def _said(found: Checked, budget: str) -> Iterator[str]:
    for illegality in found.told:
        yield from _told(illegality)
    yield from found.rules
    for key in found.undecided:
        yield f"{visible(str(key))}: undecided; the budget of {budget} was spent (--budget)"
    yield from found.left_out


def _command_of(operation: Any) -> Command:
    asked = operation.command
    return asked.command if isinstance(asked, TaggedCommand) else asked


def _told(illegality: Illegality[Ledger]) -> Iterator[str]:
    def line(operation: Any) -> str:
        said = f"{say_command(_command_of(operation))}: {say_outcome(operation.outcome)}"
        return brief(f"client {operation.client}  {said}")

    smallest = "a smallest part" if illegality.minimal else "a part"
    after = f"no legal order after {len(illegality.prefix)} operations"
    yield f"{visible(str(illegality.key))}: {after}"
    yield f"  no place for   {line(illegality.stuck)}"
    for operation in illegality.waiting:
        yield f"  beside it      {line(operation)}"
    yield f"  {smallest} that has no legal order by itself:"
    for number, operation in enumerate(illegality.core, start=1):
        yield f"    {number}  {line(operation)}"


def _time_line(illegality: Illegality[Ledger]) -> TimeLine:
    bars = bars_of(
        illegality, lambda op: say_command(_command_of(op)), lambda op: say_outcome(op.outcome)
    )
    explanation = f"On card {illegality.key} there is no order in which every answer is legal."
    return TimeLine(load_rules()["CONC-1"].text, "CONC-1", explanation, bars)
