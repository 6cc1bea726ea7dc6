"""The documents that a run judges by, as its profile narrows them."""

from __future__ import annotations

from pathlib import Path

from tallystick.documents import shape
from tallystick.documents.questions import open_dialect, pinned_dialect
from tallystick.ledger.dialect import Dialect
from tallystick.profiles.profile import Profile


def shape_of(profile: Profile) -> shape.Shape:
    """Return the compiled OpenAPI document of the API; DocumentError says what is wrong in it."""
    return shape.load(profile.documents.openapi)


def dialect_of(profile: Profile, pinned: Path | None = None) -> Dialect:
    """Return the dialect with all answers that the profile leaves, or those of a pinned file.

    DocumentError if a question or an answer is not declared, or the file contradicts the profile.
    """
    known = open_dialect(profile.documents.answers, f"profile {profile.name}")
    return known if pinned is None else pinned_dialect(pinned, known)
