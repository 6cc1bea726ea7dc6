"""What the user asked for: options, environment and `tallystick.yaml`, checked once.

Credentials come from the environment only: a command line is seen by every user of the machine.
This module opens no connection (see `connect`).
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from tallystick.options import CONFIG, OPTIONS, Given, SettingsError, of_target, variable
from tallystick.profiles import registry
from tallystick.profiles.profile import Profile, ProfileError
from tallystick.run import Intensity
from tallystick.target import Address, Client, Network, Secret
from tallystick.target.network import TIMEOUT_S, has_http2, proxy_of, tls_context, url_of

__all__ = [
    "OPTIONS",
    "Clients",
    "Settings",
    "SettingsError",
    "duration",
    "load_settings",
    "variable",
]

N = TypeVar("N", int, float)
BUDGETS_S = {Intensity.GATE: 3600.0, Intensity.RELEASE: 300.0, Intensity.HUNT: 1800.0}
"""The budget where none is given. A gate ends by itself, in minutes; this is its bound."""
SLOW_GATE_REQUESTS = 24_000
"""A gate that is held to a rate may take the time for so many requests: thrice what it sends."""
LONGEST_S = 30 * 24 * 3600.0
SLOWEST, FASTEST = 0.01, 1e6
"""Requests per second."""
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)?")
_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}
_HEADER = re.compile(
    r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)"
)
_OURS = ("authorization", "content-length", "content-type", "transfer-encoding", "connection")
"""Headers that the suite sets itself."""
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


def load_settings(
    given: Mapping[str, str | Sequence[str] | None],
    environ: Mapping[str, str],
    *,
    allow_production: bool = False,
    fresh_seed: int = 0,
) -> Settings:
    """Settings from options and environment; SettingsError if one of them makes no sense."""
    asked = Given(given, environ, {})
    asked.check()
    url = asked.text("target")
    if url and "://" not in url:
        config = Path(asked.environ.get("TALLYSTICK_CONFIG") or CONFIG)
        url, asked = of_target(asked, url, config)
    intensity = _intensity(asked)
    profile = _profile(asked)
    clients = _clients(asked) if url else None
    address = None
    if clients is not None:
        address = _address(asked, url, profile, clients, allow_production)
    elif profile.name != registry.DEFAULT:
        raise SettingsError(f"--target is missing: the embedded sandbox is no {profile.title}")
    rate = _rate(asked)
    return Settings(
        address,
        clients,
        intensity,
        _seed(asked, 0 if intensity is Intensity.GATE else fresh_seed),
        _budget(asked, intensity, rate),
        rate,
        _file(asked, "dialect", "`tallystick probe` writes one"),
        _report_dir(asked),
        _share(asked),
        _flag(asked, "keep"),
        profile,
        _network(asked, address.url) if address is not None else Network(),
        _not_supported(asked, profile),
    )


def _profile(asked: Given) -> Profile:
    try:
        return registry.load(asked.text("profile") or registry.DEFAULT)
    except ProfileError as error:
        raise SettingsError(f"{asked.name('profile')}: {error}") from None


def _not_supported(asked: Given, profile: Profile) -> dict[str, str]:
    """The operations that the entry of the target declares as missing."""
    found: dict[str, str] = {}
    offers, where = profile.offers, f"not_supported of {asked.entry}"
    for text in asked.file.get("not_supported", "").splitlines():
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
    asked: Given, url: str, profile: Profile, clients: Clients, allow_production: bool
) -> Address:
    """Where to send to; SettingsError if that makes no sense, or may move real money."""
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
        raise SettingsError(f"--target {_shown(url)} {error}") from None
    if not account and profile.accounts.are_needed:
        raise SettingsError(
            f"--account is missing: name the account, such as {profile.accounts.example}"
        )
    _check_account(account, asked.named("account"), profile)
    _check_account(other, f"TALLYSTICK_OTHER_ACCOUNT {other!r}", profile)
    return Address(plain, account)


def _shown(url: str) -> str:
    """A URL for a message, without what may be a password."""
    return repr(re.sub(r"//[^/@]*@", "//***@", url)[:200])


def _check_account(account: str, named: str, profile: Profile) -> None:
    if account and not re.fullmatch(profile.accounts.form, account):
        raise SettingsError(f"{named} is not {profile.accounts.in_words}")


def _budget(asked: Given, intensity: Intensity, rate: float | None) -> float:
    given = _duration(asked, "budget", BUDGETS_S[intensity])
    assert given is not None, "every intensity has a budget"
    if intensity is Intensity.GATE and not asked.text("budget") and rate is not None:
        return max(given, SLOW_GATE_REQUESTS / rate)
    return given


def duration(text: str, named: str = "--budget") -> float:
    """Seconds of a text such as `90s`, `10m`, `1h`, `500ms` or `45`."""
    match = _DURATION.fullmatch(text.strip())
    seconds = float(match[1]) * _UNITS_S[match[2]] if match is not None else 0.0
    if not 0 < seconds <= LONGEST_S:
        raise SettingsError(
            f"{named} {text[:50]!r} is not a duration such as 90s or 10m, above 0 and up to 30 days"
        )
    return seconds


def _duration(asked: Given, option: str, default: N | None) -> float | None:
    text = asked.text(option)
    return duration(text, asked.name(option)) if text else default


def _clients(asked: Given) -> Clients:
    main = _client(asked, "", asked.secret("TALLYSTICK_TOKEN"))
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


def _client(asked: Given, prefix: str, token: str = "") -> Client | None:
    client_id = asked.secret(f"TALLYSTICK_{prefix}CLIENT_ID")
    secret = asked.secret(f"TALLYSTICK_{prefix}CLIENT_SECRET")
    if client_id and secret:
        return Client(client_id, secret)
    if client_id or secret:
        lacking = "SECRET" if client_id else "ID"
        raise SettingsError(f"TALLYSTICK_{prefix}CLIENT_{lacking} is missing beside its pair")
    if token and not _TOKEN.fullmatch(token):
        raise SettingsError("TALLYSTICK_TOKEN has signs that no header can carry: look for a space")
    return Client(token=token) if token else None


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
    percent = 100.0 if text == "all" else _number(text.removesuffix("%"), named, float)
    if not 0 < percent <= 100 or not (text == "all" or text.endswith("%")):
        raise SettingsError(f"{named} is not a share such as 90% or all")
    return percent / 100


def _rate(asked: Given) -> float | None:
    text, named = asked.text("rate"), asked.named("rate")
    if not text:
        return None
    rate = _number(text, named, float)
    if not SLOWEST <= rate <= FASTEST:
        raise SettingsError(
            f"{named} has to be above 0: requests per second, from {SLOWEST} to {FASTEST:,.0f}"
        )
    return rate


def _seed(asked: Given, default: int) -> int:
    text, named = asked.text("seed"), asked.named("seed")
    if not text:
        return default
    seed = _number(text, named, int)
    if not 0 <= seed < 2**63:
        raise SettingsError(f"{named} has to be at least 0, and below 2^63")
    return seed


def _number(text: str, named: str, kind: Callable[[str], N]) -> N:
    try:
        number = kind(text)
    except ValueError:
        raise SettingsError(f"{named} is not a number") from None
    if not math.isfinite(number):
        raise SettingsError(f"{named} is not a number")
    return number


def _file(asked: Given, option: str, advice: str) -> Path | None:
    text = asked.text(option)
    if not text:
        return None
    path = Path(text)
    try:
        if path.is_file():
            return path
    except (OSError, ValueError):
        pass
    raise SettingsError(f"{asked.name(option)} {text[:200]}: no such file; {advice}")


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


# The network --------------------------------------------------------------------------------------


def _network(asked: Given, url: str) -> Network:
    """How the target at a URL is reached."""
    network = Network(
        timeout_s=_duration(asked, "request-timeout", TIMEOUT_S) or TIMEOUT_S,
        headers=_headers(asked),
        http2=_flag(asked, "http2"),
        proxy=_proxy(asked, url),
    )
    wait_s = _duration(asked, "wait", None)
    if wait_s is not None:
        network = replace(network, start_s=wait_s, outage_s=wait_s)
    if network.http2 and not has_http2():
        raise SettingsError(
            f"{asked.named('http2')}: the package h2 is missing; pip install 'tallystick[http2]'"
        )
    if not (url.startswith("https:") or asked.text("ca") or asked.text("cert")):
        return network
    cert, key = _certificate(asked)
    network = replace(network, ca=_authority(asked), cert=cert, key=key)
    try:
        tls_context(network)
    except (OSError, ValueError) as error:
        raise SettingsError(_of_certificates(asked, network, error)) from None
    return network


def _authority(asked: Given) -> Path | None:
    path = _file(asked, "ca", "give a PEM file with the authority's certificate")
    if path is not None:
        return path
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        text = asked.environ.get(name)
        if text:
            if not Path(text).exists():
                raise SettingsError(f"{name} {text!r}: there is none; correct it or use --ca FILE")
            return Path(text)
    return None


def _certificate(asked: Given) -> tuple[Path | None, Path | None]:
    """The client certificate and its key, from FILE or FILE:KEYFILE."""
    text = asked.text("cert")
    if not text or Path(text).is_file():
        return _file(asked, "cert", ""), None
    cert, _, key = text.rpartition(":")
    for path in (cert or text, key):
        if not Path(path).is_file():
            raise SettingsError(
                f"{asked.named('cert')}: there is no file {path!r}; give a PEM file with "
                "certificate and key, or FILE:KEYFILE"
            )
    return Path(cert), Path(key)


def _of_certificates(asked: Given, network: Network, error: Exception) -> str:
    said = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
    try:
        tls_context(replace(network, cert=None, key=None))
    except (OSError, ValueError):
        return f"{network.ca}: no certificate of an authority in PEM ({said}); correct --ca"
    return (
        f"{asked.named('cert')} cannot be used ({said}): give a PEM file with certificate and key, "
        "or FILE:KEYFILE, without a password"
    )


def _headers(asked: Given) -> tuple[tuple[str, Secret], ...]:
    found = []
    for line in asked.text("header").splitlines():
        match = _HEADER.fullmatch(line.strip())
        if match is None:
            name = line.partition(":")[0][:40]
            raise SettingsError(f"--header {name!r}... is not 'Name: value' in ASCII")
        if match[1].lower() in _OURS:
            advice = "; a token goes into TALLYSTICK_TOKEN" if "auth" in match[1].lower() else ""
            raise SettingsError(f"--header {match[1]!r} is set by the suite itself{advice}")
        found.append((match[1], Secret(match[2])))
    return tuple(found)


def _proxy(asked: Given, url: str) -> Secret:
    proxy = proxy_of(url, asked.environ)
    if not proxy:
        return Secret()
    try:
        url_of(re.sub(r"//[^/@]*@", "//", proxy))
    except ValueError as error:
        raise SettingsError(
            f"HTTPS_PROXY or HTTP_PROXY {_shown(proxy)} {error}; or except the target with NO_PROXY"
        ) from None
    return Secret(proxy)


def _flag(asked: Given, option: str) -> bool:
    text = asked.text(option).strip().lower()
    if text in ("", "no", "0", "false", "off"):
        return False
    if text in ("yes", "1", "true", "on"):
        return True
    raise SettingsError(f"{asked.named(option)}: use yes or no")
