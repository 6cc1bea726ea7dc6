"""Puts a server together: the honest parts, or parts in which named faults override methods.

Knows the parts and their order, not what they do.
"""

from collections.abc import Iterable
from typing import TypeVar

from tests.stripelike.access import Access
from tests.stripelike.app import App, Services
from tests.stripelike.bank import Bank
from tests.stripelike.cards import Cards
from tests.stripelike.charges import Charges
from tests.stripelike.forms import Forms
from tests.stripelike.intents import Intents
from tests.stripelike.keys import Keys
from tests.stripelike.lists import Lists
from tests.stripelike.policy import DEFAULT, Policy
from tests.stripelike.store import Store
from tests.stripelike.views import Views

Part = TypeVar("Part")


def assemble(policy: Policy = DEFAULT, overrides: Iterable[type] = ()) -> App:
    """A server of its own, with the parts that `overrides` subclass replaced."""
    chosen = tuple(overrides)

    def part(base: type[Part]) -> type[Part]:
        return with_overrides(base, chosen)

    store = part(Store)()
    forms = part(Forms)(policy)
    access = part(Access)(store)
    bank = part(Bank)(store, policy)
    cards = part(Cards)(store, access, forms)
    views = part(Views)(store, policy)
    services = Services(
        charges=part(Charges)(store, access, forms, bank, cards),
        intents=part(Intents)(store, access, forms, bank, cards, policy),
        cards=cards,
        lists=part(Lists)(access, forms, views),
    )
    return part(App)(services, access, part(Keys)(policy), views, policy)


def with_overrides(base: type[Part], overrides: tuple[type, ...]) -> type[Part]:
    """One class that inherits from every override of a part; the last one goes first."""
    # Two faults may share an override; no class can inherit from it twice.
    chosen = tuple(dict.fromkeys(one for one in reversed(overrides) if issubclass(one, base)))
    return type(base.__name__, chosen, {}) if chosen else base
