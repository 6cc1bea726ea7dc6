"""Certificates for tests: an authority of their own, made with openssl."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest


class Authority:
    """A certificate authority, and the certificates that it issues; files in one folder."""

    def __init__(self, folder: Path) -> None:
        if shutil.which("openssl") is None:
            pytest.skip("openssl is not installed")
        self._folder = folder
        self.file = folder / "authority.pem"
        self._key = folder / "authority.key"
        self._openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-nodes", "-days", "2", "-subj", "/CN=tests", "-keyout", self._key),
            *("-out", self.file),
        )

    def issue(self, name: str) -> tuple[Path, Path]:
        """A certificate for a host name or a client, and its key."""
        request, key = self._folder / f"{name}.csr", self._folder / f"{name}.key"
        cert, extensions = self._folder / f"{name}.pem", self._folder / f"{name}.ext"
        kind = "IP" if name[0].isdigit() else "DNS"
        extensions.write_text(f"subjectAltName={kind}:{name}\n")
        self._openssl(
            *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-subj", f"/CN={name}", "-keyout", key, "-out", request),
        )
        self._openssl(
            *("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self._key),
            *("-CAcreateserial", "-days", "2", "-extfile", extensions, "-out", cert),
        )
        return cert, key

    def context(self, name: str = "127.0.0.1", *, asks_clients: bool = False) -> ssl.SSLContext:
        """What a server needs that goes by this name."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.issue(name))
        if asks_clients:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.file)
        return context

    def _openssl(self, *arguments: object) -> None:
        command = ["openssl", *map(str, arguments)]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
