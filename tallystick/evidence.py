"""What shows a violation: the exchanges that led to it, and the history of a race.

It holds them, and judges nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tallystick.checker import Illegality, Operation
from tallystick.driven import Judged
from tallystick.target import Exchange


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a history: its step, its request and answer, and how a ledger judged it."""

    step: str
    exchange: Exchange
    judged: Judged | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Race:
    """Why a history of several clients has no legal order, and how to name its operations."""

    illegality: Illegality[Any]
    label: Callable[[Operation[Any, Any]], str]
    outcome: Callable[[Operation[Any, Any]], str]
