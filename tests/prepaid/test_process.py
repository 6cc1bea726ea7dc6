"""The server as a process: it starts, stops, starts again, and names what it does not know."""

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from tests.prepaid import crowds
from tests.prepaid.client import Checked, Http
from tests.prepaid.faults import FAULTS
from tests.prepaid.postgres import why_not
from tests.prepaid.process import ROOT, Prepaid
from tests.prepaid.shop import Shop, figures
from tests.prepaid.variants import VARIANTS


def run(*options: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.prepaid", *options]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, env={**os.environ, **more}
    )


def test_a_restart_on_the_same_port_begins_with_nothing(database: str) -> None:
    port = 0
    for _ in range(2):
        server = Prepaid(port=port, database=database)
        port = int(server.url.rpartition(":")[2])
        http = Http(server.url)
        assert Shop(Checked(http)).open("5", "NOK", "key").replayed is False
        http.close()
        assert server.close() == ""
        assert server.exit_status == 0
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_it_listens_on_the_loopback_only() -> None:
    with Prepaid() as server:
        assert server.url.startswith("http://127.0.0.1:")


def test_a_fault_and_a_variant_are_served(database: str) -> None:
    with Prepaid(faults=["capture_unlimited"], variants=["numeric_ids"], database=database) as it:
        http = Http(it.url)
        shop = Shop(http)
        hold = shop.hold(shop.account(), "10")["id"]
        assert isinstance(hold, int)
        assert shop.capture(hold, "10.01").accepted
        http.close()


def test_a_crowd_over_http_finds_nothing_on_the_honest_server(database: str) -> None:
    with Prepaid(database=database) as server:
        http = Http(server.url)
        for crowd in crowds.CROWDS:
            crowd(Checked(http))
        http.close()


def test_a_race_over_http_is_met(database: str) -> None:
    with Prepaid(faults=["race_payments_add_up"], database=database) as server:
        http = Http(server.url)
        assert any(_meets(crowds.payments, http) for _ in range(5))
        http.close()


def _meets(crowd: crowds.Crowd, http: Http) -> bool:
    try:
        crowd(http)
    except AssertionError:
        return True
    return False


@pytest.mark.skipif(why_not() is not None, reason=str(why_not()))
def test_a_server_of_postgresql_is_started_and_stopped_with_it() -> None:
    server = Prepaid(database="postgres")
    assert len(postgres_below(server._process.pid)) > 0
    running = postgres_below(server._process.pid)
    http = Http(server.url)
    shop = Shop(Checked(http))
    assert figures(shop.read(shop.account("5"))) == ("5.00", "0.00", "5.00")
    http.close()
    assert server.close() == ""
    assert server.exit_status == 0
    assert not [pid for pid in running if alive(pid)]


@pytest.mark.skipif(why_not() is not None, reason=str(why_not()))
def test_a_server_of_postgresql_ends_also_if_it_is_not_stopped() -> None:
    server = Prepaid(database="postgres")
    running = postgres_below(server._process.pid)
    os.kill(server._process.pid, signal.SIGKILL)
    server.close()
    patience = time.monotonic() + 30
    while any(alive(pid) for pid in running) and time.monotonic() < patience:
        time.sleep(0.05)
    assert not [pid for pid in running if alive(pid)]


def postgres_below(pid: int) -> list[int]:
    """The processes that a process and those below it have started."""
    found: list[int] = []
    children = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True
    ).stdout.split()
    for child in map(int, children):
        found += [child, *postgres_below(child)]
    return found


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and is not waited for does not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
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
    assert ended.stderr == f"prepaid: there is no {kind} named nothing: see --list\n"


def test_a_taken_port_is_refused_with_one_line() -> None:
    with Prepaid() as server:
        port = server.url.rpartition(":")[2]
        ended = run("--port", port)
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"prepaid: cannot listen on 127.0.0.1:{port}")


def test_a_database_that_is_not_there_is_refused_with_one_line() -> None:
    ended = run("--database", "postgresql:///nothing?host=/nowhere")
    assert ended.returncode == 2
    assert ended.stderr.startswith("prepaid: cannot connect to postgresql:///nothing")
    assert ended.stderr.count("\n") == 1
