"""The documents that a run judges by, as its profile narrows them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tallystick.documents import shape
from tallystick.documents.own_spec import load_own
from tallystick.documents.questions import open_dialect, pinned_dialect
from tallystick.documents.rules import Rule, load_rules
from tallystick.ledger.dialect import Dialect
from tallystick.profiles.profile import Profile
from tallystick.target import Network
from tallystick.target.fetching import fetched


def shape_of(
    profile: Profile, spec: str = "", network: Network | None = None, target: str = ""
) -> shape.Shape:
    """Return the compiled OpenAPI document of the API; DocumentError says what is wrong in it.

    `spec` is a file or URL with the target's own document: then requests are made and answers
    judged by that. It is fetched as the `network` of the `target` says, which is its base URL.
    """
    ours = shape.load(profile.documents.openapi)

    def fetch(url: str) -> bytes:
        return fetched(url, network or Network(), target)

    return load_own(ours, spec, fetch) if spec else ours


def rules_of(profile: Profile) -> dict[str, Rule]:
    """Return the rules that the API promises, with its own sources where it has them."""
    said = profile.documents
    return {
        name: replace(rule, source=said.sources.get(name, rule.source))
        for name, rule in load_rules().items()
        if name not in said.open_rules
    }


def dialect_of(profile: Profile, pinned: Path | None = None) -> Dialect:
    """Return the dialect with all answers that the profile leaves, or those of a pinned file.

    DocumentError if a question or an answer is not declared, or the file contradicts the profile.
    """
    known = open_dialect(profile.documents.answers, f"profile {profile.name}")
    return known if pinned is None else pinned_dialect(pinned, known)
