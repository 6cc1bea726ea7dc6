"""Steps for a scene: legal ones and deliberately illegal ones.

Every kind of step is a function that draws one for the scene (what the ledger knows by now). Ids of
cards and ref_ids are never drawn: the driver makes them unique per run and per program.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from hypothesis import strategies as st

from strategies import money, payloads
from strategies.choice import evenly, pick
from tallystick.ledger.rulings import CURRENCIES
from tallystick.ledger.vocabulary import Extras
from tallystick.program import Scene, Step, Verb

Kind = Callable[[st.DrawFn, Scene], Step]

MOST_CARDS = 3
MOST_TOKENS = 3

_ONCE_OR_LASTING: tuple[Extras, ...] = ((("one_time", "true"),), ())


def steps(draw: st.DrawFn, scene: Scene) -> Step:
    """Any step that makes sense here, those that lead to rare states more often than others."""
    kinds: list[Kind] = [drawdowns, holds, holds, holds, funds]
    if len(scene.cards) < MOST_CARDS:
        kinds += [cards]
    if len(scene.tokens) < MOST_TOKENS:
        kinds += [tokens]
    if scene.payments:
        kinds += [captures, voids, repeats, repeats, reuses, reuses]
    if _open_holds(scene):
        kinds += [captures, captures, captures, captures, captures, voids, voids]
    return pick(draw, kinds)(draw, scene)


def cards(draw: st.DrawFn, scene: Scene) -> Step:
    """A new card."""
    label = "ABC"[len(scene.cards)]
    return Step(Verb.CARD, label, amount=draw(money.openings()), currency=draw(money.currencies()))


def drawdowns(draw: st.DrawFn, scene: Scene) -> Step:
    """A plain drawdown from a card or by a token."""
    return _transaction(draw, scene, Verb.DRAW, "d")


def holds(draw: st.DrawFn, scene: Scene) -> Step:
    """A pending drawdown from a card or by a token."""
    return _transaction(draw, scene, Verb.HOLD, "h")


def funds(draw: st.DrawFn, scene: Scene) -> Step:
    """A fund of a card."""
    return Step(
        Verb.FUND,
        scene.fresh("f"),
        pick(draw, sorted(scene.cards)),
        draw(money.funding()),
        draw(_foreign_currencies()),
        extras=draw(payloads.members()),
    )


def captures(draw: st.DrawFn, scene: Scene) -> Step:
    """A capture: mostly of an open hold, now and then of anything else."""
    return Step(
        Verb.CAPTURE,
        scene.fresh("c"),
        _parent(draw, scene),
        draw(money.capturing()),
        extras=draw(payloads.metadata_members()),
    )


def voids(draw: st.DrawFn, scene: Scene) -> Step:
    """A void: mostly of an open hold, now and then of anything else."""
    return Step(
        Verb.VOID,
        scene.fresh("v"),
        _parent(draw, scene),
        extras=draw(payloads.metadata_members()),
    )


def repeats(draw: st.DrawFn, scene: Scene) -> Step:
    """The same request once more."""
    return Step(Verb.AGAIN, on=pick(draw, sorted(scene.payments)))


def reuses(draw: st.DrawFn, scene: Scene) -> Step:
    """Another request under a ref_id that was used before."""
    fresh = pick(draw, (drawdowns, holds, funds, captures, voids))
    return replace(fresh(draw, scene), ref=pick(draw, sorted(scene.payments)))


def tokens(draw: st.DrawFn, scene: Scene) -> Step:
    """A token of a card, one-time or lasting."""
    on = pick(draw, sorted(scene.cards))
    return Step(Verb.TOKEN, scene.fresh("t"), on, extras=pick(draw, _ONCE_OR_LASTING))


def _transaction(draw: st.DrawFn, scene: Scene, verb: Verb, letter: str) -> Step:
    return Step(
        verb,
        scene.fresh(letter),
        pick(draw, sorted(scene.cards) + sorted(scene.tokens)),
        draw(money.spending()),
        draw(_foreign_currencies()),
        extras=draw(payloads.members()),
    )


@cache
def _foreign_currencies() -> st.SearchStrategy[str]:
    """The card's own currency (left to the driver), now and then any other."""
    own = ("",)
    return evenly(own, own, own, own, own, own, own, CURRENCIES)


def _parent(draw: st.DrawFn, scene: Scene) -> str:
    made = [label for label in sorted(scene.payments) if scene.entry(label) is not None]
    anything = made or sorted(scene.payments)
    chosen = _open_holds(scene)
    return pick(draw, chosen, chosen, chosen, anything) if chosen else pick(draw, anything)


def _open_holds(scene: Scene) -> list[str]:
    return [
        label
        for label in sorted(scene.payments)
        if (entry := scene.entry(label)) is not None and entry.is_open
    ]
