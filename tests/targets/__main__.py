"""`python -m tests.targets FOLDER [NAME]`: install all servers into FOLDER, and start NAME.

A started server prints its URL and runs until Ctrl-C.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from pathlib import Path

from tests.targets.catalogue import PACKAGES
from tests.targets.install import NotInstalled, install_all
from tests.targets.process import NotStarted, ThirdParty


def main(arguments: list[str]) -> int:
    """Return 0, or 1 after one line that says what is missing."""
    match arguments:
        case [folder]:
            wanted = None
        case [folder, wanted] if wanted in PACKAGES:
            pass
        case _:
            print(f"usage: python -m tests.targets FOLDER [{'|'.join(PACKAGES)}]", file=sys.stderr)
            return 2
    servers = Path(folder).absolute()
    try:
        if wanted is None:
            print("\n".join(install_all(servers)))
            return 0
        with ThirdParty(wanted, servers) as server, contextlib.suppress(KeyboardInterrupt):
            print(server.url, flush=True)
            threading.Event().wait()
    except (NotInstalled, NotStarted) as error:
        print(f"targets: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
