"""`python -m tests.targets install FOLDER NAME...`, `... start FOLDER NAME`, `... table FOLDER`.

A started server is installed first where it is missing; it prints its URL and runs until Ctrl-C.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from pathlib import Path

from tests.targets.catalogue import PACKAGES
from tests.targets.gates import NotJudged
from tests.targets.install import NotInstalled, installed
from tests.targets.process import NotStarted, ThirdParty
from tests.targets.table import write_page

USAGE = f"""\
usage: python -m tests.targets install FOLDER NAME...
       python -m tests.targets start FOLDER NAME
       python -m tests.targets table FOLDER
names: {", ".join(PACKAGES)}"""


def main(arguments: list[str]) -> int:
    """Return 0; 1 after one line that says what is missing; 2 where the arguments are wrong."""
    try:
        match arguments:
            case ["install", folder, *names] if names and set(names) <= set(PACKAGES):
                _install(Path(folder).absolute(), names)
            case ["start", folder, name] if name in PACKAGES:
                _start(Path(folder).absolute(), name)
            case ["table", folder]:
                print(write_page(Path(folder).absolute()))
            case _:
                print(USAGE, file=sys.stderr)
                return 2
    except (NotInstalled, NotJudged, NotStarted) as error:
        print(f"targets: {error}", file=sys.stderr)
        return 1
    return 0


def _install(servers: Path, names: list[str]) -> None:
    for name in names:
        print(f"{PACKAGES[name].pinned}: {installed(PACKAGES[name], servers)}", flush=True)


def _start(servers: Path, name: str) -> None:
    with ThirdParty(name, servers) as server, contextlib.suppress(KeyboardInterrupt):
        print(server.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
