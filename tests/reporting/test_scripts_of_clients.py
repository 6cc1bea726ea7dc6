"""Scripts about who sends a request: other clients, altered credentials, PINs."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tallystick.drivers.direct import Direct
from tallystick.evidence import Event
from tallystick.ledger.vocabulary import Violation
from tallystick.replaying import live_run
from tallystick.reporting.credentials import credentials_of
from tallystick.reporting.scripts import Recipe, python_text, recipe_of, shell_text
from tallystick.request import Request
from tallystick.run import Violated
from tallystick.settings import Settings
from tallystick.target import Answer, Client, basic_header, bearer_header
from tallystick.target.unusual import Unusual
from tests.proof.servers import Environment, forked_sandbox
from tests.reporting.sample import over_capture, sample_run
from tests.reporting.scripted import check_scripts, settings_for

STRANGERS = {
    "scopes_unchecked": ("AUTH-6", 'log_in("READER_")'),
    "account_unchecked": ("AUTH-4", 'log_in("OTHER_")'),
    "reads_need_no_token": ("AUTH-1", "credentials={}"),
    "secret_unchecked": ("AUTH-8", "{CLIENT_ID}:{CLIENT_SECRET[:-1]}~"),
    "audience_unchecked": ("AUTH-4", "Bearer {answer_access_token}"),
}


@pytest.mark.parametrize("name", STRANGERS)
def test_a_script_acts_as_another_client_and_with_altered_credentials(
    name: str, honest: Environment, tmp_path: Path
) -> None:
    breaks, shown = STRANGERS[name]
    with forked_sandbox(faults=[name]) as faulty, live_run(settings_for(faulty)) as run:
        direct = Direct(run)
        answer = as_a_stranger(name, direct, settings_for(faulty))
        with pytest.raises(Violated) as caught:
            direct.expect_refusal(breaks, answer, "it is not his")
        texts = check_scripts(run, caught.value.finding, tmp_path, faulty, honest)
    assert shown in texts["py"]
    secrets = [value for key, value in faulty.items() if key.endswith("SECRET")]
    assert not any(secret in text for text in texts.values() for secret in secrets)


@pytest.mark.parametrize(
    ("sent", "made"),
    [
        ("271828", "{t_pin}"),
        ("728171", "{nines(t_pin)}"),
        ("2718280", "{t_pin}0"),
        ("0271828", "0{t_pin}"),
        ("27182", "{t_pin[:-1]}"),
        ("314159", ""),
    ],
)
def test_a_script_makes_the_pin_that_it_sends_of_the_one_that_it_got(sent: str, made: str) -> None:
    run, capture = sample_run(), over_capture()
    first, *_, last = capture.events
    shown = Answer(200, "application/json", {"pin": {"pin": {"value": "271828"}}})
    look_up = Request("info", "POST", "/info", {"pin": sent})
    violation = Violation("CARD-11", "a refusal: it is no PIN", "accepted")
    events = (
        Event("t = it", replace(first.exchange, answer=shown)),
        Event("", replace(last.exchange, request=look_up)),
    )
    found = recipe_of(run, replace(capture, violation=violation, events=events, notes=("it",)))
    assert isinstance(found, Recipe) is bool(made)
    if isinstance(found, Recipe):
        python, shell = python_text(found, "it.py"), shell_text(found, "it.sh")
        bare = made if made[0] == "0" or made[-1] == "0" else made[1:-1]
        assert (f'"pin": f"{bare}"' if bare == made else f'"pin": {bare}') in python
        assert not any(code in python + shell for code in ("271828", "728171", "27182"))


def as_a_stranger(name: str, direct: Direct, settings: Settings) -> Answer:
    """The answer to a request that has to be refused, and is not with this fault."""
    clients, target = settings.clients, direct.target
    assert clients is not None
    account = target.address.account
    cards = f"/accounts/{account}/wallets/cards"
    read = Request("aid_cards_get", "GET", f"{cards}?limit=1")
    if name == "reads_need_no_token":
        return direct.send(read, authorized=False)
    if name in ("scopes_unchecked", "account_unchecked"):
        client = clients.reader if name == "scopes_unchecked" else clients.other
        assert client is not None
        body = {"card_id": f"{direct.run.name}-9.x", "amount": 5, "currency": "NOK"}
        card = Request("aid_cards_post", "POST", cards, body)
        whose = account if client is clients.reader else clients.other_account
        with closing(target.another(client=client, account=whose)) as stranger:
            return direct.send(card if client is clients.reader else read, target=stranger)
    secret = clients.main.secret
    told = secret if name == "audience_unchecked" else f"{secret[:-1]}~"
    others = account if name == "secret_unchecked" else clients.other_account
    wanted = {
        "grant_type": "client_credentials",
        "audience": target.audience.replace(account, others),
    }
    ask = Request("aid_auths_oauth_token_post", "POST", f"/accounts/{account}/auth/token", wanted)
    pair = basic_header(clients.main.client_id, told)
    answer = direct.send(ask, headers=pair, authorized=False, shaped=False)
    if name == "secret_unchecked":
        return answer
    assert isinstance(answer.body, dict)
    read = Request("aid_cards_get", "GET", f"/accounts/{others}/wallets/cards?limit=1")
    token = bearer_header(answer.body["access_token"])
    return direct.send(read, headers=token, authorized=False)


def test_a_token_that_has_ended_since_an_answer_gave_it_has_no_script() -> None:
    run, capture = sample_run(), over_capture()
    first, *_, last = capture.events
    given = Answer(200, "application/json", {"access_token": "a-token-of-an-answer"})
    ask = replace(first.exchange, answer=given, returned_ns=20)
    usual = (("Authorization", "Bearer the.usual.token"),)
    sent = (("Authorization", "Bearer a-token-of-an-answer"),)
    unusual = Unusual("", False, sent, usual)
    for later_ns, has_script in ((10**8, True), (10**10, False)):
        use = replace(last.exchange, unusual=unusual, called_ns=later_ns)
        violation = Violation("AUTH-3", "a refusal: the token has ended", "accepted")
        events = (Event("", ask), Event("", use))
        finding = replace(capture, violation=violation, events=events, notes=("it",))
        assert isinstance(recipe_of(run, finding), Recipe) is has_script


@pytest.mark.parametrize("password", ["a client_secret", "not-the-secret-x", "x" * 40])
def test_only_what_is_no_secret_is_told_of_a_pair(password: str) -> None:
    client = Client("some-id", secret="not-the-secret")
    unusual = Unusual("", False, tuple(basic_header("some-id", password).items()))
    ((_, shown),) = credentials_of(unusual, client)
    assert client.secret not in shown
    assert shown.startswith("Basic ") is (" " not in password)
