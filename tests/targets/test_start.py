"""Each server starts empty, answers, listens on 127.0.0.1 only, and stops."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.targets.catalogue import PACKAGES
from tests.targets.process import KEY, ThirdParty
from tests.targets.requirement import servers_with

ROOT = Path(__file__).parents[2]
LISTENING = "0A"
LOOPBACK = "0100007F"
HOLDS = {
    "localstripe": ("/v1/payment_intents", {"amount": 1000, "currency": "usd"}),
    "stripe-stateful-mock": (
        "/v1/charges",
        {"amount": 1000, "currency": "usd", "source": "tok_visa", "capture": "false"},
    ),
}
"""For each server a request that makes an object, and where it is listed."""
SERVERS = servers_with(*HOLDS, by="targets")


@pytest.fixture(params=sorted(HOLDS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(name: str) -> Iterator[ThirdParty]:
    with ThirdParty(name, SERVERS) as running:
        yield running


def client(server: ThirdParty) -> httpx.Client:
    headers = {"Authorization": f"Bearer {KEY}"}
    return httpx.Client(base_url=server.url, headers=headers, trust_env=False)


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


def listeners(port: int) -> list[str]:
    """The addresses, in the kernel's hexadecimal form, at which anything listens on this port."""
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            address, hex_port = line.split()[1].split(":")
            if int(hex_port, 16) == port and line.split()[3] == LISTENING:
                found.append(address)
    return found


def is_closed(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_it_answers_the_smoke_request(server: ThirdParty, name: str) -> None:
    with client(server) as http:
        answer = http.get(PACKAGES[name].smoke)
    assert answer.status_code == 200
    assert answer.json()["data"] == []


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs the tables of Linux")
def test_it_listens_on_the_loopback_only(server: ThirdParty) -> None:
    assert listeners(port_of(server.url)) == [LOOPBACK]


def test_two_at_a_time_share_nothing(server: ThirdParty, name: str) -> None:
    path, form = HOLDS[name]
    with ThirdParty(name, SERVERS) as second, client(server) as one, client(second) as other:
        assert one.post(path, data=form).status_code == 200
        assert len(one.get(path).json()["data"]) == 1
        assert other.get(path).json()["data"] == []


def test_it_stops(server: ThirdParty) -> None:
    server.close()
    assert server.exit_status == 0
    assert is_closed(port_of(server.url))


def test_it_ends_with_the_process_that_started_it(name: str) -> None:
    command = [sys.executable, "-m", "tests.targets", "start", str(SERVERS), name]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        port = port_of(starter.stdout.readline().strip())
        assert not is_closed(port)
        os.kill(starter.pid, signal.SIGKILL)
    while not is_closed(port):  # The limit of the test ends this.
        time.sleep(0.02)
