"""The money of one card: entries folded into its state, and the rules that decide the next entry.

It knows no SQL, no HTTP and no clock: entries, orders and the time come in, entries or a refusal go
out. Times are microseconds since 1970, amounts are in the smallest unit of the currency.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from tests.rival.entries import Entry, Figures, Kind, Order, Refusal, Terms

# Far above any gift card, far below 2^53: every JSON reader keeps such an amount exact.
MOST_ON_A_CARD = 10**12
CURRENCY_BEFORE_ACTIVATION = "NOK"


class Stage(StrEnum):
    INACTIVE = "inactive"
    OPEN = "open"
    DELETED = "deleted"


# --- the state of a card ------------------------------------------------------------------------


@dataclass(slots=True)
class Hold:
    amount: int
    remaining: int
    voided: bool = False


@dataclass(slots=True)
class Token:
    expires_at: int
    single_use: bool
    spent: bool = False


@dataclass(slots=True)
class Card:
    """What the entries add up to. Only `fold` changes it."""

    stage: str = Stage.INACTIVE
    currency: str = CURRENCY_BEFORE_ACTIVATION
    active_from: int | None = None
    expires_at: int | None = None
    funds: int = 0
    drawdown: int = 0
    touched: bool = False
    holds: dict[str, Hold] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    ref_ids: set[str] = field(default_factory=set)
    token_ref_ids: set[str] = field(default_factory=set)


def fold(entries: Iterable[Entry]) -> Card:
    """The state that the entries of one card, oldest first, add up to."""
    card = Card()
    for entry in entries:
        _APPLY[entry.kind](card, entry)
    return card


def _opened(card: Card, entry: Entry) -> None:
    card.stage = Stage.OPEN
    card.currency = entry.currency
    card.active_from = entry.active_from
    card.expires_at = entry.expires_at


def _funded(card: Card, entry: Entry) -> None:
    card.ref_ids.add(entry.ref_id)
    card.funds += entry.amount


def _drawn(card: Card, entry: Entry) -> None:
    card.ref_ids.add(entry.ref_id)
    card.drawdown += entry.amount
    _touch(card, entry)


def _held(card: Card, entry: Entry) -> None:
    card.ref_ids.add(entry.ref_id)
    card.holds[entry.id] = Hold(entry.amount, entry.amount)
    _touch(card, entry)


def _touch(card: Card, entry: Entry) -> None:
    card.touched = True
    if entry.token:
        card.tokens[entry.token].spent = True


def _captured(card: Card, entry: Entry) -> None:
    card.ref_ids.add(entry.ref_id)
    card.drawdown += entry.amount
    card.holds[entry.hold].remaining -= entry.amount


def _released(card: Card, entry: Entry) -> None:
    card.ref_ids.add(entry.ref_id)
    hold = card.holds[entry.hold]
    hold.remaining = 0
    hold.voided = True


def _deleted(card: Card, entry: Entry) -> None:
    card.stage = Stage.DELETED


def _token_issued(card: Card, entry: Entry) -> None:
    card.token_ref_ids.add(entry.ref_id)
    card.tokens[entry.id] = Token(entry.expires_at, entry.single_use)


def _token_changed(card: Card, entry: Entry) -> None:
    token = card.tokens[entry.token]
    token.expires_at = entry.expires_at
    token.single_use = entry.single_use


def _nothing(card: Card, entry: Entry) -> None:
    """Kinds that say nothing about money."""


_APPLY = {
    Kind.OPENED: _opened,
    Kind.PRINTED: _nothing,
    Kind.ACTIVATED: _opened,
    Kind.FUNDED: _funded,
    Kind.DRAWN: _drawn,
    Kind.HELD: _held,
    Kind.CAPTURED: _captured,
    Kind.RELEASED: _released,
    Kind.DELETED: _deleted,
    Kind.TOKEN_ISSUED: _token_issued,
    Kind.TOKEN_CHANGED: _token_changed,
    Kind.PIN_SET: _nothing,
}


# --- what a card shows --------------------------------------------------------------------------


def figures(card: Card) -> Figures:
    """The six figures, all from what was funded, drawn and is still held."""
    open_holds = [hold for hold in card.holds.values() if hold.remaining]
    reserved = sum(hold.remaining for hold in open_holds)
    balance = card.funds - card.drawdown
    return Figures(
        balance=balance,
        available=balance - reserved,
        funds=card.funds,
        drawdown=card.drawdown,
        pending=sum(hold.amount for hold in open_holds),
        reserved=reserved,
    )


def status(card: Card, now: int) -> str:
    """Deleted and inactive win over expired, and that over what was done with the card."""
    if card.stage != Stage.OPEN:
        return card.stage
    if _expired(card.expires_at, now):
        return "expired"
    if not card.touched:
        return "unused"
    return "active" if figures(card).balance else "empty"


def is_listed(card: Card, with_deleted: bool, at_least_available: int) -> bool:
    """Whether the list of an account shows the card."""
    if card.stage == Stage.DELETED and not with_deleted:
        return False
    return figures(card).available >= at_least_available


def is_listed_for_customer(card: Card, now: int) -> bool:
    """A customer's list leaves out what can never pay again; an inactive card has no customer."""
    return card.stage == Stage.OPEN and not _expired(card.expires_at, now)


_SHOWN_AS = {
    Kind.FUNDED: "fund",
    Kind.DRAWN: "drawdown",
    Kind.CAPTURED: "drawdown",
    Kind.RELEASED: "voided",
}


def transaction_type(card: Card, entry: Entry) -> str | None:
    """The `type` of the entry's record as of now; None: the entry is no transaction."""
    if entry.kind != Kind.HELD:
        return _SHOWN_AS.get(entry.kind)
    hold = card.holds[entry.id]
    if hold.voided:
        return "voided"
    return "pending_capture" if hold.remaining else "drawdown"


# --- the rules: each answers the entries to append, or refuses ----------------------------------


def open_card(card_id: str, terms: Terms, new_id: str, now: int, first: str) -> list[Entry]:
    """A new card; its opening amount is a `fund` of its own, under the id `first`."""
    return _load(Card(), Kind.OPENED, card_id, terms, terms.active_from, (new_id, first), now)


def print_card(new_id: str, now: int) -> Entry:
    """A card that waits for its activation."""
    return Entry(Kind.PRINTED, new_id, now)


def activate(
    card: Card, card_id: str, terms: Terms, new_ids: tuple[str, str], now: int
) -> list[Entry]:
    """An inactive card gets its money and its dates."""
    if card.stage != Stage.INACTIVE:
        raise Refusal(400, "NOT_INACTIVE", "only an inactive card can be activated")
    active_from = now if terms.active_from is None else terms.active_from
    return _load(card, Kind.ACTIVATED, card_id, terms, active_from, new_ids, now)


def _load(
    card: Card,
    kind: str,
    card_id: str,
    terms: Terms,
    active_from: int | None,
    new_ids: tuple[str, str],
    now: int,
) -> list[Entry]:
    dates = (terms.active_from, terms.expires_at)
    if None not in dates and dates[0] >= dates[1]:
        raise Refusal(400, "NEVER_ACTIVE", "expires_at is not after active_from")
    _room_for(card, terms.amount)
    entry = Entry(
        kind,
        new_ids[0],
        now,
        currency=terms.currency,
        active_from=active_from,
        expires_at=terms.expires_at,
    )
    if not terms.amount:
        return [entry]
    return [entry, Entry(Kind.FUNDED, new_ids[1], now, terms.amount, ref_id=card_id)]


def fund(card: Card, order: Order, new_id: str, now: int) -> Entry:
    """Allowed before `active_from`, and while holds are open."""
    _usable(card, now)
    _acceptable(card, order)
    _room_for(card, order.amount)
    return Entry(Kind.FUNDED, new_id, now, order.amount, order.ref_id)


def draw(card: Card, order: Order, pending: bool, new_id: str, now: int) -> Entry:
    """A drawdown, or a hold when it is pending; by token when the order names one."""
    if order.token:
        _can_pay(card.tokens[order.token], now)
    _usable(card, now)
    if card.active_from is not None and now < card.active_from:
        raise Refusal(403, "NOT_YET_ACTIVE", "the card is not active yet")
    _acceptable(card, order)
    if order.amount > figures(card).available:
        raise Refusal(403, "INSUFFICIENT_FUNDS", "the card does not hold that much")
    kind = Kind.HELD if pending else Kind.DRAWN
    return Entry(kind, new_id, now, order.amount, order.ref_id, token=order.token)


def capture(
    card: Card, hold_id: str, ref_id: str, amount: int | None, new_id: str, now: int
) -> Entry:
    """Allowed on an expired card too: money that was locked in time may still be captured."""
    hold = _open_hold(card, hold_id)
    taken = hold.remaining if amount is None else amount
    _unused_ref_id(card.ref_ids, ref_id)
    _some_money(taken)
    if taken > hold.remaining:
        raise Refusal(400, "ABOVE_HOLD", "the hold has not that much left")
    return Entry(Kind.CAPTURED, new_id, now, taken, ref_id, hold=hold_id)


def void(card: Card, hold_id: str, ref_id: str, new_id: str, now: int) -> Entry:
    """The record carries the hold's original amount; what is released is what remains of it."""
    hold = _open_hold(card, hold_id)
    _unused_ref_id(card.ref_ids, ref_id)
    return Entry(Kind.RELEASED, new_id, now, hold.amount, ref_id, hold=hold_id)


def delete(card: Card, new_id: str, now: int) -> Entry:
    """A balance of 0 means that no hold is open either, for a balance counts what is locked."""
    _not_deleted(card)
    if figures(card).balance:
        raise Refusal(403, "NOT_EMPTY", "the card still holds money")
    return Entry(Kind.DELETED, new_id, now)


def issue_token(
    card: Card, ref_id: str, expires_at: int, single_use: bool, new_id: str, now: int
) -> Entry:
    """An inactive card may have tokens: they are printed on it before it is sold."""
    _not_deleted(card)
    if _expired(card.expires_at, now):
        raise Refusal(403, "CARD_EXPIRED", "the card has expired")
    _unused_ref_id(card.token_ref_ids, ref_id)
    return Entry(
        Kind.TOKEN_ISSUED,
        new_id,
        now,
        ref_id=ref_id,
        expires_at=expires_at,
        single_use=single_use,
    )


def change_token(
    card: Card, token: str, single_use: bool | None, expires_at: int | None, new_id: str, now: int
) -> Entry:
    """The behaviour of a printed token from activation on; None keeps what it was."""
    old = card.tokens[token]
    return Entry(
        Kind.TOKEN_CHANGED,
        new_id,
        now,
        token=token,
        expires_at=old.expires_at if expires_at is None else expires_at,
        single_use=old.single_use if single_use is None else single_use,
    )


def set_pin(card: Card, new_id: str, now: int) -> Entry:
    """Any card but a deleted one may get a PIN."""
    _not_deleted(card)
    return Entry(Kind.PIN_SET, new_id, now)


def look_up(card: Card, token: str, now: int) -> None:
    """Whether a token still shows its card: until it expires by date, also when it is used up."""
    _current(card.tokens[token], now)
    if card.stage == Stage.DELETED:
        raise Refusal(404, "NOT_FOUND", "no card behind this token")


# --- what several rules ask ---------------------------------------------------------------------


def _usable(card: Card, now: int) -> None:
    if card.stage != Stage.OPEN:
        raise Refusal(403, "CARD_" + card.stage.upper(), "the card is " + card.stage)
    if _expired(card.expires_at, now):
        raise Refusal(403, "CARD_EXPIRED", "the card has expired")


def _not_deleted(card: Card) -> None:
    if card.stage == Stage.DELETED:
        raise Refusal(403, "CARD_DELETED", "the card is deleted")


def _acceptable(card: Card, order: Order) -> None:
    _unused_ref_id(card.ref_ids, order.ref_id)
    _some_money(order.amount)
    if order.currency != card.currency:
        raise Refusal(400, "OTHER_CURRENCY", "the card is in another currency")


def _unused_ref_id(used: set[str], ref_id: str) -> None:
    if ref_id in used:
        raise Refusal(400, "REF_ID_USED", "this ref_id has been used on the card")


def _some_money(amount: int) -> None:
    if amount < 1:
        raise Refusal(400, "NO_AMOUNT", "the amount is zero")


def _room_for(card: Card, amount: int) -> None:
    if figures(card).balance + amount > MOST_ON_A_CARD:
        raise Refusal(400, "TOO_MUCH", "a card holds at most 10^12")


def _open_hold(card: Card, hold_id: str) -> Hold:
    hold = card.holds.get(hold_id)
    if hold is None or not hold.remaining:
        raise Refusal(404, "NO_OPEN_HOLD", "no open hold has this id")
    return hold


def _current(token: Token, now: int) -> None:
    if _expired(token.expires_at, now):
        raise Refusal(404, "TOKEN_EXPIRED", "the token has expired")


def _can_pay(token: Token, now: int) -> None:
    _current(token, now)
    if token.single_use and token.spent:
        raise Refusal(403, "TOKEN_USED", "the token has been used up")


def _expired(expires_at: int | None, now: int) -> bool:
    return expires_at is not None and now >= expires_at
