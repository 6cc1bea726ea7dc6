"""The members of requests and answers that a profile file declares to be ids, keys or links.

Some APIs call the id of a card or a hold `token`. Such a member is no secret: reports show it, and
scripts send it. A member that carries credentials stays one. Knows no API.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tallystick.profiles.declared.checks import CREDENTIALS
from tallystick.profiles.declared.declaration import Declaration, Template
from tallystick.profiles.declared.expressions import Expression, members_of
from tallystick.profiles.declared.templates import names_in

JSON = Any
_IDS = ("id", "ref", "parent")
"""What `shows` has that is an id or a key."""


def ids_in(declaration: Declaration) -> frozenset[str]:
    """Return the names of these members."""
    found = {declaration.retry_member} if declaration.retry_member else set()
    for template in declaration.commands.values():
        found.update(_shown(template))
        for call in template.calls:
            found.update(_sent(call.content))
    return frozenset(found - _with_credentials(declaration))


def _shown(template: Template) -> Iterator[str]:
    read: list[Expression] = [template.shows[name] for name in _IDS if name in template.shows]
    read += template.gives.values()
    read += [each for before in template.before for each in before.gives.values()]
    read += () if template.wait is None else template.wait.gives.values()
    return (name for expression in read for name in members_of(expression))


def _sent(content: JSON) -> Iterator[str]:
    """Yield the members of a body that carry a variable of the command: none is a credential."""
    if isinstance(content, list | tuple):
        for each in content:
            yield from _sent(each)
    elif isinstance(content, Mapping):
        for name, each in content.items():
            if isinstance(each, str) and names_in(each) - set(CREDENTIALS):
                yield name
            else:
                yield from _sent(each)


def _with_credentials(declaration: Declaration) -> set[str]:
    """The members by which `authentication` proves who sends a request."""
    login = declaration.login
    found = set(_names(login.members))
    if login.fetch is not None:
        found.update(_names(login.fetch.content))
    if login.token is not None:
        found.update(members_of(login.token))
    return found


def _names(content: JSON) -> Iterator[str]:
    if isinstance(content, list | tuple):
        for each in content:
            yield from _names(each)
    elif isinstance(content, Mapping):
        for name, each in content.items():
            yield name
            yield from _names(each)
