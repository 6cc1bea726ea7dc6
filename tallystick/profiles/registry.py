"""Finds a profile by its name, or by its file. It does not know what a profile says."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from tallystick.documents.files import SPEC
from tallystick.profiles.declared import profile as declared
from tallystick.profiles.profile import Profile, ProfileError
from tallystick.profiles.wallet.profile import Wallet

DEFAULT = "wallet"
FILES = (".yaml", ".yml")
STRIPE = {
    "stripe-charges": "charges.yaml",
    "stripe-payment-intents": "payment_intents.yaml",
}

BUILT_IN: dict[str, Callable[[], Profile]] = {
    "wallet": Wallet,
    **{name: partial(declared.load, SPEC / "stripe" / file, name) for name, file in STRIPE.items()},
}
"""By name; each call makes a profile for one run."""


def load(name: str = DEFAULT) -> Profile:
    """Return a new profile by its name or its file.

    ProfileError, one line that says what to do, if there is none or it cannot be used.
    """
    if name in BUILT_IN:
        return BUILT_IN[name]()
    known = ", ".join(sorted(BUILT_IN))
    if not name.endswith(FILES) and "/" not in name:
        raise ProfileError(f"no profile is named {name[:200]!r}: use {known}, or a file")
    return _of_file(Path(name))


def _of_file(path: Path) -> Profile:
    try:
        is_there = path.is_file()
    except (OSError, ValueError):
        is_there = False
    if not is_there:
        raise ProfileError(f"{str(path)[:200]}: there is no such file")
    return declared.load(path)
