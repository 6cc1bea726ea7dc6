"""What the contract says of a command before its answer is seen: the reasons to refuse it.

A firm reason demands a refusal. A soft one permits a refusal: the documentation leaves it open,
and names a question of the dialect if the server has to be true to its own answer. No reason at
all demands an acceptance. This module never sees an answer (see `step`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from tallystick.ledger.lifecycle import (
    ILLEGAL_MOVE_RULES,
    TRANSITIONS,
    Move,
    State,
    move_of_capture,
)
from tallystick.ledger.state import (
    CAPTURED_USE,
    EMPTY_USE,
    REFUSED_USE,
    VOIDED_USE,
    CardStatus,
    Ledger,
    Token,
)
from tallystick.ledger.vocabulary import (
    ActivateCard,
    Capture,
    DeleteCard,
    IssueToken,
    Kind,
    OpenCard,
    Payment,
    Phase,
    PrepareCard,
    Transact,
    Void,
)

ORDINARY_AMOUNT = 1_000_000
"""No upper bound is documented (question 12), so a larger amount may be refused; this much is what
any wallet takes (the documentation's own example is 50000)."""
ORDINARY_TEXT = 36
"""No bound on ref_id or name is documented (questions 6, 41); a UUID fits in this."""
REF_SIGNS = re.compile("[A-Za-z0-9_.:-]+")
"""Nor is it said which characters a ref_id may have (question 6); keys may have these."""

CURRENCIES = ("NOK", "SEK", "DKK", "EUR", "USD")

ACCEPT, REFUSE = "accept", "refuse"


@dataclass(frozen=True, slots=True)
class RefusalReason:
    """A reason to refuse: firm (`rule` demands it) or soft (`question` decides, None: free)."""

    text: str
    rule: str | None = None
    question: str | None = None

    @property
    def is_required(self) -> bool:
        """Whether an acceptance would break a rule."""
        return self.rule is not None


Write = OpenCard | PrepareCard | ActivateCard | DeleteCard | IssueToken | Payment

PROMISES: dict[type | Kind, str] = {
    OpenCard: "CARD-1",
    PrepareCard: "CARD-4",
    ActivateCard: "CARD-6",
    DeleteCard: "CARD-8",
    IssueToken: "TOKEN-1",
    Kind.DRAWDOWN: "TX-1",
    Kind.HOLD: "TX-5",
    Kind.FUND: "FUND-1",
    Kind.CAPTURE: "CAP-1",
    Kind.VOID: "VOID-1",
}
"""The rule that is broken when a command without reason is refused."""


def promise(ledger: Ledger, command: Write) -> str:
    """The rule that promises to accept the command here."""
    if isinstance(command, Capture | Void):
        parent = ledger.entries.get(command.parent)
        partly = parent is not None and parent.state is State.PARTLY_CAPTURED
        if partly:
            return "VOID-6" if isinstance(command, Void) else "CAP-4"
        return PROMISES[command.kind]
    if isinstance(command, Transact):
        if command.kind is Kind.FUND and ledger.held:
            return "FUND-2"
        return PROMISES[command.kind]
    return PROMISES[type(command)]


def refusal_reasons(ledger: Ledger, command: Write) -> tuple[RefusalReason, ...]:
    """Every reason to refuse the command, its ref_id left aside (see `references`)."""
    return tuple(_settled(ledger, _all_reasons(ledger, command)))


def contradicted_question(ledger: Ledger, command: Write) -> str | None:
    """The open question that the server has already answered with *accept*, so that a refusal
    contradicts that answer; None if there is none."""
    return next((reason.question for reason in _all_reasons(ledger, command)), None)


def _all_reasons(ledger: Ledger, command: Write) -> Iterator[RefusalReason]:
    match command:
        case OpenCard():
            found = _to_open(ledger, command)
        case PrepareCard():
            found = _to_prepare(ledger)
        case ActivateCard():
            found = _to_activate(ledger, command)
        case DeleteCard():
            found = _to_delete(ledger, command)
        case IssueToken():
            found = _to_issue(ledger, command)
        case Transact():
            found = _to_transact(ledger, command)
        case Capture():
            found = _to_capture(ledger, command)
        case _:
            found = _to_void(ledger, command)
    return found


def _settled(ledger: Ledger, found: Iterator[RefusalReason]) -> Iterator[RefusalReason]:
    """Soft refusal_reasons by what the server has already answered: gone, or as firm as a rule."""
    for reason in found:
        if reason.is_required or reason.question is None:
            yield reason
            continue
        possible = ledger.dialect.possible(reason.question)
        if ACCEPT not in possible:
            yield RefusalReason(reason.text, "DIA-1", reason.question)
        elif REFUSE in possible:
            yield reason


def _to_open(ledger: Ledger, command: OpenCard) -> Iterator[RefusalReason]:
    if ledger.card_status is CardStatus.DELETED:
        yield RefusalReason("the id belonged to a deleted card")
    elif ledger.card_status is not CardStatus.ABSENT:
        yield RefusalReason("the card exists", question=_repeated_create(ledger, command))
    content = _content_reasons(ledger, command, "zero.open")
    yield from content if ledger.card_status is CardStatus.ABSENT else _freed(content)


def _repeated_create(ledger: Ledger, command: OpenCard) -> str | None:
    """The question that a create with a known card_id puts; None where it is never held."""
    if not isinstance(ledger.opened_by, OpenCard):
        return None
    return "create.same" if ledger.opened_by == command else "create.other_body"


def _to_prepare(ledger: Ledger) -> Iterator[RefusalReason]:
    if ledger.card_status is CardStatus.DELETED:
        yield RefusalReason("the id belonged to a deleted card")
    elif ledger.card_status is CardStatus.INACTIVE:
        yield RefusalReason("the card exists", question="batch.same")
    elif ledger.card_status is CardStatus.ACTIVE:
        yield RefusalReason("the card exists and is active")


def _to_activate(ledger: Ledger, command: ActivateCard) -> Iterator[RefusalReason]:
    content = _content_reasons(ledger, command, "zero.activate")
    if ledger.card_status is CardStatus.INACTIVE:
        if command.currency != ledger.currency:
            # Whether the currency is chosen at activation, or before, is open (question 39).
            yield RefusalReason("another currency than the prepared card showed")
        yield from content
        return
    if ledger.card_status is CardStatus.ACTIVE and ledger.opened_by == command:
        # The same request again cannot carry a ref_id; answered as before, it does no harm. Once
        # the card was used, a server may see a retry no longer.
        question = None if ledger.entries else "activate.again"
        yield RefusalReason("the card is active already", question=question)
    else:
        yield RefusalReason(f"the card is {ledger.card_status}, not inactive", rule="CARD-7")
    yield from _freed(content)


def _content_reasons(
    ledger: Ledger, command: OpenCard | ActivateCard, zero: str
) -> Iterator[RefusalReason]:
    yield from _amount_reasons(ledger, command.amount, zero)
    yield from _period_reasons(command)
    yield from _extras_reasons(command.extras)


def _freed(found: Iterator[RefusalReason]) -> Iterator[RefusalReason]:
    """Of a repeat that is answered with the first card, what it carries may never be looked at."""
    return (RefusalReason(reason.text) for reason in found)


def _to_delete(ledger: Ledger, command: DeleteCard) -> Iterator[RefusalReason]:
    if ledger.card_status is CardStatus.ABSENT:
        yield RefusalReason("there is no such card", rule="CARD-12")
    elif ledger.card_status is CardStatus.DELETED:
        yield RefusalReason("it is deleted already", question="delete.again")
    elif ledger.card_status is CardStatus.INACTIVE:
        yield RefusalReason("it is inactive", question="delete.inactive")
    if ledger.held:
        yield RefusalReason("holds are open", question="delete.with_holds")
    elif any(entry.is_open for entry in ledger.entries.values()):
        yield RefusalReason("holds of 0 are open")
    if command.phase in (Phase.AFTER, Phase.EDGE):
        yield RefusalReason("the card has expired")
    if ledger.balance > ledger.held:
        yield RefusalReason("money is on it", question="delete.with_balance")


def _to_issue(ledger: Ledger, command: IssueToken) -> Iterator[RefusalReason]:
    if ledger.card_status in (CardStatus.ABSENT, CardStatus.DELETED):
        yield RefusalReason(f"the card is {ledger.card_status}", rule="CARD-9")
    elif ledger.card_status is CardStatus.INACTIVE:
        yield RefusalReason("it is inactive", question="token.on_inactive")
    if command.phase is not Phase.WITHIN:
        yield RefusalReason("the card is not in its active period")  # question 31 leaves it open
    if command.ref in ledger.refs:
        yield RefusalReason("the ref_id made a transaction")  # one space or two: question 4
    yield from _ref_reasons(ledger, command.ref)


def _to_transact(ledger: Ledger, command: Transact) -> Iterator[RefusalReason]:
    fund = command.kind is Kind.FUND
    yield from _card_reasons(ledger, command)
    if command.phase is Phase.AFTER:
        yield RefusalReason("the card has expired", rule="TIME-2")
    if command.phase is Phase.BEFORE and not fund:
        yield RefusalReason("the card is not active yet", rule="TIME-1")
    if command.phase is Phase.EDGE:
        yield RefusalReason("the moment is too close to an edge of the card's period")
    if command.currency != ledger.currency:
        # What a card shows before its activation need not be its currency yet (question 38).
        active = ledger.card_status is CardStatus.ACTIVE
        yield RefusalReason("another currency than the card's", rule="TX-3" if active else None)
    if not fund and command.amount > ledger.available:
        yield RefusalReason(f"only {ledger.available} is available", rule="TX-2")
    yield from _amount_reasons(ledger, command.amount, f"zero.{command.kind}")
    yield from _token_reasons(ledger, command)
    yield from _ref_reasons(ledger, command.ref)
    yield from _extras_reasons(command.extras)


def _card_reasons(ledger: Ledger, command: Transact) -> Iterator[RefusalReason]:
    if ledger.card_status is CardStatus.ABSENT:
        yield RefusalReason("there is no such card", rule="TX-7")
    elif ledger.card_status is CardStatus.DELETED:
        yield RefusalReason("the card is deleted", rule="CARD-9")
    elif ledger.card_status is CardStatus.INACTIVE:
        if command.kind is Kind.FUND:
            yield RefusalReason("the card is inactive", question="fund.inactive")
        else:
            yield RefusalReason("the card is inactive", rule="CARD-5")


def _token_reasons(ledger: Ledger, command: Transact) -> Iterator[RefusalReason]:
    if command.token is None:
        return
    token = ledger.tokens.get(command.token)
    if token is None:
        yield RefusalReason("the token is not one of this card", rule="TOKEN-4")
        return
    if command.kind is Kind.FUND:
        yield RefusalReason("funding by token", question="fund.by_token")
        if token.one_time and token.used:
            # A fund is no payment: it may need none that the token has left (question 24).
            yield RefusalReason("the one-time token was used before")
    elif token.one_time:
        yield from _use_reasons(token)


def _use_reasons(token: Token) -> Iterator[RefusalReason]:
    used = token.used
    if Kind.DRAWDOWN in used:
        yield RefusalReason("the one-time token has paid already", rule="TOKEN-2")
    if used & {CAPTURED_USE, VOIDED_USE, EMPTY_USE, REFUSED_USE}:
        # A capture may use it up, a void may give it back, a refusal may use it up or not, each
        # for its own reasons (question 47): never held.
        yield RefusalReason("what the one-time token was used for has ended since")
    if VOIDED_USE in used:
        used -= {Kind.HOLD}
    for use in sorted(used & {Kind.HOLD, Kind.FUND}):
        yield RefusalReason(f"the one-time token was used: {use}", question=f"token.used_by.{use}")


def _to_capture(ledger: Ledger, command: Capture) -> Iterator[RefusalReason]:
    state, remaining = _parent(ledger, command.parent)
    move = move_of_capture(command.amount, remaining)
    if move not in TRANSITIONS[state]:
        nothing = command.amount == 0 and state is State.CAPTURED
        rule = None if nothing else ILLEGAL_MOVE_RULES[state][0]
        yield RefusalReason(f"{move} of {state} ({remaining} remains)", rule=rule)
    elif remaining == 0:
        yield RefusalReason("nothing is left to capture")
    elif command.amount is None and state is State.PARTLY_CAPTURED:
        yield RefusalReason("a default after a part", question="capture.default_after_part")
    if command.amount == 0:
        yield RefusalReason("the amount is 0", question="zero.capture" if remaining else None)
    yield from _closing_reasons(ledger, command)


def _to_void(ledger: Ledger, command: Void) -> Iterator[RefusalReason]:
    state, remaining = _parent(ledger, command.parent)
    if Move.VOID not in TRANSITIONS[state]:
        yield RefusalReason(f"void of {state}", rule=ILLEGAL_MOVE_RULES[state][1])
    elif remaining == 0:
        yield RefusalReason("nothing is left to release")
    elif state is State.PARTLY_CAPTURED:
        yield RefusalReason("a part is captured", question="void.after_part")
    yield from _closing_reasons(ledger, command)


def _closing_reasons(ledger: Ledger, command: Capture | Void) -> Iterator[RefusalReason]:
    """What capture and void share: the card around the hold."""
    if command.phase is Phase.AFTER:
        yield RefusalReason("the card has expired", question=f"{command.kind}.expired")
    if command.phase is Phase.EDGE:
        yield RefusalReason("the moment is too close to an edge of the card's period")
    if ledger.card_status is CardStatus.DELETED:
        yield RefusalReason("the card is deleted", question=f"{command.kind}.deleted")
    yield from _ref_reasons(ledger, command.ref)
    yield from _extras_reasons(command.extras)


def _parent(ledger: Ledger, parent: str) -> tuple[State, int]:
    entry = ledger.entries.get(parent)
    return (State.MISSING, 0) if entry is None else (entry.state, entry.remaining)


def _amount_reasons(ledger: Ledger, amount: int, zero: str) -> Iterator[RefusalReason]:
    if amount == 0:
        yield RefusalReason("the amount is 0", question=zero)
    adds = zero not in ("zero.drawdown", "zero.hold")
    reach = ledger.total + amount if adds else amount
    if reach > max(ORDINARY_AMOUNT, 0 if adds else ledger.largest):
        yield RefusalReason("the amount is larger than any wallet has to take")


def _ref_reasons(ledger: Ledger, ref: str) -> Iterator[RefusalReason]:
    if ref in ledger.spent_refs or ref == ledger.card:
        # Whether a refusal uses up its ref_id may depend on why it refused (question 5), whether a
        # token or the opening amount does is open too (questions 4, 34): never held.
        yield RefusalReason("the ref_id was in a refused request, or made something else")
    if not (is_ordinary_ref(ref) or _was_taken_before(ledger, ref)):
        yield RefusalReason("an unusual ref_id")


def _was_taken_before(ledger: Ledger, ref: str) -> bool:
    """Whether the card has taken a ref_id of this length; no limit lets one of two through."""
    plain = REF_SIGNS.fullmatch(ref) is not None
    return plain and any(len(known) >= len(ref) and known.isascii() for known in ledger.refs)


def _period_reasons(command: OpenCard | ActivateCard) -> Iterator[RefusalReason]:
    """Of periods that nobody could use the documentation says nothing (question 30)."""
    members = dict(command.extras)
    begins, ends = members.get("active_from"), members.get("expires_at")
    if command.phase in (Phase.AFTER, Phase.EDGE):
        yield RefusalReason("the card would be expired from the start")
    elif begins is not None and ends is not None and begins >= ends:
        yield RefusalReason("the card would expire before it is active")


def _extras_reasons(extras: tuple[tuple[str, str], ...]) -> Iterator[RefusalReason]:
    for name, text in extras:
        if name == "metadata" and "dintero_" in text:
            yield RefusalReason("reserved metadata keys", question="metadata.reserved")
        elif name == "metadata" and not _is_plain(text):
            yield RefusalReason("unusual metadata")
        elif name in ("name", "originated_by", "customer_id") and not _is_ordinary(text):
            yield RefusalReason(f"an unusual {name}")


def is_ordinary_ref(ref: str) -> bool:
    """Whether any server takes the ref_id: what is longer or of other signs it may refuse."""
    return len(ref) <= ORDINARY_TEXT and REF_SIGNS.fullmatch(ref) is not None


def _is_ordinary(text: str) -> bool:
    """Whether any server takes the text for a name; spaces at its ends it may refuse or trim."""
    fits = 0 < len(text) <= ORDINARY_TEXT and text == text.strip()
    return fits and text.isascii() and text.isprintable()


def _is_plain(text: str) -> bool:
    """Metadata that any store of key-value data takes: short, of words to plain strings."""
    try:
        members = json.loads(text)
    except (ValueError, RecursionError):
        return False
    plain = isinstance(members, dict) and all(
        isinstance(text, str) and re.fullmatch(r"\w+(-\w+)*", key) for key, text in members.items()
    )
    return plain and len(text) <= 500 and text.isascii()
