"""Lost operations that only add to totals: which sums of them can explain another operation.

A lost deposit adds its amount to a balance, and does nothing else. Which of several deposits took
effect does not matter then, only their sum. `Totals` is what a caller knows of such operations, and
this module finds the sums. It knows neither the transition nor the search.

  - `fewest` finds few operations with a wanted sum. The search for an order uses them.
  - `Sums` are all sums that any subset has. The proof that there is no order uses them: it forgets
    which operations an order has used already, so that each order leads to few states.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, islice, product
from typing import Any, Final

from tallystick.checker.budget import Spend, glances, unlimited
from tallystick.checker.history import Operation

AnyOperation = Operation[Any, Any]
Vector = tuple[int, ...]
"""What is added to each total."""
Fits = Callable[[Vector], bool]
Needs = Vector | Fits | None


@dataclass(frozen=True, slots=True)
class Totals:
    """What the caller guarantees about lost operations that only add to totals.

    It makes no order legal or illegal; but as with all hints, a wrong guarantee can make the
    checker wrong, so test it.
    """

    adds: Callable[[AnyOperation], Vector | None]
    """`adds(o)`: what the lost operation o adds, if that is all it does: where it has an effect, it
    leads from s to `shifted(s, adds(o))`. None for all others. All vectors have one length."""

    shifted: Callable[[Any, Vector], Any]
    """`shifted(s, v)`: the state s with v added. Guaranteed: if b is possible in s and in
    `shifted(s, v)`, then its successors there are those of s, shifted by v. (If b is lost: if it
    has an effect in both.)"""

    needs: Callable[[Any, AnyOperation], Needs]
    """`needs(s, b)` for an operation b that is impossible in s: the only vector v for which b may
    be possible in `shifted(s, v)`; or a test of such vectors; or None if there is none. Where b
    changes nothing and the answer is a vector: b is possible only in states to which so much has
    been added, by whatever operations; so if it is not all zeros, b is impossible in s."""

    moves: Callable[[AnyOperation], Vector | None] = lambda o: None
    """`moves(o)`: what o adds to the totals of every state in which it is possible, whatever else
    it does; if o is lost, of every state in which it has an effect. None if that is not sure."""


MOST_SUMS: Final = 20_000
"""So many different sums are kept; that takes a few megabytes."""
MOST_TRIED: Final = 1_000
"""So many groups of one size are tried."""
MOST_WAYS: Final = 8
"""So many groups of operations with a wanted sum are tried; more are nearly always worse."""


MOST_OF_A_GROUP: Final = 8
"""So many lost operations together explain one observation at most, except where all do."""


class TooManySums(Exception):
    """There are more sums than are kept, and the question needs each of them."""


class Sums:
    """The sums of all subsets of a growing set of vectors.

    Beyond `MOST_SUMS` it counts everything as a sum that lies between the least and the greatest
    one and is a multiple of the common divisor: too many, and never too few.
    """

    def __init__(self) -> None:
        self.zero: Vector = ()
        self._sums: set[Vector] | None = None
        self._least: list[int] = []
        self._greatest: list[int] = []
        self._divisors: list[int] = []
        self._wide = False
        self._single: set[Vector] = set()

    @property
    def cost(self) -> int:
        """Units of work of one question."""
        return glances(len(self._single) + len(self._sums or ()))

    def add(self, vector: Vector) -> None:
        """Take one more vector into the set."""
        if self._sums is None:
            self.zero = (0,) * len(vector)
            self._sums = {self.zero}
            self._least = [0] * len(vector)
            self._greatest = [0] * len(vector)
            self._divisors = [0] * len(vector)
        self._single.add(vector)
        for at, value in enumerate(vector):
            self._least[at] += min(0, value)
            self._greatest[at] += max(0, value)
            self._divisors[at] = math.gcd(self._divisors[at], value)
        if not self._wide:
            self._sums |= {added(one, vector) for one in self._sums}
            self._wide = len(self._sums) > MOST_SUMS
            if self._wide:
                self._sums = set()

    def price(self, vector: Vector) -> int:
        """About how many vectors of the set it takes for this sum: at most 3."""
        single = self._single
        if vector in single:
            return 1
        return 2 if any(_difference(vector, one) in single for one in single) else 3

    def closest(self, needs: Needs, before: Vector) -> Vector | None:
        """A vector that fits, and is a possible sum together with the one `before`: the shortest.

        None if there is none. Raises TooManySums.
        """
        if needs is None or self._sums is None:
            return None
        if not callable(needs):
            return needs if self._has(added(before, needs)) else None
        pairs = islice(product(self._single, repeat=2), MOST_SUMS)
        near = [*self._single, *(added(a, b) for a, b in pairs)]
        fitting = [v for v in near if needs(v) and self._has(added(before, v))]
        if not fitting:
            if self._wide:
                raise TooManySums
            differences = (_difference(one, before) for one in self._sums)
            fitting = list(filter(needs, differences))
        return min(fitting, key=lambda v: (sum(map(abs, v)), v), default=None)

    def _has(self, vector: Vector) -> bool:
        if not self._wide:
            return vector in (self._sums or ())
        bounds = zip(vector, self._least, self._greatest, self._divisors, strict=True)
        return all(low <= v <= high and (not d or v % d == 0) for v, low, high, d in bounds)


def fewest(
    needs: Needs, pool: Sequence[tuple[int, Vector]], most: int, spend: Spend = unlimited
) -> Iterator[tuple[int, ...]]:
    """Up to `MOST_WAYS` groups of at most `most` numbers of the pool whose vectors have a sum that
    fits: all with the fewest members. Of equal vectors the first ones are taken.
    """
    by_vector: dict[Vector, list[int]] = {}
    for number, vector in pool:
        by_vector.setdefault(vector, []).append(number)
    found = 0
    for size in range(1, most + 1):
        if len(by_vector) ** (size - 1) > MOST_TRIED:
            if not callable(needs) and needs is not None:
                yield from _any_group(needs, pool, spend)
            return
        for vectors in _groups(needs, list(by_vector), size, spend):
            if all(vectors.count(v) <= len(by_vector[v]) for v in vectors):
                left = {v: iter(by_vector[v]) for v in vectors}
                yield tuple(next(left[v]) for v in vectors)
                found += 1
                if found == MOST_WAYS:
                    return
        if found:
            return


def _any_group(
    wanted: Vector, pool: Sequence[tuple[int, Vector]], spend: Spend
) -> Iterator[tuple[int, ...]]:
    """One group with this sum, however many members it has, if it is among the first sums."""
    groups: dict[Vector, tuple[int, ...]] = {(0,) * len(wanted): ()}
    for number, vector in pool:
        for tried, (reached, group) in enumerate(list(groups.items())):
            if not tried & 255:
                spend(glances(4 * 256))
            groups.setdefault(added(reached, vector), (*group, number))
        if wanted in groups:
            yield groups[wanted]
            return
        if len(groups) > MOST_SUMS:
            return


def settled(
    debts: Sequence[tuple[Vector, int]], vectors: Sequence[Vector], spend: Spend = unlimited
) -> list[tuple[int, ...]] | None:
    """For each debt the numbers of vectors with its sum, so that none is used twice.

    A debt is a sum, and how many of the vectors it may use. None if it finds no way; there may be
    one all the same.

    Debts that a single vector settles come first, then pairs, and so on, since few vectors are
    rarely wrong. If a debt finds no group then, an earlier one may give up its own for another.
    """
    paid: dict[int, tuple[int, ...]] = {}
    free = dict.fromkeys(range(len(vectors)))
    for most in (1, 2, 3, MOST_OF_A_GROUP):
        for at, debt in enumerate(debts):
            if at not in paid and (groups := list(_payments(debt, vectors, free, most, spend))):
                _pay(at, groups[0], paid, free)
    for at in range(len(debts)):
        if at not in paid and not _exchanged(at, debts, vectors, paid, free, spend):
            return None
    return [paid[at] for at in range(len(debts))]


def _payments(
    debt: tuple[Vector, int],
    vectors: Sequence[Vector],
    free: Collection[int],
    most: int,
    spend: Spend,
) -> Iterator[tuple[int, ...]]:
    wanted, known = debt
    spend(glances(2 * len(free)))
    return fewest(wanted, [(n, vectors[n]) for n in sorted(free) if n < known], most, spend)


def _pay(
    at: int, group: tuple[int, ...], paid: dict[int, tuple[int, ...]], free: dict[int, None]
) -> None:
    free.update(dict.fromkeys(paid.get(at, ())))
    paid[at] = group
    for number in group:
        del free[number]


def _exchanged(
    at: int,
    debts: Sequence[tuple[Vector, int]],
    vectors: Sequence[Vector],
    paid: dict[int, tuple[int, ...]],
    free: dict[int, None],
    spend: Spend,
) -> bool:
    """Whether the debt was settled after another one took other vectors."""
    for other, group in list(paid.items()):
        pool = {**free, **dict.fromkeys(group)}
        for mine in _payments(debts[at], vectors, pool, MOST_OF_A_GROUP, spend):
            rest = dict.fromkeys(n for n in pool if n not in mine)
            theirs = next(_payments(debts[other], vectors, rest, MOST_OF_A_GROUP, spend), None)
            if theirs is not None:
                _pay(other, (), paid, free)
                _pay(at, mine, paid, free)
                _pay(other, theirs, paid, free)
                return True
    return False


def _groups(
    needs: Needs, vectors: list[Vector], size: int, spend: Spend
) -> Iterator[tuple[Vector, ...]]:
    """The groups of this size, repetitions included, whose sum fits."""
    if needs is None:
        return
    if callable(needs):
        for tried, group in enumerate(combinations_with_replacement(vectors, size)):
            if not tried & 63:
                spend(8)
            if needs(_total(group)):
                yield group
        return
    known = {vector: at for at, vector in enumerate(vectors)}
    for tried, group in enumerate(combinations_with_replacement(vectors, size - 1)):
        if not tried & 63:
            spend(8)
        last = tuple(needs)
        for vector in group:
            last = _difference(last, vector)
        # In the order of the vectors, so that no group comes twice.
        if known.get(last, -1) >= (known[group[-1]] if group else 0):
            yield (*group, last)


def _total(group: tuple[Vector, ...]) -> Vector:
    return tuple(map(sum, zip(*group, strict=True)))


def added(one: Vector, other: Vector) -> Vector:
    """The sum of two vectors."""
    return tuple([a + b for a, b in zip(one, other, strict=True)])


def _difference(one: Vector, other: Vector) -> Vector:
    return tuple([a - b for a, b in zip(one, other, strict=True)])
