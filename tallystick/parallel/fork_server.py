"""The fork server: it imports what workers need, and forks each of them on request.

A process with one thread, that ends when its standard input does: with the controller. A worker is
a child of it, and ends if its client is killed. It knows nothing of pytest-xdist but that a worker
reads a line of Python from its standard input.
"""

from __future__ import annotations

import ast
import gc
import importlib
import json
import os
import pkgutil
import selectors
import signal
import socket
import sys
import types
from dataclasses import dataclass
from typing import Any

from tallystick.parallel.fork_client import ONE_BYTE, SIZE

PACKAGES = ("tallystick", "strategies", "contracts.support")
"""All of their modules are imported, with what these import."""
OTHERS = ("pytest", "hypothesis.stateful", "xdist.plugin")
PAUSE_S = 0.1
"""How often the server looks for workers that have ended."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a client has handed over for its worker."""

    streams: tuple[int, ...]
    environ: dict[bytes, bytes]
    directory: bytes


def main(listener: int) -> None:
    """Serve until the controller ends; a forked worker leaves this function too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    preload()
    gc.collect()
    gc.freeze()  # the memory that all workers share is not touched by the collector
    wanted = Server(socket.socket(fileno=listener)).serve()
    if wanted is not None:
        become(wanted)


def preload() -> None:
    """Import what every worker needs."""
    for name in PACKAGES:
        package = importlib.import_module(name)
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not found.name.endswith(".__main__"):
                importlib.import_module(found.name)
    for name in OTHERS:
        importlib.import_module(name)


class Server:
    """Forks workers, and tells their clients when they end."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._clients: dict[int, socket.socket] = {}
        """By the process id of the worker."""
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ)
        self._selector.register(0, selectors.EVENT_READ)

    def serve(self) -> Wanted | None:
        """None at the end of the controller; in a worker, what it was forked for."""
        while True:
            for key, _ in self._selector.select(PAUSE_S if self._clients else None):
                if key.fileobj == 0:
                    return None
                if key.fileobj is not self._listener:
                    self._kill(key.fileobj)
                elif (wanted := self._fork()) is not None:
                    return wanted
            self._bury()

    def _fork(self) -> Wanted | None:
        client, _ = self._listener.accept()
        try:
            wanted = _received(client)
        except (OSError, ValueError):
            client.close()  # it has ended meanwhile
            return None
        process = os.fork()
        if process:
            client.send(b"1")
            self._clients[process] = client
            self._selector.register(client, selectors.EVENT_READ)
            for stream in wanted.streams:
                os.close(stream)
            return None
        self._selector.close()
        for mine in (self._listener, client, *self._clients.values()):
            mine.close()
        return wanted

    def _kill(self, client: Any) -> None:
        """End the worker whose client was killed."""
        self._selector.unregister(client)
        for process, its in self._clients.items():
            if its is client:
                os.kill(process, signal.SIGKILL)

    def _bury(self) -> None:
        for process, client in list(self._clients.items()):
            ended, status = os.waitpid(process, os.WNOHANG)
            if not ended:
                continue
            del self._clients[process]
            if client in self._selector.get_map():
                self._selector.unregister(client)
                client.send(bytes([os.waitstatus_to_exitcode(status) & 0xFF]))
            client.close()


def _received(client: socket.socket) -> Wanted:
    """What a client hands over; OSError or ValueError if it ends before."""
    header, streams, _, _ = socket.recv_fds(client, SIZE.size, 3)
    (size,) = SIZE.unpack(header) if len(header) == SIZE.size else (0,)
    message = b""
    while len(message) < size and (part := client.recv(size - len(message))):
        message += part
    found = json.loads(message)
    environ = {
        name.encode(ONE_BYTE): text.encode(ONE_BYTE) for name, text in found["environ"].items()
    }
    return Wanted(tuple(streams), environ, found["directory"].encode(ONE_BYTE))


def become(wanted: Wanted) -> None:
    """Be a Python that was started with these streams, and run the line that comes first."""
    for number, handed_over in enumerate(wanted.streams):
        os.dup2(handed_over, number)
        os.close(handed_over)
    os.chdir(wanted.directory)
    os.environb.clear()
    os.environb.update(wanted.environ)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        # Open to the end of the process, as those of any Python are.
        stream = open(number, mode, 1, encoding="utf-8", closefd=False)  # noqa: SIM115
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    sys.argv = ["-c"]
    module = sys.modules["__main__"] = types.ModuleType("__main__")
    exec(ast.literal_eval(sys.stdin.readline()), vars(module))
