"""The server under test: everything that is sent to it leaves through this package.

Values first: `address` (where, and as whom), `answers` (what came back, and what it proves),
`errors`. Then the sending: `pace` (rate and time), `bearer` (access tokens), `receiving` (answers
from responses), `connection` (a target over HTTP). `protocol` is all that the drivers know of it.
"""

from tallystick.target.address import DOCUMENTED_URL, Address, Client, with_path
from tallystick.target.answers import NOT_JSON, Answer, Exchange, NoAnswer, Observer, outcome_of
from tallystick.target.bearer import PATIENCE, Bearer
from tallystick.target.connection import CONNECT_TRIES, KEEPALIVE_S, SILENCES, HttpTarget
from tallystick.target.errors import TargetError, TargetGone
from tallystick.target.pace import REAL_TIME, Meter, Time
from tallystick.target.protocol import Target

__all__ = [
    "CONNECT_TRIES",
    "DOCUMENTED_URL",
    "KEEPALIVE_S",
    "NOT_JSON",
    "PATIENCE",
    "REAL_TIME",
    "SILENCES",
    "Address",
    "Answer",
    "Bearer",
    "Client",
    "Exchange",
    "HttpTarget",
    "Meter",
    "NoAnswer",
    "Observer",
    "Target",
    "TargetError",
    "TargetGone",
    "Time",
    "outcome_of",
    "with_path",
]
