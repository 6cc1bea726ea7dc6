"""Servers that are as correct as the default one, and answer an open question otherwise.

A variant is a policy with some members replaced, or a dialect (dialects/), which overrides a part
of the server too. Knows the policy and the dialects' names; knows nothing of how they are carried
out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sandbox.dialects import DIALECTS
from sandbox.policy import DEFAULT, Policy

_OPERATIONS = ("drawdown", "hold", "fund", "capture", "void")

# What a request runs into because of the state of a card, a hold or a token.
_STATE_CAUSES = (
    *("INSUFFICIENT", "WRONG_CURRENCY", "INACTIVE", "NOT_YET_ACTIVE", "EXPIRED", "NOT_OPEN"),
    *("ABOVE_REMAINING", "PARTLY_CAPTURED", "ALREADY_ACTIVE", "OPEN_HOLDS", "HAS_BALANCE"),
    *("TOKEN_USED", "TOKEN_EXPIRED", "CARD_EXISTS", "REF_ID_SPENT", "REF_ID_REPEATED"),
)
# Of these, the ones that may be answered 404: there is nothing to act on.
_ABSENCE_CAUSES = ("NOT_OPEN", "INACTIVE", "NOT_YET_ACTIVE", "EXPIRED", "TOKEN_USED", "WRONG_PIN")


@dataclass(frozen=True, slots=True)
class Variant:
    """Some answers to open questions, by name."""

    name: str
    summary: str
    choices: dict[str, Any]
    overrides: tuple[type, ...] = ()


def _statuses(status: int, *causes: str) -> tuple[tuple[str, int], ...]:
    return tuple((cause, status) for cause in causes)


_STRIPE_LIKE = (
    *_statuses(403, "INSUFFICIENT", "INACTIVE", "EXPIRED", "NOT_YET_ACTIVE", "TOKEN_USED"),
    *_statuses(400, "NOT_OPEN", "TOKEN_EXPIRED", "REF_ID_SPENT", "FOREIGN_CUSTOMER"),
    *_statuses(404, "FOREIGN_ACCOUNT", "MALFORMED_TRANSACTION", "MALFORMED_ID"),
)

# name, summary, and the members of the policy that differ.
_SINGLE: tuple[tuple[str, str, dict[str, Any]], ...] = (
    # --- ref_id
    (
        "ref_same_refused",
        "a repeated ref_id is refused, with the same body too",
        {"repeats_refused": _OPERATIONS},
    ),
    (
        "ref_same_settlement_refused",
        "a repeated capture or void is refused, a repeated create is replayed",
        {"repeats_refused": ("capture", "void")},
    ),
    (
        "ref_other_body_replays",
        "a ref_id with another body answers with the first record",
        {"repeat_other": "replay"},
    ),
    (
        "ref_across_replays",
        "a ref_id used by another operation answers with the record of that",
        {"repeat_across": "replay"},
    ),
    ("ref_per_kind", "create, capture and void have ref_ids of their own", {"ref_scope": "kind"}),
    ("ref_refused_spent", "a refused request uses its ref_id up", {"refused_ref": "spent"}),
    (
        "ref_compares_money",
        "requests that differ in metadata only are the same request",
        {"repeat_compares": "money"},
    ),
    ("ref_id_bounded", "a ref_id has 1 to 255 letters, digits and _.:-", {"ref_any": False}),
    ("ids_bounded", "card_id and customer_id have letters, digits and _.:-", {"ids_any": False}),
    ("card_repeat_replays", "create-card again answers with the card", {"repeat_card": "replay"}),
    ("card_id_shows_card", "create-card shows the card of that id", {"repeat_card": "show"}),
    ("batch_repeat_replays", "a batch shows the cards it finds", {"repeat_batch": "replay"}),
    (
        "batches_are_small",
        "a batch holds two cards at most, of one type",
        {"largest_batch": 2, "batch_of_any_types": False},
    ),
    (
        "activation_repeat_replays",
        "the same activation again answers with the card",
        {"repeat_activation": "replay"},
    ),
    ("token_repeat_refused", "a repeated token creation is refused", {"repeat_token": "refuse"}),
    # --- amounts
    ("zero_drawdown_refused", "a drawdown of 0 is refused", {"zero_drawdown": False}),
    ("zero_hold_refused", "a hold of 0 is refused", {"zero_hold": False}),
    ("zero_fund_refused", "a fund of 0 is refused", {"zero_fund": False}),
    ("zero_capture_refused", "a capture of 0 is refused", {"zero_capture": False}),
    ("zero_card_refused", "a card cannot start with 0", {"zero_card": False}),
    ("amounts_capped_low", "amounts and totals end at 10^6", {"largest_amount": 10**6}),
    ("amounts_capped", "amounts and totals end at 10^9", {"largest_amount": 10**9}),
    ("integral_floats_refused", "1.0 is no amount", {"integral_floats": False}),
    # --- pending, capture, void
    (
        "finished_type_follows",
        "a finished hold becomes drawdown or voided",
        {"finished_type": "follows"},
    ),
    ("void_amount_original", "a void shows the original amount", {"void_amount": "original"}),
    (
        "default_capture_after_part_refused",
        "capture without amount is refused after a partial capture",
        {"default_capture": "refuse"},
    ),
    (
        "void_after_part_refused",
        "a partly captured hold cannot be voided",
        {"void_after_capture": False},
    ),
    ("capture_expired_allowed", "captures go on on expired cards", {"capture_expired": True}),
    ("void_expired_refused", "no void on an expired card", {"void_expired": False}),
    ("child_inherits", "captures and voids carry their parent's data", {"child_inherits": True}),
    (
        "till_finishes_own",
        "a till finishes only holds that were made by token",
        {"till_finishes_any": False},
    ),
    # --- fund
    ("fund_by_token_refused", "a card is funded by card_id only", {"fund_by_token": False}),
    ("fund_ends_token", "a fund uses a one-time token up", {"fund_ends_token": True}),
    ("fund_pending_ignored", "pending is ignored on a fund", {"fund_pending": "ignore"}),
    ("fund_inactive_allowed", "an inactive card can be funded", {"fund_inactive": True}),
    # --- time
    ("period_checked", "a card must end later than it begins, and than now", {"any_period": False}),
    ("customer_lists_expired", "expired cards are listed for customers", {"lists_expired": True}),
    ("token_expired_card_refused", "no token for an expired card", {"token_expired_card": False}),
    ("info_expired_card_refused", "no look-up of an expired card", {"info_expired_card": False}),
    # --- cards
    ("deleted_id_reusable", "the id of a deleted card is free again", {"reuse_deleted_id": True}),
    ("delete_balance_refused", "a card with money stays", {"delete_balance": False}),
    ("delete_holds_released", "deleting a card releases its holds", {"delete_holds": True}),
    (
        "deleted_holds_live",
        "the holds of a deleted card can still be captured and voided",
        {"delete_holds": True, "deleted_holds_live": True},
    ),
    ("delete_inactive_refused", "an inactive card stays", {"delete_inactive": False}),
    ("deleted_readable", "a deleted card can still be read", {"deleted_readable": True}),
    ("deleted_info_given", "a deleted card can be looked up by token", {"deleted_info": True}),
    ("delete_twice_accepted", "deleting again answers as before", {"delete_twice": True}),
    ("opening_listed", "the opening amount is listed as a fund", {"opening_listed": True}),
    ("amount_is_balance", "`amount` follows the balance", {"amount_shows": "balance"}),
    ("amount_is_available", "`amount` is what is available", {"amount_shows": "available"}),
    ("amount_is_total", "`amount` is all that was put on", {"amount_shows": "total"}),
    (
        "funds_without_opening",
        "amount_funds leaves the opening out",
        {"funds_count_opening": False},
    ),
    ("pending_gross", "amount_pending is gross of open holds", {"pending_shows": "gross"}),
    ("reserved_gross", "amount_reserved is gross of open holds", {"reserved_shows": "gross"}),
    (
        "drawdown_counts_held",
        "amount_drawdown counts what is held",
        {"drawdown_shows": "held"},
    ),
    (
        "drawdown_counts_captures",
        "amount_drawdown counts captures only",
        {"drawdown_shows": "captured"},
    ),
    ("figures_absent", "only balance and available are shown", {"shows_figures": False}),
    ("status_stays_unused", "a card in use is still `unused`", {"status_used": False}),
    ("status_expired", "an expired card has status expired", {"status_expired": True}),
    ("type_defaults_to_gift_card", "a card has a type always", {"default_type": "gift_card"}),
    ("creator_hidden", "created_by is not shown", {"shows_creator": False}),
    # --- lists
    ("cards_newest_first", "cards are listed newest first", {"cards_order": "newest"}),
    (
        "transactions_newest_first",
        "transactions are listed newest first",
        {"transactions_order": "newest"},
    ),
    ("unknown_cursor_empty", "an unknown cursor gives an empty page", {"unknown_cursor": "empty"}),
    ("cursor_on_last_page", "the last page has a cursor too", {"cursor_on_last": True}),
    ("available_filter_equal", "the filter asks for equality", {"available_filter": "equal"}),
    ("available_filter_above", "the filter asks for more", {"available_filter": "above"}),
    ("unknown_customer_404", "a customer without cards is unknown", {"unknown_customer": True}),
    ("customer_hides_empty", "empty cards are not listed for customers", {"lists_empty": False}),
    # --- tokens
    (
        "token_ends_when_drawn",
        "a one-time token ends with the money that is drawn, not with a hold",
        {"one_time_ends": "drawn"},
    ),
    ("token_ends_by_refusal", "a refusal uses a token up too", {"refusal_ends_token": True}),
    ("token_inactive_refused", "no token for an inactive card", {"token_inactive": False}),
    ("token_life_bounded", "a token lives for 20 years at most", {"lives_any": False}),
    ("pin_demanded", "a card with a PIN is looked up with it", {"pin_optional": False}),
    (
        "batch_pins_demanded",
        "every card of a batch has a PIN, and is looked up with it",
        {"batch_pins": True, "pin_optional": False},
    ),
    (
        "pins_demanded_of_all",
        "every card has a PIN, and is looked up with it",
        {"batch_pins": True, "card_pins": True, "pin_optional": False},
    ),
    # --- requests
    ("unknown_members_refused", "unknown members are refused", {"unknown_members": "refuse"}),
    ("read_only_refused", "read-only members are refused", {"read_only_members": "refuse"}),
    ("metadata_texts_only", "metadata holds texts only", {"metadata_any": False}),
    ("reserved_keys_dropped", "dintero_* keys are dropped", {"reserved_keys": "drop"}),
    ("reserved_keys_refused", "dintero_* keys are refused", {"reserved_keys": "refuse"}),
    (
        "malformed_uuid_404",
        "a transaction id that is no UUID is not found",
        {"statuses": _statuses(404, "MALFORMED_TRANSACTION")},
    ),
    (
        "malformed_account_404",
        "a malformed account is not found",
        {"statuses": _statuses(404, "MALFORMED_ACCOUNT")},
    ),
    (
        "foreign_account_404",
        "another account is not found",
        {"statuses": _statuses(404, "FOREIGN_ACCOUNT")},
    ),
    (
        "foreign_account_401",
        "a token for another account is invalid",
        {"statuses": _statuses(401, "FOREIGN_ACCOUNT")},
    ),
    (
        "http_statuses",
        "what is no request of the API has the status that HTTP has for it",
        {"statuses": (*_statuses(413, "BODY_TOO_LARGE"), *_statuses(415, "NOT_MEDIA_TYPE"))},
    ),
    ("wrong_method_404", "a wrong method is not found", {"statuses": _statuses(404, "NO_METHOD")}),
    (
        "refusals_403",
        "whatever the state forbids is forbidden",
        {"statuses": _statuses(403, *_STATE_CAUSES)},
    ),
    (
        "refusals_404",
        "what cannot be acted on is not found",
        {"statuses": _statuses(404, *_ABSENCE_CAUSES)},
    ),
    (
        "tokens_400",
        "an unknown or expired card token is a bad request",
        {"statuses": _statuses(400, "NO_TOKEN", "TOKEN_EXPIRED")},
    ),
)

# name, summary, the single variants they consist of, and further choices.
_COMPOSITE: tuple[tuple[str, str, tuple[str, ...], dict[str, Any]], ...] = (
    (
        "strict",
        "refuses whatever may be refused",
        (
            *("ref_same_refused", "ref_refused_spent", "ref_id_bounded", "token_repeat_refused"),
            *("zero_drawdown_refused", "zero_hold_refused", "zero_fund_refused"),
            *("zero_capture_refused", "zero_card_refused", "amounts_capped"),
            *("integral_floats_refused", "default_capture_after_part_refused"),
            *("void_after_part_refused", "void_expired_refused", "till_finishes_own"),
            *("fund_by_token_refused", "period_checked", "token_expired_card_refused"),
            *("info_expired_card_refused", "delete_balance_refused", "delete_inactive_refused"),
            *("token_inactive_refused", "token_ends_by_refusal", "pin_demanded"),
            *("unknown_members_refused", "read_only_refused", "reserved_keys_refused"),
            *("unknown_customer_404", "refusals_403", "ids_bounded"),
            *("metadata_texts_only", "token_life_bounded"),
        ),
        {},
    ),
    (
        "lenient",
        "accepts whatever may be accepted",
        (
            *("ref_other_body_replays", "ref_across_replays", "ref_compares_money"),
            *("card_repeat_replays", "batch_repeat_replays", "activation_repeat_replays"),
            *("capture_expired_allowed", "fund_inactive_allowed", "fund_pending_ignored"),
            *("customer_lists_expired", "deleted_holds_live", "deleted_readable"),
            *("delete_twice_accepted", "unknown_cursor_empty", "token_ends_when_drawn"),
        ),
        {},
    ),
    (
        "stripe_like_codes",
        "other statuses and moving records, as a large card processor has them",
        ("finished_type_follows", "ref_compares_money", "transactions_newest_first"),
        {"statuses": _STRIPE_LIKE},
    ),
    (
        "minimal",
        "shows no more than is required, and keeps separate books for each kind",
        (
            *("figures_absent", "creator_hidden", "status_stays_unused", "reserved_keys_dropped"),
            *("cards_newest_first", "transactions_newest_first", "customer_hides_empty"),
            *("ref_per_kind", "amount_is_available", "void_amount_original"),
        ),
        {},
    ),
    (
        "ledger_like",
        "every movement is a transaction, and the figures are sums over them",
        (
            *("opening_listed", "funds_without_opening", "pending_gross", "reserved_gross"),
            *("drawdown_counts_held", "amount_is_balance", "child_inherits", "ref_per_kind"),
            *("delete_holds_released", "deleted_id_reusable"),
        ),
        {},
    ),
)


def _merged(choices: dict[str, Any], further: dict[str, Any]) -> dict[str, Any]:
    """Both: where they disagree the further ones win, statuses cause by cause."""
    statuses = dict(choices.get("statuses", ())) | dict(further.get("statuses", ()))
    return choices | further | ({"statuses": tuple(statuses.items())} if statuses else {})


def _all() -> dict[str, Variant]:
    found = {name: Variant(name, summary, choices) for name, summary, choices in _SINGLE}
    for name, summary, parts, further in _COMPOSITE:
        choices: dict[str, Any] = {}
        for part in parts:
            choices = _merged(choices, found[part].choices)
        found[name] = Variant(name, summary, _merged(choices, further))
    for one in DIALECTS.values():
        found[one.name] = Variant(one.name, one.summary, one.choices, one.overrides)
    return found


VARIANTS = _all()


def policy_of(names: Sequence[str]) -> Policy:
    """The policy of several variants at once: where two disagree, the later one wins."""
    choices: dict[str, Any] = {}
    for name in names:
        choices = _merged(choices, VARIANTS[name].choices)
    return replace(DEFAULT, **choices)


def overrides_of(names: Sequence[str]) -> tuple[type, ...]:
    """The overrides of several variants at once; those of the later ones go first."""
    return tuple(override for name in names for override in VARIANTS[name].overrides)
