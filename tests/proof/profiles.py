"""The other two servers of ours, by the profiles that speak to them: every fault, every variant.

A server of Stripe's shape is judged twice, once for each mapping; a fault is shown to the mappings
that can meet it. Knows how the servers are started, and nothing of what they do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from tests.prepaid import tenants
from tests.prepaid.faults import FAULTS as OF_PREPAID
from tests.prepaid.process import Prepaid
from tests.prepaid.variants import VARIANTS as OF_PREPAID_HONEST
from tests.proof.faults import FaultRow, NamedFault, row_of
from tests.proof.gate import Outcome, run_gate
from tests.proof.variants import HONEST, VariantRow, alarms_of
from tests.stripelike import accounts
from tests.stripelike.faults import FAULTS as OF_STRIPELIKE
from tests.stripelike.process import Stripelike
from tests.stripelike.variants import VARIANTS as OF_STRIPELIKE_HONEST

SPEC = Path(__file__).parents[2] / "spec"
RECORD = Path(__file__).with_name("profiles.json")

DIALECTS = {"rest_stays_held": {"figure.released": "with_rest"}}
"""What the server answered before it had the fault, where only that tells it from an honest one."""

EDITS: dict[str, dict[str, Any]] = {"key_in_body": {"retry": {"member": "idempotency_key"}}}
"""What the profile has to say otherwise of a variant."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A server and the profile that speaks to it."""

    profile: Path
    start: Callable[..., AbstractContextManager[Any]]
    tokens: Mapping[str, str]
    """Credentials, by the variable that gives them."""
    faults: Mapping[str, NamedFault]
    """Those that a client of this profile can meet."""
    variants: Sequence[str]


def _stripelike(mapping: str, profile: str) -> Judged:
    return Judged(
        SPEC / "stripe" / profile,
        Stripelike,
        {"TALLYSTICK_TOKEN": accounts.FIRST.key, "TALLYSTICK_OTHER_TOKEN": accounts.SECOND.key},
        {name: each for name, each in OF_STRIPELIKE.items() if each.shows_in(mapping)},
        tuple(OF_STRIPELIKE_HONEST),
    )


SERVERS = {
    "stripelike-charges": _stripelike("charges", "charges.yaml"),
    "stripelike-intents": _stripelike("intents", "payment_intents.yaml"),
    "prepaid": Judged(
        SPEC / "prepaid" / "profile.yaml",
        Prepaid,
        {
            "TALLYSTICK_TOKEN": tenants.FIRST.value,
            "TALLYSTICK_OTHER_TOKEN": tenants.SECOND.value,
            "TALLYSTICK_READER_TOKEN": tenants.FIRST_READER.value,
        },
        {name: each for name, each in OF_PREPAID.items() if not each.beyond},
        tuple(OF_PREPAID_HONEST),
    ),
}


def faults(server: str, names: Sequence[str], *, jobs: int) -> Iterator[FaultRow]:
    """A row for each fault: its gate ends with the first contract that fails."""
    judged = SERVERS[server]
    with ThreadPoolExecutor(jobs) as pool:
        outcomes = pool.map(lambda name: gate(judged, "-x", faults=[name]), names)
        for name, outcome in zip(names, outcomes, strict=True):
            yield row_of(judged.faults[name], outcome, {})


def everyone(server: str) -> list[str]:
    """The names of the honest servers."""
    return [HONEST, *SERVERS[server].variants]


def seeds_of(names: Sequence[str], seeds: int) -> list[tuple[str, int]]:
    """What is run of some honest servers: so many seeds of the plain one, one of each other."""
    return [(name, seed) for name in names for seed in range(seeds if name == HONEST else 1)]


def variants(server: str, planned: Sequence[tuple[str, int]], *, jobs: int) -> Iterator[VariantRow]:
    """A row for each honest server and seed."""
    judged = SERVERS[server]

    def row(name: str, seed: int) -> VariantRow:
        chosen = [] if name == HONEST else [name]
        outcome = gate(judged, f"--seed={seed}", variants=chosen)
        requests = 0 if outcome.result is None else outcome.result["requests"]
        seconds = round(outcome.seconds, 1)
        said = (outcome.verdict, outcome.status, requests, seconds, alarms_of(outcome))
        return VariantRow(name, seed, *said)

    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(lambda pair: row(*pair), planned)


def gate(
    judged: Judged, *arguments: str, faults: Sequence[str] = (), variants: Sequence[str] = ()
) -> Outcome:
    """Start the server, and run the gate with its profile."""
    with (
        judged.start(faults=faults, variants=variants) as server,
        TemporaryDirectory(prefix="proof-") as folder,
    ):
        options = list(_options(judged, Path(folder), faults, variants))
        return run_gate(environment_of(judged, server.url), *options, *arguments)


def environment_of(judged: Judged, url: str) -> dict[str, str]:
    """The variables by which the gate finds a server and its credentials."""
    return {"TALLYSTICK_TARGET": url, **judged.tokens}


def _options(
    judged: Judged, folder: Path, faults: Sequence[str], variants: Sequence[str]
) -> Iterator[str]:
    profile = judged.profile
    edits = [EDITS[name] for name in variants if name in EDITS]
    if edits:
        said = yaml.safe_load(profile.read_text(encoding="utf-8"))
        said["openapi"] = str(profile.with_name(said["openapi"]))
        for edit in edits:
            said.update(edit)
        profile = folder / "profile.yaml"
        profile.write_text(yaml.safe_dump(said), encoding="utf-8")
    yield f"--profile={profile}"
    pinned: dict[str, str] = {}
    for name in faults:
        pinned |= DIALECTS.get(name, {})
    if pinned:
        dialect = folder / "dialect.yaml"
        dialect.write_text(yaml.safe_dump({"answers": pinned}), encoding="utf-8")
        yield f"--dialect={dialect}"
