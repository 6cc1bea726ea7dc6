"""Where the runs of a hunt are performed: in processes here, or on the workers of a Dask cluster.

Either is an executor of the standard library. Nothing here knows what a run finds.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from tallystick.hunting.round import Ended, Round, Running, perform_elsewhere
from tallystick.options import SettingsError

CONNECT_S = 20.0
"""How long the scheduler may take to answer, and to have a worker."""


class Engine(Protocol):
    """Performs runs at the same time."""

    @property
    def slots(self) -> int:
        """How many runs may go on at the same time; on a cluster it changes."""

    def submit(self, round_: Round) -> Future[Ended]:
        """Begin a run."""

    def stop(self) -> None:
        """Let what is running end soon."""


class Here:
    """Processes of this machine, with their reports in a folder of their own below `folder`."""

    def __init__(self, executor: Executor, workers: int, folder: Path) -> None:
        self.slots = workers
        self._executor = executor
        self._folder = folder
        self._running = Running()

    def submit(self, round_: Round) -> Future[Ended]:
        return self._executor.submit(self._running.perform, round_, self._folder / round_.name)

    def stop(self) -> None:
        self._running.stop()


class Cluster:
    """The workers of a Dask scheduler. A run whose worker dies is begun again on another one."""

    def __init__(self, client: Any, most: int | None) -> None:
        self._client = client
        self._most = most
        self._executor = client.get_executor(pure=False)
        self._futures: list[Future[Ended]] = []

    @property
    def slots(self) -> int:
        threads: int = sum(self._client.nthreads().values())
        return threads if self._most is None else min(threads, self._most)

    def submit(self, round_: Round) -> Future[Ended]:
        future: Future[Ended] = self._executor.submit(perform_elsewhere, round_)
        self._futures.append(future)
        return future

    def stop(self) -> None:
        """Leave the workers alone: a run there ends with its budget, and keeps what it found."""
        for future in self._futures:
            future.cancel()


@contextmanager
def here(workers: int, folder: Path) -> Iterator[Here]:
    """An engine of so many processes."""
    with ThreadPoolExecutor(workers) as executor:
        yield Here(executor, workers, folder)


@contextmanager
def cluster(scheduler: str, most: int | None) -> Iterator[Cluster]:
    """An engine of the workers that a scheduler has, `most` at a time; SettingsError if none.

    The workers need the suite, its credentials in their environment, and a way to the targets.
    """
    try:
        import distributed
    except ImportError:
        raise SettingsError("--scheduler needs a package: pip install 'tallystick[dask]'") from None
    try:
        client = distributed.Client(scheduler, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        why = " ".join(str(error).split())
        raise SettingsError(f"--scheduler {scheduler}: {why or type(error).__name__}") from None
    try:
        client.wait_for_workers(1, timeout=CONNECT_S)
        yield Cluster(client, most)
    except TimeoutError:
        raise SettingsError(f"--scheduler {scheduler} has no worker") from None
    finally:
        client.close()
