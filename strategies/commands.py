"""Steps for a model: legal ones and deliberately illegal ones.

Each kind of step is a function of the choices and of the model (what the ledger knows so far). Ids
of cards and ref_ids are never drawn: the driver makes them unique for each run and program.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from strategies import money, payloads
from strategies.choices import Choices
from tallystick.ledger.state import CardStatus
from tallystick.ledger.vocabulary import CardLabel, Extras
from tallystick.program import ModelState, Step, Verb, adapted

Kind = Callable[[Choices, ModelState], Step]

LABELS = "ABC"
MOST_CARDS = len(LABELS)
MOST_TOKENS = 3

_OWN = ("",)
_ONCE_OR_LASTING: tuple[Extras, ...] = ((("one_time", "true"),), ())


def steps(choices: Choices, model: ModelState) -> Step:
    """Any step that is possible in this model; steps that lead to rare states are more likely."""
    verbs, retries = model.traits.verbs, model.traits.retries
    kinds: list[Kind] = [drawdowns, drawdowns, holds, holds, holds, funds]
    if len(model.cards) < (MOST_CARDS if model.traits.account else 1):
        kinds += [cards, batches]
    elif len(_with_status(model, CardStatus.ACTIVE)) > 1:
        kinds += [deletions]
    if _with_status(model, CardStatus.INACTIVE):
        kinds += 4 * [activations]
    if len(model.tokens) < MOST_TOKENS:
        kinds += [tokens]
    if model.payments:
        kinds += [captures, voids]
        kinds += [repeats, repeats, repeats, reuses, reuses] if retries else []
    if _open_holds(model):
        kinds += [*6 * [captures], voids, voids, holds, holds]
    if _paid(model):
        kinds += 3 * [refunds]
    offered = [kind for kind in kinds if VERB_OF.get(kind, Verb.AGAIN) in verbs]
    return adapted(choices.pick(offered)(choices, model), model.traits)


def cards(choices: Choices, model: ModelState) -> Step:
    """A new card."""
    has_account = model.traits.account
    return Step(
        Verb.CARD,
        LABELS[len(model.cards)],
        amount=choices.pick(*(money.OPENINGS if has_account else money.VIRTUAL_OPENINGS)),
        currency=choices.pick(_any_currency(model)),
        extras=choices.pick(*payloads.CREATION) if has_account else (),
    )


def batches(choices: Choices, model: ModelState) -> Step:
    """A card that is prepared in a batch; it cannot pay before it is activated."""
    return Step(Verb.BATCH, LABELS[len(model.cards)])


def activations(choices: Choices, model: ModelState) -> Step:
    """The activation of a prepared card, sometimes of one that is active or deleted."""
    card = _card(choices, model, CardStatus.INACTIVE)
    # The documentation does not say what happens to money on the card in another currency.
    currencies = _OWN if model.cards[card].entries else _any_currency(model)
    return Step(
        Verb.ACTIVATE,
        on=card,
        amount=choices.pick(*money.OPENINGS),
        currency=choices.pick(currencies),
        extras=choices.pick(*payloads.ACTIVATION),
    )


def deletions(choices: Choices, model: ModelState) -> Step:
    """The deletion of a card, whatever is on it."""
    return Step(Verb.DELETE, on=_card(choices, model, CardStatus.ACTIVE))


def drawdowns(choices: Choices, model: ModelState) -> Step:
    """A drawdown from a card or by a token."""
    return _transaction(choices, model, Verb.DRAW, "d")


def holds(choices: Choices, model: ModelState) -> Step:
    """A pending drawdown from a card or by a token."""
    return _transaction(choices, model, Verb.HOLD, "h")


def funds(choices: Choices, model: ModelState) -> Step:
    """A fund of a card."""
    # Mostly the card's own currency (which the driver fills in), one time in eight any currency.
    return Step(
        Verb.FUND,
        model.fresh("f"),
        _card(choices, model, CardStatus.ACTIVE),
        choices.pick(*money.FUNDING),
        choices.pick(*7 * (_OWN,), _any_currency(model)),
        extras=choices.pick(*payloads.MEMBERS),
    )


def captures(choices: Choices, model: ModelState) -> Step:
    """A capture, mostly of an open hold, sometimes of another transaction."""
    return Step(
        Verb.CAPTURE,
        model.fresh("c"),
        _parent(choices, model),
        choices.pick(*money.capturing(model.traits)),
        extras=choices.pick(*payloads.METADATA, *payloads.finals(model.traits)),
    )


def voids(choices: Choices, model: ModelState) -> Step:
    """A void, mostly of an open hold, sometimes of another transaction."""
    return Step(
        Verb.VOID,
        model.fresh("v"),
        _parent(choices, model),
        choices.pick(*money.VOIDING) if model.traits.part_of_void else None,
        extras=choices.pick(*payloads.METADATA),
    )


def refunds(choices: Choices, model: ModelState) -> Step:
    """A refund, mostly of what was paid, sometimes of another transaction."""
    return Step(
        Verb.REFUND,
        model.fresh("r"),
        _one_of(choices, model, _paid(model)),
        choices.pick(*money.REFUNDING) if model.traits.part_of_refund else None,
        extras=choices.pick(*payloads.METADATA),
    )


def repeats(choices: Choices, model: ModelState) -> Step:
    """A request that was sent before, sent again."""
    return Step(Verb.AGAIN, on=choices.pick(sorted(model.payments)))


def reuses(choices: Choices, model: ModelState) -> Step:
    """A different request with a ref_id that was used before."""
    payments = (drawdowns, holds, funds, captures, voids, refunds)
    fresh = choices.pick([kind for kind in payments if VERB_OF[kind] in model.traits.verbs])
    return replace(fresh(choices, model), ref=choices.pick(sorted(model.payments)))


def tokens(choices: Choices, model: ModelState) -> Step:
    """A token of a card, one-time or lasting."""
    on = _card(choices, model, CardStatus.ACTIVE)
    return Step(Verb.TOKEN, model.fresh("t"), on, extras=choices.pick(_ONCE_OR_LASTING))


VERB_OF: dict[Kind, Verb] = {
    cards: Verb.CARD,
    batches: Verb.BATCH,
    activations: Verb.ACTIVATE,
    deletions: Verb.DELETE,
    tokens: Verb.TOKEN,
    drawdowns: Verb.DRAW,
    holds: Verb.HOLD,
    funds: Verb.FUND,
    captures: Verb.CAPTURE,
    voids: Verb.VOID,
    refunds: Verb.REFUND,
}
"""What an API has to offer for a kind of step. The others repeat such steps."""


def _transaction(choices: Choices, model: ModelState, verb: Verb, letter: str) -> Step:
    card = _card(choices, model, CardStatus.ACTIVE)
    return Step(
        verb,
        model.fresh(letter),
        choices.pick([card], sorted(model.tokens)) if model.tokens else card,
        choices.pick(*money.spending(model.traits)),
        choices.pick(*7 * (_OWN,), _any_currency(model)),
        extras=choices.pick(*payloads.MEMBERS),
    )


def _any_currency(model: ModelState) -> tuple[str, ...]:
    return model.traits.currencies or _OWN


def _card(choices: Choices, model: ModelState, status: CardStatus) -> CardLabel:
    """The label of a card, mostly one with this status."""
    anything, chosen = sorted(model.cards), _with_status(model, status)
    return choices.pick(chosen, chosen, chosen, anything) if chosen else choices.pick(anything)


def _with_status(model: ModelState, status: CardStatus) -> list[CardLabel]:
    return [label for label in sorted(model.cards) if model.cards[label].card_status is status]


def _parent(choices: Choices, model: ModelState) -> str:
    return _one_of(choices, model, _open_holds(model))


def _one_of(choices: Choices, model: ModelState, chosen: list[str]) -> str:
    """The label of a payment, mostly one of the chosen ones."""
    made = [label for label in sorted(model.payments) if model.entry(label) is not None]
    anything = made or sorted(model.payments)
    return choices.pick(chosen, chosen, chosen, anything) if chosen else choices.pick(anything)


def _paid(model: ModelState) -> list[str]:
    """The payments of which something can be refunded."""
    return [
        label
        for label in sorted(model.payments)
        if (entry := model.entry(label)) is not None and entry.refundable > 0
    ]


def _open_holds(model: ModelState) -> list[str]:
    return [
        label
        for label in sorted(model.payments)
        if (entry := model.entry(label)) is not None and entry.is_open
    ]
