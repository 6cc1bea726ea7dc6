"""Why a request is refused: one name per cause, with its status, code and message.

Only the four codes that the documentation names are used, and 405 for a method that a path does
not have. Knows nothing of HTTP headers or of bodies (answers.py makes those).
"""

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Reason:
    """The status and the message that a caller gets with a refusal."""

    status: int
    message: str


class Cause(Enum):
    """Everything that can be wrong with a request that arrived in one piece."""

    BODY_TOO_LARGE = Reason(400, "The body is larger than this server reads")
    NOT_JSON = Reason(400, "The body is not JSON")
    NOT_MEDIA_TYPE = Reason(400, "The body must be sent as application/json")
    INVALID = Reason(400, "The request does not fit the API document")
    MALFORMED_ACCOUNT = Reason(400, "The account id in the path is malformed")
    MALFORMED_ID = Reason(400, "An id in the path is malformed")
    MALFORMED_TRANSACTION = Reason(400, "The transaction id in the path is not a UUID")
    UNKNOWN_MEMBER = Reason(400, "The body has a member that this operation does not know")
    READ_ONLY_MEMBER = Reason(400, "The body sets a member that only the server sets")
    RESERVED_KEY = Reason(400, "Metadata keys that start with dintero_ are reserved")
    UNAUTHENTICATED = Reason(401, "The access token is missing or invalid")
    BAD_CLIENT = Reason(401, "The client id or the client secret is wrong")
    BAD_AUDIENCE = Reason(403, "The client holds no grant for this audience")
    FOREIGN_ACCOUNT = Reason(403, "The access token is for another account")
    SCOPE_MISSING = Reason(403, "The access token lacks a scope for this operation")
    NO_ROUTE = Reason(404, "There is no such resource")
    NO_METHOD = Reason(405, "The resource does not have this method")
    NO_CARD = Reason(404, "Card not found")
    NO_TRANSACTION = Reason(404, "Transaction not found")
    NO_CUSTOMER = Reason(404, "Customer not found")
    FOREIGN_CUSTOMER = Reason(404, "The customer has no such card")
    NO_TOKEN = Reason(404, "Card token not found")
    TOKEN_EXPIRED = Reason(404, "The card token has expired")
    TOKEN_USED = Reason(400, "The card token has paid for its one transaction")
    TOKEN_FUNDS = Reason(400, "A card is funded by its card id")
    WRONG_PIN = Reason(403, "The PIN is wrong")
    PIN_MISSING = Reason(403, "The card has a PIN and none was given")
    NO_CURSOR = Reason(400, "starting_after names nothing in this list")
    AMOUNT_TOO_LARGE = Reason(400, "The amount is larger than this server counts")
    AMOUNT_ZERO = Reason(400, "The amount must be above zero")
    WRONG_CURRENCY = Reason(400, "The currency is not that of the card")
    INSUFFICIENT = Reason(400, "The card does not have that much available")
    PENDING_FUND = Reason(400, "Only a drawdown can be pending")
    INACTIVE = Reason(400, "The card has not been activated")
    NOT_YET_ACTIVE = Reason(400, "The card is not active yet")
    EXPIRED = Reason(400, "The card has expired")
    NOT_OPEN = Reason(400, "The transaction holds nothing")
    ABOVE_REMAINING = Reason(400, "The amount is more than the transaction still holds")
    PARTLY_CAPTURED = Reason(400, "The transaction has been captured in part")
    FOREIGN_HOLD = Reason(403, "The transaction was made on a card that this client may not name")
    REF_ID_SPENT = Reason(400, "The ref_id has been used on this card for something else")
    REF_ID_REPEATED = Reason(400, "The ref_id has been used on this card before")
    REF_ID_SHAPE = Reason(400, "The ref_id must have between 1 and 255 characters")
    ID_SHAPE = Reason(400, "An id may have letters, digits and _.:- only")
    BATCH = Reason(400, "A batch holds few cards, all of one type")
    CARD_EXISTS = Reason(400, "The card id is taken")
    MANY_CARDS = Reason(400, "The customer has as many cards as one may have")
    ALREADY_ACTIVE = Reason(400, "Only an inactive card can be activated")
    OPEN_HOLDS = Reason(400, "The card has pending transactions")
    HAS_BALANCE = Reason(400, "The card has a balance")
    PERIOD = Reason(400, "expires_at must be later than active_from and than now")
    TOO_MANY_REQUESTS = Reason(429, "Too many requests")
    FORMAT = Reason(400, "No code can be generated in this format")


class Refusal(Exception):
    """A request is turned down, and nothing has happened."""

    def __init__(self, cause: Cause, detail: str = "", allow: tuple[str, ...] = ()) -> None:
        super().__init__(cause.name)
        self.cause = cause
        self.detail = detail
        self.allow = allow
