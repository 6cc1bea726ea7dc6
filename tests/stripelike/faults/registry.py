"""The list of named faults: what each one breaks, and the overrides that it consists of.

Knows no fault; the modules beside it register theirs with `@fault`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

Override = TypeVar("Override", bound=type)


@dataclass(frozen=True, slots=True)
class Fault:
    """A defect that can be switched on by name. `breaks` is a rule of the suite.

    `mapping` names the one mapping in which it shows, if it does not show in both. `beyond` says
    what a client needs to meet it that no profile has words for.
    """

    name: str
    breaks: str
    summary: str
    overrides: tuple[type, ...]
    mapping: str = ""
    beyond: str = ""

    def shows_in(self, mapping: str) -> bool:
        """Whether a profile of the mapping can meet it."""
        return not self.beyond and self.mapping in ("", mapping)


FAULTS: dict[str, Fault] = {}


def fault(
    name: str, *, breaks: str, summary: str, mapping: str = "", beyond: str = ""
) -> Callable[[Override], Override]:
    """Register the decorated subclass of a part as a fault."""

    def register(override: Override) -> Override:
        if name in FAULTS:
            raise ValueError(f"there are two faults named {name}")
        FAULTS[name] = Fault(name, breaks, summary, (override,), mapping, beyond)
        return override

    return register


def part_of(name: str) -> Callable[[Override], Override]:
    """Register a further override of a fault that needs more than one."""

    def register(override: Override) -> Override:
        known = FAULTS[name]
        FAULTS[name] = replace(known, overrides=(*known.overrides, override))
        return override

    return register
