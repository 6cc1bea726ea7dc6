"""Steps for a scene: legal ones and deliberately illegal ones.

Each kind of step is a function of the choices and of the scene (what the ledger knows so far). Ids
of cards and ref_ids are never drawn: the driver makes them unique for each run and program.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from strategies import money, payloads
from strategies.choices import Choices
from tallystick.ledger.preconditions import CURRENCIES
from tallystick.ledger.state import Standing
from tallystick.ledger.vocabulary import Extras
from tallystick.program import Scene, Step, Verb

Kind = Callable[[Choices, Scene], Step]

LABELS = "ABC"
MOST_CARDS = len(LABELS)
MOST_TOKENS = 3

_OWN = ("",)
_CURRENCIES = (*7 * (_OWN,), CURRENCIES)
"""Mostly the card's own currency (which the driver fills in), one time in eight any currency."""
_ONCE_OR_LASTING: tuple[Extras, ...] = ((("one_time", "true"),), ())


def steps(choices: Choices, scene: Scene) -> Step:
    """Any step that is possible in this scene; steps that lead to rare states are more likely."""
    kinds: list[Kind] = [drawdowns, drawdowns, holds, holds, holds, funds]
    if len(scene.cards) < MOST_CARDS:
        kinds += [cards, batches]
    elif len(_standing(scene, Standing.ACTIVE)) > 1:
        kinds += [deletions]
    if _standing(scene, Standing.INACTIVE):
        kinds += 4 * [activations]
    if len(scene.tokens) < MOST_TOKENS:
        kinds += [tokens]
    if scene.payments:
        kinds += [captures, voids, repeats, repeats, repeats, reuses, reuses]
    if _open_holds(scene):
        kinds += [*6 * [captures], voids, voids, holds, holds]
    return choices.pick(kinds)(choices, scene)


def cards(choices: Choices, scene: Scene) -> Step:
    """A new card."""
    return Step(
        Verb.CARD,
        LABELS[len(scene.cards)],
        amount=choices.pick(*money.OPENINGS),
        currency=choices.pick(CURRENCIES),
        extras=choices.pick(*payloads.CREATION),
    )


def batches(choices: Choices, scene: Scene) -> Step:
    """A card that is prepared in a batch; it cannot pay before it is activated."""
    return Step(Verb.BATCH, LABELS[len(scene.cards)])


def activations(choices: Choices, scene: Scene) -> Step:
    """The activation of a prepared card, sometimes of one that is active or deleted."""
    card = _card(choices, scene, Standing.INACTIVE)
    # The documentation does not say what happens to money on the card in another currency.
    currencies = _OWN if scene.cards[card].entries else CURRENCIES
    return Step(
        Verb.ACTIVATE,
        on=card,
        amount=choices.pick(*money.OPENINGS),
        currency=choices.pick(currencies),
        extras=choices.pick(*payloads.ACTIVATION),
    )


def deletions(choices: Choices, scene: Scene) -> Step:
    """The deletion of a card, whatever is on it."""
    return Step(Verb.DELETE, on=_card(choices, scene, Standing.ACTIVE))


def drawdowns(choices: Choices, scene: Scene) -> Step:
    """A drawdown from a card or by a token."""
    return _transaction(choices, scene, Verb.DRAW, "d")


def holds(choices: Choices, scene: Scene) -> Step:
    """A pending drawdown from a card or by a token."""
    return _transaction(choices, scene, Verb.HOLD, "h")


def funds(choices: Choices, scene: Scene) -> Step:
    """A fund of a card."""
    return Step(
        Verb.FUND,
        scene.fresh("f"),
        _card(choices, scene, Standing.ACTIVE),
        choices.pick(*money.FUNDING),
        choices.pick(*_CURRENCIES),
        extras=choices.pick(*payloads.MEMBERS),
    )


def captures(choices: Choices, scene: Scene) -> Step:
    """A capture, mostly of an open hold, sometimes of another transaction."""
    return Step(
        Verb.CAPTURE,
        scene.fresh("c"),
        _parent(choices, scene),
        choices.pick(*money.CAPTURING),
        extras=choices.pick(*payloads.METADATA),
    )


def voids(choices: Choices, scene: Scene) -> Step:
    """A void, mostly of an open hold, sometimes of another transaction."""
    return Step(
        Verb.VOID,
        scene.fresh("v"),
        _parent(choices, scene),
        extras=choices.pick(*payloads.METADATA),
    )


def repeats(choices: Choices, scene: Scene) -> Step:
    """A request that was sent before, sent again."""
    return Step(Verb.AGAIN, on=choices.pick(sorted(scene.payments)))


def reuses(choices: Choices, scene: Scene) -> Step:
    """A different request with a ref_id that was used before."""
    fresh = choices.pick((drawdowns, holds, funds, captures, voids))
    return replace(fresh(choices, scene), ref=choices.pick(sorted(scene.payments)))


def tokens(choices: Choices, scene: Scene) -> Step:
    """A token of a card, one-time or lasting."""
    on = _card(choices, scene, Standing.ACTIVE)
    return Step(Verb.TOKEN, scene.fresh("t"), on, extras=choices.pick(_ONCE_OR_LASTING))


def _transaction(choices: Choices, scene: Scene, verb: Verb, letter: str) -> Step:
    card = _card(choices, scene, Standing.ACTIVE)
    return Step(
        verb,
        scene.fresh(letter),
        choices.pick([card], sorted(scene.tokens)) if scene.tokens else card,
        choices.pick(*money.SPENDING),
        choices.pick(*_CURRENCIES),
        extras=choices.pick(*payloads.MEMBERS),
    )


def _card(choices: Choices, scene: Scene, standing: Standing) -> str:
    """The label of a card, mostly one with this status."""
    anything, chosen = sorted(scene.cards), _standing(scene, standing)
    return choices.pick(chosen, chosen, chosen, anything) if chosen else choices.pick(anything)


def _standing(scene: Scene, standing: Standing) -> list[str]:
    return [label for label in sorted(scene.cards) if scene.cards[label].standing is standing]


def _parent(choices: Choices, scene: Scene) -> str:
    made = [label for label in sorted(scene.payments) if scene.entry(label) is not None]
    anything = made or sorted(scene.payments)
    chosen = _open_holds(scene)
    return choices.pick(chosen, chosen, chosen, anything) if chosen else choices.pick(anything)


def _open_holds(scene: Scene) -> list[str]:
    return [
        label
        for label in sorted(scene.payments)
        if (entry := scene.entry(label)) is not None and entry.is_open
    ]
