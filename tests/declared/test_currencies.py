"""A capture or a refund in another currency than that of its hold, where an API says one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.declared.servers.http import JSON, Answered, Serving
from tests.declared.servers.shop import Shop
from tests.declared.test_servers import APIS, FOLDER
from tests.suite.harness import Ran, tallystick


class CountsUnits(Shop):
    """The shop, which takes the number of an amount and does not look at its currency."""

    def capture(self, name: str, body: JSON) -> Answered:
        return super().capture(name, self.counted(body, self.auths.get(name)))

    @staticmethod
    def counted(body: JSON, auth: JSON) -> JSON:
        if auth is None or not isinstance(body.get("amount"), dict):
            return body
        return {**body, "amount": {**body["amount"], "currency_code": auth["code"]}}


class CountsUnitsBack(Shop):
    """The same of refunds alone."""

    def refund(self, name: str, body: JSON) -> Answered:
        auth = self.captures.get(name, {}).get("auth")
        return super().refund(name, CountsUnits.counted(body, auth))


def gate(server: Shop, folder: Path) -> Ran:
    with Serving(server) as serving:
        options = ("--target", serving.url, "--profile", str(FOLDER / "shop.yaml"))
        tests = ("contracts/test_currencies.py", f"--report-dir={folder}")
        return tallystick(APIS["shop"][1], folder, "gate", *options, *tests)


@pytest.mark.parametrize(
    ("server", "words"),
    [(CountsUnits, "c = capture h 200, with"), (CountsUnitsBack, "r = refund h 200, with")],
)
def test_units_of_another_currency_are_no_payment(
    server: type[Shop], words: str, tmp_path: Path
) -> None:
    ran = gate(server(), tmp_path)
    (violation,) = ran.result["violations"]
    assert violation["rule"] == "TX-3", ran.output
    assert words in violation["expected"]
    assert "currency_code: USD" in violation["expected"]


def test_a_server_that_compares_currencies_keeps_the_rule(tmp_path: Path) -> None:
    ran = gate(Shop(), tmp_path)
    assert ran.result["violations"] == []
    assert ran.result["rules"]["TX-3"]["checked"] == 2, ran.output
