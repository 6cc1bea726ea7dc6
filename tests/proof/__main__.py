"""`python -m tests.proof`: measure what the suite catches and what it leaves alone.

Exit status 1 if a fault is missed or an honest server is accused. Knows the command line only.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from sandbox.faults import FAULTS
from tests.proof import (
    causes,
    faults,
    interrupts,
    mixes,
    mutants,
    networks,
    peers,
    profiles,
    readme,
    record,
    scripts,
    variants,
)

Row = TypeVar("Row")

RUNS_TO_INTERRUPT = 25
SEEDS_OF_NETWORKS = 10
MIXES_OF_A_RECORD = 40
ENOUGH = 95.0
"""Percent of the mutants that have to be killed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one measurement, or all of them."""
    options = _parse(arguments)
    parts: dict[str, Callable[[argparse.Namespace], bool]] = {
        "faults": _faults,
        "variants": _variants,
        "networks": _networks,
        "interrupts": _interrupts,
        "mutants": _mutants,
        "peers": _peers,
        "causes": _causes,
        "profiles": _profiles,
        "scripts": _scripts,
    }
    if options.part == "readme":
        readme.write()
        return 0
    chosen = list(parts) if options.part == "all" else [options.part]
    good = [parts[name](options) for name in chosen]
    if options.part == "all":
        readme.write()
    return 0 if all(good) else 1


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.proof", description=__doc__)
    parts = [
        "faults",
        "variants",
        "networks",
        "interrupts",
        "mutants",
        "peers",
        "causes",
        "profiles",
        "scripts",
    ]
    parser.add_argument("part", choices=["all", *parts, "readme"])
    parser.add_argument("--server", choices=profiles.SERVERS, help="of this server of ours")
    parser.add_argument(
        "--only", default="", metavar="NAME,...", help="only these by name; variants: a+b too"
    )
    parser.add_argument("--jobs", type=int, default=2, help="runs at the same time (default 2)")
    parser.add_argument("--stop-early", action="store_true", help="faults: stop at the first")
    parser.add_argument("--seeds", type=int, default=20, help="variants: seeds each (default 20)")
    parser.add_argument("--mixes", type=int, metavar="N", help="variants: N random mixes of them")
    parser.add_argument("--draw", type=int, default=0, help="variants: which mixes (default 0)")
    parser.add_argument("--rate", type=float, default=0.02, help="networks: share that is harmed")
    parser.add_argument("--sample", type=int, metavar="N", help="not variants: only so many")
    parser.add_argument("--seconds", type=int, default=30, help="peers: time for each fault")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there")
    return parser.parse_args(arguments)


def _faults(options: argparse.Namespace) -> bool:
    if options.server:
        return _faults_of(options, options.server)
    names = _chosen(options, list(FAULTS))
    rows = _shown(faults.measure(names, jobs=options.jobs, stop_early=options.stop_early), names)
    print(faults.table(rows))
    _keep(options, "faults", rows, is_full=len(rows) == len(FAULTS))
    return all(row.is_caught for row in rows)


def _variants(options: argparse.Namespace) -> bool:
    if options.server:
        return _variants_of(options, options.server)
    if options.mixes:
        names = mixes.drawn(options.mixes, options.draw)
    else:
        mixed = [name for name in options.only.split(",") if mixes.is_known(name)]
        names = _chosen(options, [*variants.everyone(), *mixed] if mixed else variants.everyone())
    rows = _shown(variants.measure(names, options.seeds, jobs=options.jobs), names * options.seeds)
    print(variants.table(rows))
    if options.mixes:
        _keep(options, "mixes", rows, is_full=options.mixes >= MIXES_OF_A_RECORD)
    else:
        _keep(options, "variants", rows, is_full=len(names) == len(variants.everyone()))
    return all(row.is_quiet for row in rows)


def _profiles(options: argparse.Namespace) -> bool:
    parts = (_faults_of, _variants_of)
    good = [part(options, server) for server in profiles.SERVERS for part in parts]
    return all(good)


def _faults_of(options: argparse.Namespace, server: str) -> bool:
    names = _chosen(options, list(profiles.SERVERS[server].faults))
    rows = _shown(profiles.faults(server, names, jobs=options.jobs), names)
    print(faults.table(rows))
    _keep_of(options, f"{server} faults", rows)
    return all(row.is_caught for row in rows)


def _variants_of(options: argparse.Namespace, server: str) -> bool:
    names = _chosen(options, profiles.everyone(server))
    planned = profiles.seeds_of(names, options.seeds)
    rows = _shown(profiles.variants(server, planned, jobs=options.jobs), planned)
    print(variants.table(rows))
    _keep_of(options, f"{server} variants", rows)
    return all(row.is_quiet for row in rows)


def _keep_of(options: argparse.Namespace, section: str, rows: Sequence[Any]) -> None:
    """Renew these rows of the record: it may be measured in parts."""
    record.renew(section, rows, options.json or profiles.RECORD)


def _networks(options: argparse.Namespace) -> bool:
    seeds = range(min(options.seeds, SEEDS_OF_NETWORKS))
    measured = networks.measure(seeds, options.rate, jobs=options.jobs, server=options.server)
    rows = _shown(measured, seeds)
    print(networks.table(rows))
    is_full = len(rows) == SEEDS_OF_NETWORKS and not options.server
    _keep(options, "networks", rows, is_full=is_full)
    return all(row.is_quiet for row in rows)


def _interrupts(options: argparse.Namespace) -> bool:
    numbers = range(options.sample or RUNS_TO_INTERRUPT)
    rows = _shown(interrupts.measure(numbers), numbers)
    print(interrupts.table(rows))
    _keep(options, "interrupts", rows, is_full=len(rows) == RUNS_TO_INTERRUPT)
    return all(row.is_good for row in rows)


def _mutants(options: argparse.Namespace) -> bool:
    wanted = [int(number) for number in options.only.split(",") if number]
    chosen = [m for m in mutants.sample(options.sample) if not wanted or m.number in wanted]
    rows = _shown(mutants.measure(chosen, jobs=options.jobs), chosen)
    print(mutants.table(rows))
    faulty = len(mutants.faulty())
    argued = len(mutants.mutants()) - faulty
    _keep(options, "mutants", rows, is_full=len(rows) == faulty, argued=argued)
    return mutants.score(rows) >= ENOUGH


def _peers(options: argparse.Namespace) -> bool:
    names = _chosen(options, list(FAULTS))
    if options.sample:
        names = names[:: max(1, len(names) // options.sample)]
    rows = _shown(peers.measure(names, budget_s=options.seconds, jobs=options.jobs), names)
    print(peers.table(rows))
    _keep(options, "peers", rows, is_full=not options.only, budget_s=options.seconds)
    return True


def _scripts(options: argparse.Namespace) -> bool:
    names = _chosen(options, scripts.repeatable())
    if options.sample:
        names = names[:: max(1, len(names) // options.sample)]
    rows = _shown(scripts.measure(names, jobs=options.jobs), names)
    print(scripts.table(rows))
    record.renew("scripts", rows, options.json or record.LATEST)  # it may be measured in parts
    return all(row.is_good for row in rows)


def _causes(options: argparse.Namespace) -> bool:
    spread = causes.spread(options.sample or causes.FAULTS_TO_SHOW)
    names = _chosen(options, list(FAULTS)) if options.only else spread
    rows = _shown(causes.measure(names, jobs=options.jobs), names)
    print(causes.table(rows))
    record.renew("causes", rows, options.json or record.LATEST)
    return causes.is_good(rows)


def _chosen(options: argparse.Namespace, known: list[str]) -> list[str]:
    wanted = [name for name in options.only.split(",") if name]
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        sys.exit(f"there is no {', '.join(unknown)}")
    return wanted or known


def _shown(rows: Iterator[Row], planned: Sequence[object]) -> list[Row]:
    """The rows, while lines on standard error say how far it is."""
    found: list[Row] = []
    for row in rows:
        found.append(row)
        print(f"{len(found)} of {len(planned)}: {row}", file=sys.stderr, flush=True)
    return found


def _keep(
    options: argparse.Namespace, section: str, rows: Sequence[Any], *, is_full: bool, **more: object
) -> None:
    """A full measurement is the record; another one is kept only where it is asked for."""
    if options.json is not None:
        record.keep(section, rows, options.json, **more)
    elif is_full:
        record.keep(section, rows, **more)


if __name__ == "__main__":
    sys.exit(main())
