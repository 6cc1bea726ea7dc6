"""Corpora of both kinds, and servers to fill them with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.hunting.redis_server import redis_server, why_not


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The address of a real server of Redis."""
    if why_not():
        pytest.skip(why_not())
    with redis_server() as url:
        yield url


@pytest.fixture
def empty_redis(redis_url: str) -> str:
    """The same, with nothing in it."""
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    return redis_url


@pytest.fixture(params=["folder", "redis"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a corpus is, of each kind once; it is empty."""
    if request.param == "folder":
        return str(tmp_path / "corpus")
    url: str = request.getfixturevalue("empty_redis")
    return url
