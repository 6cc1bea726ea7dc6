"""A redis-server of Debian for tests: on a free port of the loopback, in a temporary folder.

It ends with the tests, also if they are killed: it is the child of a shell that waits for the end
of its standard input. Knows how to start it, not what is kept in it.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import redis

STARTING_S = 30
KEEPER = """folder=$1; shift; "$@" & server=$!
cat >/dev/null; kill $server; wait $server; rm -rf "$folder" """


def why_not() -> str:
    """Why no server can be started here; empty if one can."""
    return "" if shutil.which("redis-server") else "redis-server is not installed"


@contextmanager
def redis_server() -> Iterator[str]:
    """The address of a server that keeps nothing."""
    folder = tempfile.mkdtemp(prefix="tallystick-redis-")
    port = _free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", folder]
    process = subprocess.Popen(
        ["sh", "-c", KEEPER, "sh", folder, *command, "--save", "", "--appendonly", "no"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        url = f"redis://127.0.0.1:{port}/0"
        _wait_for(url)
        yield url
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(STARTING_S)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + STARTING_S
    with redis.Redis.from_url(url) as client:
        while True:
            try:
                client.ping()
                return
            except redis.ConnectionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
