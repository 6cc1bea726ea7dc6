"""One ref_id, one effect: what a ref_id that was used before means for the next request.

Documented: every transaction of a card has a unique ref_id, for safely retrying requests without
accidentally performing the same operation twice (REF-1, REF-2). Whether a repeat is answered with
the first record or refused is open (question 1), and so is whether creation, capture and void share
one space of ref_ids (question 4). This module never sees an answer (see `oracle`).
"""

from __future__ import annotations

from dataclasses import dataclass

from tallystick.ledger.dialect import REFUSE, REPLAY, SEPARATE
from tallystick.ledger.state import LastWrite, Ledger, Use
from tallystick.ledger.vocabulary import Content, EntryId, Payment, Settlement


@dataclass(frozen=True, slots=True)
class Reuse:
    """A payment whose ref_id was used before, compared with one earlier use of it.

    `rule` is broken by a second effect, `question` is what the server has to answer, `entry` is the
    id of the transaction that the earlier use made, `same_money` says that both move the same, and
    `same_payment` that they name one payment by two ids.
    """

    rule: str
    question: str
    entry: EntryId
    same_money: bool = False
    same_payment: bool = False

    def explained_by(self, answer: str) -> frozenset[str]:
        """Return the answers to `question` that a server may have that behaves like `answer`.

        `answer` is *refuse* or *replay*, that is, without a second effect. Across operations this
        says only that the space of ref_ids is one: a server may look for the ref_id in one
        operation and run into a unique index in another. Where both requests move the same money,
        the server decides whether the bodies differ; and where they name one payment by two ids,
        whether it compares the ids or the payments, which says nothing of another payment.
        """
        if self.same_payment:
            return frozenset({REPLAY, REFUSE, SEPARATE})
        across = self.question.startswith("ref.across.")
        return frozenset({REPLAY, REFUSE}) if across or self.same_money else frozenset({answer})


def is_reuse(ledger: Ledger, command: Payment) -> bool:
    """Whether it carries a ref_id that was used before; some APIs have requests without one."""
    return (
        command.ref in ledger.refs
        and ledger.traits.has_key(command.kind)
        and any(_uses(ledger, command))
    )


def _uses(ledger: Ledger, command: Payment) -> list[Use]:
    """What its ref_id was used for by requests that carried it."""
    return [use for use in ledger.refs[command.ref] if ledger.traits.has_key(str(use.content[0]))]


def find_reuses(ledger: Ledger, command: Payment) -> tuple[Reuse, ...]:
    """Return what a payment repeats, the lowest rule first; KeyError if its ref_id is a new one.

    More than one only on a server with separate spaces of ref_ids.
    """
    content = command.content
    found = [_compare(ledger, command, content, use) for use in _uses(ledger, command)]
    return tuple(sorted(found, key=lambda reuse: reuse.rule))


def _compare(ledger: Ledger, command: Payment, content: Content, use: Use) -> Reuse:
    kind, used = str(command.kind), str(use.content[0])
    if use.content == content:
        return Reuse("REF-1", f"ref.same.{kind}", use.entry)
    if kind != used:
        return Reuse("REF-3", f"ref.across.{'-'.join(sorted((kind, used)))}", use.entry)
    if isinstance(command, Settlement) and command.parent != use.content[1]:
        used_on = EntryId(str(use.content[1]))
        is_same = ledger.payment_behind(command.parent) == ledger.payment_behind(used_on)
        return Reuse("REF-3", f"ref.other_hold.{kind}", use.entry, same_payment=is_same)
    same_money = _money_of(use.content) == _money_of(content)
    return Reuse("REF-2", f"ref.other_body.{kind}", use.entry, same_money)


def _money_of(content: Content) -> Content:
    """Return what moves: the content without what it acts on and without its extras."""
    kind, _, *rest = content
    return (kind, *rest[:-1])


WRITE_OF_REUSE = {
    "REF-1": LastWrite.REPEATED,
    "REF-2": LastWrite.REPEATED_WITH_OTHER_BODY,
    "REF-3": LastWrite.REPEATED_IN_OTHER_OPERATION,
}
"""The last write after a reuse without effect, by the rule of the reuse."""
