"""Clean-up outside of the suite: after a replay or a probe, or later, by the journal of a run.

It knows the settings and the journal; what is put away, and how, is decided by the profile.
"""

from __future__ import annotations

from pathlib import Path

from tallystick.cleanup import Bound, LeftOpen, Leftovers, Seen
from tallystick.connect import connect
from tallystick.reporting.journal import read_journal
from tallystick.reporting.journal_files import journal_in, read_parts
from tallystick.reporting.records import Record
from tallystick.settings import Settings, SettingsError
from tallystick.target import Meter, Target

CLEAN_UP_S = 10.0
"""Seconds for the clean-up after a replay or a probe."""
SWEEP_S = 600.0
"""Seconds for a clean-up that somebody asked for and waits for."""


def clean_up(leftovers: Leftovers | None, target: Target) -> LeftOpen:
    """Put away what a short run made; what stays."""
    if leftovers is None:
        return LeftOpen()
    apart = target.apart()
    try:
        return leftovers.put_away({target.address.account: apart}, Bound.of(CLEAN_UP_S))
    finally:
        apart.close()


def seen_in(record: Record) -> Seen:
    """What an exchange in a journal says of what was made."""
    return Seen(record.operation, record.path, record.body, record.status, record.answer)


def sweep(settings: Settings, directory: Path) -> LeftOpen:
    """Put away what the run of a report directory has left on the target, by its journal.

    Returns what stays. The journal may lack a card: the last one of a run that was killed, or one
    whose request was too long to be kept. So the card list of the account is searched for the name
    of the run as well. JournalError if there is no journal, SettingsError if no target is named.
    """
    if settings.address is None or settings.clients is None:
        raise SettingsError("name the server: --target URL or TALLYSTICK_TARGET")
    journal = read_journal(journal_in(directory), partial=True)
    leftovers = settings.profile.leftovers()
    if leftovers is None:
        raise SettingsError(f"the {settings.profile.title} has nothing that can be put away")
    for part in (journal, *read_parts(directory)):
        for record in part.records:
            leftovers.learn(seen_in(record))
    target = connect(
        settings.address,
        settings.clients.main,
        settings.profile,
        network=settings.network,
        meter=Meter(settings.rate),
        observer=leftovers,
    )
    account = target.address.account
    targets = {account: target}
    clients = settings.clients
    if clients.other is not None and clients.other_account:
        targets[clients.other_account] = target.another(
            client=clients.other, account=clients.other_account
        )
    try:
        if journal.header.run:
            leftovers.search(target, journal.header.run)
        return leftovers.put_away(targets, Bound.of(SWEEP_S))
    finally:
        for each in targets.values():
            each.close()
