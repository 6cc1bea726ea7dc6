"""`--against URL`: the programs of a run on a second server, and where it answers differently.

While the contracts run, every sequential program is written down. Afterwards each is run on both
servers; a difference is confirmed, shortened, and reported beside the violations, because it breaks
no rule: which of the two is right is for a person to say.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from tallystick.connect import connect
from tallystick.drivers.differential import Comparing, Difference, comparable, pairs_of
from tallystick.drivers.reduce import Budget, reduce_program
from tallystick.evidence import Event
from tallystick.profiles.documents import dialect_of, shape_of
from tallystick.program import Program, ProgramError
from tallystick.reporting.curl import answered
from tallystick.reporting.records import record_of
from tallystick.reporting.redaction import Redactor
from tallystick.reporting.result import redactor_for
from tallystick.reporting.result_form import AgainstEntry, AnswersEntry, DifferenceEntry
from tallystick.reporting.visible import brief
from tallystick.run import Intensity, Run
from tallystick.settings import Clients, Settings
from tallystick.sweeping import clean_up
from tallystick.target import Meter, TargetError

PROGRAMS = "programs.txt"
"""In the report folder: what was run so far; a blank line ends each program."""
MOST_PROGRAMS = {Intensity.GATE: 150, Intensity.RELEASE: 1500, Intensity.HUNT: 20_000}
SHARE = 0.25
"""The share of the budget that the comparison may take."""
MOST_S = {Intensity.GATE: 300.0, Intensity.RELEASE: 300.0, Intensity.HUNT: 3600.0}
REDUCE_S = 6.0
"""Seconds for the shortening of one difference."""
MOST_DIFFERENCES = 20
LONGEST = 40
"""Steps of a program; longer ones say little more, and take long."""


def without_share(settings: Settings) -> Settings:
    """The settings of the run, with what is left of the budget where a part of it is compared."""
    if settings.against is None or settings.budget_s is None:
        return settings
    return replace(settings, budget_s=settings.budget_s * (1 - SHARE))


class Against:
    """The second server of a run."""

    def __init__(self, settings: Settings) -> None:
        """`settings` are those of the run; without `--against` nothing is done."""
        self._settings = settings
        self._given = settings.against
        self._file = settings.report_dir / PROGRAMS
        self._run: Run | None = None
        self._is_shown = False
        self.entry: AgainstEntry | None = None
        """What came out, as soon as it is known."""

    @property
    def is_asked_for(self) -> bool:
        """Whether there is a second server."""
        return self._given is not None

    @property
    def fails(self) -> bool:
        """Whether the second server answers otherwise, or nothing could be shown of it.

        That the budget ended the comparison fails nothing: how deep it goes is for the budget.
        """
        return self.entry is not None and (bool(self.entry["differences"]) or not self._is_shown)

    def connect(self, clients: Clients | None) -> None:
        """Connect to it, with the clients of the run if it has none; TargetError if that fails."""
        given = self._given
        if given is None:
            return
        assert given.address is not None, "a named server has an address"
        chosen = given.clients or clients
        assert chosen is not None, "the settings of a named server come with clients"
        self._file.unlink(missing_ok=True)
        self._leftovers = given.profile.leftovers()
        target = connect(
            given.address,
            chosen.main,
            given.profile,
            network=given.network,
            meter=Meter(given.rate),
            observer=self._leftovers or (lambda exchange: None),
            not_supported=given.not_supported,
        )
        shape, dialect = shape_of(given.profile, given.spec), dialect_of(given.profile)
        self._run = Run(target, given.profile, shape, dialect, seed=given.seed, is_pinned=False)
        self.entry = AgainstEntry(
            target=given.address.url,
            programs=0,
            requests=0,
            reason="not finished",
            differences=[],
            left="",
        )

    def keep_programs(self, run: Run) -> None:
        """Write every program down that the run runs; workers of the run write to one file."""
        if not self.is_asked_for:
            return

        def keep(program: Program) -> None:
            if len(program.prefix) <= LONGEST:
                text = "\n".join([*program.lines(), "", ""])
                with self._file.open("ab", buffering=0) as file:
                    file.write(text.encode())

        run.driven.keep = keep

    # Comparing ------------------------------------------------------------------------------------

    def compare(self, run: Run, goes_on: Callable[[], bool]) -> None:
        """Run the programs on both servers, for as long as `goes_on` and the budget last."""
        other, entry = self._run, self.entry
        if other is None or entry is None:
            return
        run.driven.keep = lambda program: None
        deadline = time.monotonic() + self._seconds()
        comparing = Comparing(run, other)
        programs = comparable(list(_read(self._file)))[: MOST_PROGRAMS[run.intensity]]
        entry["reason"] = None if programs else "no program was run that could be compared"
        self._is_shown = bool(programs)
        try:
            for program in programs:
                if not goes_on() or time.monotonic() > deadline:
                    done = f"{comparing.programs} of {len(programs)} programs"
                    entry["reason"] = f"it was ended after {done}"
                    break
                for found in comparing.new(program):
                    if len(entry["differences"]) < MOST_DIFFERENCES:
                        shown = self._shortened(run, comparing, found, program)
                        entry["differences"].append(shown)
        except TargetError as error:
            entry["reason"] = brief(str(error))
            self._is_shown = False
        entry["programs"] = comparing.programs
        entry["requests"] = other.target.meter.requests
        if programs and comparing.inconclusive == comparing.programs:
            entry["reason"] = "an answer got lost in every program"
            self._is_shown = False
        self._file.unlink(missing_ok=True)

    def _seconds(self) -> float:
        most = MOST_S[self._settings.intensity]
        budget_s = self._settings.budget_s
        return most if budget_s is None else min(most, budget_s * SHARE)

    def _shortened(
        self, run: Run, comparing: Comparing, found: Difference, program: Program
    ) -> DifferenceEntry:
        reduced = reduce_program(
            program,
            lambda shorter: comparing.shows(found.key, shorter),
            Budget.of(REDUCE_S),
            run.profile.traits,
        )
        pairs = found.pairs if reduced.shown is None else pairs_of(reduced.shown)
        redactor = redactor_for(run)
        return DifferenceEntry(
            member=found.member,
            steps=reduced.program.lines(),
            replays=list(reduced.replays),
            answers=[_answers(*pair, redactor) for pair in pairs],
        )

    def close(self) -> None:
        """Put away what was made on the second server, and leave it."""
        run, entry = self._run, self.entry
        if run is None or entry is None:
            return
        self._run = None
        if not self._settings.keep:
            left = clean_up(self._leftovers, run.target)
            if left:
                entry["left"] = brief(str(left))
        run.target.close()


def _answers(here: Event, there: Event, redactor: Redactor) -> AnswersEntry:
    request = here.exchange.request
    said = [
        brief(answered(record_of(each.exchange, each.step, redactor))) for each in (here, there)
    ]
    return AnswersEntry(
        step=here.step,
        request=brief(redactor.text(f"{request.method} {request.path}")),
        here=said[0],
        there=said[1],
    )


def _read(path: Path) -> Iterator[Program]:
    """The programs that were written down; what was cut off is left out."""
    if not path.exists():
        return
    for text in dict.fromkeys(path.read_text(encoding="utf-8").split("\n\n")):
        try:
            yield Program.from_lines(text.splitlines())
        except ProgramError:
            continue
