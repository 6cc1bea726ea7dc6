"""Which contracts there are, and which rules they claim; read from their files, none is run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tallystick.location import SUITE_ROOT

CONTRACTS = SUITE_ROOT / "contracts"
_RULE = re.compile(r"[A-Z]+-[1-9][0-9]*")


class ClaimsError(ValueError):
    """A contract that cannot be read: one line that says where."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A test that claims a rule."""

    rule: str
    test: str
    """Its pytest address, such as `contracts/test_capture.py::test_x`."""


@dataclass(frozen=True, slots=True)
class Contract:
    """A test function of a contract file. `name` includes its class, such as `TestA::test_x`."""

    path: Path
    name: str
    is_deep: bool
    """Whether it is marked to go on until the budget is spent."""

    @property
    def address(self) -> tuple[Path, str]:
        """Where it is: its file, and its name there."""
        return self.path, self.name


def find_claims(directory: Path = CONTRACTS) -> list[Claim]:
    """All claims, in the order of the files and of their lines."""
    claims: list[Claim] = []
    for path, tree in _trees(directory):
        place = f"{directory.name}/{path.name}"
        claims += _claims_of(tree.body, place, _constants(tree), _pytestmark(tree.body))
    return claims


def find_contracts(directory: Path = CONTRACTS) -> list[Contract]:
    """All test functions, in the order of the files and of their lines."""
    return [
        Contract(path, name, any("deep" in ast.unparse(mark).split(".") for mark in marks))
        for path, tree in _trees(directory)
        for name, marks in _tests_of(tree.body, "", _pytestmark(tree.body))
    ]


def _trees(directory: Path) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(directory.glob("test_*.py")):
        try:
            yield path, ast.parse(path.read_text(encoding="utf-8"))
        except (OSError, SyntaxError, ValueError) as error:
            raise ClaimsError(f"{path} cannot be read: {error}") from None


def _tests_of(
    body: list[ast.stmt], group: str, marks: list[ast.expr]
) -> Iterator[tuple[str, list[ast.expr]]]:
    """The name of each test function, with its own marks and those around it."""
    for node in body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            inner = [*marks, *node.decorator_list, *_pytestmark(node.body)]
            yield from _tests_of(node.body, f"{group}{node.name}::", inner)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith(
            "test_"
        ):
            yield f"{group}{node.name}", [*marks, *node.decorator_list]


def by_rule(claims: list[Claim]) -> dict[str, list[str]]:
    """The tests of each rule, each once."""
    found: dict[str, dict[str, None]] = {}
    for claim in claims:
        found.setdefault(claim.rule, {})[claim.test] = None
    return {rule: list(tests) for rule, tests in found.items()}


def _claims_of(
    body: list[ast.stmt], place: str, constants: dict[str, ast.expr], marks: list[ast.expr]
) -> Iterator[Claim]:
    for name, its in _tests_of(body, "", marks):
        for mark in its:
            for rule in _rules_in(mark, constants):
                yield Claim(rule, f"{place}::{name}")


def _rules_in(mark: ast.expr, constants: dict[str, ast.expr]) -> Iterator[str]:
    """The ids in every `rule(...)` of a decorator, those of its parameters' marks included."""
    for call in ast.walk(_resolved(mark, constants)):
        if isinstance(call, ast.Call) and _called(call) == "rule":
            for argument in call.args:
                inner = argument.value if isinstance(argument, ast.Starred) else argument
                for leaf in ast.walk(_resolved(inner, constants)):
                    if isinstance(leaf, ast.Constant) and _is_rule(leaf.value):
                        yield str(leaf.value)


def _called(call: ast.Call) -> str:
    """`rule` for rule(...), mark.rule(...) and pytest.mark.rule(...)."""
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _resolved(node: ast.expr, constants: dict[str, ast.expr]) -> ast.expr:
    return constants.get(node.id, node) if isinstance(node, ast.Name) else node


def _is_rule(value: object) -> bool:
    return isinstance(value, str) and _RULE.fullmatch(value) is not None


def _constants(tree: ast.Module) -> dict[str, ast.expr]:
    return {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _pytestmark(body: list[ast.stmt]) -> list[ast.expr]:
    return [
        node.value
        for node in body
        if isinstance(node, ast.Assign)
        and any(
            isinstance(target, ast.Name) and target.id == "pytestmark" for target in node.targets
        )
    ]
