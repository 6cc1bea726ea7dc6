"""Gives tests to the workers of pytest-xdist, as the plan says.

Without a plan, as for the tests of the suite itself, it is the scheduler of pytest-xdist.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from xdist.scheduler import LoadScheduling

from tallystick.parallel.plan import Plan

QUEUED = 2
"""Tests that a worker has to have: pytest-xdist runs one when it knows the next."""


class UnitScheduling(LoadScheduling):  # type: ignore[misc]
    """Gives out units, if there is a plan; else it is the scheduler of pytest-xdist."""

    def __init__(self, config: Any, log: Any) -> None:
        super().__init__(config, log)
        self.plan: Plan | None = None
        self.collection: list[str] | None = None
        self._begun: dict[Any, deque[int]] = {}
        """What is left of the unit that a worker has begun."""

    def schedule(self) -> None:
        """Give each worker its first tests."""
        if self.plan is None:
            super().schedule()
            return
        if self.collection is None:
            if not self._check_nodes_have_same_collection():
                return
            self.collection = next(iter(self.node2collection.values()))
        for _ in range(QUEUED):
            for node in self.nodes:
                self.check_schedule(node, most=1)

    def check_schedule(self, node: Any, duration: float = 0, most: int = QUEUED) -> None:
        """Give a worker as much as it needs to go on, or nothing more if there is nothing."""
        if self.plan is None:
            super().check_schedule(node, duration)
            return
        if node.shutting_down or node not in self.node2collection:
            return
        mine = self.node2pending[node]
        added: list[int] = []
        while len(mine) + len(added) < QUEUED and len(added) < most:
            if not self._begun.get(node):
                if not self.plan:
                    break
                queued = [*mine, *added]
                self._begun[node] = self.plan.next(queued[-1] if queued else None)
            added.append(self._begun[node].popleft())
        if added:
            mine.extend(added)
            node.send_runtest_some(added)
        if not self.plan and not self._begun.get(node):
            node.shutdown()

    @property
    def tests_finished(self) -> bool:
        """Whether the workers need nothing more to run to their end."""
        if self.plan is None:
            return bool(super().tests_finished)
        return (
            self.collection is not None
            and not self.plan
            and not any(self._begun.values())
            and all(len(pending) < QUEUED for pending in self.node2pending.values())
        )

    def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:
        """Note a test that has ended."""
        if self.plan is not None:
            self.plan.end([item_index])
        super().mark_test_complete(node, item_index, duration)

    def remove_node(self, node: Any) -> str | None:
        """Take a worker out; the test that it died in, if it did."""
        if self.plan is None:
            crashed: str | None = super().remove_node(node)
            return crashed
        pending = self.node2pending.pop(node)
        rest = [*pending[1:], *self._begun.pop(node, ())]
        self.plan.end(pending[:1])
        self.plan.give_back(rest)
        for other in self.nodes:
            self.check_schedule(other)
        return None if not pending or self.collection is None else self.collection[pending[0]]
