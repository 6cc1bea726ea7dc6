"""Hunts on a real Dask cluster of processes on the loopback."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path

from tallystick.corpus.storage import open_corpus
from tests.hunting.dask_cluster import DaskCluster, dask_cluster
from tests.hunting.test_runs import LIMIT_S, _runs
from tests.proof.servers import forked_sandbox
from tests.sampling import LONG
from tests.suite.harness import ESSENTIALS, Ran, free_url, tallystick


def _hunt(cluster: DaskCluster, reports: Path, *words: str) -> Ran:
    own = [f"--report-dir={reports}", f"--scheduler={cluster.address}"]
    return tallystick(cluster.environment, reports, "hunt", *own, *words)


def test_workers_bring_their_reports_back_and_share_a_corpus(tmp_path: Path) -> None:
    corpus, reports = tmp_path / "corpus", tmp_path / "reports"
    with (
        forked_sandbox(faults=["capture_checks_original"]) as faulty,
        dask_cluster(tmp_path, 2, faulty) as cluster,
    ):
        words = ["--budget=16s", "--round=4s", f"--corpus={corpus}", ESSENTIALS]
        ran = _hunt(cluster, reports, *words)
    assert ran.status == 1, ran.output
    assert len(ran.result["runs"]) > 2
    names = sorted(entry["fingerprint"] for entry in ran.result["violations"])
    assert sorted(open_corpus(str(corpus)).programs()) == names
    assert _runs(reports)[-1]["corpus"]["shown"] == names
    for entry in ran.result["violations"]:
        assert (reports / entry["scenario"]).exists()
    assert "curl" in (reports / "report.html").read_text(encoding="utf-8")


@LONG
def test_a_worker_that_is_killed_loses_nothing(tmp_path: Path) -> None:
    corpus, reports = tmp_path / "corpus", tmp_path / "reports"
    with (
        forked_sandbox(faults=["capture_checks_original"]) as faulty,
        dask_cluster(tmp_path, 1, faulty) as cluster,
    ):

        def kill() -> None:
            deadline = time.monotonic() + LIMIT_S
            while not list(corpus.glob("*.yaml")) and time.monotonic() < deadline:
                time.sleep(0.02)
            cluster.workers[0].send_signal(signal.SIGKILL)
            cluster.add_worker()

        killer = threading.Thread(target=kill)
        killer.start()
        ran = _hunt(cluster, reports, "--budget=25s", "--seed=5", f"--corpus={corpus}")
        killer.join()
    assert ran.status == 1, ran.output
    (run,) = _runs(reports)
    assert run["seed"] == 5, "it was begun again on the other worker"
    assert run["corpus"]["shown"], "which replayed first what the one that was killed had found"


@LONG
def test_a_scheduler_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with forked_sandbox() as honest:
        address = free_url().removeprefix("http://").removesuffix("/v1")
        cluster = DaskCluster(f"tcp://{address}", tmp_path, honest)
        ran = _hunt(cluster, tmp_path / "reports", "--budget=9s")
    assert ran.status == 4, ran.output
    assert f"--scheduler tcp://{address}" in ran.output.splitlines()[-1]
