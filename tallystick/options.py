"""The options of a run, and where their values come from: command line, environment, file.

An option wins over its environment variable, which wins over the entry of the target in
`tallystick.yaml`. A value that is given but empty is an error: an unset variable of a CI job must
not quietly change what is judged. It does not know what the values mean (`settings`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tallystick.target import Secret

CONFIG = Path("tallystick.yaml")


class SettingsError(ValueError):
    """A setting that cannot be used: one line that says what to do."""

    def __init__(self, text: str) -> None:
        super().__init__(
            "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)
        )


@dataclass(frozen=True, slots=True)
class Option:
    """One option: its help, how it is given, and its environment variable if that is unusual."""

    text: str
    is_flag: bool = False
    repeats: bool = False
    variable: str = ""
    in_file: bool = False
    """Whether the entry of a target in `tallystick.yaml` may give it."""


OPTIONS: dict[str, Option] = {
    "target": Option("base URL up to and including /v1, or a name from tallystick.yaml"),
    "profile": Option("the API that the target speaks (default wallet)", in_file=True),
    "account": Option("account id, such as T12345678", in_file=True),
    "dialect": Option("pinned dialect: a file that a probe wrote", in_file=True),
    "intensity": Option("gate (default), release or hunt"),
    "budget": Option("wall-clock budget such as 90s or 10m"),
    "rate": Option("requests per second at most, such as 20", in_file=True),
    "seed": Option("seed of what is drawn (default 0 for gate, else a fresh one that is printed)"),
    "report-dir": Option("where the reports go (default reports/latest)"),
    "require-rules": Option("share of the rules that must be exercised, such as 90% or all"),
    "wait": Option(
        "how long to wait while the target cannot be reached, such as 60s "
        "(default 10s at the start, 30s in the middle)",
        in_file=True,
    ),
    # Not "timeout": pytest-timeout has an option of that name.
    "request-timeout": Option("time for one exchange with the target (default 10s)", in_file=True),
    "ca": Option(
        "file with the certificate authority that signed the target's certificate", in_file=True
    ),
    "cert": Option("client certificate: a PEM file with its key, or FILE:KEYFILE", in_file=True),
    "header": Option(
        "'Name: value', sent with every request; may be repeated (in the environment: one a line)",
        repeats=True,
        variable="TALLYSTICK_HEADERS",
        in_file=True,
    ),
    "keep": Option("leave the cards and holds of the run on the target", is_flag=True),
    "http2": Option("speak HTTP/2 where the target offers it", is_flag=True, in_file=True),
}
"""Option names without dashes; each has an environment variable TALLYSTICK_<NAME>."""


CREDENTIALS = (
    *("TALLYSTICK_TOKEN", "TALLYSTICK_CLIENT_ID", "TALLYSTICK_CLIENT_SECRET"),
    *("TALLYSTICK_OTHER_ACCOUNT", "TALLYSTICK_OTHER_CLIENT_ID", "TALLYSTICK_OTHER_CLIENT_SECRET"),
    *("TALLYSTICK_READER_CLIENT_ID", "TALLYSTICK_READER_CLIENT_SECRET"),
    *("TALLYSTICK_TILL_CLIENT_ID", "TALLYSTICK_TILL_CLIENT_SECRET"),
)
"""Environment variables that no option stands for."""


def variable(option: str) -> str:
    """The environment variable of an option."""
    return OPTIONS[option].variable or f"TALLYSTICK_{option.upper().replace('-', '_')}"


@dataclass(frozen=True, slots=True, repr=False)
class Given:
    """All that was given. Its repr shows nothing: the environment holds credentials."""

    options: Mapping[str, str | Sequence[str] | None]
    environ: Mapping[str, str]
    file: Mapping[str, str]
    """What the entry of the target gives, as text."""
    entry: str = ""
    """How the entry is called in a message."""

    def __repr__(self) -> str:
        return "Given(...)"

    def text(self, option: str) -> str:
        """The value of an option, as it was given first; empty if it was not given."""
        return self._found(option)[0]

    def name(self, option: str) -> str:
        """What to call an option in a message: the way in which it was given."""
        return self._found(option)[1]

    def named(self, option: str) -> str:
        """The same, followed by the value."""
        text, name = self._found(option)
        return f"{name} {text[:200]!r}" if text else name

    def check(self) -> None:
        """SettingsError if anything is given but empty, whether it is needed or not."""
        for option in OPTIONS:
            self.text(option)
        for name in CREDENTIALS:
            self.secret(name)

    def secret(self, name: str) -> Secret:
        """An environment variable that is no option."""
        return Secret(_filled(self.environ.get(name), name))

    def _found(self, option: str) -> tuple[str, str]:
        given = self.options.get(option)
        if given is not None and not isinstance(given, str):
            given = "\n".join(_filled(each, f"--{option}") for each in given) if given else None
        for value, name in (
            (given, f"--{option}"),
            (self.environ.get(variable(option)), variable(option)),
            (self.file.get(option), f"{option} of {self.entry}"),
        ):
            if value is not None:
                return _filled(value, name), name
        return "", f"--{option}"


def _filled(value: str | None, name: str) -> str:
    """The value; SettingsError if it is given but empty."""
    if value is not None and not value.strip():
        raise SettingsError(f"{name} is given but empty: give it a value, or leave it out")
    return value or ""


def of_target(given: Given, name: str, config: Path = CONFIG) -> tuple[str, Given]:
    """The URL of a target that is named in the file, and what was given together with its entry."""
    if not config.is_file():
        raise SettingsError(
            f"--target {name!r} is neither a URL nor is there a {config} with targets by name"
        )
    try:
        targets = (yaml.safe_load(config.read_text(encoding="utf-8")) or {}).get("targets", {})
        entry: Any = targets[name]
        members = dict(entry)
        url = str(members.pop("url"))
    except KeyError:
        known = ", ".join(map(str, targets)) or "none"
        raise SettingsError(
            f"{config} has no target {name!r} with a url (it has {known})"
        ) from None
    except (yaml.YAMLError, AttributeError, TypeError, ValueError, OSError) as error:
        raise SettingsError(
            f"{config} has to map `targets:` to names with a url: {' '.join(str(error).split())}"
        ) from None
    if "headers" in members:
        members["header"] = members.pop("headers")
    where = f"target {name!r} in {config}"
    allowed = [option for option, kind in OPTIONS.items() if kind.in_file]
    for member in members:
        if member not in (*allowed, "not_supported"):
            raise SettingsError(
                f"{where}: {member!r} is not known; use url, {', '.join(allowed)}. Credentials "
                "come from the environment"
            )
    file = {option: _text_of(value, f"{option} of {where}") for option, value in members.items()}
    return url, Given(given.options, given.environ, file, where)


def _text_of(value: Any, name: str) -> str:
    """A value of the file as it would be written on the command line."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, dict):
        return "\n".join(f"{key}: {member}" for key, member in value.items())
    if isinstance(value, list) and all(isinstance(member, str) for member in value):
        return "\n".join(value)
    raise SettingsError(f"{name} is not a plain value")
