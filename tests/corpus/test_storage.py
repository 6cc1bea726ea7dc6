"""Where a corpus is kept: a folder, or Redis."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from tallystick.corpus.storage import CorpusError, open_corpus, plain


def test_what_is_kept_is_there_for_everybody_until_it_is_dropped(place: str) -> None:
    one, other = open_corpus(place), open_corpus(place)
    one.keep("cap-2-b", "steps: [1]\n")
    one.keep("cap-2-a", "steps: ['£']\n")
    assert list(other.programs().items()) == [
        ("cap-2-a", "steps: ['£']\n"),
        ("cap-2-b", "steps: [1]\n"),
    ]
    other.keep("cap-2-a", "steps: []\n")
    other.drop("cap-2-b")
    other.drop("never-kept")
    assert one.programs() == {"cap-2-a": "steps: []\n"}


def test_a_reader_sees_whole_programs_only(place: str) -> None:
    corpus, texts = open_corpus(place), {size * "x" * 50_000 for size in (1, 2, 3)}
    corpus.keep("one", next(iter(texts)))
    is_over = threading.Event()

    def write() -> None:
        while not is_over.is_set():
            for text in texts:
                corpus.keep("one", text)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(50):
            assert open_corpus(place).programs()["one"] in texts
    finally:
        is_over.set()
        writer.join()


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CorpusError, match=r"the corpus .*file: File exists"):
        open_corpus(str(tmp_path / "file"))


def test_a_server_that_is_not_there_is_one_line_without_its_password() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        with pytest.raises(CorpusError) as told:
            open_corpus(f"redis://user:hush@127.0.0.1:{port}/0")
    assert "\n" not in str(told.value)
    assert "hush" not in str(told.value)
    assert f"redis://***@127.0.0.1:{port}/0" in str(told.value)


@pytest.mark.parametrize("place", ["http://h:1", "redis://h:port"])
def test_an_address_that_makes_no_sense_is_an_error(place: str) -> None:
    with pytest.raises(CorpusError):
        open_corpus(place)


def test_an_address_is_shown_without_credentials() -> None:
    assert plain("redis://u:p@h:1/0") == "redis://***@h:1/0"
    assert plain("redis://h:1/0") == "redis://h:1/0"
