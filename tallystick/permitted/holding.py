"""Whether answers that came show what a condition asks for, as a script of it would see them."""

from __future__ import annotations

from collections.abc import Sequence

from tallystick.conditions import JSON, Condition, Kind, at, leaves
from tallystick.evidence import Event
from tallystick.permitted.forms import FORMS
from tallystick.target import Answer


def holds(condition: Condition, events: Sequence[Event]) -> bool:
    """Whether the condition holds for the answers of these events."""
    if condition.back >= len(events):
        return False
    answer = events[-1 - condition.back].exchange.answer
    return isinstance(answer, Answer) and _holds(condition, answer)


def _holds(condition: Condition, answer: Answer) -> bool:
    values = condition.values
    shown = at(answer.body, condition.place)
    match condition.kind:
        case Kind.STATUS:
            return any(least <= answer.status <= most for least, most in values)
        case Kind.CONTENT_TYPE:
            return answer.content_type in values
        case Kind.VALUE:
            return any(_same(shown, value) for value in values)
        case Kind.OTHER:
            return shown is not None and not any(_same(shown, value) for value in values)
        case Kind.TYPE:
            return FORMS[values[0]][0](shown)
        case Kind.ABSENT:
            inner = at(answer.body, condition.place[:-1])
            return isinstance(inner, dict) and condition.place[-1] not in inner
        case Kind.COUNT:
            return isinstance(shown, list) and len(shown) == values[0]
        case Kind.AT_MOST:
            return isinstance(shown, list) and len(shown) <= values[0]
        case Kind.SOMEWHERE:
            return all(_is_in(value, shown) for value in values)
        case Kind.NOWHERE:
            return 200 <= answer.status < 300 and not any(_is_in(value, shown) for value in values)


def _is_in(value: JSON, body: JSON) -> bool:
    return any(_same(leaf, value) for _, leaf in leaves(body))


def _same(shown: JSON, value: JSON) -> bool:
    return isinstance(shown, bool) == isinstance(value, bool) and shown == value
