"""What a run of a declared profile leaves on the target: open holds, which are voided at the end.

Accounts stay: a file does not say how one is deleted. So do holds whose answer was lost: their ids
are not known. A hold is read before it is voided, where the API can show it; else the void alone
tells.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping

from tallystick.cleanup.values import Bound, LeftOpen, Seen, left_open
from tallystick.ledger.vocabulary import (
    Accepted,
    CardId,
    EntryId,
    HoldRecord,
    ReadHold,
    RefId,
    Refused,
    Void,
)
from tallystick.profiles.declared.declaration import Declaration, Name, Template
from tallystick.profiles.declared.expressions import as_word, headers_as_variables
from tallystick.target import Exchange, Target, TargetError
from tallystick.target.api import Unnamed

NOBODY = CardId("")
"""No template of a command on a hold needs its card, or it cannot be put away."""


class DeclaredLeftovers:
    """The holds that one run made; see `cleanup.leftovers`."""

    def __init__(self, declaration: Declaration) -> None:
        self._hold = declaration.commands.get(Name.HOLD)
        self._void = declaration.commands.get(Name.VOID)
        self._can_read = Name.READ_HOLD in declaration.commands
        self._open: dict[str, None] = {}
        self._lock = threading.Lock()

    def __call__(self, exchange: Exchange) -> None:
        """Learn from an exchange of the run."""
        self.learn(Seen.of(exchange))

    def learn(self, seen: Seen) -> None:
        """Learn the id of a hold that was made."""
        if not seen.is_accepted or self._hold is None:
            return
        wait = self._hold.wait
        if seen.operation in (self._hold.call.operation, wait and wait.call.operation):
            shown = _id_in(self._hold, seen)
            if shown is not None:
                with self._lock:
                    self._open[shown] = None

    def search(self, target: Target, name: str) -> None:
        """No list shows which holds a run made."""

    def put_away(self, targets: Mapping[str, Target], bound: Bound) -> LeftOpen:
        """Void every hold that is open still; return those that stay."""
        target = next(iter(targets.values()), None)
        if target is None or self._void is None:
            return self.left("nobody may void them")
        with self._lock:
            waiting = list(self._open)
        stay, reason = [], ""
        for number, hold in enumerate(waiting):
            if bound.is_over:
                stay += waiting[number:]
                reason = "the time for the clean-up was over"
                break
            try:
                if not self._is_gone(target, EntryId(hold)):
                    stay.append(hold)
            except (TargetError, Unnamed) as error:
                stay += waiting[number:]
                reason = str(error)
                break
        with self._lock:
            self._open = dict.fromkeys(stay)
        return left_open((), stay, reason)

    def _is_gone(self, target: Target, hold: EntryId) -> bool:
        """Whether a hold is finished; it is voided if it is not."""
        if self._can_read:
            shown = target.perform(ReadHold(NOBODY, hold))[0]
            if isinstance(shown, Refused):
                return True
            record = shown.record if isinstance(shown, Accepted) else None
            if isinstance(record, HoldRecord) and (
                record.is_open is False or (record.is_open is None and record.remaining == 0)
            ):
                return True
        outcome = target.perform(Void(NOBODY, hold, _new_ref()))[0]
        return isinstance(outcome, Accepted) or (
            isinstance(outcome, Refused) and not self._can_read
        )

    def left(self, reason: str) -> LeftOpen:
        """The holds that were made: which of them are open still is not known."""
        with self._lock:
            return left_open((), self._open, reason)


def _new_ref() -> RefId:
    return RefId(f"away-{secrets.token_hex(8)}")


def _id_in(template: Template, seen: Seen) -> str | None:
    where = template.shows.get("id")
    known = headers_as_variables(seen.headers)
    value = None if where is None else where.value(seen.answer, known)
    return None if isinstance(value, bool) else as_word(value)
