"""`tallystick probe`: it asks a server what its API can be asked, and says what breaks rules."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tallystick.cli import cli
from tallystick.documents.rules import load_rules
from tests.prepaid.process import Prepaid
from tests.prepaid.tenants import FIRST
from tests.stripelike.process import Stripelike

PREPAID = Path(__file__).parents[2] / "spec" / "prepaid" / "profile.yaml"


def probe(url: str, profile: object, token: str, report: Path) -> Result:
    arguments = ["probe", "--target", url, "--profile", profile, "--report-dir", report]
    environ = {name: "" for name in os.environ if name.startswith("TALLYSTICK_")}
    environ |= {"TALLYSTICK_TOKEN": token, "COLUMNS": "200"}
    given = list(map(str, arguments))
    return CliRunner().invoke(cli, given, env=environ, standalone_mode=False)


def asked(result: Result) -> set[str]:
    lines = result.output.partition("\n")[2].splitlines()
    return {word for line in lines for word in line.split()[:1] if "." in word}


@pytest.mark.parametrize("profile", ["stripe-charges", "stripe-payment-intents"])
def test_holds_alone_are_asked_nothing_of_cards_and_lists(profile: str, tmp_path: Path) -> None:
    with Stripelike() as server:
        result = probe(server.url, profile, "sk_test_first", tmp_path)
    found = asked(result)
    assert {"capture.rest", "capture.default", "void.captured", "ref.same.hold"} <= found
    strange = (
        "create.",
        "delete",
        "token.",
        "type.",
        "figure.amount",
        "list.",
        "metadata.",
        "batch.",
    )
    of_funds = {name for name in found if "fund" in name.replace("refund", "").split(".")[-1]}
    assert [name for name in found if name.startswith(strange) or name in of_funds] == []
    answers = {line.split()[0]: line.split()[-1] for line in result.output.splitlines() if line}
    assert {answers[f"ref.other_hold.{each}"] for each in ("capture", "void")} == {"refuse"}
    assert answers["ref.across.capture-hold"] != "answered"
    # What happens after a part is no question where a part ends the hold.
    assert not {"capture.default_after_part", "void.after_part", "void.amount"} & found
    assert "metadata.reserved" not in (tmp_path / "dialect.yaml").read_text()


def test_a_wallet_without_tokens_and_periods_is_asked_of_balances(tmp_path: Path) -> None:
    with Prepaid() as server:
        result = probe(server.url, PREPAID, FIRST.value, tmp_path)
    found = asked(result)
    assert {"zero.open", "zero.fund", "list.opening", "figure.amount_pending"} <= found
    assert {"void.amount", "ref.other_body.void", "void.after_part"} <= found
    strange = ("delete", "token.", "type.", "void.captured", "figure.amount_funds", "metadata.")
    assert [name for name in found if name.startswith(strange) or "expired" in name] == []
    assert "not answered" not in result.output


def test_what_breaks_a_rule_is_said_in_the_words_of_the_rule(tmp_path: Path) -> None:
    with Stripelike(faults=("capture_takes_nothing",)) as server:
        result = probe(server.url, "stripe-charges", "sk_test_first", tmp_path)
    assert result.return_value == 1, result.output
    lines = result.output.splitlines()
    found = lines[lines.index("The answers break rules; these programs show it:") + 1 :]
    assert found[0].startswith(f"CAP-1: {load_rules()['CAP-1'].text[:40]}")
    assert found[1].startswith("  permitted ")
    assert any("capture" in line for line in found[2:])
