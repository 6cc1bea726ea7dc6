"""After a clean-up no money of the run is locked and its cards are gone, or it is listed."""

from __future__ import annotations

import copy

import httpx
import pytest

from tallystick.cleanup import Bound, Seen
from tallystick.profiles.wallet.traces import Traces
from tests.cleanup.conftest import Leavings
from tests.drivers.tampering import Once, Tampering, is_post

LIFE = (
    "A = card 1000 NOK",
    "h1 = hold A 300",
    "h2 = hold A 200",
    "c1 = capture h1 100",
    "h3 = hold A 50",
    "c3 = capture h3",
    "v2 = void h2",
    "h5 = hold A 0",
    "B = batch",
    "t = token A",
    "h4 = hold t 10",
)


class NoDelete(httpx.BaseTransport):
    """Passes all on except deletions, which it refuses as a server without them does."""

    def __init__(self) -> None:
        self._inner = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "DELETE":
            return httpx.Response(405, json={"error": {"message": "no such method"}})
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


class InterruptedLate(httpx.BaseTransport):
    """Passes all on; a person presses Ctrl-C while the answer to the first payment arrives."""

    def __init__(self) -> None:
        self._inner = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._inner.handle_request(request)
        if request.url.path.endswith("/transactions") and request.method == "POST":
            response.read()
            response.close()
            raise KeyboardInterrupt
        return response

    def close(self) -> None:
        self._inner.close()


class Interrupting(httpx.BaseTransport):
    """Stands for a person who presses Ctrl-C at the first request of a clean-up."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt


def test_all_that_a_program_made_is_put_away(leavings: Leavings) -> None:
    leavings.play(*LIFE)
    assert len(leavings.traces.open_holds()) in (2, 3)  # a hold of 0 may be refused
    left = leavings.put_away()
    assert not left
    assert [leavings.shown(card) for card in leavings.cards()] == [None, None]


def test_where_cards_cannot_be_deleted_their_holds_are_voided_and_they_are_listed(
    leavings: Leavings,
) -> None:
    leavings.play(*LIFE)
    left = leavings.put_away(transport=NoDelete)
    assert left.holds == ()
    assert set(left.cards) == set(leavings.cards())
    shown = leavings.shown(leavings.cards()[0])
    assert shown is not None
    assert shown.balance == shown.available == 850


def test_a_target_that_deletes_nothing_is_not_asked_for_ever(leavings: Leavings) -> None:
    for _ in range(4):
        leavings.play(*[f"{letter} = card 10 NOK" for letter in "ABCDEFGH"])
    left = leavings.put_away(transport=NoDelete)
    assert len(left.cards) == 32
    assert left.reason == "the target deletes no cards"


@pytest.mark.parametrize("step", ["h1 = hold A 300", "h1 = hold t 300"])
def test_a_hold_whose_answer_was_lost_is_found_and_voided(leavings: Leavings, step: str) -> None:
    lossy = Tampering(lose=Once(is_post("/transactions")))
    leavings.play("A = card 1000 NOK", "t = token A", step, transport=lossy)
    assert leavings.traces.open_holds() == []
    left = leavings.put_away(transport=NoDelete)
    assert left.holds == ()
    shown = leavings.shown(leavings.cards()[0])
    assert shown is not None
    assert shown.balance == shown.available == 1000


def test_a_hold_whose_request_was_interrupted_is_found_and_voided(leavings: Leavings) -> None:
    with pytest.raises(KeyboardInterrupt):
        leavings.play("A = card 1000 NOK", "h = hold A 300", transport=InterruptedLate())
    assert leavings.traces.open_holds() == []
    assert not leavings.put_away()
    assert leavings.shown(leavings.cards()[0]) is None


def test_a_hold_that_no_exchange_tells_of_is_found_by_the_list_of_its_card(
    leavings: Leavings,
) -> None:
    leavings.play("A = card 1000 NOK", "h = hold A 300")
    leavings.traces.holds.clear()
    assert not leavings.put_away()
    assert leavings.shown(leavings.cards()[0]) is None


def test_a_card_that_was_made_again_after_its_deletion_is_deleted_again(
    leavings: Leavings,
) -> None:
    leavings.play("A = card 1000 NOK", "d = draw A available", "delete A", "again A")
    assert not leavings.put_away()
    assert leavings.shown(leavings.cards()[0]) is None


def test_a_card_whose_answer_was_lost_is_deleted(leavings: Leavings) -> None:
    leavings.play("A = card 1000 NOK", transport=Tampering(lose=Once(is_post("/cards"))))
    assert not leavings.put_away()
    assert leavings.shown(leavings.cards()[0]) is None


def test_a_hold_of_nothing_is_voided_even_if_nothing_was_captured_of_it(
    leavings: Leavings,
) -> None:
    leavings.play("A = card 1000 NOK", "h = hold A 0", "c = capture h 0")
    assert not leavings.put_away()
    assert leavings.shown(leavings.cards()[0]) is None


def test_what_the_target_refuses_to_put_away_is_listed_with_that_reason(
    leavings: Leavings,
) -> None:
    leavings.play("A = card 1000 NOK")
    left = leavings.put_away(transport=NoDelete)
    assert str(left) == (
        "1 card and 0 open holds stay on the target (the target did not accept their clean-up)"
    )


def test_a_hold_on_an_unknown_card_is_gone_when_all_cards_of_the_run_are(
    leavings: Leavings,
) -> None:
    leavings.play("A = card 1000 NOK", "h = hold A 100")
    for hold in leavings.traces.holds.values():
        hold.card = None
    later = copy.deepcopy(leavings.traces.holds), copy.deepcopy(leavings.traces.cards)
    assert len(leavings.traces.open_holds()) == 1
    assert not leavings.put_away()
    leavings.traces.holds, leavings.traces.cards = later  # as the journal has them, for a sweep
    assert not leavings.put_away()


def test_a_repeated_capture_is_counted_once(leavings: Leavings) -> None:
    leavings.play("A = card 1000 NOK", "h = hold A 300", "c = capture h 150", "again c")
    assert len(leavings.traces.open_holds()) == 1
    leavings.put_away(transport=NoDelete)
    shown = leavings.shown(leavings.cards()[0])
    assert shown is not None
    assert shown.balance == shown.available == 850


def test_what_is_not_reached_in_time_is_listed(leavings: Leavings) -> None:
    leavings.play("A = card 1000 NOK", "h = hold A 300")
    left = leavings.put_away(seconds=0)
    assert (len(left.cards), len(left.holds)) == (1, 1)
    assert left.reason == "the time for the clean-up was up"


def test_an_interrupted_clean_up_lists_what_stays(leavings: Leavings) -> None:
    leavings.play("A = card 1000 NOK", "h = hold A 300")
    left = leavings.put_away(transport=Interrupting)
    assert (len(left.cards), len(left.holds)) == (1, 1)
    assert left.reason


def test_what_was_refused_leaves_nothing(leavings: Leavings) -> None:
    leavings.play("A = card 0 NOK", "h = hold A 5000", "delete A")
    assert leavings.traces.open_holds() == []
    assert leavings.traces.live_cards() == []


def test_a_card_of_another_form_counts_only_if_an_answer_says_that_it_was_made() -> None:
    traces = Traces()
    for number, status in enumerate((None, 500, 400, 200)):
        body = {"card_id": f"somebody-{number}"}
        traces.learn(Seen("aid_cards_post", "/accounts/T12345678/wallets/cards", body, status, {}))
    assert [card.id for card in traces.live_cards()] == ["somebody-3"]


def test_a_clean_up_uses_as_many_connections_as_the_run_did() -> None:
    assert [Bound.of(1, processes).connections for processes in (1, 2, 8)] == [12, 12, 24]
