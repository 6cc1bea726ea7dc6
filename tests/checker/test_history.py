"""Histories: what cannot have been observed is refused, and a file gives back what was written."""

from __future__ import annotations

import json
import random

import pytest

from tallystick.checker import History, HistoryError, Operation, dump, load
from tests.checker.models import WALLET, ran


def op(client, called, returned, key=1):
    return Operation(client, key, "read", 0, called, returned)


def test_operations_are_sorted_by_their_calls():
    late, early = op("a", 5, 9), op("b", 1, 2)
    history = History.of([late, early])
    assert list(history) == [early, late]
    assert len(history) == 2


@pytest.mark.parametrize(
    ("operations", "complaint"),
    [
        ((op("a", 9, 5),), "returned before it was called"),
        ((op("a", 5, 9), op("b", 1, 2)), "not in the order of the calls"),
        ((op("a", 1, 9), op("a", 5, 12)), "had two calls open"),
    ],
)
def test_a_history_that_no_clients_can_have_made_is_refused(operations, complaint):
    with pytest.raises(HistoryError, match=complaint):
        History(operations).validate()


def test_a_client_may_call_again_at_once_and_after_a_call_that_got_no_answer():
    History.of([op("a", 1, 5), op("a", 5, None), op("a", 6, 7)])


def test_partitions_keep_the_order_of_the_calls():
    one, two, three = op("a", 1, 2, "x"), op("b", 1, 3, "y"), op("a", 4, 5, "x")
    assert History.of([one, two, three]).partitions() == {"x": (one, three), "y": (two,)}


def as_tuple(value):
    return tuple(as_tuple(v) for v in value) if isinstance(value, list) else value


def test_a_file_gives_back_the_history_that_was_written():
    history = ran(WALLET, random.Random(1), 40, keys=3)
    assert load(dump(history), as_tuple, as_tuple) == history


def test_the_callers_functions_write_and_read_commands_and_outcomes():
    history = History.of([Operation("a", 1, b"\x01", b"\x02", 0, 1)])
    lines = list(dump(history, bytes.hex, bytes.hex))
    assert load(lines, bytes.fromhex, bytes.fromhex) == history


GOOD = {"client": 1, "key": 1, "command": 1, "outcome": 1, "called_ns": 1, "returned_ns": None}
FOOTER = json.dumps({"operations": 1})


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ([], "the footer is missing after 0 operations"),
        ([json.dumps(GOOD)], "the footer is missing after 1 operations"),
        ([FOOTER], "the footer counts 1 operations, the file 0"),
        ([json.dumps({"operations": 0}), json.dumps(GOOD)], "line 2: .* after the footer"),
        (["{"], "line 1: "),
        (["[]"], "line 1: not a JSON object"),
        ([json.dumps(GOOD), json.dumps(GOOD | {"extra": 1})], "line 2: .*not known: extra"),
        ([json.dumps({"client": 1})], "line 1: missing.*called_ns"),
        ([json.dumps(GOOD | {"called_ns": "1"})], "line 1: called_ns is '1'"),
        ([json.dumps(GOOD | {"client": True})], "line 1: client is True"),
        ([json.dumps(GOOD | {"returned_ns": 0}), FOOTER], "returned before it was called"),
    ],
)
def test_a_wrong_line_is_named_with_what_is_wrong(lines, complaint):
    with pytest.raises(HistoryError, match=complaint):
        load(lines)


def test_a_decoder_that_fails_is_blamed_on_its_line():
    with pytest.raises(HistoryError, match="line 1: invalid literal"):
        load([json.dumps(GOOD | {"command": "x"}), FOOTER], decode_command=int)
