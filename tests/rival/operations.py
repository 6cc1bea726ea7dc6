"""What each operation of the API does with a card: orders in, entries appended, views out.

It joins the store and the rules; what may happen to money is decided in `money`, and nothing here
has heard of HTTP.
"""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from tests.rival import bodies, codes, money, views
from tests.rival.auth import Caller
from tests.rival.entries import Entry, Order, Refusal, Terms
from tests.rival.store import CardKey, Note, Unit
from tests.rival.views import Json, Shelf

DEFAULT_LIMIT = 10
MOST_PER_PAGE = 100
# A format of very few values may be used up; then the caller must ask for a longer one.
DRAWS_FOR_A_FREE_CODE = 50
PRINTED_TOKEN_LIFETIME_S = 10 * 365 * 86400
NEWER_THAN_ALL = 2**62
MICROSECONDS = 10**6
# Naming a card by its id, and funding it, take one of these.
WRITERS = ("admin:wallets", "write:wallets")


@dataclass(frozen=True, slots=True)
class Call:
    """One authorized request inside its unit of work."""

    caller: Caller
    unit: Unit
    now: int
    body: Any
    query: MultiDict[str, str]

    @property
    def account(self) -> str:
        return self.caller.account

    def shelf(self, key: CardKey | None) -> Shelf:
        if key is None:
            raise Refusal(404, "NOT_FOUND", "no such card")
        return Shelf.of(key, self.unit.lines([key])[key.key], self.now)

    def card(self, card_id: str) -> Shelf:
        return self.shelf(self.unit.card(self.account, card_id))

    def append(self, shelf: Shelf, entry: Entry, **said: Any) -> Shelf:
        """Appends the entry, and answers the card with it."""
        note = Note(self.caller.client, **said)
        self.unit.append(shelf.key, [entry], note)
        return self.shelf(shelf.key)


# --- cards --------------------------------------------------------------------------------------


def list_cards(call: Call) -> Json:
    """One page of the account, newest first."""
    with_deleted = _query_flag(call, "include_deleted")
    at_least = _query_integer(call, "amount_available", 0, None, 0)
    found, more = _page(call, lambda card: money.is_listed(card.state, with_deleted, at_least))
    answer: Json = {"cards": [views.card(shelf) for shelf in found]}
    if more:
        answer["starting_after"] = found[-1].key.id
    return answer


def create_card(call: Call) -> Json:
    """A card, with its PIN and token where asked for."""
    body: bodies.CardOrder = call.body
    key = _new_card(call, body.card_id)
    terms = Terms(body.amount, body.currency, body.active_from, body.expires_at)
    opened, *funded = money.open_card(body.card_id, terms, key.id, call.now, _new_id())
    call.unit.append(key, [opened], _card_note(call, body, body.type))
    if funded:
        call.unit.append(key, funded, Note(call.caller.client, originated_by=body.originated_by))
    shown: Json = {}
    if body.pin is not None:
        shown["pin"] = _set_pin(call, call.shelf(key), body.pin)
    if body.card_token is not None:
        token = body.card_token
        shown["card_token"] = _issue_token(
            call,
            call.shelf(key),
            bodies.TokenOrder(
                body.card_id, token.expires_in, token.expires_after_transaction, token.format
            ),
        )
    return views.card(call.shelf(key)) | shown


def create_batch(call: Call) -> Json:
    """All or none: a refusal of one card undoes the unit of work."""
    body: bodies.Batch = call.body
    made = []
    for card in body.cards:
        key = _new_card(call, card.card_id)
        note = Note(call.caller.client, card_type=card.type)
        call.unit.append(key, [money.print_card(key.id, call.now)], note)
        pin = _set_pin(call, call.shelf(key), body.options.pin)
        token = bodies.TokenOrder(
            card.card_id, PRINTED_TOKEN_LIFETIME_S, False, body.options.card_token.format
        )
        shown = {"pin": pin, "card_token": _issue_token(call, call.shelf(key), token)}
        made.append(views.card(call.shelf(key)) | shown)
    return {"cards": made}


def read_card(call: Call, card_id: str) -> Json:
    """The card with its masked tokens; a deleted one too."""
    return views.card_details(call.card(card_id))


def delete_card(call: Call, card_id: str) -> Json:
    """The card as it is after its deletion."""
    shelf = call.card(card_id)
    return views.card(call.append(shelf, money.delete(shelf.state, _new_id(), call.now)))


def activate_card(call: Call, card_id: str) -> Json:
    """Sells a printed card: its money, its owner, how its token behaves."""
    body: bodies.Activation = call.body
    shelf = call.card(card_id)
    terms = Terms(body.amount, body.currency, body.active_from, body.expires_at)
    new_ids = (_new_id(), _new_id())
    activated, *funded = money.activate(shelf.state, card_id, terms, new_ids, call.now)
    call.unit.append(shelf.key, [activated], _card_note(call, body, None))
    if body.card_token is not None:
        funded.extend(_changed_tokens(call, shelf, body.card_token))
    if funded:
        note = Note(call.caller.client, originated_by=body.originated_by)
        call.unit.append(shelf.key, funded, note)
    return views.card_details(call.shelf(shelf.key))


def _changed_tokens(call: Call, shelf: Shelf, asked: bodies.TokenBehaviour) -> list[Entry]:
    ends = None if asked.expires_in is None else call.now + asked.expires_in * MICROSECONDS
    single_use = asked.expires_after_transaction
    return [
        money.change_token(shelf.state, token, single_use, ends, _new_id(), call.now)
        for token in shelf.state.tokens
    ]


def rotate_pin(call: Call, card_id: str) -> Json:
    """A new PIN; the old one stops at once."""
    return {"pin": _set_pin(call, call.card(card_id), call.body.pin)}


def create_token(call: Call, card_id: str) -> Json:
    """A token with its value."""
    return _issue_token(call, call.card(card_id), call.body)


def look_up(call: Call) -> Json:
    """The card behind a token; a PIN that is given must be right."""
    shelf, token = _behind_token(call, call.body.token)
    money.look_up(shelf.state, token, call.now)
    if call.body.pin is not None:
        pin = views.pin_line(shelf)
        if pin is None or pin.note.code != call.body.pin:
            raise Refusal(403, "WRONG_PIN", "the PIN is wrong")
    return views.card(shelf)


# --- customers ----------------------------------------------------------------------------------


def list_customer_cards(call: Call, customer_id: str) -> list[Json]:
    """The cards that can still be used, newest first."""

    def wanted(shelf: Shelf) -> bool:
        return money.is_listed_for_customer(shelf.state, call.now)

    found, _ = _page(call, wanted, customer_id)
    return [views.customer_card(shelf) for shelf in found]


def read_customer_card(call: Call, customer_id: str, card_id: str) -> Json:
    """A card of this customer, whatever its status."""
    shown = views.customer_card_details(call.card(card_id))
    if shown.get("customer_id") != customer_id:
        raise Refusal(404, "NOT_FOUND", "the customer has no such card")
    return shown


# --- transactions -------------------------------------------------------------------------------


def list_transactions(call: Call, card_id: str) -> list[Json]:
    """All of them, newest first."""
    return views.transactions(call.card(card_id))


def create_transaction(call: Call) -> Json:
    """A drawdown, a hold or a fund."""
    body: bodies.TransactionOrder = call.body
    if (body.token is None) == (body.card_id is None):
        raise bodies.invalid("card_id", "exactly one of token and card_id is needed")
    funds = body.type == "fund"
    if funds and body.pending:
        raise bodies.invalid("pending", "only a drawdown can be pending")
    if funds or body.card_id is not None:
        call.caller.need(*WRITERS)
    if funds and body.token is not None:
        raise bodies.invalid("token", "a card is funded by card_id")
    if body.token is None:
        shelf, token = call.card(body.card_id), ""
    else:
        shelf, token = _behind_token(call, body.token)
    order = Order(body.ref_id, body.amount, body.currency, token)
    if funds:
        entry = money.fund(shelf.state, order, _new_id(), call.now)
    else:
        entry = money.draw(shelf.state, order, body.pending, _new_id(), call.now)
    return _transacted(call, shelf, entry, originated_by=body.originated_by)


def capture(call: Call, transaction_id: str) -> Json:
    """Takes from a hold; without an amount, all that remains."""
    body: bodies.Capture = call.body
    shelf = _with_entry(call, transaction_id)
    entry = money.capture(
        shelf.state, transaction_id, body.ref_id, body.amount, _new_id(), call.now
    )
    return _transacted(call, shelf, entry)


def void(call: Call, transaction_id: str) -> Json:
    """Releases what remains of a hold."""
    shelf = _with_entry(call, transaction_id)
    entry = money.void(shelf.state, transaction_id, call.body.ref_id, _new_id(), call.now)
    return _transacted(call, shelf, entry)


def _transacted(call: Call, shelf: Shelf, entry: Entry, **said: Any) -> Json:
    after = call.append(shelf, entry, metadata=call.body.metadata, **said)
    return views.transaction(after.state, entry, after.lines[-1].note)


# --- what several operations need ---------------------------------------------------------------


def _new_id() -> str:
    return str(uuid.uuid4())


def _new_card(call: Call, card_id: str) -> CardKey:
    if call.unit.card(call.account, card_id) is not None:
        raise Refusal(400, "CARD_ID_USED", "the account has a card of this card_id")
    return call.unit.add_card(call.account, card_id, _new_id())


def _card_note(call: Call, body: Any, card_type: str | None) -> Note:
    return Note(
        call.caller.client,
        metadata=body.metadata,
        originated_by=body.originated_by,
        card_type=card_type,
        customer_id=body.customer_id,
        name=body.name,
    )


def _set_pin(call: Call, shelf: Shelf, pin: bodies.Pin) -> Json:
    entry = money.set_pin(shelf.state, _new_id(), call.now)
    shown = codes.PIN_FORMAT if pin.format is None else codes.complete(pin.format)
    note = Note(call.caller.client, code=codes.pin_value(pin.format), format=shown)
    call.unit.append(shelf.key, [entry], note)
    return views.pin(note)


def _issue_token(call: Call, shelf: Shelf, order: bodies.TokenOrder) -> Json:
    entry = money.issue_token(
        shelf.state,
        order.ref_id,
        call.now + order.expires_in * MICROSECONDS,
        order.expires_after_transaction,
        _new_id(),
        call.now,
    )
    note = Note(
        call.caller.client,
        metadata=order.metadata,
        code=_free_code(call, order.format),
        format=codes.UUID_FORMAT if order.format is None else codes.complete(order.format),
        expires_in=order.expires_in,
    )
    call.unit.append(shelf.key, [entry], note)
    return views.token(entry, note)


def _free_code(call: Call, format: dict[str, Any] | None) -> str:
    for _ in range(DRAWS_FOR_A_FREE_CODE):
        code = codes.token_value(format)
        if call.unit.card_of_code(call.account, code) is None:
            return code
    raise bodies.invalid("format", "no free code is left; make it longer")


def _behind_token(call: Call, code: str) -> tuple[Shelf, str]:
    found = call.unit.card_of_code(call.account, code)
    if found is None:
        raise Refusal(404, "NOT_FOUND", "no such token")
    return call.shelf(found[0]), found[1]


def _with_entry(call: Call, entry_id: str) -> Shelf:
    key = call.unit.card_of_entry(call.account, entry_id)
    if key is None:
        raise Refusal(404, "NOT_FOUND", "no such transaction")
    return call.shelf(key)


def _page(
    call: Call, wanted: Callable[[Shelf], bool], customer_id: str | None = None
) -> tuple[list[Shelf], bool]:
    """One page of wanted cards, newest first, and whether more follow."""
    limit = _query_integer(call, "limit", 1, MOST_PER_PAGE, DEFAULT_LIMIT)
    before = _cursor(call)
    found: list[Shelf] = []
    while len(found) <= limit:
        keys = call.unit.cards(call.account, before, limit + 1, customer_id)
        if not keys:
            break
        lines = call.unit.lines(keys)
        shelves = (Shelf.of(key, lines[key.key], call.now) for key in keys)
        found.extend(shelf for shelf in shelves if wanted(shelf))
        before = keys[-1].key
    return found[:limit], len(found) > limit


def _cursor(call: Call) -> int:
    cursor = _query(call, "starting_after")
    if cursor is None:
        return NEWER_THAN_ALL
    key = call.unit.card_by_id(call.account, cursor)
    if key is None:
        raise bodies.invalid("starting_after", "no such cursor")
    return key.key


def _query(call: Call, name: str) -> str | None:
    values = call.query.getlist(name)
    if len(values) > 1:
        raise bodies.invalid(name, "is given twice")
    return values[0] if values else None


def _query_integer(call: Call, name: str, low: int, high: int | None, default: int) -> int:
    value = _query(call, name)
    if value is None:
        return default
    if not re.fullmatch(r"[0-9]{1,18}", value):
        raise bodies.invalid(name, "an integer is needed")
    return bodies.integer(low, high)(name, int(value))


def _query_flag(call: Call, name: str) -> bool:
    value = _query(call, name)
    if value not in (None, "true", "false"):
        raise bodies.invalid(name, "true or false")
    return value == "true"
