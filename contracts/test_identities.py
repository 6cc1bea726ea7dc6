"""READ and BAL: ids that are nearly equal name different things, in every operation.

The callers choose card_id, customer_id and ref_id, so neighbours are alive at the same time: ids
that differ in case, accents, separators, zeros or length, and ids that are patterns of others. A
server may refuse an unusual id; each that it accepts names one card, in reads, lists and writes.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Collection

import pytest

from contracts.support import request_builders
from contracts.support.staging import Stage, body_of, is_refused, may_want_pin
from tallystick.conditions import listing, shows, status_in
from tallystick.fixtures import Check
from tallystick.ledger.ordinary import REF_CHARACTERS, is_ordinary_ref
from tallystick.ledger.vocabulary import (
    Capture,
    CardId,
    EntryId,
    IssueToken,
    Kind,
    OpenCard,
    PrepareCard,
    RefId,
    Transact,
    Void,
)
from tallystick.profiles.wallet import operations as op
from tallystick.run import Run

rule = pytest.mark.rule
broad = pytest.mark.broad
wallet = pytest.mark.api("wallet")

FAMILIES: dict[str, tuple[str, ...]] = {
    "longer_and_shorter": ("{}0", "{}", "{}01", "0{}"),
    "case_and_accents": ("{}ea", "{}EA", "{}\u00e9a", "{}e\u0301a"),
    "forms_of_letters": ("{}fi", "{}\ufb01"),
    "patterns": ("{}a1b", "{}a_b", "{}a%b", "{}a*b", "{}a?b", "{}a2b"),
    "separators": ("{}ab", "{}a-b", "{}a.b", "{}a b", "{}a+b", "{}a  b"),
    "escapes": ("{}aAb", "{}a%41b"),
    "numbers": ("{}", "0{}", "{}.0", "{}e0"),
    "far_end": ("{:x<254}a", "{:x<254}b", "{:x<254}"),
}
"""Ids that a careless database, router or pattern takes for one another, in order of creation.

The second one of each is given a token, and is deleted in the end.
"""
LABELS = "ABCDEF"
UNUSUAL_FOR_CUSTOMERS = ("forms_of_letters", "separators", "far_end")
"""Families of which one customer is looked at, because every look costs a request."""


@wallet
@rule("CARD-1", "READ-2", "BAL-7", "BAL-5", "CARD-10", "TOKEN-1")
@pytest.mark.parametrize("family", FAMILIES)
def test_ids_that_are_nearly_equal_name_different_cards(run: Run, family: str) -> None:
    stage = Stage(run)
    base = stage.fresh("n")
    if family == "numbers":
        base = str(int.from_bytes(base.encode(), "big"))[-18:].lstrip("0")
    ids = [CardId(form.format(base)) for form in FAMILIES[family]]
    cards: dict[str, CardId] = {}
    for label, card in zip(LABELS, ids, strict=False):
        if _made(stage, label, card, among=cards.values()):
            cards[label] = card
    for number, (label, card) in enumerate(cards.items()):
        stage.do(label, Transact(Kind.DRAWDOWN, card, 10 + number, "NOK", stage.fresh_ref()))
    stage.read_back(only="A", lists=False)
    if "B" in cards:
        stage.read_back(only="B")
        _has_a_token_of_its_own(stage, "B", cards["B"])
    looked_at = 1 if family in UNUSUAL_FOR_CUSTOMERS else None
    for card in list(cards.values())[:looked_at]:
        _has_a_customer_of_its_own(stage, card)
    if "B" in cards:
        stage.perform("e = draw B available", "delete B", unread=True)
    for label in cards:
        if label != "B":
            stage.read_back("BAL-7", only=label, lists=False)


def _made(stage: Stage, label: str, card: CardId, among: Collection[CardId]) -> bool:
    """Make a card of a customer with the same id; whether there is such a card now.

    `among` are the cards that were made: an id of the same form as theirs has to be accepted.
    """
    amount = 100 + LABELS.index(label)
    made = OpenCard(card, amount, "NOK", (("customer_id", card),))
    answer = stage.send(request_builders.open_card(stage.base, card, amount, customer_id=card))
    if is_refused(answer):
        same = [other for other in among if _form(other) == _form(card)]
        stage.direct.expect("CARD-1", not same, f"card {card!r}, as {same} was made", "refused")
        if not REF_CHARACTERS.fullmatch(card):
            _names_no_other(stage, card, among)
            return False
    stage.take(label, made, answer)
    if "%" not in card or is_refused(answer):
        return not is_refused(answer)
    # A router may refuse a percent sign, though it is percent-encoded.
    return not is_refused(stage.send(request_builders.read_card(stage.base, card), shaped=False))


def _names_no_other(stage: Stage, card: CardId, among: Collection[CardId]) -> None:
    """Read an id that no card could be made with: it finds none of the cards `among`.

    Ids that Unicode takes for one text (a letter with its accent, and the two in one sign) may
    be one id.
    """
    if _same_text(card) in map(_same_text, among):
        return
    body = body_of(stage.send(request_builders.read_card(stage.base, card)))
    shown = body.get("card_id") if isinstance(body, dict) else None
    stage.direct.expect(
        "READ-2",
        shown not in among,
        f"a refusal to read {card!r}, with which no card was made",
        f"card {shown!r}",
        right=(status_in(range(400, 500)),),
    )


def _same_text(card: CardId) -> str:
    return unicodedata.normalize("NFKC", card)


def _form(card: CardId) -> str:
    """The id with one small letter in place of each: what a check of ids can look at."""
    return re.sub("[a-z]", "a", card)


def _has_a_customer_of_its_own(stage: Stage, card: CardId) -> None:
    for request in stage.offered(request_builders.customer_cards(stage.base, card, limit=100)):
        listed = body_of(stage.send(request, shaped="%" not in card))
        shown = [item.get("card_id") for item in listed or []]
        stage.direct.expect(
            "CARD-10",
            shown == [card] or listed is None,
            f"card {card!r} alone, for customer {card!r}",
            f"{shown}",
            right=listing(shown, [card]),
        )


def _has_a_token_of_its_own(stage: Stage, label: str, card: CardId) -> None:
    ref = stage.fresh_ref("t")
    for request in stage.offered(request_builders.issue_token(stage.base, card, ref)):
        answer = stage.send(request)
        stage.take(label, IssueToken(card, ref, one_time=True), answer, name="t")
        if stage.has(op.READ_BY_TOKEN):
            answer = stage.send(request_builders.info(stage.base, stage.token("t")))
            if may_want_pin(stage, label, answer):
                continue
            shown = body_of(answer) or {}
            stage.direct.expect(
                ("TOKEN-1", "READ-2"),
                shown.get("card_id") == card,
                f"card {card!r} behind its token",
                f"card {shown.get('card_id')!r}",
                right=(shows(("card_id",), card),),
            )


# Ids that name nothing ----------------------------------------------------------------------------

NEAR: dict[str, Callable[[str], str]] = {
    "in another case": str.swapcase,
    "less its last character": lambda name: name[:-1],
    "less its first character": lambda name: name[1:],
    "with one character more": lambda name: f"{name}0",
    "with zeros before it": lambda name: f"00{name}",
    "with a wildcard": lambda name: f"{name[:-1]}%",
    "with a wildcard for a character": lambda name: f"{name[:-1]}_",
    "with an accent": lambda name: name.replace("e", "\u00e9"),
    "without its separators": lambda name: re.sub("[-_.]", "", name),
    "with a space after it": lambda name: f"{name} x",
    "with two spaces for one": lambda name: name.replace(" ", "  "),
    "with a plus for a space": lambda name: name.replace(" ", "+"),
    "without its space": lambda name: name.replace(" ", ""),
}
"""Ids that a careless database, router or pattern takes for the id of a card or a customer."""


@broad
@wallet
@rule("READ-4", "BAL-7", "CARD-12", "CARD-10")
@pytest.mark.parametrize("form", ["letters", "digits", "space"])
def test_an_id_that_is_almost_another_one_names_nothing(run: Run, form: str) -> None:
    stage = Stage(run)
    name = _named(stage, form)
    card, waiting = CardId(name), CardId(f"{name}w")
    made = stage.send(request_builders.open_card(stage.base, card, customer_id=name))
    if is_refused(made) and form == "space":
        pytest.skip("the target refuses a card_id with a space")
    stage.take("A", OpenCard(card, 100, "NOK", (("customer_id", name),)), made)
    for request in stage.offered(request_builders.batch(stage.base, _entries([waiting]))):
        stage.take("B", PrepareCard(waiting), stage.send(request))
    for how, change in NEAR.items():
        if (other := change(name)) != name:
            why = f"{other!r} is {name!r} {how}, and names nothing"
            _names_nothing(stage, card, other, why)
            nearby = change(waiting)
            if nearby in (card, waiting):
                continue
            for request in stage.offered(request_builders.activate(stage.base, nearby)):
                answer = stage.send(request, shaped=False)
                stage.direct.expect_refusal("CARD-12", answer, f"{nearby!r} was never made")
    stage.read_back()


def _named(stage: Stage, form: str) -> str:
    """An id with what a careless comparison overlooks; of digits, or with a space."""
    name = stage.fresh_card("aB-x_1e")
    if form == "digits":
        return str(int.from_bytes(name.encode(), "big"))[-18:].lstrip("0")
    return f"{name} e" if form == "space" else name


def _names_nothing(stage: Stage, card: CardId, other: str, why: str) -> None:
    """Every operation is refused to the other id, as that of a card and as that of a customer."""
    base, ref = stage.base, stage.fresh_ref()
    reads = (
        request_builders.read_card(base, other),
        request_builders.list_transactions(base, other),
        request_builders.customer_card(base, card, other),
        request_builders.customer_card(base, other, card),
        request_builders.transact(base, ref, 1, card_id=other),
    )
    writes = (
        request_builders.issue_token(base, other, ref),
        request_builders.rotate_pin(base, other, length=6, **request_builders.DIGITS),
        request_builders.delete_card(base, other),
    )
    for rule_, requests in (("READ-4", reads), ("CARD-12", writes)):
        for request in stage.offered(*requests):
            stage.direct.expect_refusal(rule_, stage.send(request, shaped=False), why)
    for request in stage.offered(request_builders.customer_cards(base, other)):
        listed = body_of(stage.send(request, shaped=False))
        stage.direct.expect("CARD-10", not listed, f"no card: {why}", f"{listed}")


BATCHED: tuple[Callable[[str], str], ...] = (
    str.swapcase,
    lambda name: f"{name}0",
    lambda name: f"0{name}",
    lambda name: f"00{name}",
    lambda name: name.replace(".", "-"),
)


@wallet
@rule("CARD-4", "READ-2")
def test_a_batch_makes_cards_whose_ids_are_nearly_equal(run: Run) -> None:
    stage = Stage(run)
    stage.require(op.PREPARE_CARDS)
    taken = stage.fresh_card("ea1")
    _made(stage, "A", taken, among=())
    names = [CardId(change(taken)) for change in BATCHED]
    answer = stage.send(request_builders.batch(stage.base, _entries(names)))
    if is_refused(answer):
        alike = _entries([CardId(change(stage.fresh_card("ea"))) for change in BATCHED])
        made = body_of(stage.send(request_builders.batch(stage.base, alike)))
        why = f"the cards {names}, as other ids of their forms were taken"
        stage.direct.expect("CARD-4", made is None, why, "a refusal")
        return
    for name in names:
        shown = body_of(stage.send(request_builders.read_card(stage.base, name))) or {}
        own = shown.get("card_id")
        stage.direct.expect(("CARD-4", "READ-2"), own == name, f"card {name!r}", f"card {own!r}")
    stage.read_back(lists=False)


def _entries(names: list[CardId]) -> list[dict[str, str]]:
    return [{"card_id": name, "type": "gift_card"} for name in names]


ELSEWHERE = (0, 10, 20, -1)
"""Signs of a UUID that can be another digit; a server may look at the first ones only."""
LEAST_DRAWN = 8
"""In how many signs ids that are drawn by chance differ at least; of 32 digits 2 are equal."""


@wallet
@rule("TX-7", "BAL-7")
@pytest.mark.parametrize("place", ELSEWHERE)
def test_an_id_that_is_almost_that_of_a_hold_is_of_no_hold(run: Run, place: int) -> None:
    stage = Stage(run, "A = card 1000 NOK", "h = hold A 600", "g = hold A 10")
    name, next_name = stage.entry_id("h"), stage.entry_id("g")
    if not _are_far_apart(name, next_name):
        pytest.skip("the target counts its ids, so that the one nearby may be that of another hold")
    signs = list(name)
    signs[place] = "0" if signs[place] != "0" else "1"
    other = EntryId("".join(signs))
    card = stage.card_id("A")
    stage.do("A", Capture(card, other, 10, stage.fresh_ref()))
    stage.do("A", Void(card, other, stage.fresh_ref()))
    stage.read_back("TX-7")


def _are_far_apart(name: str, other: str) -> bool:
    """Whether two ids, made one after the other, are as different as those drawn by chance."""
    same = sum(ours == theirs for ours, theirs in zip(name, other, strict=False))
    return len(name) > max(ELSEWHERE) and len(name) - same > LEAST_DRAWN


@wallet
@rule("TOKEN-4", "BAL-6")
def test_a_token_of_letters_is_not_that_of_the_other_case(run: Run) -> None:
    stage = Stage(run, "A = card 1000 NOK")
    card, ref = stage.card_id("A"), stage.fresh_ref("t")
    letters = {"length": 20, "numbers": False, "symbols": False, "characters": True}
    answer = stage.send(request_builders.issue_token(stage.base, card, ref, format=letters))
    if is_refused(answer):
        pytest.skip("the target makes no token of letters")
    stage.take("A", IssueToken(card, ref, one_time=True), answer, name="t")
    value = stage.token("t")
    if (code := value.removeprefix("DINCARD:")) in (code.upper(), code.lower()):
        pytest.skip("the tokens of the target have one case: it may take both")
    for token in (value.swapcase(), value.lower()):
        for request in stage.offered(
            request_builders.info(stage.base, token),
            request_builders.transact(stage.base, stage.fresh_ref(), 1, token=token),
        ):
            stage.direct.expect_refusal("TOKEN-4", stage.send(request), "a token in another case")
    stage.read_back("TOKEN-4")


# ref_ids ------------------------------------------------------------------------------------------

REFS: dict[str, tuple[str, ...]] = {
    "patterns": ("a1b", "a_b", "a.b", "a%b", "a*b"),
    "separators": ("ab", "a-b", "a:b", "a b", "a  b"),
    "lengths": ("k10", "k1", "k"),
    "numbers": ("7", "7.0", "7e0", "07"),
    "letters": ("e", "\u00e9", "E", "e\u0301"),
    "slashes": ("x/1", "y/1"),
    "parts": ("x,1", "x,2", "x#1", "x#2"),
    "beyond_64": ("k" * 64 + "1", "k" * 64 + "2"),
    "beyond_225": ("k" * 225 + "1", "k" * 225 + "2"),
    "beyond_255": ("k" * 255 + "1", "k" * 255 + "2"),
}
"""Ends of ref_ids that are used on one card, one after the other."""
OF_TOKENS = ("patterns", "separators", "lengths", "letters", "beyond_64")
OTHER_REFS = {name: REFS[name] for name in ("patterns", "separators", "lengths", "letters")}
"""Those that a database, or a comparison of texts, most often takes for one another."""


@rule("TX-1", "TX-8", "REF-1")
def test_ref_ids_that_are_nearly_equal_are_different(check: Check) -> None:
    draws = [f"d{n} = draw A {tail}" for n, tail in enumerate(_nearly_equal(REFS))]
    again = [f"again d{number}" for number in (0, 5, 9)]
    check("A = card 1000 NOK", *draws, *again, unread=len(draws) + len(again))


@rule("CAP-1", "TX-8", "REF-1")
def test_captures_whose_ref_ids_are_nearly_equal_are_different(check: Check) -> None:
    captures = [f"c{n} = capture h {tail}" for n, tail in enumerate(_nearly_equal(REFS))]
    check("A = card 1000 NOK", "h = hold A 1000", *captures, unread=len(captures))


@rule("FUND-1", "TX-8", "REF-1")
def test_funds_whose_ref_ids_are_nearly_equal_are_different(check: Check) -> None:
    funds = [f"f{n} = fund A {tail}" for n, tail in enumerate(_nearly_equal(OTHER_REFS))]
    check("A = card 1000 NOK", *funds, unread=len(funds))


@rule("VOID-1", "TX-8", "REF-1")
def test_voids_whose_ref_ids_are_nearly_equal_are_different(check: Check) -> None:
    """The holds are alike; a void that is taken for another releases nothing."""
    tails = [tail.partition(" ")[2] for tail in _nearly_equal(OTHER_REFS)]
    holds = [f"h{n} = hold A 10" for n in range(len(tails))]
    voids = [f"v{n} = void h{n} {tail}" for n, tail in enumerate(tails)]
    check("A = card 1000 NOK", *holds, *voids, unread=len(voids))


@wallet
@rule("TOKEN-1", "TOKEN-11")
def test_ref_ids_of_tokens_that_are_nearly_equal_make_different_tokens(run: Run) -> None:
    stage = Stage(run, "A = card 1000 NOK")
    stage.require(op.ISSUE_TOKEN)
    card, prefix, values = stage.card_id("A"), stage.fresh("t"), []
    for number, tail in enumerate(tail for name in OF_TOKENS for tail in REFS[name]):
        ref = RefId(f"{prefix}{tail}")
        answer = stage.send(request_builders.issue_token(stage.base, card, ref))
        if is_refused(answer) and not is_ordinary_ref(ref):
            continue
        stage.take("A", IssueToken(card, ref, one_time=True), answer, name=f"t{number}")
        values.append(stage.token(f"t{number}"))
    twice = sorted({value for value in values if values.count(value) > 1})
    stage.direct.expect("TOKEN-1", not twice, "a token for each ref_id", f"{twice} for several")


def _nearly_equal(families: dict[str, tuple[str, ...]]) -> list[str]:
    """Amounts, each with the end of a ref_id, for payments one after the other."""
    said: list[str] = []
    for family in families.values():
        first = len(said)
        for tail in family:
            # Where a refusal is permitted only another record shows a fault, and equal amounts
            # let a server answer with it.
            amount = 10 + (len(said) if REF_CHARACTERS.fullmatch(tail) else first)
            said.append(f"{amount} with {json.dumps({'ref_tail': tail})}")
    return said
