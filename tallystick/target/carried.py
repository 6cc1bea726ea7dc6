"""What a target was asked to send, and what of it is not usual. Values; sends nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tallystick.request import Request
from tallystick.target.address import Client
from tallystick.target.api import Authentication
from tallystick.target.proof import Outgoing, Proof
from tallystick.target.unusual import Unusual


@dataclass(frozen=True, slots=True)
class Message:
    """What `HttpTarget.send` was asked for."""

    request: Request
    headers: Mapping[str, str] | None
    content: bytes | None
    authorized: bool
    proof: Proof | None = None
    """What it carries in place of the credentials of the client."""
    passes: bool = False
    """Whether it only comes before or after the request with the effect: no driver breaks it."""
    looks: bool = False
    """Whether it is known to change nothing, though its method may be POST."""

    @property
    def is_read(self) -> bool:
        """Whether it changes nothing, so that it can be sent again."""
        return self.looks or self.request.method == "GET"

    @property
    def is_ordinary(self) -> bool:
        """Whether it is sent with the credentials of the client, and nothing is replaced."""
        return self.has_usual_proof and not self.headers

    @property
    def has_usual_proof(self) -> bool:
        """Whether it is sent with the credentials of the client."""
        return self.authorized and self.proof is None

    def proof_by(self, authentication: Authentication, sent: Outgoing) -> Proof:
        """What it carries; `sent` is the request without credentials."""
        if self.has_usual_proof:
            return authentication.proof(sent)
        return self.proof or Proof()

    def unusual(
        self, client: Client, authentication: Authentication, sent: Outgoing
    ) -> Unusual | None:
        """What of it was not as usual; None: nothing."""
        usual, is_computed = authentication.current(), bool(authentication.shown)
        proof, headers = self.proof, self.headers
        is_told = proof is not None or headers or client.name
        if is_computed and is_told and (self.authorized or proof is not None):
            # They cannot be made again from the headers: what is known is where they travelled.
            usual = dict(self.proof_by(authentication, sent).listed())
        if proof is not None:
            headers = {**(usual if is_computed else proof.headers), **(headers or {})}
        is_sent = self.has_usual_proof
        return Unusual.of(client, usual, is_sent, headers, self.content, is_computed)
