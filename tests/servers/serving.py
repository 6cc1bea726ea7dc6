"""Serves an application over HTTP on 127.0.0.1 until a signal, or the end of the parent.

Knows uvicorn and the process, not the application.
"""

import asyncio
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from typing import Any

import uvicorn

HOST = "127.0.0.1"
# Longer than any client of a test pauses: a connection that the server closes is a lost request.
KEEP_ALIVE_S = 300


def listen(port: int) -> socket.socket:
    """A listening socket; port 0 is any free one. Raises OSError where the port is taken."""
    # With the protocol left out, asyncio would not switch Nagle's delay off: 40 ms per answer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(1024)
    except OSError:
        listener.close()
        raise
    return listener


async def serve(app: Callable[..., Any], listener: socket.socket, *, with_parent: bool) -> None:
    """Print one line of JSON when requests are accepted, and serve until told to stop."""
    config = uvicorn.Config(
        app,
        http="httptools",
        lifespan="off",
        ws="none",
        log_level="error",
        access_log=False,
        server_header=False,
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
        threading.Thread(target=_wait_for_parent, args=(loop, stop), daemon=True).start()
    serving = asyncio.create_task(server._serve([listener]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.001)
    if server.started:
        port = listener.getsockname()[1]
        print(json.dumps({"url": f"http://{HOST}:{port}"}), flush=True)
    await serving


def _wait_for_parent(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> None:
    """Stop when the parent is gone: its end of our stdin is closed, however it ended."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    loop.call_soon_threadsafe(stop)
