"""Whether answers show what a condition asks for; both languages of scripts say the same."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tallystick.conditions import ACCEPTED, Condition, Kind, status_in
from tallystick.evidence import Event
from tallystick.permitted.holding import holds
from tallystick.reporting.scripts import python_text, shell_text
from tallystick.request import Request
from tallystick.target import Answer, Exchange
from tests.reporting.scripted import NEEDED
from tests.reporting.test_scripts import recipe

BODY = {"a": 1, "none": None, "yes": True, "cards": [{"id": "x"}, {"id": "y"}], "id": "9f"}
IDS = ("cards",)


def asked(kind: Kind, *values: object, place: tuple[str, ...] = (), back: int = 0) -> Condition:
    return Condition(kind, place, values, back)


HOLDS = {
    ACCEPTED: True,
    status_in([200, 201, 404]): True,
    status_in(range(400, 500)): False,
    asked(Kind.CONTENT_TYPE, "application/json"): True,
    asked(Kind.CONTENT_TYPE, "text/html"): False,
    asked(Kind.VALUE, 2, 1, place=("a",)): True,
    asked(Kind.VALUE, True, place=("a",)): False,
    asked(Kind.OTHER, 2, place=("a",)): True,
    asked(Kind.OTHER, 1, place=("a",)): False,
    asked(Kind.OTHER, 1, place=("none",)): False,
    asked(Kind.OTHER, None, place=("missing", "inner")): False,
    asked(Kind.TYPE, "integer", place=("a",)): True,
    asked(Kind.TYPE, "string", place=("a",)): False,
    asked(Kind.ABSENT, place=("missing",)): True,
    asked(Kind.ABSENT, place=("none",)): False,
    asked(Kind.COUNT, 2, place=IDS): True,
    asked(Kind.COUNT, 3, place=IDS): False,
    asked(Kind.AT_MOST, 2, place=IDS): True,
    asked(Kind.AT_MOST, 1, place=IDS): False,
    asked(Kind.SOMEWHERE, "x", "9f"): True,
    asked(Kind.SOMEWHERE, "x", "9f", place=IDS): False,
    asked(Kind.NOWHERE, "9f", place=IDS): True,
    asked(Kind.NOWHERE, "z", "y"): False,
}


@pytest.mark.parametrize(("condition", "is_so"), HOLDS.items(), ids=str)
def test_a_condition_holds_or_not(condition: Condition, is_so: bool) -> None:
    assert holds(condition, [event(200, BODY)]) is is_so


def event(status: int, body: object) -> Event:
    answer = Answer(status, "application/json", body)
    return Event("", Exchange(1, Request("it", "GET", "/it"), answer, 0, 1))


def test_a_condition_may_be_about_an_answer_before_the_last() -> None:
    events = [event(200, {"a": 1}), event(200, {"a": 2})]
    assert holds(asked(Kind.VALUE, 1, place=("a",), back=1), events)
    assert not holds(asked(Kind.VALUE, 1, place=("a",)), events)
    assert not holds(asked(Kind.VALUE, 1, place=("a",), back=2), events)
    assert not holds(asked(Kind.NOWHERE, "x"), [event(404, {})])


SERVER = """
import http.server, json, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(sys.argv[1].encode())
    def log_message(self, *said): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""


@pytest.mark.parametrize("ending", ["py", "sh"])
def test_a_script_sees_what_holds_as_the_suite_does(ending: str, tmp_path: Path) -> None:
    if ending == "sh" and NEEDED:
        pytest.skip(f"{', '.join(NEEDED)} cannot be had here (Debian has curl and jq)")
    text, command = (python_text, [sys.executable]) if ending == "py" else (shell_text, ["bash"])
    path = tmp_path / f"it.{ending}"
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, json.dumps(BODY)], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            url = f"http://127.0.0.1:{int(server.stdout.readline())}"
            for condition, is_so in HOLDS.items():
                one = recipe(conditions=(condition,))
                for back in (0, 1):
                    calls = one.calls * (1 + back)
                    calls = tuple(replace(call, step=str(n)) for n, call in enumerate(calls))
                    moved = replace(one, calls=calls, conditions=(replace(condition, back=back),))
                    path.write_text(text(moved, path.name), encoding="utf-8")
                    if back and condition.kind is Kind.CONTENT_TYPE:
                        continue  # no contract asks for that of an earlier answer
                    done = subprocess.run(
                        [*command, str(path), url], capture_output=True, text=True, check=False
                    )
                    assert (done.returncode == 0) is is_so, (condition, done.stdout + done.stderr)
        finally:
            server.kill()
