"""The server under test: everything that is sent to it leaves through this package.

Values: `address` (where, and as whom), `answers` (what came back, and what it proves), `errors`.
One exchange: `network` (how the target is reached), `transport` (connections with bounds), `bodies`
(JSON within bounds), `remedies` (errors in words), `sender` (a request, and what came of it).
A run: `pace` (rate and time), `control` (what every working target answers), `outages`, `support`
(operations that it lacks), `connection` (a target over HTTP). `protocol` is all that the drivers
know of it, `api` all that it knows of the API that it speaks.
"""

from tallystick.target.address import (
    Address,
    Client,
    Secret,
    basic_header,
    bearer_header,
    with_path,
)
from tallystick.target.answers import NOT_JSON, Answer, Exchange, NoAnswer, Observer
from tallystick.target.connection import HttpTarget
from tallystick.target.errors import CredentialsLost, TargetError, TargetGone
from tallystick.target.network import Connections, Network
from tallystick.target.outages import Outage
from tallystick.target.pace import REAL_TIME, Meter, Slots, Time
from tallystick.target.protocol import Target
from tallystick.target.sender import PASSES, OnPurpose
from tallystick.target.support import NotSupported, Support
from tallystick.target.transport import BoundedTransport

__all__ = [
    "NOT_JSON",
    "PASSES",
    "REAL_TIME",
    "Address",
    "Answer",
    "BoundedTransport",
    "Client",
    "Connections",
    "CredentialsLost",
    "Exchange",
    "HttpTarget",
    "Meter",
    "Network",
    "NoAnswer",
    "NotSupported",
    "Observer",
    "OnPurpose",
    "Outage",
    "Secret",
    "Slots",
    "Support",
    "Target",
    "TargetError",
    "TargetGone",
    "Time",
    "basic_header",
    "bearer_header",
    "with_path",
]
