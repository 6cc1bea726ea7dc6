"""Profiles that were written from the page of a server and docs/profiles.md alone.

The honest server conforms, and each of its faults is found by its rule.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tallystick.cli import cli
from tests.declared.servers.checkout import KEY, Checkout
from tests.declared.servers.entries import ORGANIZATION, Entries
from tests.declared.servers.entries import SECRET as ORGANIZATIONS
from tests.declared.servers.http import Api, Serving
from tests.declared.servers.links import TOKEN as LINKS
from tests.declared.servers.links import Links
from tests.declared.servers.orders import MERCHANT, Orders
from tests.declared.servers.orders import SECRET as MERCHANTS
from tests.declared.servers.shop import Shop
from tests.declared.servers.till import TOKEN, Till
from tests.declared.servers.transfers import CLIENT, Transfers
from tests.declared.servers.transfers import SECRET as CLIENTS
from tests.sampling import some
from tests.suite.harness import tallystick

FOLDER = Path(__file__).parent / "servers"
LONGEST = 150


def both(client: str, secret: str) -> dict[str, str]:
    return {"TALLYSTICK_CLIENT_ID": client, "TALLYSTICK_CLIENT_SECRET": secret}


APIS: dict[str, tuple[type[Api], dict[str, str]]] = {
    "shop": (Shop, both("shop", "shop-secret")),
    "checkout": (Checkout, {"TALLYSTICK_TOKEN": KEY}),
    "orders": (Orders, both(MERCHANT, MERCHANTS)),
    "transfers": (Transfers, both(CLIENT, CLIENTS)),
    "links": (Links, {"TALLYSTICK_TOKEN": LINKS}),
    "till": (Till, {"TALLYSTICK_TOKEN": TOKEN}),
    "entries": (Entries, both(ORGANIZATION, ORGANIZATIONS)),
}
HOLD = ("A = card 1000", "h = hold A 600")
FINAL = 'with {"final": "true"}'
PROGRAMS: dict[str, tuple[str, ...]] = {
    "final_is_ignored": (*HOLD, f"c = capture h 200 {FINAL}"),
    "captures_do_not_add_up": (*HOLD, "c = capture h 400", "d = capture h limit+1"),
    "captured_is_voided": (*HOLD, "c = capture h 600", "v = void h"),
    "key_is_ignored": (*HOLD, "c = capture h 200", "again c"),
    "refunds_do_not_add_up": (*HOLD, "c = capture h", "r = refund h 400", "s = refund h 400"),
    "refund_of_a_part_is_of_all": (*HOLD, "c = capture h", "r = refund h 400"),
    "refund_shows_the_capture": (*HOLD, "c = capture h", "r = refund h 400"),
    "refund_again": (*HOLD, "c = capture h", "r = refund h 200", "again r"),
    "over_capture_succeeds": (*HOLD, "c = capture h remaining+1"),
    "failed_takes_rest": (*HOLD, "c = capture h remaining+1"),
    "repeated_is_queued": (*HOLD, "c = capture h 200", "again c", "d = capture h 1"),
    "checked_when_received": (*HOLD, "1| c = capture h 400", "2| d = capture h 400"),
    "captured_is_cancelled": (*HOLD, "c = capture h 600", "v = void h"),
    "done_before_booked": (*HOLD, "c = capture h 200"),
    "captures_one_more": (*HOLD, "c = capture h remaining+1"),
    "release_keeps_rest": (*HOLD, "c = capture h 200", "v = void h"),
    "refused_is_captured": (*HOLD, "c = capture h remaining+1"),
    "released_is_captured": (*HOLD, "v = void h", "c = capture h 600"),
    "read_is_stale": (*HOLD, "c = capture h 200"),
    "posted_twice": (*HOLD, "c = capture h 200", "d = capture h 100"),
    "post_of_one_more": (*HOLD, "c = capture h remaining+1"),
    "rest_stays_pending": (*HOLD, "c = capture h 200"),
    "void_releases_nothing": (*HOLD, "v = void h"),
    "id_is_ignored": ("A = card 1000", "f = fund A 5", "again f"),
    "failed_is_booked": ("A = card 1000", "h = hold A available+1"),
    "captures_beyond": (*HOLD, "c = capture h 400", "d = capture h remaining+1"),
    "rounds_half_cents": ("A = card 1000 EUR", "h = hold A 605"),
    "yen_has_cents": ("A = card 1000 JPY", "h = hold A 600"),
    "release_is_lost": (*HOLD, "v = void h"),
    "release_gives_back": (*HOLD, "c = capture h 200", "v = void h"),
    "link_is_of_another": (*HOLD, "g = hold A 500", "c = capture h 200"),
    "last_keeps_rest": (*HOLD, f"c = capture h 200 {FINAL}"),
    "key_is_per_path": (*HOLD, "c = capture h 200", "g = hold A 200", "d = capture g 200 ref=c"),
    "completed_twice": (*HOLD, "c = capture h", "d = capture h"),
    "completes_one_less": (*HOLD, "c = capture h"),
    "cancel_keeps_hold": (*HOLD, "v = void h"),
    "cancelled_is_completed": (*HOLD, "v = void h", "c = capture h"),
    "completed_is_cancelled": (*HOLD, "c = capture h", "v = void h"),
    "posted_again": (*HOLD, "c = capture h", "d = capture h"),
    "part_is_too_large": (*HOLD, "c = capture h remaining+1"),
    "part_stays_pending": (*HOLD, "c = capture h 200"),
    "whole_is_the_first": (*HOLD, "c = capture h 200", "d = capture h"),
    "archived_is_posted": (*HOLD, "v = void h", "c = capture h"),
    "archived_stays_pending": (*HOLD, "v = void h"),
    "posted_is_archived": (*HOLD, "c = capture h", "v = void h"),
    "pending_is_available": (*HOLD, "g = hold A available+1"),
    "repeat_is_made": ("A = card 1000", "f = fund A 5", "again f"),
    "page_skips_one": ("A = card 1000", *(f"f{n} = fund A {n}" for n in range(1, 5)), "list A"),
}
FAULTS = [(name, fault) for name, (api, _) in APIS.items() for fault in api.faults]


def ask(name: str, url: str, *arguments: object) -> Result:
    environ: dict[str, str] = {word: "" for word in os.environ if word.startswith("TALLYSTICK_")}
    environ |= {"COLUMNS": "200", **APIS[name][1]}
    given = [*arguments, "--target", url]
    return CliRunner().invoke(cli, list(map(str, given)), env=environ, standalone_mode=False)


def replayed(name: str, fault: str, rule: str, lines: tuple[str, ...], folder: Path) -> str:
    """What a replay of a program says in the end."""
    scenario = folder / "program.yaml"
    steps = "".join(f"- {line!r}\n" for line in lines)
    profile = FOLDER / f"{name}.yaml"
    scenario.write_text(f"rule: {rule}\nprofile: {profile}\nsteps:\n{steps}", encoding="utf-8")
    with Serving(APIS[name][0](fault)) as server:
        return ask(name, server.url, "replay", scenario, "--times=3").output


@pytest.mark.parametrize("name", APIS)
def test_each_command_agrees_and_the_file_is_short(name: str) -> None:
    file = FOLDER / f"{name}.yaml"
    assert len(file.read_text(encoding="utf-8").splitlines()) <= LONGEST
    with Serving(APIS[name][0]()) as server:
        result = ask(name, server.url, "profile", "check", file)
    assert result.return_value == 0, result.output
    assert "agree with what was done" in result.output


def test_the_headers_that_are_read_are_shown() -> None:
    with Serving(Orders()) as server:
        output = ask("orders", server.url, "profile", "check", FOLDER / "orders.yaml").output
    assert "\n           location: https://api.test/eu/orders/" in output


@pytest.mark.parametrize("name", APIS)
def test_the_honest_server_answers_the_probe_without_a_violation(name: str, tmp_path: Path) -> None:
    with Serving(APIS[name][0]()) as server:
        file = FOLDER / f"{name}.yaml"
        result = ask(name, server.url, "probe", "--profile", file, "--report-dir", tmp_path)
    assert result.return_value == 0, result.output


@pytest.mark.parametrize(("name", "fault"), some(FAULTS, 14))
def test_a_fault_is_found_and_the_honest_server_keeps_the_rule(
    name: str, fault: str, tmp_path: Path
) -> None:
    rule, _ = APIS[name][0].faults[fault]
    lines = PROGRAMS[fault]
    assert f"CONFORMS: {rule}" in replayed(name, "", rule, lines, tmp_path)
    assert f"VIOLATES: {rule}" in replayed(name, fault, rule, lines, tmp_path)


@pytest.mark.parametrize(
    ("name", "fault", "verdict", "rules"),
    [
        ("checkout", "", "conforms", set()),  # it has no draws, and no balance
        ("checkout", "over_capture_succeeds", "violates", {"CAP-2"}),
    ],
)
def test_the_essentials_ask_for_what_the_api_has(
    name: str, fault: str, verdict: str, rules: set[str], tmp_path: Path
) -> None:
    with Serving(APIS[name][0](fault)) as server:
        options = ("--smoke", "--target", server.url, "--profile", str(FOLDER / f"{name}.yaml"))
        reports = tmp_path / "reports"
        ran = tallystick(APIS[name][1], reports, "gate", *options, f"--report-dir={reports}")
    result = ran.result
    assert result["verdict"] == verdict, ran.output
    assert {each["rule"] for each in result["violations"]} == rules
