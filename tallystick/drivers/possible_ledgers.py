"""The ledgers that are possible for each card, and the index between card labels and card ids.

A card has one possible ledger as long as every answer arrives. After a lost answer there are
several: the request may have taken effect or not. Each outcome is judged against all of them, and
those that it contradicts are dropped. Each lost answer can double their number, so a card with too
many of them is given up: it is judged no more, and the run is undecided. What an outcome means is
decided by the oracle (`ledger.oracle`); this module knows neither requests nor programs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

from tallystick.ledger.oracle import judge
from tallystick.ledger.state import Ledger
from tallystick.ledger.traits import Traits
from tallystick.ledger.vocabulary import CardId, CardLabel, Command, Outcome, Violation
from tallystick.run import Run

MOST_LEDGERS = 256
"""Possible ledgers of one card until it is given up: eight lost answers in a row, and no read."""


class PossibleLedgers:
    """The cards of a program, in the order in which they were named. Iterates over their labels."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._ledgers: dict[CardLabel, tuple[Ledger, ...]] = {}
        self._labels: dict[CardId, CardLabel] = {}
        self._given_up: set[CardLabel] = set()

    @property
    def traits(self) -> Traits:
        """What the API is able to do."""
        return self._run.profile.traits

    def __iter__(self) -> Iterator[CardLabel]:
        return iter(self._ledgers)

    def __len__(self) -> int:
        return len(self._ledgers)

    def __contains__(self, label: object) -> bool:
        return label in self._ledgers

    # Looking --------------------------------------------------------------------------------------

    def of(self, label: CardLabel) -> tuple[Ledger, ...]:
        """All ledgers that are possible for a card, the likeliest first. KeyError if unknown."""
        return self._ledgers[label]

    def likeliest(self, label: CardLabel) -> Ledger:
        """The ledger that is taken for the real one where one is needed. KeyError if unknown."""
        return self._ledgers[label][0]

    def card_id(self, label: CardLabel) -> CardId:
        """The id behind a label. KeyError if unknown."""
        return CardId(self.likeliest(label).card)

    def label_of(self, card_id: CardId) -> CardLabel | None:
        """The label of the card with this id, or None; the first one, if several name it."""
        return self._labels.get(card_id)

    def by_card_id(self) -> dict[CardId, tuple[Ledger, ...]]:
        """The possible ledgers of all cards by card id, as the checker wants them.

        A card that was given up has none.
        """
        return {
            self.card_id(label): () if label in self._given_up else ledgers
            for label, ledgers in self._ledgers.items()
        }

    # Changing -------------------------------------------------------------------------------------

    def follow(self, label: CardLabel, card_id: CardId) -> None:
        """Follow a card that does not exist yet; nothing changes if the label is known already.

        This is the one way for a card to become known to a session.
        """
        if label not in self._ledgers:
            self._ledgers[label] = (Ledger(self._run.dialect, card_id, traits=self.traits),)
            self._labels.setdefault(card_id, label)

    def forget(self, label: CardLabel) -> None:
        """Follow a card no longer, because what happened to it cannot be known."""
        ledgers = self._ledgers.pop(label, ())
        self._given_up.discard(label)
        for card_id in {CardId(ledger.card) for ledger in ledgers}:
            self._labels.pop(card_id, None)

    def replace(self, label: CardLabel, ledgers: tuple[Ledger, ...]) -> None:
        """Take these ledgers for possible, by what the caller knows better than the oracle."""
        self._ledgers[label] = ledgers

    def copy(self) -> Self:
        """The same cards; what either side learns from now on, the other does not."""
        other = type(self)(self._run)
        other._ledgers, other._labels = dict(self._ledgers), dict(self._labels)
        other._given_up = set(self._given_up)
        return other

    # Judging --------------------------------------------------------------------------------------

    def judge(self, label: CardLabel, command: Command, outcome: Outcome) -> Violation | None:
        """Drop the ledgers that an outcome contradicts; the first violation if none is left.

        The rules that were checked are counted. If one ledger is left, its dialect becomes that of
        the run; if none is left, the ledgers stay as they were.
        """
        if label in self._given_up:
            return None
        run = self._run
        survivors: list[Ledger] = []
        violation: Violation | None = None
        for ledger in self.up_to_date(label):
            judgement = judge(ledger, command, outcome)
            run.count_checked(*judgement.checked)
            if isinstance(judgement.result, Violation):
                violation = violation or judgement.result
            else:
                survivors += judgement.result
        if not survivors:
            assert violation is not None, "a card has at least one possible ledger"
            return violation
        run.driven.note(self.likeliest(label), command, outcome)
        possible = tuple(dict.fromkeys(survivors))
        if len(possible) > MOST_LEDGERS:
            self._give_up(label)
            return None
        self._ledgers[label] = possible
        # With several left, the dialect may have been narrowed by a ledger that is wrong.
        if len(possible) == 1:
            run.learn(survivors[0].dialect)
        return None

    def up_to_date(self, label: CardLabel) -> tuple[Ledger, ...]:
        """The possible ledgers; another card may have answered an open question since."""
        known = self._run.dialect
        return tuple(
            ledger if ledger.dialect is known else ledger.changed(dialect=known)
            for ledger in self._ledgers[label]
        )

    def contradiction(
        self, label: CardLabel, command: Command, outcome: Outcome
    ) -> Violation | None:
        """The first violation if no possible ledger permits an outcome; nothing is learned by it.

        It judges by the dialect as the card knows it: a drift since then is for `judge` to name.
        """
        if label in self._given_up:
            return None
        results = [judge(ledger, command, outcome).result for ledger in self._ledgers[label]]
        violations = [result for result in results if isinstance(result, Violation)]
        return violations[0] if len(violations) == len(results) else None

    def _give_up(self, label: CardLabel) -> None:
        self._given_up.add(label)
        self._run.leave_undecided(
            f"so many answers were lost that cards have more than {MOST_LEDGERS} possible ledgers; "
            "these cards were not judged any further"
        )
