"""How requests of a declared profile prove who sends them."""

import hmac
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tallystick.profiles.declared.declaration import Call, Login
from tallystick.profiles.declared.expressions import parse
from tallystick.profiles.declared.login import Credentials
from tallystick.profiles.declared.signing import Signature, written_time
from tallystick.profiles.profile import ProfileError
from tallystick.target.address import Address, Client
from tallystick.target.answers import Answer
from tallystick.target.errors import TargetError
from tallystick.target.outages import Outages
from tallystick.target.pace import Time
from tallystick.target.proof import Outgoing, Proof

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


def headers(login: Login, client: Client, clock: Clock | None = None) -> Credentials:
    time = (clock or Clock()).time
    return Credentials(login, ADDRESS, client, Outages(ADDRESS.url, 1.0, time), time)


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


POST = Outgoing("POST", f"{ADDRESS.url}/holds?a=1", {"Content-Type": "application/json"}, b"{}")


def sent(login: Login, client: Client, request: Outgoing = POST) -> Outgoing:
    return headers(login, client).proof(request).put_into(request)


def test_credentials_of_a_query_replace_those_that_a_link_of_the_server_has() -> None:
    login = Login(query={"api_key": "$token"})
    assert sent(login, Client(token="k&1")).url == f"{ADDRESS.url}/holds?a=1&api_key=k%261"
    link = Outgoing("GET", f"{ADDRESS.url}/holds?api_key=x&page=2", {}, None)
    assert sent(login, Client(token="k"), link).url == f"{ADDRESS.url}/holds?page=2&api_key=k"


MEMBERS = Login(members={"auth": {"id": "$client_id", "secret": "$client_secret"}})


@pytest.mark.parametrize(
    ("content", "written"),
    [
        (b"{}", b'{"auth": {"id": "me", "secret": "pass"}}'),
        (b' {"a": 1e2}', b'{"auth": {"id": "me", "secret": "pass"}, "a": 1e2}'),
        (b'{"auth": {"x": 1}}', b'{"auth": {"x": 1, "id": "me", "secret": "pass"}}'),
        (None, b'{"auth": {"id": "me", "secret": "pass"}}'),
        (b"[1]", b"[1]"),
        (b"{", b"{"),
    ],
)
def test_credentials_of_a_body_leave_the_rest_of_it_as_it_was(
    content: bytes | None, written: bytes
) -> None:
    found = sent(MEMBERS, BOTH, Outgoing("POST", ADDRESS.url, {}, content))
    assert found.content == written


def test_a_form_has_credentials_by_their_places() -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    found = sent(MEMBERS, BOTH, Outgoing("POST", ADDRESS.url, form, b"a=1"))
    assert found.content == b"a=1&auth%5Bid%5D=me&auth%5Bsecret%5D=pass"


def test_a_read_has_no_body_for_credentials() -> None:
    assert sent(MEMBERS, BOTH, Outgoing("GET", ADDRESS.url, {}, None)).content is None


@pytest.mark.parametrize(
    ("pair", "written"), [("api:$token", b"api:sk_1"), ("$token:x", b"sk_1:x")]
)
def test_either_half_of_a_basic_pair_is_the_secret(pair: str, written: bytes) -> None:
    found = headers(Login({"Authorization": "Basic $basic"}, pair=pair), Client(token="sk_1"))
    assert found.current()["Authorization"] == "Basic " + b64encode(written).decode()
    other = found.proof(POST, lambda secret: secret + "!").headers["Authorization"]
    assert other == "Basic " + b64encode(written.replace(b"sk_1", b"sk_1!")).decode()


def test_another_secret_leaves_the_name_of_the_client_as_it_is() -> None:
    login = Login({"X-Client": "$client_id", "X-Secret": "$client_secret"})
    assert headers(login, BOTH).proof(POST, str.upper).headers == {
        "X-Client": "me",
        "X-Secret": "PASS",
    }
    alone = headers(Login(query={"key": "$client_id"}), BOTH).proof(POST, str.upper)
    assert alone == Proof(query={"key": "ME"})


@pytest.mark.parametrize(
    ("algorithm", "digest"),
    [
        ("hmac-sha256", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        ("hmac-sha512", "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"),
    ],
)
@pytest.mark.parametrize(
    ("key", "form"), [("Jefe", "text"), ("4a656665", "hex"), ("SmVmZQ==", "base64")]
)
def test_a_signature_is_that_of_rfc_4231(algorithm: str, digest: str, key: str, form: str) -> None:
    said = Signature("$body", algorithm=algorithm, key_spelled=form)
    login = Login({"X-Signature": "sig=$signature"}, signature=said)
    request = Outgoing("POST", ADDRESS.url, {}, b"what do ya want for nothing?")
    client = Client("me", secret=key)
    assert sent(login, client, request).headers["X-Signature"].startswith(f"sig={digest}")


SIGNED = Login(
    {"X-Time": "$timestamp", "X-Nonce": "$nonce", "X-Signature": "$signature"},
    query={"key": "$client_id"},
    signature=Signature("$method $resource $path $query $digest $timestamp $nonce"),
)


def test_what_shows_no_signature_is_signed_as_it_is_sent() -> None:
    signature = Signature("$method $path|$query|$resource|$digest")
    plain = Login(query={"key": "$client_id"}, headers={"S": "$signature"}, signature=signature)
    path = "/v1/holds"
    query = "a=1&key=me"
    digest = sha256(b"{}").hexdigest()
    text = f"POST {path}|{query}|{path}?{query}|{digest}"
    made = hmac.new(b"pass", text.encode(), "sha256").hexdigest()
    assert sent(plain, BOTH).headers["S"] == made
    assert headers(plain, BOTH).covers == {"method", "path", "query", "body"}


def test_each_request_has_a_nonce_and_a_signature_of_its_own() -> None:
    found = headers(SIGNED, BOTH)
    assert found.proof(POST).headers["X-Nonce"] != found.proof(POST).headers["X-Nonce"]
    assert dict(found.current()) == {}


def test_another_key_makes_another_signature_also_if_its_end_means_nothing() -> None:
    signature = Signature("$body", key_spelled="base64")
    found = headers(Login({"S": "$signature"}, signature=signature), Client("me", secret="SmVm"))
    right = found.proof(POST).headers["S"]
    assert found.proof(POST).headers["S"] == right
    assert found.proof(POST, lambda key: f"{key}==").headers["S"] != right
    assert found.proof(POST, lambda key: f"{key}==", "key").headers["S"] != right


def test_a_key_that_is_not_written_as_the_file_says_is_named() -> None:
    signature = Signature("$body", key_spelled="hex")
    with pytest.raises(ProfileError, match=r"\$client_secret, is not written as hex"):
        headers(Login({"S": "$signature"}, signature=signature), BOTH)


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("seconds", "1795953600"),
        ("milliseconds", "1795953600250"),
        ("iso", "2026-11-29T12:00:00Z"),
        ("iso-milliseconds", "2026-11-29T12:00:00.250Z"),
        ("http-date", "Sun, 29 Nov 2026 12:00:00 GMT"),
    ],
)
def test_the_time_is_written_as_the_file_says(form: str, written: str) -> None:
    assert written_time(form, 1795953600.25) == written
