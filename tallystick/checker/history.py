"""What was asked and answered, and when: operations, histories, and histories as JSON lines.

It does not know what a command or an outcome is: a caller that writes or reads a file passes
functions for both. It judges nothing; it only refuses a history that no clients can have made.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

C = TypeVar("C")
O = TypeVar("O")  # noqa: E741 - the letter of the other half of a pair
Key = int | str
Encode = Callable[[Any], object]
Decode = Callable[[Any], Any]


class HistoryError(ValueError):
    """A history that cannot have been observed, or a file that does not hold a whole one."""


@dataclass(frozen=True, slots=True)
class Operation(Generic[C, O]):
    """One command of one client: it takes effect at one moment between its call and its return.

    Times are nanoseconds of one monotonic clock. An operation without `returned_ns` is lost: it got
    no answer, and takes effect at some moment after its call, however late, or never.
    """

    client: Key
    """Who called. A client waits for its answer, or gives up on it, before it calls again."""
    key: Key
    """The partition, such as a card. Operations on different keys do not affect each other."""
    command: C
    outcome: O
    called_ns: int
    returned_ns: int | None = None

    @property
    def answered(self) -> bool:
        """Whether it is not lost."""
        return self.returned_ns is not None


@dataclass(frozen=True, slots=True)
class History(Generic[C, O]):
    """Operations in the order of their calls."""

    operations: tuple[Operation[C, O], ...] = ()

    @classmethod
    def of(cls, operations: Iterable[Operation[C, O]]) -> History[C, O]:
        """The history of these operations, sorted and validated."""
        history = cls(tuple(sorted(operations, key=lambda o: o.called_ns)))
        history.validate()
        return history

    def validate(self) -> None:
        """Raise HistoryError if time runs backwards or a client had two calls open at once."""
        previous: dict[Key, Operation[C, O]] = {}
        latest: int | None = None
        for operation in self.operations:
            if latest is not None and operation.called_ns < latest:
                raise HistoryError(f"not in the order of the calls: {operation}")
            latest = operation.called_ns
            if operation.returned_ns is not None and operation.returned_ns < latest:
                raise HistoryError(f"returned before it was called: {operation}")
            before = previous.get(operation.client)
            # A client may give up on a call without an answer; when it did, the history cannot say.
            if before is not None and (before.returned_ns or 0) > latest:
                raise HistoryError(f"client {operation.client!r} had two calls open: {operation}")
            previous[operation.client] = operation

    def partitions(self) -> dict[Key, tuple[Operation[C, O], ...]]:
        """The operations by key, keys in the order of their first call."""
        parts: dict[Key, list[Operation[C, O]]] = {}
        for operation in self.operations:
            parts.setdefault(operation.key, []).append(operation)
        return {key: tuple(part) for key, part in parts.items()}

    def __len__(self) -> int:
        return len(self.operations)

    def __iter__(self) -> Iterator[Operation[C, O]]:
        return iter(self.operations)


def dump(
    history: History[C, O],
    encode_command: Encode = lambda c: c,
    encode_outcome: Encode = lambda o: o,
) -> Iterator[str]:
    """The lines of a file that `load` reads: one for each operation, then the footer."""
    for operation in history:
        line = {
            "client": operation.client,
            "key": operation.key,
            "command": encode_command(operation.command),
            "outcome": encode_outcome(operation.outcome),
            "called_ns": operation.called_ns,
            "returned_ns": operation.returned_ns,
        }
        yield json.dumps(line) + "\n"
    yield json.dumps({"operations": len(history)}) + "\n"


def load(
    lines: Iterable[str], decode_command: Decode = lambda c: c, decode_outcome: Decode = lambda o: o
) -> History[Any, Any]:
    """The history in these lines; HistoryError says which line is wrong, and how.

    A file without its footer was cut off, or its writer died: an error, never a shorter history.
    """
    return History.of(read(lines, decode_command, decode_outcome))


def read(
    lines: Iterable[str], decode_command: Decode = lambda c: c, decode_outcome: Decode = lambda o: o
) -> Iterator[Operation[Any, Any]]:
    """The operations in these lines, one after the other, as they stand there.

    It raises what `load` raises, but only when it comes to what is wrong.
    """
    count = 0
    footer: object = None
    for number, line in enumerate(lines, start=1):
        if footer is not None:
            raise HistoryError(f"line {number}: there is something after the footer")
        try:
            fields = _fields(line)
            footer = fields.get("operations")
            operation = (
                _operation(fields, decode_command, decode_outcome) if footer is None else None
            )
        except Exception as wrong:  # a decoder of the caller's may raise anything
            raise HistoryError(f"line {number}: {wrong}") from wrong
        if operation is not None:
            count += 1
            yield operation
    if footer is None:
        raise HistoryError(f"the footer is missing after {count} operations")
    if footer != count:
        raise HistoryError(f"the footer counts {footer} operations, the file {count}")


_TYPES: dict[str, tuple[type, ...]] = {
    "client": (int, str),
    "key": (int, str),
    "command": (object,),
    "outcome": (object,),
    "called_ns": (int,),
    "returned_ns": (int, type(None)),
}


def _fields(line: str) -> dict[str, Any]:
    fields = json.loads(line)
    if not isinstance(fields, dict):
        raise TypeError("not a JSON object")
    return fields


def _operation(
    fields: dict[str, Any], decode_command: Decode, decode_outcome: Decode
) -> Operation[Any, Any]:
    if fields.keys() != _TYPES.keys():
        wrong = sorted(fields.keys() ^ _TYPES.keys())
        raise ValueError(f"missing or not known: {', '.join(wrong)}")
    for name, types in _TYPES.items():
        if types != (object,) and type(fields[name]) not in types:  # a bool is no int here
            raise TypeError(f"{name} is {fields[name]!r}")
    return Operation(
        client=fields["client"],
        key=fields["key"],
        command=decode_command(fields["command"]),
        outcome=decode_outcome(fields["outcome"]),
        called_ns=fields["called_ns"],
        returned_ns=fields["returned_ns"],
    )
