"""The cards that fuzzed requests are about: cards, holds in several states, tokens, a customer.

They are made once and used by many requests, because making them costs more requests than using
them. This module does not know the requests.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from tallystick.drivers.direct import Repeat, Unanswered, once
from tallystick.drivers.fuzz.request import FuzzRequest
from tallystick.ledger.state import CardStatus
from tallystick.profiles.wallet import operations as op
from tallystick.profiles.wallet.fuzz.driver import Fuzz
from tallystick.profiles.wallet.fuzz.reduce import reduce_request
from tallystick.profiles.wallet.fuzz.valid import valid
from tallystick.run import Intensity, Run, Violated
from tallystick.target import Answer, NoAnswer

T = TypeVar("T")
Change = Callable[..., FuzzRequest]

REDUCE_S = {Intensity.GATE: 4.0, Intensity.RELEASE: 15.0, Intensity.HUNT: 30.0}
"""Seconds to shorten one violation."""

BASIC = ("B = card 50000 EUR", "h1 = hold A 600", "t1 = token A")
"""For contracts that choose the ids of their requests themselves."""
EVERY_STATE = (
    "B = card 50000 EUR",
    "h1 = hold A 600",
    "h2 = hold A 500",
    "c1 = capture h2 200",
    "d1 = draw A 100",
    "h3 = hold A 20",
    "v1 = void h3",
    "t1 = token A",
    't2 = token A with {"one_time": "true"}',
)
"""For generated requests: open, partly captured and voided holds, tokens of both kinds."""


class CardSet:
    """Gives each request a session with usable cards.

    It makes new cards after a violation or a missing answer, and when the state of a card has
    become unknown. `lines` are the steps that make what is on card A; `repeat` decides what is done
    about a missing answer.
    """

    def __init__(self, run: Run, lines: Sequence[str] = EVERY_STATE, repeat: Repeat = once) -> None:
        self.run = run
        self.lines = lines
        self._repeat = repeat
        self._fuzz: Fuzz | None = None

    def ask(
        self, operation: str, change: Change, /, *arguments: Any, **members: Any
    ) -> Answer | NoAnswer:
        """Send a valid request after `change(request, ...)`; judge the answer by the ledger."""
        return self.use(
            operation, lambda fuzz: fuzz.ask(change(valid(fuzz, operation), *arguments, **members))
        )

    def has(self, operation: str) -> bool:
        """Whether the target has an operation; notes that it is left out if not."""
        is_there = self.run.target.support.has(operation)
        if not is_there:
            self.run.left_out.note(operation)
        return is_there

    def settle(self, operation: str) -> None:
        """Read the cards whose requests were refused: a refusal changes nothing (BAL-6)."""
        self.use(operation, lambda fuzz: fuzz.settle())

    def use(self, operation: str, act: Callable[[Fuzz], T]) -> T:
        """Return what `act` makes of a session for a request to the operation.

        It is called again, with another session, as often as `repeat` wants. A violation is
        shortened before it is raised. NotSupported if the target lacks the operation.
        """
        self.run.target.support.require(operation)
        return self._repeat(lambda: self._used(operation, act))

    def fuzz(self, operation: str) -> Fuzz:
        """The session, after making what a request to the operation needs."""
        fuzz = self._usable()
        self._replenish(fuzz, operation)
        return fuzz

    def _used(self, operation: str, act: Callable[[Fuzz], T]) -> T:
        fuzz = self._usable()
        try:
            return self._settled(fuzz, operation, act)
        except Violated as violated:
            self._fuzz = None
            finding = reduce_request(
                violated.finding,
                fuzz,
                lambda run: CardSet(run, self.lines).fuzz(operation),
                min(REDUCE_S[self.run.intensity], self.run.seconds_left()),
            )
            raise Violated(finding) from None

    def _settled(self, fuzz: Fuzz, operation: str, act: Callable[[Fuzz], T]) -> T:
        """The result of `act`. If an answer is missing, the cards are read before they are dropped,
        else what earlier refusals have changed would never show.
        """
        try:
            self._replenish(fuzz, operation)
            return act(fuzz)
        except Unanswered:
            self._fuzz = None
            fuzz.settle()
            raise

    def _usable(self) -> Fuzz:
        """The session, or a new one if a card of it is not usable."""
        fuzz = self._fuzz
        if fuzz is None or not (fuzz.cards.is_usable("A") and fuzz.cards.is_usable("B")):
            fuzz = self._fuzz = new_fuzz(self.run, self.lines)
        return fuzz

    def _replenish(self, fuzz: Fuzz, operation: str) -> None:
        ledger = fuzz.cards.ledger("A")
        if ledger.available < 2000:
            fuzz.cards.prepare(f"{fuzz.cards.label('f')} = fund A 20000")
        open_holds = sum(entry.is_open for entry in ledger.entries.values())
        if operation in (op.CAPTURE, op.VOID) and open_holds < 2:
            fuzz.cards.prepare(f"{fuzz.cards.label('h')} = hold A 600")
        if operation == op.DELETE_CARD and fuzz.cards.spare("S") is None:
            fuzz.cards.add_spare("S", "card 10 NOK")
        if operation == op.ACTIVATE_CARD and fuzz.cards.spare("P", CardStatus.INACTIVE) is None:
            fuzz.cards.add_spare("P", "batch")


def new_fuzz(run: Run, lines: Sequence[str] = EVERY_STATE) -> Fuzz:
    """A session with card A of a customer, and what the steps in `lines` make."""
    fuzz = Fuzz(run)
    fuzz.cards.prepare(f'A = card 100000 NOK with {{"customer_id": "{fuzz.cards.customer}"}}')
    for line in lines:
        fuzz.cards.prepare(line)
    return fuzz
