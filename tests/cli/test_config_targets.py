"""tallystick.yaml: what it brings, and the one line that says what is wrong with it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tallystick.config_file import LARGEST
from tallystick.settings import SettingsError, load_settings
from tallystick.target import Client, Secret
from tests.cli.asking import ENVIRON, load, refusal

CONFIG = """
targets:
  staging:
    url: https://staging.test/v1
    account: T00000009
    rate: 5
    wait: 1m
    request-timeout: 5s
    headers:
      X-Key: abc
  bare: {url: "https://bare.test/v1"}
  wrong: {url: "https://wrong.test/v1", secret: x}
  near: {url: "https://wrong.test/v1", timeout: 5s}
  odd: {url: "https://odd.test/v1", rate: [1]}
  empty: {url: "https://empty.test/v1", wait: ""}
  bad: {url: "https://bad.test/v1", wait: soon}
  nothing:
  nowhere: {account: T12345678}
  blank: {url: ""}
  "null": {url: }
  header: {url: "https://h.test/v1", headers: ["X: 1"]}
  no-header: {url: "https://h.test/v1", headers: {X Y: 1}}
  twice: {url: "https://h.test/v1", rate: 1, rate: 2}
  unset: {url: "https://h.test/v1", clients: {main: {token: "${NOT_THERE}"}}}
  plain: {url: "https://h.test/v1", clients: {main: {id: a, secret: hush}}}
  who: {url: "https://h.test/v1", clients: {reeder: {id: a}}}
  what: {url: "https://h.test/v1", clients: {main: {passwort: a}}}
  list: {url: "https://h.test/v1", not_supported: batch}
  heart: {url: "https://h.test/v1", not_supported: [POST /transactions]}
  no-such: {url: "https://h.test/v1", not_supported: [refunds]}
  flag: {url: "https://h.test/v1", http2: maybe}
  no-url: {url: h.test, account: T12345678}
  lines: {url: "https://h.test/v1", headers: {X: "1\\nAuthorization: me"}}
  tag: {url: "https://h.test/v1", build: !env BUILD}
  open: {url: "https://h.test/v1", build: "${BUILD"}
  half: {url: "https://h.test/v1", clients: {main: {id: us}}}
  merged: {<<: {rate: 5}, url: "https://h.test/v1"}
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "tallystick.yaml"
    path.write_text(
        CONFIG,
        encoding="utf-8",
    )
    return path


def test_a_target_of_the_file_brings_its_options(config: Path) -> None:
    environ = {key: value for key, value in ENVIRON.items() if "CLIENT" in key}
    settings = load_settings({"target": "staging"}, environ)
    assert settings.address is not None
    assert (settings.address.url, settings.address.account) == (
        "https://staging.test/v1",
        "T00000009",
    )
    network = settings.network
    assert (settings.rate, network.outage_s, network.timeout_s) == (5, 60, 5)
    assert network.headers == (("X-Key", "abc"),)


def test_options_and_environment_win_over_the_file(config: Path) -> None:
    settings = load({"TALLYSTICK_WAIT": "2s"}, target="staging", rate="7")
    assert settings.address is not None
    assert (settings.address.account, settings.rate) == ("T12345678", 7)
    assert settings.network.outage_s == 2


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("other", "tallystick.yaml: there is no target 'other'; it has staging, bare"),
        ("stagign", "there is no target 'stagign': did you mean 'staging'?"),
        ("wrong", "tallystick.yaml:12: 'secret' is not known in target 'wrong'; use url, account"),
        ("near", "tallystick.yaml:13: 'timeout' is not known in target 'near': did you mean"),
        ("odd", "tallystick.yaml:14: rate is not a plain value"),
        ("empty", "tallystick.yaml:15: wait is given but empty"),
        ("bad", "tallystick.yaml:16: wait 'soon' is not a duration"),
        ("nothing", "tallystick.yaml:17: target 'nothing' has to map names to values"),
        ("nowhere", "tallystick.yaml:18: target 'nowhere' needs a url"),
        ("blank", "tallystick.yaml:19: url is given but empty"),
        ("null", "tallystick.yaml:20: url is given but empty"),
        ("header", "tallystick.yaml:21: headers has to map names to values"),
        ("no-header", "tallystick.yaml:22: header 'X Y'... is not 'Name: value' in ASCII"),
        ("twice", "tallystick.yaml:23: 'rate' is there twice"),
        ("unset", "tallystick.yaml:24: token of client 'main': the environment variable NOT_THERE"),
        ("plain", "tallystick.yaml:25: secret of client 'main': write it as ${NAME}"),
        ("who", "tallystick.yaml:26: 'reeder' is not known in clients: did you mean 'reader'?"),
        ("what", "tallystick.yaml:27: 'passwort' is not known in client 'main'; use id, secret"),
        ("list", "tallystick.yaml:28: not_supported has to be a list"),
        ("heart", "yaml:29: not_supported: without 'POST /transactions' nothing can be judged"),
        ("no-such", "tallystick.yaml:30: not_supported: 'refunds' is no operation; use "),
        ("flag", "tallystick.yaml:31: http2 'maybe' is neither yes nor no"),
        ("no-url", "tallystick.yaml:32: url 'h.test' is not an http or https URL"),
        ("lines", "tallystick.yaml:33: X has more than one line"),
        ("tag", "tallystick.yaml:34: build: the tag !env is not known: leave it out"),
        ("open", "tallystick.yaml:35: build: write an environment variable as ${NAME}"),
        ("merged", "tallystick.yaml:37: `<<` is not read: repeat the members"),
    ],
)
def test_a_target_of_the_file_that_makes_no_sense_is_one_line(
    config: Path, target: str, said: str
) -> None:
    assert said in refusal(target=target)


def test_half_a_client_is_named_where_it_is_given(config: Path) -> None:
    said = "tallystick.yaml:36: id of a client: its secret is missing"
    with pytest.raises(SettingsError, match=re.escape(said)):
        load_settings({"target": "half"}, {"TALLYSTICK_ACCOUNT": "T12345678"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"targets: [", ":1: this is not YAML: "),
        (b"targets:\n\tstaging:", ":2: this is not YAML: "),
        (b"- a", ":1: the file has to map names to values"),
        (b"targets: 5", ":1: targets has to map names to values"),
        (b"targets:\n  a: \xff", ":2: this is not UTF-8: save the file as UTF-8"),
        ("targets:".encode("utf-16"), ":1: this is not UTF-8"),
        (b"targets:\n  a: \0", ":2: this is not YAML: the character U+0000 is not allowed"),
        (b"a: b", ":1: 'a' is not known; the file has `targets:` only"),
        (b"targets: {}\na: b", ":2: 'a' is not known; the file has `targets:` only"),
        (b"targets: {}\ntargets: {}", ":2: 'targets' is there twice"),
        (b"targets: {}\n---\ntargets: {}", ":2: this is not YAML: expected a single document"),
        (b"targets: " + b"[" * 5000, ": it is nested too deeply"),
        (b"targets: {}" + b" " * LARGEST, " has more than 1,048,576 bytes"),
        (b"# nothing", ": the file is empty"),
    ],
)
def test_a_file_that_makes_no_sense_is_one_line(config: Path, text: bytes, said: str) -> None:
    config.write_bytes(text)
    assert refusal(target="staging").startswith(f"tallystick.yaml{said}")


def test_a_folder_of_this_name_is_one_line(config: Path) -> None:
    config.unlink()
    config.mkdir()
    assert refusal(target="staging") == "tallystick.yaml cannot be read: Is a directory"


def test_a_file_of_another_system_is_read(config: Path) -> None:
    text = config.read_text(encoding="utf-8").replace("\n", "\r\n")
    config.write_bytes(text.encode("utf-8-sig"))
    assert load(target="staging").rate == 5
    assert "tallystick.yaml:14: rate" in refusal(target="odd")


def test_a_misspelt_targets_is_one_line(config: Path) -> None:
    config.write_text("# ours\ntarget:\n  staging: {url: 'https://a.test/v1'}\n")
    said = refusal(target="staging")
    assert said == "tallystick.yaml:2: 'target' is not known: did you mean 'targets'?"


def test_a_client_of_the_file_has_its_secret_from_the_environment(config: Path) -> None:
    config.write_text(
        "targets:\n  staging:\n    url: https://a.test/v1\n    account: T00000009\n"
        "    proxy: http://me:${OUR_KEY}@proxy.test:3128\n"
        "    clients:\n"
        "      main: {id: ours, secret: '${TALLYSTICK_STAGING_SECRET}'}\n"
        "      other: {account: T00000010, id: theirs, secret: '${OUR_KEY}'}\n"
    )
    environ = {"TALLYSTICK_STAGING_SECRET": "hush", "OUR_KEY": "psst"}
    settings = load_settings({"target": "staging"}, environ)
    assert settings.clients is not None
    assert settings.clients.main == Client("ours", Secret("hush"))
    assert settings.clients.other == Client("theirs", Secret("psst"))
    assert settings.clients.other_account == "T00000010"
    assert settings.network.proxy == "http://me:psst@proxy.test:3128"
    of_environment = load_settings({"target": "staging"}, {**environ, "TALLYSTICK_TOKEN": "ready"})
    assert of_environment.clients is not None
    assert of_environment.clients.main == Client(token=Secret("ready"))
    named = {**environ, "HTTPS_PROXY": "http://other.test:1"}
    assert load_settings({"target": "staging"}, named).network.proxy == "http://other.test:1"


def test_the_file_is_looked_for_upward_and_its_files_are_next_to_it(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (config.parent / "pinned.yaml").write_text("answers: {}\n")
    config.write_text(
        "targets:\n  staging:\n    url: https://a.test/v1\n    dialect: pinned.yaml\n"
    )
    below = config.parent / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert load(target="staging").dialect == config.parent / "pinned.yaml"
    monkeypatch.chdir("/")
    assert "there is no" not in refusal(target="staging")
    assert load(target="staging", config=str(config)).dialect == config.parent / "pinned.yaml"
    assert load({"TALLYSTICK_CONFIG": str(config)}, target="staging").dialect is not None
    assert "no such file" in refusal(target="staging", config="nowhere.yaml")


def test_an_environment_variable_that_nobody_reads_is_one_line() -> None:
    said = refusal({"TALLYSTICK_REPORTS_DIR": "x"})
    assert said == (
        "the environment variable TALLYSTICK_REPORTS_DIR is not known: "
        "did you mean TALLYSTICK_REPORT_DIR?"
    )
