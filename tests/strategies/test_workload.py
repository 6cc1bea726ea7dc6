"""Workloads: clients of a soak meet on the same holds, and name only what was accepted."""

from __future__ import annotations

from collections import Counter

from strategies.workload import CARDS, OPENING, RECENT, Workload
from tallystick.program import Step, Verb, parse_step


def drawn(seed: int, steps: int, accepts: bool = True) -> tuple[list[Step], Workload]:
    """The steps of three clients that take turns; all that they pay is accepted, or nothing is."""
    workload = Workload(seed)
    clients = [workload.client(str(number)) for number in (1, 2, 3)]
    card_of = {card: card for card in CARDS}
    found = []
    for number in range(steps):
        client = clients[number % 3]
        step = client.next_step()
        found.append(step)
        card_of[step.name] = card_of[step.on]
        if accepts:
            client.accepted(step, card_of[step.on])
    return found, workload


def test_a_seed_gives_the_same_steps_again_and_another_seed_others() -> None:
    assert drawn(1, 300)[0] == drawn(1, 300)[0]
    assert drawn(1, 300)[0] != drawn(2, 300)[0]


def test_what_a_step_names_was_accepted_before_it() -> None:
    known = set(CARDS)
    holds = set()
    for step in drawn(3, 900)[0]:
        assert step.on in known
        assert step.verb not in (Verb.CAPTURE, Verb.VOID) or step.on in holds
        known.add(step.name)
        holds |= {step.name} if step.verb is Verb.HOLD else set()


def test_clients_settle_and_repeat_what_others_made() -> None:
    maker: dict[str, str] = {}
    met: Counter[Verb] = Counter()
    for number, step in enumerate(drawn(4, 900)[0]):
        client = str(number % 3 + 1)
        met[step.verb] += maker.get(step.on, client) != client
        maker[step.name] = client
    assert min(met[verb] for verb in (Verb.CAPTURE, Verb.VOID, Verb.AGAIN)) > 5


def test_without_accepted_holds_there_is_nothing_to_settle_or_repeat() -> None:
    verbs = {step.verb for step in drawn(5, 600, accepts=False)[0]}
    assert verbs == {Verb.READ, Verb.LIST, Verb.DRAW, Verb.HOLD, Verb.FUND}


def test_every_kind_of_step_is_drawn_with_a_name_of_its_own_and_a_text_form() -> None:
    steps, _ = drawn(6, 900)
    names = [step.name for step in steps if step.name]
    assert len(set(names)) == len(names)
    assert len({step.verb for step in steps}) == 9
    assert all(parse_step(str(step)) == step for step in steps)


def test_amounts_are_small_parts_of_what_a_card_opens_with() -> None:
    steps, workload = drawn(7, 900)
    amounts = [step.amount.offset for step in steps if step.amount is not None]
    assert 0 < min(amounts) <= max(amounts) <= OPENING // 2
    captures = {step.amount is None for step in steps if step.verb is Verb.CAPTURE}
    assert captures == {True, False}
    assert all(step.amount is None for step in steps if step.verb is Verb.VOID)
    assert [step.name for step in workload.openings] == list(CARDS)


def test_only_the_latest_labels_of_a_card_are_remembered() -> None:
    _, workload = drawn(8, 900)
    for labels in (*workload.holds.values(), *workload.payments.values()):
        assert len(labels) == RECENT
