"""`python -m tests.prepaid`: serve, with faults and variants by name, or list their names.

Prints one line of JSON when requests are accepted. Knows the command line and the databases, not
what a hold is.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from tests.prepaid.assembly import assemble
from tests.prepaid.database import Database, Sqlite
from tests.prepaid.faults import FAULTS
from tests.prepaid.variants import VARIANTS, policy_of
from tests.servers.serving import HOST, listen, serve

CANNOT_START = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal stops the server; returns the exit status."""
    options = _parse(arguments)
    if options.list:
        _print_lists()
        return 0
    for kind, names, known in (
        ("fault", options.fault, FAULTS),
        ("variant", options.variant, VARIANTS),
    ):
        for name in names:
            if name not in known:
                return _cannot_start(f"there is no {kind} named {name}: see --list")
    try:
        listener = listen(options.port)
    except OSError as error:
        return _cannot_start(f"cannot listen on {HOST}:{options.port}: {error.strerror}")
    overrides = [override for name in options.fault for override in FAULTS[name].overrides]
    try:
        with opened(options.database) as database:
            app = assemble(database, policy_of(options.variant), overrides)
            try:
                asyncio.run(serve(app, listener, with_parent=options.with_parent))
            finally:
                app.close()
    except CannotOpen as error:
        return _cannot_start(str(error))
    return 0


class CannotOpen(Exception):
    """The database cannot be had."""


@contextmanager
def opened(name: str) -> Iterator[Database]:
    """The database of this name; `postgres` starts a server of PostgreSQL for the time.

    Raises:
        CannotOpen: it is not there.
    """
    if name == "sqlite":
        yield Sqlite()
        return
    try:
        # Only where it is asked for, so that SQLite needs no package.
        from tests.prepaid.postgres import Postgres, PostgresServer
    except ImportError as error:
        raise CannotOpen(f"psycopg is not installed: {error}") from error
    with ExitStack() as stack:
        try:
            address = stack.enter_context(PostgresServer()).address if name == "postgres" else name
            database = Postgres(address)
        except RuntimeError as error:
            raise CannotOpen(str(error)) from error
        yield database


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.prepaid")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument(
        "--database",
        default="sqlite",
        metavar="NAME",
        help="sqlite; postgres, which is started; or postgresql://..., which is there",
    )
    parser.add_argument("--fault", metavar="NAME", action="append", default=[])
    parser.add_argument("--variant", metavar="NAME", action="append", default=[])
    parser.add_argument("--with-parent", action="store_true", help="stop when stdin is closed")
    parser.add_argument("--list", action="store_true", help="print faults and variants")
    return parser.parse_args(arguments)


def _print_lists() -> None:
    width = max(len(name) for name in (*FAULTS, *VARIANTS))
    print("FAULTS")
    for fault in FAULTS.values():
        print(f"  {fault.name:<{width}}  {fault.breaks:<8}  {fault.summary}")
    print("VARIANTS")
    for variant in VARIANTS.values():
        print(f"  {variant.name:<{width}}  {variant.summary}")


def _cannot_start(why: str) -> int:
    print(f"prepaid: {why}", file=sys.stderr)
    return CANNOT_START


if __name__ == "__main__":
    sys.exit(main())
