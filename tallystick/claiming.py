"""Which rules a run says nothing about, since the API does not have or does not promise them.

A contract that speaks one API directly is marked `api(NAME)`, and skipped on all others. This
module does not know what a contract does.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

import pytest

from tallystick.choosing import Choice
from tallystick.documents.rules import load_rules
from tallystick.ledger.traits import Traits
from tallystick.profiles.profile import Profile
from tallystick.run import Run


def reason_to_skip(item: pytest.Item, profile: Profile) -> str:
    """Why a contract cannot be run on this API; empty if it can."""
    names = [name for mark in item.iter_markers("api") for name in mark.args]
    if not names or profile.name in names:
        return ""
    return f"this contract sends requests of the API {' or '.join(names)} only"


def not_claimed(items: Iterable[pytest.Item], profile: Profile) -> dict[str, str]:
    """By rule, why nothing is said about it: all contracts that claim it are skipped, or the
    documentation of the API leaves it open.
    """
    claimed: set[str] = set()
    skipped: dict[str, str] = {}
    for item in items:
        rules = [rule for mark in item.iter_markers("rule") for rule in mark.args]
        reason = reason_to_skip(item, profile)
        if reason:
            skipped |= dict.fromkeys(rules, reason)
        else:
            claimed.update(rules)
    found = {rule: why for rule, why in skipped.items() if rule not in claimed}
    return found | _decided(claimed, profile)


NEVER_MET = {"DELIV-4": "no 5xx of the run left a request open"}
"""Rules for which the target has to give occasion, with the reason why nothing was checked."""


def unmet(found: Mapping[str, str], checked: Mapping[str, int], profile: Profile) -> dict[str, str]:
    """What of `not_claimed` is still so at the end of a run, by how often each rule was checked.

    The oracle looks at every answer, so it meets rules whose contracts are all skipped: those are
    claimed after all. What the API does not have or leaves open is never claimed.
    """
    firm = _decided(found, profile)
    return {rule: why for rule, why in found.items() if rule in firm or not checked.get(rule)}


def _decided(rules: Iterable[str], profile: Profile) -> dict[str, str]:
    """Those of the rules that the API does not have, and all that it leaves open."""
    found: dict[str, str] = {}
    for what, is_about in _lacking(profile.traits).items():
        about = sorted(rule for rule in rules if re.fullmatch(is_about, rule))
        found |= dict.fromkeys(about, f"the {profile.title} has no {what}")
    return found | dict.fromkeys(
        sorted(profile.documents.open_rules), f"the {profile.title} leaves it open"
    )


def _lacking(traits: Traits) -> dict[str, str]:
    """What an API lacks, with the rules (a regular expression) that say nothing without it.

    A contract may claim them beside others, and so run all the same.
    """
    lacking: dict[str, str] = {}
    if not traits.account:
        lacking["account with a balance"] = r"(CARD|TIME)-\d+|TX-[12369]|BAL-[1-57]|REF-4|READ-9"
    if "refund" not in traits.verbs:
        lacking["refund"] = r"REFUND-\d+"
    if not traits.own_records:
        lacking["records of captures and voids"] = "CAP-8|VOID-5|REFUND-4"
    if not traits.lists:
        lacking["list of transactions"] = "BAL-5|READ-3"
    if not traits.retries:
        lacking["idempotency keys"] = r"REF-\d+|DELIV-\d+|CONC-2"
    return lacking


def shortfall(run: Run, choice: Choice, not_claimed: Collection[str], share: float) -> str | None:
    """Why too few rules were exercised, of those that are chosen and claimed; None: enough."""
    due = [
        rule
        for rule in load_rules().values()
        if choice.has_rule(rule) and not {rule.id, rule.chapter} & set(not_claimed)
    ]
    exercised = sum(1 for rule in due if run.checked.get(rule.id) or run.has_broken(rule.id))
    if exercised >= share * len(due):
        return None
    return (
        f"{exercised} of {len(due)} rules were exercised, and --require-rules asks for {share:.0%}"
    )
