"""What a hunt was asked for: its own options, and those that each of its runs gets."""

from __future__ import annotations

import argparse
import os
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tallystick.options import OPTIONS, SettingsError
from tallystick.settings import Settings, load_settings
from tallystick.values import duration

ROUND_S = 300.0
"""How long one seed is explored, where nothing else is said."""
REPLACED = ("target", "seed", "budget", "report-dir", "rate", "intensity")
"""Options of which each run gets a value of its own."""
TEXTS = {
    "scheduler": "run on the workers of a Dask cluster: tcp://HOST:PORT of its scheduler",
    "shard": "which part of the seeds is tried here, such as 2/8: for a job of a CI matrix",
    "round": "how long each seed is explored (default 5m)",
}
"""The options of a hunt alone, with their help."""


@dataclass(frozen=True, slots=True)
class Request:
    """A hunt of several runs."""

    targets: tuple[str, ...]
    """As --target names them; one empty text for the embedded sandbox."""
    seed: int
    shard: tuple[int, int]
    """Which part of the seeds is tried here, and of how many: (1, 1) for all."""
    budget_s: float
    round_s: float
    workers: str
    """How many runs at the same time: a number, `auto`, or empty."""
    scheduler: str
    report_dir: Path
    rate: float | None
    corpus: str
    arguments: tuple[str, ...]
    """What every run gets as it is."""
    selection: tuple[str, ...]
    """The same, of pytest: contracts that were named, and its options."""


def request_of(words: Sequence[str]) -> Request | None:
    """The hunt that these words ask for; None for a single run, which takes them as they are.

    SettingsError if a value makes no sense.
    """
    given, selection = _parser().parse_known_args(list(words))
    targets = given.target or [os.environ.get("TALLYSTICK_TARGET", "")]
    corpus = given.corpus or os.environ.get("TALLYSTICK_CORPUS")
    is_one = not (given.scheduler or given.shard or given.round or corpus or len(targets) > 1)
    if is_one or "--collect-only" in selection:
        return None
    several = [_settings(given, target) for target in targets]
    first = several[0]
    assert first.budget_s is not None, "a hunt has a budget"
    return Request(
        tuple(targets),
        first.seed,
        _shard(given.shard),
        first.budget_s,
        duration(given.round, "--round") if given.round else ROUND_S,
        given.numprocesses or "",
        given.scheduler or "",
        first.report_dir,
        first.rate,
        first.corpus,
        tuple(_handed_on(vars(given))),
        tuple(selection),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    for name, option in OPTIONS.items():
        if option.is_flag:
            parser.add_argument(f"--{name}", action="store_const", const="yes")
        else:
            repeats = option.repeats or name == "target"
            parser.add_argument(f"--{name}", action="append" if repeats else "store")
    for name in TEXTS:
        parser.add_argument(f"--{name}")
    parser.add_argument("--allow-production", action="store_true")
    parser.add_argument("-n", "--numprocesses")
    return parser


def _settings(given: argparse.Namespace, target: str) -> Settings:
    """The settings of a run on this target, so that a mistake ends the hunt before it begins."""
    options = {name: getattr(given, name.replace("-", "_")) for name in OPTIONS}
    return load_settings(
        {**options, "target": target or None, "intensity": "hunt"},
        os.environ,
        allow_production=given.allow_production,
        fresh_seed=random.SystemRandom().randrange(2**31),
    )


def _shard(text: str | None) -> tuple[int, int]:
    if not text:
        return 1, 1
    match = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise SettingsError(f"--shard {text[:50]!r} is not a part such as 2/8, from 1/8 to 8/8")
    return int(match[1]), int(match[2])


def _handed_on(given: Mapping[str, object]) -> list[str]:
    words: list[str] = []
    for name, option in OPTIONS.items():
        value = given[name.replace("-", "_")]
        if value is None or name in REPLACED:
            continue
        if name == "corpus" and "://" not in str(value):
            value = Path(str(value)).resolve()  # a worker elsewhere has another working folder
        if option.is_flag:
            words.append(f"--{name}")
        else:
            values = value if isinstance(value, list) else [value]
            words += [f"--{name}={each}" for each in values]
    return [*words, "--allow-production"] if given["allow_production"] else words
