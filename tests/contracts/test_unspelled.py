"""What contracts send beside a program is as the API can take it, like the program itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from contracts import test_keyless
from contracts.support.unspelled import prepared
from tallystick.profiles.declared.profile import load
from tallystick.profiles.documents import dialect_of, shape_of
from tallystick.run import Run, Violated
from tallystick.target import Address, Client, HttpTarget, Secret
from tests.declared.servers.checkout import KEY, Checkout, refusal
from tests.declared.servers.http import JSON, Answered, Serving

PROFILE = Path(__file__).parents[1] / "declared" / "servers" / "checkout.yaml"
LEAST = 700


class Wholesale(Checkout):
    """It takes no payment below its least amount; a request without a key is one of its own."""

    def money(self, body: JSON) -> tuple[int, str]:  # type: ignore[override]
        value, currency = super().money(body)
        if value < LEAST:
            raise refusal(422, "137", "The amount is too small")
        return value, currency


class EqualIsTheSame(Wholesale):
    """A payment without a key that equals an earlier one gets its answer."""

    def answer(self, method: str, path: str, headers: JSON, body: JSON) -> Answered:
        if (method, path) == ("POST", "/payments") and "Idempotency-Key" not in headers:
            for paid in self.payments.values():
                if body["amount"]["value"] == paid.value:
                    return 201, self.shown(paid)
        return super().answer(method, path, headers, body)


@pytest.fixture
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Run]:
    file = tmp_path / "wholesale.yaml"
    text = PROFILE.read_text(encoding="utf-8")
    for old, new in (
        ("as: minor-integer", f"as: minor-integer, least: {LEAST}"),
        ("header: Idempotency-Key", "header: Idempotency-Key, key: optional"),
    ):
        assert old in text
        text = text.replace(old, new, 1)
    file.write_text(text, encoding="utf-8")
    with Serving(request.param()) as server:
        profile = load(file)
        client = Client(token=Secret(KEY))
        with closing(HttpTarget(Address(server.url, ""), client, profile=profile)) as target:
            yield Run(target, profile, shape_of(profile), dialect_of(profile))


HONEST = pytest.mark.parametrize("run", [Wholesale], indirect=True)


@HONEST
def test_there_is_a_hold_on_an_api_whose_least_amount_is_large(run: Run) -> None:
    assert prepared(run).resolver.bindings["h"].id is not None
    assert run.findings == {}


@HONEST
@pytest.mark.parametrize("first", test_keyless.FIRST)
def test_a_server_whose_keys_are_optional_is_not_accused(run: Run, first: str) -> None:
    test_keyless.test_a_hold_without_a_key_is_a_hold_of_its_own(run, first)
    test_keyless.test_a_capture_without_a_key_is_judged_by_what_is_left(run, first)
    assert run.findings == {}
    assert {"TX-5", "TX-8", "CAP-5"} <= set(run.checked)


@pytest.mark.parametrize("run", [EqualIsTheSame], indirect=True)
@pytest.mark.parametrize("first", test_keyless.FIRST)
def test_a_hold_that_is_taken_for_an_equal_one_is_found(run: Run, first: str) -> None:
    with pytest.raises(Violated) as caught:
        test_keyless.test_a_hold_without_a_key_is_a_hold_of_its_own(run, first)
    assert caught.value.finding.violation.rule == "TX-8"
