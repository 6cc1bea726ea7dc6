"""Stands for a worker that the fork server has forked; pytest-xdist starts it as its Python.

It hands its standard streams, environment and folder over, and ends when the worker does. Without
a server it becomes the Python that was asked for. Run as a file, so it imports nothing of ours.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import sys

SIZE = struct.Struct("=I")
"""The length of the message that follows."""
ONE_BYTE = "latin-1"
"""How bytes are written in it: the server may have another encoding of file names."""


def main(address: str, arguments: list[str]) -> int:
    """Have a worker forked, and wait for its end; its exit status."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for the worker and the controller
    environ = {name.decode(ONE_BYTE): text.decode(ONE_BYTE) for name, text in os.environb.items()}
    directory = os.getcwdb().decode(ONE_BYTE)
    message = json.dumps({"environ": environ, "directory": directory}).encode()
    with socket.socket(socket.AF_UNIX) as server:
        try:
            server.connect(address)
            socket.send_fds(server, [SIZE.pack(len(message))], [0, 1, 2])
            server.sendall(message)
            is_forked = bool(server.recv(1))
        except OSError:
            is_forked = False
        if not is_forked:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.execv(sys.executable, [sys.executable, *arguments])
        os.close(0)
        os.close(1)  # the worker's end of these is the only one from now on
        status = server.recv(1)
    return status[0] if status else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
