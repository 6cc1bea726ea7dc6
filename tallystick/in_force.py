"""What is in force: every setting of a run, its value, and where it comes from.

Secrets are masked: what a client sends, the values of headers, and a password in a URL. It does not
check the values (`settings` does).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tallystick.options import CREDENTIALS, OPTIONS, Given

MASKED = "***"
DEFAULTS = {
    "target": "the embedded sandbox",
    "profile": "wallet",
    "intensity": "gate",
    "budget": "1h for gate, 5m for release, 30m for hunt",
    "seed": "0 for gate, else a fresh one",
    "report-dir": "reports/latest",
    "wait": "10s at the start, 30s in the middle",
    "request-timeout": "10s",
    "keep": "no",
    "http2": "no",
}
"""What holds where nothing is given."""


@dataclass(frozen=True, slots=True)
class Row:
    """One setting."""

    name: str
    value: str
    source: str
    """An option, an environment variable, a file with its line, or `default`."""


def rows(given: Given, url: str, proxy: str) -> Iterator[Row]:
    """Every setting, in the order of the options; `url` and `proxy` are those of a named target."""
    for option in OPTIONS:
        source = given.source(option)
        value = given.text(option)
        if option == "header":
            value = "; ".join(f"{line.partition(':')[0]}: {MASKED}" for line in value.splitlines())
        if option == "target" and url and url != value:
            value = f"{value} ({_plain(url)})"
        yield Row(option, _plain(value) or DEFAULTS.get(option, "-"), source)
    for name in CREDENTIALS:
        value = given.secret(name)
        if value:
            shown = MASKED if name.endswith(("SECRET", "TOKEN")) else str(value)
            yield Row(name, shown, name if name in given.environ else _place(given, name))
    if proxy:
        yield Row("proxy", _plain(proxy), _place(given, "proxy"))
    if given.not_supported:
        yield Row("not_supported", ", ".join(given.not_supported), _place(given, "not_supported"))


def _place(given: Given, name: str) -> str:
    """Where the file gives it."""
    return given.lines.get(name, given.entry)


def _plain(text: str) -> str:
    """The text without what may be a password of a URL."""
    return re.sub(r"//[^/@\s]*@", f"//{MASKED}@", text)
