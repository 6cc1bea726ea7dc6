"""A Dask cluster of processes on the loopback, for tests: a scheduler and workers of one thread.

Each process is started as its users start it, and ends with the block. Knows nothing of hunts.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from distributed import Client

STARTING_S = 60
STOPPING_S = 20
LOOPBACK = ("--host", "127.0.0.1")


@dataclass(slots=True)
class DaskCluster:
    """A running cluster. `workers` are its processes, in the order of their start."""

    address: str
    folder: Path
    environment: Mapping[str, str]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def add_worker(self) -> subprocess.Popen[bytes]:
        """Start one more worker of one thread."""
        words = ("worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard")
        place = ("--local-directory", str(self.folder))
        worker = _started(self.folder, self.environment, *words, *LOOPBACK, *place)
        self.workers.append(worker)
        return worker


@contextmanager
def dask_cluster(
    folder: Path, workers: int, environment: Mapping[str, str]
) -> Iterator[DaskCluster]:
    """A cluster whose workers have these environment variables."""
    file = folder / "scheduler.json"
    words = ("scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", str(file))
    with ExitStack() as stack:
        scheduler = _started(folder, {}, *words, *LOOPBACK)
        stack.callback(_stop, scheduler)
        with Client(scheduler_file=str(file), timeout=STARTING_S, set_as_default=False) as client:
            address = client.scheduler.address
            cluster = DaskCluster(address, folder, environment)
            stack.callback(lambda: [_stop(worker) for worker in cluster.workers])
            for _ in range(workers):
                cluster.add_worker()
            client.wait_for_workers(workers, timeout=STARTING_S)
        yield cluster


def _started(folder: Path, environment: Mapping[str, str], *words: str) -> subprocess.Popen[bytes]:
    plain = {n: v for n, v in os.environ.items() if not n.startswith(("PYTEST_", "TALLYSTICK_"))}
    with (folder / f"{words[0]}.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *words],
            env={**plain, **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(STOPPING_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
