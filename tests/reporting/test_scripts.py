"""A violation as scripts: each tells the faulty server from the honest one, without the suite."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tallystick.conditions import Condition, Kind
from tallystick.drivers.delivery import deliver, lossy_connection
from tallystick.drivers.direct import Direct
from tallystick.drivers.sequential import Reading, run_program
from tallystick.evidence import Event
from tallystick.ledger.vocabulary import Violation
from tallystick.program import Program
from tallystick.replaying import live_run, replay_scenario
from tallystick.reporting.scenario import Scenario
from tallystick.reporting.scripts import Recipe, Unscripted, python_text, recipe_of, shell_text
from tallystick.reporting.scripts.recipe import Call
from tallystick.request import Request
from tallystick.run import Finding, Run, Violated
from tallystick.target import Answer, Exchange
from tallystick.target.api import ScriptedLogin
from tallystick.target.unusual import Unusual
from tests.prepaid.process import Prepaid
from tests.prepaid.tenants import FIRST as PREPAID_KEY
from tests.proof.servers import Environment, forked_sandbox
from tests.reporting.sample import over_capture, sample_run
from tests.reporting.scripted import NEEDED, check_scripts, ran, settings_for, written
from tests.sampling import some
from tests.stripelike.accounts import FIRST as STRIPE_KEY
from tests.stripelike.process import Stripelike

PREPAID = "spec/prepaid/profile.yaml"


@contextmanager
def finding_on(
    environment: Mapping[str, str], program: Program, profile: str = ""
) -> Iterator[tuple[Run, Finding]]:
    """What a program shows on a server, and the run in which it did."""
    with live_run(settings_for(environment, profile)) as run:
        with pytest.raises(Violated) as caught:
            perform(run, program)
        yield run, caught.value.finding


def perform(run: Run, program: Program) -> None:
    if any(step.delivery for step in program.steps):
        with lossy_connection(run) as connection:
            deliver(run, connection, program)
    else:
        run_program(run, program, reading=Reading.EAGER)


CASES = {
    "capture_unlimited": ("A = card 1000", "h = hold A 600", "c = capture h 601"),
    "hold_locks_nothing": ("A = card 1000", "h = hold A 100"),
    "ref_capture_twice": ("A = card 1000", "h = hold A 600", "c = capture h 100", "again c"),
    "void_releases_nothing": ("A = card 1000", "h = hold A 600", "v = void h"),
    "card_loses_metadata": ('A = card 1000 with {"metadata": "{\\"order\\": \\"1\\"}"}', "read A"),
    "used_token_looks_up_nothing": (
        "A = card 1000",
        't = token A with {"one_time": "true"}',
        "p = draw t 100",
        "info t",
    ),
    "list_omits_voids": ("A = card 1000", "h = hold A 600", "v = void h", "list A"),
    "child_currency_is_nok": ("A = card 1000 SEK", "h = hold A 600", "c = capture h 100"),
    "order_id_is_the_reference": (
        "A = card 1000",
        'd1 = draw A 100 with {"metadata": "{\\"order_id\\": \\"o-1\\"}"}',
        'd2 = draw A 100 with {"metadata": "{\\"order_id\\": \\"o-1\\"}"}',
    ),
    "token_has_no_value": ("A = card 1000", "t = token A"),
    "ref_create_twice": ("A = card 1000", "d = draw A 100 !twice"),
}


@pytest.mark.parametrize("name", some(CASES, 6))
def test_scenario_and_scripts_tell_a_faulty_wallet_from_an_honest_one(
    name: str, honest: Environment, tmp_path: Path
) -> None:
    program = Program.parse(*CASES[name])
    with (
        forked_sandbox(faults=[name]) as faulty,
        finding_on(faulty, program) as (run, finding),
    ):
        check_scripts(run, finding, tmp_path, faulty, honest)
        scenario = Scenario(finding.program, finding.violation.rule)
        assert replay_scenario(settings_for(faulty), scenario, 1).seen == 1
        kept = replay_scenario(settings_for(honest), scenario, 1)
        assert (kept.seen, kept.undecided) == (0, None)


def test_a_text_that_only_looks_like_a_moment_is_sent_as_it_is(tmp_path: Path) -> None:
    program = Program.parse('A = card 1000 with {"active_from": "2090-13-01T00:00:00Z"}')
    with (
        forked_sandbox(faults=["month_13_is_january"]) as faulty,
        finding_on(faulty, program) as (run, finding),
    ):
        for path in written(run, finding, tmp_path).values():
            assert "2090-13-01T00:00:00Z" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "steps"),
    {
        "capture_unlimited": ("A = card 0", "h = hold A 600", "c = capture h 601"),
        "captured_twice": ("A = card 0", "h = hold A 600", "c = capture h 100", "d = capture h 60"),
        "capture_takes_whole_hold": ("A = card 0", "h = hold A 600", "c = capture h 100"),
    }.items(),
    ids=str,
)
def test_scripts_send_forms_and_keys_as_the_profile_does(
    name: str, steps: tuple[str, ...], tmp_path: Path
) -> None:
    key = {"TALLYSTICK_TOKEN": STRIPE_KEY.key}
    with Stripelike(faults=[name]) as server, Stripelike() as other:
        faulty, honest = (
            {"TALLYSTICK_TARGET": server.url, **key},
            {
                "TALLYSTICK_TARGET": other.url,
                **key,
            },
        )
        program = Program.parse(*steps)
        with finding_on(faulty, program, "stripe-charges") as (run, finding):
            texts = check_scripts(run, finding, tmp_path, faulty, honest)
    assert "Idempotency-Key" in texts["py"]
    assert "form" in texts["sh"]
    assert not any(STRIPE_KEY.key in text for text in texts.values())


@pytest.mark.parametrize(
    ("name", "steps"),
    {
        "capture_unlimited": ("A = card 1000", "h = hold A 600", "c = capture h 601"),
        "capture_draws_twice": ("A = card 1000", "h = hold A 600", "c = capture h 100"),
        "capture_records_remaining": ("A = card 1000", "h = hold A 600", "c = capture h 100"),
    }.items(),
    ids=str,
)
def test_scripts_spell_amounts_as_a_declared_profile_does(
    name: str, steps: tuple[str, ...], tmp_path: Path
) -> None:
    key = {"TALLYSTICK_TOKEN": PREPAID_KEY.value}
    with Prepaid(faults=[name]) as server, Prepaid() as other:
        faulty = {"TALLYSTICK_TARGET": server.url, **key}
        honest = {"TALLYSTICK_TARGET": other.url, **key}
        with finding_on(faulty, Program.parse(*steps), PREPAID) as (run, finding):
            check_scripts(run, finding, tmp_path, faulty, honest)


def test_a_refusal_with_200_is_right_where_its_body_says_so(tmp_path: Path) -> None:
    key = {"TALLYSTICK_TOKEN": PREPAID_KEY.value}
    variants = ["refusals_as_200"]
    program = Program.parse("A = card 1000", "h = hold A 600", "c = capture h 601")
    with (
        Prepaid(faults=["capture_unlimited"], variants=variants) as server,
        Prepaid(variants=variants) as other,
    ):
        faulty = {"TALLYSTICK_TARGET": server.url, **key}
        honest = {"TALLYSTICK_TARGET": other.url, **key}
        with finding_on(faulty, program, PREPAID) as (run, finding):
            check_scripts(run, finding, tmp_path, faulty, honest)


def test_a_script_sends_the_broken_credentials_and_no_secret_is_in_it(
    honest: Environment, tmp_path: Path
) -> None:
    with forked_sandbox(faults=["signature_unchecked"]) as faulty:
        with live_run(settings_for(faulty)) as run:
            direct = Direct(run)
            header, payload, _ = run.target.credentials()["Authorization"].split(".")
            cut = {"Authorization": f"{header}.{payload}."}
            path = f"/accounts/{run.target.address.account}/wallets/cards?limit=1"
            request = Request("aid_cards_get", "GET", path)
            answer = direct.send(request, headers=cut, authorized=False)
            with pytest.raises(Violated) as caught:
                direct.expect_refusal("AUTH-2", answer, "a signature cut off")
            finding = caught.value.finding
            texts = check_scripts(run, finding, tmp_path, faulty, honest)
        secret = faulty["TALLYSTICK_CLIENT_SECRET"]
        assert not any(payload in text or secret in text for text in texts.values())


def test_single_requests_are_a_script_without_refusals_that_tell_a_secret() -> None:
    run, capture = sample_run(), over_capture()
    last = capture.events[-1]
    refused = replace(
        last.exchange,
        request=replace(last.exchange.request, body={"token": "code-of-a-card", "amount": 1}),
        answer=Answer(400, "application/json", {}),
    )
    finding = replace(
        capture,
        violation=Violation("SHAPE-4", "a refusal: amount is a boolean", "accepted"),
        events=(*capture.events[:-1], Event("", refused), replace(last, step="")),
        notes=("A = card 1000 NOK", "POST /capture -> 200"),
    )
    recipe = recipe_of(run, finding)
    assert isinstance(recipe, Recipe)
    assert [call.step for call in recipe.calls] == [event.step for event in finding.events[:2]] + [
        ""
    ]
    assert recipe.conditions == (Condition(Kind.STATUS, values=((400, 499),)),)
    accepted = replace(refused, answer=Answer(200, "application/json", {}))
    events = (*finding.events[:-2], Event("", accepted), finding.events[-1])
    assert isinstance(recipe_of(run, replace(finding, events=events)), Unscripted)


def test_raw_content_with_ids_of_the_run_has_those_of_the_script_in_their_place() -> None:
    run = sample_run()
    accepted = Violation("SHAPE-4", "a refusal: amount is an integer", "accepted")
    capture = replace(over_capture(), violation=accepted)
    *before, last = capture.events
    content = f'{{"ref_id": "{run.name}-41.c1", "amount": 1e2, "it\'s": "$x"}}'.encode()
    unusual = Unusual("", True, (), (), content)
    sent = replace(last, exchange=replace(last.exchange, unusual=unusual))
    recipe = recipe_of(run, replace(capture, events=(*before, sent)))
    assert isinstance(recipe, Recipe)
    python, shell = python_text(recipe, "it.py"), shell_text(recipe, "it.sh")
    assert run.name not in python + shell
    assert """content=f"{{\\"ref_id\\": \\"{OWN}-41.c1\\", \\"amount\\": 1e2,""" in python
    assert """json '{"ref_id": "'"${OWN}"'-41.c1", "amount": 1e2, "it'"'"'s": "$x"}'""" in shell
    not_text = replace(unusual, content=content + b"\xff")
    sent = replace(last, exchange=replace(last.exchange, unusual=not_text))
    assert isinstance(recipe_of(run, replace(capture, events=(*before, sent))), Unscripted)


def test_a_read_at_the_end_is_asked_for_its_figure_whether_the_write_is_accepted_or_not() -> None:
    run, capture = sample_run(), over_capture()
    *before, last = capture.events
    shown = Answer(200, "application/json", {"amount_balance": 399})
    read = Exchange(4, Request("read", "GET", "/cards/A"), shown, 10, 20)
    finding = replace(
        capture,
        violation=Violation("CARD-3", "amount_balance 400", "amount_balance 399"),
        events=(*before, replace(last, step=""), Event("", read)),
        notes=("POST /capture -> 200", "GET /cards/A -> 200"),
    )
    recipe = recipe_of(run, finding)
    assert isinstance(recipe, Recipe)
    assert [call.has_to_be for call in recipe.calls] == ["accepted", "accepted", "", ""]
    assert recipe.conditions == (Condition(Kind.VALUE, ("amount_balance",), (400,)),)


def test_a_write_that_is_sent_again_may_be_refused_in_a_script() -> None:
    run, capture = sample_run(), over_capture()
    first, *between, last = capture.events
    again = [replace(event, judged=None) for event in (first, *between, between[-1], last)]
    violation = Violation("CARD-3", "a refusal: it was sent before", "accepted")
    finding = replace(capture, violation=violation, events=tuple(again), notes=("it",))
    recipe = recipe_of(run, finding)
    assert isinstance(recipe, Recipe)
    usual = ["accepted"] * (len(again) - 2)
    assert [call.has_to_be for call in recipe.calls] == [*usual, "", ""]


def test_a_script_that_cannot_be_tried_ends_with_2(honest: Environment, tmp_path: Path) -> None:
    program = Program.parse(*CASES["capture_unlimited"])
    with (
        forked_sandbox(faults=["capture_unlimited"]) as faulty,
        finding_on(faulty, program) as (run, finding),
    ):
        paths = written(run, finding, tmp_path)
    gone = {**faulty, "TALLYSTICK_TARGET": "http://127.0.0.1:9/v1"}
    bare = {name: v for name, v in honest.items() if "CLIENT" not in name}
    for path in [path for path in paths.values() if path.suffix == ".py" or not NEEDED]:
        for environment in (gone, bare, {}):
            status, said = ran(path, environment)
            assert status == 2, said
            assert "NOT TRIED: " in said


NASTY = {"text": 'it\'s "$HOME" `x` \\ {b} \u00e9 \U0001f600'}


def recipe(**changed: object) -> Recipe:
    """A recipe that needs no server to be written."""
    whole = Recipe(
        *("CAP-2", 'a """ quote', "x\\", "y'\"$(id)"),
        ("A = card 1",),
        ScriptedLogin({}),
        (Call("one", "POST", "/it", NASTY, False, (), ""),),
        (Condition(Kind.VALUE, ("a", 0), (1, 2**63, "it's", None, True)),),
        "",
    )
    return replace(whole, **changed)  # type: ignore[arg-type]


def test_no_text_of_a_server_acts_in_a_script(tmp_path: Path) -> None:
    ast.parse(python_text(recipe(), "it.py"))
    script = tmp_path / "it.sh"
    script.write_text(shell_text(recipe(), "it.sh"), encoding="utf-8")
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
    assert script.read_text("utf-8").count("$(id)") == 2  # in a comment, and in single quotes
    assert """seen: y'"'"'"$(id)'""" in script.read_text("utf-8")


@pytest.mark.parametrize("kind", list(Kind))
def test_every_condition_is_written_in_both_languages(kind: Kind, tmp_path: Path) -> None:
    values = {
        Kind.STATUS: ((200, 299), (404, 404)),
        Kind.CONTENT_TYPE: ("application/json",),
        Kind.VALUE: (1,),
        Kind.TYPE: ("uuid",),
        Kind.ABSENT: (),
        Kind.COUNT: (3,),
        Kind.AT_MOST: (3,),
        Kind.OTHER: (1, None),
        Kind.SOMEWHERE: ("x",),
        Kind.NOWHERE: ("x", 2**63),
    }
    one = recipe(conditions=(Condition(kind, ("a",), values[kind]),))
    ast.parse(python_text(one, "it.py"))
    script = tmp_path / "it.sh"
    script.write_text(shell_text(one, "it.sh"), encoding="utf-8")
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
