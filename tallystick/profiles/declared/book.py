"""What the record of one account has shown so far, and the command that a request means by it.

Unclear says why a request is no command for certain: whoever judges the record then leaves out what
it may have changed. It knows requests and answers, not whether they were right.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from tallystick.ledger.members import FINAL
from tallystick.ledger.members import as_text as as_metadata
from tallystick.ledger.ordinary import is_ordinary_metadata
from tallystick.ledger.vocabulary import (
    Capture,
    CardId,
    Command,
    EntryId,
    Extras,
    Kind,
    Money,
    OpenCard,
    Outcome,
    ReadCard,
    ReadHold,
    ReadTransactions,
    RefId,
    Refund,
    Transact,
    Void,
)
from tallystick.profiles.declared.declaration import (
    OF_A_HOLD,
    Before,
    Call,
    Declaration,
    Name,
)
from tallystick.profiles.declared.decoding import Decoder
from tallystick.profiles.declared.encoding import METADATA, Encoder
from tallystick.profiles.declared.expressions import headers_as_variables
from tallystick.profiles.declared.keys import Keys, Unclear
from tallystick.profiles.declared.matching import Found, alike, same_request
from tallystick.profiles.declared.money import Unsayable
from tallystick.profiles.declared.names import Names
from tallystick.profiles.declared.templates import as_text
from tallystick.profiles.profile import Sent
from tallystick.target.answers import NOT_JSON, Answer, NoAnswer
from tallystick.target.api import FollowUp, Unnamed, Variables

JSON = Any
UNNAMED = CardId("")
"""Stands for the card of a hold; who reads the whole record knows which it is."""
SHARED_BY_MANY = ("account", "amount", "currency", METADATA)
"""Variables that do not tell one request from another."""
KINDS = {Name.DRAW: Kind.DRAWDOWN, Name.HOLD: Kind.HOLD, Name.FUND: Kind.FUND}


class Speaker(Protocol):
    """The profile, as one record is read by it."""

    declaration: Declaration
    names: Names
    encoder: Encoder
    decoder: Decoder

    def remember(self, command: Command, given: Variables) -> None: ...

    def complete(
        self, command: Command, account: str, answer: Answer
    ) -> Answer | NoAnswer | FollowUp: ...

    def outcome(self, command: Command, answer: Answer | NoAnswer) -> Outcome: ...


@dataclass(slots=True)
class Prepared:
    """A request before the one with the effect that was accepted, and what it gave."""

    variables: Found
    number: int
    is_read: bool
    used_for: str = ""
    """What it was used for; another use of what it made is none that a run shows."""


@dataclass(slots=True)
class Book:
    """The record of one account."""

    speaker: Speaker
    keys: Keys
    holds: dict[str, CardId] = field(default_factory=dict)
    """The card of each hold that an answer has shown."""
    prepared_by: set[int] = field(default_factory=set)
    """The numbers of the requests before the last command that was read."""
    _cards_given: dict[tuple[str, str], CardId] = field(default_factory=dict)
    _prepared: dict[tuple[Name, int], dict[tuple[str, str], list[Prepared]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )

    @property
    def _said(self) -> Declaration:
        return self.speaker.declaration

    # Requests before the one with the effect ------------------------------------------------------

    def prepare(
        self,
        name: Name,
        number: int,
        before: Before,
        found: Found,
        sent: Sent,
        answer: Answer,
        unread: Iterable[str],
    ) -> None:
        """Keep what such a request gave, if it was accepted and is written as a run writes it."""
        if self.speaker.decoder.verdict(answer) != "accepted":
            return
        if not self._is_exact(before.call, found, sent, unread):
            return
        body = None if answer.body is NOT_JSON else answer.body
        if before.refused is not None and before.refused.holds_for(body):
            return
        seen = {**found, **headers_as_variables(answer.headers)}
        given = {each: where.value(body, seen) for each, where in before.gives.items()}
        if any(value is None for value in given.values()):
            return
        made = Prepared({**found, **given}, sent.number, before.call.method == "GET")
        for pair in _telling(made.variables) or [("", "")]:
            self._prepared[name, number][pair].append(made)

    def _with_prepared(self, name: Name, found: Found, use: str) -> tuple[Found, Found]:
        """The variables of a request with those of all before it; and what those gave."""
        given: Found = {}
        self.prepared_by.clear()
        befores = self._said.commands[name].before
        for number in reversed(range(len(befores))):
            made = self._find(name, number, found)
            if made is None:
                raise Unclear("what came before it is not in the record")
            if not made.is_read and made.used_for not in ("", use):
                raise Unclear("what came before it was used for another request")
            made.used_for = use
            self.prepared_by.add(made.number)
            found = {**made.variables, **found}
            given |= {each: made.variables[each] for each in befores[number].gives}
        return found, given

    def _find(self, name: Name, number: int, found: Found) -> Prepared | None:
        known = self._prepared[name, number]
        if ("", "") in known:
            return known["", ""][-1]
        lists = [known[pair] for pair in _telling(found) if pair in known]
        candidates = min(lists, key=len, default=[])
        for made in reversed(candidates):
            common = made.variables.keys() & found.keys()
            if all(alike(made.variables[each], found[each]) for each in common):
                return made
        return None

    # Commands -------------------------------------------------------------------------------------

    def command(
        self, name: Name, call: Call, final: str, found: Found, sent: Sent, unread: Iterable[str]
    ) -> Command:
        """What a request that fits a template asks for; Unclear if that is not certain."""
        if not self._is_exact(call, found, sent, unread):
            raise Unclear("it is written otherwise than the profile writes it")
        use = self.keys.key_in(name, call, found) or f"request {sent.number}"
        whole, given = self._with_prepared(name, found, use)
        if not self._is_known(name, whole):
            raise Unclear("what it says of its hold or card is not what was given with it")
        command = self._command(name, final, whole, use)
        self._check_money(command, whole)
        self.keys.check(name, call, command, found, sent.client)
        if self._said.commands[name].before:
            self.speaker.remember(command, given)
        return command

    def _command(self, name: Name, final: str, whole: Found, use: str) -> Command:
        if name is Name.CARD:
            card = str(whole["card"]) if self._said.cards_are_ours else use
            if self._said.cards_are_ours and not self.keys.has_form(card):
                raise Unclear("the id has another form than that of the profile")
            currency = self._currency(whole) or next(iter(self._said.money.currencies))
            return OpenCard(CardId(card), self._amount(whole, currency), currency)
        captured = self.speaker.names.hold_captured(whole) if name is Name.REFUND else None
        hold = EntryId(as_text(whole.get("hold", captured)))
        card = self._card(name, whole, hold)
        if name is Name.READ_HOLD:
            return ReadHold(card, hold)
        if name in (Name.READ_CARD, Name.LIST):
            return ReadCard(card) if name is Name.READ_CARD else ReadTransactions(card)
        extras = _extras(whole)
        currency = self._currency(whole) or self.speaker.encoder.currency(
            ReadHold(card, hold) if name in OF_A_HOLD else ReadCard(card)
        )
        if name in KINDS:
            amount = self._amount(whole, currency)
            return Transact(KINDS[name], card, amount, currency, RefId(use), extras=extras)
        part = self._amount(whole, currency) if "amount" in whole else None
        if name is Name.VOID:
            return Void(card, hold, RefId(use), extras=extras, amount=part)
        if name is Name.REFUND:
            return Refund(card, hold, part, RefId(use), extras=extras)
        says = ((FINAL, final),) if final else ()
        return Capture(card, hold, part, RefId(use), extras=tuple(sorted((*extras, *says))))

    def _card(self, name: Name, whole: Found, hold: EntryId) -> CardId:
        """The card that a request is about; UNNAMED if no answer has shown which that is."""
        if not self._said.has_balance:
            return UNNAMED
        named = [self.speaker.names.card_of(as_text(whole["card"]))] if "card" in whole else []
        if self._said.cards_are_ours and "card" in whole:
            named = [CardId(as_text(whole["card"]))]
        for given in self._said.commands[Name.CARD].all_given:
            if given in whole:
                named.append(self._cards_given.get((given, as_text(whole[given]))))
        if name in OF_A_HOLD:
            named.append(self.holds.get(hold))
        if len(set(named)) > 1:
            raise Unclear("it names several cards", tuple(str(card) for card in named if card))
        return next(iter(named), None) or UNNAMED

    def learn_card(self, card: CardId, given: Mapping[str, JSON]) -> None:
        """What was given with a card names it too, unless several cards were given the same."""
        for name, value in given.items():
            first = self._cards_given.setdefault((name, as_text(value)), card)
            if first != card:
                self._cards_given[name, as_text(value)] = UNNAMED

    def _is_known(self, name: Name, whole: Found) -> bool:
        """Whether it says of its hold and card what the answers have given with them."""
        known: dict[str, JSON] = {}
        if name in OF_A_HOLD:
            known |= self.speaker.names.given("hold", as_text(whole.get("hold")))
        if name is not Name.CARD and "card" in whole:
            known |= self.speaker.names.given("card", as_text(whole["card"]))
        return all(alike(known[each], whole[each]) for each in known.keys() & whole.keys())

    # Money ----------------------------------------------------------------------------------------

    def _currency(self, found: Found) -> str | None:
        """Our name of the currency that a request names; None if it names none."""
        if "currency" not in found:
            return None
        theirs = found["currency"]
        for ours, written in self._said.money.currencies.items():
            if alike(written, theirs):
                return ours
        raise Unclear("the profile does not know its currency")

    def _amount(self, found: Found, currency: str) -> Money:
        amount = self._said.money.read(found.get("amount"), currency)
        if amount is None or amount < 0:
            raise Unclear("its amount is none")
        return amount

    def _written(self, found: Found, currency: str | None) -> Found:
        """The variables as a run writes them."""
        money, names = self._said.money, self.speaker.names
        ours = currency or next(iter(money.currencies))
        written = dict(found)
        if "currency" in found:
            written["currency"] = money.write_currency(ours)
        if "amount" in found:
            try:
                written["amount"] = money.write(self._amount(found, ours), ours)
            except Unsayable as error:
                raise Unclear(str(error)) from None
        for each in ("hold", "card"):
            if each in found:
                written[each] = names.as_shown(as_text(found[each]))
        return written

    def _is_exact(self, call: Call, found: Found, sent: Sent, unread: Iterable[str]) -> bool:
        """Whether the template writes exactly this request."""
        currency = self._currency(found)
        if currency is None and "hold" in found:
            hold = ReadHold(UNNAMED, EntryId(as_text(found["hold"])))
            currency = self.speaker.encoder.currency(hold)
        elif currency is None and "card" in found:
            card = self.speaker.names.card_of(as_text(found["card"]))
            currency = self.speaker.names.currency_of(card or UNNAMED)
        try:
            again = self.speaker.encoder.request(call, self._written(found, currency))
        except (Unnamed, Unclear):
            return False
        return same_request(
            (again.path, again.body, again.form), (sent.path, sent.body, sent.form), unread
        )

    def _check_money(self, command: Command, whole: Found) -> None:
        """A capture or void names the currency of its hold; what is before it, the same money."""
        currency = self.speaker.encoder.currency(command)
        named = self._currency(whole)
        if named is not None and named != currency:
            raise Unclear("it names another currency than that of its hold")
        extras = dict(getattr(command, "extras", ()))
        if METADATA in extras and not is_ordinary_metadata(extras[METADATA]):
            raise Unclear("its metadata is no object of texts")


def _telling(variables: Found) -> list[tuple[str, str]]:
    """The variables that tell a request from others, with their values."""
    return [
        (name, as_text(value))
        for name, value in sorted(variables.items())
        if name not in SHARED_BY_MANY and not isinstance(value, Mapping | list)
    ]


def _extras(whole: Found) -> Extras:
    metadata = whole.get(METADATA)
    return () if metadata is None else ((METADATA, as_metadata(metadata)),)
