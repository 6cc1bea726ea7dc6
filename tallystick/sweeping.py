"""Clean-up outside of the suite: after a replay or a probe, or later, by the journal of a run.

It knows the settings and the journal; what is put away, and how, is decided in `cleanup`.
"""

from __future__ import annotations

from pathlib import Path

from tallystick.cleanup import Bound, CleanUp, LeftOpen, Seen, Traces, cards_with_prefix
from tallystick.connect import connect
from tallystick.reporting.journal import read_journal
from tallystick.settings import Settings, SettingsError
from tallystick.target import Meter, Target

CLEAN_UP_S = 10.0
"""Seconds for the clean-up after a replay or a probe."""
SWEEP_S = 600.0
"""Seconds for a clean-up that somebody asked for and waits for."""


def clean_up(traces: Traces, target: Target) -> LeftOpen:
    """Void the holds and delete the cards of a short run; what stays."""
    apart = target.apart()
    try:
        return CleanUp(traces, {target.address.account: apart}, Bound.of(CLEAN_UP_S)).run()
    finally:
        apart.close()


def sweep(settings: Settings, directory: Path) -> LeftOpen:
    """Put away what the run of a report directory has left on the target, by its journal.

    Returns what stays. The journal may lack a card: the last one of a run that was killed, or one
    whose request was too long to be kept. So the card list of the account is searched for the name
    of the run as well. JournalError if there is no journal, SettingsError if no target is named.
    """
    if settings.address is None or settings.clients is None:
        raise SettingsError("name the server: --target URL or TALLYSTICK_TARGET")
    journal = read_journal(directory / "journal.jsonl", partial=True)
    traces = Traces()
    for record in journal.records:
        traces.learn(Seen(record.operation, record.path, record.body, record.status, record.answer))
    target = connect(
        settings.address,
        settings.clients.main,
        network=settings.network,
        meter=Meter(settings.rate),
        observer=traces,
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
            for card_id in cards_with_prefix(target, journal.header.run):
                traces.find_card(account, card_id)
        return CleanUp(traces, targets, Bound.of(SWEEP_S)).run()
    finally:
        for each in targets.values():
            each.close()
