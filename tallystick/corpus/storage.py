"""A corpus: the programs that have shown a violation, kept for every later run and machine.

One scenario file for each cause, in a folder or in Redis. It is written in one stroke, so that a
process that is killed leaves whole programs only. It stores texts, and knows nothing of programs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from tallystick.reporting.result import write_whole

REDIS = ("redis://", "rediss://", "unix://")
"""How the address of a corpus in Redis begins; anything else is a folder."""
HASH = "tallystick:corpus"
"""The hash in Redis: a field for each cause."""
WAIT_S = 10.0
"""How long Redis may take for an answer."""
SUFFIX = ".yaml"


class CorpusError(Exception):
    """A corpus that cannot be read or written: one line that says why."""


class Corpus(Protocol):
    """Scenario texts by the fingerprint of their cause. Every method may raise CorpusError."""

    def programs(self) -> Mapping[str, str]:
        """All that is kept, in the order of the names."""

    def keep(self, name: str, text: str) -> None:
        """Keep a program; what was kept under this name is replaced."""

    def drop(self, name: str) -> None:
        """Remove a program that a shorter one has replaced; without effect if it is not there."""


def open_corpus(place: str) -> Corpus:
    """The corpus at a folder, or at `redis://HOST:PORT/DATABASE`; CorpusError if there is none."""
    if place.startswith(REDIS):
        return RedisCorpus(place)
    if "://" in place:
        raise CorpusError(f"--corpus {plain(place)}: name a folder, or redis://HOST:PORT")
    return FolderCorpus(Path(place))


def plain(place: str) -> str:
    """The name of a corpus without what may be a password."""
    return re.sub(r"//[^/@\s]*@", "//***@", place)


class FolderCorpus:
    """A folder of scenario files; `tallystick replay` takes each of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with self._failing():
            folder.mkdir(parents=True, exist_ok=True)

    def programs(self) -> Mapping[str, str]:
        with self._failing():
            paths = sorted(self._folder.glob(f"*{SUFFIX}"))
            return dict(self._texts(paths))

    def _texts(self, paths: list[Path]) -> Iterator[tuple[str, str]]:
        for path in paths:
            try:
                yield path.stem, path.read_text(encoding="utf-8")
            except FileNotFoundError:
                continue  # another process has dropped it
            except UnicodeDecodeError:
                raise CorpusError(f"{path} is not text") from None

    def keep(self, name: str, text: str) -> None:
        with self._failing():
            write_whole(self._folder / f"{name}{SUFFIX}", text)

    def drop(self, name: str) -> None:
        with self._failing():
            (self._folder / f"{name}{SUFFIX}").unlink(missing_ok=True)

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise CorpusError(f"the corpus {self._folder}: {error.strerror or error}") from None


class RedisCorpus:
    """A hash in Redis, which many machines share."""

    def __init__(self, url: str) -> None:
        self._name = plain(url)
        try:
            import redis
        except ImportError:
            raise CorpusError(
                f"the corpus {self._name} needs a package: pip install 'tallystick[redis]'"
            ) from None
        self._error = redis.RedisError
        try:
            self._client: Any = redis.Redis.from_url(
                url, decode_responses=True, socket_timeout=WAIT_S, socket_connect_timeout=WAIT_S
            )
        except ValueError as error:
            raise CorpusError(f"the corpus {self._name}: {error}") from None
        with self._failing():
            self._client.ping()

    def programs(self) -> Mapping[str, str]:
        with self._failing():
            return dict(sorted(self._client.hgetall(HASH).items()))

    def keep(self, name: str, text: str) -> None:
        with self._failing():
            self._client.hset(HASH, name, text)

    def drop(self, name: str) -> None:
        with self._failing():
            self._client.hdel(HASH, name)

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except self._error as error:
            raise CorpusError(f"the corpus {self._name}: {plain(str(error))}") from None
