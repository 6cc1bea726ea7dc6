"""Scenario files: a program that showed a violation, kept as YAML that a person can read and edit.

They are stable across releases: they hold symbolic steps, never requests. Writing and reading only;
replaying is the work of the drivers.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from tallystick.documents.rules import load_rules
from tallystick.program import MISSING_LABELS, Program, ProgramError
from tallystick.reporting.result import redactor_for, write_whole
from tallystick.reporting.visible import brief, visible
from tallystick.run import Finding, Run

REQUIRED = ("rule", "steps")
MEMBERS = (*REQUIRED, "expected", "actual", "dialect", "profile", "target", "seed", "created")


class ScenarioError(ValueError):
    """A scenario file that cannot be used: one line that says where, and what to do."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A program, the rule it showed broken, and what was known when it did."""

    program: Program
    rule: str
    expected: str = ""
    actual: str = ""
    dialect: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The answers that the target had given to open questions by then."""
    target: str = ""
    seed: int = 0
    created: str = ""
    profile: str = ""
    """The value of `--profile` for its API; empty: the default."""


def file_name(key: str, ending: str = "yaml") -> str:
    """The name of the scenario file of a finding, by its key; or of the files beside it."""
    return f"{key.lower().replace(' ', '-')}.{ending}"


def write_scenario(path: Path, finding: Finding, run: Run, *, created: str = "") -> None:
    """Keep the shortest program of a finding. `created` is a date-time; default now."""
    violation = finding.violation
    redactor = redactor_for(run, finding)
    scenario = Scenario(
        finding.shortest,
        violation.rule,
        brief(redactor.text(violation.expected)),
        brief(redactor.text(violation.actual)),
        {question: tuple(sorted(left)) for question, left in run.dialect.learned().items()},
        visible(redactor.text(run.target.address.url)),
        run.seed,
        created or datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        run.profile_option,
    )
    write_whole(path, scenario_text(scenario, path.name))


def scenario_text(scenario: Scenario, name: str) -> str:
    """The text of a scenario file."""
    head = (
        f"# A program that showed {scenario.rule} broken. Run it on any server:\n"
        f"#   tallystick replay {name} --target URL\n"
        "# A line of a branch begins with its number (1| 2|); branches run at the same moment.\n"
    )
    members: dict[str, Any] = {
        "rule": scenario.rule,
        "expected": scenario.expected,
        "actual": scenario.actual,
        "steps": scenario.program.lines(),
        **({"profile": scenario.profile} if scenario.profile else {}),
        "target": scenario.target,
        "seed": scenario.seed,
        "created": scenario.created,
        "dialect": {
            question: answers[0] if len(answers) == 1 else list(answers)
            for question, answers in sorted(scenario.dialect.items())
        },
    }
    return head + yaml.safe_dump(members, sort_keys=False, allow_unicode=True, width=100_000)


def read_scenario(path: Path) -> Scenario:
    """The scenario in a file; ScenarioError says which line is wrong, and what to do."""
    try:
        return scenario_of(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise ScenarioError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{path}{_said(error)}") from None


def scenario_of(whole: str, place: str) -> Scenario:
    """The scenario in a text; ScenarioError names the place, and the line that is wrong."""
    reader = _Reader(whole, place)
    nodes = reader.members()

    def text(name: str) -> str:
        return reader.text(nodes[name]) if name in nodes else ""

    return Scenario(
        reader.program(nodes["steps"]),
        reader.rule(nodes["rule"]),
        text("expected"),
        text("actual"),
        reader.dialect(nodes["dialect"]) if "dialect" in nodes else {},
        text("target"),
        reader.integer(nodes["seed"]) if "seed" in nodes else 0,
        text("created"),
        text("profile"),
    )


class _Reader:
    """Reads the nodes of a YAML file rather than its values: nodes know their lines."""

    def __init__(self, text: str, place: str) -> None:
        self._place = place
        try:
            self._root = yaml.compose(text, yaml.SafeLoader)
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise ScenarioError(f"{place}{_said(error)}") from None

    def fail(self, node: yaml.Node | None, text: str) -> ScenarioError:
        line = "" if node is None else f", line {node.start_mark.line + 1}"
        return ScenarioError(f"{self._place}{line}: {text}")

    def members(self) -> dict[str, yaml.Node]:
        if not isinstance(self._root, yaml.MappingNode):
            raise self.fail(self._root, "a scenario maps `rule` and `steps`; see reports/README.md")
        nodes = {}
        for key, value in self._root.value:
            if key.value not in MEMBERS:
                raise self.fail(key, f"no member {key.value!r}; there are {', '.join(MEMBERS)}")
            nodes[key.value] = value
        for name in REQUIRED:
            if name not in nodes:
                raise self.fail(None, f"`{name}` is missing")
        return nodes

    def program(self, node: yaml.Node) -> Program:
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            raise self.fail(node, "`steps` has to be a list of steps such as: h1 = hold A 600")
        lines: list[str] = []
        program = Program()
        for item in node.value:
            if not isinstance(item, yaml.ScalarNode):
                raise self.fail(item, "put the step into single quotes: it holds YAML's own signs")
            lines.append(item.value)
            try:
                program = Program.from_lines(lines)
            except ProgramError as error:
                raise self.fail(item, str(error)) from None
        self._check_names(program, node)
        return program

    def _check_names(self, program: Program, node: yaml.SequenceNode) -> None:
        """A replay leaves out a step that names nothing: a typing error would change the test."""
        items = iter(sorted(node.value, key=_branch))
        made = set(MISSING_LABELS)
        for part in (program.prefix, *program.branches):
            known = made if part is program.prefix else set(made)
            for step in part:
                item = next(items)
                for label in step.needs:
                    if label not in known:
                        raise self.fail(item, f"'{step}': no step before it makes {label!r}")
                known.add(step.name)

    def rule(self, node: yaml.Node) -> str:
        """A rule that exists: a replay for any other could only pass."""
        named, known = self.text(node), load_rules()
        if named not in known:
            close = difflib.get_close_matches(named.upper(), known, 1)
            hint = f"; did you mean {close[0]}?" if close else "; `tallystick rules` lists them"
            raise self.fail(node, f"no rule {named}{hint}")
        return named

    def text(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise self.fail(node, "a text is expected here")
        return str(node.value)

    def integer(self, node: yaml.Node) -> int:
        try:
            return int(self.text(node))
        except ValueError:
            raise self.fail(node, f"{self.text(node)!r} is not a whole number") from None

    def dialect(self, node: yaml.Node) -> dict[str, tuple[str, ...]]:
        if not isinstance(node, yaml.MappingNode):
            raise self.fail(node, "`dialect` has to map questions to answers")
        return {
            self.text(question): tuple(map(self.text, answer.value))
            if isinstance(answer, yaml.SequenceNode)
            else (self.text(answer),)
            for question, answer in node.value
        }


def _branch(item: yaml.Node) -> int:
    """The number of the branch that a line belongs to; 0 for the prefix."""
    number, bar, _ = str(item.value).partition("|")
    return int(number) if bar and number.strip().isdigit() else 0


def _said(error: Exception) -> str:
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    if mark is None:
        return f" is not YAML: {' '.join(str(error).split())}"
    hint = "put a step that holds { or : into single quotes"
    return f", line {mark.line + 1}: not YAML ({problem}); {hint}"
