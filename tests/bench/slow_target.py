"""How long a gate takes on a target that needs 100 ms for each answer, by the number of workers.

It prints a table: `python -m tests.bench.slow_target 2 4 8`; 0 takes a quarter of an hour. The
delay is that of a small proxy, which passes bytes on and understands none of them.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from tallystick.reporting.result import Result, read_result
from tests.proof.servers import Environment, sandbox
from tests.proof.table import aligned
from tests.suite.harness import ROOT

DELAY_S = 0.1
FAULT = "capture_checks_original"
HEADER = ("server", "workers", "seconds", "run", "requests", "verdict", "broken")


@contextmanager
def delayed(environment: Environment, delay_s: float = DELAY_S) -> Iterator[Environment]:
    """The same target, each of whose answers comes so much later."""
    parts = urlsplit(environment["TALLYSTICK_TARGET"])
    loop = asyncio.new_event_loop()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream, sink = await asyncio.open_connection(parts.hostname, parts.port)
        there = asyncio.create_task(_pass_on(reader, sink, 0.0))
        await _pass_on(upstream, writer, delay_s)
        there.cancel()

    server = loop.run_until_complete(asyncio.start_server(connected, "127.0.0.1", 0))
    port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield {**environment, "TALLYSTICK_TARGET": f"http://127.0.0.1:{port}{parts.path}"}
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


async def _pass_on(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, delay_s: float
) -> None:
    """Pass bytes on, each so much later, until there are no more."""
    loop = asyncio.get_running_loop()
    due: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def write() -> None:
        while (later := await due.get())[1]:
            await asyncio.sleep(later[0] - loop.time())
            sink.write(later[1])
            await sink.drain()
        sink.close()

    writing = asyncio.create_task(write())
    content = b"-"
    with suppress(OSError):
        while content:
            content = await source.read(65536)
            due.put_nowait((loop.time() + delay_s, content))
    due.put_nowait((0.0, b""))
    with suppress(OSError):
        await writing


def run(environment: Environment, workers: str) -> tuple[float, Result]:
    """A gate with so many workers: the seconds of the whole command, and its result."""
    with tempfile.TemporaryDirectory() as folder:
        reports = Path(folder) / "reports"
        command = [sys.executable, "-m", "tallystick", "gate", "-q", "-n", workers]
        command.append(f"--report-dir={reports}")
        began = time.monotonic()
        subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=subprocess.DEVNULL,
            check=False,
        )
        return time.monotonic() - began, read_result(reports / "result.json")


def main(workers: Sequence[str]) -> None:
    """Print the table."""
    rows: list[tuple[str, ...]] = []
    for name, faults in (("honest", []), (FAULT, [FAULT])):
        with sandbox(faults=faults) as direct, delayed(direct) as environment:
            for number in workers:
                whole_s, result = run(environment, number)
                broken = ", ".join(entry["rule"] for entry in result["violations"]) or "-"
                figures = (f"{whole_s:.0f}", f"{result['seconds']:.0f}", f"{result['requests']:,}")
                rows.append((name, number, *figures, result["verdict"], broken))
                print(*rows[-1], flush=True)
    print(aligned(HEADER, rows))


if __name__ == "__main__":
    main(sys.argv[1:] or ["2", "4", "8"])
