"""The sandbox as a process: its command line, its end, and what survives being killed."""

import json
import socket
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from sandbox.credentials import ADMIN
from sandbox.faults import FAULTS
from sandbox.process import ROOT, Sandbox, SandboxError
from sandbox.variants import VARIANTS


def client_of(sandbox: Sandbox) -> httpx.Client:
    """A client with an access token, on the wallets of the seeded account."""
    base = f"{sandbox.url}/accounts/{sandbox.account}"
    grant = {"grant_type": "client_credentials", "audience": base}
    with httpx.Client(trust_env=False) as client:
        answer = client.post(
            f"{base}/auth/token", json=grant, auth=(ADMIN.client_id, ADMIN.client_secret)
        )
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    return httpx.Client(base_url=f"{base}/wallets", headers=headers, trust_env=False)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A sandbox that is expected to end by itself."""
    command = [sys.executable, "-m", "sandbox", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


# --- the command line -----------------------------------------------------------------------


def test_the_help_names_a_client_that_may_use_it() -> None:
    text = run("--help").stdout
    assert f"TALLYSTICK_CLIENT_ID={ADMIN.client_id}\n" in text
    assert f"TALLYSTICK_CLIENT_SECRET={ADMIN.client_secret}\n" in text


def test_the_list_names_every_fault_and_variant() -> None:
    printed = run("--list")
    assert printed.returncode == 0
    words = set(printed.stdout.split())
    assert FAULTS.keys() | VARIANTS.keys() <= words


@pytest.mark.parametrize("arguments", [("--fault", "nosuch"), ("--variant", "nosuch")])
def test_an_unknown_name_is_one_line_and_no_server(arguments: tuple[str, str]) -> None:
    printed = run(*arguments)
    assert printed.returncode == 2
    assert printed.stdout == ""
    assert printed.stderr.count("\n") == 1
    assert "nosuch" in printed.stderr


def test_a_busy_port_is_one_line_and_no_server() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        printed = run("--port", port)
    assert printed.returncode == 2
    assert printed.stderr.count("\n") == 1
    assert port in printed.stderr


def test_a_file_that_is_no_database_is_one_line_and_no_server(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a database, but long enough to be looked at" * 100)
    printed = run("--database", str(file))
    assert printed.returncode == 2
    assert printed.stderr.count("\n") == 1


def test_the_process_says_why_it_did_not_start() -> None:
    with pytest.raises(SandboxError, match="nosuch"):
        Sandbox(faults=["nosuch"]).start()


@pytest.mark.parametrize("program", [("sandbox",), ("tallystick", "sandbox")])
def test_the_first_line_says_where_the_server_is(program: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", *program, "--with-parent"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert ready["account"] == ADMIN.account
        assert httpx.get(f"{ready['url']}/nothing", trust_env=False).status_code == 404
        assert process.stdin is not None
        # A parent that ends closes the pipe, in whatever way it ends.
        process.stdin.close()
        assert process.wait(60) == 0
        assert process.stdout.read() == b""


def test_a_server_ends_by_a_signal_with_status_0() -> None:
    command = [sys.executable, "-m", "sandbox"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.terminate()
        assert process.wait(60) == 0


def test_token_lifetime_is_an_option() -> None:
    with Sandbox(options=["--token-lifetime", "77"]) as sandbox:
        base = f"{sandbox.url}/accounts/{sandbox.account}"
        answer = httpx.post(
            f"{base}/auth/token",
            json={"grant_type": "client_credentials", "audience": base},
            auth=(ADMIN.client_id, ADMIN.client_secret),
            trust_env=False,
        )
    assert answer.json()["expires_in"] == 77


def test_a_client_that_leaves_in_the_middle_is_no_error() -> None:
    with Sandbox() as sandbox:
        host, port = sandbox.url.split("/")[2].split(":")
        with socket.create_connection((host, int(port))) as half:
            half.sendall(b"POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
        answer = httpx.get(f"{sandbox.url}/x", trust_env=False)
        errors = sandbox.errors
    assert answer.status_code == 404
    assert errors == ""


# --- durability -----------------------------------------------------------------------------


def fund_until_killed(client: httpx.Client, acknowledged: list[int]) -> None:
    """Adds 1, 2, 4, ... so that the balance shows which funds have arrived."""
    for number in range(40):
        body = {
            "card_id": "c",
            "ref_id": f"r{number}",
            "amount": 1 << number,
            "currency": "NOK",
            "type": "fund",
        }
        try:
            answer = client.post("/transactions", json=body)
        except httpx.TransportError:
            return
        assert answer.status_code == 200
        acknowledged.append(number)


def test_nothing_acknowledged_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    database = tmp_path / "wallet.db"
    acknowledged: list[int] = []
    with Sandbox(database=database) as sandbox, client_of(sandbox) as client:
        client.post("/cards", json={"card_id": "c", "amount": 0, "currency": "NOK"})
        writer = threading.Thread(target=fund_until_killed, args=(client, acknowledged))
        writer.start()
        while len(acknowledged) < 15 and writer.is_alive():
            pass
        sandbox.kill()
        writer.join()
        token = client.headers["authorization"]
    with Sandbox(database=database) as sandbox:
        with client_of(sandbox) as client:
            # The signing key is kept with the money: a token outlives the restart.
            client.headers["authorization"] = token
            funds = client.get("/cards/c").json()["amount_funds"]
            listed = client.get("/cards/c/transactions").json()
        assert sandbox.errors == ""
    kept = {number for number in range(40) if funds >> number & 1}
    assert set(acknowledged) <= kept
    assert len(kept) <= len(acknowledged) + 1
    assert {int(record["ref_id"][1:]) for record in listed} == kept


def test_without_a_file_every_start_is_a_fresh_one() -> None:
    for _ in range(2):
        with Sandbox() as sandbox, client_of(sandbox) as client:
            assert client.get("/cards").json() == {"cards": []}
