"""Single values of settings: durations, numbers, flags and files, checked one by one.

A value that makes no sense is a SettingsError, one line that names how it was given.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tallystick.options import Given, SettingsError

N = TypeVar("N", int, float)
LONGEST_S = 30 * 24 * 3600.0
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)?")
_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}


def duration(text: str, named: str = "--budget") -> float:
    """Seconds of a text such as `90s`, `10m`, `1h`, `500ms` or `45`."""
    match = _DURATION.fullmatch(text.strip())
    seconds = float(match[1]) * _UNITS_S[match[2]] if match is not None else 0.0
    if not 0 < seconds <= LONGEST_S:
        raise SettingsError(
            f"{named} {text[:50]!r} is not a duration such as 90s or 10m, above 0 and up to 30 days"
        )
    return seconds


def duration_of(asked: Given, option: str, default: N | None) -> float | None:
    """The seconds of an option, or the default."""
    text = asked.text(option)
    return duration(text, asked.name(option)) if text else default


def number_of(text: str, named: str, kind: Callable[[str], N]) -> N:
    """A finite number; `named` is what to call it in a message."""
    try:
        number = kind(text)
    except ValueError:
        raise SettingsError(f"{named} is not a number") from None
    if not math.isfinite(number):
        raise SettingsError(f"{named} is not a number")
    return number


def file_of(asked: Given, option: str, advice: str) -> Path | None:
    """The file that an option names, which is there; `advice` ends the message if it is not."""
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


def flag_of(asked: Given, option: str) -> bool:
    """Whether an option is on."""
    text = asked.text(option).strip().lower()
    if text in ("", "no", "0", "false", "off"):
        return False
    if text in ("yes", "1", "true", "on"):
        return True
    raise SettingsError(f"{asked.named(option)}: use yes or no")


def shown(url: str) -> str:
    """A URL for a message, without what may be a password."""
    return repr(re.sub(r"//[^/@]*@", "//***@", url)[:200])
