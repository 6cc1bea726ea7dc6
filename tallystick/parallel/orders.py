"""What the controller of a parallel run and its workers tell each other before the first test.

Two files in the folder of the run, which only this user can read: what a worker has collected, and
what all workers need to know of the run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

from tallystick.selection import Selected
from tallystick.settings import Clients
from tallystick.target import Address, Client

ORDER = "order.json"


class Stage(IntEnum):
    """When a test may run: only after all of the stages before its own."""

    EARLY = 0
    """The dialect has to be known to the tests after these."""
    ALONE = 1
    """No other test may run beside these."""
    REST = 2


@dataclass(frozen=True, slots=True)
class Collected:
    """A test that a worker has collected."""

    test: Selected
    needs_target: bool
    stage: Stage
    shares: tuple[str, ...]
    """The fixtures that it shares with other tests, so that one worker has to run them all."""
    requests: int
    """How many requests it sends, about."""
    is_deep: bool


@dataclass(frozen=True, slots=True)
class Collection:
    """All that a worker has collected."""

    tests: tuple[Collected, ...]
    is_deselected: bool
    """Whether an option left out a contract that belongs to the run."""
    process: int
    not_claimed: Mapping[str, str]
    """What the run says nothing about, as far as that is known before it."""
    problem: str
    """What is wrong with the tests; empty if nothing is."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a worker needs to know of the run. Times are those of the monotonic clock."""

    address: Address
    clients: Clients | None
    """Those of the embedded server; the others are in the environment, and on no disk."""
    name: str
    began: float
    tests: int
    """How many tests all workers run."""


def write_collection(directory: Path, worker: str, collection: Collection) -> None:
    """Say what a worker has collected."""
    _write(directory / f"{worker}.collected", asdict(collection))


def read_collection(directory: Path, worker: str) -> Collection:
    """What a worker has collected."""
    found = _read(directory / f"{worker}.collected")
    return Collection(**{**found, "tests": tuple(map(_collected, found["tests"]))})


def write_order(directory: Path, order: Order) -> None:
    """Say what the workers need to know."""
    _write(directory / ORDER, asdict(order))


def read_order(directory: Path) -> Order | None:
    """What the controller has said; None if there is no run."""
    if not (directory / ORDER).exists():
        return None
    found = _read(directory / ORDER)
    clients = None if found["clients"] is None else _clients(found["clients"])
    return Order(**{**found, "address": Address(**found["address"]), "clients": clients})


def _collected(members: Mapping[str, Any]) -> Collected:
    its = members["test"]
    test = {**its, "path": Path(its["path"]), "claims": tuple(its["claims"])}
    changed = {"test": Selected(**test), "stage": Stage(members["stage"])}
    return Collected(**{**members, **changed, "shares": tuple(members["shares"])})


def _clients(found: Mapping[str, Any]) -> Clients:
    clients = {name: Client(**each) for name, each in found.items() if isinstance(each, dict)}
    return Clients(**{**found, **clients})


def _write(path: Path, members: Mapping[str, Any]) -> None:
    """Write a file that is there only when it is whole."""
    part = path.with_name(f"{path.name}.part")
    part.touch(0o600)
    part.write_text(json.dumps(members, default=str), encoding="utf-8")
    part.replace(path)


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
