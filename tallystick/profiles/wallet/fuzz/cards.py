"""The cards of a fuzz session: their ids, their possible ledgers, and what was done to them.

It makes the cards and gives new ids to requests; the requests themselves are unknown here.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from typing import NoReturn

from tallystick.drivers.direct import requiring_answers
from tallystick.drivers.sequential import Session
from tallystick.ledger.state import CardStatus, Entry, Ledger, Token, is_unanswered
from tallystick.ledger.vocabulary import CardId, CardLabel, EntryId, Violation
from tallystick.profiles.wallet.fuzz.interpretation import IdIndex
from tallystick.program import Program, parse_step
from tallystick.run import Finding, Run, Violated

LONGEST_NOTE = 300
"""Characters of one line of a finding."""
MOST_NOTES = 12
"""Lines of requests in a finding."""


class Cards:
    """The cards that requests of any form are about; `lines` are steps that make the first ones."""

    def __init__(self, run: Run, lines: Iterable[str] = ()) -> None:
        self.run = run
        self.session = Session(run, explain=self.explain)
        self.ledgers = self.session.ledgers
        self.story = self.session.story
        self.setup: list[str] = []
        """The steps that made the cards, as lines of a program."""
        self.notes: list[str] = []
        """The requests and what came back, a line each."""
        self.spares: dict[str, str] = {}
        """Labels of the cards that one operation uses up: P to be activated, S to be deleted."""
        self.with_pin: set[str] = set()
        """Labels of the cards that may have a PIN."""
        self._numbers = count(1)
        for line in lines:
            self.prepare(line)

    def prepare(self, line: str) -> None:
        """Run a step of a program, to make something that requests can name.

        Raises Unanswered if its answer is missing: then the id of what was made is not known.
        """
        step = parse_step(line)
        if self.session.leaves_out(step):
            return
        self.setup.append(line)
        with requiring_answers(self.story):
            self.session.perform(step, unread=True)

    @property
    def prefix(self) -> str:
        """What every id begins with that is made here."""
        return self.session.resolver.prefix

    @property
    def customer(self) -> str:
        """The customer_id of the customer that card A is made for."""
        return f"{self.prefix}-customer"

    def ledger(self, card: str) -> Ledger:
        """The likeliest ledger of a card, by its label. KeyError if it is not followed."""
        return self.session.ledger(card)

    def label(self, letter: str) -> str:
        """A new label for a step."""
        return f"{letter}{next(self._numbers)}x"

    def add_spare(self, kind: str, line: str) -> None:
        """Make a spare card of a kind; `line` is what follows the label of the step."""
        label = self.spares[kind] = self.label(kind)
        self.prepare(f"{label} = {line}")

    def spare(self, kind: str, status: CardStatus = CardStatus.ACTIVE) -> Ledger | None:
        """The ledger of the latest spare card of a kind, None if it is not usable any more."""
        label = self.spares.get(kind, "")
        return self.ledger(label) if self.is_usable(label, status) else None

    def fresh(self, letter: str) -> str:
        """An id or ref_id that no request has used before."""
        return f"{self.prefix}{letter}{next(self._numbers)}"

    def follow(self, card_id: str) -> None:
        """Keep a ledger of a card that the next request may make under this id."""
        self.ledgers.follow(CardLabel(card_id), CardId(card_id))

    def unfollow(self, label: str) -> None:
        """Drop the ledgers of a card: its state is unknown from now on."""
        self.session.resolver.forget(CardLabel(label))

    def is_usable(self, label: str, status: CardStatus = CardStatus.ACTIVE) -> bool:
        """Whether the session follows the card and the card has this status."""
        return label in self.ledgers and self.ledger(label).card_status is status

    def transactions(self, label: str) -> dict[EntryId, Entry]:
        """The transactions of a card by their ids, as far as answers have shown the ids."""
        entries = self.ledger(label).entries
        return {id_: entry for id_, entry in entries.items() if not is_unanswered(id_)}

    def tokens(self, label: str) -> dict[str, Token]:
        """The tokens of a card by their values, as far as answers have shown the values."""
        tokens = self.ledger(label).tokens
        return {value: token for value, token in tokens.items() if not is_unanswered(value)}

    def index(self) -> IdIndex:
        """From ids and tokens to the labels of the cards that the session follows now."""
        ledgers = {label: self.ledgers.likeliest(label) for label in self.ledgers}
        return IdIndex(
            cards={ledger.card: label for label, ledger in ledgers.items()},
            transactions={
                id_: label
                for label, ledger in ledgers.items()
                for id_ in ledger.entries
                if not is_unanswered(id_)
            },
            tokens={
                value: label
                for label, ledger in ledgers.items()
                for value in ledger.tokens
                if not is_unanswered(value)
            },
            ids={label: ledger.card for label, ledger in ledgers.items()},
        )

    # What was done --------------------------------------------------------------------------------

    def note(self, line: str) -> None:
        """Add a line to what findings show; a long one is shortened in its middle."""
        if len(line) > LONGEST_NOTE:
            line = f"{line[: LONGEST_NOTE // 2]} ... {line[-LONGEST_NOTE // 2 :]}"
        self.notes.append(line)

    def violate(self, rule: str, expected: str, actual: str) -> NoReturn:
        """Record a violation that was not found by a ledger, and raise Violated."""
        violation = Violation(rule, expected, actual)
        raise Violated(self.run.record(self.explain(violation, None)))

    def explain(self, violation: Violation, card: CardLabel | None) -> Finding:
        """A finding in words, whatever card it is about: no program can express these requests."""
        notes = (*self.setup, *self.notes[-MOST_NOTES:])
        events = self.story.events
        # What made the cards comes first, like its notes: without it, nothing can be tried again.
        made = [event for event in events[:-MOST_NOTES] if event.step]
        return Finding(
            self.run.blame(violation),
            Program(),
            (*made, *events[-MOST_NOTES:]),
            self.session.target.meter.requests,
            notes=notes,
        )
