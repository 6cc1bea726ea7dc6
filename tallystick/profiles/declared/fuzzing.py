"""Where requests name holds and cards, and carry amounts, so that these can be replaced.

It is read from the templates: `/charges/$hold` says what `{charge}` of `/charges/{charge}` is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tallystick.profiles.declared.declaration import Call, Declaration
from tallystick.profiles.declared.documents import operations_of
from tallystick.profiles.profile import Fuzzing

_KINDS = {
    spelled: kind for kind in ("hold", "card", "amount") for spelled in (f"${kind}", f"${{{kind}}}")
}


def fuzzing_of(declaration: Declaration) -> Fuzzing:
    """Return the places by operation; their names are those of the document, if there is one."""
    known = () if declaration.openapi is None else operations_of(declaration.openapi)
    paths = {each.operation: each.path for each in known}
    places: dict[str, dict[str, str]] = {}
    for call in (each for one in declaration.commands.values() for each in one.effects):
        path = paths.get(call.operation, call.path)
        found = {**_in_path(call, path), **dict(_in_content(call.content))}
        places.setdefault(call.operation, {}).update(found)
    return Fuzzing(places={operation: found for operation, found in places.items() if found})


def _in_path(call: Call, path: str) -> dict[str, str]:
    pairs = zip(call.path.partition("?")[0].split("/"), path.split("/"), strict=False)
    return {theirs.strip("{}"): _KINDS[ours] for ours, theirs in pairs if ours in _KINDS}


def _in_content(
    content: Mapping[str, Any] | list[Any], within: str = ""
) -> Iterator[tuple[str, str]]:
    if not isinstance(content, Mapping):
        return
    for name, value in content.items():
        place = f"{within}[{name}]" if within else name
        if isinstance(value, Mapping):
            yield from _in_content(value, place)
        elif isinstance(value, str) and value in _KINDS:
            yield place, _KINDS[value]
