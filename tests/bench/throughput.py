"""How fast the state machine drives a server, as a ratio of a bare loop on the same server.

The machine of `contracts/test_lifecycle.py` and a bare loop over `httpx.Client` take turns on one
sandbox, in slices, so that whatever else the computer does slows both alike. The bare loop repeats
the requests that the machine has just sent, with ids of its own, and does nothing else.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from contracts import test_lifecycle
from sandbox.credentials import ADMIN
from sandbox.process import Sandbox
from tallystick.documents.shape import load
from tallystick.drivers.probe import probe
from tallystick.profiles.documents import dialect_of
from tallystick.profiles.wallet.profile import Wallet
from tallystick.request import Request
from tallystick.run import Intensity, Run
from tallystick.target import Address, Client, Exchange, HttpTarget
from tests.strategies.machine import drive

SLICES = 12
EXAMPLES = test_lifecycle.EXAMPLES[Intensity.GATE]
STEPS = test_lifecycle.STEPS[Intensity.GATE]
ENOUGH = 0.7
"""The share of a bare loop's speed that the machine has to reach."""


@dataclass(slots=True)
class Pace:
    """Requests and the seconds that they took."""

    requests: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    @property
    def per_second(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of this process for a request."""
        return 1000 * self.cpu_seconds / self.requests

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Count the time that the block takes."""
        began, cpu_began = time.perf_counter(), time.process_time()
        yield
        self.seconds += time.perf_counter() - began
        self.cpu_seconds += time.process_time() - cpu_began


@dataclass(slots=True)
class Log:
    """What the machine sent in a slice."""

    sent: list[Request] = field(default_factory=list)

    def observe(self, exchange: Exchange) -> None:
        """Keep a request."""
        self.sent.append(exchange.request)


def measure(slices: int = SLICES) -> tuple[Pace, Pace]:
    """The pace of the machine and the pace of the bare loop."""
    gc.freeze()  # as the gate does
    machine, bare = Pace(), Pace()
    log = Log()
    with Sandbox() as sandbox:
        client = Client(ADMIN.client_id, ADMIN.client_secret)
        address = Address(sandbox.url, sandbox.account)
        target = HttpTarget(address, client, observer=log.observe, profile=Wallet())
        run = Run(target, Wallet(), load(), dialect_of(Wallet()))
        probe(run)
        with httpx.Client(trust_env=False) as http:
            headers = {
                "Accept": "application/json",
                **target.credentials(),
            }
            for number in range(slices):
                log.sent.clear()
                _drive(run, number, machine)
                requests = _of_its_own(log.sent, run.name, f"bare{number}")
                _loop(http, address.url, headers, requests, bare)
        target.close()
    return machine, bare


def _drive(run: Run, number: int, pace: Pace) -> None:
    """As many examples of the machine as a gate has."""
    before = run.target.meter.requests
    with pace.timed():
        violated = drive(run, number=number, examples=EXAMPLES, steps=STEPS, look=lambda _: None)
    pace.requests += run.target.meter.requests - before
    assert violated is None, "the sandbox is honest"


def _of_its_own(sent: list[Request], name: str, other: str) -> list[tuple[str, str, bytes | None]]:
    """The same requests with cards and ref_ids of their own, encoded already."""

    def told() -> Iterator[tuple[str, str, bytes | None]]:
        for request in sent:
            body = None if request.body is None else json.dumps(request.body).replace(name, other)
            content = None if body is None else body.encode()
            yield request.method, request.path.replace(name, other), content

    return list(told())


def _loop(
    http: httpx.Client,
    url: str,
    headers: dict[str, str],
    requests: list[tuple[str, str, bytes | None]],
    pace: Pace,
) -> None:
    """Send and read, and nothing else."""
    with_body = {**headers, "Content-Type": "application/json"}
    with pace.timed():
        for method, path, content in requests:
            chosen = headers if content is None else with_body
            http.request(method, url + path, headers=chosen, content=content).read()
    pace.requests += len(requests)


def main() -> int:
    """Print the speeds and their ratio; 1 if the machine is too slow."""
    machine, bare = measure()
    ratio = machine.per_second / bare.per_second
    for name, pace in (("state machine", machine), ("bare httpx loop", bare)):
        print(f"{name:<16} {pace.per_second:8.0f} requests/s {pace.cpu_ms:8.2f} ms CPU/request")
    print(f"{'ratio':<16} {ratio:8.2f} (at least {ENOUGH} where nothing else runs)")
    return 0 if ratio >= ENOUGH else 1


if __name__ == "__main__":
    raise SystemExit(main())
