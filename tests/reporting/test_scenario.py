"""Scenario files: what is written is read back, and a bad one is refused with its line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.profiles import registry
from tallystick.program import Amount, Program, Step, Verb, extras
from tallystick.reporting.scenario import (
    Scenario,
    ScenarioError,
    read_scenario,
    scenario_text,
    write_scenario,
)
from tests.reporting.sample import sample_run

HEAD = "rule: CAP-2\nsteps:\n"


def test_a_finding_is_read_back_as_it_was_seen(tmp_path: Path) -> None:
    run = sample_run()
    path = tmp_path / "scenarios" / "conc-1.yaml"
    write_scenario(path, run.findings["CONC-1"], run, created="2026-11-20T17:00:00Z")
    scenario = read_scenario(path)
    assert scenario == Scenario(
        run.findings["CONC-1"].program,
        "CONC-1",
        "an order in which each answer is legal",
        "no order: 1000 of 600",
        {"ref.same.hold": ("replay",), "ref.same.capture": ("refuse",)},
        "http://127.0.0.1:8000/v1",
        7,
        "2026-11-20T17:00:00Z",
    )
    assert "tallystick replay conc-1.yaml" in path.read_text()


def test_a_finding_of_another_api_names_its_profile(tmp_path: Path) -> None:
    run = sample_run()
    run.profile = registry.load("stripe-charges")
    path = tmp_path / "conc-1.yaml"
    write_scenario(path, run.findings["CONC-1"], run)
    assert read_scenario(path).profile == "stripe-charges"


@pytest.mark.parametrize("name", registry.BUILT_IN)
def test_a_profile_is_loaded_again_by_its_option(name: str) -> None:
    assert registry.load(name).option == name


STEPS = st.lists(
    st.builds(
        lambda number, amount, word: Step(
            Verb.HOLD, f"h{number}", "A", amount, extras=extras(metadata={"x": word})
        ),
        st.integers(0, 99),
        st.builds(Amount, st.sampled_from(["", "available"]), st.just(1), st.integers(0, 2**63)),
        st.text(max_size=20),
    ),
    max_size=5,
)


@given(
    prefix=STEPS,
    branches=st.lists(STEPS.filter(bool), max_size=3),
    words=st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=30),
)
def test_any_program_is_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    prefix: list[Step],
    branches: list[list[Step]],
    words: str,
) -> None:
    card = Program.parse("A = card 1000 NOK").prefix
    program = Program((*card, *prefix), tuple(map(tuple, branches)))
    scenario = Scenario(program, "CAP-2", words, words, {"q": ("a", "b"), "r": ("c",)})
    path = tmp_path_factory.mktemp("s") / "s.yaml"
    path.write_text(scenario_text(scenario, path.name), encoding="utf-8")
    assert read_scenario(path) == scenario


def test_two_lines_by_hand_are_a_scenario(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(HEAD + "- A = card 1000 NOK\n- v = void missing\n")
    assert read_scenario(path).program == Program.parse("A = card 1000 NOK", "v = void missing")


def test_branches_may_be_mixed(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(HEAD + "- A = card 9 NOK\n- 2| a = draw A 1\n- 1| b = fund A 1\n- 2| again a\n")
    assert [len(branch) for branch in read_scenario(path).program.branches] == [1, 2]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a scenario maps `rule` and `steps`"),
        ("rule: [", "line 1: not YAML"),
        ("rule: \x00", "is not YAML"),
        ("steps: [A = card 1 NOK]", "`rule` is missing"),
        ("rule: CAP-2\n", "`steps` is missing"),
        ("rule: CAP-2\ncolour: red\n", "line 2: no member 'colour'"),
        (HEAD, "line 2: `steps` has to be a list|line 3: `steps` has to be a list"),
        (HEAD + "- A = card\n", "line 3: .*needs an amount"),
        (HEAD + "- A = card 1 NOK\n- h1 = hald A 1\n", "line 4: .*no verb 'hald'"),
        (HEAD + "- A = card 1 NOK\n- h1 = hold B 1\n", "line 4: .*no step before it makes 'B'"),
        (HEAD + "- A = card 1 NOK\n- 1| c = draw A 1\n- again c\n", "line 5: .*after a branch"),
        (
            HEAD + "- A = card 1 NOK\n- 1| c = draw A 1\n- 2| again c\n",
            "line 5: .*no step before it makes 'c'",
        ),
        (HEAD + '- A = card 1 NOK with {"name": "x"}\n', "line 3: .*single quotes"),
        (HEAD + "- A = card 1 NOK with {x: y}\n", "line 3: .*single quotes"),
        (HEAD + "- {x: y}\n", "line 3: put the step into single quotes"),
        (HEAD + "- A = card 1 NOK\nseed: x\n", "line 4: 'x' is not a whole number"),
        (HEAD + "- A = card 1 NOK\ndialect: x\n", "line 4: `dialect` has to map"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(text)
    with pytest.raises(ScenarioError, match=said) as caught:
        read_scenario(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="cannot be read: No such file"):
        read_scenario(tmp_path / "none.yaml")


def test_no_secret_reaches_a_scenario(tmp_path: Path) -> None:
    run = sample_run()
    finding = run.findings["CAP-2"]
    leak = "DINCARD:5d2f1c9e-77aa-4b11 and sample-client-secret"
    leaking = replace(finding, violation=replace(finding.violation, actual=leak))
    write_scenario(tmp_path / "s.yaml", leaking, run)
    text = (tmp_path / "s.yaml").read_text()
    assert "5d2f1c9e" not in text
    assert "sample-client-secret" not in text
