"""All single mutants of `money`: small faults that a suite worth its name finds on the rival.

`python -m tests.rival.mutants --list` names them, `--show N` prints one as a diff, and
`python -m tests.rival --mutant N` serves the API with it. It knows the syntax of `money`, and of
its meaning only the pairs of names that a tired hand mixes up; which mutants no client can tell
from the original is argued in `equivalents`.
"""

import argparse
import ast
import copy
import difflib
import sys
import types
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

MODULE = "tests.rival.money"
PATH = Path(__file__).with_name("money.py")

_COMPARISONS = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_ARITHMETIC = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult}
_BOOLEAN = {ast.And: ast.Or, ast.Or: ast.And}
_CALLS = {"min": "max", "max": "min"}
# Pairs that are of one type, so that mixing them up gives a wrong number rather than a crash.
_MIXED_UP = (
    ("hold", "amount", "remaining"),
    ("card", "funds", "drawdown"),
    ("card", "active_from", "expires_at"),
    ("card", "ref_ids", "token_ref_ids"),
    ("entry", "active_from", "expires_at"),
    ("terms", "active_from", "expires_at"),
    ("figures()", "available", "balance"),
    ("token", "single_use", "spent"),
    ("Kind", "DRAWN", "HELD"),
    ("Kind", "CAPTURED", "RELEASED"),
    ("Stage", "INACTIVE", "DELETED"),
    ("Stage", "OPEN", "INACTIVE"),
    ("Stage", "DELETED", "OPEN"),
)
_DELETABLE = (ast.Assign, ast.AugAssign, ast.Expr, ast.If, ast.For, ast.Return, ast.Raise)
# Names, types and texts: changing them changes no decision.
_NOT_ENTERED = {"annotation", "returns", "decorator_list", "bases"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: `place` is the node's rank in the walk, `choice` which of its replacements."""

    number: int
    line: int
    operator: str
    # What is changed to what in which function: it stays when other lines come and go.
    name: str
    place: int
    choice: int

    def __str__(self) -> str:
        return f"{self.number:4} money.py:{self.line} {self.operator}: {self.name}"


@cache
def mutants(source: str | None = None) -> tuple[Mutant, ...]:
    """Every mutant, in the order of the lines."""
    found = []
    names: Counter[str] = Counter()
    for place, site in enumerate(_walk(ast.parse(_source(source)))):
        for choice, (operator, after) in enumerate(_replacements(site)):
            name = f"{site.function}: {_text(site.node)} -> {_text(after)}"
            names[name] += 1
            if names[name] > 1:
                name += f" (#{names[name]})"
            found.append((site.node.lineno, place, choice, operator, name))
    found.sort()
    return tuple(
        Mutant(number, line, operator, name, place, choice)
        for number, (line, place, choice, operator, name) in enumerate(found)
    )


def tree_of(mutant: Mutant, source: str | None = None) -> ast.Module:
    """The whole module with the one change."""
    tree = ast.parse(_source(source))
    site = next(site for place, site in enumerate(_walk(tree)) if place == mutant.place)
    _, after = list(_replacements(site))[mutant.choice]
    changed = _Replace(site.node, ast.copy_location(after, site.node)).visit(tree)
    return ast.fix_missing_locations(changed)


def install(number: int) -> Mutant:
    """Puts the mutant in the place of `money`; nothing may have imported that yet."""
    import tests.rival

    if MODULE in sys.modules:
        raise RuntimeError("money has been imported already")
    mutant = mutants()[number]
    module = load(mutant, MODULE)
    tests.rival.money = module
    return mutant


def load(mutant: Mutant, name: str) -> types.ModuleType:
    """The mutant as a module of that name."""
    module = types.ModuleType(name)
    sys.modules[name] = module
    exec(compile(tree_of(mutant), str(PATH), "exec"), module.__dict__)
    return module


# --- where changes are made ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Site:
    node: ast.AST
    function: str
    deletable: bool


def _walk(node: ast.AST, function: str = "", deletable: bool = False) -> Iterator[_Site]:
    if isinstance(node, ast.Import | ast.ImportFrom) or _is_text(node) or _is_refusal(node):
        return
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        function = node.name
    yield _Site(node, function or "module", deletable)
    for name, value in ast.iter_fields(node):
        if name in _NOT_ENTERED:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _walk(child, function, _is_deletable(node, child))


def _is_deletable(parent: ast.AST, node: ast.AST) -> bool:
    """Without it the code still runs, and does something else than with another one missing."""
    if isinstance(parent, ast.Module | ast.ClassDef):
        return False
    if isinstance(node, ast.Return):
        return not (isinstance(parent, ast.FunctionDef) and parent.body[-1] is node)
    if isinstance(node, ast.Assign):
        return not isinstance(node.targets[0], ast.Name)
    if isinstance(node, ast.If):
        # An `if` around one statement: deleting that one is the same.
        return len(node.body) > 1 or bool(node.orelse)
    return True


def _is_text(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _is_refusal(node: ast.AST) -> bool:
    """Status and message of a refusal: how it is said, not whether."""
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refusal"
    )


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self._old = old
        self._new = new

    def visit(self, node: ast.AST) -> ast.AST:
        return self._new if node is self._old else super().visit(node)


# --- what is put there --------------------------------------------------------------------------

Replacement = tuple[str, ast.AST]


def _replacements(site: _Site) -> Iterator[Replacement]:
    node = site.node
    for kind, made in _BY_NODE.items():
        if isinstance(node, kind):
            yield from made(node)
    if isinstance(node, _DELETABLE) and site.deletable:
        yield "deleted statement", ast.Pass()


def _changed(node: ast.AST, **parts: object) -> ast.AST:
    new = copy.deepcopy(node)
    for name, value in parts.items():
        setattr(new, name, value)
    return new


def _comparison(node: ast.Compare) -> Iterator[Replacement]:
    for other in _COMPARISONS[type(node.ops[0])]:
        yield "comparison", _changed(node, ops=[other(), *node.ops[1:]])


def _arithmetic(node: ast.BinOp | ast.AugAssign) -> Iterator[Replacement]:
    other = _ARITHMETIC.get(type(node.op))
    if other is not None:
        yield "arithmetic", _changed(node, op=other())


def _boolean(node: ast.BoolOp) -> Iterator[Replacement]:
    yield "boolean operator", _changed(node, op=_BOOLEAN[type(node.op)]())
    for left_out in range(len(node.values)):
        kept = [value for place, value in enumerate(node.values) if place != left_out]
        yield "dropped operand", kept[0] if len(kept) == 1 else _changed(node, values=kept)


def _negation(node: ast.If | ast.IfExp) -> Iterator[Replacement]:
    yield from _negated(node, node.test)


def _negated(node: ast.AST, test: ast.expr) -> Iterator[Replacement]:
    # A negated comparison is among the comparisons, and a dropped `not` is made at the `not`.
    if not isinstance(test, ast.Compare | ast.UnaryOp):
        yield "negated condition", _changed(node, test=ast.UnaryOp(ast.Not(), test))


def _filter(node: ast.ListComp | ast.GeneratorExp) -> Iterator[Replacement]:
    """Of the first loop; `money` has no others."""
    first, *more = node.generators
    for place, test in enumerate(first.ifs):
        others = [other for index, other in enumerate(first.ifs) if index != place]
        for operator, tests in (
            ("dropped filter", others),
            ("negated condition", [*others, ast.UnaryOp(ast.Not(), test)]),
        ):
            yield operator, _changed(node, generators=[_changed(first, ifs=tests), *more])


def _not(node: ast.UnaryOp) -> Iterator[Replacement]:
    if isinstance(node.op, ast.Not):
        yield "dropped not", node.operand


def _constant(node: ast.Constant) -> Iterator[Replacement]:
    value = node.value
    if isinstance(value, bool):
        yield "constant", ast.Constant(not value)
    elif isinstance(value, int):
        yield "constant", ast.Constant(value + 1)
        yield "constant", ast.Constant(value - 1)
    elif isinstance(value, str) and value:
        yield "constant", ast.Constant(value + "?")


def _call(node: ast.Call) -> Iterator[Replacement]:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name in _CALLS:
        yield "min for max", _changed(node, func=ast.Name(_CALLS[name], ast.Load()))
    kinds = _parameter_types().get(name, ())
    for place in range(min(len(node.args), len(kinds)) - 1):
        pair = node.args[place : place + 2]
        if kinds[place] == kinds[place + 1] and ast.dump(pair[0]) != ast.dump(pair[1]):
            args = [*node.args[:place], *reversed(pair), *node.args[place + 2 :]]
            yield "swapped arguments", _changed(node, args=args)
    # Only an entry can do without: its members have defaults.
    for place in range(len(node.keywords)) if name == "Entry" else ():
        kept = [word for index, word in enumerate(node.keywords) if index != place]
        yield "dropped argument", _changed(node, keywords=kept)


@cache
def _parameter_types() -> dict[str, tuple[str, ...]]:
    """By function or class, what its positional arguments are: only equal ones may be swapped."""
    found = {}
    for path in (PATH, PATH.with_name("entries.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                parameters = [argument.annotation for argument in node.args.args]
            elif isinstance(node, ast.ClassDef):
                parameters = [part.annotation for part in node.body if _is_field(part)]
            else:
                continue
            texts = (ast.unparse(annotation) for annotation in parameters)
            found[node.name] = tuple(text.removesuffix(" | None") for text in texts)
    return found


def _is_field(node: ast.stmt) -> bool:
    return isinstance(node, ast.AnnAssign)


def _attribute(node: ast.Attribute) -> Iterator[Replacement]:
    owner = _owner(node.value)
    for name, one, other in _MIXED_UP:
        if name == owner and node.attr in (one, other):
            yield "mixed-up name", _changed(node, attr=other if node.attr == one else one)


def _owner(node: ast.expr) -> str:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return f"{node.func.id}()"
    return node.id if isinstance(node, ast.Name) else ""


def _kept_entry(node: ast.List) -> Iterator[Replacement]:
    for place in range(len(node.elts)) if len(node.elts) > 1 else ():
        kept = [part for index, part in enumerate(node.elts) if index != place]
        yield "dropped element", _changed(node, elts=kept)


_BY_NODE = {
    ast.Compare: _comparison,
    ast.BinOp: _arithmetic,
    ast.AugAssign: _arithmetic,
    ast.BoolOp: _boolean,
    ast.If: _negation,
    ast.IfExp: _negation,
    ast.ListComp: _filter,
    ast.GeneratorExp: _filter,
    ast.UnaryOp: _not,
    ast.Constant: _constant,
    ast.Call: _call,
    ast.Attribute: _attribute,
    ast.List: _kept_entry,
}


def _text(node: ast.AST) -> str:
    """One line of source."""
    lines = ast.unparse(node).splitlines()
    return lines[0] + (" ..." if len(lines) > 1 else "")


def _source(given: str | None) -> str:
    return PATH.read_text(encoding="utf-8") if given is None else given


# --- the command --------------------------------------------------------------------------------


def main() -> None:
    """Lists the mutants, or shows one."""
    parser = argparse.ArgumentParser(prog="python -m tests.rival.mutants")
    parser.add_argument("--list", action="store_true", help="one line for each mutant")
    parser.add_argument("--show", type=int, metavar="N", help="mutant N as a diff")
    options = parser.parse_args()
    if options.show is not None:
        print(_diff(mutants()[options.show]))
    elif options.list:
        print(*mutants(), sep="\n")
    else:
        parser.print_help()


def _diff(mutant: Mutant) -> str:
    before = ast.unparse(ast.parse(_source(None))).splitlines()
    after = ast.unparse(tree_of(mutant)).splitlines()
    return "\n".join(difflib.unified_diff(before, after, "money", str(mutant), lineterm=""))


if __name__ == "__main__":
    main()
