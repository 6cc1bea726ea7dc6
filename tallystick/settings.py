"""What the user asked for: options, environment and `tallystick.yaml`, checked once.

An option wins over its environment variable. Credentials come from the environment only: a command
line is seen by every user of the machine. This module opens no connection (see `connect`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import yaml

from tallystick.run import Intensity
from tallystick.target import Address, Client

N = TypeVar("N", int, float)
CONFIG = Path("tallystick.yaml")
BUDGETS_S = {Intensity.GATE: None, Intensity.RELEASE: 300.0, Intensity.HUNT: 1800.0}
"""The budget where none is given; a gate ends by itself."""
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(s|m|h)?")
_ACCOUNT = re.compile(r"[PT][0-9]{8}")


class SettingsError(ValueError):
    """A setting that cannot be used: one line that says what to do."""


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


OPTIONS: dict[str, str] = {
    "target": "base URL up to and including /v1, or a name from tallystick.yaml",
    "account": "account id, such as T12345678",
    "dialect": "pinned dialect: a file that a probe wrote",
    "intensity": "gate (default), release or hunt",
    "budget": "wall-clock budget such as 90s or 10m",
    "rate": "requests per second at most, such as 20",
    "seed": "seed of what is drawn (default 0 for gate, else a fresh one that is printed)",
    "report-dir": "where the reports go (default reports/latest)",
    "require-rules": "share of the rules that must be exercised, such as 90% or all",
}
"""Option names without dashes; each has an environment variable TALLYSTICK_<NAME>."""


def variable(option: str) -> str:
    """The environment variable of an option."""
    return f"TALLYSTICK_{option.upper().replace('-', '_')}"


def load_settings(
    given: Mapping[str, str | None],
    environ: Mapping[str, str],
    *,
    allow_production: bool = False,
    fresh_seed: int = 0,
) -> Settings:
    """Settings from options and environment; SettingsError if one of them makes no sense."""

    def value(option: str) -> str:
        return given.get(option) or environ.get(variable(option), "")

    url, account = _target(value("target"), value("account"), CONFIG)
    intensity = _intensity(value("intensity"))
    seed = _number(value("seed"), "--seed", int) if value("seed") else None
    if seed is None:
        seed = 0 if intensity is Intensity.GATE else fresh_seed
    pinned = Path(value("dialect")) if value("dialect") else None
    if pinned is not None and not pinned.is_file():
        raise SettingsError(f"--dialect {pinned}: no such file; `tallystick probe` writes one")
    address = None
    if url:
        if account.startswith("P") and not allow_production:
            raise SettingsError(
                f"account {account} is a production account: this suite moves money; "
                "use a T account, or add --allow-production if you mean it"
            )
        address = Address(_base_url(url), _account(account, "--account"))
    return Settings(
        address,
        _clients(environ) if address is not None else None,
        intensity,
        seed,
        duration(value("budget")) if value("budget") else BUDGETS_S[intensity],
        _rate(value("rate")),
        pinned,
        Path(value("report-dir") or "reports/latest"),
        _share(value("require-rules")),
    )


def duration(text: str) -> float:
    """Seconds of a budget such as `90s`, `10m`, `1h` or `45`."""
    match = _DURATION.fullmatch(text.strip())
    if match is None or float(match[1]) <= 0:
        raise SettingsError(f"--budget {text!r} is not a duration such as 90s or 10m")
    return float(match[1]) * {"s": 1, "m": 60, "h": 3600, None: 1}[match[2]]


def _target(target: str, account: str, config: Path) -> tuple[str, str]:
    if not target or "://" in target:
        return target, account
    if not config.is_file():
        raise SettingsError(
            f"--target {target!r} is neither a URL nor is there a {config} with targets by name"
        )
    try:
        targets = (yaml.safe_load(config.read_text(encoding="utf-8")) or {}).get("targets", {})
        entry: Any = targets[target]
        return str(entry["url"]), account or str(entry.get("account", ""))
    except KeyError:
        known = ", ".join(sorted(targets)) or "none"
        raise SettingsError(
            f"{config} has no target {target!r} with a url (it has {known})"
        ) from None
    except (yaml.YAMLError, AttributeError, TypeError) as error:
        raise SettingsError(
            f"{config} has to map `targets:` to names with a url: {error}"
        ) from None


def _base_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise SettingsError(f"--target {url!r} is not an http or https URL")
    if parts.username or parts.password:
        raise SettingsError("--target holds credentials: put them into TALLYSTICK_CLIENT_ID/SECRET")
    return url.rstrip("/")


def _account(account: str, option: str) -> str:
    if not account:
        raise SettingsError(f"{option} is missing: name the account, such as T12345678")
    if not _ACCOUNT.fullmatch(account):
        raise SettingsError(f"{option} {account!r} is not P or T and eight digits")
    return account


def _clients(environ: Mapping[str, str]) -> Clients:
    main = _client(environ, "", environ.get("TALLYSTICK_TOKEN", ""))
    if main is None:
        raise SettingsError(
            "no credentials: set TALLYSTICK_CLIENT_ID and TALLYSTICK_CLIENT_SECRET, "
            "or TALLYSTICK_TOKEN"
        )
    other_account = environ.get("TALLYSTICK_OTHER_ACCOUNT", "")
    if other_account:
        _account(other_account, "TALLYSTICK_OTHER_ACCOUNT")
    return Clients(
        main,
        other_account,
        _client(environ, "OTHER_"),
        _client(environ, "READER_"),
        _client(environ, "TILL_"),
    )


def _client(environ: Mapping[str, str], prefix: str, token: str = "") -> Client | None:
    client_id = environ.get(f"TALLYSTICK_{prefix}CLIENT_ID", "")
    secret = environ.get(f"TALLYSTICK_{prefix}CLIENT_SECRET", "")
    if client_id and secret:
        return Client(client_id, secret)
    if client_id or secret:
        lacking = "SECRET" if client_id else "ID"
        raise SettingsError(f"TALLYSTICK_{prefix}CLIENT_{lacking} is missing beside its pair")
    return Client(token=token) if token else None


def _intensity(text: str) -> Intensity:
    try:
        return Intensity(text or "gate")
    except ValueError:
        raise SettingsError(f"--intensity {text!r}: use gate, release or hunt") from None


def _share(text: str) -> float:
    """A part of the whole, from `90%` or `all`; 0 if nothing is asked for."""
    if not text:
        return 0.0
    percent = 100.0 if text == "all" else _number(text.removesuffix("%"), "--require-rules", float)
    if not 0 < percent <= 100 or not (text == "all" or text.endswith("%")):
        raise SettingsError(f"--require-rules {text!r} is not a share such as 90% or all")
    return percent / 100


def _rate(text: str) -> float | None:
    if not text:
        return None
    rate = _number(text, "--rate", float)
    if rate <= 0:
        raise SettingsError(f"--rate {text!r} has to be above 0 requests per second")
    return rate


def _number(text: str, option: str, kind: Callable[[str], N]) -> N:
    try:
        return kind(text)
    except ValueError:
        raise SettingsError(f"{option} {text!r} is not a number") from None
