"""The servers that are judged: the sandbox with a fault or a variant, and mutants of the rival.

Each is started for one run, and yields the environment that points the suite at it. Knows how to
start them and nothing of what they do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sandbox import credentials
from sandbox.process import Sandbox
from tallystick.target import Address
from tests.proof import forking
from tests.rival.process import Rival

Environment = dict[str, str]

NEEDS = {
    "expired_access_accepted": ("--token-lifetime", "4"),
    "use_prolongs_access": ("--token-lifetime", "8"),
}
"""Further options of a fault: what happens to an expired token is seen only if tokens expire."""


def environment_of(url: str) -> Environment:
    """The variables that point the suite at a sandbox, with all its clients."""
    pairs = {
        "CLIENT": credentials.ADMIN,
        "OTHER_CLIENT": credentials.OTHER,
        "READER_CLIENT": credentials.READER,
        "TILL_CLIENT": credentials.TILL,
    }
    found = {
        "TALLYSTICK_TARGET": url,
        "TALLYSTICK_ACCOUNT": credentials.ACCOUNT,
        "TALLYSTICK_OTHER_ACCOUNT": credentials.OTHER_ACCOUNT,
    }
    for prefix, client in pairs.items():
        found[f"TALLYSTICK_{prefix}_ID"] = client.client_id
        found[f"TALLYSTICK_{prefix}_SECRET"] = client.client_secret
    return found


@contextmanager
def sandbox(*, faults: Sequence[str] = (), variants: Sequence[str] = ()) -> Iterator[Environment]:
    """A sandbox in a process of its own, started as its users start it."""
    with Sandbox(faults=faults, variants=variants) as server:
        yield environment_of(server.url)


@contextmanager
def forked_sandbox(
    *, faults: Sequence[str] = (), variants: Sequence[str] = ()
) -> Iterator[Environment]:
    """The same, forked from a process that has imported it: many of them start in little time."""
    options = [word for name in faults for word in ("--fault", name, *NEEDS.get(name, ()))]
    options += [word for name in variants for word in ("--variant", name)]
    with forking.sandbox(options) as url:
        yield environment_of(url)


@contextmanager
def forked_address(*faults: str) -> Iterator[Address]:
    """The address of such a sandbox, for tests that need no run of the whole suite."""
    with forking.sandbox([word for name in faults for word in ("--fault", name)]) as url:
        yield Address(url, credentials.ACCOUNT)


@contextmanager
def rival(mutant: int | None = None) -> Iterator[Environment]:
    """The rival, honest or with one mutant in its money code."""
    options = () if mutant is None else ("--mutant", str(mutant))
    with Rival(*options) as server:
        yield server.environment()
