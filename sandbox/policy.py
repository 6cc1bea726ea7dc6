"""Every choice that the documentation leaves open, with the answer that this server gives.

One frozen dataclass: the code reads it, a variant replaces some of its members (variants.py). The
number in each comment is that of the question in the list of what the documentation leaves open.
Knows nothing of how an answer is carried out.
"""

from dataclasses import dataclass

# The largest total that SQLite counts exactly.
COUNTABLE = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Policy:
    """The dialect that one server speaks."""

    # --- ref_id -----------------------------------------------------------------------------
    # 1: the same ref_id with the same body is answered with the first record, except in these
    # operations, which refuse it.
    repeats_refused: tuple[str, ...] = ()
    # 2: the same ref_id with another body: "refuse", or "replay" the first answer?
    repeat_other: str = "refuse"
    # 4: the same ref_id with another operation: "refuse", or "replay" the first answer?
    repeat_across: str = "refuse"
    # 2: which members make two bodies the same: "all" of them, or only the "money"?
    repeat_compares: str = "all"
    # 3, 4: is a ref_id unique per "card" or per card and "kind" of operation?
    ref_scope: str = "card"
    # 5: is the ref_id of a refused request "free" or "spent"?
    refused_ref: str = "free"
    # 5: create-card again with the same card_id and body: "refuse" or "replay"? Or "show" the
    # card whatever the body is?
    repeat_card: str = "refuse"
    # 32: a batch that names an inactive card again: "refuse" or "replay"?
    repeat_batch: str = "refuse"
    # 40: how many cards may a batch hold, and may their types differ?
    largest_batch: int = 1000
    batch_of_any_types: bool = True
    # 39: the same activation of a card again: "refuse" or "replay"?
    repeat_activation: str = "refuse"
    # 4: token creation again with the same ref_id and body: "replay" or "refuse"?
    repeat_token: str = "replay"
    # 6: may a ref_id be empty, longer than 255 characters, or of any signs?
    ref_any: bool = True

    # --- amounts ----------------------------------------------------------------------------
    # 8: is amount 0 accepted, as a record without effect, in each operation?
    zero_drawdown: bool = True
    zero_hold: bool = True
    zero_fund: bool = True
    zero_card: bool = True
    # 9: is a capture of 0 accepted (and leaves the hold as it is)?
    zero_capture: bool = True
    # 12: the largest amount of one request, and of what a card has ever been funded with.
    largest_amount: int = COUNTABLE
    # 12: is 1.0 the integer 1?
    integral_floats: bool = True

    # --- pending, capture, void -------------------------------------------------------------
    # 14: the type of a hold that is finished: "unchanged", or it "follows" what became of it?
    finished_type: str = "unchanged"
    # 16: the amount of a void's record: what it "released", or the "original" amount?
    void_amount: str = "released"
    # 17: capture without amount after a partial capture: takes what "remains", or "refuse"?
    default_capture: str = "remains"
    # 18: is a void allowed after a partial capture?
    void_after_capture: bool = True
    # 20: is a capture allowed on an expired card? A void?
    capture_expired: bool = False
    void_expired: bool = True
    # 22: does a child record carry its parent's originated_by and metadata?
    child_inherits: bool = False
    # 59: may a till client finish a hold that was made by card_id?
    till_finishes_any: bool = True

    # --- fund -------------------------------------------------------------------------------
    # 24: may a card be funded by token, and does that end a one-time token?
    fund_by_token: bool = True
    fund_ends_token: bool = False
    # 25: pending with a fund: "refuse" or "ignore"?
    fund_pending: str = "refuse"
    # 26: may an inactive card be funded (in the currency that it shows)?
    fund_inactive: bool = False

    # --- time -------------------------------------------------------------------------------
    # 30: may a card be created that has expired already, or that ends before it begins?
    any_period: bool = True
    # 31, 44: are expired cards listed for their customer?
    lists_expired: bool = False
    # 31: may an expired card get a new token?
    token_expired_card: bool = True
    # 52: does looking a card up by token go on after the card has expired?
    info_expired_card: bool = True

    # --- cards ------------------------------------------------------------------------------
    # 32: may the id of a deleted card be used again?
    reuse_deleted_id: bool = False
    # 33: may a card be deleted that has a balance? One that has open holds (they are released)?
    delete_balance: bool = True
    delete_holds: bool = False
    # 33: do the holds of a deleted card stay open instead, to be captured or voided?
    deleted_holds_live: bool = False
    # 33: may an inactive card be deleted?
    delete_inactive: bool = True
    # 33: may a deleted card still be read? Is deleting it again answered as before?
    deleted_readable: bool = False
    delete_twice: bool = False
    # 33: may a deleted card still be looked up by token?
    deleted_info: bool = False
    # 34: is the opening amount listed as a fund transaction?
    opening_listed: bool = False
    # 35: does `amount` stay the "opening" amount, or show the "balance", what is "available", or
    # the "total" of all funds?
    amount_shows: str = "opening"
    # 36: is the opening amount part of amount_funds?
    funds_count_opening: bool = True
    # 36: is amount_pending what holds lock "now" or the "gross" amount of the open ones?
    pending_shows: str = "now"
    # 36: is amount_reserved what holds lock "now" or the "gross" amount of the open ones?
    reserved_shows: str = "now"
    # 36: does amount_drawdown show all that was "drawn", with what is "held", or only "captured"?
    drawdown_shows: str = "drawn"
    # 36: are the four newer balance figures shown?
    shows_figures: bool = True
    # 37: does a card become `used` by its first drawdown or hold? Is `expired` a status?
    status_used: bool = True
    status_expired: bool = False
    # 41: the type of a card that was created without one.
    default_type: str | None = None
    # May a card_id or customer_id have other signs than letters, digits and _.:- (no page says)?
    ids_any: bool = True
    # Is created_by shown (it is not required)?
    shows_creator: bool = True

    # --- lists ------------------------------------------------------------------------------
    # 42: are lists "oldest" or "newest" first?
    cards_order: str = "oldest"
    transactions_order: str = "oldest"
    # 42: a cursor that names nothing: "refuse", or an "empty" page?
    unknown_cursor: str = "refuse"
    # 42: is there a cursor on a last page that has cards?
    cursor_on_last: bool = False
    # 43: the amount_available filter: "at least", "equal", "above" or "at most"?
    available_filter: str = "at least"
    # 44: is a customer without cards unknown (404)?
    unknown_customer: bool = False
    # 44: are cards without balance listed for their customer?
    lists_empty: bool = True

    # --- card tokens and PIN ----------------------------------------------------------------
    # 47: what ends a one-time token: an accepted "transaction", or money "drawn" at last?
    one_time_ends: str = "transaction"
    # 51: may an inactive card get a token?
    token_inactive: bool = True
    # 47: does a refused transaction end a one-time token?
    refusal_ends_token: bool = False
    # 48: may a token live for more than 20 years?
    lives_any: bool = True
    # 50: is a look-up without PIN accepted when the card has one?
    pin_optional: bool = True
    # 50: does every card of a batch get a PIN, also when the batch asks for none?
    batch_pins: bool = False
    # 50: and every card that is created?
    card_pins: bool = False

    # --- requests ---------------------------------------------------------------------------
    # 53: unknown members, and read-only members sent by the caller: "ignore" or "refuse"?
    unknown_members: str = "ignore"
    read_only_members: str = "ignore"
    # 55: may metadata hold anything, or texts only?
    metadata_any: bool = True
    # 54: reserved dintero_* metadata keys: "keep", "drop" or "refuse"?
    reserved_keys: str = "keep"
    # 10, 11, 19, 28, 39, 46, 57, 58: statuses that differ from those of refusals.py, by cause.
    statuses: tuple[tuple[str, int], ...] = ()


DEFAULT = Policy()
