"""Generated cases are kept for the next run: the same ones, and never in the way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tallystick.drivers.fuzz import cases, kept
from tallystick.profiles.wallet import operations as op


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    where = tmp_path / "cache" / "tallystick"
    monkeypatch.setattr(kept, "folder", lambda: where)
    return where


def _cases(seed: int = 0, numbers: tuple[int, int] = (4, 3)) -> list[str]:
    made = cases.cases(op.VOID, seed, *numbers, keep=True)
    return [
        repr((case.method, case.path_parameters, case.query, case.body, case.media_type))
        for case in made
    ]


def _forbidden(*_: Any) -> Any:
    raise AssertionError("the cases were made again")


def test_what_was_made_is_not_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made = _cases()
    monkeypatch.setattr(cases, "_made", _forbidden)
    assert _cases() == made
    for other in ((1, (4, 3)), (0, (5, 3))):
        with pytest.raises(AssertionError, match="made again"):
            _cases(*other)


def test_another_version_makes_its_own_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    _cases()
    monkeypatch.setattr(cases, "_made", _forbidden)
    monkeypatch.setattr(cases, "version", lambda package: "0")
    with pytest.raises(AssertionError, match="made again"):
        _cases()


def test_nothing_is_kept_unless_it_is_asked_for(folder: Path) -> None:
    cases.cases(op.VOID, 0, 1, 1)
    assert not folder.exists()


@pytest.mark.parametrize("damage", [b"", b"{", b"0\n[]"])
def test_a_damaged_file_counts_as_none(folder: Path, damage: bytes) -> None:
    made = _cases()
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    for content in (damage, whole[:-1], whole.replace(b"POST", b"PUT")):
        path.write_bytes(content)
        assert kept.read(path.stem) is None
    assert _cases() == made
    assert path.read_bytes() == whole


def test_a_file_of_another_key_counts_as_none(folder: Path) -> None:
    kept.keep("a", [1])
    (folder / "a.json").rename(folder / "b.json")
    assert kept.read("b") is None


def test_a_folder_that_cannot_be_made_is_no_error(folder: Path) -> None:
    folder.parent.write_text("a file")
    assert _cases() == _cases()


def test_without_a_home_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "folder", lambda: None)
    kept.keep("a", [1])
    assert kept.read("a") is None


@pytest.mark.parametrize("value", [[b"\xff", 1.0, True, float("nan"), "\ud800"], {"b": 1, "a": {}}])
def test_a_value_is_read_as_it_was_kept(value: Any) -> None:
    kept.keep("a", value)
    assert repr(kept.read("a")) == repr(value)


@pytest.mark.parametrize("value", [[(1,)], {1: 2}, {"bytes in base64": "AA=="}, [object()]])
def test_what_json_would_change_is_not_kept(value: Any) -> None:
    kept.keep("a", value)
    assert kept.read("a") is None


def test_the_oldest_files_are_removed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_FILES", 4)
    for number in range(20):
        kept.keep(str(number), number)
    assert len(list(folder.iterdir())) <= 4
    assert kept.read("19") == 19


def test_the_parts_of_a_key_do_not_run_together() -> None:
    assert kept.key_of("ab", "c") != kept.key_of("a", "bc")


def test_an_operation_of_which_every_request_is_valid_has_valid_ones_only(tmp_path: Path) -> None:
    parameter = {"name": "token", "in": "path", "required": True, "schema": {"type": "string"}}
    get = {
        "operationId": "getCard",
        "parameters": [parameter],
        "responses": {"200": {"description": "ok"}},
    }
    document = tmp_path / "openapi.json"
    whole = {"openapi": "3.0.3", "info": {"title": "Cards", "version": "1"}}
    text = json.dumps({**whole, "paths": {"/cards/{token}": {"get": get}}})
    document.write_text(text, encoding="utf-8")
    made = cases.cases("getCard", 0, 4, 6, document)
    assert made, "the valid ones"
    assert all(case.path_parameters["token"] for case in made)
