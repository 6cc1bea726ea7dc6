"""An API whose refunds take one id of what they give back: the hold's, a capture's own, or both."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.declared.servers.http import JSON, Answered, Serving
from tests.declared.servers.shop import Shop, refusal
from tests.declared.test_servers import APIS, FOLDER
from tests.suite.harness import Ran, tallystick

BY_CAPTURE_ALONE = "send: POST /v2/payments/captures/$capture/refund"
BY_ID = "send: POST /v2/payments/refunds\n    with: {of: $hold, amount: "
PLAIN = "\n    with: {amount: "
HONEST = {
    "hold": "only the id of a hold is taken",
    "both": "the id of a capture stands for its hold",
    "bound": "the same, but no capture is refunded beyond its own amount",
    "named": "the same, and a refund shows the id that it was asked for by",
}


class ByOneId(Shop):
    """The shop, where a refund names any id."""

    faults: ClassVar[dict[str, tuple[str, str]]] = {
        "each_id_for_itself": ("REFUND-2", "refunds by each id are counted for that id alone"),
        "capture_again": ("REFUND-2", "a capture is refunded, whatever was by its hold's id"),
        "now_and_then": ("DIA-1", "the id of a capture is refused once a refund was made"),
        "other_parent": ("REFUND-4", "a refund by the id of a capture shows another parent"),
    }

    def __init__(self, fault: str = "", takes: str = "both") -> None:
        super().__init__(fault)
        self.takes = "named" if fault == "other_parent" else takes
        self.by: dict[str, Decimal] = {}
        self.routes = {"POST /v2/payments/refunds": self.give_back, **self.routes}

    def give_back(self, body: JSON) -> Answered:
        name = str(body.get("of"))
        capture = self.captures.get(name)
        if capture is not None and self.takes == "hold":
            raise refusal(422, "NOT_AN_AUTHORIZATION")
        auth = self.find(self.auths, name) if capture is None else capture["auth"]
        if capture is not None and self.fault == "now_and_then" and auth["refunded"]:
            raise refusal(422, "NOT_AN_AUTHORIZATION")
        left = self.left(name, auth, capture)
        code = auth["code"]
        amount, given = self.money(body["amount"]) if "amount" in body else (left, code)
        if given != code or not 0 < amount <= left:
            raise refusal(422, "REFUND_AMOUNT_EXCEEDED")
        auth["refunded"] += amount
        self.by[name] = self.by.get(name, Decimal(0)) + amount
        made = {"id": f"R-{len(self.by)}-{sum(self.by.values())}-{auth['id']}", "of": auth["id"]}
        if self.takes == "named":
            made["of"] = f"{name}-" if self.fault == "other_parent" and capture else name
        return 201, {**made, "amount": self.spelled(amount, code)}

    def left(self, name: str, auth: dict[str, Any], capture: dict[str, Any] | None) -> Decimal:
        left: Decimal = sum(auth["captures"], Decimal(0)) - auth["refunded"]
        if self.fault == "each_id_for_itself":
            paid = sum(auth["captures"]) if capture is None else capture["amount"]
            return Decimal(paid) - self.by.get(name, Decimal(0))
        if capture is not None and self.fault == "capture_again":
            return Decimal(capture["amount"])
        if capture is not None and self.takes == "bound":
            return min(left, capture["amount"] - self.by.get(name, Decimal(0)))
        return left


def profile(folder: Path) -> Path:
    text = (FOLDER / "shop.yaml").read_text(encoding="utf-8")
    text = text.replace(BY_CAPTURE_ALONE + PLAIN, BY_ID).replace("    gives: {capture: id}\n", "")
    keys = "ref.other_hold.*: separate"  # all refunds have one path
    text = text.replace(keys, "ref.other_hold.refund: replay")
    refund, rest = text.split("  read hold:")
    refund = refund.removesuffix("}\n") + ", parent: of}\n"
    file = folder / "shop.yaml"
    file.write_text(f"{refund}  read hold:{rest}", encoding="utf-8")
    assert BY_ID in file.read_text(encoding="utf-8")
    return file


def judged(server: ByOneId, folder: Path, *options: str) -> Ran:
    file, reports = profile(folder), folder / "reports"
    with Serving(server) as serving:
        given = ("--target", serving.url, "--profile", str(file), f"--report-dir={reports}")
        return tallystick(APIS["shop"][1], reports, "gate", *given, *options)


@pytest.mark.parametrize("takes", HONEST)
def test_an_honest_server_takes_whichever_id_it_likes(takes: str, tmp_path: Path) -> None:
    ran = judged(ByOneId(takes=takes), tmp_path, "--chapter=REFUND", "--chapter=DIA")
    assert ran.result["verdict"] == "conforms", ran.output
    learned = "refuse" if takes == "hold" else "accept"
    assert ran.result["dialect"]["refund.by_capture"] == learned


@pytest.mark.parametrize("takes", ["both", "bound"])
def test_the_record_of_an_honest_server_conforms(takes: str, tmp_path: Path) -> None:
    ran = judged(ByOneId(takes=takes), tmp_path, "--rule=REFUND-2")
    assert ran.result["verdict"] == "conforms", ran.output
    journal = str(tmp_path / "reports" / "journal.jsonl.gz")
    option = f"--profile={tmp_path / 'shop.yaml'}"
    checked = tallystick(APIS["shop"][1], tmp_path / "again", "check", journal, option)
    assert checked.status == 0, checked.output
    assert "CONFORMS" in checked.output


@pytest.mark.parametrize("fault", ByOneId.faults)
def test_a_server_that_takes_both_ids_is_held_to_what_follows(fault: str, tmp_path: Path) -> None:
    rule, _ = ByOneId.faults[fault]
    ran = judged(ByOneId(fault), tmp_path, "--chapter=REFUND", "--chapter=CONC")
    assert ran.result["verdict"] == "violates", ran.output
    assert rule in {each["rule"] for each in ran.result["violations"]}, ran.output
