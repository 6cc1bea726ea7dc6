"""The JSON Schema for editors says what the reader of tallystick.yaml says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from tallystick.cli import main
from tallystick.config_file import MEMBERS, read_target, schema, target_names
from tallystick.options import OPTIONS, SettingsError

DOCS = Path(__file__).parents[2] / "docs"
URL = "https://a.test/v1"
ENVIRON = {"SECRET": "hush", "KEY": "psst"}

GOOD: list[Any] = [
    {"url": URL},
    {"url": URL, "account": "T12345678", "rate": 5, "budget": "10m", "wait": "5s"},
    {"url": URL, "http2": True, "headers": {"X-Key": "${KEY}", "X-Number": 5}},
    {"url": URL, "clients": {"main": {"id": "a", "secret": "${SECRET}"}}},
    {"url": URL, "clients": {"other": {"account": "T1", "id": "a", "secret": "${SECRET}"}}},
    {"url": URL, "not_supported": ["batch"], "proxy": "http://proxy.test:1"},
]
BAD: list[Any] = [
    {},
    None,
    {"url": ""},
    {"url": URL, "acount": "T12345678"},
    {"url": URL, "rate": "many"},
    {"url": URL, "rate": [1]},
    {"url": URL, "http2": "perhaps"},
    {"url": URL, "headers": ["X: 1"]},
    {"url": URL, "headers": {"X": ""}},
    {"url": URL, "clients": {"main": {"secret": "hush"}}},
    {"url": URL, "clients": {"main": {"token": "hush ${SECRET}"}}},
    {"url": URL, "clients": {"main": {"password": "${SECRET}"}}},
    {"url": URL, "clients": {"nobody": {"id": "a"}}},
    {"url": URL, "not_supported": "batch"},
]


def _reads(tmp_path: Path, entry: Any) -> bool:
    path = tmp_path / "tallystick.yaml"
    path.write_text(yaml.safe_dump({"targets": {"here": entry}}))
    try:
        read_target(path, "here", ENVIRON)
    except SettingsError:
        return False
    return True


def test_the_committed_schema_is_that_of_the_reader() -> None:
    committed = json.loads((DOCS / "tallystick.schema.json").read_text(encoding="utf-8"))
    assert committed == schema(), "write it again: python -m tallystick.config_file"


@pytest.mark.parametrize("entry", GOOD)
def test_what_the_reader_takes_the_schema_takes(tmp_path: Path, entry: Any) -> None:
    assert _reads(tmp_path, entry)
    assert jsonschema_rs.is_valid(schema(), {"targets": {"here": entry}})


@pytest.mark.parametrize("entry", BAD)
def test_what_the_reader_refuses_the_schema_refuses(tmp_path: Path, entry: Any) -> None:
    assert not _reads(tmp_path, entry)
    assert not jsonschema_rs.is_valid(schema(), {"targets": {"here": entry}})


def test_the_example_of_the_documentation_is_read(tmp_path: Path) -> None:
    text = (DOCS / "options.md").read_text(encoding="utf-8")
    example = text.split("```yaml\n", 1)[1].split("```", 1)[0]
    path = tmp_path / "tallystick.yaml"
    path.write_text(example, encoding="utf-8")
    names = ("GATEWAY_KEY", "WALLET_SECRET", "OTHER_SECRET", "READER_SECRET")
    entry = read_target(path, "staging", dict.fromkeys(names, "x"))
    assert target_names(path) == ["staging"]
    assert entry.options["dialect"] == str(tmp_path / "dialect.staging.yaml")
    assert jsonschema_rs.is_valid(schema(), yaml.safe_load(example))


def test_every_member_is_documented_and_stands_for_an_option() -> None:
    for name, member in MEMBERS.items():
        assert member.option == "-" or (member.option or name) in OPTIONS, name
        assert member.text


def test_config_shows_values_and_sources_without_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tallystick.yaml").write_text(
        "targets:\n  here:\n    url: https://a.test/v1\n    account: T00000009\n    rate: 5\n"
        "    headers: {X-Key: '${KEY}'}\n"
        "    clients: {main: {id: us, secret: '${SECRET}'}}\n"
        "    not_supported: [tokens]\n"
    )
    monkeypatch.chdir(tmp_path)
    for name, value in {**ENVIRON, "TALLYSTICK_WAIT": "7s", "TALLYSTICK_RATE": "6"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        main(["config", "--target", "here", "--budget", "90s"])
    shown = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert ended.value.code == 0
    assert shown["target"].split() == ["target", "here", "(https://a.test/v1)", "--target"]
    assert shown["account"].split() == ["account", "T00000009", "tallystick.yaml:4"]
    assert shown["rate"].split() == ["rate", "6", "TALLYSTICK_RATE"]
    assert shown["wait"].split() == ["wait", "7s", "TALLYSTICK_WAIT"]
    assert shown["budget"].split() == ["budget", "90s", "--budget"]
    assert shown["intensity"].split() == ["intensity", "gate", "default"]
    assert shown["header"].split() == ["header", "X-Key:", "***", "tallystick.yaml:6"]
    assert "***" in shown["TALLYSTICK_CLIENT_SECRET"]
    assert "tokens" in shown["not_supported"]
    assert not any(secret in line for secret in ENVIRON.values() for line in shown.values())
