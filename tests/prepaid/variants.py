"""Servers that are as correct as the default one, where the documentation leaves a choice.

A variant is a policy with some members replaced. `spec/prepaid/FACTS.md` says for each which
question it answers.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from tests.prepaid.policy import DEFAULT, Policy


@dataclass(frozen=True, slots=True)
class Variant:
    """Some answers to open questions, by name."""

    name: str
    summary: str
    choices: dict[str, Any] = field(default_factory=dict)


_ALL = (
    Variant(
        "refusals_as_200",
        "a refusal is answered with 200 and `ok` false in the body; 401 and 403 stay",
        {"refusals_as_200": True},
    ),
    Variant(
        "key_in_body",
        "the idempotency key is the member `idempotency_key` of the body; the header is not read",
        {"key_in_body": True},
    ),
    Variant(
        "keys_of_refusals_too",
        "a key keeps refusals too, but for those of form and access",
        {"keeps_refusals": True},
    ),
    Variant(
        "key_in_use_409",
        "a request whose key is in use at the moment is refused with 409 instead of waiting",
        {"key_in_use_refused": True},
    ),
    Variant(
        "replay_200",
        "a repeated answer has the status 200 instead of 201",
        {"replay_status": 200},
    ),
    Variant(
        "mismatch_409",
        "a key with another request is refused with 409 instead of 422",
        {"mismatch_status": 409},
    ),
    Variant(
        "shortage_409",
        "an amount above what is available or remains is refused with 409 instead of 422",
        {"shortage_status": 409},
    ),
    Variant(
        "closed_422",
        "a closed hold refuses with 422 instead of 409",
        {"closed_status": 422},
    ),
    Variant(
        "strangers_403",
        "a record of the other tenant is refused with 403 instead of 404",
        {"stranger_status": 403},
    ),
    Variant(
        "capture_needs_amount",
        "a capture without an amount is refused with 400",
        {"capture_needs_amount": True},
    ),
    Variant(
        "no_release_after_part",
        "a hold that is captured in part refuses to be released",
        {"releases_after_part": False},
    ),
    Variant(
        "zero_taken",
        "an amount of 0 is taken and moves nothing",
        {"takes_zero": True},
    ),
    Variant(
        "numbers_taken",
        "an amount may be a JSON number too",
        {"takes_numbers": True},
    ),
    Variant(
        "trailing_zeros_taken",
        "an amount may have more digits than its currency if these are zeros",
        {"takes_trailing_zeros": True},
    ),
    Variant(
        "zeros_cut",
        "answers show 10.5 for 10.50 and 10 for 10.00",
        {"cuts_zeros": True},
    ),
    Variant(
        "lower_case_currency",
        "nok is taken for NOK; answers show NOK",
        {"takes_lower_case_currency": True},
    ),
    Variant(
        "unknown_members_taken",
        "unknown members of a body are not looked at",
        {"takes_unknown_members": True},
    ),
    Variant(
        "more_members",
        "answers have members that the document does not name",
        {"more_members": True},
    ),
    Variant(
        "numeric_ids",
        "ids are numbers",
        {"numeric_ids": True},
    ),
    Variant(
        "oldest_first",
        "the list of transactions begins with the oldest one",
        {"order": "oldest first"},
    ),
)

VARIANTS = {variant.name: variant for variant in _ALL}


def policy_of(names: Iterable[str]) -> Policy:
    """The policy of all variants together; of two that disagree the later one counts."""
    policy = DEFAULT
    for name in names:
        policy = replace(policy, **VARIANTS[name].choices)
    return policy
