"""The maker of mutants: every mutant compiles, is itself, and can be served.

What kills them is measured elsewhere.
"""

import ast
from collections import Counter

import pytest

from tests.rival import equivalents
from tests.rival.mutants import PATH, load, mutants, tree_of
from tests.rival.process import ADMIN, Rival

ORIGINAL = ast.dump(ast.parse(PATH.read_text(encoding="utf-8")))


def test_every_mutant_compiles_and_differs_from_the_original_and_all_others():
    seen = {ORIGINAL}
    for mutant in mutants():
        tree = tree_of(mutant)
        compile(tree, str(PATH), "exec")
        seen.add(ast.dump(tree))
    assert len(seen) == 1 + len(mutants())


def test_the_mutants_are_the_same_every_time():
    again = mutants.__wrapped__()
    assert again == mutants()
    assert [mutant.number for mutant in again] == list(range(len(again)))
    assert len({mutant.name for mutant in again}) == len(again)


def test_there_are_hundreds_of_mutants_of_every_kind():
    kinds = Counter(mutant.operator for mutant in mutants())
    assert len(mutants()) >= 300
    assert {
        "arithmetic",
        "boolean operator",
        "comparison",
        "constant",
        "deleted statement",
        "mixed-up name",
        "negated condition",
        "swapped arguments",
    } <= set(kinds)


def test_every_operator_finds_its_place():
    source = "def least(a, b):\n    return min(a, b) if a < 0 and not b else [a + 1, b]\n"
    made = {mutant.operator for mutant in mutants(source)}
    assert made == {
        "arithmetic",
        "boolean operator",
        "comparison",
        "constant",
        "dropped element",
        "dropped not",
        "dropped operand",
        "min for max",
        "negated condition",
    }


def test_texts_and_types_are_left_alone():
    source = (
        '"""A text."""\n'
        "def refuse(a: int = 0) -> None:\n"
        '    """A text."""\n'
        '    raise Refusal(400, "A" + "B", "text")\n'
    )
    assert [mutant.operator for mutant in mutants(source)] == [
        "constant",
        "constant",
        "deleted statement",
    ]


@pytest.mark.parametrize("table", [equivalents.INDISTINGUISHABLE, equivalents.PERMITTED])
def test_every_argument_names_a_mutant(table):
    assert set(table) <= {mutant.name for mutant in mutants()}


def test_a_mutant_is_loaded_beside_the_original():
    from tests.rival import money

    number = next(m for m in mutants() if m.name.startswith("_funded: card.funds += entry"))
    mutated = load(number, "mutated_money")
    entry = money.Entry(money.Kind.FUNDED, "id", 1, 5, "r")
    assert money.fold([entry]).funds == 5
    assert mutated.fold([entry]).funds == -5


def test_a_mutant_is_served(request):
    wanted = "_funded: card.funds += entry.amount -> pass"
    number = next(mutant.number for mutant in mutants() if mutant.name == wanted)
    with Rival("--mutant", str(number)) as rival:
        from tests.rival.client import Wallet

        wallet = Wallet(rival.url, ADMIN)
        wallet.card("card", 5)
        assert wallet.figures("card")["balance"] == 0
        wallet.close()
