"""Optional members of a request: metadata, originated_by and the attributes of a card."""

from __future__ import annotations

from tallystick.ledger.members import FINAL
from tallystick.ledger.traits import Traits
from tallystick.ledger.vocabulary import Extras
from tallystick.program import extras

NOTHING: tuple[Extras, ...] = ((),)
PLAIN: tuple[Extras, ...] = (
    extras(metadata={"order_id": "xk39592f"}),
    extras(originated_by="till 7"),
    extras(metadata={"order_id": "1", "lines": 3, "gift": True}, originated_by="web"),
)
UNUSUAL: tuple[Extras, ...] = (
    extras(metadata={}),
    extras(metadata={"nested": {"deep": [1, {"deeper": None}]}}),
    extras(metadata={"navn": "Bjørn Ødegård \N{SNOWMAN}"}),
    extras(metadata={"k" * 120: "v" * 400}),
    extras(originated_by="x" * 255),
    extras(originated_by="Kasse Å"),
)

OF_A_CARD: tuple[Extras, ...] = (
    extras(name="Birthday card"),
    extras(customer_tail="customer", originated_by="till 2"),
    extras(metadata={"order_id": "7", "note": "0"}),
    extras(active_from="2020-02-29T12:00:00Z", expires_at="2090-12-31T23:59:59Z"),
)
TYPES: tuple[Extras, ...] = (extras(type="gift_card"), extras(type="credit_note"))


def finals(traits: Traits) -> tuple[tuple[Extras, ...], ...]:
    """Return what a capture may say of the rest of its hold, as one group; none if it may not."""
    said = tuple(((FINAL, word),) for word in sorted(traits.says_rest))
    return (said,) if said else ()


TEXTS: dict[str, str] = {
    "empty": "",
    "blank": " ",
    "long": "x" * 10_000,
    "norwegian": "Bjørn Ødegård Åse",
    "japanese": "ギフトカード",
    "arabic": "بطاقة هدية",
    "decomposed": "A\N{COMBINING RING ABOVE}",
    "emoji": "\N{WRAPPED PRESENT}\N{FAMILY}",
    "quotes": "Robert'); DROP TABLE cards;-- \"\\",
    "markup": "Tom & Jerry <b>1 &lt; 2</b> %41+",
    "newline": "a\nb\tc",
}
"""Texts that a careless server cuts, changes or loses; the documentation forbids none of them."""
HALVES: dict[str, str] = {
    "nul": "a\x00b",
    "half a surrogate pair": "a\ud83c",
    "noncharacter": "a\uffff",
}
"""Texts that a database may refuse, or cannot return unchanged."""
WRONG_AMOUNTS: dict[str, object] = {
    "text": "600",
    "true": True,
    "false": False,
    "fraction": 1.5,
    "null": None,
    "list": [600],
    "object": {"amount": 600},
    "negative": -600,
    "least": -(2**63),
}
"""Values that are not amounts: an amount is an integer of at least 0 (S0, S1, S3)."""
EDGE_AMOUNTS: dict[str, object] = {
    "0": 0,
    "600.0": 600.0,
    "2^31": 2**31,
    "2^53+1": 2**53 + 1,
    "2^63-1": 2**63 - 1,
    "2^63": 2**63,
    "2^64+600": 2**64 + 600,
    "10^400": 10**400,
}
"""A correct server refuses them or takes them: no upper bound is documented (question 12)."""

# Groups for `Choices.pick`; all groups are equally likely.

MEMBERS = (NOTHING, NOTHING, PLAIN, UNUSUAL)
"""Half of the time nothing, else usual or unusual members."""
METADATA = (
    NOTHING,
    NOTHING,
    [pair for pair in (*PLAIN, *UNUSUAL) if dict(pair).keys() == {"metadata"}],
)
"""The same for captures and voids, whose bodies have metadata only."""
ACTIVATION = (NOTHING, OF_A_CARD)
CREATION = (NOTHING, OF_A_CARD, TYPES)
