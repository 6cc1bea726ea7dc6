"""One name for one cause: the fingerprint of a violation, and whether a cause explains another one.

A server with one fault breaks one rule in many programs. What they share is the shortest program:
the kinds of its steps, what they act on, and how the answer differs. Amounts, currencies, ids and
the names of labels are left out, because a shorter or longer way to the same fault changes them. It
judges nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tallystick.ledger.vocabulary import Violation
from tallystick.program import MAKERS, Program, ProgramError, Step, Verb

_TOKEN = re.compile(r"'[^']*'|\"[^\"]*\"|[^\s/'\"]+")
"""A quotation or a word. A search for words with digits alone would take quadratic time."""
LONGEST = 2000
"""Characters of a text that are looked at: an answer may hold an id of megabytes."""
MOST_STEPS = 400
"""Steps of a program in which a cause is looked for; a soak has thousands."""

FIGURES = frozenset({"amount", "currency", "id", "type", "metadata"})
"""Members of one word whose value may be wrong; the others have a `_` in their names."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What a violation is known by."""

    rule: str
    kind: str
    """How the answer differs, in a word: `accepted`, `amount_available`, ..."""
    program: Program
    """The shortest program that shows it; empty if none does."""
    words: str = ""
    """The last request, where no program spells it."""
    operation: str = ""
    """What the last request that may change something asked for."""

    @property
    def fingerprint(self) -> str:
        """A short name, the same for each way in which the same cause was found."""
        form = "\n".join([self.rule, self.kind, *normal_form(self.program), self.words])
        digest = hashlib.sha256(form.encode(errors="backslashreplace")).hexdigest()
        return f"{self.rule.split()[0].lower()}-{digest[:8]}"

    def explains(self, other: Cause) -> bool:
        """Whether the other violation is one more way to this cause.

        Its program has to hold the steps of this one, in order and about the same things, and to
        end with the last of them. Where words show it, its last request has to be of the same kind.
        """
        if (self.rule, self.kind) != (other.rule, other.kind):
            return False
        if not other.program.steps:
            if not self.program.steps:
                return self.words == other.words
            return self.operation == other.operation != ""
        if not self.program.steps:
            return False
        if self.program.branches or other.program.branches:
            return _races_alike(self.program, other.program)
        return embeds(self.program.prefix, other.program.prefix)


def cause_of(violation: Violation, program: Program, notes: Sequence[str], operation: str) -> Cause:
    """The cause of a violation, by its shortest program so far; `notes` where words show it.

    `operation` is what the last request that may change something asked for.
    """
    rule, question, actual = violation.rule, violation.question, violation.actual
    named = rule if rule != "DIA-2" else f"{rule} {question}"
    words = "" if not notes else _normal(notes[-1])
    shown = Program() if notes else _repeats_named(program)
    return Cause(named, kind_of(actual), shown, words, operation)


def _repeats_named(program: Program) -> Program:
    """The program with `again h` in place of a second step that is the first one, its ref too."""
    made: dict[str, Step] = {}
    steps: list[Step] = []
    for step in program.prefix:
        alone = replace(step, delivery=None)
        if step.name and made.get(step.name) == alone:
            steps.append(Step(Verb.AGAIN, on=step.name, delivery=step.delivery))
        else:
            made.setdefault(step.name, alone)
            steps.append(step)
    return replace(program, prefix=tuple(steps))


def kind_of(actual: str) -> str:
    """How an answer differs, in a word."""
    return _normal(actual).split(" ", 1)[0].rstrip(":,;")


def is_figure(kind: str) -> bool:
    """Whether the kind of a violation names a member of an answer, not *accepted* and the like."""
    member = kind.rpartition("/")[2]
    return member in FIGURES or "_" in member


def _normal(text: str) -> str:
    """The text without quotations, numbers and ids."""
    return " ".join(_TOKEN.sub(_without_what_varies, text[:LONGEST]).split())


def _without_what_varies(match: re.Match[str]) -> str:
    token = match[0]
    varies = token[0] in "'\"" or any(sign.isdigit() for sign in token)
    return "*" if varies else token


def normal_form(program: Program) -> list[str]:
    """The steps without amounts, currencies and chosen labels."""
    labels: dict[str, str] = {}
    lines = [_line(step, labels) for step in program.prefix]
    for branch in program.branches:
        lines += sorted(f"| {_line(step, dict(labels))}" for step in branch)
    return lines


def _line(step: Step, labels: dict[str, str]) -> str:
    on = labels.get(step.on, step.on and "missing")
    if step.name:
        labels.setdefault(step.name, f"{step.verb}{len(labels)}")
    words = [str(step.verb), on, "ref" if step.ref else ""]
    words += [f"!{step.delivery}" if step.delivery else "", *(name for name, _ in step.extras)]
    return " ".join(word for word in words if word)


def steps_of(lines: Sequence[str]) -> Program:
    """The program that the lines of a known issue spell; ProgramError if they do not."""
    return Program.from_lines(lines)


# Explaining ---------------------------------------------------------------------------------------


def embeds(pattern: Sequence[Step], steps: Sequence[Step]) -> bool:
    """Whether the steps hold the pattern in order, label for label, and end with its last step."""
    if len(steps) > MOST_STEPS or len(pattern) > len(steps):
        return False
    labels: dict[str, str] = {}
    if not _fits(pattern[-1], steps[-1], labels, is_last=True):
        return False
    return _embeds(tuple(pattern[:-1]), tuple(steps[:-1]), labels)


def _embeds(pattern: tuple[Step, ...], steps: tuple[Step, ...], labels: dict[str, str]) -> bool:
    """The same from the end to the start: what the last steps act on decides which ones fit."""
    if not pattern:
        return True
    for place in range(len(steps) - 1, len(pattern) - 2, -1):
        chosen = dict(labels)
        if _fits(pattern[-1], steps[place], chosen) and _embeds(
            pattern[:-1], steps[:place], chosen
        ):
            return True
    return False


def _fits(wanted: Step, step: Step, labels: dict[str, str], *, is_last: bool = False) -> bool:
    """Whether a step does what the wanted one does, to the same things; binds their labels."""
    if wanted.verb is not step.verb or bool(wanted.ref) != bool(step.ref):
        return False
    if wanted.delivery is not step.delivery and (is_last or wanted.delivery is not None):
        return False
    if is_last and (wanted.amount is None) != (step.amount is None):
        return False
    if wanted.name in labels and labels[wanted.name] != step.name:
        return False
    pairs = ((wanted.name, step.name), (wanted.on, step.on), (wanted.ref, step.ref))
    return all(labels.setdefault(ours, theirs) == theirs for ours, theirs in pairs if ours)


LONGEST_HELD = 60
"""Steps of a program in which the steps of another one are looked for."""


def are_one(program: Program, other: Program) -> bool:
    """Whether two programs differ in no more than the names of their labels."""
    return len(program.steps) == len(other.steps) and _relabelled(program) == _relabelled(other)


def _relabelled(program: Program) -> list[str]:
    """The lines of a program, with its labels named by their order."""
    labels = {"": ""}

    def renamed(step: Step) -> Step:
        on, ref, name = (
            labels.setdefault(label, f"x{len(labels)}") for label in (step.on, step.ref, step.name)
        )
        return replace(step, on=on, ref=ref, name=name)

    prefix = tuple(map(renamed, program.prefix))
    branches = tuple(tuple(map(renamed, branch)) for branch in program.branches)
    return replace(program, prefix=prefix, branches=branches).lines()


def holds(pattern: Program, program: Program) -> bool:
    """Whether the steps of a program hold those of another one, in order, about the same things.

    In which way a card was made, and whether a token stands for it, makes no difference.
    """
    steps = program.steps
    return len(steps) <= LONGEST_HELD and _held(_by_card(pattern.steps), _by_card(steps), {})


def shows_alike(cause: Cause, pattern: Program, program: Program) -> bool:
    """Whether a program that breaks the rule of a cause in its way is one more way to it.

    It holds the steps of the pattern, and ends with the last of them if a decision was wrong. Of
    SHAPE, one member of the answers has a wrong form, whatever was asked.
    """
    if is_figure(cause.kind):
        return cause.rule.startswith("SHAPE-") or holds(pattern, program)
    if not (pattern.prefix and program.prefix) or pattern.branches or program.branches:
        return False
    return _fits(pattern.prefix[-1], program.prefix[-1], {}, is_last=True) and holds(
        pattern, program
    )


def _by_card(steps: Sequence[Step]) -> list[Step]:
    """The steps with the card in place of each of its tokens."""
    cards = {step.name: step.on for step in steps if step.verb is Verb.TOKEN}
    return [replace(step, on=cards.get(step.on, step.on)) for step in steps]


def _held(pattern: Sequence[Step], steps: Sequence[Step], labels: dict[str, str]) -> bool:
    if not pattern:
        return True
    wanted = pattern[0]
    for place, step in enumerate(steps[: len(steps) - len(pattern) + 1]):
        bound = dict(labels)
        if (
            (wanted.verb is step.verb or {wanted.verb, step.verb} <= MAKERS)
            and _bind(bound, wanted.on, step.on)
            and _bind(bound, wanted.name, step.name)
            and _held(pattern[1:], steps[place + 1 :], bound)
        ):
            return True
    return False


def _bind(labels: dict[str, str], ours: str, theirs: str) -> bool:
    return not ours or labels.setdefault(ours, theirs) == theirs


def _races_alike(known: Program, other: Program) -> bool:
    """Whether the other race has the concurrent steps of the known one, of the same kinds."""
    if not (known.branches and other.branches):
        return False
    return not _kinds(known) - _kinds(other)


def _kinds(program: Program) -> Counter[Verb]:
    return Counter(step.verb for branch in program.branches for step in branch)


__all__ = ["Cause", "ProgramError", "cause_of", "embeds", "kind_of", "normal_form", "steps_of"]
