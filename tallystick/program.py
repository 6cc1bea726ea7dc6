"""Programs: what a test does, as symbolic steps that can be run again anywhere.

A program names cards, holds and tokens instead of ids, and states amounts relative to the ledger
(`remaining+1`), so that it means the same on new cards of another server. Strategies make programs,
drivers run them, the reducer shortens them, scenario files keep them. One step is one line:

    A = card 1000 EUR
    h1 = hold A 600
    c1 = capture h1 remaining+1
    again c1
    read h1
    d1 = draw A 100 !lost

The last step is a request whose answer gets lost, see `Delivery`. Lines of a branch begin with its
number (`1| d2 = draw A 5`); branches run at the same time. One name in two branches is one request
that two clients make.

A contract is written for any API, so its program is *adapted* to one before it runs: amounts are
multiplied by `Traits.scale` where the API takes none as small as 1, and a currency that it does not
have is left out. Offsets stay: `remaining+1` is one minor unit above what remains, on every API.
What is shown and kept is the adapted program. This module does not run anything and does not know
HTTP.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from tallystick.ledger.members import FINAL, as_text
from tallystick.ledger.ordinary import ORDINARY_AMOUNT
from tallystick.ledger.state import Entry, Ledger
from tallystick.ledger.surcharge import may_exceed
from tallystick.ledger.traits import COMPLETE, Traits
from tallystick.ledger.vocabulary import JSON_MEMBERS, CardLabel, EntryId, Extras, Money, exact


class ProgramError(ValueError):
    """A line that is not a step; says what is wrong with it."""


class Verb(StrEnum):
    """What a step does."""

    CARD = "card"
    BATCH = "batch"
    ACTIVATE = "activate"
    DELETE = "delete"
    TOKEN = "token"
    DRAW = "draw"
    HOLD = "hold"
    FUND = "fund"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"
    AGAIN = "again"
    READ = "read"
    LIST = "list"
    INFO = "info"
    CUSTOMER = "customer"


class Delivery(StrEnum):
    """What the network does to a request or to its answer."""

    LOST = "lost"
    """The server processes the request, and the answer gets lost."""
    TWICE = "twice"
    """The request arrives twice, one copy after the other."""
    LATE = "late"
    """A copy of the request arrives once more, after all later requests of the program."""
    CUT = "cut"
    """The connection breaks in the middle of the answer."""
    TIMEOUT = "timeout"
    """The client closes the connection before the answer; the request may take effect later."""


MAKERS = {Verb.CARD, Verb.BATCH}
"""Verbs that make a card: their label names it, and they act on no other label."""
NEEDS_AMOUNT = {Verb.CARD, Verb.ACTIVATE, Verb.DRAW, Verb.HOLD, Verb.FUND}
OPTIONAL_AMOUNT = {Verb.CAPTURE, Verb.VOID, Verb.REFUND}
"""Verbs that act on all that is left if they have no amount."""
TAKES_AMOUNT = NEEDS_AMOUNT | OPTIONAL_AMOUNT
READS = {Verb.READ, Verb.LIST, Verb.INFO, Verb.CUSTOMER}
UNNAMED = READS | {Verb.AGAIN, Verb.ACTIVATE, Verb.DELETE}
MISSING_LABELS = frozenset({"missing"})
"""Labels that no step makes: `missing` is a transaction that does not exist."""

HALF = Decimal("0.5")
"""Half a minor unit."""
BASES = ("remaining", "original", "limit", "refundable", "available", "balance", "total")
"""The figures that an amount may be relative to; the first four are of a payment, if there is one.
"""
_AMOUNT = re.compile(
    rf"(?:(\d{{1,40}})|({'|'.join(BASES)})(?:/0*([1-9]\d{{0,8}}))?)"
    r"([+-]\d{1,40}|\+half)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount of money: a number, or a figure of the ledger over `divisor`, plus `offset`.

    An offset of half a minor unit is written `+half`; only APIs with decimal amounts can send it.
    """

    base: str = ""
    divisor: int = 1
    offset: Money = 0

    @classmethod
    def parse(cls, text: str) -> Amount:
        """Return the amount that a text such as `600`, `remaining` or `available/2-1` spells.

        ProgramError for any other text.
        """
        match = _AMOUNT.fullmatch(text)
        if match is None:
            raise ProgramError(f"{text!r} is not an amount such as 600, remaining+1, available/2")
        number, base, divisor, offset = match.groups()
        least = int(number or 0) + (HALF if offset == "+half" else int(offset or 0))
        return cls(base or "", int(divisor or 1), least if base else max(0, least))

    def __str__(self) -> str:
        whole, half = int(self.offset), "+half" if self.is_fine else ""
        if not self.base:
            return f"{whole}{half}"
        part = f"/{self.divisor}" if self.divisor != 1 else ""
        return f"{self.base}{part}{half or (f'{whole:+d}' if whole else '')}"

    @property
    def is_fine(self) -> bool:
        """Whether it lies between two minor units."""
        return self.offset != int(self.offset)

    def scaled(self, scale: int) -> Amount:
        """Return the amount for an API on which the smallest amount of a program is `scale`.

        Only numbers change, and of those only ordinary ones: what matters in 2**31 is the number.
        """
        if self.base or self.offset >= ORDINARY_AMOUNT or scale == 1:
            return self
        return Amount(offset=self.offset * scale)

    def resolve(self, ledger: Ledger, entry_id: EntryId | None) -> Money:
        """Return the number that it means for this ledger and, if the id is given, this entry.

        In the smallest unit of the currency; never below 0, the least amount that the API takes.
        """
        if not self.base:
            return max(0, self.offset)
        figure = _figure(self.base, ledger, entry_id)
        part = figure if self.divisor == 1 else int(figure // self.divisor)
        return exact(max(0, part + self.offset))


def _figure(base: str, ledger: Ledger, entry_id: EntryId | None) -> Money:
    if not ledger.traits.account and base in ("available", "balance", "total"):
        return ledger.opening  # nothing is ever taken from a card that is none
    entry = ledger.entries.get(entry_id) if entry_id is not None else None
    match base:
        case "remaining":
            return entry.remaining if entry is not None else _figure("available", ledger, None)
        case "limit" if entry is not None:
            return entry.remaining + int(may_exceed(ledger, entry))
        case "refundable":
            payment = ledger.entries.get(ledger.payment_behind(entry_id or EntryId("")))
            return payment.refundable if payment is not None else 0
        case "original":
            return entry.amount if entry is not None else ledger.opening
        case "balance":
            return ledger.balance
        case "total":
            return ledger.total
        case _:
            return ledger.available


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `name` is the label of what it makes, `on` that of the card, token or transaction
    that it acts on.

    `ref` is the label of the earlier step whose ref_id is used once more; without it the ref_id is
    a new one. `amount` None leaves the member out (a capture of all that remains).
    """

    verb: Verb
    name: str = ""
    on: str = ""
    amount: Amount | None = None
    currency: str = ""
    ref: str = ""
    extras: Extras = ()
    delivery: Delivery | None = None

    def __str__(self) -> str:
        words = [f"{self.name} ="] if self.name else []
        words += [str(self.verb), self.on]
        words += [str(self.amount) if self.amount is not None else "", self.currency]
        words += [f"ref={self.ref}"] if self.ref else []
        words += [f"!{self.delivery}"] if self.delivery else []
        words += [f"with {json.dumps(dict(self.extras), ensure_ascii=True)}"] if self.extras else []
        return " ".join(word for word in words if word)

    @property
    def needs(self) -> tuple[str, ...]:
        """The labels that must exist before the step can run."""
        return tuple(label for label in (self.on, self.ref) if label)


_STEP = re.compile(
    r"(?:(?P<name>\w+)\s*=\s*)?(?P<verb>[a-z]+)(?P<words>(?:\s+(?!with\b)\S+)*)"
    r"(?:\s+with\s+(?P<extras>\{.*\}))?\s*"
)


def parse_step(line: str) -> Step:
    """Return the step that a line spells; ProgramError says what is wrong with the line."""
    match = _STEP.fullmatch(line.strip())
    if match is None:
        raise ProgramError(f"{line!r} is not a step such as: h1 = hold A 600")
    try:
        verb = Verb(match["verb"])
    except ValueError:
        raise ProgramError(f"{line!r}: no verb {match['verb']!r}; use {', '.join(Verb)}") from None
    words = match["words"].split()
    on = "" if verb in MAKERS or not words else words.pop(0)
    delivery = _delivery(line, words.pop()) if words and words[-1].startswith("!") else None
    ref = words.pop().removeprefix("ref=") if words and words[-1].startswith("ref=") else ""
    currency = words.pop() if words and re.fullmatch("[A-Z]{3}", words[-1]) else ""
    amount = _amount(line, words.pop(0)) if words and verb in TAKES_AMOUNT else None
    extras = _extras(line, match["extras"])
    step = Step(verb, match["name"] or "", on, amount, currency, ref, extras, delivery)
    return _checked(step, line, words)


def _amount(line: str, word: str) -> Amount:
    try:
        return Amount.parse(word)
    except ProgramError as error:
        raise ProgramError(f"{line!r}: {error}") from None


def _delivery(line: str, word: str) -> Delivery:
    try:
        return Delivery(word[1:])
    except ValueError:
        marks = ", ".join(f"!{delivery}" for delivery in Delivery)
        raise ProgramError(f"{line!r}: no mark {word!r}; use {marks}") from None


def _checked(step: Step, line: str, left: list[str]) -> Step:
    if left:
        raise ProgramError(f"{line!r}: {' '.join(left)!r} makes no sense there")
    if step.verb not in MAKERS and not step.on:
        raise ProgramError(f"{line!r}: {step.verb} needs the name of what it acts on")
    if step.verb in NEEDS_AMOUNT and step.amount is None:
        raise ProgramError(f"{line!r}: {step.verb} needs an amount")
    if step.verb in READS and step.delivery is not None:
        raise ProgramError(f"{line!r}: a read has no effect that could happen twice")
    if step.name in MISSING_LABELS:
        raise ProgramError(f"{line!r}: {step.name!r} is the name of what does not exist")
    if step.verb not in UNNAMED and not step.name:
        raise ProgramError(f"{line!r}: give it a name, as in: x = {line.strip()}")
    return step


def _extras(line: str, text: str | None) -> Extras:
    if text is None:
        return ()
    try:
        found = extras(**json.loads(text))
    except (ValueError, TypeError, RecursionError):
        raise ProgramError(f"{line!r}: what follows `with` is not a JSON object") from None
    for name, value in found:
        if name in JSON_MEMBERS and not _is_object(value):
            raise ProgramError(f"{line!r}: {name} is not a JSON object")
    return found


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


@dataclass(frozen=True, slots=True)
class Program:
    """A prefix that runs in sequence, then branches that run at the same moment."""

    prefix: tuple[Step, ...] = ()
    branches: tuple[tuple[Step, ...], ...] = ()

    @classmethod
    def parse(cls, *lines: str) -> Program:
        """Return the sequential program that the lines spell; ProgramError if they do not."""
        return cls(tuple(parse_step(line) for line in lines))

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps, the branches one after the other."""
        return self.prefix + tuple(step for branch in self.branches for step in branch)

    def lines(self) -> list[str]:
        """Return the program as lines of text; those of branches begin with `1|`, `2|`, ..."""
        lines = [str(step) for step in self.prefix]
        for number, branch in enumerate(self.branches, start=1):
            lines += [f"{number}| {step}" for step in branch]
        return lines

    @classmethod
    def from_lines(cls, lines: Iterable[str]) -> Program:
        """Return the program that the lines spell; ProgramError says what is wrong with one."""
        prefix: list[Step] = []
        branches: dict[int, list[Step]] = {}
        for line in lines:
            match = re.match(r"\s*(\d+)\|\s*", line)
            if match is not None:
                branches.setdefault(int(match[1]), []).append(parse_step(line[match.end() :]))
            elif branches:
                raise ProgramError(f"{line!r}: a step of the prefix comes after a branch")
            else:
                prefix.append(parse_step(line))
        return cls(tuple(prefix), tuple(tuple(branches[n]) for n in sorted(branches)))

    def adapted(self, traits: Traits) -> Program:
        """Return the program as the API can take it, see the top of this module."""
        prefix = tuple(adapted(step, traits) for step in self.prefix)
        branches = (tuple(adapted(step, traits) for step in branch) for branch in self.branches)
        return Program(prefix, tuple(branches))

    def kept(self, traits: Traits) -> Program:
        """Return the program without the steps that the API does not have, nor what needs them."""

        def has(step: Step) -> bool:
            return _missing(step, traits) is None and (
                traits.account or _missing_card(Program((*cards, step))) is None
            )

        cards = tuple(step for step in self.prefix if step.verb in MAKERS)

        branches = (tuple(filter(has, branch)) for branch in self.branches)
        return Program(tuple(filter(has, self.prefix)), tuple(branches)).without_orphans()

    def without_orphans(self) -> Program:
        """Return the program without the steps that need a label which no step makes any more."""
        known = set(MISSING_LABELS)
        prefix = _kept(self.prefix, known)
        branches = tuple(_kept(branch, set(known)) for branch in self.branches)
        return Program(prefix, tuple(branch for branch in branches if branch))


def _kept(steps: Iterable[Step], known: set[str]) -> tuple[Step, ...]:
    kept = []
    for step in steps:
        if all(label in known or label in MISSING_LABELS for label in step.needs):
            kept.append(step)
            if step.name:
                known.add(step.name)
    return tuple(kept)


@dataclass(frozen=True, slots=True)
class ModelState:
    """What a generator may look at: the likeliest ledger of each card, and what labels name."""

    cards: Mapping[CardLabel, Ledger]
    payments: Mapping[str, tuple[CardLabel, EntryId | None]]
    """By label of a payment: the label of its card, and the id of its entry, None if refused."""
    tokens: Mapping[str, CardLabel]
    """By label of a token: the label of its card."""
    traits: Traits = COMPLETE
    """What the API is able to do."""

    def entry(self, label: str) -> Entry | None:
        """Return the ledger's entry of a payment, or None if it was refused."""
        card, entry_id = self.payments[label]
        return None if entry_id is None else self.cards[card].entries.get(entry_id)

    def fresh(self, letter: str) -> str:
        """Return a label that begins with the letter and is not taken, such as h7."""
        return f"{letter}{len(self.cards) + len(self.payments) + len(self.tokens)}"


def extras(**members: object) -> Extras:
    """Return further members of a request, for steps: `extras(metadata={"order": "1"})`."""
    return tuple((name, as_text(value)) for name, value in sorted(members.items()))


def adapted(step: Step, traits: Traits) -> Step:
    """Return the step as the API can take it, see the top of this module."""
    amount = step.amount if step.amount is None else step.amount.scaled(traits.scale)
    if traits.over_capture and step.verb is Verb.CAPTURE and amount is not None:
        # What is above `remaining` means: above what may be captured.
        above = amount.base == "remaining" and amount.offset > 0
        amount = replace(amount, base="limit") if above else amount
    strange = bool(traits.currencies) and step.currency not in traits.currencies
    strange |= not traits.account and step.verb is not Verb.CARD  # no card has another currency
    is_sent = traits.account or step.verb is not Verb.CARD
    delivery = step.delivery if is_sent else None
    currency = "" if strange else step.currency
    return replace(step, amount=amount, currency=currency, delivery=delivery)


def missing(program: Program, traits: Traits) -> str | None:
    """Return what a program needs and the API does not have, in words; None if it has all."""
    return next(filter(None, (_missing(step, traits) for step in program.steps)), None) or (
        None if traits.account else _missing_card(program)
    )


def _missing(step: Step, traits: Traits) -> str | None:
    if step.verb not in traits.verbs:
        return str(step.verb)
    if not traits.account and step.verb is Verb.CARD and step.extras:
        return "cards"
    if not {said for name, said in step.extras if name == FINAL} <= traits.says_rest:
        return "captures that say whether they are final"
    if step.verb is Verb.VOID and step.amount is not None and not traits.part_of_void:
        return "void of a part"
    if step.verb is Verb.REFUND and step.amount is not None and not traits.part_of_refund:
        return "refund of a part"
    if step.verb is Verb.CAPTURE and step.amount is not None and not traits.part_of_capture:
        return "captures of a part"
    if step.amount is not None and step.amount.is_fine and not traits.decimal:
        return "amounts between two minor units"
    if not traits.retries and (step.ref or step.verb is Verb.AGAIN or step.delivery):
        return "idempotency keys"
    return None


def _missing_card(program: Program) -> str | None:
    """Return what a program needs of a card that is none: it is a name for some holds."""
    cards: dict[str, str] = {}
    for step in program.steps:
        cards[step.name] = step.name if step.verb in MAKERS else cards.get(step.on, "")
        again = step.verb is Verb.AGAIN and cards.get(step.on) == step.on
        # A key may belong to more than the holds of one name.
        other = step.ref and cards.get(step.ref) != cards.get(step.on)
        if again or other:
            return "cards"
    branched = any(step.verb is Verb.CARD for branch in program.branches for step in branch)
    return "cards" if branched else None
