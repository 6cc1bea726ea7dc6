"""Values that were made before, in the cache folder of the user: a file for each key.

Making them again gives the same, only slower: so no file has to be there, a damaged one counts as
none, and a folder that cannot be written to is no error. It does not know what the values are.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

JSON = Any

FOLDER = "tallystick"
MOST_FILES = 400
"""Of more, the oldest are removed: a gate of the Wallet API has 16."""
_BYTES = "bytes in base64"


def folder() -> Path | None:
    """The cache folder of the user on this system; None if there is no home folder."""
    try:
        home = Path.home()
    except RuntimeError:
        return None
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / FOLDER
    variable, otherwise = "XDG_CACHE_HOME", home / ".cache"
    if sys.platform == "win32":
        variable, otherwise = "LOCALAPPDATA", home / "AppData" / "Local"
    given = Path(os.environ.get(variable, ""))
    return (given if given.is_absolute() else otherwise) / FOLDER


def key_of(*parts: str | bytes) -> str:
    """One name for all that a value depends on."""
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(b"%d:%b" % (len(encoded), encoded))
    return digest.hexdigest()


def read(key: str) -> JSON:
    """The value that was kept under the key; None if there is none that is whole."""
    where = folder()
    if where is None:
        return None
    try:
        checksum, _, content = (where / f"{key}.json").read_bytes().partition(b"\n")
        if checksum != _checksum(key, content):
            return None
        return _decoded(content)
    except (OSError, ValueError, RecursionError):
        return None


def keep(key: str, value: JSON) -> None:
    """Keep a value that is not None, if it is the same when it is read again."""
    where = folder()
    with suppress(OSError, ValueError, TypeError, RecursionError):
        content = json.dumps(value, default=_as_text).encode()
        # In this comparison, unlike in ==, 1, 1.0 and True differ, and NaN is NaN.
        if where is None or repr(_decoded(content)) != repr(value):
            return
        where.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(where / f"{key}.json", _checksum(key, content) + b"\n" + content)
        _remove_oldest(where)


def _write(path: Path, content: bytes) -> None:
    """Write a file that others see only when it is whole."""
    number, name = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".new")
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
        os.replace(name, path)
    except OSError:
        with suppress(OSError):
            os.unlink(name)
        raise


def _remove_oldest(where: Path) -> None:
    files = list(where.iterdir())
    if len(files) > MOST_FILES:
        for path in sorted(files, key=lambda path: path.stat().st_mtime)[: len(files) // 2]:
            path.unlink(missing_ok=True)


def _checksum(key: str, content: bytes) -> bytes:
    return hashlib.sha256(key.encode() + content).hexdigest().encode()


def _as_text(value: object) -> dict[str, str]:
    if isinstance(value, bytes):
        return {_BYTES: base64.b64encode(value).decode()}
    raise TypeError


def _decoded(content: bytes) -> JSON:
    return json.loads(content, object_hook=_as_bytes)


def _as_bytes(value: dict[str, JSON]) -> JSON:
    return base64.b64decode(value[_BYTES]) if value.keys() == {_BYTES} else value
