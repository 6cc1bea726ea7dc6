"""Production accounts and the vendor's own host are refused, in whatever way they are written."""

from __future__ import annotations

import pytest

from tallystick.profiles.production import Production
from tallystick.profiles.wallet.profile import Wallet
from tallystick.settings import SettingsError, load_settings
from tallystick.target import Client

PRODUCTION_OF_WALLET = Wallet().production

ENVIRON = {
    "TALLYSTICK_TARGET": "https://wallet.test/v1",
    "TALLYSTICK_ACCOUNT": "T12345678",
    "TALLYSTICK_TOKEN": "ready",
}

PRODUCTION = {
    "the account": {"TALLYSTICK_ACCOUNT": "P12345678"},
    "the other account": {"TALLYSTICK_OTHER_ACCOUNT": "P00000002"},
    "the host": {"TALLYSTICK_TARGET": "https://api.dintero.com/v1"},
    "the host in other letters": {"TALLYSTICK_TARGET": "https://API.Dintero.com/v1"},
    "the host with a dot and a port": {"TALLYSTICK_TARGET": "https://api.dintero.com.:443/v1"},
    "the host encoded": {"TALLYSTICK_TARGET": "https://api%2Edintero%2Ecom/v1"},
    "the host with a user": {"TALLYSTICK_TARGET": "https://a:b@api.dintero.com/v1"},
    "an account in the path": {"TALLYSTICK_TARGET": "https://wallet.test/accounts/P12345678/v1"},
    "an account in the path, encoded": {"TALLYSTICK_TARGET": "https://h/%50%31%32345678/v1"},
    "small letters": {"TALLYSTICK_ACCOUNT": "p12345678"},
    "spaces": {"TALLYSTICK_OTHER_ACCOUNT": " P12345678 "},
    "encoded": {"TALLYSTICK_OTHER_ACCOUNT": "%5012345678"},
    "encoded twice": {"TALLYSTICK_OTHER_ACCOUNT": "%255012345678"},
    "full width": {"TALLYSTICK_OTHER_ACCOUNT": "Ｐ１２３４５６７８"},
    "a zero-width space": {"TALLYSTICK_OTHER_ACCOUNT": "P\u200b12345678"},
}


@pytest.mark.parametrize("name", PRODUCTION)
def test_what_may_move_real_money_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="add --allow-production if you mean it"):
        load_settings({}, {**ENVIRON, **PRODUCTION[name]})


@pytest.mark.parametrize("name", ["the account", "the other account", "the host"])
def test_it_is_permitted_on_request(name: str) -> None:
    settings = load_settings({}, {**ENVIRON, **PRODUCTION[name]}, allow_production=True)
    assert settings.address is not None


def test_an_account_of_the_file_is_looked_at(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    entry = 'targets: {live: {url: "https://wallet.test/v1", account: P12345678}}'
    (tmp_path / "tallystick.yaml").write_text(entry)
    with pytest.raises(SettingsError, match="P12345678 is a production account"):
        load_settings({"target": "live"}, {"TALLYSTICK_TOKEN": "ready"})


@pytest.mark.parametrize(
    "url",
    [
        "https://wallet.test/v1",
        "https://api.dintero.com.wallet.test/v1",
        "https://mydintero.com/v1",
        "http://127.0.0.1:8080/v1",
    ],
)
def test_other_hosts_are_no_host_of_the_vendor(url: str) -> None:
    assert PRODUCTION_OF_WALLET.host_of(url) == ""
    assert PRODUCTION_OF_WALLET.reason_to_refuse(url, ("T12345678", "")) == ""


def test_a_test_account_is_no_production_account() -> None:
    assert not PRODUCTION_OF_WALLET.is_account("T12345678")
    assert not PRODUCTION_OF_WALLET.is_account("")


@pytest.mark.parametrize("client", [Client(token="sk_live_1"), Client("SK_LIVE_1", "x")])
def test_credentials_of_production_are_refused_where_a_profile_knows_them(client: Client) -> None:
    production = Production(tokens="sk_live_.*")
    url = "https://payments.test/v1"
    assert "credentials" in production.reason_to_refuse(url, ("",), (client,))
    assert not production.reason_to_refuse(url, ("",), (Client(token="sk_test_1"),))
