"""What an API is able to do: the same for every server of it, and declared by its profile.

What servers of one API may differ in is no trait but a question (`dialect`). A chapter, a verb or a
figure that the API does not have is *not claimed*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

VERBS = frozenset(
    (
        *("card", "batch", "activate", "delete", "token", "draw", "hold", "fund"),
        *("capture", "void", "refund", "again", "read", "list", "info", "customer"),
    )
)
"""All words of `program.Verb`."""


DETAILS = frozenset(
    (
        *(
            "type",
            "period",
            "ids of cards",
            "metadata of a void",
            "amount of a void",
            "amount of a capture",
            "record of a void",
            "record of a capture",
            "record of a refund",
            "amount of a refund",
            "refund by id",
        ),
        *("ref of an item", "amount of an item", "parent of an item"),
        *("balance", "available"),
        *("amount of a card", "funds", "drawdown", "pending", "reserved", "released"),
    )
)
"""What some APIs show or take beside what every one has: the type of a record, the period of a
card, ids that callers choose, a refund that names one id of what it gives back, members of an item
of a list, figures of a card, what was released of a hold."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What an API offers. Amounts are in minor units."""

    currencies: tuple[str, ...]
    """Ordinary currencies; the first one is that of a step which names none."""
    account: bool = True
    """Whether there is a card with a balance. False: the hold alone, so no TX-2 and no figures of a
    card; the card of a program is virtual, and no request is sent for it."""
    own_records: bool = True
    """Whether a capture and a void have records with ids of their own. False: only the figures of
    the hold show them."""
    reads_hold: bool = False
    """Whether a hold can be read by itself (`ReadHold`)."""
    lists: bool = True
    """Whether the transactions of a card can be listed (`ReadTransactions`)."""
    lists_in_pages: bool = False
    """Whether a list may take several requests, so that it shows no single moment: then it is not
    read while others write."""
    verbs: frozenset[str] = VERBS
    """What a step of a program may do here, in words of `program.Verb`."""
    digits: Mapping[str, int] = field(default_factory=dict)
    """By currency, where its minor unit is not the hundredth."""
    decimal: bool = False
    """Whether amounts travel as decimals, so that one between two minor units can be sent."""
    least: int = 0
    """The least ordinary amount."""
    retries: bool = True
    """Whether requests carry a ref (an idempotency key). False: a repetition is a new request."""
    without_key: frozenset[str] = frozenset()
    """Kinds of payments, in words of `vocabulary.Kind`, whose requests carry none even so."""
    key_is_optional: bool = False
    """Whether a request that has no key is carried out, as a request of its own."""
    part_of_capture: bool = True
    """Whether a capture may name an amount. False: it collects all that remains."""
    over_capture: int = 0
    """By how many percent of a hold its captures may exceed it in all; a server may refuse what
    exceeds it even so. Only without an account."""
    part_of_void: bool = False
    """Whether a void may release a part of what is held."""
    part_of_refund: bool = True
    """Whether a refund may name an amount. False: it gives back all that was paid."""
    says_rest: frozenset[str] = frozenset()
    """What a capture may say of the rest of its hold (`members.FINAL`): `true`, that it releases
    it; `false`, that it keeps it. Where it says nothing `capture.rest` decides."""
    details: frozenset[str] = DETAILS
    """Which of `DETAILS` it has."""
    reserved_metadata: str = ""
    """How the keys of metadata begin that are the API's own; a server may drop or refuse them.
    Empty: it has none."""

    def has(self, what: str) -> bool:
        """Whether the API has what a question needs: a verb, a detail, or one of the words here."""
        others = {
            "account": self.account,
            "no account": not self.account,
            "retries": self.retries,
            "reserved metadata": self.reserved_metadata != "",
        }
        return others[what] if what in others else what in self.verbs | self.details

    def has_key(self, kind: str) -> bool:
        """Whether a payment of this kind carries a ref, so that a repetition has no effect."""
        return self.retries and kind not in self.without_key

    def digits_of(self, currency: str) -> int:
        """How many decimal places the minor unit of a currency stands for."""
        return self.digits.get(currency, 2)

    @property
    def scale(self) -> int:
        """What a program's amounts are multiplied by, so that the API takes them (see `program`).

        The least power of ten that is an ordinary amount.
        """
        scale = 1
        while scale < self.least:
            scale *= 10
        return scale

    @property
    def currency(self) -> str:
        """The currency of a step that names none; empty if the API names no currency."""
        return self.currencies[0] if self.currencies else ""


COMPLETE = Traits((), reserved_metadata="reserved_")
"""Those of an API that has everything, and whose currencies do not matter."""
