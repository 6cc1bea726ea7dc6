"""The oracle, row by row: what a past, a command and an answer amount to.

An expectation is a rule that is broken, or figures of the one successor.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tallystick.ledger.vocabulary import Violation
from tests.ledger.stories import Story, figures

HOLD = ("open 1000", "hold h1 600")
PART = (*HOLD, "capture c1 h1 100")
TOUCHED = (*HOLD, "capture c0 h1 0")
ENDS_PARTS = (
    *("open 1000", "hold h8 10", "capture c8 h8 5", "capture d8 h8 all"),
    *("hold h9 10", "capture c9 h9 5", "void v9 h9"),
)
VOIDED = (*HOLD, "void v1 h1")
PAID = (*HOLD, "capture c1 h1 all")
ONCE = ("open 1000", "token k1 once")
LONG = "r" * 70
NOTE = 'metadata={"a":"1"}'
NOTED = ("open 1000", f"draw d1 1 {NOTE}", "draw d2 2", f"hold h1 100 {NOTE}")

Row = tuple[tuple[str, ...], str, str, str]
"""The past, the line, its answer, and what the oracle finds."""

MONEY: tuple[Row, ...] = (
    ((), "open 1000", "accepted", "balance=1000 available=1000"),
    ((), "open 1000", "honest", "balance=1000 available=1000"),
    ((), "open 1000", "shows balance=999", "CARD-1"),
    ((), "open 1000", "shows card=B", "READ-2"),
    ((), "open 1000", "refused", "CARD-1"),
    ((), "open 0", "refused", "balance=0"),
    ((), "open 1000001", "refused", "balance=0"),
    (("open 1000",), "draw d1 100", "accepted", "balance=900 available=900 drawn=100"),
    (("open 1000",), "draw d1 1000", "accepted", "balance=0 available=0"),
    (("open 1000",), "draw d1 1000", "refused", "TX-1"),
    (("open 1000", "draw d1 0"), "draw d2 0", "refused", "DIA-1"),
    (("open 1000",), "draw d1 1001", "accepted", "TX-2"),
    (("open 1000",), "draw d1 1001", "refused", "balance=1000"),
    (("open 1000",), "draw d1 100 cur=SEK", "accepted", "TX-3"),
    (("open 1000",), "draw d1 100", "accepted amount=99", "TX-4"),
    (("open 1000",), "draw d1 100", "accepted ref=other", "TX-4"),
    (("open 1000",), "draw d1 100", "accepted currency=SEK", "TX-4"),
    (("open 1000",), "draw d1 100", "accepted type=fund", "TX-4"),
    (("open 1000",), "draw d1 100", "accepted type=none", "balance=900"),
    (("open 1000",), "draw d1 100", "accepted parent=x", "TX-4"),
    (("open 1000",), "draw d1 100", "accepted id=none", "TX-4"),
    (("open 1000",), "draw d1 100 metadata={}", "accepted", "balance=900"),
    (("open 1000",), 'draw d1 100 metadata={"a":"1"}', "accepted metadata={}", "TX-4"),
    (("open 1000",), 'draw d1 100 metadata={"a":"1"}', 'accepted metadata={"a":"2"}', "TX-4"),
    (
        ("open 1000",),
        'draw d1 100 metadata={"a":"1"}',
        'accepted metadata={"b":"2","a":"1"}',
        "balance=900",
    ),
    (("open 1000",), 'draw d1 100 metadata={"a":"1"}', "accepted metadata=odd", "TX-4"),
    (("open 1000",), 'draw d1 100 metadata={"a":"1"}', "accepted metadata=[1]", "TX-4"),
    (
        ("open 1000",),
        'draw d1 1 metadata={"reserved_a":"1"}',
        "accepted extras=none",
        "balance=999",
    ),
    (("open 1000",), "draw d1 100 originated_by=till", "accepted extras=none", "TX-4"),
    (HOLD, "draw d1 5", "accepted id=h1", "TX-8"),
    ((), "draw d1 0", "accepted", "TX-7"),
    (
        ("open 1000",),
        "hold h1 600",
        "accepted",
        "balance=1000 available=400 held=600 held_original=600",
    ),
    (("open 1000",), "hold h1 1000", "refused", "TX-5"),
    (HOLD, "draw d1 401", "accepted", "TX-2"),
    (HOLD, "hold h2 400", "accepted", "available=0 held=1000"),
    (("open 1000",), "fund f1 50", "accepted", "balance=1050 available=1050"),
    (("open 1000",), "fund f1 50", "refused", "FUND-1"),
    (HOLD, "fund f1 50", "refused", "FUND-2"),
    (HOLD, "fund f1 50", "accepted amount=60", "FUND-4"),
    (HOLD, "fund f1 50", "accepted type=pending_capture", "FUND-4"),
    (("open 1000",), "fund f1 5000000", "refused", "balance=1000"),
    (("open 1000",), "draw é 5", "refused", "balance=1000"),
    (("open 1000",), f"draw {LONG}a 5", "refused", "balance=1000"),
    (("open 1000", f"draw {LONG}a 5"), f"draw {LONG}b 5", "refused", "TX-1"),
    (("open 1000", f"draw {LONG}a 5"), f"draw {LONG}bc 5", "refused", "balance=995"),
    (("open 1000", f"draw {LONG}a 5"), f"draw {LONG}é 5", "refused", "balance=995"),
    (("open 1000",), "draw a_b.c:d-1 5", "refused", "TX-1"),
    (("open 1000",), "draw a/b 5", "refused", "balance=1000"),
    (("open 1000", "draw a/b 5"), "draw a/c 5", "refused", "balance=995"),
    (("open 1000",), "draw d1 5 originated_by=é", "refused", "balance=1000"),
    (("open 1000",), 'draw d1 5 metadata={"a":{"b":1}}', "refused", "balance=1000"),
    (("open 1000",), "draw d1 5 metadata=odd", "refused", "balance=1000"),
    (("open 1000", "token k1"), "token k1", "accepted value=none", "balance=1000"),
)

LIFECYCLE: tuple[Row, ...] = (
    (HOLD, "capture c1 h1 100", "accepted", "balance=900 available=400 held=500 held_original=600"),
    (HOLD, "capture c1 h1 600", "accepted", "balance=400 available=400 held=0 held_original=0"),
    (HOLD, "capture c1 h1 all", "accepted", "balance=400 available=400 held=0"),
    (HOLD, "capture c1 h1 601", "accepted", "CAP-2"),
    (HOLD, "capture c1 h1 601", "refused", "held=600"),
    (HOLD, "capture c1 h1 600", "refused", "CAP-1"),
    (HOLD, "capture c1 h1 0", "accepted", "balance=1000 held=600"),
    (HOLD, "capture c1 h1 0", "refused", "held=600"),
    (HOLD, "capture c1 h1 100", "accepted parent=none", "CAP-8"),
    (HOLD, "capture c1 h1 100", "accepted amount=600", "CAP-8"),
    (HOLD, "capture c1 h1 all", "accepted amount=5", "CAP-3"),
    (HOLD, "capture c1 h1 0", "accepted amount=600", "CAP-9"),
    (HOLD, "capture c1 h1 100", "accepted type=pending_capture", "CAP-8"),
    (TOUCHED, "capture c1 h1 all", "refused", "held=600"),
    (TOUCHED, "capture c1 h1 600", "refused", "CAP-1"),
    (TOUCHED, "void v1 h1", "refused", "held=600"),
    ((*ENDS_PARTS, *TOUCHED[1:]), "capture c1 h1 all", "refused", "CAP-1"),
    ((*ENDS_PARTS, *TOUCHED[1:]), "void v1 h1", "refused", "VOID-1"),
    (PART, "capture c2 h1 all", "accepted", "balance=400 held=0"),
    (PART, "capture c2 h1 all", "refused", "held=500"),
    (PART, "capture c2 h1 501", "accepted", "CAP-2"),
    (PART, "capture c2 h1 500", "refused", "CAP-4"),
    (PAID, "capture c2 h1 1", "accepted", "CAP-5"),
    (PAID, "capture c2 h1 all", "accepted", "CAP-5"),
    (PAID, "capture c2 h1 0", "accepted", "balance=400 held=0"),
    (PAID, "capture c2 h1 0", "refused", "balance=400"),
    (PAID, "void v1 h1", "accepted", "VOID-3"),
    (VOIDED, "capture c1 h1 1", "accepted", "CAP-6"),
    (VOIDED, "capture c1 h1 0", "accepted", "CAP-6"),
    (VOIDED, "void v2 h1", "accepted", "VOID-2"),
    (("open 1000", "draw d1 5"), "capture c1 d1 5", "accepted", "CAP-7"),
    (("open 1000", "draw d1 5"), "void v1 d1", "accepted", "VOID-4"),
    (("open 1000",), "capture c1 nothing 5", "accepted", "CAP-7"),
    (("open 1000",), "void v1 nothing", "accepted", "VOID-4"),
    (PAID, "refund r1 h1 100", "accepted", "balance=500 available=500 refunded=100"),
    (PAID, "refund r1 h1 all", "accepted", "balance=1000 refunded=600"),
    (PAID, "refund r1 h1 100", "refused", "REFUND-1"),
    (PAID, "refund r1 h1 601", "accepted", "REFUND-2"),
    (PAID, "refund r1 h1 601", "refused", "balance=400"),
    (PAID, "refund r1 h1 100", "accepted amount=600", "REFUND-4"),
    (PAID, "refund r1 h1 100", "accepted parent=none", "REFUND-4"),
    (PAID, "refund r1 h1 0", "accepted", "balance=400 refunded=0"),
    (PAID, "refund r1 h1 100 at=after", "refused", "balance=400"),
    ((*PAID, "refund r1 h1 100"), "refund r1 h1 100", "accepted", "REF-1"),
    ((*PAID, "refund r1 h1 100"), "refund r2 h1 500", "accepted", "balance=1000 refunded=600"),
    ((*PAID, "refund r1 h1 100"), "refund r2 h1 501", "accepted", "REFUND-2"),
    ((*PAID, "refund r1 h1 100"), "refund r2 h1 500", "refused", "REFUND-1"),
    ((*PAID, "refund r1 h1 100"), "refund r2 h1 all", "refused", "balance=500"),
    ((*PAID, "refund r1 h1 all"), "refund r2 h1 all", "accepted", "REFUND-2"),
    ((*PAID, "refund r1 h1 all"), "capture c2 h1 1", "accepted", "CAP-5"),
    ((*PAID, "refund r1 h1 100"), "read", "accepted balance=400 available=400", "REFUND-1"),
    (PART, "refund r1 h1 100", "refused", "balance=900"),
    (PART, "refund r1 h1 101", "accepted", "REFUND-2"),
    ((*PART, "refund r1 h1 100"), "capture c2 h1 500", "refused", "CAP-4"),
    (HOLD, "refund r1 h1 all", "accepted", "balance=1000 held=0 refunded=0"),
    (HOLD, "refund r1 h1 all", "refused", "held=600"),
    (HOLD, "refund r1 h1 1", "accepted", "balance=1000 held=599 refunded=0"),
    (HOLD, "refund r1 h1 1", "refused", "held=600"),
    (HOLD, "refund r1 h1 601", "accepted", "REFUND-2"),
    (("open 1000", "hold h1 0"), "refund r1 h1 all", "refused", "held=0"),
    (VOIDED, "refund r1 h1 all", "accepted", "REFUND-3"),
    (("open 1000", "fund f1 5"), "refund r1 f1 5", "accepted", "REFUND-3"),
    (("open 1000", "draw d1 5"), "refund r1 d1 5", "accepted", "balance=1000"),
    (("open 1000", "draw d1 5"), "refund r1 d1 5", "refused", "balance=995"),
    (("open 1000", "draw d1 5"), "refund r1 d1 6", "accepted", "REFUND-2"),
    (("open 1000",), "refund r1 nothing 5", "accepted", "REFUND-3"),
    (HOLD, "void v1 h1", "accepted", "balance=1000 available=1000 held=0 held_original=0"),
    (HOLD, "void v1 h1", "refused", "VOID-1"),
    (HOLD, "void v1 h1", "accepted amount=5", "VOID-5"),
    (HOLD, "void v1 h1", "accepted parent=none", "VOID-5"),
    (PART, "void v2 h1", "accepted", "balance=900 available=900 held=0"),
    (PART, "void v2 h1", "accepted amount=600", "balance=900 available=900"),
    (PART, "void v2 h1", "accepted amount=100", "VOID-5"),
    (PART, "void v2 h1", "refused", "held=500"),
    ((*PART, "hold h2 5", "capture c2 h2 2", "void v2 h2"), "void v3 h1", "refused", "DIA-1"),
    (("open 1000", "hold h1 0"), "capture c1 h1 all", "refused", "held=0"),
    (("open 1000", "hold h1 0"), "capture c1 h1 all", "accepted", "held=0"),
    (("open 1000", "hold h1 0"), "void v1 h1", "refused", "held=0"),
    (("open 1000", "hold h1 0"), "void v1 h1", "accepted", "held=0"),
)

REFERENCES: tuple[Row, ...] = (
    (HOLD, "hold h1 600", "shows type=pending_capture", "held=600"),
    (HOLD, "hold h1 600", "refused", "held=600"),
    (HOLD, "hold h1 600", "accepted", "REF-1"),
    (("open 1000", "draw d1 100"), "draw d1 100", "accepted", "REF-1"),
    (("open 1000", "draw d1 100"), "draw d1 100", "accepted id=d1", "drawn=100"),
    (("open 1000", "draw d1 100"), "draw d1 100", "accepted id=none", "REF-1"),
    (("open 1000", "draw d1 100"), "draw d1 100", "accepted id=d1 amount=5", "REF-6"),
    (("open 1000", "draw d1 100"), "draw d1 100", "accepted id=d1 type=fund", "REF-6"),
    (("open 1000", "draw d1 100"), "draw d1 200", "accepted", "REF-2"),
    (("open 1000", "draw d1 100"), "draw d1 200", "accepted id=d1 amount=100", "drawn=100"),
    (("open 1000", "draw d1 100"), "fund d1 100", "accepted", "funded=100 drawn=100"),
    (("open 1000", "draw d1 100", "draw d1 100"), "draw d1 100", "refused", "DIA-1"),
    ((*HOLD, "hold h2 400"), "void h1 h2", "accepted", "held=600"),
    ((*PART, "hold h2 400"), "capture c1 h2 100", "accepted", "REF-3"),
    ((*HOLD, "hold h2 9", "void v1 h1"), "void v1 h2", "accepted", "REF-3"),
    (PART, "capture c1 h1 100", "accepted", "REF-1"),
    (PART, "capture c1 h1 101", "accepted", "REF-2"),
    (VOIDED, "void v1 h1", "accepted id=v1 amount=600", "held=0"),
    (PAID, "hold h1 600", "accepted id=h1 type=pending_capture", "balance=400"),
    (PAID, "hold h1 600", "accepted id=h1 type=drawdown", "balance=400"),
    (("open 1000", "draw d1 1001"), "draw d1 5", "refused", "balance=1000"),
    (("open 1000", "draw d1 1001"), "draw d1 5", "accepted", "balance=995"),
    (("open 1000", "token k1"), "draw k1 5", "refused", "balance=1000"),
    (("open 1000",), "draw A 5", "refused", "balance=1000"),
)

TOKENS: tuple[Row, ...] = (
    (("open 1000",), "token k1", "refused", "TOKEN-1"),
    (("open 1000",), "token k1", "accepted value=none", "TOKEN-1"),
    (("open 1000", "token k1"), "token k2", "accepted value=k1", "TOKEN-1"),
    (("open 1000", "token k1"), "token k1", "accepted value=k1", "balance=1000"),
    (("open 1000", "token k1"), "token k1", "accepted value=other", "TOKEN-11"),
    (("open 1000", "token k1"), "token k1 once", "accepted value=other", "balance=1000"),
    (("open 1000", "token k1"), "token k1 once", "accepted value=k1", "balance=1000"),
    (("open 1000", "token k1"), "token k2 ref=k1", "accepted value=other", "TOKEN-11"),
    (("open 1000", "lost token k1"), "token k1", "accepted value=other", "balance=1000"),
    (("open 1000", "lost token k1"), "token k1", "refused", "balance=1000"),
    (("open 1000", "token k1"), "token k1", "refused", "balance=1000"),
    (("open 1000", "draw d1 5"), "token d1", "refused", "balance=995"),
    ((), "token k1", "accepted", "CARD-9"),
    (("open 1000", "token k1"), "draw d1 5 token=k1", "accepted", "balance=995"),
    (("open 1000",), "draw d1 5 token=unknown", "accepted", "TOKEN-4"),
    ((*ONCE, "draw d1 5 token=k1"), "draw d2 5 token=k1", "accepted", "TOKEN-2"),
    ((*ONCE, "hold h1 5 token=k1"), "draw d2 5 token=k1", "accepted", "balance=995"),
    ((*ONCE, "hold h1 5 token=k1"), "draw d2 5 token=k1", "refused", "balance=1000"),
    ((*ONCE, "hold h1 5 token=k1", "void v1 h1"), "draw d1 5 token=k1", "refused", "balance=1000"),
    ((*ONCE, "hold h1 5 token=k1", "void v1 h1"), "draw d1 5 token=k1", "accepted", "balance=995"),
    ((*ONCE, "draw d1 0 token=k1"), "draw d2 5 token=k1", "refused", "balance=1000"),
    ((*ONCE, "draw d1 0 token=k1"), "draw d2 5 token=k1", "accepted", "balance=995"),
    (("open 1000", "token k1"), "fund f1 5 token=k1", "refused", "balance=1000"),
    ((*ONCE, "draw d1 5 token=k1"), "fund f1 5 token=k1", "accepted", "balance=1000"),
    ((*ONCE, "draw d1 5 token=k1"), "fund f1 5 token=k1", "refused", "balance=995"),
    (("open 1000", "token k1"), "info k1", "honest", "balance=1000"),
    (("open 1000", "token k1"), "info k1", "refused", "TOKEN-3"),
    (("open 1000",), "info unknown", "accepted", "TOKEN-4"),
    (("open 1000",), "info unknown", "refused", "balance=1000"),
)

CARDS: tuple[Row, ...] = (
    ((), "batch", "refused", "CARD-4"),
    ((), "batch", "accepted", "card_status=inactive"),
    ((), "batch", "accepted balance=5 available=5", "BAL-1"),
    ((), "batch", "accepted available=5", "BAL-2"),
    (("batch",), "draw d1 0", "accepted", "CARD-5"),
    (("batch",), "activate 500", "accepted", "card_status=active balance=500"),
    (("batch",), "activate 500", "shows balance=0", "CARD-1"),
    (("batch",), "activate 500", "refused", "CARD-6"),
    (("batch",), "activate 500 cur=SEK", "refused", "card_status=inactive"),
    (("batch",), "open 700", "accepted", "card_status=inactive balance=0"),
    (("batch",), "batch", "accepted", "card_status=inactive"),
    (("batch",), "fund f1 5", "accepted", "balance=5 card_status=inactive"),
    (("batch",), "fund f1 5", "refused", "balance=0"),
    (("batch",), "token k1", "refused", "card_status=inactive"),
    (("batch",), "delete", "refused", "card_status=inactive"),
    (("open 1000",), "activate 500", "accepted", "CARD-7"),
    (("batch", "activate 500"), "activate 500", "accepted", "balance=500"),
    (("batch", "activate 500"), "activate 501", "accepted", "CARD-7"),
    (("batch", "activate 500"), "batch", "accepted balance=0 available=0", "balance=500"),
    (("batch", "activate 500"), "batch", "accepted balance=1 available=1", "CARD-3"),
    (("open 1000",), "batch", "accepted balance=0 available=0", "CARD-3"),
    (("open 1000", "draw d1 5"), "open 1000", "accepted balance=995 available=995", "balance=995"),
    (
        ("open 1000", "draw d1 5"),
        "open 1000",
        "accepted balance=1000 available=1000",
        "balance=995",
    ),
    (("open 1000", "draw d1 5"), "open 7", "accepted balance=7 available=7", "CARD-3"),
    (("open 1000", "open 1000"), "read", "shows balance=2000", "BAL-6"),
    (("open 1000",), "delete", "refused", "card_status=active"),
    (("open 0",), "delete", "refused", "CARD-8"),
    (("open 0",), "delete", "accepted", "card_status=deleted"),
    (("open 0", "hold h1 0"), "delete", "refused", "card_status=active"),
    ((), "delete", "accepted", "CARD-12"),
    (("open 0", "delete"), "draw d1 0", "accepted", "CARD-9"),
    (("open 0", "delete"), "token k1", "accepted", "CARD-9"),
    (("open 0", "delete"), "delete", "refused", "card_status=deleted"),
    (("open 0", "delete"), "open 5", "refused", "card_status=deleted"),
    (("open 0", "delete"), "batch", "refused", "card_status=deleted"),
    (("open 0", "delete"), "read", "accepted", "card_status=deleted"),
    (("open 0", "delete"), "read", "refused", "card_status=deleted"),
    (("open 0", "delete"), "customer C", "refused", "card_status=deleted"),
    (("open 5 customer_id=C",), "customer C", "refused", "CARD-10"),
    (("open 5 customer_id=C",), "customer D", "accepted", "CARD-10"),
    (("open 5 customer_id=C",), "customer C", "honest", "balance=5"),
    (("open 5 name=gift",), "read", "shows extras=none", "CARD-2"),
    (("open 5 expires_at=2030-01-01T00:00:00Z",), "read", "shows extras=none", "CARD-2"),
    ((), "open 5 active_from=2030-01-02 expires_at=2030-01-01", "refused", "balance=0"),
)

READS: tuple[Row, ...] = (
    ((), "read", "accepted", "READ-4"),
    ((), "list", "accepted", "READ-4"),
    ((), "read", "refused", "card_status=absent"),
    (("open 1000",), "read", "refused", "READ-1"),
    (("open 1000",), "list", "refused", "READ-1"),
    (("open 1000",), "read", "lost", "balance=1000"),
    (("open 1000",), "read", "shows card=B", "READ-2"),
    (("open 1000",), "read", "shows currency=SEK", "CARD-2"),
    (("open 1000",), "read", "shows funds=-1", "BAL-3"),
    (("open 1000",), "read", "shows balance=none", "BAL-1"),
    (("open 1000",), "read", "shows funds=7", "BAL-4"),
    (("open 1000", "read"), "read", "shows balance=7", "READ-1"),
    (("open 1000", "read at=after"), "read at=after", "shows available=0", "balance=1000"),
    (("open 9 pin={}", "token k1"), "info k1", "refused", "balance=9"),
    (("batch", "token k1"), "info k1", "refused", "card_status=inactive"),
    (("open 0 customer_id=C",), "customer C", "refused", "balance=0"),
    (("open 1000", "draw d1 5"), "read", "shows balance=1000", "TX-1"),
    (HOLD, "read", "shows available=1000", "TX-5"),
    (("open 1000", "fund f1 5"), "read", "shows balance=1000", "FUND-1"),
    ((*HOLD, "fund f1 5"), "read", "shows available=400", "FUND-2"),
    (PART, "read", "shows available=900", "CAP-4"),
    (PART, "read", "shows balance=1000", "CAP-1"),
    (PAID, "read", "shows available=1", "CAP-3"),
    ((*HOLD, "capture c1 h1 0"), "read", "shows balance=5", "CAP-9"),
    (VOIDED, "read", "shows available=5", "VOID-1"),
    ((*PART, "void v1 h1"), "read", "shows available=5", "VOID-6"),
    (("open 9", "draw d1 5", "draw d1 5"), "read", "shows balance=5", "REF-1"),
    (("open 9", "draw d1 5", "draw d1 6"), "read", "shows balance=5", "REF-2"),
    (("open 9", "draw d1 5", "fund d1 6"), "read", "shows balance=5", "REF-3"),
    (("open 9", "draw d1 10"), "read", "shows balance=5", "BAL-6"),
    (("open 9", "read"), "list", "honest", "balance=9"),
    (HOLD, "list", "honest", "held=600"),
    (HOLD, "list", "shows without=h1", "BAL-5"),
    (HOLD, "list", "shows twice=h1", "READ-3"),
    (HOLD, "list", "shows alien=x:ref", "BAL-5"),
    (HOLD, "list", "shows altered=h1:amount=5", "BAL-5"),
    (HOLD, "list", "shows altered=h1:id=none", "BAL-5"),
    (NOTED, "list", f"shows altered=d2:{NOTE}", "BAL-5"),
    (NOTED, "list", 'shows altered=d2:metadata={"its":"own"}', "balance=997"),
    ((*NOTED, "capture c1 h1 all"), "list", f"shows altered=c1:{NOTE}", "balance=897"),
    ((f"open 1000 {NOTE}", *NOTED[1:]), "list", f"shows altered=d2:{NOTE}", "balance=997"),
    (HOLD, "list", "shows altered=h1:type=voided", "BAL-5"),
    ((*HOLD, "list"), "read", "shows pending=5", "BAL-4"),
)

TIMES: tuple[Row, ...] = (
    (("open 1000",), "draw d1 5 at=before", "accepted", "TIME-1"),
    (("open 1000",), "hold h1 5 at=before", "accepted", "TIME-1"),
    (("open 1000",), "fund f1 5 at=before", "refused", "FUND-1"),
    (("open 1000",), "draw d1 5 at=after", "accepted", "TIME-2"),
    (("open 1000",), "fund f1 5 at=after", "accepted", "TIME-2"),
    (("open 1000",), "draw d1 5 at=edge", "accepted", "balance=995"),
    (("open 1000",), "draw d1 5 at=edge", "refused", "balance=1000"),
    (HOLD, "capture c1 h1 5 at=after", "accepted", "balance=995"),
    (HOLD, "capture c1 h1 5 at=after", "refused", "balance=1000"),
    (HOLD, "void v1 h1 at=edge", "refused", "held=600"),
    ((), "open 5 at=after", "refused", "card_status=absent"),
    (("open 1000",), "token k1 at=after", "refused", "balance=1000"),
    (("open 0",), "delete at=after", "refused", "card_status=active"),
    (("open 1000",), "read at=after", "refused", "balance=1000"),
    (("open 1000", "token k1"), "info k1 at=before", "refused", "balance=1000"),
)

ALL = MONEY + LIFECYCLE + REFERENCES + TOKENS + CARDS + READS + TIMES


@pytest.mark.parametrize(("past", "line", "answer", "expected"), ALL)
def test_an_answer_amounts_to(past: tuple[str, ...], line: str, answer: str, expected: str) -> None:
    judgement = Story().tell(*past).judge(line, answer)
    if isinstance(judgement.result, Violation):
        assert judgement.result.rule == expected, judgement.result
    else:
        (after, *_) = judgement.result
        assert figures(after, expected) == expected


def test_every_rule_that_the_oracle_can_name_is_broken_by_some_row() -> None:
    folder = Path(__file__).parents[2] / "tallystick" / "ledger"
    named = {
        rule
        for path in folder.glob("*.py")
        for rule in re.findall(r'"([A-Z]+-\d+)"', path.read_text(encoding="utf-8"))
    }
    broken = {expected for *_, expected in ALL if "=" not in expected}
    assert named == broken
