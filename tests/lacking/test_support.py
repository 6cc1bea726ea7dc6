"""What counts as an operation that the target lacks, and what does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product

import pytest

from tallystick.connect import connect
from tallystick.ledger.vocabulary import CardId, ReadCard, View
from tallystick.profiles.wallet import operations as op
from tallystick.profiles.wallet import wire
from tallystick.profiles.wallet.looking import Offers
from tallystick.profiles.wallet.profile import Wallet
from tallystick.target import Address, Client, NotSupported, Target, TargetError
from tests.lacking.removing import (
    GATEWAY,
    IN_FORM,
    NO_METHOD,
    NOT_IMPLEMENTED,
    asking_first,
    now_and_then,
    removing,
)
from tests.misbehaviour.proxy import Behaviour, misbehaving
from tests.proof.servers import Environment

OPTIONAL = sorted(set(op.ROUTES) - op.HEART - {op.GET_ACCESS_TOKEN})
REPLIES = {
    "a gateway's page": GATEWAY,
    "a refusal in form": IN_FORM,
    "405": NO_METHOD,
    "501": NOT_IMPLEMENTED,
}


@contextmanager
def connected(
    environment: Environment, behaviour: Behaviour | None = None, **declared: str
) -> Iterator[Target]:
    with misbehaving(environment, behaviour) as found:
        target = connect(
            Address(found["TALLYSTICK_TARGET"], found["TALLYSTICK_ACCOUNT"]),
            Client(found["TALLYSTICK_CLIENT_ID"], found["TALLYSTICK_CLIENT_SECRET"]),
            Wallet(),
            not_supported=declared,
        )
        try:
            yield target
        finally:
            target.close()


def ask_for(target: Target, operation: str) -> Callable[[], object]:
    """Sends a request to the operation that names nothing which exists."""
    ids = dict.fromkeys(op.ROUTES[operation].ids, "nobody")
    body = {} if op.ROUTES[operation].method == "POST" else None
    request = wire.request(operation, target.address.account, body, **ids)
    return lambda: target.send(request)


@pytest.mark.parametrize(("operation", "reply"), list(product(OPTIONAL, REPLIES)))
def test_an_operation_that_a_proxy_removes_is_found_missing_and_asked_for_no_more(
    honest: Environment, operation: str, reply: str
) -> None:
    with connected(honest, removing([operation], REPLIES[reply])) as target:
        if operation != op.LIST_CARDS:  # the smoke asks for this one
            with pytest.raises(NotSupported) as raised:
                ask_for(target, operation)()
            assert raised.value.is_news
        sent = target.meter.requests
        with pytest.raises(NotSupported, match="the target has no"):
            ask_for(target, operation)()
        assert target.meter.requests == sent
        assert list(target.support.missing) == [operation]
        said = target.support.missing[operation]
        assert said.endswith(f"x {REPLIES[reply].status}")


@pytest.mark.parametrize(("operation", "reply"), list(product(OPTIONAL, REPLIES)))
def test_a_gateway_may_look_at_the_token_first(
    honest: Environment, operation: str, reply: str
) -> None:
    with connected(honest, asking_first([operation], REPLIES[reply])) as target:
        if operation != op.LIST_CARDS:
            with pytest.raises(NotSupported):
                ask_for(target, operation)()
        assert list(target.support.missing) == [operation]


def test_several_operations_are_found_one_by_one(honest: Environment) -> None:
    with connected(honest, removing(OPTIONAL)) as target:
        for operation in OPTIONAL:
            with pytest.raises(NotSupported):
                ask_for(target, operation)()
        assert sorted(target.support.missing) == OPTIONAL


@pytest.mark.parametrize("operation", OPTIONAL)
def test_a_card_that_does_not_exist_is_no_missing_operation(
    honest: Environment, operation: str
) -> None:
    with connected(honest) as target:
        ask_for(target, operation)()
        ask_for(target, operation)()
        assert target.support.missing == {}


@pytest.mark.parametrize("operation", OPTIONAL)
def test_an_operation_that_is_there_is_seen_to_be_there(
    honest: Environment, operation: str
) -> None:
    with connected(honest) as target:
        sight = Offers().look(target.ask, target.address.account)(operation)
        assert sight.is_missing is False, sight.reason


@pytest.mark.parametrize("first", [1, 2, 3])
def test_a_passing_404_is_no_missing_operation(honest: Environment, first: int) -> None:
    operation = op.READ_CUSTOMER_CARD
    with connected(honest, now_and_then([operation], first)) as target:
        target.perform(ReadCard(CardId("nobody"), View.CUSTOMER, "nobody"))
        assert target.support.missing == {}


def test_what_was_missing_and_is_there_at_the_end_contradicts_itself(honest: Environment) -> None:
    operation = op.ISSUE_TOKEN
    with connected(honest, now_and_then([operation], 8)) as target:
        with pytest.raises(NotSupported):
            ask_for(target, operation)()
        (said,) = target.support.contradictions(target.ask, target.address.account)
    assert said.startswith("POST /cards/{card_id}/tokens was taken for missing (")
    assert said.endswith("the target contradicts itself")


def test_what_stays_missing_contradicts_nothing(honest: Environment) -> None:
    with connected(honest, removing([op.ISSUE_TOKEN])) as target:
        with pytest.raises(NotSupported):
            ask_for(target, op.ISSUE_TOKEN)()
        assert target.support.contradictions(target.ask, target.address.account) == []


@pytest.mark.parametrize("operation", sorted(op.HEART))
def test_without_the_heart_of_the_api_nothing_counts_as_missing(
    honest: Environment, operation: str
) -> None:
    with connected(honest, removing([operation])) as target:
        ask_for(target, operation)()
        assert target.support.missing == {}


def test_a_wrong_address_is_no_target_without_a_card_list(honest: Environment) -> None:
    wrong = {**honest, "TALLYSTICK_TARGET": honest["TALLYSTICK_TARGET"].replace("/v1", "/v2")}
    with pytest.raises(TargetError), connected(wrong):
        pass


def test_a_declared_operation_is_never_asked_for(honest: Environment) -> None:
    with connected(honest, **{op.ISSUE_TOKEN: "declared here"}) as target:
        sent = target.meter.requests
        with pytest.raises(NotSupported):
            ask_for(target, op.ISSUE_TOKEN)()
        assert target.meter.requests == sent
        assert target.support.missing == {op.ISSUE_TOKEN: "declared here"}


def test_the_card_list_may_be_declared_missing(honest: Environment) -> None:
    with connected(honest, removing([op.LIST_CARDS]), **{op.LIST_CARDS: "declared here"}) as target:
        assert target.support.missing == {op.LIST_CARDS: "declared here"}
    wrong = {**honest, "TALLYSTICK_TARGET": honest["TALLYSTICK_TARGET"].replace("/v1", "/v2")}
    with (
        pytest.raises(TargetError, match="base URL"),
        connected(wrong, **{op.LIST_CARDS: "declared here"}),
    ):
        pass


@pytest.mark.parametrize(
    ("text", "operations"),
    [
        ("batch", (op.PREPARE_CARDS,)),
        ("tokens", (op.ISSUE_TOKEN, op.READ_BY_TOKEN)),
        ("customers", (op.LIST_CUSTOMER_CARDS, op.READ_CUSTOMER_CARD)),
        ("Card list", (op.LIST_CARDS,)),
        (op.DELETE_CARD, (op.DELETE_CARD,)),
        ("POST  /cards/batch", (op.PREPARE_CARDS,)),
        ("DELETE /accounts/{account}/wallets/cards/{card_id}", (op.DELETE_CARD,)),
        ("refunds", ()),
    ],
)
def test_an_operation_is_declared_by_any_of_its_names(
    text: str, operations: tuple[str, ...]
) -> None:
    assert op.named(text) == operations
