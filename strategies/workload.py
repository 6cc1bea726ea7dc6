"""Workloads: what many clients do to the same few cards, for thousands of steps.

Each client draws its steps at random, but the clients meet on purpose: their cards have little
money, they capture and void each other's latest holds, and now and then one repeats a request of
another. A workload is drawn while it runs, from what was accepted so far; it knows no requests.
"""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field

from tallystick.ledger.traits import COMPLETE, Traits
from tallystick.program import Amount, Step, Verb, adapted

CARDS = "ABCD"
OPENING = 2000
"""What each card holds at first, in minor units: little, so that refusals come often."""
RECENT = 6
"""How many of the latest holds and payments of a card the clients remember. Few, so that several
clients choose the same one at the same moment."""
RESTS = 0.3
"""The share of captures that take all that remains."""

WEIGHTS = {
    Verb.READ: 30,
    Verb.DRAW: 14,
    Verb.HOLD: 20,
    Verb.CAPTURE: 16,
    Verb.VOID: 6,
    Verb.REFUND: 6,
    Verb.FUND: 10,
    Verb.AGAIN: 3,
    Verb.LIST: 1,
}
LETTERS = {
    **{Verb.DRAW: "d", Verb.HOLD: "h", Verb.FUND: "f"},
    **{Verb.CAPTURE: "c", Verb.VOID: "v", Verb.REFUND: "r"},
}


def _by_card() -> dict[str, deque[str]]:
    return {card: deque(maxlen=RECENT) for card in CARDS}


@dataclass(frozen=True)
class Workload:
    """Draws what each client does; a deque's append and list() are atomic, so threads may share it.

    The same seed and the same answers, in the same order, give the same steps.
    """

    seed: int
    traits: Traits = COMPLETE
    """What the API is able to do."""
    holds: dict[str, deque[str]] = field(default_factory=_by_card)
    """By card, the labels of the latest accepted holds."""
    payments: dict[str, deque[str]] = field(default_factory=_by_card)
    """By card, the labels of the latest accepted payments of any kind, holds included."""

    @property
    def openings(self) -> tuple[Step, ...]:
        """The steps that make the cards."""
        amount = Amount("", 1, OPENING)
        currency = self.traits.currency
        steps = (Step(Verb.CARD, card, amount=amount, currency=currency) for card in CARDS)
        return tuple(adapted(step, self.traits) for step in steps)

    @property
    def weights(self) -> dict[Verb, int]:
        """How often each verb is drawn that the API offers."""
        traits = self.traits
        left_out = set() if traits.retries else {Verb.AGAIN}
        lists = traits.lists and traits.account and not traits.lists_in_pages
        left_out |= set() if lists else {Verb.LIST}
        offered = {verb: weight for verb, weight in WEIGHTS.items() if verb in traits.verbs}
        return {verb: weight for verb, weight in offered.items() if verb not in left_out}

    def client(self, name: str) -> ClientSteps:
        """What the client of this name does."""
        return ClientSteps(self, name)


class ClientSteps:
    """Draws the steps of one client."""

    def __init__(self, workload: Workload, name: str) -> None:
        self._workload = workload
        self._name = name
        self._random = random.Random(f"{workload.seed} {name}")
        self._count = 0

    def next_step(self) -> Step:
        """The step that the client performs next; all that it names was accepted before."""
        number, self._count = self._count, self._count + 1
        card = self._random.choice(CARDS)
        weights = self._workload.weights
        verb = self._random.choices(list(weights), list(weights.values()))[0]
        on = card
        by_hold = () if self._workload.traits.account else (Verb.READ,)
        if verb in (Verb.CAPTURE, Verb.VOID, Verb.REFUND, Verb.AGAIN, *by_hold):
            latest = self._workload.payments if verb is Verb.AGAIN else self._workload.holds
            labels = list(latest[card])
            if labels:
                on = self._random.choice(labels)
            else:  # nothing to capture, void, refund or repeat yet: make something
                verb = Verb.HOLD
        if verb in (Verb.READ, Verb.LIST, Verb.AGAIN):
            return Step(verb, on=on)
        step = Step(verb, f"{LETTERS[verb]}{self._name}x{number}", on, self._amount(verb))
        return adapted(step, self._workload.traits)

    def accepted(self, step: Step, card: str) -> None:
        """Take note that the target has accepted the step, so that all clients can name it."""
        if step.name:
            self._workload.payments[card].append(step.name)
            if step.verb is Verb.HOLD:
                self._workload.holds[card].append(step.name)

    def _amount(self, verb: Verb) -> Amount | None:
        """The amount of a payment in minor units; None if the step is to have none."""
        most = OPENING // 2 if verb in (Verb.DRAW, Verb.HOLD) else OPENING // 4
        amount = None if verb is Verb.VOID else Amount("", 1, self._random.randint(1, most))
        # Drawn for captures only, and after the amount: the order of draws is part of a seed.
        if verb is Verb.CAPTURE:
            rests = self._random.random() < RESTS
            return None if rests or not self._workload.traits.part_of_capture else amount
        if verb is Verb.REFUND and not self._workload.traits.part_of_refund:
            return None
        return amount
