"""A race as scripts: they try it several times, and say how often it was seen."""

from __future__ import annotations

import ast
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tallystick.drivers.concurrent.clients import client_pool
from tallystick.drivers.concurrent.race import race
from tallystick.evidence import LegalOutcomes, Race
from tallystick.program import Program
from tallystick.replaying import live_run
from tallystick.reporting.scripts import Recipe, Unscripted, python_text, recipe_of, shell_text
from tallystick.run import Finding, Run, Violated
from tests.proof.servers import Environment, forked_sandbox
from tests.reporting.scripted import NEEDED, ran, settings_for, written

CASES = {
    "race_drawdown": ("A = card 1000", "1| d = draw A available", "2| e = draw A 100"),
    "race_ref_drawdown": ("A = card 1000", "1| d = draw A 100", "2| d = draw A 100"),
    "race_torn_capture": ("A = card 1000", "h = hold A 100", "1| c = capture h", "2| read A"),
}
OFTEN = 12


@contextmanager
def finding_of(name: str) -> Iterator[tuple[Environment, Run, Finding]]:
    """A server with a fault that only a race shows, and what a race showed."""
    with (
        forked_sandbox(faults=[name]) as faulty,
        live_run(settings_for(faulty)) as run,
        client_pool(run) as pool,
    ):
        with pytest.raises(Violated) as caught:
            race(run, pool, Program.from_lines(CASES[name]), OFTEN)
        yield faulty, run, caught.value.finding


@pytest.mark.parametrize("name", CASES)
def test_a_race_is_seen_on_the_faulty_server_and_never_on_the_honest_one(
    name: str, honest: Environment, tmp_path: Path
) -> None:
    with finding_of(name) as (faulty, run, finding):
        path = written(run, finding, tmp_path)["py"]
        status, said = ran(path, faulty)
        assert status == 1, said
        assert f"FAULT: {finding.violation.rule}" in said
        assert " of 40 trials" in said
        status, said = ran(path, honest)
    assert (status, "seen in 0 of 40 trials" in said) == (0, True), said


@pytest.mark.skipif(bool(NEEDED), reason="bash, curl and jq are needed (Debian has them)")
def test_the_shell_tells_them_apart_too(honest: Environment, tmp_path: Path) -> None:
    with finding_of("race_drawdown") as (faulty, run, finding):
        path = written(run, finding, tmp_path)["sh"]
        status, said = ran(path, faulty, faulty["TALLYSTICK_TARGET"], str(OFTEN))
        assert status == 1, said
        assert f" of {OFTEN} trials" in said
        status, said = ran(path, honest, honest["TALLYSTICK_TARGET"], str(OFTEN))
    assert (status, f"seen in 0 of {OFTEN} trials" in said) == (0, True), said


class _Overloaded(BaseHTTPRequestHandler):
    """Answers everything with 503."""

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST = answer

    def log_message(self, *_: object) -> None:
        """Print nothing."""


def test_a_race_of_which_no_trial_is_answered_ends_with_2(tmp_path: Path) -> None:
    with finding_of("race_drawdown") as (faulty, run, finding):
        paths = written(run, finding, tmp_path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Overloaded)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    busy = {**faulty, "TALLYSTICK_TARGET": f"http://127.0.0.1:{server.server_port}"}
    busy |= {"TALLYSTICK_TOKEN": "t"}
    nobody = {**busy, "TALLYSTICK_TARGET": "http://127.0.0.1:1"}
    try:
        for ending, path in paths.items():
            if ending == "sh" and NEEDED:
                continue
            for environment in (busy, nobody):
                status, said = ran(path, environment, environment["TALLYSTICK_TARGET"], "2")
                assert (status, "NOT TRIED: only 0 of 2 trials" in said) == (2, True), said
            status, said = ran(path, busy, busy["TALLYSTICK_TARGET"], "often")
            assert (status, "NOT TRIED: TRIALS" in said) == (2, True), said
    finally:
        server.shutdown()
        server.server_close()


def test_scripts_of_a_race_are_programs_and_the_table_in_them_is_what_is_right(
    tmp_path: Path,
) -> None:
    with finding_of("race_drawdown") as (_, run, finding):
        recipe = recipe_of(run, finding)
    assert isinstance(recipe, Recipe)
    assert recipe.together is not None
    assert recipe.together.rows == (
        ("accepted", "refused", 0, 0),
        ("refused", "accepted", 900, 900),
    )
    ast.parse(python_text(recipe, "it.py"))
    script = tmp_path / "it.sh"
    script.write_text(shell_text(recipe, "it.sh"), encoding="utf-8")
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0


def test_a_race_that_no_figure_shows_has_no_script() -> None:
    with finding_of("race_drawdown") as (_, run, finding):
        shown = finding.race
        legal = shown.legal() if shown is not None else None
        assert shown is not None
        assert legal is not None

        def with_outcomes(found: LegalOutcomes | None) -> Finding:
            race_of_it = Race(shown.illegality, shown.label, shown.outcome, lambda: found)
            return replace(finding, race=race_of_it)

        permitted = replace(legal, rows=legal.rows | {legal.shown})
        assert isinstance(recipe_of(run, with_outcomes(permitted)), Unscripted)
        assert isinstance(recipe_of(run, with_outcomes(None)), Unscripted)
        assert isinstance(recipe_of(run, with_outcomes(legal)), Recipe)


def test_the_form_of_an_answer_that_only_a_race_gets_has_no_script() -> None:
    with finding_of("race_drawdown") as (_, run, finding):
        assert isinstance(recipe_of(run, replace(finding, race=None)), Unscripted)
