"""Options, environment and `tallystick.yaml`: what they mean, and that nonsense is one line."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tallystick.options import CREDENTIALS, OPTIONS, Given
from tallystick.settings import SettingsError, load_settings, variable
from tests.cli.asking import ENVIRON, URL, load, refusal
from tests.target.certificates import Authority

# Given, but empty ---------------------------------------------------------------------------------


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("value", ["", "  ", "\n"])
def test_an_option_that_is_given_but_empty_is_an_error(option: str, value: str) -> None:
    told = refusal(**{option.replace("-", "_"): [value] if OPTIONS[option].repeats else value})
    assert told.startswith(f"--{option} is given but empty")


@pytest.mark.parametrize("name", [*map(variable, OPTIONS), *CREDENTIALS])
def test_a_variable_that_is_set_but_empty_is_an_error(name: str) -> None:
    assert refusal({name: ""}).startswith(f"{name} is given but empty")


@pytest.mark.parametrize("name", [*map(variable, OPTIONS), *CREDENTIALS])
def test_an_empty_variable_is_an_error_for_the_embedded_sandbox_too(name: str) -> None:
    with pytest.raises(SettingsError, match="is given but empty"):
        load_settings({}, {name: ""})


def test_without_a_target_the_embedded_sandbox_is_judged() -> None:
    settings = load_settings({}, {})
    assert (settings.address, settings.clients) == (None, None)


def test_an_option_wins_over_its_variable() -> None:
    assert load({"TALLYSTICK_RATE": "5"}, rate="7").rate == 7
    assert load({"TALLYSTICK_RATE": "5"}).rate == 5


# Values -------------------------------------------------------------------------------------------

NONSENSE = {
    "target": (
        *("ftp://wallet.test/v1", "wallet.test:80://v1", "http://", "http:///v1", "://x"),
        *("http://[::1/v1", "http://[::g]/v1", "http://h:0/v1", "http://h:99999/v1"),
        *("http://h:port/v1", "http://a b/v1", "http://h/v1 ", "http://h/\tv1", "http://h\n/v1"),
        *(
            "http://h\x00/v1",
            "http://h/\x1b[2Jv1",
            "http://h/v1?a=b",
            "http://h/v1#a",
            "http://h/v1?",
        ),
        *("http://me:hush@h/v1", "http://me@h/v1", "http://h%2e/v1", "http://h\\a/v1"),
    ),
    "account": ("1234", "t12345678", "T1234567", "T123456789", "T1234567\n", "T１２３４５６７８"),
    "rate": ("0", "-1", "1e-320", "nan", "inf", "-inf", "1e9", "fast", "0.0"),
    "budget": ("0", "0s", "-5s", "soon", "1e3", "99999999999h", "nan", "9" * 400, "5 parsecs"),
    "wait": ("0", "-5s", "soon", "721h"),
    "request-timeout": ("0s", "-5s", "soon", "inf"),
    "seed": ("x", "1.5", "-1", str(2**63), "9" * 5000),
    "intensity": ("high", "GATE"),
    "dialect": ("no/such.yaml", "/", "a\x00b"),
    "report_dir": (__file__, f"{__file__}/reports", "a\x00b", "x" * 5000),
    "require_rules": ("120%", "-1%", "some", "50", "nan%"),
    "ca": ("no/such.pem", __file__, os.devnull),
    "cert": ("no/such.pem", __file__, f"{__file__}:no/such.key", "no/such.pem:x"),
    "header": (["X-Key"], ["X Key: a"], [": a"], ["X-Key:"], ["X-Key: å"], ["A: b\x00c"]),
    "http2": ("maybe", "2"),
}


@pytest.mark.parametrize(
    ("option", "value"), [(option, value) for option in NONSENSE for value in NONSENSE[option]]
)
def test_a_value_that_makes_no_sense_is_one_line(option: str, value: str | list[str]) -> None:
    told = refusal(**{option: value})
    assert len(told) < 500
    assert "--" in told


@pytest.mark.parametrize(
    "name", ["Authorization", "content-length", "Transfer-Encoding", "Connection", "Content-Type"]
)
def test_a_header_of_the_suites_own_is_refused(name: str) -> None:
    assert "set by the suite itself" in refusal(header=[f"{name}: x"])


@pytest.mark.parametrize(
    ("given", "base"),
    [
        ("https://wallet.test/v1/", URL),
        ("HTTPS://Wallet.Test/v1", URL),
        ("http://[::1]:8080/v1", "http://[::1]:8080/v1"),
        ("http://h/Gateway/v1", "http://h/Gateway/v1"),
    ],
)
def test_a_target_is_taken_in_its_usual_form(given: str, base: str) -> None:
    address = load(target=given).address
    assert address is not None
    assert address.url == base


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("1h", 3600), ("45", 45), ("500ms", 0.5)]
)
def test_a_duration_has_a_unit(text: str, seconds: float) -> None:
    settings = load(budget=text, wait=text, request_timeout=text)
    network = settings.network
    assert settings.budget_s == seconds
    assert (network.start_s, network.outage_s, network.timeout_s) == (seconds, seconds, seconds)


def test_every_run_has_a_bound_and_that_of_a_gate_is_large() -> None:
    assert load().budget_s == 3600
    assert load(rate="1000").budget_s == 3600
    assert load(rate="2").budget_s == 12_000  # a gate at that rate takes more than an hour
    assert load(rate="2", budget="5m").budget_s == 300
    assert load(intensity="release").budget_s == 300


def test_the_network_has_defaults() -> None:
    network = load().network
    assert (network.timeout_s, network.start_s, network.outage_s) == (10, 10, 30)
    assert (network.headers, network.proxy, network.ca, network.http2) == ((), "", None, False)


def test_headers_come_from_options_and_from_lines_of_the_environment() -> None:
    pairs = (("X-Key", "hush"), ("X-Team", "a b"))
    assert load(header=["X-Key: hush", "X-Team:a b "]).network.headers == pairs
    assert load({"TALLYSTICK_HEADERS": "X-Key: hush\nX-Team: a b"}).network.headers == pairs
    assert "hush" not in repr(load(header=["X-Key: hush"]))


def test_a_token_that_no_header_can_carry_is_refused() -> None:
    environ = {**ENVIRON, "TALLYSTICK_TOKEN": "hush å"}
    del environ["TALLYSTICK_CLIENT_ID"], environ["TALLYSTICK_CLIENT_SECRET"]
    with pytest.raises(SettingsError, match="TALLYSTICK_TOKEN has signs"):
        load_settings({}, environ)


# Certificates and proxies -------------------------------------------------------------------------


def test_an_authority_and_a_client_certificate_are_taken(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    cert, key = authority.issue("client")
    both = tmp_path / "both.pem"
    both.write_bytes(cert.read_bytes() + key.read_bytes())
    network = load(ca=str(authority.file), cert=f"{cert}:{key}").network
    assert (network.ca, network.cert, network.key) == (authority.file, cert, key)
    assert load(cert=str(both)).network.cert == both


def test_a_certificate_without_its_key_is_refused(tmp_path: Path) -> None:
    cert, _ = Authority(tmp_path).issue("client")
    assert "certificate and key" in refusal(cert=str(cert))


def test_ssl_cert_file_is_believed(tmp_path: Path) -> None:
    file = str(Authority(tmp_path).file)
    assert str(load({"SSL_CERT_FILE": file}).network.ca) == file
    assert "SSL_CERT_FILE" in refusal({"SSL_CERT_FILE": "no/such.pem"})


PROXY = "http://proxy.test:3128"


@pytest.mark.parametrize(
    ("target", "environ", "proxy"),
    [
        (URL, {"HTTPS_PROXY": PROXY}, PROXY),
        (URL, {"https_proxy": "proxy.test:3128"}, PROXY),
        (URL, {"HTTP_PROXY": PROXY}, ""),
        (URL, {"ALL_PROXY": PROXY}, PROXY),
        ("http://wallet.test/v1", {"HTTP_PROXY": PROXY}, PROXY),
        (URL, {"HTTPS_PROXY": PROXY, "NO_PROXY": "wallet.test"}, ""),
        (URL, {"HTTPS_PROXY": PROXY, "NO_PROXY": "a.test, .test"}, ""),
        (URL, {"HTTPS_PROXY": PROXY, "NO_PROXY": "*"}, ""),
        (URL, {"HTTPS_PROXY": PROXY, "NO_PROXY": "*.test"}, ""),
        (URL, {"HTTPS_PROXY": PROXY, "no_proxy": "let.test,mywallet.test,wallet.test.no"}, PROXY),
        ("https://wallet.test:8443/v1", {"HTTPS_PROXY": PROXY, "NO_PROXY": "wallet.test:8443"}, ""),
        (URL, {"HTTPS_PROXY": PROXY, "NO_PROXY": "wallet.test:8443"}, PROXY),
        ("https://10.1.2.3/v1", {"HTTPS_PROXY": PROXY, "NO_PROXY": "10.0.0.0/8"}, ""),
        ("https://11.1.2.3/v1", {"HTTPS_PROXY": PROXY, "NO_PROXY": "10.0.0.0/8"}, PROXY),
        ("https://[fd00::1]/v1", {"HTTPS_PROXY": PROXY, "NO_PROXY": "fd00::/8"}, ""),
        ("http://127.0.0.1:8080/v1", {"HTTP_PROXY": PROXY, "ALL_PROXY": PROXY}, ""),
        ("http://localhost:8080/v1", {"HTTP_PROXY": PROXY}, ""),
        ("http://[::1]:8080/v1", {"HTTP_PROXY": PROXY}, ""),
    ],
)
def test_the_proxy_of_the_environment_is_used(
    target: str, environ: dict[str, str], proxy: str
) -> None:
    assert load(environ, target=target).network.proxy == proxy


def test_a_proxy_that_makes_no_sense_is_one_line() -> None:
    assert "NO_PROXY" in refusal({"HTTPS_PROXY": "socks5://me:hush@proxy.test"})
    assert "hush" not in repr(load({"HTTPS_PROXY": "http://me:hush@proxy.test:1"}))


def test_what_was_given_shows_no_credentials() -> None:
    assert "hush" not in repr(Given({}, ENVIRON, {}))
    assert "hush" not in repr(load())


def test_the_documents_name_every_option_and_variable() -> None:
    text = (Path(__file__).parents[2] / "docs" / "options.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(--[a-z0-9-]+|TALLYSTICK_[A-Z0-9_]+)`", text))
    options = {f"--{option}" for option in OPTIONS} | {"--allow-production"}
    assert named == options | set(map(variable, OPTIONS)) | set(CREDENTIALS)


# The command that repeats a run -------------------------------------------------------------------


def test_a_run_is_repeated_with_what_was_given_in_whatever_way() -> None:
    settings = load({"TALLYSTICK_RATE": "20"}, seed="7", build="1.4.2", keep="yes")
    assert settings.build == "1.4.2"
    assert settings.command == (
        f"tallystick gate --target {URL} --account T12345678 --rate 20 --keep --seed 7"
    )


def test_no_secret_is_in_the_command_that_repeats_a_run() -> None:
    spec = "https://me:hush@wallet.test/openapi.yaml"
    command = load(header=["X-Key: hush", "Y: hush"], spec=spec).command
    assert "--header 'X-Key: ...' --header 'Y: ...'" in command
    assert "https://***@wallet.test/openapi.yaml" in command
    assert "hush" not in command


def test_what_the_file_says_of_a_target_is_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tallystick.yaml").write_text(
        f"targets:\n  staging:\n    url: {URL}\n    account: T12345678\n    build: nightly\n"
    )
    monkeypatch.chdir(tmp_path)
    environ = {name: text for name, text in ENVIRON.items() if name.endswith(("ID", "SECRET"))}
    settings = load_settings({"target": "staging"}, environ)
    assert settings.command == "tallystick gate --target staging --seed 0"
    assert settings.build == "nightly"
