"""The words of the event store: what an entry, an order and a refusal are.

It knows no rule: what may follow what is decided in `money`.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    OPENED = "opened"
    PRINTED = "printed"
    ACTIVATED = "activated"
    FUNDED = "funded"
    DRAWN = "drawn"
    HELD = "held"
    CAPTURED = "captured"
    RELEASED = "released"
    DELETED = "deleted"
    TOKEN_ISSUED = "token_issued"
    TOKEN_CHANGED = "token_changed"
    PIN_SET = "pin_set"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened to a card. Members that a kind does not use keep their default."""

    kind: str
    id: str
    at: int
    amount: int = 0
    ref_id: str = ""
    currency: str = ""
    # The entry of the hold that a capture or a void acts on.
    hold: str = ""
    # The entry of the token that paid, or that is changed.
    token: str = ""
    active_from: int | None = None
    expires_at: int | None = None
    single_use: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a card is opened or activated."""

    amount: int
    currency: str
    active_from: int | None
    expires_at: int | None


@dataclass(frozen=True, slots=True)
class Order:
    """A transaction somebody asks for."""

    ref_id: str
    amount: int
    currency: str
    token: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    balance: int
    available: int
    funds: int
    drawdown: int
    pending: int
    reserved: int


class Refusal(Exception):
    """Why something is not done; `status` is what HTTP shall say."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
