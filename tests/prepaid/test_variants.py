"""Each variant is honest: it answers an open question otherwise, and all else as the others do."""

from collections.abc import Callable, Iterator

import pytest

from tests.prepaid import crowds, walk
from tests.prepaid.app import App
from tests.prepaid.assembly import assemble
from tests.prepaid.client import Checked, Local, Request
from tests.prepaid.database import Sqlite
from tests.prepaid.faults import races
from tests.prepaid.postgres import Postgres
from tests.prepaid.shop import Shop, figures
from tests.prepaid.tenants import SECOND
from tests.prepaid.variants import VARIANTS, policy_of
from tests.sampling import some

Serve = Callable[..., App]


@pytest.fixture
def serve(database: str) -> Iterator[Serve]:
    """Makes servers on a database of each kind."""
    made: list[App] = []

    def serve(*names: str, overrides: tuple[type, ...] = ()) -> App:
        fresh = Sqlite() if database == "sqlite" else Postgres(database)
        made.append(assemble(fresh, policy_of(names), overrides))
        return made[-1]

    yield serve
    for app in made:
        app.close()


def refusals_as_200(shop: Shop) -> None:
    account = shop.account()
    assert shop.read(account)["ok"] is True
    assert shop.pay(account, "1")["ok"] is True
    refused = (
        *(shop.pay(account, "1000"), shop.pay(account, "0.001"), shop.read_hold("nothing")),
        *(shop.pay(account, None), shop.release("nothing")),
    )
    for answer in refused:
        assert (answer.status, answer["ok"], answer.accepted) == (200, False, False)
    assert refused[0].error == (200, "insufficient_funds")
    assert Shop(shop.sender, None).read(account).error == (401, "invalid_api_key")
    assert figures(shop.read(account)) == ("99.00", "0.00", "99.00")


def key_in_body(shop: Shop) -> None:
    account = shop.account()
    assert not shop.pay(account, "1", "header").replayed
    assert not shop.pay(account, "1", "header").replayed
    first = shop.pay(account, "1", idempotency_key="body")
    assert first["idempotency_key"] == "body"
    again = shop.pay(account, "1", idempotency_key="body")
    assert (again.replayed, again.body) == (True, first.body)
    assert shop.pay(account, "2", idempotency_key="body").error == (422, "idempotency_key_reused")
    for wrong in ("", 1, "k" * 65):
        assert shop.pay(account, "1", idempotency_key=wrong).error == (400, "malformed_request")
    assert figures(shop.read(account)) == ("97.00", "0.00", "97.00")


def keys_of_refusals_too(shop: Shop) -> None:
    account = shop.account()
    refused = shop.pay(account, "100.01", "key")
    again = shop.pay(account, "100.01", "key")
    assert (again.error, again.replayed) == (refused.error, True)
    assert shop.deposit(account, "1.00").accepted
    assert shop.pay(account, "100.01", "key").error == (422, "insufficient_funds")
    assert shop.pay(account, "1.00", "key").error == (422, "idempotency_key_reused")
    assert shop.pay(account, None, "form").error == (400, "malformed_request")
    assert shop.pay(account, "1.00", "form").accepted
    assert shop.capture("nothing", None, "missing").error == (404, "not_found")
    assert shop.capture("nothing", None, "missing").replayed


def replay_200(shop: Shop) -> None:
    account = shop.account()
    first, again = shop.pay(account, "1", "key"), shop.pay(account, "1", "key")
    assert (first.status, again.status) == (201, 200)
    assert (again.body, again.replayed) == (first.body, True)


def mismatch_409(shop: Shop) -> None:
    account = shop.account()
    shop.pay(account, "1", "key")
    assert shop.pay(account, "2", "key").error == (409, "idempotency_key_reused")


def shortage_409(shop: Shop) -> None:
    account = shop.account()
    hold = shop.hold(account, "30")["id"]
    assert shop.pay(account, "70.01").error == (409, "insufficient_funds")
    assert shop.hold(account, "70.01").error == (409, "insufficient_funds")
    for step in (shop.capture, shop.release):
        assert step(hold, "30.01").error == (409, "amount_exceeds_remaining")


def closed_422(shop: Shop) -> None:
    hold = shop.hold(shop.account(), "30")["id"]
    shop.capture(hold)
    for step in (shop.capture, shop.release):
        assert step(hold).error == (422, "hold_closed")


def strangers_403(shop: Shop) -> None:
    account = shop.account()
    hold = shop.hold(account, "30")["id"]
    other = Shop(shop.sender, SECOND)
    for answer in (other.read(account), other.pay(account, "1"), other.capture(hold)):
        assert answer.error == (403, "not_yours")
    assert other.read("nothing").error == (404, "not_found")
    assert figures(shop.read(account)) == ("70.00", "30.00", "100.00")


def capture_needs_amount(shop: Shop) -> None:
    hold = shop.hold(shop.account(), "30")["id"]
    assert shop.capture(hold).error == (400, "malformed_request")
    assert shop.capture(hold, "10").accepted
    assert shop.capture(hold).error == (400, "malformed_request")
    assert shop.release(hold).accepted


def no_release_after_part(shop: Shop) -> None:
    account = shop.account()
    hold = shop.hold(account, "30")["id"]
    assert shop.release(hold, "5").accepted
    assert shop.capture(hold, "10").accepted
    for amount in ("5", None):
        assert shop.release(hold, amount).error == (409, "hold_closed")
    assert shop.capture(hold).accepted
    assert figures(shop.read(account)) == ("75.00", "0.00", "75.00")


def zero_taken(shop: Shop) -> None:
    account = shop.account()
    hold = shop.hold(account, "30")["id"]
    for answer in (
        *(shop.deposit(account, "0"), shop.pay(account, "0.00"), shop.hold(account, "0")),
        *(shop.capture(hold, "0"), shop.release(hold, "0.0")),
    ):
        assert answer["amount"] == "0.00"
    assert figures(shop.read(account)) == ("70.00", "30.00", "100.00")
    assert figures(shop.read_hold(hold)) == ("0.00", "0.00", "30.00", "open")
    assert len(shop.page(account)["items"]) == 7


def numbers_taken(shop: Shop) -> None:
    account = shop.account(100, "NOK")
    assert shop.pay(account, 0.1)["amount"] == "0.10"
    assert (
        shop.sender.send(Request("POST", f"/accounts/{account}/payments", b'{"amount": 1e1}'))[
            "amount"
        ]
        == "10.00"
    )
    for wrong in (0.001, -1, 0, 10**400):
        assert shop.pay(account, wrong).error == (422, "invalid_amount")
    assert shop.pay(account, True).error == (400, "malformed_request")
    assert shop.read(account)["total"] == "89.90"


def trailing_zeros_taken(shop: Shop) -> None:
    account = shop.account("10.5000", "NOK")
    assert shop.pay(account, "0.100")["amount"] == "0.10"
    assert shop.pay(account, "0.101").error == (422, "invalid_amount")
    assert shop.account("7.000", "JPY")


def zeros_cut(shop: Shop) -> None:
    account = shop.account("100.50")
    assert figures(shop.read(account)) == ("100.5", "0", "100.5")
    hold = shop.hold(account, "30.00")
    assert figures(hold) == ("0", "0", "30", "open")
    assert shop.pay(account, "0.01")["amount"] == "0.01"
    assert figures(shop.open("100", "JPY")) == ("100", "0", "100")


def lower_case_currency(shop: Shop) -> None:
    opened = shop.open("10", "nok")
    assert opened["currency"] == "NOK"
    assert shop.pay(opened["id"], "1", currency="nok")["currency"] == "NOK"
    assert shop.pay(opened["id"], "1", currency="eur").error == (422, "currency_mismatch")


def unknown_members_taken(shop: Shop) -> None:
    account = shop.account()
    assert shop.pay(account, "1", amonut="2", available="1000").accepted
    assert figures(shop.read(account)) == ("99.00", "0.00", "99.00")


def more_members(shop: Shop) -> None:
    account = shop.account()
    assert shop.read(account)["object"] == "account"
    hold = shop.hold(account, "30")
    assert (hold["object"], hold["links"]) == ("hold", {"self": None})
    assert shop.page(account)["items"][0]["object"] == "transaction"


def numeric_ids(shop: Shop) -> None:
    account = shop.account()
    hold = shop.hold(account, "30")
    assert {type(hold[name]) for name in ("id", "account_id", "transaction_id")} == {int}
    assert shop.read_hold(hold["id"]).body == hold.body
    captured = shop.capture(hold["id"], "5")
    assert captured["hold_id"] == hold["id"]
    assert shop.read_transaction(captured["id"]).body == captured.body
    assert shop.page(account)["items"][-1]["hold_id"] is None


def oldest_first(shop: Shop) -> None:
    account = shop.account()
    made = [shop.pay(account, "1")["id"] for _ in range(3)]
    page = shop.page(account, limit=2)
    rest = shop.page(account, limit=2, cursor=page["next_cursor"])
    assert [item["id"] for item in page["items"] + rest["items"]][1:] == made
    assert rest["next_cursor"] is None


SHOWN: tuple[Callable[[Shop], None], ...] = (
    *(refusals_as_200, key_in_body, keys_of_refusals_too, replay_200, mismatch_409),
    *(shortage_409, closed_422, strangers_403, capture_needs_amount, no_release_after_part),
    *(zero_taken, numbers_taken, trailing_zeros_taken, zeros_cut, lower_case_currency),
    *(unknown_members_taken, more_members, numeric_ids, oldest_first),
)


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: shown.__name__)
def test_a_variant_does_what_its_summary_says(serve: Serve, shown: Callable[[Shop], None]) -> None:
    shown(Shop(Checked(Local(serve(shown.__name__)))))


def test_a_key_in_use_is_refused_at_once(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    # A payment that takes its time, so that the others meet it on a busy machine too.
    monkeypatch.setattr(races, "WINDOW_S", 0.3)
    monkeypatch.setattr(races, "OTHERS_WAIT_S", 0.3)
    slow = (races.RacePaymentsAddUp, races.CountedApp)
    shop = Shop(Checked(Local(serve("key_in_use_409", overrides=slow))))
    account = shop.account()
    request = shop.request(f"/accounts/{account}/payments", "key", amount="1")
    answers = shop.sender.together([request] * 3)
    made = [answer for answer in answers if answer.accepted]
    assert len({answer["id"] for answer in made}) == 1
    assert {answer.error for answer in answers if not answer.accepted} == {
        (409, "idempotency_key_in_use")
    }
    assert shop.sender.send(request).body == made[0].body


def test_every_variant_is_shown() -> None:
    assert {shown.__name__ for shown in SHOWN} | {"key_in_use_409"} == set(VARIANTS)


@pytest.mark.parametrize(
    ("database", "name"),
    [
        *(("sqlite", name) for name in sorted(VARIANTS)),
        *some((("postgres", name) for name in sorted(VARIANTS)), 5),
    ],
    indirect=["database"],
)
def test_the_answers_of_a_variant_are_documented(
    serve: Serve, name: str, honest: walk.Seen
) -> None:
    seen = walk.run(Checked(Local(serve(name))))
    assert not any(line.startswith("5") for lines in seen.values() for line in lines)
    # Keys that are in use are seen by crowds only.
    assert (seen == honest) == (name == "key_in_use_409")


@pytest.mark.parametrize("name", sorted(set(VARIANTS) - {"key_in_body", "zeros_cut"}))
def test_a_crowd_finds_nothing_on_a_variant(serve: Serve, name: str) -> None:
    sender = Checked(Local(serve(name)))
    for crowd in crowds.CROWDS:
        crowd(sender)
