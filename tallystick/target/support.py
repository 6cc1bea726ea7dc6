"""Which operations the target lacks: declared by its team, or found when it answers that way.

An answer 404 may mean "no such card" and 405 a wrong method, so one answer decides nothing. The
first time an operation that never worked is answered so, the profile asks for it in several ways
(`Offers.look`); if all of them are answered alike, it counts as missing: it is not asked for again,
and nothing is claimed about it. An operation that worked once is never missing afterwards. This
module sends nothing and knows no operation.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from tallystick.request import Request
from tallystick.target.answers import Answer, Exchange, NoAnswer

NO_SUCH_OPERATION = (404, 405, 501)
"""How a target, or a gateway before it, answers to an operation that it does not have."""
MOST_LOOKS = 3
"""Looks at one operation that may come to no result, because answers are missing."""


class NotSupported(Exception):
    """The target lacks an operation, so what needs it is not claimed. It is no violation."""

    def __init__(self, operation: str, label: str = "", *, is_news: bool = False) -> None:
        """`is_news`: it was found out just now, so what ran may adapt if it is run again."""
        super().__init__(f"not claimed: the target has no {label or operation}")
        self.operation = operation
        self.is_news = is_news


@dataclass(frozen=True, slots=True)
class Sight:
    """What a look at one operation has shown."""

    is_missing: bool | None
    """None if it came to no result."""
    reason: str
    """What was asked and answered, in words."""


Look = Callable[[str], Sight]
"""Asks for an operation in several ways."""


class Asking(Protocol):
    """Sends a request, whatever is known of its operation."""

    def __call__(
        self, request: Request, *, headers: Mapping[str, str] | None = None, authorized: bool = True
    ) -> Answer | NoAnswer:
        """The answer. `headers` replace the usual ones."""
        ...


class Offers(Protocol):
    """What a profile says of the operations of its API."""

    @property
    def heart(self) -> frozenset[str]:
        """The operations without which nothing can be judged."""
        ...

    @property
    def capabilities(self) -> Iterable[str]:
        """Short names for one or several operations that a target may lack."""
        ...

    def named(self, text: str) -> tuple[str, ...]:
        """The operations that a text names: a capability, an operationId, or method and path."""
        ...

    def label(self, operation: str) -> str:
        """An operation in words, such as `POST /cards/batch`."""
        ...

    def of_verb(self, verb: str) -> str | None:
        """What a step with this verb asks for; None if it sends nothing of its own."""
        ...

    def check(self, ask: Asking, account: str) -> str:
        """Why the target does not even do what every contract needs; empty if it does."""
        ...

    def look(self, ask: Asking, account: str) -> Look:
        """What looks at operations on behalf of an account. It may make things on the target."""
        ...


class Support:
    """What a run knows of the operations of its target; shared by all its connections."""

    def __init__(
        self, offers: Offers | None = None, declared: Mapping[str, str] | None = None
    ) -> None:
        """`declared` maps the operations that the target is said to lack to who says so.

        Without `offers` every operation counts as there.
        """
        self._offers = offers
        self._declared = dict(declared or {})
        self._found: dict[str, str] = {}
        self._working: set[str] = set(offers.heart if offers is not None else ())
        self._looks: dict[str, int] = {}
        self._lock = threading.RLock()

    @property
    def missing(self) -> Mapping[str, str]:
        """The operations that the target lacks, each with the reason to think so."""
        return {**self._found, **self._declared}

    @property
    def working(self) -> frozenset[str]:
        """The operations that were seen to work."""
        return frozenset(self._working)

    def has(self, operation: str) -> bool:
        """Whether the operation may be asked for."""
        return operation not in self._declared and operation not in self._found

    def label(self, operation: str) -> str:
        """An operation in words, such as `POST /cards/batch`."""
        return operation if self._offers is None else self._offers.label(operation)

    def lacking(self, verb: str) -> str | None:
        """The operation that a step with this verb asks for and the target lacks; None if none."""
        operation = None if self._offers is None else self._offers.of_verb(verb)
        return None if operation is None or self.has(operation) else operation

    def require(self, operation: str) -> None:
        """Raise NotSupported if the target lacks the operation."""
        if not self.has(operation):
            raise NotSupported(operation, self.label(operation))

    def hear(self, exchange: Exchange, ask: Asking, account: str) -> None:
        """Take note of an answer. Raises NotSupported if it shows that the operation is missing.

        `ask` sends what has to be asked to know that, on behalf of the account.
        """
        operation, answer = exchange.request.operation, exchange.answer
        if self._offers is None or operation in self._working or not isinstance(answer, Answer):
            return
        if 200 <= answer.status < 300:
            self._working.add(operation)
        elif answer.status in NO_SUCH_OPERATION:
            with self._lock:  # another thread may be looking at it now
                if operation not in self._working and self.has(operation):
                    self._look(operation, self._offers.look(ask, account))
            if not self.has(operation):
                raise NotSupported(operation, self.label(operation), is_news=True)

    def _look(self, operation: str, look: Look) -> None:
        if self._looks.get(operation, 0) >= MOST_LOOKS:
            return
        self._looks[operation] = self._looks.get(operation, 0) + 1
        sight = look(operation)
        if sight.is_missing:
            self._found[operation] = sight.reason
        elif sight.is_missing is False:
            self._working.add(operation)

    def adopt(self, missing: Mapping[str, str], working: Iterable[str]) -> list[str]:
        """Take over what another process of the run has found; say in words what contradicts it."""
        self._working.update(working)
        self._found.update(
            (operation, why) for operation, why in missing.items() if self.has(operation)
        )
        return [
            f"{self.label(operation)} was taken for missing ({reason}), and has worked too: the "
            "target contradicts itself"
            for operation, reason in self._found.items()
            if operation in self._working
        ]

    def check(self, ask: Asking, account: str) -> str:
        """Why the target does not even do what every contract needs; empty if it does."""
        return "" if self._offers is None else self._offers.check(ask, account)

    def contradictions(self, ask: Asking, account: str) -> list[str]:
        """Look once more at what was found missing; say in words what is there after all."""
        if self._offers is None:
            return []
        said = []
        for operation, reason in self._found.items():
            sight = self._offers.look(ask, account)(operation)
            if sight.is_missing is False:
                said.append(
                    f"{self.label(operation)} was taken for missing ({reason}), and is there at "
                    f"the end of the run ({sight.reason}): the target contradicts itself"
                )
        return said
