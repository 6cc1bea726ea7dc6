"""Requests to commands, for the Wallet / Cards API: what a recorded request asked for. Pure.

A command counts only if it is written as exactly this request again: nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from tallystick.ledger.coding import decode_command, encode
from tallystick.ledger.ordinary import REF_CHARACTERS, is_ordinary_metadata, is_ordinary_text
from tallystick.ledger.vocabulary import (
    Accepted,
    ActivateCard,
    Capture,
    CardId,
    Command,
    DeleteCard,
    EntryId,
    IssueToken,
    Kind,
    OpenCard,
    Outcome,
    PrepareCard,
    ReadCard,
    ReadTransactions,
    RefId,
    TokenRecord,
    Transact,
    TransactionRecord,
    Void,
)
from tallystick.profiles.profile import Api, Recognised, Sent
from tallystick.profiles.wallet import operations as op
from tallystick.profiles.wallet import wire
from tallystick.target.answers import Answer, NoAnswer

JSON = Any
KNOWN = {*wire.CARD_EXTRAS, *wire.TRANSACTION_EXTRAS} - {"type"}
"""Members that the ledger follows; with any other, a request is no plain command."""
LONGEST_ID = 64
Body = Mapping[str, JSON]
UNNAMED = CardId("")
"""Stands for the card of a hold or token; who reads the whole record knows which it is."""
MOVES_NOTHING = (op.ROTATE_PIN, op.GET_ACCESS_TOKEN, op.READ_BY_TOKEN)
"""POST requests that change no ledger."""


class WalletRecogniser:
    """See `profiles.profile.Recogniser`. Each request says by itself what it asks for."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def fits(self, method: str, path: str) -> bool:
        """Whether there is such an operation."""
        bare = path.partition("?")[0]
        return any(
            verb == method and pattern.fullmatch(bare) for verb, pattern in _PATTERNS.values()
        )

    def recognise(self, sent: Sent) -> Recognised:
        """What a request asks for."""
        return _recognised(sent.method, sent.path, sent.body)

    def learn(self, sent: Sent, answer: Answer | NoAnswer) -> None:
        """No request prepares another one."""

    def skip(self, sent: Sent) -> None:
        """A ref_id is one of its card, which is left out then."""

    def complete(self, command: Command, account: str, answer: Answer) -> Answer:
        """Every answer is whole."""
        return answer

    def outcome(self, command: Command, account: str, answer: Answer | NoAnswer) -> Outcome:
        """What an answer proves."""
        return self._api.outcome(command, answer)

    def ids_of(self, command: Command, account: str, outcome: Outcome) -> tuple[str, ...]:
        """The id of a card, which callers choose; what an answer shows of others."""
        if isinstance(command, OpenCard | PrepareCard):
            return (command.card,)
        record = outcome.record if isinstance(outcome, Accepted) else None
        shown: str | None = record.id if isinstance(record, TransactionRecord) else None
        shown = record.value if isinstance(record, TokenRecord) else shown
        return () if shown is None else (shown,)


def _recognised(method: str, path: str, body: JSON) -> Recognised:
    bare = path.partition("?")[0]
    for name, (verb, pattern) in _PATTERNS.items():
        match = pattern.fullmatch(bare)
        if match is None or verb != method:
            continue
        if name in MOVES_NOTHING:
            return Recognised(None, moves=False)
        command = _command(name, match.groupdict(), body if isinstance(body, dict) else {})
        is_exact = _is_written_so(command, match, method, path, body)
        why = "" if is_exact else "it cannot be read as a command for certain"
        moves = method != "GET"
        return Recognised(command if is_exact else None, moves, match["account"], why)
    moves = method not in ("GET", "HEAD", "OPTIONS")
    return Recognised(None, moves, why="it is no command of the ledger")


def _is_written_so(
    command: Command | None, match: re.Match[str], method: str, path: str, body: JSON
) -> bool:
    if command is None:
        return False
    try:
        decode_command(encode(command))  # every member is of its type
        if not _is_ordinary(command):
            return False
        again = wire.encode(command, unquote(match["account"]))
    except (ValueError, TypeError):
        return False
    return (again.method, again.path, again.body) == (method, path, body)


def _is_ordinary(command: Command) -> bool:
    """Whether it is a command that the ledger judges, and no ill-formed input."""
    amount, currency = getattr(command, "amount", None), getattr(command, "currency", None)
    if amount is not None and (type(amount) is not int or amount < 0):
        return False
    extras = getattr(command, "extras", ())
    ids = (command.card or "x", getattr(command, "ref", "x"))
    return (
        (currency is None or currency in wire.CURRENCIES)
        and all(name in KNOWN and _is_ordinary_member(name, value) for name, value in extras)
        and all(len(id_) <= LONGEST_ID and REF_CHARACTERS.fullmatch(id_) for id_ in ids)
    )


def _is_ordinary_member(name: str, value: str) -> bool:
    return is_ordinary_metadata(value) if name == "metadata" else is_ordinary_text(value)


def _command(name: str, quoted: Mapping[str, str], body: Body) -> Command | None:
    ids = {key: unquote(value) for key, value in quoted.items()}
    reader = _READERS.get(name)
    try:
        return None if reader is None else reader(ids, dict(body))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        return None


def _opened(ids: Mapping[str, str], body: dict[str, JSON]) -> Command:
    card, amount, currency = (body.pop(name) for name in ("card_id", "amount", "currency"))
    return OpenCard(CardId(card), amount, currency, wire.extras_of(body))


def _prepared(ids: Mapping[str, str], body: dict[str, JSON]) -> Command:
    (card,) = body["cards"]
    return PrepareCard(CardId(card["card_id"]))


def _activated(ids: Mapping[str, str], body: dict[str, JSON]) -> Command:
    amount, currency = body.pop("amount"), body.pop("currency")
    return ActivateCard(CardId(ids["card_id"]), amount, currency, wire.extras_of(body))


def _issued(ids: Mapping[str, str], body: dict[str, JSON]) -> Command:
    one_time = body["expires_after_transaction"]
    return IssueToken(CardId(ids["card_id"]), RefId(body["ref_id"]), one_time, body["expires_in"])


def _transacted(ids: Mapping[str, str], body: dict[str, JSON]) -> Command:
    kind = {"fund": Kind.FUND}.get(body.pop("type"), Kind.DRAWDOWN)
    kind = Kind.HOLD if body.pop("pending", False) is True else kind
    token, card = body.pop("token", None), CardId(body.pop("card_id", UNNAMED))
    amount, currency, ref = (body.pop(name) for name in ("amount", "currency", "ref_id"))
    return Transact(kind, card, amount, currency, RefId(ref), token, extras=wire.extras_of(body))


def _captured(ids: Mapping[str, str], body: dict[str, JSON]) -> Command:
    ref, amount = body.pop("ref_id"), body.pop("amount", None)
    hold = EntryId(ids["transaction_id"])
    return Capture(UNNAMED, hold, amount, RefId(ref), extras=wire.extras_of(body))


def _voided(ids: Mapping[str, str], body: dict[str, JSON]) -> Command:
    hold, ref = EntryId(ids["transaction_id"]), RefId(body.pop("ref_id"))
    return Void(UNNAMED, hold, ref, extras=wire.extras_of(body))


Reader = Callable[[Mapping[str, str], dict[str, JSON]], Command]
_READERS: dict[str, Reader] = {
    op.CREATE_CARD: _opened,
    op.PREPARE_CARDS: _prepared,
    op.ACTIVATE_CARD: _activated,
    op.DELETE_CARD: lambda ids, body: DeleteCard(CardId(ids["card_id"])),
    op.ISSUE_TOKEN: _issued,
    op.TRANSACT: _transacted,
    op.CAPTURE: _captured,
    op.VOID: _voided,
    op.READ_CARD: lambda ids, body: ReadCard(CardId(ids["card_id"])),
    op.LIST_TRANSACTIONS: lambda ids, body: ReadTransactions(CardId(ids["card_id"])),
}


def _pattern(path: str) -> re.Pattern[str]:
    """A path of `operations` as a pattern, each id a group."""
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))


_PATTERNS = {name: (route.method, _pattern(route.path)) for name, route in op.ROUTES.items()}
# A literal segment is no card: `cards/batch` comes before `cards/{card_id}`.
_PATTERNS = dict(sorted(_PATTERNS.items(), key=lambda pair: pair[1][1].groups))
