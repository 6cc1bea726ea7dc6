"""A persistent hash map: setting a key makes a new map and leaves the old one as it was.

It knows nothing of cards: a ledger state that holds ten thousand records must be copied, compared
and hashed after every command, and a plain dict would make each of these cost ten thousand.

How it is made. Up to SMALL entries a map is one plain dict, copied on every change. Above that it
is a tree: an inner node is a list of 32 children chosen by five bits of the key's hash, a leaf is
a dict that splits when it outgrows LEAF entries (keys whose hashes collide in all bits simply share
a leaf, so there is no third kind of node). A change copies one leaf and the lists above it; all
else is shared, which is also what makes comparing two close relatives cheap.

Nodes are never changed once a map holds them. Keys and values must be hashable: the hash of a map
is a sum over its pairs, kept up to date by every change, so that equal maps have equal hashes in
whatever order they were built. Iteration is in order of insertion, as in a dict; like a dict, a
map does not count that order as part of its value.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import Any, Final, Generic, TypeVar, cast, overload

K = TypeVar("K", bound=Hashable)
V = TypeVar("V", bound=Hashable)
D = TypeVar("D")

SMALL: Final = 24  # above this many entries a tree beats one dict
SHRUNK: Final = 8  # at this many a tree becomes one dict again; the gap keeps it from flapping
LEAF: Final = 24
BITS: Final = 5
WIDTH: Final = 1 << BITS
MASK: Final = WIDTH - 1
DEEPEST: Final = 60  # the shift at which the bits of a hash are used up
WORD: Final = (1 << 64) - 1

_ABSENT: Final = object()
# Leaves of a tree hold {key: (serial, value)}; the serial restores the order of insertion.
Leaf = dict[Any, tuple[int, Any]]
Node = Any  # Leaf | list[Node]; a recursive alias would cost a cast at every level


class Map(Generic[K, V]):
    """An immutable map with value semantics."""

    __slots__ = ("_few", "_hash", "_root", "_serial", "_size")

    _few: dict[K, V] | None  # the whole map while it is small
    _root: Node  # the tree once it is not
    _serial: int
    _size: int
    _hash: int

    def __init__(self) -> None:
        self._few = {}
        self._root = None
        self._serial = self._size = self._hash = 0

    @classmethod
    def of(cls, pairs: Iterable[tuple[K, V]]) -> Map[K, V]:
        """The map of these pairs; of two with the same key the later one counts."""
        result: Map[K, V] = Map()
        for key, value in pairs:
            result = result.set(key, value)
        return result

    @overload
    def get(self, key: K) -> V | None: ...
    @overload
    def get(self, key: K, default: D) -> V | D: ...
    def get(self, key: K, default: D | None = None) -> V | D | None:
        few = self._few
        if few is not None:
            return few.get(key, default)
        entry = _leaf(self._root, key).get(key)
        return default if entry is None else cast("V", entry[1])

    def __getitem__(self, key: K) -> V:
        few = self._few
        if few is not None:
            return few[key]
        return cast("V", _leaf(self._root, key)[key][1])

    def __contains__(self, key: object) -> bool:
        few = self._few
        return key in few if few is not None else key in _leaf(self._root, key)

    def set(self, key: K, value: V) -> Map[K, V]:
        """This map with `key` at `value`; this very map if it is there already."""
        old = self.get(key, _ABSENT)
        if old is value or (old is not _ABSENT and old == value):
            return self
        pairs = self._hash + hash((key, value))
        size = self._size
        if old is _ABSENT:
            size += 1
        else:
            pairs -= hash((key, old))
        few = self._few
        if few is None:
            root = _with(self._root, hash(key), 0, key, (self._serial, value))
            return _made(None, root, self._serial + 1, size, pairs)
        few = few.copy()
        few[key] = value
        if size <= SMALL:
            return _made(few, None, 0, size, pairs)
        leaf = {k: (n, v) for n, (k, v) in enumerate(few.items())}
        return _made(None, _split(leaf, 0), size, size, pairs)

    def without(self, key: K) -> Map[K, V]:
        """This map without `key`; this very map if it has none."""
        old = self.get(key, _ABSENT)
        if old is _ABSENT:
            return self
        size, pairs = self._size - 1, self._hash - hash((key, old))
        few = self._few
        if few is None:
            root = _lacking(self._root, hash(key), key)
            large: Map[K, V] = _made(None, root, self._serial, size, pairs)
            return large if size > SHRUNK else _made(dict(large.items()), None, 0, size, pairs)
        few = few.copy()
        del few[key]
        return _made(few, None, 0, size, pairs)

    def items(self) -> Iterator[tuple[K, V]]:
        """The pairs, in order of insertion."""
        if self._few is not None:
            return iter(self._few.items())
        entries = sorted((n, k, v) for n, k, v in _entries(self._root))
        return ((k, v) for _, k, v in entries)

    def __iter__(self) -> Iterator[K]:
        return (key for key, _ in self.items())

    def values(self) -> Iterator[V]:
        return (value for _, value in self.items())

    def __len__(self) -> int:
        return self._size

    def __hash__(self) -> int:
        return hash((self._size, self._hash))

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Map):
            return NotImplemented
        if self._size != other._size or self._hash != other._hash:
            return False
        if self._few is not None and other._few is not None:
            return self._few == other._few
        if self._few is None and other._few is None:
            return _same(self._root, other._root)
        return all(other.get(key, _ABSENT) == value for key, value in self.items())

    def __repr__(self) -> str:
        return f"Map({dict(self.items())!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Map.of, (tuple(self.items()),)  # hashes do not survive a process


def _made(few: dict[K, V] | None, root: Node, serial: int, size: int, pairs: int) -> Map[K, V]:
    made: Map[K, V] = Map.__new__(Map)
    made._few = few
    made._root = root
    made._serial = serial
    made._size = size
    made._hash = pairs & WORD
    return made


def _leaf(node: Node, key: object) -> Leaf:
    """The one leaf that may hold `key`."""
    bits = hash(key)
    while type(node) is list:
        node = node[bits & MASK]
        bits >>= BITS
    return cast("Leaf", node)


def _with(node: Node, bits: int, shift: int, key: object, entry: tuple[int, Any]) -> Node:
    if type(node) is list:
        copy = node.copy()
        index = bits & MASK
        copy[index] = _with(node[index], bits >> BITS, shift + BITS, key, entry)
        return copy
    leaf = node.copy()
    former = leaf.get(key)
    leaf[key] = entry if former is None else (former[0], entry[1])
    return leaf if len(leaf) <= LEAF else _split(leaf, shift)


def _split(leaf: Leaf, shift: int) -> Node:
    """The leaf's entries spread over 32 leaves, as deep as the bits of the hash go."""
    if shift >= DEEPEST:
        return leaf
    children: list[Node] = [{} for _ in range(WIDTH)]
    for key, entry in leaf.items():
        children[(hash(key) >> shift) & MASK][key] = entry
    return [c if len(c) <= LEAF else _split(c, shift + BITS) for c in children]


def _lacking(node: Node, bits: int, key: object) -> Node:
    copy = node.copy()
    if type(node) is list:
        index = bits & MASK
        copy[index] = _lacking(node[index], bits >> BITS, key)
    else:
        del copy[key]
    return copy


def _entries(node: Node) -> Iterator[tuple[int, Any, Any]]:
    if type(node) is list:
        for child in node:
            yield from _entries(child)
    else:
        for key, (serial, value) in node.items():
            yield serial, key, value


def _same(one: Node, other: Node) -> bool:
    """Equal pairs below both nodes: of equal bits, but perhaps split to different depths."""
    if one is other:
        return True
    if type(one) is list and type(other) is list:
        return all(map(_same, one, other))
    mine = {key: value for _, key, value in _entries(one)}
    return mine == {key: value for _, key, value in _entries(other)}
