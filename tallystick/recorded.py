"""Recorded exchanges as a history that can be judged: of a journal, or of an HTTP archive.

What cannot be judged is counted, with the reason, and never guessed: a card that was there before
the record begins, one that a request which cannot be read may have changed, one whose period the
clock decides. It opens no connection.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tallystick.checker import History, Operation
from tallystick.ledger.vocabulary import (
    Accepted,
    ActivateCard,
    CardId,
    Command,
    IssueToken,
    OpenCard,
    Outcome,
    PrepareCard,
    Refused,
    TokenRecord,
    TransactionRecord,
    Unknown,
)
from tallystick.profiles.profile import Profile
from tallystick.reporting.compressed import beginning
from tallystick.reporting.journal import JournalError, Record, read_journal
from tallystick.target import NOT_JSON, Answer

JSON = Any
CUT = "[cut: "
BUSY = (429, 503)
PERIOD = ("active_from", "expires_at")
USUAL_LIFE_S = 3600
"""How long the tokens live that the suite makes: longer than a run."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A history, and what was left out of it: exchanges and cards, by the reason."""

    history: History[Command, Outcome]
    exchanges: int
    left_out: Counter[str] = field(default_factory=Counter)
    cards_left_out: Counter[str] = field(default_factory=Counter)


def is_journal(path: Path) -> bool:
    """Whether a file begins as a journal of the suite."""
    return beginning(path, 200).startswith('{"journal":')


def is_archive(path: Path) -> bool:
    """Whether a file begins as an HTTP archive: an object with the member `log`."""
    return "".join(beginning(path, 200).split()).startswith('{"log":')


def records_of_archive(path: Path, profile: Profile) -> list[Record]:
    """The exchanges of an HTTP archive; JournalError says what is missing."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8-sig"))["log"]["entries"]
        return [_record_of(number, entry) for number, entry in enumerate(entries, start=1)]
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        said = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise JournalError(f"{path} is no HTTP archive that can be judged: {said}") from None


def _record_of(number: int, entry: dict[str, JSON]) -> Record:
    request, response = entry["request"], entry["response"]
    began = datetime.fromisoformat(entry["startedDateTime"])
    called_ns = round(began.timestamp() * 1e6) * 1000
    url = urlsplit(request["url"])
    path = url.path + (f"?{url.query}" if url.query else "")
    post = request.get("postData") or {}
    text, form = post.get("text") or "", "urlencoded" in post.get("mimeType", "")
    body: JSON = None
    if text:
        body = dict(parse_qsl(text, keep_blank_values=True)) if form else _parsed(text)
    status = response["status"] or None
    answer = _parsed((response.get("content") or {}).get("text") or "")
    reason = "not JSON" if answer is NOT_JSON else ""
    return Record(
        *(number, "", "", request["method"], path, body, status, reason),
        None if answer is NOT_JSON else answer,
        called_ns,
        called_ns + max(0, round(float(entry["time"]) * 1e6)),
        form=form,
    )


def _parsed(text: str) -> JSON:
    try:
        return json.loads(text)
    except ValueError:
        return NOT_JSON


def recorded(path: Path, profile: Profile) -> Recorded:
    """What of a file can be judged by a profile. JournalError if it cannot be read."""
    if is_archive(path):
        records = records_of_archive(path, profile)
        start = _common_start(records)
        records = [replace(record, path=record.path.removeprefix(start)) for record in records]
    else:
        records = list(read_journal(path, partial=True).records)
    reader = _Reader(profile)
    for record in sorted(records, key=lambda record: record.called_ns):
        reader.take(record)
    return reader.ended(len(records))


def _common_start(records: Iterable[Record]) -> str:
    """What every path begins with before `/accounts`, such as `/v1`."""
    starts = {record.path.partition("/accounts/")[0] for record in records}
    return starts.pop() if len(starts) == 1 else ""


class _Reader:
    """Reads exchanges in the order of their calls."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._operations: list[Operation[Command, Outcome]] = []
        self._left_out: Counter[str] = Counter()
        self._spoiled: dict[str, str] = {}
        self._owners: dict[str, CardId] = {}
        self._seen: set[str] = set()
        self._unowned = False
        """Whether a request acted on a hold of which no answer shows whose it is."""

    def take(self, record: Record) -> None:
        """Take the next exchange."""
        if record.status in BUSY:
            self._left_out["the target was too busy for it"] += 1
            return
        found = self._profile.recognise(record.method, record.path, record.body)
        may_act = record.status is None or not 300 <= record.status < 500
        if found.command is None:
            self._left_out["it is no command of the ledger"] += 1
            if found.moves and may_act:
                self._spoil(record)
            return
        command = self._owned(found.command)
        if not command.card:
            self._left_out["it names what no answer has shown"] += 1
            self._unowned = self._unowned or may_act
            return
        self._add(command, record, found.account)

    def _owned(self, command: Command) -> Command:
        """The command with its card, if an earlier answer shows whose hold or token it names."""
        named = getattr(command, "parent", None) or getattr(command, "token", None)
        if command.card or named is None:
            return command
        return replace(command, card=self._owners.get(str(named), CardId("")))

    def _add(self, command: Command, record: Record, account: str) -> None:
        card = f"{account} {command.card}".strip()
        outcome = self._outcome(command, record)
        if isinstance(outcome, Unknown) and record.method == "GET":
            self._left_out["its answer is missing"] += 1
            return
        if isinstance(command, OpenCard | PrepareCard):
            self._seen.add(card)
        elif card not in self._seen:
            self._spoiled.setdefault(card, "it was there before the record begins")
        extras = dict(getattr(command, "extras", ()))
        if isinstance(command, OpenCard | ActivateCard) and set(PERIOD) & set(extras):
            self._spoiled.setdefault(card, "its period is judged by the clock of a run")
        if isinstance(command, IssueToken) and command.expires_in != USUAL_LIFE_S:
            self._spoiled.setdefault(card, "it has tokens that end")
        if isinstance(outcome, Accepted):
            made = outcome.record
            shown: str | None = made.id if isinstance(made, TransactionRecord) else None
            shown = made.value if isinstance(made, TokenRecord) else shown
            if shown is not None:
                self._owners.setdefault(str(shown), command.card)
        returned_ns = None if isinstance(outcome, Unknown) else record.returned_ns
        self._operations.append(
            Operation(record.number, card, command, outcome, record.called_ns, returned_ns)
        )

    def _outcome(self, command: Command, record: Record) -> Outcome:
        if record.status is None:
            return Unknown(record.reason)
        if record.status in (401, 403):
            # Perhaps it was refused for who asked, of which the ledger knows nothing.
            return Unknown(f"status {record.status}")
        is_cut = isinstance(record.answer, str) and record.answer.startswith(CUT)
        body = NOT_JSON if record.reason or is_cut else record.answer
        outcome = self._profile.outcome(command, Answer(record.status, "application/json", body))
        if is_cut and not isinstance(outcome, Refused):
            return Unknown("the answer was too long to be kept")
        return outcome

    def _spoil(self, record: Record) -> None:
        """A request that cannot be read may have changed the cards that it names, or any."""
        text = f"{unquote(record.path)} {json.dumps(record.body, ensure_ascii=False)}"
        owners = [card for id_, card in self._owners.items() if id_ in text]
        named = [key for key in self._seen if _id_of(key) in text or _id_of(key) in owners]
        made = record.answer.get("id") if isinstance(record.answer, dict) else None
        if isinstance(made, str) and named:
            self._owners.setdefault(made, CardId(_id_of(named[0])))
        for card in named:
            self._spoiled.setdefault(card, "a request that cannot be read may have changed it")
        if not named and record.status is not None and record.status < 300:
            self._left_out["it may have made something that is not followed"] += 1

    def ended(self, exchanges: int) -> Recorded:
        """What was read, without the cards that cannot be judged."""
        if self._unowned:
            for lost in (one for one in self._operations if not one.answered):
                why = "a request acted on what a lost answer may have made"
                self._spoiled.setdefault(str(lost.key), why)
        kept = [one for one in self._operations if str(one.key) not in self._spoiled]
        left = len(self._operations) - len(kept)
        if left:
            self._left_out["its card is left out"] += left
        return Recorded(
            History.of(kept), exchanges, self._left_out, Counter(self._spoiled.values())
        )


def _id_of(key: str) -> str:
    """The card id in the key of a card."""
    return key.rpartition(" ")[2]


def said_of(found: Recorded) -> Iterator[str]:
    """What was left out, in lines."""
    for what, counted in (("exchanges", found.left_out), ("cards", found.cards_left_out)):
        for reason, number in counted.most_common():
            yield f"not judged: {number:,} {what}: {reason}"
