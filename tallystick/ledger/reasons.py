"""Reasons to refuse a command that lie in what it carries: amounts, ref_ids, periods, members.

What is unusual may be refused, since the documentation bounds little of it. Knows no state but what
a bound depends on; what a command asks of a card is in `preconditions`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tallystick.ledger.ordinary import (
    ORDINARY_AMOUNT,
    REF_CHARACTERS,
    is_ordinary_metadata,
    is_ordinary_ref,
    is_ordinary_text,
)
from tallystick.ledger.state import Ledger
from tallystick.ledger.vocabulary import (
    ActivateCard,
    Extras,
    Money,
    OpenCard,
    Phase,
    RefId,
)


@dataclass(frozen=True, slots=True)
class RefusalReason:
    """A reason to refuse a command.

    With a `rule` the refusal is required. Without one it is permitted: `question` then says which
    question of the dialect decides, None that the server may decide each time anew.
    """

    text: str
    rule: str | None = None
    question: str | None = None

    @property
    def is_required(self) -> bool:
        """Whether the refusal is required, so that an acceptance breaks `rule`."""
        return self.rule is not None


def size_reasons(ledger: Ledger, amount: Money | None) -> Iterator[RefusalReason]:
    """Return the reasons that lie in an amount which is too small or too fine."""
    if amount is None:
        return
    if amount != int(amount):
        yield RefusalReason("the amount is finer than the currency's smallest unit")
    if 0 < amount < ledger.traits.least:
        yield RefusalReason("the amount is smaller than any that this API has to take")


def amount_reasons(ledger: Ledger, amount: Money, zero: str) -> Iterator[RefusalReason]:
    """Return the reasons that lie in an amount; `zero` is the question that an amount of 0 puts."""
    if amount == 0:
        yield RefusalReason("the amount is 0", question=zero)
    yield from size_reasons(ledger, amount)
    adds = zero not in ("zero.drawdown", "zero.hold")
    reach = ledger.total + amount if adds else amount
    if reach > max(ORDINARY_AMOUNT, 0 if adds else ledger.largest):
        yield RefusalReason("the amount is larger than any wallet has to take")


def ref_reasons(ledger: Ledger, ref: RefId) -> Iterator[RefusalReason]:
    """Return the reasons that lie in a ref_id which made no transaction, or is an odd text."""
    if ref in ledger.spent_refs or ref == RefId(ledger.card):
        # Whether a refusal uses up its ref_id may depend on why it refused (question 5); whether a
        # token or the opening amount does is open too (questions 4, 34).
        yield RefusalReason("the ref_id was in a refused request, or made something else")
    if not (is_ordinary_ref(ref) or _was_taken_before(ledger, ref)):
        yield RefusalReason("the ref_id is not ordinary")


def _was_taken_before(ledger: Ledger, ref: RefId) -> bool:
    """Whether the card has taken a ref_id of this length: then its limit lets this one through."""
    if REF_CHARACTERS.fullmatch(ref) is None:
        return False
    return any(len(known) >= len(ref) and known.isascii() for known in ledger.refs)


def period_reasons(command: OpenCard | ActivateCard) -> Iterator[RefusalReason]:
    """Return the reasons that lie in a period in which the card is never usable (question 30)."""
    members = dict(command.extras)
    begins, ends = members.get("active_from"), members.get("expires_at")
    if command.phase in (Phase.AFTER, Phase.EDGE):
        yield RefusalReason("the card would be expired from the start")
    elif begins is not None and ends is not None and begins >= ends:
        yield RefusalReason("the card would expire before it is active")


def extras_reasons(extras: Extras, reserved: str) -> Iterator[RefusalReason]:
    """Return the reasons that lie in further members; `reserved` begins keys of the API's own."""
    for name, text in extras:
        if name == "metadata" and reserved and reserved in text:
            yield RefusalReason("reserved metadata keys", question="metadata.reserved")
        elif name == "metadata" and not is_ordinary_metadata(text):
            yield RefusalReason("the metadata is not ordinary")
        elif name in ("name", "originated_by", "customer_id") and not is_ordinary_text(text):
            yield RefusalReason(f"{name} is not ordinary")
