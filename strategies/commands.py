"""Steps for a scene: legal ones and deliberately illegal ones.

Every strategy takes the scene (what the ledger knows by now) and draws one step for it. Ids of
cards and ref_ids are never drawn: the driver makes them unique per run and per program.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from hypothesis import strategies as st

from strategies import money, payloads
from strategies.choice import evenly
from tallystick.ledger.rulings import CURRENCIES
from tallystick.ledger.vocabulary import Extras
from tallystick.program import Scene, Step, Verb

Steps = Callable[[Scene], st.SearchStrategy[Step]]

MOST_CARDS = 3
MOST_TOKENS = 3

_ONCE: Extras = (("one_time", "true"),)
_LASTING: Extras = ()
_ONCE_OR_LASTING = st.sampled_from([_ONCE, _LASTING])


@st.composite
def steps(draw: st.DrawFn, scene: Scene) -> Step:
    """Any step that makes sense here, those that lead to rare states more often than others."""
    kinds: list[Steps] = [drawdowns, holds, holds, holds, funds]
    if len(scene.cards) < MOST_CARDS:
        kinds += [cards]
    if len(scene.tokens) < MOST_TOKENS:
        kinds += [tokens]
    if scene.payments:
        kinds += [captures, voids, repeats, repeats, reuses, reuses]
    if _open_holds(scene):
        kinds += [captures, captures, captures, captures, captures, voids, voids]
    return draw(draw(st.sampled_from(kinds))(scene))


# Each is a composite of strategies that exist already. Hypothesis validates every strategy that is
# made, which for `st.builds` costs more than the request that the step becomes.


@st.composite
def cards(draw: st.DrawFn, scene: Scene) -> Step:
    """A new card."""
    label = "ABC"[len(scene.cards)]
    return Step(Verb.CARD, label, amount=draw(money.openings()), currency=draw(money.currencies()))


def drawdowns(scene: Scene) -> st.SearchStrategy[Step]:
    """A plain drawdown from a card or by a token."""
    return _transactions(scene, Verb.DRAW, "d")


def holds(scene: Scene) -> st.SearchStrategy[Step]:
    """A pending drawdown from a card or by a token."""
    return _transactions(scene, Verb.HOLD, "h")


@st.composite
def funds(draw: st.DrawFn, scene: Scene) -> Step:
    """A fund of a card."""
    return Step(
        Verb.FUND,
        scene.fresh("f"),
        draw(st.sampled_from(sorted(scene.cards))),
        draw(money.funding()),
        draw(_foreign_currencies()),
        extras=draw(payloads.members()),
    )


@st.composite
def captures(draw: st.DrawFn, scene: Scene) -> Step:
    """A capture: mostly of an open hold, now and then of anything else."""
    return Step(
        Verb.CAPTURE,
        scene.fresh("c"),
        draw(_parents(scene)),
        draw(money.capturing()),
        extras=draw(payloads.metadata_members()),
    )


@st.composite
def voids(draw: st.DrawFn, scene: Scene) -> Step:
    """A void: mostly of an open hold, now and then of anything else."""
    return Step(
        Verb.VOID,
        scene.fresh("v"),
        draw(_parents(scene)),
        extras=draw(payloads.metadata_members()),
    )


@st.composite
def repeats(draw: st.DrawFn, scene: Scene) -> Step:
    """The same request once more."""
    return Step(Verb.AGAIN, on=draw(st.sampled_from(sorted(scene.payments))))


@st.composite
def reuses(draw: st.DrawFn, scene: Scene) -> Step:
    """Another request under a ref_id that was used before."""
    fresh = draw(st.sampled_from((drawdowns, holds, funds, captures, voids)))
    step = draw(fresh(scene))
    return replace(step, ref=draw(st.sampled_from(sorted(scene.payments))))


@st.composite
def tokens(draw: st.DrawFn, scene: Scene) -> Step:
    """A token of a card, one-time or lasting."""
    on = draw(st.sampled_from(sorted(scene.cards)))
    return Step(Verb.TOKEN, scene.fresh("t"), on, extras=draw(_ONCE_OR_LASTING))


@st.composite
def _transactions(draw: st.DrawFn, scene: Scene, verb: Verb, letter: str) -> Step:
    return Step(
        verb,
        scene.fresh(letter),
        draw(st.sampled_from(sorted(scene.cards) + sorted(scene.tokens))),
        draw(money.spending()),
        draw(_foreign_currencies()),
        extras=draw(payloads.members()),
    )


@cache
def _foreign_currencies() -> st.SearchStrategy[str]:
    """The card's own currency (left to the driver), now and then any other."""
    own = ("",)
    return evenly(own, own, own, own, own, own, own, CURRENCIES)


def _parents(scene: Scene) -> st.SearchStrategy[str]:
    made = [label for label in sorted(scene.payments) if scene.entry(label) is not None]
    anything = st.sampled_from(made or sorted(scene.payments))
    open_holds = _open_holds(scene)
    if not open_holds:
        return anything
    chosen = st.sampled_from(open_holds)
    return st.one_of(chosen, chosen, chosen, anything)


def _open_holds(scene: Scene) -> list[str]:
    return [
        label
        for label in sorted(scene.payments)
        if (entry := scene.entry(label)) is not None and entry.is_open
    ]
