"""One ref_id, one effect: what a ref_id that was used before means for the next request.

Documented: every transaction of a card has a unique ref_id, for safely retrying requests without
accidentally performing the same operation twice (REF-1, REF-2). Whether a repeat is answered with
the first record or refused is open (question 1), and so is whether creation, capture and void share
one space (question 4).
"""

from __future__ import annotations

from dataclasses import dataclass

from tallystick.ledger.state import Ledger, Use
from tallystick.ledger.vocabulary import Capture, Payment, Transact, Void

REPLAY, REFUSE, SEPARATE = "replay", "refuse", "separate"


@dataclass(frozen=True, slots=True)
class Reuse:
    """A request whose ref_id was used before: which question it puts, and the first entry."""

    rule: str
    question: str
    entry: str
    same_money: bool = False

    def harmless(self, answer: str) -> frozenset[str]:
        """What an answer without effect says: across operations only that the space is one.

        A server with one space may well look for the ref_id in one operation and run into a unique
        index in another. And which members make a body another one is for the server to say, as
        long as the money is the same.
        """
        across = self.question.startswith("ref.across.")
        return frozenset({REPLAY, REFUSE}) if across or self.same_money else frozenset({answer})


def request_of(command: Payment) -> tuple[object, ...]:
    """All of a request but its ref_id: two requests are the same if these are equal."""
    if isinstance(command, Transact):
        named = command.token or command.card
        return (command.kind, named, command.amount, command.currency, command.extras)
    amount = command.amount if isinstance(command, Capture) else None
    return (command.kind, command.parent, amount, command.extras)


def find_reuses(ledger: Ledger, command: Payment) -> tuple[Reuse, ...]:
    """What the command repeats, the most telling first; empty if its ref_id is fresh on this card.

    More than one only on a server with separate spaces of ref_ids.
    """
    uses = ledger.refs.get(command.ref)
    if not uses:
        return ()
    request = request_of(command)
    found = [_classify(command, request, use) for use in uses]
    return tuple(sorted(found, key=lambda reuse: reuse.rule))


def _classify(command: Payment, request: tuple[object, ...], use: Use) -> Reuse:
    kind, used = str(command.kind), str(use.request[0])
    if use.request == request:
        return Reuse("REF-1", f"ref.same.{kind}", use.entry)
    if kind != used:
        return Reuse("REF-3", f"ref.across.{'-'.join(sorted((kind, used)))}", use.entry)
    if isinstance(command, Capture | Void) and command.parent != use.request[1]:
        return Reuse("REF-3", f"ref.other_hold.{kind}", use.entry)
    same_money = _money_of(use.request) == _money_of(request)
    return Reuse("REF-2", f"ref.other_body.{kind}", use.entry, same_money)


def _money_of(request: tuple[object, ...]) -> tuple[object, ...]:
    """The part of a request that says what moves, without the name of what it moves on."""
    kind, _, *rest = request
    return (kind, *rest[:-1])
