"""Puts a server together: the honest parts, or parts in which named faults override methods.

Knows the parts and their order, not what they do.
"""

from collections.abc import Iterable
from typing import TypeVar

from tests.prepaid.access import Access
from tests.prepaid.answers import Answers
from tests.prepaid.app import App, Parts
from tests.prepaid.bank import Bank
from tests.prepaid.database import Database
from tests.prepaid.inputs import Inputs
from tests.prepaid.keys import Keys
from tests.prepaid.money import Money
from tests.prepaid.operations import Operations
from tests.prepaid.policy import DEFAULT, Policy
from tests.prepaid.store import Store
from tests.prepaid.views import Views

Part = TypeVar("Part")


def assemble(database: Database, policy: Policy = DEFAULT, overrides: Iterable[type] = ()) -> App:
    """A server on an empty database, with the parts that `overrides` subclass replaced."""
    chosen = tuple(overrides)

    def part(base: type[Part]) -> type[Part]:
        return with_overrides(base, chosen)

    money = part(Money)(policy)
    store = part(Store)(policy)
    access = part(Access)(store, policy)
    inputs = part(Inputs)(money, policy)
    views = part(Views)(money, policy)
    answers = part(Answers)(policy)
    bank = part(Bank)(store, money, policy)
    return part(App)(
        Parts(
            operations=part(Operations)(store, access, inputs, bank, views),
            access=access,
            inputs=inputs,
            keys=part(Keys)(answers, policy),
            answers=answers,
            database=database,
            policy=policy,
        )
    )


def with_overrides(base: type[Part], overrides: tuple[type, ...]) -> type[Part]:
    """One class that inherits from every override of a part; the last one goes first."""
    # Two faults may share an override; no class can inherit from it twice.
    chosen = tuple(dict.fromkeys(one for one in reversed(overrides) if issubclass(one, base)))
    return type(base.__name__, chosen, {}) if chosen else base
