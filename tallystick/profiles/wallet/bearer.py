"""Access tokens: fetched from Get Token with client credentials, and renewed in time.

It is as patient with Get Token as a run is with the rest of the target (`outages`).
"""

from __future__ import annotations

import json
import math
import re
import threading
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from tallystick.profiles.authentication import HeadersOnly
from tallystick.target.address import Address, Client, Secret, basic_header, bearer_header
from tallystick.target.answers import Answer, NoAnswer, wait_asked_for
from tallystick.target.errors import TargetError, TargetGone
from tallystick.target.outages import Outages, is_failure, said_of
from tallystick.target.pace import REAL_TIME, Time
from tallystick.target.sender import Sender

DOCUMENTED_URL = "https://api.dintero.com/v1"
"""The base URL in the documentation: a name in an audience, never an address to send to."""
VENDOR = ".".join((urlsplit(DOCUMENTED_URL).hostname or "").split(".")[-2:])
TOKEN_REFUSALS = (400, 401, 403)
DEFAULT_LIFE_S = 3600.0
LONGEST_TOKEN = 16 * 1024
"""Signs; servers take 8 to 16 kB of headers."""
_TOKEN = re.compile(r"[\x21-\x7e]+")
"""What a header can carry (RFC 9110, 5.5)."""


class Bearer(HeadersOnly):
    """An access token, renewed at half of its life as the vendor's own client does."""

    def __init__(
        self, address: Address, client: Client, outages: Outages, time: Time = REAL_TIME
    ) -> None:
        self._address = address
        self._client = client
        self._outages = outages
        self._time = time
        self.audience = ""
        """The audience that the target took; empty until it gave a token."""
        self._token = Secret(client.token)
        self._renew_at = float("inf") if client.token else 0.0
        self._lock = threading.Lock()

    @property
    def is_fixed(self) -> bool:
        """Whether the token was given ready and cannot be renewed."""
        return bool(self._client.token)

    def headers(self, sender: Sender) -> Mapping[str, Secret]:
        """The header with the current token; TargetError if the target gives none."""
        with self._lock:
            if self._time.now() >= self._renew_at:
                self._token, life_s = self._renew(sender) if self.audience else self._fetch(sender)
                self._renew_at = self._time.now() + life_s / 2
            return bearer_header(self._token)

    def current(self) -> Mapping[str, Secret]:
        """The header with the token that was fetched last, without asking for another."""
        return bearer_header(self._token)

    def forget(self) -> None:
        """Fetch a new token at the next request."""
        self._renew_at = 0.0 if not self.is_fixed else self._renew_at

    def _renew(self, sender: Sender) -> tuple[Secret, float]:
        """A token from a target that gave one before: whatever comes in its place may pass, as an
        outage does. TargetError with the last reason at the bound.
        """
        tokens: list[tuple[Secret, float]] = []
        errors: list[TargetError] = []

        def once() -> str:
            try:
                tokens.append(self._fetch(sender))
            except TargetGone:
                raise
            except TargetError as error:
                errors.append(error)
                return str(error)
            return ""

        said = once()
        if said:
            try:
                self._outages.wait_for("Get Token", said, once)
            except TargetGone:
                raise errors[-1] from None
        return tokens[-1]

    def _fetch(self, sender: Sender) -> tuple[Secret, float]:
        url, account = self._address.url, self._address.account
        audiences = list(dict.fromkeys(self.audience or each for each in self._audiences()))
        for audience in audiences:
            answer = self._patiently(sender, audience)
            if answer.status not in TOKEN_REFUSALS:
                self.audience = audience
                return self._token_in(answer)
        raise TargetError(
            f"{url} refused the credentials of client '{self._client.client_id}' for account "
            f"{account} ({answer.status}): check TALLYSTICK_CLIENT_ID, "
            "TALLYSTICK_CLIENT_SECRET and --account"
        )

    def _audiences(self) -> tuple[str, str]:
        """The documented audience, then that of a server which goes by its own address."""
        account = f"accounts/{self._address.account}"
        return f"{DOCUMENTED_URL}/{account}", f"{self._address.url}/{account}"

    def _patiently(self, sender: Sender, audience: str) -> Answer:
        """Ask until there is an answer that is not a failure; TargetError at the bound."""
        last: list[Answer | NoAnswer] = []

        def once() -> str:
            answer = self._ask(sender, audience)
            last[:] = [answer]
            if isinstance(answer, NoAnswer) and answer.is_final:
                raise TargetError(f"{self._address.url} cannot be reached: {answer.remedy}")
            busy_s = wait_asked_for(answer)
            if busy_s is not None:
                self._time.sleep(busy_s)
            elif not is_failure(answer):
                return ""
            return f"Get Token: {said_of(answer)}"

        said = once()
        if said:
            self._outages.wait_for("Get Token", said, once)
        (answer,) = last
        assert isinstance(answer, Answer), "it is no failure"
        return answer

    def _ask(self, sender: Sender, audience: str) -> Answer | NoAnswer:
        body = {"grant_type": "client_credentials", "audience": audience}
        headers = {
            "Accept": "application/json",
            **basic_header(self._client.client_id, self._client.secret),
            "Content-Type": "application/json",
        }
        return sender.ask("POST", self._url, headers, json.dumps(body).encode())

    @property
    def _url(self) -> str:
        account = quote(self._address.account, safe="")
        return f"{self._address.url}/accounts/{account}/auth/token"

    def _token_in(self, answer: Answer) -> tuple[Secret, float]:
        body = answer.body if isinstance(answer.body, dict) else {}
        token, life = body.get("access_token"), body.get("expires_in", DEFAULT_LIFE_S)
        if answer.status != 200 or not isinstance(token, str) or not token:
            raise TargetError(
                f"Get Token at {self._url} answered {answer.status} "
                f"{answer.content_type or 'without a content type'}, not an access token: "
                f"is {self._address.url} the base URL of the API up to and including /v1?"
            )
        if len(token) > LONGEST_TOKEN or not _TOKEN.fullmatch(token):
            raise TargetError(
                f"Get Token at {self._url} gave an access token that no header can carry "
                f"({len(token):,} signs): it has to be ASCII, without spaces, at most "
                f"{LONGEST_TOKEN:,} signs"
            )
        life_s = _seconds(life)
        if not life_s > 0:
            raise TargetError(
                f"Get Token at {self._url} gave a token with expires_in {str(life)[:40]!r}: "
                "a number of seconds above 0 is needed"
            )
        return Secret(token), life_s


def _seconds(value: object) -> float:
    """A number of seconds, not 0 or less; 0 if the value is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return 0.0
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return 0.0
    return seconds if math.isfinite(seconds) else 0.0
