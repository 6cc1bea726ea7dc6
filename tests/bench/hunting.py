"""How many programs a hunt runs with one worker and with four, on as many slow sandboxes.

`python -m tests.bench.hunting [SECONDS]` prints both numbers and their ratio; 60 seconds by
default. Each answer comes 20 ms late, so that it is the waiting that the workers share. The workers
are those of a Dask cluster on the loopback. It needs a processor for each worker, and says so.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from tallystick.parallel.number import processors
from tallystick.reporting.result import read_result
from tests.bench.slow_target import delayed
from tests.hunting.dask_cluster import dask_cluster
from tests.proof.servers import sandbox
from tests.suite.harness import ROOT

DELAY_S = 0.02
MANY = 4
WANTED = 3.2
"""So many times the programs of one worker, on a machine that has the processors."""
MACHINES = "contracts/test_lifecycle.py"


def programs(workers: int, seconds: float) -> int:
    """The programs that so many workers have run in so many seconds, each on its own sandbox."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = [
            stack.enter_context(delayed(stack.enter_context(sandbox()), DELAY_S))
            for _ in range(workers)
        ]
        cluster = stack.enter_context(dask_cluster(folder, workers, servers[0]))
        reports = folder / "reports"
        command = [sys.executable, "-m", "tallystick", "hunt", f"--scheduler={cluster.address}"]
        command += [f"--target={server['TALLYSTICK_TARGET']}" for server in servers]
        command += [f"--report-dir={reports}", f"--budget={seconds}s", f"--round={seconds}s"]
        subprocess.run(
            [*command, MACHINES],
            cwd=ROOT,
            env={**os.environ, **servers[0]},
            stdout=subprocess.DEVNULL,
            check=False,
        )
        return read_result(reports / "result.json")["programs"]


def main(words: Sequence[str]) -> int:
    """Print the numbers; 1 if four workers are of too little use."""
    seconds = float(words[0]) if words else 60.0
    one, many = (programs(workers, seconds) for workers in (1, MANY))
    ratio = many / max(one, 1)
    print(f"1 worker: {one:,} programs; {MANY} workers: {many:,}; {ratio:.2f} times as many")
    if processors() < MANY:
        print(f"this machine has {processors()} processors: the ratio says little")
        return 0
    return int(ratio < WANTED)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
