"""Which exchanges are about the same money: sets that are joined as they turn out to be one."""

from __future__ import annotations


class Groups:
    """Disjoint sets of names."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}

    def of(self, name: str) -> str:
        """The name that stands for all that were joined with this one."""
        root = name
        while (parent := self._parents.get(root, root)) != root:
            root = parent
        while (parent := self._parents.get(name, name)) != root:
            self._parents[name], name = root, parent
        return root

    def join(self, names: tuple[str, ...]) -> None:
        """These are about the same money."""
        first = self.of(names[0])
        for name in names[1:]:
            self._parents[self.of(name)] = first
