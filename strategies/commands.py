"""Steps for a scene: legal ones and deliberately illegal ones.

Every strategy takes the scene (what the ledger knows by now) and draws one step for it. Ids of
cards and ref_ids are never drawn: the driver makes them unique per run and per program.
"""

from __future__ import annotations

from hypothesis import strategies as st

from strategies import money, payloads
from tallystick.ledger.vocabulary import Extras
from tallystick.program import Scene, Step, Verb

MOST_CARDS = 3


def cards(scene: Scene) -> st.SearchStrategy[Step]:
    """A new card."""
    return st.builds(
        Step,
        st.just(Verb.CARD),
        st.just("ABC"[len(scene.cards)]),
        amount=money.openings(),
        currency=money.currencies(),
    )


def drawdowns(scene: Scene) -> st.SearchStrategy[Step]:
    """A plain drawdown from a card or by a token."""
    return _transactions(scene, Verb.DRAW, "d")


def holds(scene: Scene) -> st.SearchStrategy[Step]:
    """A pending drawdown from a card or by a token."""
    return _transactions(scene, Verb.HOLD, "h")


def funds(scene: Scene) -> st.SearchStrategy[Step]:
    """A fund of a card."""
    return st.builds(
        Step,
        st.just(Verb.FUND),
        st.just(scene.fresh("f")),
        st.sampled_from(sorted(scene.cards)),
        money.funding(),
        _foreign_currencies(),
        extras=payloads.members(),
    )


def captures(scene: Scene) -> st.SearchStrategy[Step]:
    """A capture: mostly of an open hold, now and then of anything else."""
    return st.builds(
        Step,
        st.just(Verb.CAPTURE),
        st.just(scene.fresh("c")),
        _parents(scene),
        money.capturing(),
        extras=payloads.metadata_members(),
    )


def voids(scene: Scene) -> st.SearchStrategy[Step]:
    """A void: mostly of an open hold, now and then of anything else."""
    return st.builds(
        Step,
        st.just(Verb.VOID),
        st.just(scene.fresh("v")),
        _parents(scene),
        extras=payloads.metadata_members(),
    )


def repeats(scene: Scene) -> st.SearchStrategy[Step]:
    """The same request once more."""
    return st.builds(Step, st.just(Verb.AGAIN), on=st.sampled_from(sorted(scene.payments)))


def reuses(scene: Scene) -> st.SearchStrategy[Step]:
    """Another request under a ref_id that was used before."""
    fresh = st.one_of(drawdowns(scene), holds(scene), funds(scene), captures(scene), voids(scene))
    used = st.sampled_from(sorted(scene.payments))
    return st.builds(_with_ref, fresh, used)


def tokens(scene: Scene) -> st.SearchStrategy[Step]:
    """A token of a card, one-time or lasting."""
    once: list[Extras] = [(("one_time", "true"),), ()]
    return st.builds(
        Step,
        st.just(Verb.TOKEN),
        st.just(scene.fresh("t")),
        st.sampled_from(sorted(scene.cards)),
        extras=st.sampled_from(once),
    )


def _transactions(scene: Scene, verb: Verb, letter: str) -> st.SearchStrategy[Step]:
    named = sorted(scene.cards) + sorted(scene.tokens)
    return st.builds(
        Step,
        st.just(verb),
        st.just(scene.fresh(letter)),
        st.sampled_from(named),
        money.spending(),
        _foreign_currencies(),
        extras=payloads.members(),
    )


def _foreign_currencies() -> st.SearchStrategy[str]:
    """The card's own currency (left to the driver), now and then any other."""
    own = st.just("")
    return st.one_of(own, own, own, own, own, own, own, money.currencies())


def _parents(scene: Scene) -> st.SearchStrategy[str]:
    open_holds = [
        label
        for label in sorted(scene.payments)
        if (entry := scene.entry(label)) is not None and entry.is_open
    ]
    anything = st.sampled_from(sorted(scene.payments))
    if not open_holds:
        return anything
    chosen = st.sampled_from(open_holds)
    return st.one_of(chosen, chosen, chosen, anything)


def _with_ref(step: Step, used: str) -> Step:
    return Step(step.verb, step.name, step.on, step.amount, step.currency, used, step.extras)
