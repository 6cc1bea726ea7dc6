"""The process of one run of a hunt: `python -m tallystick.hunting.one OPTIONS`.

It ends with whoever started it, however that ends: its standard input is a pipe from there, and
when the pipe is closed, the run is interrupted, writes its reports and puts away what it made.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

from tallystick.judging import judge


def _end_with(pipe: int) -> None:
    while os.read(pipe, 1024):
        pass
    os.kill(os.getpid(), signal.SIGINT)


def main() -> int:
    """Run with the options of the command line; the exit status."""
    pipe = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    threading.Thread(target=_end_with, args=(pipe,), daemon=True).start()
    return judge("hunt", sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
