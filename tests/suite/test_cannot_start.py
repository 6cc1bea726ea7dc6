"""What cannot start ends with status 4 and one line that says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.proof.servers import Environment
from tests.suite.harness import CLIENT, ESSENTIALS, free_url, run_contracts, scripted

PAGE = "<!doctype html><title>Not Found</title>"


def refused(environment: dict[str, str], reports: Path, *arguments: str) -> str:
    """The one line of a run that does not start."""
    ran = run_contracts(environment, reports, *arguments, tests=(ESSENTIALS,))
    assert ran.status == 4, ran.output
    assert len(ran.error.splitlines()) == 1, ran.output
    assert "Traceback" not in ran.output
    assert not (reports / "result.json").exists()
    return ran.error


OPTIONS = {
    "intensity": (("--intensity=high",), {}, "use gate, release or hunt"),
    "budget": (("--budget=soon",), {}, "is not a duration such as 90s or 10m"),
    "rate": (("--rate=0",), {}, "has to be above 0"),
    "seed": (("--seed=x",), {}, "--seed 'x' is not a number"),
    "url": (("--target=ftp://127.0.0.1/v1",), {}, "is not an http or https URL"),
    "named target": (("--target=staging",), {}, "'staging' is neither a URL nor is there"),
    "empty target": (("--target=",), {}, "--target is given but empty"),
    "empty variable": ((), {"TALLYSTICK_TARGET": ""}, "TALLYSTICK_TARGET is given but empty"),
    "broken address": (("--target=http://[::1/v1",), {}, "is not an http or https URL"),
    "tiny rate": (("--rate=1e-320",), {}, "has to be above 0"),
    "rate that is no number": (("--rate=nan",), {}, "'nan' is not a number"),
    "account": (("--account=1234",), {}, "is not P or T and eight digits"),
    "production": (("--account=P12345678",), {}, "add --allow-production if you mean it"),
    "other production account": (
        (),
        {"TALLYSTICK_OTHER_ACCOUNT": "P00000002"},
        "account P00000002 is a production account",
    ),
    "host of the vendor": (
        ("--target=https://api.dintero.com/v1",),
        {},
        "dintero.com serves real customers",
    ),
    "profile": (("--profile=wallets",), {}, "no profile is named 'wallets': use "),
    "file of a profile": (("--profile=no/such.yaml",), {}, "no/such.yaml: there is no such file"),
    "no dialect": (("--dialect=no/such.yaml",), {}, "no/such.yaml: no such file"),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_a_setting_that_makes_no_sense_is_named(name: str, honest: Environment, tmp_path: Path):
    arguments, changes, message = OPTIONS[name]
    assert message in refused({**honest, **changes}, tmp_path / "reports", *arguments)


MISSING = {
    "no account": ("TALLYSTICK_ACCOUNT", "--account is missing"),
    "no client": ("TALLYSTICK_CLIENT", "no credentials: set TALLYSTICK_CLIENT_ID and"),
    "half a client": ("TALLYSTICK_CLIENT_SECRET", "TALLYSTICK_CLIENT_SECRET is missing"),
}


@pytest.mark.parametrize("name", MISSING)
def test_a_setting_that_is_missing_is_named(name: str, honest: Environment, tmp_path: Path):
    prefix, message = MISSING[name]
    left = {key: value for key, value in honest.items() if not key.startswith(prefix)}
    assert message in refused(left, tmp_path / "reports")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "pinned.yaml"),
        ("answers:\n  no.such.question: accept\n", "no.such.question"),
    ],
    ids=["not YAML", "unknown question"],
)
def test_a_dialect_that_cannot_be_read_is_named(
    text: str, message: str, honest: Environment, tmp_path: Path
):
    pinned = tmp_path / "pinned.yaml"
    pinned.write_text(text, encoding="utf-8")
    assert message in refused(honest, tmp_path / "reports", f"--dialect={pinned}")


def test_a_target_that_is_down_is_named(tmp_path: Path):
    url = free_url()
    environment = {**CLIENT, "TALLYSTICK_TARGET": url, "TALLYSTICK_ACCOUNT": "T12345678"}
    message = refused(environment, tmp_path / "reports", "--wait=1s")
    assert url in message
    assert "start the server or correct --target" in message


def test_refused_credentials_are_named(honest: Environment, tmp_path: Path):
    wrong = {**honest, "TALLYSTICK_CLIENT_SECRET": "wrong"}
    message = refused(wrong, tmp_path / "reports")
    assert "refused the credentials of client 'admin'" in message
    assert "check TALLYSTICK_CLIENT_ID" in message
    assert "wrong" not in message


def test_a_client_that_may_not_read_cards_is_named_with_what_a_run_needs(
    honest: Environment, tmp_path: Path
):
    till = {
        **honest,
        "TALLYSTICK_CLIENT_ID": honest["TALLYSTICK_TILL_CLIENT_ID"],
        "TALLYSTICK_CLIENT_SECRET": honest["TALLYSTICK_TILL_CLIENT_SECRET"],
    }
    assert "a run needs admin:wallets" in refused(till, tmp_path / "reports")


def test_a_wrong_path_is_asked_about(honest: Environment, tmp_path: Path):
    url = honest["TALLYSTICK_TARGET"].removesuffix("/v1")
    message = refused({**honest, "TALLYSTICK_TARGET": url}, tmp_path / "reports")
    assert f"is {url} the base URL" in message


@pytest.mark.parametrize("status", [200, 404])
def test_a_page_instead_of_json_is_asked_about(status: int, tmp_path: Path):
    with scripted(status, "text/html", PAGE) as url:
        environment = {**CLIENT, "TALLYSTICK_TARGET": url, "TALLYSTICK_ACCOUNT": "T12345678"}
        message = refused(environment, tmp_path / "reports")
    assert "text/html" in message
    assert "is the base URL" in message or f"is {url} the base URL" in message


def test_a_page_after_the_token_is_asked_about(tmp_path: Path):
    with scripted(200, "text/html", PAGE) as url:
        environment = {
            "TALLYSTICK_TARGET": url,
            "TALLYSTICK_ACCOUNT": "T12345678",
            "TALLYSTICK_TOKEN": "ready",
        }
        message = refused(environment, tmp_path / "reports")
    assert "answered 200 with text/html" in message
