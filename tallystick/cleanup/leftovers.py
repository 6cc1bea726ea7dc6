"""What a profile knows of the things that a run makes on the target, and how they are put away.

A protocol only; the engine asks for nothing else. Without one, what a run made stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from tallystick.cleanup.values import Bound, LeftOpen, Seen
from tallystick.target import Exchange, Target


class Leftovers(Protocol):
    """What one run made, or may have made, on the target. Thread-safe."""

    def __call__(self, exchange: Exchange) -> None:
        """Learn from an exchange of the run, as its observer. It is fast and raises nothing.

        An exchange without an answer may have been carried out: what it asked for counts as made.
        """
        ...

    def learn(self, seen: Seen) -> None:
        """The same from a line of a journal."""
        ...

    def search(self, target: Target, name: str) -> None:
        """Look on the target for what a run of this name made, where lists allow it (`sweep`).

        Ids and refs of a run begin with its name. Only reads are sent.
        """
        ...

    def put_away(self, targets: Mapping[str, Target], bound: Bound) -> LeftOpen:
        """Void open holds, delete what can be deleted, and return what stays, and why.

        `targets` maps account ids to connections that may write there. It ends soon after
        `bound.is_over`, and never raises for what the target does; KeyboardInterrupt ends it too.
        Nothing is touched that the run did not surely make.
        """
        ...

    def left(self, reason: str) -> LeftOpen:
        """What stays as far as is known, where nothing is put away, for this reason."""
        ...
