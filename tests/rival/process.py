"""The rival as a child process on a free port, with the credentials of its clients.

It knows how to start and stop the server, not what it does.
"""

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from tests.rival.auth import ADMIN, OTHER, READER, TILL, Client

__all__ = ["ADMIN", "OTHER", "READER", "TILL", "Client", "Rival"]

ROOT = Path(__file__).parents[2]
ACCOUNT = ADMIN.account
OTHER_ACCOUNT = OTHER.account
CLOSING_S = 5


class Rival:
    """`with Rival() as rival:` and the server answers at `rival.url` until the block ends."""

    def __init__(self, *options: str) -> None:
        command = [sys.executable, "-m", "tests.rival", "--port", "0", "--with-parent", *options]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        line = self._process.stdout.readline()
        if not line:
            self.close()
            raise RuntimeError(f"the rival did not start: {' '.join(command)}")
        ready = json.loads(line)
        self.url: str = ready["url"]
        self.account: str = ready["account"]

    def environment(self) -> dict[str, str]:
        """The variables that point the suite at this server, with all its clients."""
        return {
            "TALLYSTICK_TARGET": self.url,
            "TALLYSTICK_ACCOUNT": ADMIN.account,
            "TALLYSTICK_CLIENT_ID": ADMIN.id,
            "TALLYSTICK_CLIENT_SECRET": ADMIN.secret,
            "TALLYSTICK_READER_CLIENT_ID": READER.id,
            "TALLYSTICK_READER_CLIENT_SECRET": READER.secret,
            "TALLYSTICK_TILL_CLIENT_ID": TILL.id,
            "TALLYSTICK_TILL_CLIENT_SECRET": TILL.secret,
            "TALLYSTICK_OTHER_ACCOUNT": OTHER.account,
            "TALLYSTICK_OTHER_CLIENT_ID": OTHER.id,
            "TALLYSTICK_OTHER_CLIENT_SECRET": OTHER.secret,
        }

    def close(self) -> None:
        self._process.stdin.close()
        try:
            self._process.wait(CLOSING_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def __enter__(self) -> "Rival":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
