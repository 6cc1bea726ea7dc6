"""Servers that are as correct as the default one, where the documentation leaves a choice.

A variant is a policy with some members replaced. `spec/stripe/FACTS.md` says for each which
sentence leaves the choice.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from tests.stripelike.policy import DEFAULT, LEAST_AMOUNT, Policy


@dataclass(frozen=True, slots=True)
class Variant:
    """Some answers to open questions, by name."""

    name: str
    summary: str
    choices: dict[str, Any] = field(default_factory=dict)


_ALL = (
    Variant(
        "multicapture",
        "final_capture=false is taken and keeps the rest; a later capture or cancel ends it",
        {"multicapture": True},
    ),
    Variant(
        "release_in_part",
        "a refund of a part of an uncaptured charge releases that part; the rest can be captured",
        {"releases_in_part": True},
    ),
    Variant(
        "rest_is_no_refund",
        "amount_refunded does not count what a partial capture releases",
        {"rest_is_refund": False},
    ),
    Variant(
        "small_captures_refused",
        "a capture of less than the least amount of a charge is refused",
        {"least_capture": LEAST_AMOUNT},
    ),
    Variant(
        "keys_of_accepted_only",
        "an idempotency key keeps 2xx answers only; a refused request may be tried again",
        {"keeps_key_of": "accepted"},
    ),
    Variant(
        "keys_of_malformed_too",
        "an idempotency key keeps every answer, also the refusal of malformed input",
        {"keeps_key_of": "all"},
    ),
    Variant(
        "key_scope_path",
        "a key counts for one path: on another path it is a fresh key",
        {"key_scope": "path"},
    ),
    Variant(
        "mismatch_409",
        "a key with other parameters is refused with 409 instead of 400",
        {"mismatch_status": 409},
    ),
    Variant(
        "above_402",
        "an amount above what is left is refused with 402 instead of 400",
        {"above_status": 402},
    ),
    Variant(
        "upper_case_currency",
        "USD is taken for usd; answers show usd",
        {"upper_case_currency": True},
    ),
    Variant(
        "key_in_use_409",
        "requests overlap; one with a key that is in use is refused with 409 and not kept",
        {"threads": True},
    ),
)

VARIANTS = {variant.name: variant for variant in _ALL}


def policy_of(names: Iterable[str]) -> Policy:
    """The policy of all variants together; of two that disagree the later one counts."""
    policy = DEFAULT
    for name in names:
        policy = replace(policy, **VARIANTS[name].choices)
    return policy
