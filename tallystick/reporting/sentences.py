"""What happened, in plain words: the sentence under the title of a violation, and what was due.

It reads a result, exchanges and time lines; it judges nothing, and knows no markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from tallystick.documents.questions import questions
from tallystick.reporting.records import Record
from tallystick.reporting.result import ViolationEntry
from tallystick.reporting.templates import code_marked
from tallystick.reporting.timeline import Bar, TimeLine

Marked = list[tuple[bool, str]]
"""Parts of a text, each with whether it is code."""
MOST_BROKEN = 3
"""Of a program with more broken deliveries, the last ones are told."""
_DELIVERY = re.compile(r"^(?:\d+\| ?)?(?P<step>.*?) !(?P<how>lost|cut|timeout|twice|late)\b")
_DID = {
    "lost": "The answer to `{}` was lost.",
    "cut": "The connection broke in the middle of the answer to `{}`.",
    "timeout": "The client gave up before the answer to `{}` came.",
    "twice": "The network delivered `{}` twice.",
    "late": "A second copy of `{}` came late, after all later requests.",
}
_QUESTION = re.compile(r"(?P<question>[a-z_.]+): (?P<answers>[a-z_]+(?: or [a-z_]+)*)")


def sentence_of(entry: ViolationEntry, wrong: Record | None, race: TimeLine | None) -> Marked:
    """What the server did wrong; empty if the two sides of the comparison say it all.

    `wrong` is the exchange that shows it, `race` the time line of requests at the same moment.
    """
    if race is not None:
        return code_marked(_of_race(race))
    network = " ".join(_of_network(entry["steps"]))
    return code_marked(" ".join(filter(None, (network, _of_answer(wrong)))))


def due_in_words(expected: str) -> str:
    """What the ledger permits; an answer to an open question with what it means.

    Not all answers that the documentation permits are still open: then the server answered before.
    """
    found = _QUESTION.fullmatch(expected)
    question = questions().get(found["question"]) if found is not None else None
    if found is None or question is None:
        return expected
    answers = found["answers"].split(" or ")
    said = " or ".join(
        f"`{answer}` ({question.permitted[answer]})" if answer in question.permitted else answer
        for answer in answers
    )
    until_now = ", as until now" if set(answers) < set(question.permitted) else ""
    return f"the answer {said} to `{question.id}`{until_now}"


def _of_network(steps: Iterable[str]) -> Iterator[str]:
    """What the network did with the requests of a program."""
    found = [match for match in map(_DELIVERY.match, steps) if match is not None]
    for match in found[-MOST_BROKEN:]:
        yield _DID[match["how"]].format(match["step"].replace("`", "'"))


def _of_answer(wrong: Record | None) -> str:
    """The answer that differs from the ledger."""
    differing = [] if wrong is None else [each for each in wrong.compared if each.differs]
    if wrong is None or not wrong.step or not differing:
        return ""
    step = f"`{wrong.step.replace('`', chr(39))}`"
    if differing[0].name == "answer":
        return (
            f"{step} was {differing[0].server} by the server. The ledger says: "
            f"{differing[0].ledger}."
        )
    shown = " and ".join(f"{each.name} {each.server}" for each in differing)
    due = " and ".join(f"{each.name} {each.ledger}" for each in differing)
    return f"After {step} the server shows {shown}. The ledger has {due}."


def _of_race(race: TimeLine) -> str:
    """Which answers contradict each other."""
    stuck = next((bar for bar in race.bars if bar.stuck), None)
    if stuck is None:
        return ""
    if len(race.bars) == 2 and _all_overlap(race.bars):
        both = " and ".join(
            f"`{bar.label}` was answered with “{bar.outcome}”"
            for bar in sorted(race.bars, key=lambda bar: bar.called_ns)
        )
        return (
            f"At the same moment, {both}. The ledger permits no such pair of answers, "
            "whichever request came first."
        )
    return (
        f"`{stuck.label}` was answered with “{stuck.outcome}”. "
        "No order of these requests permits that answer."
    )


def _all_overlap(bars: Sequence[Bar]) -> bool:
    def began_before_end(bar: Bar, other: Bar) -> bool:
        return other.returned_ns is None or bar.called_ns <= other.returned_ns

    return all(began_before_end(a, b) and began_before_end(b, a) for a, b in combinations(bars, 2))
