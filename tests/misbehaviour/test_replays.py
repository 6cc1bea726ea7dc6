"""`tallystick replay` says that a rule was kept only if the program exercised it, to its end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.misbehaviour.proxy import Behaviour, every, misbehaving
from tests.misbehaviour.running import LIMIT_S, run_forked
from tests.proof.servers import Environment

SKIP = 125
MEGABYTES = 400.0
HOLD = ("A = card 1000 NOK", "h = hold A 600")
CAPTURED = (*HOLD, "c = capture h 250", "d = capture h remaining+1")


@dataclass(frozen=True, slots=True)
class Row:
    """A scenario file, and what its replay on an honest server says."""

    text: str
    status: int
    line: str
    bisect: int | None = None
    """The status with --bisect, if it is another one."""
    behaviour: Behaviour | None = None


def scenario(rule: str, *steps: str, more: str = "") -> str:
    """The text of a scenario file."""
    return "\n".join([f"rule: {rule}", "steps:", *(f"- '{step}'" for step in steps), more])


KEPT = "was kept in 1 of 1 replays"
RECORDED = "dialect: {figure.amount_drawdown: drawn_and_held, ref.same.fund: refuse}"
RACE = (*HOLD, "1| c1 = capture h 400", "2| c2 = capture h 400")

ROWS = {
    "kept": Row(scenario("CAP-2", *CAPTURED), 0, f"CAP-2 {KEPT}"),
    "kept, as the balance shows": Row(scenario("CAP-4", *CAPTURED[:3]), 0, f"CAP-4 {KEPT}"),
    "kept in a race": Row(scenario("CONC-1", *RACE), 0, f"CONC-1 {KEPT}"),
    "kept though an answer was lost on purpose": Row(
        scenario("DELIV-1", *HOLD, "c = capture h 250 !lost"), 0, f"DELIV-1 {KEPT}"
    ),
    "answers that a broken build gave to open questions": Row(
        scenario("BAL-4", *HOLD, "c = capture h", more=RECORDED), 0, f"BAL-4 {KEPT}"
    ),
    "a repeated request that is refused": Row(
        scenario("REF-6", HOLD[0], "d = draw A 10", "e = draw A 11 ref=d"), 0, f"REF-6 {KEPT}"
    ),
    "a rule that does not exist": Row(
        scenario("VOID-66", *CAPTURED), 4, "no rule VOID-66; did you mean VOID-6?"
    ),
    "a rule in small letters": Row(
        scenario("cap-2", *CAPTURED), 4, "no rule cap-2; did you mean CAP-2?"
    ),
    "a rule like no other": Row(scenario("Q", *CAPTURED), 4, "no rule Q; `tallystick rules` lists"),
    "a rule that the program does not exercise": Row(
        scenario("VOID-3", *CAPTURED), 1, "VOID-3 was not exercised", SKIP
    ),
    "a rule of another driver": Row(
        scenario("CONC-1", *CAPTURED), 1, "CONC-1 was not exercised", SKIP
    ),
    "a rule that no program can exercise": Row(
        scenario("AUTH-1", *CAPTURED), 1, "AUTH-1 was not exercised", SKIP
    ),
    "a hold that is not made": Row(
        scenario("CAP-2", HOLD[0], "h = hold A available+1", "c = capture h remaining+1"),
        1,
        "CAP-2 was not exercised",
        SKIP,
    ),
    "no steps": Row("rule: CAP-2\nsteps: []", 4, "`steps` has to be a list of steps"),
    "no program": Row("rule: CAP-2", 4, "`steps` is missing"),
    "an empty file": Row("", 4, "a scenario maps `rule` and `steps`"),
    "a wrong label": Row(
        scenario("CAP-2", *HOLD, "c = capture g 1"), 4, "no step before it makes 'g'"
    ),
    "a wrong verb": Row(scenario("CAP-2", *HOLD, "c = seize h 1"), 4, "line 5"),
    "not YAML": Row("rule: [", 4, "not YAML"),
    "nested without end": Row("[" * 5000, 4, "not YAML"),
    "a question that does not exist": Row(
        scenario("CAP-2", *CAPTURED, more="dialect: {no.such: yes}"), 4, "no question 'no.such'"
    ),
    "every third answer is lost": Row(
        scenario("CAP-2", *CAPTURED),
        1,
        "answers got lost",
        SKIP,
        every(3, lambda turn: turn.close()),
    ),
    "the target answers nothing after a while": Row(
        scenario("CAP-2", *CAPTURED),
        1,
        "unreachable",
        SKIP,
        every(1, lambda turn: turn.close(), after=4),
    ),
}


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("bisect", [False, True], ids=["plain", "bisect"])
def test_a_replay_says_kept_only_if_the_rule_was_exercised(
    name: str, bisect: bool, honest: Environment, tmp_path: Path
) -> None:
    row = ROWS[name]
    path = tmp_path / "scenario.yaml"
    path.write_text(row.text, encoding="utf-8")
    options = ["replay", str(path), "--times=1", *(["--bisect"] if bisect else [])]
    with misbehaving({**honest, "TALLYSTICK_WAIT": "1s"}, row.behaviour) as environment:
        ran = run_forked("tallystick", environment, options, tmp_path / "reports", LIMIT_S)
    expected = row.bisect if bisect and row.bisect is not None else row.status
    assert ran.status == expected, ran.output
    assert row.line in " ".join(ran.output.split()), ran.output
    assert "Traceback" not in ran.output
    assert ran.megabytes < MEGABYTES
