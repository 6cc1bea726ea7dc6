"""Steps for a scene: legal ones and deliberately illegal ones.

Every kind of step is a function of dice and of the scene (what the ledger knows by now). Ids of
cards and ref_ids are never drawn: the driver makes them unique per run and per program.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from strategies import money, payloads
from strategies.choices import Dice
from tallystick.ledger.preconditions import CURRENCIES
from tallystick.ledger.state import Standing
from tallystick.ledger.vocabulary import Extras
from tallystick.program import Scene, Step, Verb

Kind = Callable[[Dice, Scene], Step]

LABELS = "ABC"
MOST_CARDS = len(LABELS)
MOST_TOKENS = 3

_OWN = ("",)
_CURRENCIES = (*7 * (_OWN,), CURRENCIES)
"""The card's own currency (left to the driver), now and then any other."""
_ONCE_OR_LASTING: tuple[Extras, ...] = ((("one_time", "true"),), ())


def steps(dice: Dice, scene: Scene) -> Step:
    """Any step that makes sense here, those that lead to rare states more often than others."""
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
    return dice.pick(kinds)(dice, scene)


def cards(dice: Dice, scene: Scene) -> Step:
    """A new card."""
    return Step(
        Verb.CARD,
        LABELS[len(scene.cards)],
        amount=dice.pick(*money.OPENINGS),
        currency=dice.pick(CURRENCIES),
        extras=dice.pick(*payloads.CREATION),
    )


def batches(dice: Dice, scene: Scene) -> Step:
    """A prepared card, which pays nothing until it is activated."""
    return Step(Verb.BATCH, LABELS[len(scene.cards)])


def activations(dice: Dice, scene: Scene) -> Step:
    """The activation of a prepared card, now and then of one that is active or deleted."""
    card = _card(dice, scene, Standing.INACTIVE)
    # What becomes of money that was on it already, nobody can say if it is in another currency.
    currencies = _OWN if scene.cards[card].entries else CURRENCIES
    return Step(
        Verb.ACTIVATE,
        on=card,
        amount=dice.pick(*money.OPENINGS),
        currency=dice.pick(currencies),
        extras=dice.pick(*payloads.ACTIVATION),
    )


def deletions(dice: Dice, scene: Scene) -> Step:
    """The deletion of a card, whatever is on it."""
    return Step(Verb.DELETE, on=_card(dice, scene, Standing.ACTIVE))


def drawdowns(dice: Dice, scene: Scene) -> Step:
    """A plain drawdown from a card or by a token."""
    return _transaction(dice, scene, Verb.DRAW, "d")


def holds(dice: Dice, scene: Scene) -> Step:
    """A pending drawdown from a card or by a token."""
    return _transaction(dice, scene, Verb.HOLD, "h")


def funds(dice: Dice, scene: Scene) -> Step:
    """A fund of a card."""
    return Step(
        Verb.FUND,
        scene.fresh("f"),
        _card(dice, scene, Standing.ACTIVE),
        dice.pick(*money.FUNDING),
        dice.pick(*_CURRENCIES),
        extras=dice.pick(*payloads.MEMBERS),
    )


def captures(dice: Dice, scene: Scene) -> Step:
    """A capture: mostly of an open hold, now and then of anything else."""
    return Step(
        Verb.CAPTURE,
        scene.fresh("c"),
        _parent(dice, scene),
        dice.pick(*money.CAPTURING),
        extras=dice.pick(*payloads.METADATA),
    )


def voids(dice: Dice, scene: Scene) -> Step:
    """A void: mostly of an open hold, now and then of anything else."""
    return Step(
        Verb.VOID,
        scene.fresh("v"),
        _parent(dice, scene),
        extras=dice.pick(*payloads.METADATA),
    )


def repeats(dice: Dice, scene: Scene) -> Step:
    """The same request once more."""
    return Step(Verb.AGAIN, on=dice.pick(sorted(scene.payments)))


def reuses(dice: Dice, scene: Scene) -> Step:
    """Another request under a ref_id that was used before."""
    fresh = dice.pick((drawdowns, holds, funds, captures, voids))
    return replace(fresh(dice, scene), ref=dice.pick(sorted(scene.payments)))


def tokens(dice: Dice, scene: Scene) -> Step:
    """A token of a card, one-time or lasting."""
    on = _card(dice, scene, Standing.ACTIVE)
    return Step(Verb.TOKEN, scene.fresh("t"), on, extras=dice.pick(_ONCE_OR_LASTING))


def _transaction(dice: Dice, scene: Scene, verb: Verb, letter: str) -> Step:
    card = _card(dice, scene, Standing.ACTIVE)
    return Step(
        verb,
        scene.fresh(letter),
        dice.pick([card], sorted(scene.tokens)) if scene.tokens else card,
        dice.pick(*money.SPENDING),
        dice.pick(*_CURRENCIES),
        extras=dice.pick(*payloads.MEMBERS),
    )


def _card(dice: Dice, scene: Scene, standing: Standing) -> str:
    """Mostly a card that stands so, now and then any other."""
    anything, chosen = sorted(scene.cards), _standing(scene, standing)
    return dice.pick(chosen, chosen, chosen, anything) if chosen else dice.pick(anything)


def _standing(scene: Scene, standing: Standing) -> list[str]:
    return [label for label in sorted(scene.cards) if scene.cards[label].standing is standing]


def _parent(dice: Dice, scene: Scene) -> str:
    made = [label for label in sorted(scene.payments) if scene.entry(label) is not None]
    anything = made or sorted(scene.payments)
    chosen = _open_holds(scene)
    return dice.pick(chosen, chosen, chosen, anything) if chosen else dice.pick(anything)


def _open_holds(scene: Scene) -> list[str]:
    return [
        label
        for label in sorted(scene.payments)
        if (entry := scene.entry(label)) is not None and entry.is_open
    ]
