"""The servers by name: package, version, commands, and a request that each answers with 200.

Knows no more of a server than its installation and start need.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
PRELOAD = HERE / "preload"
PACKAGES_UNTIL = "2026-11-20"
"""npm takes no release of a dependency that is newer, so that every installation is the same."""


@dataclass(frozen=True, slots=True)
class Package:
    """A server that can be installed and started; the commands get the folder it is in."""

    name: str
    version: str
    tool: str
    """What has to be on the PATH to install it."""
    install: Callable[[Path], list[list[str]]]
    start: Callable[[Path], list[str]]
    environment: Mapping[str, str]
    smoke: str
    """A path that is answered with 200 for any key."""
    prepare: Callable[[Path], list[list[str]]] = field(default=lambda _: [])
    """What has to run before each start, on an empty database."""
    needs_postgresql: bool = False
    """It gets an empty database, as DATABASE_URL, and runs in the folder that it is in."""

    @property
    def pinned(self) -> str:
        """What identifies an installation: name and version."""
        return f"{self.name} {self.version}"


def _install_localstripe(folder: Path) -> list[list[str]]:
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps"]
    return [
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [*pip, "--disable-pip-version-check", "--requirement", str(HERE / "localstripe.txt")],
    ]


def _npm_install(folder: Path, *packages: str) -> list[str]:
    # Scripts of packages are not run: none of these needs one.
    quiet = ("--no-audit", "--no-fund", "--loglevel", "error", "--ignore-scripts")
    where = ("--prefix", str(folder), "--before", PACKAGES_UNTIL)
    return ["npm", "install", *where, *quiet, *packages]


def _install_medusa(folder: Path) -> list[list[str]]:
    files = ["cp", "-R", *(str(path) for path in sorted((HERE / "medusa").iterdir())), str(folder)]
    return [files, [*_npm_install(folder), "--legacy-peer-deps", "--omit=dev"]]


def _prepare_medusa(folder: Path) -> list[list[str]]:
    medusa = str(folder / "node_modules" / ".bin" / "medusa")
    user = ["--email", MEDUSA_USER["email"], "--password", MEDUSA_USER["password"]]
    return [[medusa, "db:migrate", "--skip-scripts"], [medusa, "user", *user]]


MOCK, MOCK_VERSION = "stripe-stateful-mock", "0.0.16"
MEDUSA_USER = {"email": "target@example.com", "password": "secret123"}
"""Who may use the API of Medusa; made anew for each start."""
PACKAGES = {
    package.name: package
    for package in (
        Package(
            name="localstripe",
            version="1.15.10",
            tool=sys.executable,
            install=_install_localstripe,
            start=lambda folder: [
                *(str(folder / "bin" / "localstripe"), "--port", "0", "--from-scratch")
            ],
            environment={"PYTHONPATH": str(PRELOAD)},
            smoke="/v1/payment_intents?limit=1",
        ),
        Package(
            name=MOCK,
            version=MOCK_VERSION,
            tool="npm",
            install=lambda folder: [_npm_install(folder, f"{MOCK}@{MOCK_VERSION}")],
            start=lambda folder: [
                *("node", "--require", str(PRELOAD / "loopback.js")),
                str(folder / "node_modules" / MOCK / "dist" / "cli.js"),
            ],
            environment={"PORT": "0", "LOG_LEVEL": "warn"},
            smoke="/v1/charges?limit=1",
        ),
        Package(
            name="medusa",
            version="2.21.2",
            tool="npm",
            install=_install_medusa,
            prepare=_prepare_medusa,
            start=lambda folder: [
                *("node", "--require", str(PRELOAD / "loopback.js")),
                *(str(folder / "node_modules" / ".bin" / "medusa"), "start"),
            ],
            environment={"MEDUSA_DISABLE_TELEMETRY": "true", "NODE_ENV": "production"},
            smoke="/health",
            needs_postgresql=True,
        ),
    )
}
