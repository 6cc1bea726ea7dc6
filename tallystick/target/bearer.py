"""Access tokens: fetched from Get Token with client credentials, and renewed in time."""

from __future__ import annotations

import base64
import threading
from urllib.parse import quote

import httpx

from tallystick.target.address import DOCUMENTED_URL, Address, Client
from tallystick.target.answers import TOKEN_REFUSALS, wait_asked_for
from tallystick.target.errors import TargetError
from tallystick.target.pace import REAL_TIME, Time
from tallystick.target.receiving import answer_of

PATIENCE = 5  # answers 429 or 503 in a row before giving up


class Bearer:
    """An access token, renewed at half of its life as the vendor's own client does."""

    def __init__(self, address: Address, client: Client, time: Time = REAL_TIME) -> None:
        self._address = address
        self._client = client
        self._time = time
        self.audience = ""
        """The audience that the target took; empty until it gave a token."""
        self._token = client.token
        self._renew_at = float("inf") if client.token else 0.0
        self._lock = threading.Lock()

    @property
    def is_fixed(self) -> bool:
        """Whether the token was given ready and cannot be renewed."""
        return bool(self._client.token)

    def get(self, http: httpx.Client) -> str:
        """The current token; TargetError if the target gives none."""
        with self._lock:
            if self._time.now() >= self._renew_at:
                self._token, life_s = self._fetch(http)
                self._renew_at = self._time.now() + life_s / 2
            return self._token

    def forget(self) -> None:
        """Fetch a new token at the next request."""
        self._renew_at = 0.0 if not self.is_fixed else self._renew_at

    def _fetch(self, http: httpx.Client) -> tuple[str, float]:
        url, account = self._address.url, self._address.account
        audiences = list(dict.fromkeys(self.audience or each for each in self._audiences()))
        for audience in audiences:
            response = self._ask(http, audience)
            if response.status_code not in TOKEN_REFUSALS:
                self.audience = audience
                return _token_of(response, url)
        raise TargetError(
            f"{url} refused the credentials of client {self._client.client_id!r} for account "
            f"{account} ({response.status_code}): check TALLYSTICK_CLIENT_ID, "
            "TALLYSTICK_CLIENT_SECRET and --account"
        )

    def _audiences(self) -> tuple[str, str]:
        """The documented audience, then that of a server which goes by its own address."""
        account = f"accounts/{self._address.account}"
        return f"{DOCUMENTED_URL}/{account}", f"{self._address.url}/{account}"

    def _ask(self, http: httpx.Client, audience: str) -> httpx.Response:
        url, account = self._address.url, self._address.account
        pair = f"{self._client.client_id}:{self._client.secret}".encode()
        try:
            for _ in range(PATIENCE):
                response = http.post(
                    f"{url}/accounts/{quote(account, safe='')}/auth/token",
                    headers={"Authorization": f"Basic {base64.b64encode(pair).decode()}"},
                    json={"grant_type": "client_credentials", "audience": audience},
                )
                wait_s = wait_asked_for(answer_of(response))
                if wait_s is None:
                    break
                self._time.sleep(wait_s)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise TargetError(
                f"{url} cannot be reached ({error or type(error).__name__}): "
                "start the server or correct --target"
            ) from error
        return response


def _token_of(response: httpx.Response, url: str) -> tuple[str, float]:
    try:
        body = response.json()
        token, life_s = body["access_token"], float(body.get("expires_in", 3600))
        if response.status_code == 200 and isinstance(token, str) and token and life_s > 0:
            return token, life_s
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise TargetError(
        f"Get Token at {response.request.url} answered {response.status_code} "
        f"{response.headers.get('content-type', 'without a content type')}, not an access token: "
        f"is {url} the base URL of the API up to and including /v1?"
    )
