"""The options of a run, and where their values come from: command line, environment, file.

An option wins over its environment variable, which wins over the entry of the target in
`tallystick.yaml`. A value that is given but empty is an error: an unset variable of a CI job must
not quietly change what is judged. It does not know what the values mean (`settings`).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tallystick.target import Secret


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


OPTIONS: dict[str, Option] = {
    "target": Option("base URL of the API, or a name from tallystick.yaml"),
    "config": Option("file with targets by name (default tallystick.yaml, looked for upward)"),
    "profile": Option("the API that the target speaks (default wallet)"),
    "account": Option("account id on the target"),
    "dialect": Option("pinned dialect: a file that a probe wrote"),
    "spec": Option("the target's own OpenAPI document, a file or URL, in place of the profile's"),
    "known": Option("known issues: a file of violations, each with a reason and a last day"),
    "against": Option("a second server, or its name: the same programs there, and what differs"),
    "corpus": Option("where found programs are kept and replayed first: a folder or redis://..."),
    "regressions": Option(
        "folder with scenarios that are replayed first (default regressions, if it is there)"
    ),
    "build": Option("what the build that is judged is called, such as 1.4.2 or a commit"),
    "intensity": Option("gate (default), release or hunt"),
    "budget": Option("wall-clock budget such as 90s or 10m"),
    "rate": Option("requests per second at most, such as 20"),
    "seed": Option("seed of what is drawn (default 0 for gate, else a fresh one that is printed)"),
    "report-dir": Option("where the reports go (default reports/latest)"),
    "require-rules": Option("share of the rules that must be exercised, such as 90% or all"),
    "wait": Option(
        "how long to wait while the target cannot be reached, such as 60s "
        "(default 10s at the start, 30s in the middle)",
    ),
    # Not "timeout": pytest-timeout has an option of that name.
    "request-timeout": Option("time for one exchange with the target (default 10s)"),
    "ca": Option("file with the certificate authority that signed the target's certificate"),
    "cert": Option("client certificate: a PEM file with its key, or FILE:KEYFILE"),
    "header": Option(
        "'Name: value', sent with every request; may be repeated (in the environment: one a line)",
        repeats=True,
        variable="TALLYSTICK_HEADERS",
    ),
    "keep": Option("leave the cards and holds of the run on the target", is_flag=True),
    "http2": Option("speak HTTP/2 where the target offers it", is_flag=True),
}
"""Option names without dashes; each has an environment variable TALLYSTICK_<NAME>."""


CREDENTIALS = (
    *("TALLYSTICK_TOKEN", "TALLYSTICK_CLIENT_ID", "TALLYSTICK_CLIENT_SECRET"),
    *("TALLYSTICK_OTHER_ACCOUNT", "TALLYSTICK_OTHER_CLIENT_ID", "TALLYSTICK_OTHER_CLIENT_SECRET"),
    *("TALLYSTICK_OTHER_TOKEN", "TALLYSTICK_READER_TOKEN", "TALLYSTICK_TILL_TOKEN"),
    *("TALLYSTICK_READER_CLIENT_ID", "TALLYSTICK_READER_CLIENT_SECRET"),
    *("TALLYSTICK_TILL_CLIENT_ID", "TALLYSTICK_TILL_CLIENT_SECRET"),
)
"""Environment variables that no option stands for."""


PREFIX = "TALLYSTICK_"


def client_of(variable_: str) -> str:
    """The client that a variable with credentials belongs to: OTHER, READER, TILL, or empty."""
    first = variable_.removeprefix(PREFIX).partition("_")[0]
    return first if first in ("OTHER", "READER", "TILL") else ""


def variable(option: str) -> str:
    """The environment variable of an option."""
    return OPTIONS[option].variable or f"TALLYSTICK_{option.upper().replace('-', '_')}"


@dataclass(frozen=True, slots=True, repr=False)
class Given:
    """All that was given. Its repr shows nothing: the environment holds credentials."""

    options: Mapping[str, str | Sequence[str] | None]
    environ: Mapping[str, str]
    file: Mapping[str, str] = field(default_factory=dict)
    """What the entry of the target gives, as text."""
    entry: str = ""
    """How the entry is called in a message."""
    lines: Mapping[str, str] = field(default_factory=dict)
    """By option, member or variable: where the entry gives it, such as `tallystick.yaml:7`."""
    file_secrets: Mapping[str, str] = field(default_factory=dict)
    """By environment variable: what the entry gives in its place."""

    not_supported: tuple[str, ...] = ()
    """Operations that the entry says are missing, in its own words."""

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

    def check(self, others: Iterable[str] = ()) -> None:
        """SettingsError if anything is given but empty, or is a variable that nobody reads.

        `others`: variables that the file names.
        """
        known = {*map(variable, OPTIONS), *CREDENTIALS}
        for name in sorted(self.environ):
            if name.startswith(PREFIX) and name not in known and name not in others:
                guess = difflib.get_close_matches(name, known, 1)
                said = f"did you mean {guess[0]}?" if guess else "`tallystick config` lists all"
                raise SettingsError(f"the environment variable {name} is not known: {said}")
        for option in OPTIONS:
            self.text(option)
        for name in CREDENTIALS:
            self.secret(name)

    def secret(self, name: str) -> Secret:
        """A variable that is no option: of the environment, or in its place of the file.

        A client is taken from one of them as a whole: an id of one and a secret of the other do not
        belong together.
        """
        group = [other for other in CREDENTIALS if client_of(other) == client_of(name)]
        if any(other in self.environ for other in group):
            return Secret(_filled(self.environ.get(name), name))
        return Secret(self.file_secrets.get(name, ""))

    def half(self, name: str, lacking: str) -> str:
        """What to say of a client that has the variable `name`, but not its other half."""
        if name not in self.environ and name in self.lines:
            there = name.rpartition("_")[2].lower()
            return f"{self.lines[name]}: {there} of a client: its {lacking.lower()} is missing"
        return f"{name} is given: {name.rpartition('_')[0]}_{lacking} is missing beside it"

    def source(self, option: str) -> str:
        """Where the value of an option comes from: option, variable, file and line, or default."""
        text, name = self._found(option)
        if not text:
            return "default"
        return self.lines.get(option, name) if name == self._in_file(option) else name

    def _in_file(self, option: str) -> str:
        at = self.lines.get(option)
        return f"{at}: {option}" if at else f"{option} of {self.entry}"

    def _found(self, option: str) -> tuple[str, str]:
        given = self.options.get(option)
        if given is not None and not isinstance(given, str):
            given = "\n".join(_filled(each, f"--{option}") for each in given) if given else None
        for value, name in (
            (given, f"--{option}"),
            (self.environ.get(variable(option)), variable(option)),
            (self.file.get(option), self._in_file(option)),
        ):
            if value is not None:
                return _filled(value, name), name
        return "", f"--{option}"


def _filled(value: str | None, name: str) -> str:
    """The value; SettingsError if it is given but empty."""
    if value is not None and not value.strip():
        raise SettingsError(f"{name} is given but empty: give it a value, or leave it out")
    return value or ""
