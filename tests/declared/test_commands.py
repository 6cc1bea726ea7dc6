"""`tallystick profile new` and `tallystick profile check`, with and without a server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tallystick.cli import cli
from tallystick.profiles.declared.reading import read
from tests.prepaid.process import Prepaid
from tests.prepaid.tenants import FIRST
from tests.stripelike.process import Stripelike

SPEC = Path(__file__).parents[2] / "spec"
KEY = "sk_test_first"
GUESSED = {
    "stripe": {
        "hold": "POST /v1/payment_intents",
        "capture": "POST /v1/payment_intents/$hold/capture",
        "refund": "POST /v1/refunds",
        "void": "POST /v1/payment_intents/$hold/cancel",
        "read hold": "GET /v1/payment_intents/$hold",
    },
    "prepaid": {
        "card": "POST /accounts",
        "read card": "GET /accounts/$card",
        "fund": "POST /accounts/$card/deposits",
        "draw": "POST /accounts/$card/payments",
        "hold": "POST /accounts/$card/holds",
        "capture": "POST /holds/$hold/capture",
        "void": "POST /holds/$hold/release",
        "read hold": "GET /holds/$hold",
        "list": "GET /accounts/$card/transactions",
    },
}


def run(*arguments: object, token: str = KEY) -> Result:
    given = [str(each) for each in arguments]
    environ = {"TALLYSTICK_TOKEN": token}
    return CliRunner().invoke(cli, ["profile", *given], env=environ, standalone_mode=False)


def status(result: Result) -> object:
    return result.return_value if result.exception is None else result.exception


@pytest.mark.parametrize("api", GUESSED)
def test_the_operations_are_guessed_from_the_document(api: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    made = run("new", "mine", "--openapi", SPEC / api / "openapi.yaml", "--output", file)
    assert status(made) == 0, made.output
    declaration, page = read(file)
    found = {name: f"{t.call.method} {t.call.path}" for name, t in declaration.commands.items()}
    assert found == GUESSED[api]
    assert all("TODO" in line for line in page.described()), page.described()
    text = file.read_text(encoding="utf-8")
    assert "#  void.after_part: " in text


def test_a_file_is_not_written_over(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("kept")
    made = run("new", "mine", "--openapi", SPEC / "stripe" / "openapi.yaml", "--output", file)
    assert "is there already" in repr(vars(made.exception))
    assert file.read_text() == "kept"


def test_mistakes_are_listed_with_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("profile: mine\nmony: {}\n")
    checked = run("check", file)
    assert f"{file}:2: the file: no member `mony`; did you mean `money`?" in checked.output
    assert status(checked) == 1


def test_a_sound_file_is_said_to_be_so() -> None:
    checked = run("check", SPEC / "stripe" / "charges.yaml")
    assert (status(checked), "no mistake" in checked.output) == (0, True)


@pytest.fixture(scope="module")
def stripe() -> Iterator[str]:
    with Stripelike() as server:
        yield server.url


@pytest.mark.parametrize("name", ["charges", "payment_intents"])
def test_each_command_is_sent_once_and_agrees(name: str, stripe: str) -> None:
    checked = run("check", SPEC / "stripe" / f"{name}.yaml", "--target", stripe)
    assert status(checked) == 0, checked.output
    assert "all 11 agree with what was done" in checked.output
    assert KEY not in checked.output


def test_every_command_of_a_wallet_is_sent_and_agrees() -> None:
    with Prepaid() as server:
        file = SPEC / "prepaid" / "profile.yaml"
        checked = run("check", file, "--target", server.url, token=FIRST.value)
    assert status(checked) == 0, checked.output
    for title in GUESSED["prepaid"]:
        assert f"\n{title}\n" in checked.output
    assert FIRST.value not in checked.output


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        (
            "captured: amount_captured",
            "captured: amount",
            "`captured` reads as 1000, and should be",
        ),
        (
            "captured: amount_captured",
            "captured: captured_amount",
            "`captured` is not where",
        ),
        (
            "{captured: false, refunded",
            "{captured: true, refunded",
            "`is_open` reads as no, an",
        ),
        (
            "retry: {header: Idempotency-Key",
            "retry: {header: X-Key",
            "the same key made ch_",
        ),
        ("capture: false, ", "", "`captured` reads as 1000, and should be 0"),
        ("source: tok_visa", "source: tok_none", "it is refused, and should be accepted"),
    ],
)
def test_a_wrong_profile_is_told_what_does_not_agree(
    old: str, new: str, verdict: str, stripe: str, tmp_path: Path
) -> None:
    text = (SPEC / "stripe" / "charges.yaml").read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "mine.yaml"
    document = str(SPEC / "stripe" / "openapi.yaml")
    file.write_text(text.replace("openapi.yaml", document).replace(old, new, 1))
    checked = run("check", file, "--target", stripe)
    assert status(checked) == 1, checked.output
    assert any(
        line.startswith("  verdict  WRONG: ") and verdict in line
        for line in checked.output.splitlines()
    ), checked.output


@pytest.mark.parametrize(
    "file", [SPEC / "stripe" / "charges.yaml", "stripe-payment-intents", "no-such-profile"]
)
def test_a_replay_uses_the_profile_that_the_scenario_names(
    file: object, stripe: str, tmp_path: Path
) -> None:
    scenario = tmp_path / "cap-2.yaml"
    steps = "- A = card 1000\n- h1 = hold A 600\n- c1 = capture h1 remaining+1\n"
    scenario.write_text(f"rule: CAP-2\nprofile: {file}\nsteps:\n{steps}")
    arguments = ["replay", str(scenario), "--times=1", "--target", stripe]
    environ = {"TALLYSTICK_TOKEN": KEY}
    replayed = CliRunner().invoke(cli, arguments, env=environ, standalone_mode=False)
    if file == "no-such-profile":
        assert "no profile is named 'no-such-profile'" in str(replayed.exception)
        arguments.append("--profile=stripe-charges")
        replayed = CliRunner().invoke(cli, arguments, env=environ, standalone_mode=False)
    assert "CONFORMS: CAP-2 was kept in 1 of 1 replays" in replayed.output
    assert status(replayed) == 0


def test_refused_credentials_are_one_line(stripe: str) -> None:
    checked = run("check", SPEC / "stripe" / "charges.yaml", "--target", stripe, token="wrong")
    assert "these credentials may not ask for it" in str(checked.exception or checked.output)
