"""Which mutants of `money` no suite has to find, each with the argument why.

Two kinds: those that no client can tell from the original, and those that make another server that
the documentation allows just as well (another answer to a question it leaves open, the same at all
times). Both are named as `Mutant.name` names them; every other mutant is a fault.
"""

_SAME_MICROSECOND = "differs only in the very microsecond of the date, which no request can aim at"
_NEVER_SHOWN = "an open card shows `unused`, `active`, `empty` or `expired`, never its stage"

INDISTINGUISHABLE = {
    "Stage: 'open' -> 'open?'": _NEVER_SHOWN,
    "draw: now < card.active_from -> now <= card.active_from": _SAME_MICROSECOND,
    "_expired: now >= expires_at -> now > expires_at": _SAME_MICROSECOND,
}

_ANY_LIMIT = "no bound on amounts is documented; each server has its own or none"
_ANY_STATUS = "of the status values only `inactive` and `unused` are documented"
_STATUS_AFTER = "what status follows `unused`, and whether one does, is not documented"
_FOR_CUSTOMER = "which cards are active for a customer is not documented"
_ORDER_OF_DATES = "whether active_from may come after expires_at is not documented"
_OPENING_REF_ID = "what ref_id the opening fund carries, if it has one, is not documented"
_ZERO = "`minimum: 0` allows the amount 0, and nothing says what it does"
_AFTER_DELETION = "what may still be done with a deleted card is not documented"
_DELETION = "whether a card with money or holds can be deleted is not documented"
_EXPIRED_TOKENS = "whether an expired card can be given tokens is not documented"
_PENDING = "how amount_pending differs from amount_reserved is not documented"
_HOLD_RECORD = "whether a hold's own record changes its type is not documented"
_TOKEN_REFS = "whether a ref_id may make two tokens is not documented; a token moves no money"
_DEFAULT_AFTER_PART = "a capture without amount may be refused after a part was captured"
_AT_ACTIVATION = "the member that changes a printed token at activation is not documented by name"
_HELD_BY_TOKEN = "whether a hold uses a one-time token up is not documented"
_VOID_RECORD = "the amount on a void's record may be the original or what was released"

PERMITTED = {
    "module: 10 -> 11": _ANY_LIMIT,
    "module: 10 -> 9": _ANY_LIMIT,
    "module: 12 -> 13": _ANY_LIMIT,
    "module: 12 -> 11": _ANY_LIMIT,
    "_load: _room_for(card, terms.amount) -> pass": _ANY_LIMIT,
    "fund: _room_for(card, order.amount) -> pass": _ANY_LIMIT,
    "_room_for: figures(card).balance + amount > MOST_ON_A_CARD"
    " -> figures(card).balance + amount >= MOST_ON_A_CARD": _ANY_LIMIT,
    "_room_for: figures(card).balance + amount -> figures(card).balance - amount": _ANY_LIMIT,
    "_room_for: figures(card).balance -> figures(card).available": _ANY_LIMIT,
    "_room_for: raise Refusal(400, 'TOO_MUCH', 'a card holds at most 10^12') -> pass": _ANY_LIMIT,
    "Stage: 'deleted' -> 'deleted?'": _ANY_STATUS,
    "status: 'expired' -> 'expired?'": _ANY_STATUS,
    "status: 'active' -> 'active?'": _ANY_STATUS,
    "status: 'empty' -> 'empty?'": _ANY_STATUS,
    "status: 'active' if figures(card).balance else 'empty'"
    " -> 'active' if not figures(card).balance else 'empty'": _ANY_STATUS,
    "status: figures(card).balance -> figures(card).available": _STATUS_AFTER,
    "status: return 'expired' -> pass": _ANY_STATUS,
    "_touch: card.touched = True -> pass": _STATUS_AFTER,
    "_touch: True -> False": _STATUS_AFTER,
    "is_listed_for_customer: card.stage == Stage.OPEN and (not _expired(card.expires_at, now))"
    " -> card.stage == Stage.OPEN or not _expired(card.expires_at, now)": _FOR_CUSTOMER,
    "is_listed_for_customer: card.stage == Stage.OPEN and (not _expired(card.expires_at, now))"
    " -> not _expired(card.expires_at, now)": _FOR_CUSTOMER,
    "is_listed_for_customer: card.stage == Stage.OPEN and (not _expired(card.expires_at, now))"
    " -> card.stage == Stage.OPEN": _FOR_CUSTOMER,
    "_load: dates[0] >= dates[1] -> dates[0] > dates[1]": _ORDER_OF_DATES,
    "_load: raise Refusal(400, 'NEVER_ACTIVE', 'expires_at is not after active_from')"
    " -> pass": _ORDER_OF_DATES,
    "_load: return [entry] -> pass": _ZERO,
    "_load: Entry(Kind.FUNDED, new_ids[1], now, terms.amount, ref_id=card_id)"
    " -> Entry(Kind.FUNDED, new_ids[1], now, terms.amount)": _OPENING_REF_ID,
    "capture: _some_money(taken) -> pass": _ZERO,
    "_acceptable: _some_money(order.amount) -> pass": _ZERO,
    "_some_money: 1 -> 0": _ZERO,
    "_some_money: raise Refusal(400, 'NO_AMOUNT', 'the amount is zero') -> pass": _ZERO,
    "delete: _not_deleted(card) -> pass": _AFTER_DELETION,
    "set_pin: _not_deleted(card) -> pass": _AFTER_DELETION,
    "issue_token: _not_deleted(card) -> pass": _AFTER_DELETION,
    "_not_deleted: raise Refusal(403, 'CARD_DELETED', 'the card is deleted')"
    " -> pass": _AFTER_DELETION,
    "look_up: raise Refusal(404, 'NOT_FOUND', 'no card behind this token')"
    " -> pass": _AFTER_DELETION,
    "look_up: Stage.DELETED -> Stage.INACTIVE": _AFTER_DELETION,
    "delete: figures(card).balance -> figures(card).available": _DELETION,
    "delete: raise Refusal(403, 'NOT_EMPTY', 'the card still holds money') -> pass": _DELETION,
    "issue_token: raise Refusal(403, 'CARD_EXPIRED', 'the card has expired')"
    " -> pass": _EXPIRED_TOKENS,
    "figures: hold.amount -> hold.remaining": _PENDING,
    "transaction_type: hold.remaining -> hold.amount": _HOLD_RECORD,
    "void: hold.amount -> hold.remaining": _VOID_RECORD,
    "_held: _touch(card, entry) -> pass": _HELD_BY_TOKEN,
    "_token_issued: card.token_ref_ids.add(entry.ref_id) -> pass": _TOKEN_REFS,
    "_token_issued: card.token_ref_ids -> card.ref_ids": _TOKEN_REFS,
    "issue_token: _unused_ref_id(card.token_ref_ids, ref_id) -> pass": _TOKEN_REFS,
    "figures: [hold for hold in card.holds.values() if hold.remaining] -> [hold for hold"
    " in card.holds.values()]": _PENDING,
    "figures: hold.remaining -> hold.amount": _PENDING,
    "capture: hold.remaining -> hold.amount": _DEFAULT_AFTER_PART,
    "_token_changed: token.expires_at = entry.expires_at -> pass": _AT_ACTIVATION,
    "_token_changed: entry.expires_at -> entry.active_from": _AT_ACTIVATION,
    "_token_changed: token.single_use = entry.single_use -> pass": _AT_ACTIVATION,
    "_token_changed: token.single_use -> token.spent": _AT_ACTIVATION,
    "change_token: Entry(Kind.TOKEN_CHANGED, new_id, now, token=token,"
    " expires_at=old.expires_at if expires_at is None else expires_at,"
    " single_use=old.single_use if single_use is None else single_use) ->"
    " Entry(Kind.TOKEN_CHANGED, new_id, now, expires_at=old.expires_at if expires_at is"
    " None else expires_at, single_use=old.single_use if single_use is None else"
    " single_use)": _AT_ACTIVATION,
    "change_token: Entry(Kind.TOKEN_CHANGED, new_id, now, token=token,"
    " expires_at=old.expires_at if expires_at is None else expires_at,"
    " single_use=old.single_use if single_use is None else single_use) ->"
    " Entry(Kind.TOKEN_CHANGED, new_id, now, token=token, single_use=old.single_use if"
    " single_use is None else single_use)": _AT_ACTIVATION,
    "change_token: Entry(Kind.TOKEN_CHANGED, new_id, now, token=token,"
    " expires_at=old.expires_at if expires_at is None else expires_at,"
    " single_use=old.single_use if single_use is None else single_use) ->"
    " Entry(Kind.TOKEN_CHANGED, new_id, now, token=token, expires_at=old.expires_at if"
    " expires_at is None else expires_at)": _AT_ACTIVATION,
    "change_token: expires_at is None -> expires_at is not None": _AT_ACTIVATION,
    "change_token: single_use is None -> single_use is not None": _AT_ACTIVATION,
}
