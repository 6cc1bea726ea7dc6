"""Puts a server together: the honest parts, or parts in which named faults override methods.

A fault is a subclass of one part (faults/registry.py). Knows the names of the parts and in which
order they are made; knows nothing of what they do.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from sandbox.access import Access
from sandbox.answers import Answers
from sandbox.app import App
from sandbox.bank import Bank
from sandbox.cards import Cards
from sandbox.clock import Clock
from sandbox.codes import Codes
from sandbox.document import Document
from sandbox.intake import Intake
from sandbox.lists import Lists
from sandbox.orders import Orders
from sandbox.policy import DEFAULT, Policy
from sandbox.routing import Router
from sandbox.service import Service
from sandbox.store import Store
from sandbox.tokens import Tokens

TOKEN_LIFETIME_S = 14_400

Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class Server:
    """A server and the one thing of it that has to be closed."""

    app: App
    store: Store


def assemble(
    *,
    database: str | None = None,
    policy: Policy = DEFAULT,
    overrides: Iterable[type] = (),
    token_lifetime_s: int = TOKEN_LIFETIME_S,
) -> Server:
    """A server on a database, with the parts that `overrides` subclass replaced."""
    overrides = tuple(overrides)

    def part(base: type[Part]) -> type[Part]:
        return with_overrides(base, overrides)

    document = load()
    store = part(Store)(database)
    clock = part(Clock)()
    codes = part(Codes)()
    access = part(Access)(clock, store.signing_key(), token_lifetime_s)
    tokens = part(Tokens)(store, clock, policy, codes)
    lists = part(Lists)(store, clock, policy)
    answers = part(Answers)(clock, policy, codes)
    service = part(Service)(
        store=store,
        access=access,
        orders=part(Orders)(policy),
        bank=part(Bank)(store, clock, policy),
        cards=part(Cards)(store, clock, policy, codes, tokens),
        tokens=tokens,
        lists=lists,
        answers=answers,
    )
    app = part(App)(
        router=part(Router)(document),
        access=access,
        intake=part(Intake)(policy),
        service=service,
        answers=answers,
        clock=clock,
    )
    return Server(app, store)


@cache
def load() -> Document:
    """The document, read once: it never changes."""
    return Document()


def with_overrides(base: type[Part], overrides: Iterable[type]) -> type[Part]:
    """One class that inherits from every override of a part; the last one goes first."""
    # Two faults may share an override; no class can inherit from it twice.
    chosen = tuple(dict.fromkeys(reversed([one for one in overrides if issubclass(one, base)])))
    return type(base.__name__, chosen, {}) if chosen else base
