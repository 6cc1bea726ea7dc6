"""The story of one program or test: what was done and answered, and when a card was last correct.

Findings are made from it: with the program that was performed, or in words if single requests came
in between that no step spells. It judges nothing and sends nothing.
"""

from __future__ import annotations

from dataclasses import replace

from tallystick.driven import Judged, last_transition
from tallystick.evidence import Event
from tallystick.ledger.vocabulary import CardLabel, EntryId, Violation
from tallystick.program import Program, Step
from tallystick.run import Attempt, Finding
from tallystick.target import Exchange

LONGEST_NOTE = 200
"""So many characters of a note are kept: a request may have a body of megabytes."""


class Story:
    """Steps, exchanges and notes in the order in which they happened."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.events: list[Event] = []
        self.notes: list[str] = []
        """What was done, in words. Empty where the steps say all of it."""
        self._is_program = True
        self._verified_at: dict[CardLabel | EntryId, int] = {}

    def add_step(self, step: Step) -> None:
        """Add a step that is about to be performed."""
        self.steps.append(step)

    def add_exchange(self, step: str, exchange: Exchange, judged: Judged | None = None) -> None:
        """Add a request and what came back; `step` says in words what it belongs to.

        `judged`: what a ledger said before it, and what the answer means.
        """
        self.events.append(Event(step, exchange, judged))

    def judge(self, answer: object, judged: Judged) -> None:
        """Remember what a ledger said before an answer of a single request, unless it is known."""
        for number in reversed(range(len(self.events))):
            event = self.events[number]
            if event.exchange.answer is answer:
                if event.judged is None:
                    self.events[number] = replace(event, judged=judged)
                return

    def note(self, line: str) -> None:
        """Add a line of words, such as a step or a heading."""
        self.notes.append(line[:LONGEST_NOTE])

    def leave_program(self) -> None:
        """From here on the steps are not the whole story: findings show the notes instead."""
        self._is_program = False

    def begin_as(self, story: Story) -> None:
        """Take over what a story holds, as the beginning of this one: it made what both name."""
        self.notes += story.notes
        self.events += story.events
        self.leave_program()  # the steps were those of another session

    @property
    def program(self) -> Program:
        """The steps that were performed so far."""
        return Program(tuple(self.steps))

    @property
    def last_exchange(self) -> Exchange:
        """The latest exchange. IndexError if there is none."""
        return self.events[-1].exchange

    def verify(self, card: CardLabel | EntryId) -> None:
        """Remember that a card, or one hold, was read after the steps so far, and was correct.

        A card that is not read back may be wrong for some steps before a read shows it.
        """
        self._verified_at[card] = len(self.steps)

    def verified_at(self, card: CardLabel | EntryId) -> int:
        """How many steps had been performed when a card was last verified; 0 if it never was."""
        return self._verified_at.get(card, 0)

    # Findings -------------------------------------------------------------------------------------

    def finding(self, violation: Violation, requests: int, attempt: Attempt | None) -> Finding:
        """A violation with the program that led to it, after so many requests of the run.

        `attempt` replays programs; it is left out if the steps are not the whole story, because
        then a replay would prove nothing.
        """
        found = Finding(
            violation,
            self.program,
            tuple(self.events),
            requests,
            transition=last_transition(event.judged for event in self.events),
        )
        if self._is_program:
            return replace(found, attempt=attempt)
        return replace(found, notes=tuple(self.notes))

    def finding_in_words(self, violation: Violation, requests: int) -> Finding:
        """A violation that no program shows, with the notes that led to it."""
        return Finding(violation, Program(), tuple(self.events), requests, notes=tuple(self.notes))
