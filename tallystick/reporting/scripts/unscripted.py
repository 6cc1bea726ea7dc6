"""Why a violation has no script. It knows the words alone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unscripted:
    """There is no script, and why not, in words that follow *no script:*."""

    why: str


NOT_OF_THIS_API = Unscripted("requests or credentials of this API take more than a script has")
NO_ORDER = Unscripted("what the requests of this race may show cannot be listed")
NO_EVENTS = Unscripted("several requests together show it, in no fixed order")
NO_ANSWER = Unscripted("the answer that shows it did not come")
NO_CONDITION = Unscripted("no single answer tells a server that is right from this one")
MORE_REQUESTS = Unscripted("a request of it is more than one that a script can send as it was sent")
OTHER_IDS = Unscripted("requests of the race need ids that other requests of it make")
SECRET = Unscripted("a secret would have to be written down, or a token has to end first")
