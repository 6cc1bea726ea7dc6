"""Loaded by Python before localstripe, which would listen on all interfaces and write to /tmp.

Every socket is one of 127.0.0.1, the URL goes to the pipe of the launcher, the file with the data
goes to the working folder, and the process ends with its launcher. Standard library only, because
it runs with the packages of the server. Without `TARGETS_PIPE` it does nothing.
"""

import builtins
import json
import os
import socket
import threading
from typing import Any

HOST = "127.0.0.1"
DATA = "/tmp/localstripe.pickle"
PIPE = int(os.environ.pop("TARGETS_PIPE", "-1"))

_open = builtins.open


class Loopback(socket.socket):
    """A socket that is bound to 127.0.0.1, whatever address it is given."""

    def __init__(self, family: int = -1, *more: Any, **named: Any) -> None:
        inet = family == socket.AF_INET6
        super().__init__(socket.AF_INET if inet else family, *more, **named)

    def bind(self, address: Any) -> None:
        super().bind((HOST, address[1]) if self.family == socket.AF_INET else address)

    def listen(self, *backlog: int) -> None:
        super().listen(*backlog)
        url = f"http://{HOST}:{self.getsockname()[1]}"
        os.write(PIPE, json.dumps({"url": url}).encode() + b"\n")


def _open_here(file: Any, *more: Any, **named: Any) -> Any:
    """`open`, with the one file that all servers of a machine would share kept in this folder."""
    return _open("data.pickle" if file == DATA else file, *more, **named)


def _end_with_parent() -> None:
    while os.read(0, 4096):
        pass
    os._exit(0)


if PIPE >= 0:
    socket.socket = Loopback  # type: ignore[misc]
    builtins.open = _open_here
    threading.Thread(target=_end_with_parent, daemon=True).start()
