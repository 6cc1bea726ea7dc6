"""The list of named dialects: what permits each one, and the overrides that it consists of.

Knows no dialect; the modules beside it register theirs with `@dialect`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

Override = TypeVar("Override", bound=type)


@dataclass(frozen=True, slots=True)
class Dialect:
    """A way to answer that is as correct as the default one.

    `permitted` is the number of the question that the documentation leaves open, or the sentence
    that permits it. `choices` are the members of the policy that it needs beside its overrides.
    """

    name: str
    permitted: str
    summary: str
    overrides: tuple[type, ...]
    choices: dict[str, Any] = field(default_factory=dict)


DIALECTS: dict[str, Dialect] = {}


def dialect(
    name: str, *, permitted: str, summary: str, **choices: Any
) -> Callable[[Override], Override]:
    """Register the decorated subclass of a part as a dialect."""

    def register(override: Override) -> Override:
        if name in DIALECTS:
            raise ValueError(f"there are two dialects named {name}")
        DIALECTS[name] = Dialect(name, permitted, summary, (override,), choices)
        return override

    return register


def part_of(name: str) -> Callable[[Override], Override]:
    """Register a further override of a dialect that needs more than one."""

    def register(override: Override) -> Override:
        known = DIALECTS[name]
        overrides: tuple[type, ...] = (*known.overrides, override)
        DIALECTS[name] = Dialect(name, known.permitted, known.summary, overrides, known.choices)
        return override

    return register
