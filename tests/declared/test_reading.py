"""Every mistake in a profile file is one line, with its place and what to do."""

from pathlib import Path

import pytest

from tallystick.profiles.declared.profile import load
from tallystick.profiles.declared.reading import read
from tallystick.profiles.profile import ProfileError

SPEC = Path(__file__).parents[2] / "spec"
SHIPPED = ["stripe/charges.yaml", "stripe/payment_intents.yaml", "prepaid/profile.yaml"]
GOOD = """\
profile: my-wallet
money: {as: decimal-string, currencies: [EUR]}
retry: {header: Idempotency-Key}
refused: [400, 404, 422]
control: GET /holds?limit=1
commands:
  hold:
    send: POST /holds
    with: {amount: $amount}
    shows: {id: id}
  capture:
    send: POST /holds/$hold/capture
    with: {amount: $amount}
  read hold:
    send: GET /holds/$hold
    shows: {captured: captured, open: {status: open}}
"""


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_profile_has_no_mistake_and_is_short(name: str) -> None:
    _, page = read(SPEC / name)
    assert page.described() == []
    assert len((SPEC / name).read_text(encoding="utf-8").splitlines()) <= 120


def mistakes(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "wallet.yaml"
    file.write_text(text, encoding="utf-8")
    _, page = read(file)
    return [line.removeprefix(f"{file}:") for line in page.described()]


def test_an_answer_to_hold_is_the_hold_or_a_record_of_its_own(tmp_path: Path) -> None:
    own = GOOD.replace("commands:", "records: own\ncommands:")
    assert mistakes(tmp_path, own.replace("shows: {id: id}", "shows: {id: id, captured: c}")) == []
    assert mistakes(tmp_path, own.replace("shows: {id: id}", "shows: {id: id, ref: ref}")) == []
    both = own.replace("shows: {id: id}", "shows: {id: id, ref: ref, captured: c}")
    text = "8: hold: `ref` is of a record of its own, and captured, remaining, released and open"
    assert text in "".join(mistakes(tmp_path, both))


def test_a_small_file_is_enough(tmp_path: Path) -> None:
    assert mistakes(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("profile: my-wallet", "profile: My Wallet", "1: the file: `profile` is missing or not"),
        ("retry:", "retyr:", "3: the file: no member `retyr`; did you mean `retry`?"),
        (
            "retry:",
            "authentication: {query: {key: $tokn}}\nretry:",
            "3: authentication: nothing gives $tokn; did you mean `token`?",
        ),
        (
            "retry:",
            "authentication: {qeury: {key: $token}}\nretry:",
            "3: authentication: no member `qeury`; did you mean `query`?",
        ),
        (
            "retry:",
            "authentication: {basic: $token}\nretry:",
            "3: authentication: `basic` is a user and a password, such as",
        ),
        (
            "retry:",
            "authentication: {header: X, value: $signature}\nretry:",
            "3: authentication: $signature needs `signature`, which says",
        ),
        (
            "retry:",
            "authentication: {header: X, value: $signature, signature: {}}\nretry:",
            "3: authentication: signature: the text that is signed is missing",
        ),
        (
            "retry:",
            "authentication: {header: X, value: $signature, signature: {of: $bdy}}\nretry:",
            "3: authentication: signature: of: nothing gives $bdy; did you mean `body`?",
        ),
        (
            "retry:",
            "authentication: {header: X, value: $token, signature: {of: $body}}\nretry:",
            "3: authentication: which header shows the $signature? None does",
        ),
        (
            "retry:",
            "authentication: {header: X, value: $signature,\n"
            " signature: {of: $url, with: hmac-sha1}}\nretry:",
            "4: authentication: signature: `with` is one of hmac-sha256, hmac-sha512; did",
        ),
        (
            "retry:",
            "authentication: {header: X, value: $signature, signature: {of: $body$nonce}}\nretry:",
            "3: authentication: signature: no header shows the $nonce that is sig",
        ),
        (
            "retry:",
            "authentication: {header: X, value: $signature,\n"
            " signature: {of: $body, key: abc}}\nretry:",
            "3: authentication: signature: the key comes from the environment",
        ),
        ("as: decimal-string", "as: decimal", "2: money: `as` is one of minor-integer, minor-stri"),
        ("[EUR]", "[euros]", "2: money: currency 'EUROS': a name of ours has three capital letter"),
        ("{header: Idem", "{heder: Idem", "3: retry: no member `heder`; did you mean `header`?"),
        ("Idempotency-Key}", "K, key: maybe}", "3: retry: `key` is one of needed, optional"),
        ("[400, 404, 422]", "[400, 500]", "4: refused: 500 is no status from 200 to 499"),
        ("[400, 404, 422]", "[400, 429]", "4: refused: 429 says nothing of the request"),
        ("refused: [400, 404, 422]\n", "", "1: `refused` is missing"),
        ("control: GET /holds?limit=1\n", "", "1: `control` is missing"),
        ("{header: Idempotency-Key}", "$ref", "3: `retry: $ref`: the commands use $ref where"),
        ("{status: open}", "{status: {nt: x}}", "16: read hold: open: no member `nt`; did you mea"),
        ("{header: Idempotency-Key}", "$rf", "3: retry has to be a mapping"),
        (
            "commands:",
            "ids: uid\ncommands:",
            "6: the file: `ids` is one of text, uuid, digits",
        ),
        (
            "commands:",
            "authentication: {header: A, headers: {B: x}}\ncommands:",
            "6: authentication: one header with `header` and `value`, or several in `headers`",
        ),
        ("  hold:\n", "  hodl:\n", "7: no command `hodl`; did you mean `hold`?"),
        ("send: POST /holds\n", "sent: POST /holds\n", "8: hold: no member `sent`; did you mean"),
        ("send: POST /holds\n", "send: POSTS /holds\n", "7: hold: `send` is missing or not like"),
        (
            "shows: {id: id}",
            "shows: {idd: id}",
            "10: hold: `shows` has no `idd`; did you mean `i",
        ),
        ("shows: {id: id}", "shows: {id: 'a b'}", "10: hold: id: 'a b': a sum looks like"),
        ("shows: {id: id}", "shows: {amount: a}", "7: hold: `shows` needs `id`"),
        ("/holds/$hold/cap", "/holds/$hodl/cap", "11: capture: nothing gives $hodl; did you mean"),
        ("POST /holds/$hold/cap", "POST /holds/cap", "11: capture: which hold?"),
        ("captured: captured, ", "", "14: read hold: `shows` needs captured or remaining"),
        ("{status: open}", "open", "16: read hold: open has to map members to what they are"),
        ("  read hold:", "  list:", "6: without a `card` the figures are those of the hold: `read"),
        ("  read hold:", "  fund:", "14: `fund` is of a card with a balance: write `card`, or le"),
        ("  read hold:", "  card:", "14: a `card` needs `read card`"),
        ("  read hold:", "  card:", "14: card: its request has to use $amount. Where a card is"),
        ("header: Idempotency-Key}", "header: A, member: b}", "3: retry: either `header` or `me"),
        ("commands:", "answers: {ref.sme.hold: x}\ncommands:", "6: answers: no question `ref.sme"),
        ("commands:", "answers: {ref.same.hold: rply}\ncommands:", "6: answers: ref.same.hold is "),
        ("commands:", "sources: {CAP-222: x}\ncommands:", "6: sources: no rule CAP-222; did you "),
        ("commands:", "open_rules: [CAB-2]\ncommands:", "6: open_rules: no rule CAB-2"),
        ("commands:", "openapi: none.yaml\ncommands:", "6: openapi: "),
        ("control: GET /holds?limit=1", "control: [", "7: it is not YAML"),
        ("commands:", "retry: none\ncommands:", "6: `retry` is there twice"),
        (
            "retry: {header: Idempotency-Key}",
            "retry: none\nanswers: {ref.same.hold: replay}",
            "4: `retry: none`, and an answer to ref.same.hold",
        ),
        (
            "commands:",
            "authentication: {header: A, value: $tokn}\ncommands:",
            "6: authentication: nothing gives $tokn; did you mean `token`?",
        ),
        (
            "commands:",
            "authentication: {fetch: POST /token}\ncommands:",
            "6: authentication: `fetch` and `token` (where its answer has the token) go together",
        ),
        (
            "commands:",
            "open_rules: CAP-2\nsources: {CAP-2: x}\ncommands:",
            "6: CAP-2 is in `open_rules` and in `sources`",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    assert old in GOOD
    found = mistakes(tmp_path, GOOD.replace(old, new, 1))
    assert any(line.startswith(expected) for line in found), found


VOID = """  void:
    send: POST /holds/$hold/void
    with: {amount: $amount}
    without_amount: {send: DELETE /holds/$hold}
"""


def test_a_void_without_an_amount_may_be_another_request(tmp_path: Path) -> None:
    assert mistakes(tmp_path, GOOD + VOID) == []
    named = mistakes(
        tmp_path, GOOD + VOID.replace("DELETE /holds/$hold", "POST /holds/$hold/$amount")
    )
    assert "void: `without_amount` has no $amount" in "".join(named)
    twice = mistakes(tmp_path, GOOD + VOID.replace("    with: {amount: $amount}\n", ""))
    assert "`without_amount` is beside a request that uses $amount" in "".join(twice)
    of_none = mistakes(tmp_path, GOOD + VOID.replace("DELETE /holds/$hold", "DELETE /holds"))
    assert "void: which hold? Its request has to use $hold" in "".join(of_none)


@pytest.mark.parametrize("name", ["account", "amount", "hold", "ref"])
def test_what_an_answer_gives_has_a_name_of_its_own(name: str, tmp_path: Path) -> None:
    given = GOOD.replace(
        "    shows: {id: id}", f"    gives: {{{name}: a.b}}\n    shows: {{id: id}}"
    )
    text = f"hold: gives: ${name} has a meaning already: call it otherwise"
    assert text in "".join(mistakes(tmp_path, given))


def test_a_request_that_the_document_has_not_is_named(tmp_path: Path) -> None:
    text = (SPEC / "stripe/charges.yaml").read_text(encoding="utf-8")
    text = text.replace("openapi.yaml", str(SPEC / "stripe/openapi.yaml"))
    found = mistakes(tmp_path, text.replace("POST /v1/refunds", "POST /v1/refund"))
    assert [line.partition(": ")[2] for line in found] == [
        f"{name}: the document has no POST /v1/refund; did you mean `POST /v1/refunds`?"
        for name in ("void", "refund")
    ]


def test_loading_says_the_first_mistake_and_how_many_more(tmp_path: Path) -> None:
    file = tmp_path / "wallet.yaml"
    file.write_text(GOOD.replace("refused", "refusd").replace("control", "contrl"))
    with pytest.raises(ProfileError) as raised:
        load(file)
    assert str(raised.value).startswith(f"{file}:1: `")
    assert str(raised.value).endswith(f"(and 3 more: tallystick profile check {file})")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="1: it cannot be read: No such file"):
        load(tmp_path / "none.yaml")
