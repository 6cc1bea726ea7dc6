"""`docs/servers.md`: a gate on each server that is at hand, and their results in one table.

Knows which servers there are, not what is found.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tallystick.documents.rules import load_rules
from tallystick.reporting.server_table import Column, table_of
from tests.prepaid.process import Prepaid
from tests.prepaid.tenants import FIRST as TENANT
from tests.stripelike.accounts import FIRST as ACCOUNT
from tests.stripelike.process import Stripelike
from tests.targets.gates import PROFILES, gate
from tests.targets.process import KEY, ThirdParty

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "servers.md"
PREPAID = ROOT / "spec" / "prepaid" / "profile.yaml"
CHARGES, INTENTS = "stripe-charges", "stripe-payment-intents"
Server = Stripelike | Prepaid | ThirdParty
HEAD = """\
# Servers

What one gate says of six servers, rule by rule. `python -m tests.targets table FOLDER` writes
this page; FOLDER is where the servers of others are installed, `.tox/targets/servers`.

| server | whose | what it speaks |
| --- | --- | --- |
| sandbox | ours, honest | the Wallet API |
| stripelike | ours, honest (`tests/stripelike/`) | Stripe's API: charges; payment intents |
| prepaid | ours, honest (`tests/prepaid/`) | a wallet of another kind (`spec/prepaid/`) |
| localstripe 1.15.10 | [others](https://github.com/adrienverge/localstripe) | payment intents |
| stripe-stateful-mock 0.0.16 | [others](https://npmjs.com/package/stripe-stateful-mock) | charges |

The last two are made for the tests of shops. They take any key and mean to (AUTH-2), which is
still not what the documentation says. Every key sees the same account there, so AUTH-4 and AUTH-5
are not asked. All that is known of them is in
[`tests/targets/OBSERVED.md`](../tests/targets/OBSERVED.md); `tox -e targets` demands that the
violations below are found again, and no other one. `tallystick table NAME=RESULT...` makes such a
table of your servers.

"""


def write_page(servers: Path) -> Path:
    """Run a gate on each server and write the page. NotJudged if one has no verdict."""
    with tempfile.TemporaryDirectory() as folder:
        columns = list(_columns(Path(folder), servers))
    PAGE.write_text(HEAD + table_of(columns, load_rules()), "utf-8")
    return PAGE


def _columns(reports: Path, servers: Path) -> Iterator[Column]:
    yield Column("sandbox", gate(reports / "sandbox"))
    for name, profile, token, started in _served(servers):
        with started() as server:
            arguments = ["--profile", profile, "--target", server.url]
            yield Column(name, gate(reports / name, token=token, arguments=arguments))


def _served(servers: Path) -> Iterator[tuple[str, str, str, Callable[[], Server]]]:
    """Name, profile, key and start of each server."""
    ours, tenant = ACCOUNT.key, TENANT.value
    yield "stripelike charges", CHARGES, ours, Stripelike
    yield "stripelike intents", INTENTS, ours, Stripelike
    yield "prepaid", str(PREPAID), tenant, Prepaid
    for name, profile in PROFILES.items():
        yield name, profile, KEY, partial(ThirdParty, name, servers)
