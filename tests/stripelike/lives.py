"""The life of a hold in one mapping: scenarios that both mappings can play.

Knows requests, not which answers are right (walk.py compares the answers of two servers).
"""

from collections.abc import Callable

from tests.stripelike.accounts import FIRST, SECOND
from tests.stripelike.client import Sender
from tests.stripelike.shop import MAPPINGS, Holds, Shop

MALFORMED = ("", "0", "-1", "100.5", "1e3", "+100", " 100", "abc", "9" * 30)
OUTSIDE = ("1", "49", "100000000")
NOTHING = "pi_000000000000000000000000"


class Stage:
    """The two accounts, in one mapping."""

    def __init__(self, sender: Sender, mapping: str) -> None:
        make = MAPPINGS[mapping]
        self.mine: Holds = make(Shop(sender, FIRST))
        self.theirs: Holds = make(Shop(sender, SECOND))
        self.name = mapping


def ends(stage: Stage) -> None:
    """Each end of a hold, and what is refused after it."""
    holds = stage.mine
    for amount in (None, 1, 49, 400, 999, 1000, 1001, 2000):
        hold = holds.hold(1000)["id"]
        holds.read(hold)
        holds.capture(hold, amount)
        holds.read(hold)
        holds.capture(hold, 100)
        holds.capture(hold)
        holds.read(hold)
        holds.void(hold)
        holds.read(hold)
    for later in (300, None):
        hold = holds.hold(1000)["id"]
        holds.void(hold)
        holds.read(hold)
        holds.capture(hold, later)
        holds.read(hold)
        holds.void(hold)
        holds.read(hold)


def neighbours(stage: Stage) -> None:
    """What happens to one hold leaves the others alone."""
    holds = stage.mine
    made = [holds.hold(1000 + number)["id"] for number in range(4)]
    holds.capture(made[1], 300)
    holds.void(made[0])
    holds.capture(made[3])
    for hold in made:
        holds.read(hold)


def attributes(stage: Stage) -> None:
    """What a hold was made with is shown by every answer."""
    holds = stage.mine
    for currency in ("eur", "jpy"):
        more = {"description": "tea", "metadata[order]": "17", "metadata[a]": ""}
        hold = holds.hold(1000, currency=currency, **more)["id"]
        holds.capture(hold, 400)
        holds.read(hold)


def amounts(stage: Stage) -> None:
    """Amounts at the bounds, outside of them, and without the documented form."""
    holds = stage.mine
    hold = holds.hold(1000)["id"]
    for amount in (*MALFORMED, *OUTSIDE):
        holds.hold(amount)
    for amount in MALFORMED:
        holds.capture(hold, amount)
        holds.read(hold)
    for bound in (50, 51, 16_777_217, 99_999_999):
        made = holds.hold(bound)["id"]
        holds.capture(made)
        holds.read(made)


def members(stage: Stage) -> None:
    """Other members that are missing, unknown or malformed."""
    holds = stage.mine
    for currency in ("", "us", "xyz", "USD", "dollar", None):
        holds.hold(1000, currency=currency)
    for more in ({"amonut": 7}, {"amount": None}, {"metadata[a][b]": "1"}, {"description": ""}):
        holds.hold(1000, **more)


def strangers(stage: Stage) -> None:
    """What is another account's is not there, and stays as it is."""
    holds, others = stage.mine, stage.theirs
    hold = holds.hold(1000)["id"]
    others.read(hold)
    others.capture(hold, 10)
    others.void(hold)
    others.page(limit=3)
    others.page(starting_after=hold)
    holds.read(hold)


def repeats(stage: Stage) -> None:
    """Each operation twice under one key."""
    holds = stage.mine
    for _ in range(2):
        hold = holds.hold(900, f"{stage.name} hold")["id"]
    for _ in range(2):
        holds.capture(hold, 300, f"{stage.name} capture")
        holds.read(hold)
    voided = holds.hold(900)["id"]
    for _ in range(2):
        holds.void(voided, f"{stage.name} void")
        holds.read(voided)
    for number in range(5):
        holds.hold(900, f"{number} {stage.name} further")
    holds.hold(900, f"{stage.name} hold")
    holds.hold(900)
    holds.page(limit=5)


def mismatches(stage: Stage) -> None:
    """A key with other parameters, on another hold, on another operation, of another account."""
    holds, others = stage.mine, stage.theirs
    key = f"{stage.name} mismatch"
    first = holds.hold(900, f"{key} 1")["id"]
    second = holds.hold(900, f"{key} 2")["id"]
    holds.hold(901, f"{key} 1")
    holds.hold(900, f"{key} 1")
    others.hold(900, f"{key} 1")
    holds.capture(first, 300, key)
    for amount in (300, 200):
        holds.capture(second, amount, key)
        holds.read(second)
    holds.void(second, key)
    for hold in (first, second):
        holds.read(hold)
    holds.page(limit=3)
    others.page(limit=3)
    for length in (255, 256):
        holds.hold(900, stage.name.ljust(length, "k"))


def refused_repeats(stage: Stage) -> None:
    """Refusals under a key, and what the key does afterwards."""
    holds = stage.mine
    hold = holds.hold(900)["id"]
    for _ in range(2):
        holds.capture(hold, 901, f"{stage.name} too much")
        holds.hold(10, f"{stage.name} too little")
        holds.read(hold)
    holds.hold(900, f"{stage.name} too little")
    holds.capture(hold, 900, f"{stage.name} too much")
    holds.read(hold)


def pages(stage: Stage) -> None:
    """Pages of several sizes, cursors, limits."""
    holds = stage.theirs
    made = [holds.hold(100 + number)["id"] for number in range(5)]
    holds.capture(made[0], 60)
    holds.void(made[1])
    holds.page()
    for query in ({"starting_after": made[3]}, {"ending_before": made[1]}, {}):
        holds.page(limit=2, **query)
    for limit in ("0", "101", "-1", "x"):
        holds.page(limit=limit)
    holds.page(starting_after=NOTHING)


def nothing(stage: Stage) -> None:
    """A hold that does not exist."""
    holds = stage.mine
    holds.read(NOTHING)
    holds.capture(NOTHING)
    holds.void(NOTHING)


SCENARIOS: tuple[Callable[[Stage], None], ...] = (
    *(ends, neighbours, attributes, amounts, members, strangers),
    *(repeats, mismatches, refused_repeats, pages, nothing),
)
