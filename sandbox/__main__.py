"""`python -m sandbox`: serve the reference server until a signal stops it.

Prints one line of JSON when requests are accepted. Knows the command line and the process; knows
nothing of cards.
"""

import argparse
import asyncio
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence

import uvicorn

from sandbox.app import App
from sandbox.assembly import TOKEN_LIFETIME_S, assemble
from sandbox.credentials import ACCOUNT, ADMIN
from sandbox.faults import FAULTS
from sandbox.routing import PREFIX
from sandbox.variants import VARIANTS, overrides_of, policy_of

CANNOT_START = 2
# Longer than any client of a test pauses: a connection that the server closes is a lost request.
KEEP_ALIVE_S = 300


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal stops the server; returns the exit status."""
    options = parse(arguments)
    if options.list:
        print_lists()
        return 0
    for kind, names, known in (
        ("fault", options.fault, FAULTS),
        ("variant", options.variant, VARIANTS),
    ):
        for name in names:
            if name not in known:
                return cannot_start(f"there is no {kind} named {name}: see --list")
    try:
        listener = listen(options.host, options.port)
    except OSError as error:
        return cannot_start(f"cannot listen on {options.host}:{options.port}: {error.strerror}")
    try:
        server = assemble(
            database=options.database,
            policy=policy_of(options.variant),
            overrides=(
                *overrides_of(options.variant),
                *(override for name in options.fault for override in FAULTS[name].overrides),
            ),
            token_lifetime_s=options.token_lifetime,
        )
    except Exception as error:
        return cannot_start(f"cannot open the database {options.database}: {error}")
    try:
        asyncio.run(serve(server.app, listener, options.with_parent))
    finally:
        server.store.close()
    return 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(
        prog="tallystick sandbox",
        description="Serve the reference server of the Wallet / Cards API.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"To judge it with tallystick (further clients: sandbox/credentials.py):\n"
        f"  export TALLYSTICK_ACCOUNT={ACCOUNT} TALLYSTICK_CLIENT_ID={ADMIN.client_id}\n"
        f"  export TALLYSTICK_CLIENT_SECRET={ADMIN.client_secret}",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (0: any free one)")
    parser.add_argument("--database", metavar="FILE", help="SQLite file (default: in memory)")
    parser.add_argument("--fault", metavar="NAME", action="append", default=[])
    parser.add_argument("--variant", metavar="NAME", action="append", default=[])
    parser.add_argument(
        "--token-lifetime",
        metavar="SECONDS",
        type=int,
        default=int(os.environ.get("SANDBOX_TOKEN_LIFETIME", TOKEN_LIFETIME_S)),
        help="how long an access token is valid",
    )
    parser.add_argument("--with-parent", action="store_true", help="stop when stdin is closed")
    parser.add_argument("--list", action="store_true", help="print faults and variants")
    return parser.parse_args(arguments)


def print_lists() -> None:
    """The names that --fault and --variant take."""
    width = max((len(name) for name in (*FAULTS, *VARIANTS)), default=0)
    print("FAULTS")
    for fault in FAULTS.values():
        print(f"  {fault.name:<{width}}  {fault.breaks:<8}  {fault.summary}")
    print("VARIANTS")
    for variant in VARIANTS.values():
        print(f"  {variant.name:<{width}}  {variant.summary}")


def cannot_start(why: str) -> int:
    """Print the reason as one line on stderr; returns the exit status."""
    print(f"sandbox: {why}", file=sys.stderr)
    return CANNOT_START


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; raises OSError where the port is taken."""
    # With the protocol left out, asyncio would not switch Nagle's delay off: 40 ms per answer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(1024)
    except OSError:
        listener.close()
        raise
    return listener


async def serve(app: App, listener: socket.socket, with_parent: bool) -> None:
    """Run the server on the socket until a signal, or the end of the parent."""
    config = uvicorn.Config(
        app,
        http="httptools",
        lifespan="off",
        ws="none",
        log_level="error",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)

    def stop() -> None:
        server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    if with_parent:
        threading.Thread(target=wait_for_parent, args=(loop, stop), daemon=True).start()
    serving = asyncio.create_task(server._serve([listener]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.001)
    if server.started:
        announce(listener)
    await serving


def wait_for_parent(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> None:
    """Stop when the parent is gone: its end of our stdin is closed, however it ended."""
    while os.read(0, 4096):
        pass
    loop.call_soon_threadsafe(stop)


def announce(listener: socket.socket) -> None:
    """The one line on stdout: requests are accepted from now on."""
    host, port = listener.getsockname()
    ready = {"url": f"http://{host}:{port}/{PREFIX}", "account": ACCOUNT}
    print(json.dumps(ready), flush=True)


if __name__ == "__main__":
    sys.exit(main())
