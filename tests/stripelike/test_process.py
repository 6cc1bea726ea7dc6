"""The server as a process: it starts, stops, starts again, and names what it does not know."""

import socket
import subprocess
import sys

import pytest

from tests.stripelike import crowds
from tests.stripelike.client import Checked, Http
from tests.stripelike.faults import FAULTS
from tests.stripelike.process import ROOT, Stripelike
from tests.stripelike.shop import CHARGES, Shop
from tests.stripelike.variants import VARIANTS


def run(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.stripelike", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_a_restart_on_the_same_port_begins_with_nothing() -> None:
    port = 0
    for _ in range(2):
        server = Stripelike(port=port)
        port = int(server.url.rpartition(":")[2])
        http = Http(server.url)
        shop = Shop(Checked(http))
        assert shop.get(CHARGES)["data"] == []
        assert shop.charge(1000, "key").replayed is False
        http.close()
        assert server.close() == ""
        assert server.exit_status == 0
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_it_listens_on_the_loopback_only() -> None:
    with Stripelike() as server:
        assert server.url.startswith("http://127.0.0.1:")


def test_a_crowd_over_http_finds_nothing_on_the_honest_server() -> None:
    with Stripelike() as server:
        http = Http(server.url)
        for crowd in crowds.CROWDS:
            crowd(Checked(http))
        http.close()


def test_a_fault_and_a_variant_are_served() -> None:
    with Stripelike(faults=["capture_unlimited"], variants=["upper_case_currency"]) as server:
        http = Http(server.url)
        shop = Shop(http)
        hold = shop.charge(1000, currency="EUR")
        assert shop.capture_charge(hold["id"], 1001)["amount_captured"] == 1001
        http.close()


def test_a_race_over_http_is_met() -> None:
    with Stripelike(faults=["race_captures"]) as server:
        http = Http(server.url)
        assert any(_meets(crowds.captures_of_a_charge, http) for _ in range(5))
        http.close()


def _meets(crowd: crowds.Crowd, http: Http) -> bool:
    try:
        crowd(http)
    except AssertionError:
        return True
    return False


def test_every_name_is_listed_with_the_rule_that_it_breaks() -> None:
    listed = run("--list").stdout
    lines = {line.split()[0]: line for line in listed.splitlines()}
    for name, fault in FAULTS.items():
        assert lines[name].split()[1] == fault.breaks
        assert fault.summary in lines[name]
    assert set(VARIANTS) <= set(lines)


@pytest.mark.parametrize("kind", ["fault", "variant"])
def test_an_unknown_name_is_refused_with_one_line(kind: str) -> None:
    ended = run(f"--{kind}", "nothing")
    assert ended.returncode == 2
    assert ended.stderr == f"stripelike: there is no {kind} named nothing: see --list\n"


def test_a_taken_port_is_refused_with_one_line() -> None:
    with Stripelike() as server:
        port = server.url.rpartition(":")[2]
        ended = run("--port", port)
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"stripelike: cannot listen on 127.0.0.1:{port}")
