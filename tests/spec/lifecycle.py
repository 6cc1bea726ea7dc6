"""Writes `spec/lifecycle.md` from the oracle's tables: `python -m tests.spec.lifecycle`.

It adds words around the tables and decides nothing.
"""

from __future__ import annotations

from pathlib import Path

from tallystick.documents.rules import load_rules
from tallystick.ledger.lifecycle import (
    ILLEGAL_MOVE_RULES,
    KEPT,
    RELEASED,
    TABLES,
    TRANSITIONS,
    Move,
    State,
    diagram,
)

PAGE = Path(__file__).resolve().parents[2] / "spec" / "lifecycle.md"

HEAD = """\
# The life of a hold

Written by `python -m tests.spec.lifecycle` from the table in `tallystick/ledger/lifecycle.py`.

A pending drawdown (a hold) locks its amount. A capture collects a part or the rest of it, a void
releases what is left, on some APIs also a part of it. A capture without an amount takes what
remains. What a partial capture does to the rest is the question `capture.rest`: on the Wallet API
the rest is *kept*, on others it is *released* and the hold has ended.

"""


def page() -> str:
    """The text of the page."""
    parts = [
        f"{HEAD}```mermaid\n{diagram()}\n```\n",
        f"Where a partial capture ends its hold:\n\n```mermaid\n{diagram(RELEASED)}\n```\n",
        f"## What follows what\n\n{_table(_moves())}\n",
        "A dash is a refusal that changes nothing. Which rule an acceptance would break:\n\n"
        f"{_table(_refusals())}\n",
        f"## The rules named here\n\n{_table(_sentences())}\n",
    ]
    return "\n".join(parts)


def _moves() -> list[list[str]]:
    rows = [["the transaction is", *(move.value for move in Move)]]
    for state in State:
        rows.append([state.value, *(_following(state, move) for move in Move)])
    return rows


def _following(state: State, move: Move) -> str:
    """The next state, in words; both, where they differ by what happens to the rest."""
    following = {answer: table[state].get(move) for answer, table in TABLES.items()}
    if len(set(following.values())) == 1:
        return str(following[KEPT] or "-")
    return "; ".join(f"{answer}: {then}" for answer, then in following.items())


def _refusals() -> list[list[str]]:
    rows = [["the transaction is", "a refused capture", "a refused void"]]
    for state in State:
        capture, void = ILLEGAL_MOVE_RULES[state]
        rows.append([state.value, capture, "-" if Move.VOID in TRANSITIONS[state] else void])
    return rows


def _sentences() -> list[list[str]]:
    rules = load_rules()
    named = {
        name
        for state in State
        for name, move in zip(
            ILLEGAL_MOVE_RULES[state], (Move.CAPTURE_MORE, Move.VOID), strict=True
        )
        if move not in TRANSITIONS[state]
    }
    return [["rule", "sentence"], *([name, rules[name].text] for name in rules if name in named)]


def _table(rows: list[list[str]]) -> str:
    head, *body = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([head, "|" + "---|" * len(rows[0]), *body])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
