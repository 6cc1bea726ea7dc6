"""Each dialect is a server that differs where its summary says so, and names what permits that.

The default server and the dialect are asked the same, and answer otherwise. Most answers are held
against the API document on their way (harness.py).
"""

from typing import Any

import pytest

from sandbox.dialects import DIALECTS
from sandbox.variants import VARIANTS, overrides_of, policy_of
from tests.sandbox import looks_records, looks_requests
from tests.sandbox.harness import Local
from tests.sandbox.looks import LOOKS, Look


def seen(name: str, observe: Look) -> Any:
    wallet = Local(policy=policy_of([name]), overrides=overrides_of([name])) if name else Local()
    try:
        return observe(wallet)
    finally:
        wallet.close()


def test_every_dialect_is_looked_at() -> None:
    modules = {look.__module__ for look in LOOKS.values()}
    assert modules == {looks_records.__name__, looks_requests.__name__}
    assert LOOKS.keys() == DIALECTS.keys()


@pytest.mark.parametrize("name", DIALECTS)
def test_a_dialect_answers_otherwise_than_the_default_server(name: str) -> None:
    assert seen(name, LOOKS[name]) != seen("", LOOKS[name])


@pytest.mark.parametrize("name", DIALECTS)
def test_a_dialect_says_what_permits_it(name: str) -> None:
    assert VARIANTS[name].overrides == DIALECTS[name].overrides
    assert any(word in DIALECTS[name].permitted for word in ("question", "(", "RFC"))
    assert not DIALECTS[name].summary.endswith(".")
