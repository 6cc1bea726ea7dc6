"""The frontier after each event, as the example in the module's docstring shows it."""

from __future__ import annotations

from tallystick.checker import Budget, Hints, Operation, frontier
from tallystick.checker.frontier import THOROUGH, Linearizer
from tallystick.checker.search import GREEDY

CARD = 100
A = Operation("a", "card", "draw 60", "accepted", 1, 4)
B = Operation("b", "card", "draw 60", "refused", 2, 5)
C = Operation("c", "card", "read", "100", 3, 6)


def transition(balance, command, outcome):
    if command == "read":
        return (balance,) if outcome == str(balance) else ()
    if outcome == "refused":
        return (balance,) if balance < 60 else ()
    return (balance - 60,) if balance >= 60 else ()


def walked(effort):
    """The frontiers of the example, one for each event, and the orders of the last one."""
    linearizer = Linearizer([A, B, C], transition, Hints(), Budget())
    configs, pending, shown = [(CARD, 0, None)], (), []
    for event in linearizer.events:
        if event >= 0:
            pending += (event,)
        else:
            pending = tuple(o for o in pending if o != ~event)
            configs = linearizer.after_return(~event, pending, (), configs, effort)
        shown.append(", ".join(as_text(config) for config in configs) or "empty")
    return shown, [in_order(trail) for _, _, trail in configs]


def as_text(config):
    """In the example only c is ever linearized early, so any bit is its bit."""
    state, linearized, _ = config
    return f"{state} {{c}}" if linearized else str(state)


def in_order(trail):
    return [] if trail is None else [*in_order(trail[1]), "abc"[trail[0]]]


def test_the_example_of_the_docstring_is_what_happens():
    greedy, no_order = walked(GREEDY)
    thorough, orders = walked(THOROUGH)
    assert no_order == []
    assert orders == [["c", "a", "b"]]
    names = ["a calls", "b calls", "c calls", "a returns", "b returns", "c returns"]
    lines = [line.strip() for line in frontier.__doc__.splitlines()]
    table = [line for line in lines if line.startswith(tuple(f"{name}: " for name in names))]
    assert [line.split(":")[0] for line in table] == names
    for line, one, other in zip(table, greedy, thorough, strict=True):
        columns = [part.strip() for part in line.split("  ") if part.strip()]
        assert columns[1:3] == [one, other]


def test_bits_of_answered_operations_are_used_again_and_those_of_lost_ones_never():
    answered = [Operation("a", 1, "x", "y", 10 * n, 10 * n + 5) for n in range(6)]
    lost = [Operation(f"l{n}", 1, "x", "?", 10 * n + 6) for n in range(3)]
    operations = sorted([*answered, *lost], key=lambda o: o.called_ns)
    linearizer = Linearizer(operations, transition, Hints(), Budget())
    assert linearizer.lost_bits.bit_count() == 3
    assert {bin(bit).count("1") for bit in linearizer.bits} == {1}
    assert len(set(linearizer.bits)) == 4


def test_calls_come_before_returns_of_the_same_nanosecond():
    first, second = Operation("a", 1, "x", "y", 0, 7), Operation("b", 1, "x", "y", 7, 9)
    assert Linearizer([first, second], transition, Hints(), Budget()).events == [0, 1, ~0, ~1]
