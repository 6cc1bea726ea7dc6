"""A persistent hash map: setting a key makes a new map and leaves the old one as it was.

The oracle copies, compares and hashes a ledger after every command. With dicts each of these would
cost time in proportion to the entries; with this map a change costs a few small copies, and
comparing a map with the one it was made from skips what they share. This module knows nothing of
cards.

How it works. Up to SMALL entries a map is one dict, copied on every change. Above that it is a
tree: an inner node is a list of 32 children chosen by five bits of the key's hash, a leaf is a dict
that splits when it outgrows LEAF entries. (Keys whose hashes are equal in all bits share a leaf, so
there is no third kind of node.) A change copies one leaf and the lists above it and shares the
rest. No node changes once it is part of a map.

A tree also keeps its keys in order of insertion, as a linked list that grows at the front. A
removed key stays in the list until removed keys are the greater part of it; a key that was set
again after its removal counts at its later place. So iteration is in order of insertion, and as for
a dict, the order is not part of the value.

Keys and values must be hashable: the hash of a map is a sum over its pairs, kept up to date by
every change, so that equal maps have equal hashes in whatever order they were built.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import Any, Final, Generic, TypeVar, overload

K = TypeVar("K", bound=Hashable)
V = TypeVar("V", bound=Hashable)
D = TypeVar("D")

SMALL: Final = 24  # entries; above it a tree is faster than one dict
SHRUNK: Final = 8  # entries at which a tree becomes one dict again; lower, so that a map at the
# limit does not change its form with every command
LEAF: Final = 24
BITS: Final = 5
WIDTH: Final = 1 << BITS
MASK: Final = WIDTH - 1
DEEPEST: Final = 60  # the shift at which the bits of a hash are used up
WORD: Final = (1 << 64) - 1

_ABSENT: Final = object()
Leaf = dict[Any, Any]
Node = Any  # Leaf | list[Node]; a recursive alias would cost a cast at every level
Chain = tuple[Any, Any] | None  # (key, the chain before it)


class Map(Generic[K, V]):
    """An immutable map with value semantics."""

    __slots__ = ("_chain", "_few", "_hash", "_links", "_root", "_size")

    _few: dict[K, V] | None  # the whole map while it is small
    _root: Node  # the tree once it is not
    _chain: Chain
    _links: int  # the length of the chain
    _size: int
    _hash: int

    def __init__(self) -> None:
        self._few = {}
        self._root = self._chain = None
        self._links = self._size = self._hash = 0

    @classmethod
    def of(cls, pairs: Iterable[tuple[K, V]]) -> Map[K, V]:
        """Return the map of these pairs; of two with the same key the later one counts."""
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
        found: V | D | None = _leaf(self._root, key).get(key, default)
        return found

    def __getitem__(self, key: K) -> V:
        few = self._few
        if few is not None:
            return few[key]
        value: V = _leaf(self._root, key)[key]
        return value

    def __contains__(self, key: object) -> bool:
        few = self._few
        return key in few if few is not None else key in _leaf(self._root, key)

    def set(self, key: K, value: V) -> Map[K, V]:
        """Return a map with `key` at `value`; this very map if it is there already."""
        old = self.get(key, _ABSENT)
        if old is value or (old is not _ABSENT and old == value):
            return self
        pairs = self._hash + hash((key, value))
        size, chain, links = self._size, self._chain, self._links
        if old is _ABSENT:
            size, chain, links = size + 1, (key, chain), links + 1
        else:
            pairs -= hash((key, old))
        few = self._few
        if few is None:
            return _made(
                None, _with(self._root, hash(key), 0, key, value), chain, links, size, pairs
            )
        few = few.copy()
        few[key] = value
        if size <= SMALL:
            return _made(few, None, None, 0, size, pairs)
        return _made(None, _split(few, 0), _linked(few), size, size, pairs)

    def without(self, key: K) -> Map[K, V]:
        """Return a map without `key`; this very map if it has none."""
        old = self.get(key, _ABSENT)
        if old is _ABSENT:
            return self
        size, pairs = self._size - 1, self._hash - hash((key, old))
        few = self._few
        if few is not None:
            few = few.copy()
            del few[key]
            return _made(few, None, None, 0, size, pairs)
        root = _lacking(self._root, hash(key), key)
        less: Map[K, V] = _made(None, root, self._chain, self._links, size, pairs)
        if size <= SHRUNK:
            return _made(dict(less.items()), None, None, 0, size, pairs)
        if self._links > 2 * size + LEAF:
            less._chain, less._links = _linked(less), size
        return less

    def items(self) -> Iterator[tuple[K, V]]:
        """Return the pairs, in order of insertion."""
        if self._few is not None:
            return iter(self._few.items())
        return ((key, self[key]) for key in self)

    def __iter__(self) -> Iterator[K]:
        if self._few is not None:
            return iter(self._few)
        keys: dict[K, None] = {}
        chain = self._chain
        while chain is not None:
            key, chain = chain
            if key not in keys and key in self:
                keys[key] = None
        return reversed(keys)

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
        # Comparing the lists is fast and skips what both share. Equal maps have different trees
        # only if a leaf of one was split when it held more than it does now: then compare pairs.
        if self._few is None and self._root == other._root:
            return True
        return all(other.get(key, _ABSENT) == value for key, value in self.items())

    def __repr__(self) -> str:
        return f"Map({dict(self.items())!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Map.of, (tuple(self.items()),)  # hashes do not survive a process


def _made(
    few: dict[K, V] | None, root: Node, chain: Chain, links: int, size: int, pairs: int
) -> Map[K, V]:
    made: Map[K, V] = Map.__new__(Map)
    made._few = few
    made._root = root
    made._chain = chain
    made._links = links
    made._size = size
    made._hash = pairs & WORD
    return made


def _linked(keys: Iterable[Any]) -> Chain:
    chain: Chain = None
    for key in keys:
        chain = (key, chain)
    return chain


def _leaf(node: Node, key: object) -> Leaf:
    """Return the one leaf that may contain `key`."""
    bits = hash(key)
    while type(node) is list:
        node = node[bits & MASK]
        bits >>= BITS
    leaf: Leaf = node
    return leaf


def _with(node: Node, bits: int, shift: int, key: object, value: object) -> Node:
    copy = node.copy()
    if type(node) is list:
        index = bits & MASK
        copy[index] = _with(node[index], bits >> BITS, shift + BITS, key, value)
        return copy
    copy[key] = value
    return copy if len(copy) <= LEAF else _split(copy, shift)


def _split(leaf: Leaf, shift: int) -> Node:
    """Return the leaf's entries spread over 32 leaves, as deep as the bits of the hash go."""
    if shift >= DEEPEST:
        return leaf
    children: list[Node] = [{} for _ in range(WIDTH)]
    for key, value in leaf.items():
        children[(hash(key) >> shift) & MASK][key] = value
    return [c if len(c) <= LEAF else _split(c, shift + BITS) for c in children]


def _lacking(node: Node, bits: int, key: object) -> Node:
    copy = node.copy()
    if type(node) is list:
        index = bits & MASK
        copy[index] = _lacking(node[index], bits >> BITS, key)
    else:
        del copy[key]
    return copy
