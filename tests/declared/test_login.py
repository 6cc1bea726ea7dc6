"""How requests of a declared profile prove who sends them."""

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from tallystick.profiles.declared.declaration import Call, Login
from tallystick.profiles.declared.expressions import parse
from tallystick.profiles.declared.login import Headers
from tallystick.profiles.profile import ProfileError
from tallystick.target.address import Address, Client
from tallystick.target.answers import Answer
from tallystick.target.errors import TargetError
from tallystick.target.outages import Outages
from tallystick.target.pace import Time

ADDRESS = Address("http://127.0.0.1:1/v1", "acct 1")
BOTH = Client("me", "pass")


class Clock:
    """A time that only goes on when it is asked to."""

    def __init__(self) -> None:
        self.at = 0.0
        self.time = Time(lambda: self.at, self.sleep)

    def sleep(self, seconds: float) -> None:
        self.at += seconds


class Scripted:
    """Answers with one body after the other, and keeps what was asked."""

    def __init__(self, *bodies: Any, status: int = 200) -> None:
        self.bodies = list(bodies)
        self.status = status
        self.asked: list[tuple[str, str, dict[str, str], bytes | None]] = []

    def ask(self, method: str, url: str, headers: dict[str, str], content: bytes | None) -> Answer:
        self.asked.append((method, url, headers, content))
        return Answer(self.status, "application/json", self.bodies.pop(0))


def headers(login: Login, client: Client, clock: Clock | None = None) -> Headers:
    time = (clock or Clock()).time
    return Headers(login, ADDRESS, client, Outages(ADDRESS.url, 1.0, time), time)


FETCHED = Login(
    {"Authorization": "Bearer $token"},
    Call(
        "POST",
        "/accounts/$account/token",
        "form",
        {"grant_type": "client_credentials", "secret": "$client_secret"},
        {"Authorization": "Basic $basic"},
    ),
    parse("access_token"),
    parse("expires_in"),
)


@pytest.mark.parametrize(
    ("value", "client", "written"),
    [
        ("Bearer $token", Client(token="sk_1"), "Bearer sk_1"),
        ("$token", Client(token="sk_1"), "sk_1"),
        ("Basic $basic", BOTH, "Basic " + b64encode(b"me:pass").decode()),
        ("Basic $basic", Client(token="sk_1"), "Basic " + b64encode(b"sk_1:").decode()),
    ],
)
def test_a_header_is_written_from_credentials(value: str, client: Client, written: str) -> None:
    found = headers(Login({"X": value}), client)
    assert dict(found.current()) == {"X": written}
    assert found.is_fixed
    assert written not in repr(found.current())


def test_several_headers_are_written_from_credentials() -> None:
    login = Login({"X-Client": "$client_id", "X-Secret": "$client_secret"})
    found = dict(headers(login, Client(client_id="me", secret="pass")).current())
    assert found == {"X-Client": "me", "X-Secret": "pass"}


def test_no_authentication_needs_no_credentials() -> None:
    assert dict(headers(Login(), Client()).current()) == {}


@pytest.mark.parametrize(
    ("login", "variable"),
    [
        (Login({"X": "$token"}), "TALLYSTICK_TOKEN"),
        (Login({"X": "Basic $basic"}), "TALLYSTICK_CLIENT_ID"),
        (FETCHED, "TALLYSTICK_CLIENT_SECRET"),
    ],
)
def test_missing_credentials_are_asked_for_by_name(login: Login, variable: str) -> None:
    with pytest.raises(ProfileError, match=variable):
        headers(login, Client())


def test_a_token_is_fetched_and_renewed_at_half_of_its_life() -> None:
    clock = Clock()
    found = headers(FETCHED, BOTH, clock)
    answers = [{"access_token": f"t{n}", "expires_in": 100} for n in range(3)]
    sender: Any = Scripted(*answers)
    assert found.headers(sender) == {"Authorization": "Bearer t0"}
    clock.at = 49
    assert found.headers(sender) == {"Authorization": "Bearer t0"}
    clock.at = 50
    assert found.headers(sender) == {"Authorization": "Bearer t1"}
    found.forget()
    assert found.headers(sender) == {"Authorization": "Bearer t2"}
    method, url, sent, content = sender.asked[0]
    assert (method, url) == ("POST", f"{ADDRESS.url}/accounts/acct%201/token")
    assert sent["Authorization"] == "Basic " + b64encode(b"me:pass").decode()
    assert sent["Content-Type"] == "application/x-www-form-urlencoded"
    assert content == b"grant_type=client_credentials&secret=pass"


def test_a_token_that_was_given_is_not_fetched() -> None:
    found = headers(FETCHED, Client(token="t"))
    sender: Any = Scripted()
    assert found.headers(sender) == {"Authorization": "Bearer t"}


@pytest.mark.parametrize(("status", "body"), [(401, {}), (200, {"token": "t"}), (200, None)])
def test_no_token_is_one_line_that_says_what_to_do(status: int, body: Any) -> None:
    sender: Any = Scripted(body, status=status)
    with pytest.raises(TargetError, match=f"answered {status} and gave no token: check"):
        headers(FETCHED, BOTH).headers(sender)


def test_only_the_path_of_the_token_fetches_credentials() -> None:
    from tallystick.profiles.declared.profile import load

    profile = load(Path(__file__).parents[2] / "spec" / "stripe" / "charges.yaml")
    assert not profile.fetches_credentials("/v1/charges")
