"""Servers that are as correct as the default one, and answer an open question otherwise.

A variant is a policy with some members replaced. Knows the policy; knows nothing of how it is
carried out.
"""

from dataclasses import dataclass, fields
from typing import Any

from sandbox.policy import DEFAULT, Policy


@dataclass(frozen=True, slots=True)
class Variant:
    """Some answers to open questions, by name."""

    name: str
    summary: str
    choices: dict[str, Any]


VARIANTS: dict[str, Variant] = {}


def policy_of(names: list[str]) -> Policy:
    """The policy of several variants at once: where two disagree, the later one wins."""
    choices: dict[str, Any] = {f.name: getattr(DEFAULT, f.name) for f in fields(DEFAULT)}
    for name in names:
        statuses = dict(choices["statuses"]) | dict(VARIANTS[name].choices.get("statuses", ()))
        choices |= VARIANTS[name].choices | {"statuses": tuple(statuses.items())}
    return Policy(**choices)
