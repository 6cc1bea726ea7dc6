"""What the user asked for: options, environment and `tallystick.yaml`, checked once.

Credentials come from the environment only: a command line is seen by every user of the machine.
This module opens no connection (see `connect`).
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tallystick.config_file import find, read_target, variables_in
from tallystick.documents.rules import load_rules
from tallystick.known import KnownIssues, read_known
from tallystick.network_settings import network_of
from tallystick.options import OPTIONS, Given, SettingsError, variable
from tallystick.profiles import registry
from tallystick.profiles.profile import Profile, ProfileError
from tallystick.run import Intensity
from tallystick.target import Address, Client, Network
from tallystick.target.network import url_of
from tallystick.values import duration, duration_of, file_of, flag_of, number_of, shown

__all__ = [
    "OPTIONS",
    "Clients",
    "Settings",
    "SettingsError",
    "duration",
    "load_settings",
    "variable",
]

BUDGETS_S = {Intensity.GATE: 3600.0, Intensity.RELEASE: 300.0, Intensity.HUNT: 1800.0}
"""The budget where none is given. A gate ends by itself, in minutes; this is its bound."""
SLOW_GATE_REQUESTS = 24_000
"""A gate that is held to a rate may take the time for so many requests: thrice what it sends."""
SLOWEST, FASTEST = 0.01, 1e6
"""Requests per second."""
NOT_REPEATED = ("intensity", "seed", "report-dir", "wait", "build")
_PASSWORD = re.compile(r"//[^/@\s]*@")
_TOKEN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Clients:
    """The API clients that a run may act as; None: not given, and what needs it is not claimed."""

    main: Client
    other_account: str = ""
    other: Client | None = None
    reader: Client | None = None
    till: Client | None = None

    def everybody(self) -> tuple[Client, ...]:
        """All clients that were given."""
        return tuple(filter(None, (self.main, self.other, self.reader, self.till)))


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a run needs to know. `address` None stands for the embedded sandbox."""

    address: Address | None
    clients: Clients | None
    intensity: Intensity = Intensity.GATE
    seed: int = 0
    budget_s: float | None = None
    rate: float | None = None
    dialect: Path | None = None
    report_dir: Path = Path("reports/latest")
    require_rules: float = 0.0
    """The share of the rules that has to be exercised, from 0 to 1."""
    keep: bool = False
    """Whether what the run made stays on the target."""
    profile: Profile = field(default_factory=registry.load)
    """The API that the target speaks."""
    network: Network = field(default_factory=Network)
    """How the target is reached."""
    not_supported: Mapping[str, str] = field(default_factory=dict)
    """The operations that the target is said to lack, and who says so."""
    spec: str = ""
    """A file or URL with the target's own OpenAPI document; empty: that of the profile."""
    known: KnownIssues = field(default_factory=KnownIssues)
    """Violations that are accepted until a date."""
    corpus: str = ""
    """Where the programs that show a violation are kept; empty: nowhere."""
    regressions: Path | None = None
    """A folder with scenarios that come before all contracts; None: the usual one."""
    against: Settings | None = None
    """The second server that the programs of the run are tried on; None: there is none."""
    build: str = ""
    """What the user calls the build that is judged."""
    command: str = ""
    """The command that makes the run again, without what selects contracts."""


def load_settings(
    given: Mapping[str, str | Sequence[str] | None],
    environ: Mapping[str, str],
    *,
    allow_production: bool = False,
    fresh_seed: int = 0,
    default_profile: str = "",
) -> Settings:
    """Settings from options and environment; SettingsError if one of them makes no sense.

    `default_profile` is the profile where none is given; empty: `wallet`.
    """
    asked, url, proxy = all_given(given, environ)
    intensity, profile = _intensity(asked), _profile(asked, default_profile)
    clients = _clients(asked) if url else None
    address = _address(asked, url, profile, clients, allow_production)
    seed = _seed(asked, 0 if intensity is Intensity.GATE else fresh_seed)
    return Settings(
        address,
        clients,
        intensity,
        seed,
        _budget(asked, intensity, _rate(asked)),
        _rate(asked),
        file_of(asked, "dialect", "`tallystick probe` writes one"),
        _report_dir(asked),
        _share(asked),
        flag_of(asked, "keep"),
        profile,
        network_of(asked, address.url, proxy) if address is not None else Network(),
        _not_supported(asked, profile),
        _spec(asked),
        _known(asked),
        asked.text("corpus"),
        _folder(asked, "regressions"),
        _against(asked, given, environ, allow_production),
        asked.text("build"),
        repeat_command(asked, intensity, seed),
    )


def _folder(asked: Given, option: str) -> Path | None:
    text = asked.text(option)
    return Path(text) if text else None


def _against(
    asked: Given,
    given: Mapping[str, str | Sequence[str] | None],
    environ: Mapping[str, str],
    allow_production: bool,
) -> Settings | None:
    """The settings of the second server: those of the run, with another target."""
    text, named = asked.text("against"), asked.name("against")
    if not text:
        return None
    there = {**given, "target": text, "against": None}
    rest = {name: value for name, value in environ.items() if name != variable("against")}
    try:
        return load_settings(there, rest, allow_production=allow_production)
    except SettingsError as error:
        raise SettingsError(f"{named}: {error}") from None


def repeat_command(asked: Given, intensity: Intensity, seed: int) -> str:
    """The command that makes a run again: its options as they were given, in whatever way.

    Values of headers are left out, because they may be secrets; so is what does not change a run.
    """
    parts = ["tallystick", str(intensity)]
    for option, it in OPTIONS.items():
        text = asked.text(option)
        if not text or option in NOT_REPEATED or option in asked.lines:
            continue  # what the file says of a target, it will say again
        if it.is_flag:
            parts += [f"--{option}"] if flag_of(asked, option) else []
        elif option == "header":
            names = [line.partition(":")[0] for line in text.splitlines()]
            parts += [f"--header '{name}: ...'" for name in names]
        else:
            parts.append(f"--{option} {shlex.quote(_PASSWORD.sub('//***@', text))}")
    return " ".join([*parts, f"--seed {seed}"])


def all_given(
    given: Mapping[str, str | Sequence[str] | None], environ: Mapping[str, str]
) -> tuple[Given, str, str]:
    """All that was given, the URL of the target (empty: none), and the proxy that the file names.

    SettingsError if a part of it cannot be read.
    """
    asked = Given(given, environ)
    config = _config(asked)
    asked.check(variables_in(config) if config is not None else ())
    target = asked.text("target")
    if not target or "://" in target:
        return asked, target, ""
    if config is None:
        raise SettingsError(
            f"--target {target!r} is neither a URL nor is there a tallystick.yaml with targets by "
            "name, here or in a folder above"
        )
    entry = read_target(config, target, environ)
    asked = replace(
        asked,
        file=entry.options,
        entry=entry.place,
        lines=entry.lines,
        file_secrets=entry.secrets,
        not_supported=entry.not_supported,
    )
    return asked, entry.url, entry.proxy


def _config(asked: Given) -> Path | None:
    """The file with targets by name; None if there is none."""
    if asked.text("config"):
        return file_of(asked, "config", "name a tallystick.yaml")
    return find(Path.cwd())


def _spec(asked: Given) -> str:
    text = asked.text("spec")
    if text and "://" not in text:
        file_of(asked, "spec", "name an OpenAPI document, as a file or URL")
    return text


def _known(asked: Given) -> KnownIssues:
    path = file_of(asked, "known", "`tallystick known add RESULT` writes one")
    return KnownIssues() if path is None else read_known(path, list(load_rules()))


def _profile(asked: Given, default: str) -> Profile:
    try:
        return registry.load(asked.text("profile") or default or registry.DEFAULT)
    except ProfileError as error:
        raise SettingsError(f"{asked.name('profile')}: {error}") from None


def _not_supported(asked: Given, profile: Profile) -> dict[str, str]:
    """The operations that the entry of the target declares as missing."""
    found: dict[str, str] = {}
    offers = profile.offers
    where = f"{asked.lines.get('not_supported', asked.entry)}: not_supported"
    for text in asked.not_supported:
        if offers is None:
            raise SettingsError(f"{where}: the profile {profile.name} needs all its operations")
        operations = offers.named(text)
        if not operations:
            raise SettingsError(
                f"{where}: {text[:60]!r} is no operation; use {', '.join(offers.capabilities)}, "
                "an operationId, or method and path"
            )
        if offers.heart & set(operations):
            raise SettingsError(f"{where}: without {text[:60]!r} nothing can be judged")
        found.update(dict.fromkeys(operations, f"declared by {asked.entry}"))
    return found


def _address(
    asked: Given, url: str, profile: Profile, clients: Clients | None, allow_production: bool
) -> Address | None:
    """Where to send to; SettingsError if that makes no sense, or may move real money.

    None: to the embedded sandbox.
    """
    if clients is None:
        if profile.name != registry.DEFAULT:
            raise SettingsError(f"--target is missing: the embedded sandbox is no {profile.title}")
        return None
    account, other = asked.text("account"), clients.other_account
    refused = profile.production.reason_to_refuse(url, (account, other), clients.everybody())
    if refused and not allow_production:
        raise SettingsError(
            f"{refused}; use a test account of a test system, or add --allow-production if you "
            "mean it"
        )
    try:
        plain = url_of(url)
    except ValueError as error:
        place = asked.lines.get("url")
        named = f"{place}: url" if place else asked.name("target")
        raise SettingsError(f"{named} {shown(url)} {error}") from None
    if not account and profile.accounts.are_needed:
        raise SettingsError(
            f"--account is missing: name the account, such as {profile.accounts.example}"
        )
    _check_account(account, asked.named("account"), profile)
    _check_account(other, f"TALLYSTICK_OTHER_ACCOUNT {other!r}", profile)
    return Address(plain, account)


def _check_account(account: str, named: str, profile: Profile) -> None:
    if account and not re.fullmatch(profile.accounts.form, account):
        raise SettingsError(f"{named} is not {profile.accounts.in_words}")


def _budget(asked: Given, intensity: Intensity, rate: float | None) -> float:
    given = duration_of(asked, "budget", BUDGETS_S[intensity])
    assert given is not None, "every intensity has a budget"
    if intensity is Intensity.GATE and not asked.text("budget") and rate is not None:
        return max(given, SLOW_GATE_REQUESTS / rate)
    return given


def _clients(asked: Given) -> Clients:
    main = _client(asked, "")
    if main is None:
        raise SettingsError(
            "no credentials: set TALLYSTICK_CLIENT_ID and TALLYSTICK_CLIENT_SECRET, "
            "or TALLYSTICK_TOKEN"
        )
    return Clients(
        main,
        asked.secret("TALLYSTICK_OTHER_ACCOUNT"),
        _client(asked, "OTHER_"),
        _client(asked, "READER_"),
        _client(asked, "TILL_"),
    )


def _client(asked: Given, prefix: str) -> Client | None:
    token = asked.secret(f"TALLYSTICK_{prefix}TOKEN")
    client_id = asked.secret(f"TALLYSTICK_{prefix}CLIENT_ID")
    secret = asked.secret(f"TALLYSTICK_{prefix}CLIENT_SECRET")
    name = prefix.rstrip("_")
    if client_id and secret:
        return Client(client_id, secret, name=name)
    if client_id or secret:
        there, lacking = ("ID", "SECRET") if client_id else ("SECRET", "ID")
        raise SettingsError(asked.half(f"TALLYSTICK_{prefix}CLIENT_{there}", lacking))
    if token and not _TOKEN.fullmatch(token):
        raise SettingsError(
            f"TALLYSTICK_{prefix}TOKEN has signs that no header can carry: look for a space"
        )
    return Client(token=token, name=name) if token else None


def _intensity(asked: Given) -> Intensity:
    try:
        return Intensity(asked.text("intensity") or "gate")
    except ValueError:
        raise SettingsError(f"{asked.named('intensity')}: use gate, release or hunt") from None


def _share(asked: Given) -> float:
    """A part of the whole, from `90%` or `all`; 0 if nothing is asked for."""
    text = asked.text("require-rules")
    if not text:
        return 0.0
    named = asked.named("require-rules")
    percent = 100.0 if text == "all" else number_of(text.removesuffix("%"), named, float)
    if not 0 < percent <= 100 or not (text == "all" or text.endswith("%")):
        raise SettingsError(f"{named} is not a share such as 90% or all")
    return percent / 100


def _rate(asked: Given) -> float | None:
    text, named = asked.text("rate"), asked.named("rate")
    if not text:
        return None
    rate = number_of(text, named, float)
    if not SLOWEST <= rate <= FASTEST:
        raise SettingsError(
            f"{named} has to be above 0: requests per second, from {SLOWEST} to {FASTEST:,.0f}"
        )
    return rate


def _seed(asked: Given, default: int) -> int:
    text, named = asked.text("seed"), asked.named("seed")
    if not text:
        return default
    seed = number_of(text, named, int)
    if not 0 <= seed < 2**63:
        raise SettingsError(f"{named} has to be at least 0, and below 2^63")
    return seed


def _report_dir(asked: Given) -> Path:
    """The folder of the reports; SettingsError if it plainly cannot be written."""
    text = asked.text("report-dir") or "reports/latest"
    path = Path(text)
    try:
        if "\0" in text:
            raise ValueError("no file can have this name")
        there = next(each for each in (path, *path.absolute().parents) if each.exists())
        if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
            return path
        reason = f"{there} may not be written" if there.is_dir() else f"{there} is a file"
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
    named = f"{asked.name('report-dir')} {text[:200]!r}"
    raise SettingsError(f"{named}: {reason}; name another folder with --report-dir")
