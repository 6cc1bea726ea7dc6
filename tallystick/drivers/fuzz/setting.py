"""The cards that fuzzed requests are about: what stands on the stage before the first of them.

Cards, holds in several states, tokens and a customer, made once for many requests, because setting
them up costs more than asking. It does not know what is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tallystick.drivers.fuzz.driver import Fuzz
from tallystick.drivers.fuzz.reduce import reduce_request
from tallystick.ledger.state import CardStatus
from tallystick.run import Intensity, Run, Violated

REDUCE_S = {Intensity.GATE: 4.0, Intensity.RELEASE: 15.0, Intensity.HUNT: 30.0}
"""Seconds for the shortening of one violation."""

FEW = ("B = card 50000 EUR", "h1 = hold A 600", "t1 = token A")
"""Enough for requests that say themselves what they name."""
MANY = (
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


class Stage:
    """The cards that requests are about; set up anew when one of them can be followed no more."""

    def __init__(self, run: Run, lines: Sequence[str] = MANY) -> None:
        self.run = run
        self.lines = lines
        self._fuzz: Fuzz | None = None

    @contextmanager
    def acting(self, operation: str) -> Iterator[Fuzz]:
        """The session for a request; a violation leaves the cards behind and is shortened."""
        fuzz = self.fuzz(operation)
        try:
            yield fuzz
        except Violated as violated:
            self._fuzz = None
            finding = reduce_request(
                violated.finding,
                fuzz,
                lambda run: Stage(run, self.lines).fuzz(operation),
                REDUCE_S[self.run.intensity],
            )
            raise Violated(finding) from None

    def fuzz(self, operation: str) -> Fuzz:
        """The session, with what a request to the operation needs."""
        fuzz = self._fuzz
        if fuzz is None or not (fuzz.stands("A") and fuzz.stands("B")):
            fuzz = self._fuzz = new_fuzz(self.run, self.lines)
        self._replenish(fuzz, operation)
        return fuzz

    def _replenish(self, fuzz: Fuzz, operation: str) -> None:
        ledger = fuzz.ledger("A")
        if ledger.available < 2000:
            fuzz.prepare(f"{fuzz.label('f')} = fund A 20000")
        finishes = "void" in operation or "capture" in operation
        if finishes and sum(entry.is_open for entry in ledger.entries.values()) < 2:
            fuzz.prepare(f"{fuzz.label('h')} = hold A 600")
        if "delete" in operation and fuzz.spare("S") is None:
            fuzz.provide("S", "card 10 NOK")
        if "activate" in operation and fuzz.spare("P", CardStatus.INACTIVE) is None:
            fuzz.provide("P", "batch")


def new_fuzz(run: Run, lines: Sequence[str] = MANY) -> Fuzz:
    """A session with a customer's card, and what the lines make on it."""
    fuzz = Fuzz(run)
    fuzz.prepare(f'A = card 100000 NOK with {{"customer_id": "{fuzz.prefix}-customer"}}')
    for line in lines:
        fuzz.prepare(line)
    return fuzz
