"""`tallystick.yaml`: the targets of a team by name, each with how it is reached and judged.

A mistake is one line with the file, its line and what was probably meant. Secrets are not written
there: `${NAME}` stands for an environment variable. Files are named relative to the file's folder.
This module does not know what an option means (`settings`); MEMBERS says what each member holds,
and the JSON Schema for editors (`docs/tallystick.schema.json`) is made from it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tallystick.options import CREDENTIALS, SettingsError

CONFIG = "tallystick.yaml"
LARGEST = 2**20
"""In bytes: a file that is larger was named by mistake."""
FEW = 20
"""So many names are listed in a message."""
_NAMED = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Member:
    """What a member of a target holds."""

    kind: str
    """text, number, flag, file, headers, list or clients."""
    text: str
    option: str = ""
    """The option that it stands for, if not the one of its own name; `-`: none."""


MEMBERS: dict[str, Member] = {
    "url": Member("text", "base URL of the API", "-"),
    "account": Member("text", "account id on the target"),
    "profile": Member("profile", "the API that it speaks: a name, or a file"),
    "dialect": Member("file", "pinned dialect, as `tallystick probe` writes it"),
    "rate": Member("number", "requests per second at most"),
    "budget": Member("text", "time for a run, such as 10m"),
    "wait": Member("text", "how long to wait while it cannot be reached, such as 60s"),
    "request-timeout": Member("text", "time for one exchange, such as 10s"),
    "ca": Member("file", "PEM file with the authority that signed its certificate"),
    "cert": Member("file", "client certificate: a PEM file with its key, or FILE:KEYFILE"),
    "http2": Member("flag", "speak HTTP/2 where it is offered"),
    "headers": Member("headers", "headers that are sent with every request", "header"),
    "proxy": Member("text", "HTTP proxy, where HTTPS_PROXY and HTTP_PROXY name none", "-"),
    "clients": Member("clients", "who the suite may act as", "-"),
    "spec": Member("file", "its own OpenAPI document, a file or URL"),
    "build": Member("text", "what the build that is judged is called"),
    "known": Member("file", "known issues, each with a reason and a last day"),
    "regressions": Member("file", "folder with scenarios that are replayed first"),
    "not_supported": Member("list", "operations that it lacks, which are not claimed", "-"),
}
"""By name. Every option that a target may set has an entry here."""

CLIENTS: dict[str, str] = {
    "main": "the client of the run: it may read and write",
    "other": "a client of a second account, for chapter AUTH",
    "reader": "a client that may read only",
    "till": "a client that may pay and do nothing else",
}
SECRET = ("secret", "token")
"""Members of a client that have to be written as ${NAME}."""


@dataclass(frozen=True, slots=True, repr=False)
class Entry:
    """What the file says of one target, as text. Its repr shows none of it: it has secrets."""

    place: str
    """Its name and its file, for messages."""
    url: str
    options: Mapping[str, str]
    lines: Mapping[str, str]
    """By option, member or environment variable: where it is given, such as `tallystick.yaml:7`."""
    secrets: Mapping[str, str]
    """By environment variable, what a client's member stands for."""
    proxy: str = ""
    not_supported: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Entry({self.place})"


def find(start: Path) -> Path | None:
    """The nearest `tallystick.yaml` from a folder upward; None if there is none."""
    if (start / CONFIG).exists():
        return Path(CONFIG) if start == Path.cwd() else start / CONFIG
    for folder in start.parents:
        if (folder / CONFIG).exists():
            return folder / CONFIG
    return None


def variables_in(path: Path) -> frozenset[str]:
    """The environment variables that a file names."""
    try:
        return frozenset(_NAMED.findall(_text_of(path)))
    except SettingsError:
        return frozenset()


def target_names(path: Path) -> list[str]:
    """The names of the targets in a file, in its order; SettingsError if it cannot be read."""
    return [key.value for key, _ in _pairs(path, _targets(path), "targets")]


def read_target(path: Path, name: str, environ: Mapping[str, str]) -> Entry:
    """What the file says of a target; SettingsError if it has none of this name, or is wrong."""
    found = {key.value: node for key, node in _pairs(path, _targets(path), "targets")}
    if name not in found:
        raise SettingsError(
            f"{path}: there is no target {name!r}{did_you_mean(name, found)}; "
            f"it has {_listed(found) or 'none'}"
        )
    return _Reader(path, name, environ).entry(found[name])


def did_you_mean(text: str, known: Iterable[str]) -> str:
    """`: did you mean 'x'?`, or nothing if nothing is like it."""
    names = list(known)
    close = difflib.get_close_matches(text, names, 1, 0.7)
    close += [name for name in names if len(text) > 3 and text in name]
    return f": did you mean {close[0]!r}?" if close else ""


def _listed(names: Iterable[str]) -> str:
    """The names, or the first of many."""
    some = list(names)
    more = f", and {len(some) - FEW:,} more" if len(some) > FEW else ""
    return ", ".join(some[:FEW]) + more


# Reading ------------------------------------------------------------------------------------------


def _text_of(path: Path) -> str:
    """What the file says; SettingsError if it cannot be read."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from None
    if len(content) > LARGEST:
        raise SettingsError(f"{path} has more than {LARGEST:,} bytes: it is no {CONFIG}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise SettingsError(f"{path}:{line}: this is not UTF-8: save the file as UTF-8") from None


def _root(path: Path) -> yaml.Node | None:
    """All of the file; None if it is empty."""
    text = _text_of(path)
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        said = f"the character U+{ord(text[error.position]):04X} is not allowed"
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 1 if mark is None else mark.line + 1
        said = ", ".join(filter(None, (error.context, error.problem)))
    except RecursionError:
        raise SettingsError(f"{path}: it is nested too deeply") from None
    raise SettingsError(f"{path}:{line}: this is not YAML: {' '.join(said.split())}")


def _targets(path: Path) -> yaml.Node:
    """The node of `targets:`."""
    root, found = _root(path), None
    if root is None:
        raise SettingsError(f"{path}: the file is empty; it has to have `targets:`")
    for key, node in _pairs(path, root, "the file"):
        if key.value != "targets":
            guess = did_you_mean(key.value, ["targets"]) or "; the file has `targets:` only"
            raise SettingsError(f"{_at(path, key)}: {key.value[:50]!r} is not known{guess}")
        found = node
    if found is None:
        raise SettingsError(f"{path}: it has to have `targets:`, with targets by name")
    return found


def _pairs(path: Path, node: yaml.Node, what: str) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
    """Keys and values of a mapping; SettingsError if it is none, or names one twice."""
    if not isinstance(node, yaml.MappingNode):
        raise SettingsError(f"{_at(path, node)}: {what} has to map names to values")
    seen: set[str] = set()
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode) or not key.value:
            raise SettingsError(f"{_at(path, key)}: a name in {what} is no text")
        if key.tag.endswith(":merge"):
            raise SettingsError(f"{_at(path, key)}: `<<` is not read: repeat the members")
        if key.value in seen:
            raise SettingsError(f"{_at(path, key)}: {key.value!r} is there twice")
        seen.add(key.value)
        yield key, value


def _at(path: Path, node: yaml.Node) -> str:
    return f"{path}:{node.start_mark.line + 1}"


class _Reader:
    """Reads one target."""

    def __init__(self, path: Path, name: str, environ: Mapping[str, str]) -> None:
        self._path = path
        self._name = name
        self._environ = environ
        self._options: dict[str, str] = {}
        self._lines: dict[str, str] = {}
        self._secrets: dict[str, str] = {}

    def entry(self, node: yaml.Node) -> Entry:
        """All of it; SettingsError at the first mistake."""
        url = proxy = ""
        not_supported: tuple[str, ...] = ()
        where = f"target {self._name!r}"
        for key, value in _pairs(self._path, node, where):
            member = MEMBERS.get(key.value)
            if member is None:
                raise self._error(key, self._unknown(key.value, MEMBERS, where))
            self._lines[key.value] = _at(self._path, value)
            if key.value == "url":
                url = self._text(value, "url")
            elif key.value == "proxy":
                proxy = self._proxy(value)
            elif key.value == "not_supported":
                not_supported = self._list(value, key.value)
            elif member.kind == "clients":
                self._clients(value)
            else:
                option = member.option or key.value
                self._options[option] = self._value(member.kind, value, key.value)
                self._lines[option] = _at(self._path, value)
        if not url:
            raise self._error(node, f"{where} needs a url")
        place = f"target {self._name!r} in {self._path}"
        return Entry(place, url, self._options, self._lines, self._secrets, proxy, not_supported)

    def _value(self, kind: str, node: yaml.Node, name: str) -> str:
        if kind == "headers":
            pairs = _pairs(self._path, node, name)
            return "\n".join(f"{key.value}: {self._line(value, key.value)}" for key, value in pairs)
        text = self._text(node, name)
        if kind == "number" and not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
            raise self._error(node, f"{name} {text[:50]!r} is not a number")
        if kind == "flag":
            if text.lower() not in ("true", "false", "yes", "no"):
                raise self._error(node, f"{name} {text[:50]!r} is neither yes nor no")
            return "yes" if text.lower() in ("true", "yes") else "no"
        if kind == "file" or (kind == "profile" and ("/" in text or "." in text)):
            return text if "://" in text else str(self._path.parent / Path(text).expanduser())
        return text

    def _text(self, node: yaml.Node, name: str) -> str:
        """A value as text, with the environment's values put in."""
        if not isinstance(node, yaml.ScalarNode):
            raise self._error(node, f"{name} is not a plain value")
        if node.tag.startswith("!"):
            raise self._error(node, f"{name}: the tag {node.tag[:50]} is not known: leave it out")
        if not node.value.strip() or node.tag.endswith(":null"):
            raise self._error(node, f"{name} is given but empty: give it a value, or leave it out")
        if "${" in _NAMED.sub("", node.value):
            raise self._error(node, f"{name}: write an environment variable as ${{NAME}}")
        return _NAMED.sub(lambda match: self._named(match[1], node, name), node.value)

    def _line(self, node: yaml.Node, name: str) -> str:
        """The value of a header, which is one line."""
        text = self._text(node, name)
        if len(text.splitlines()) > 1:
            raise self._error(node, f"{name} has more than one line")
        return text

    def _named(self, variable: str, node: yaml.Node, name: str) -> str:
        value = self._environ.get(variable, "")
        if not value.strip():
            raise self._error(node, f"{name}: the environment variable {variable} is not set")
        return value

    def _list(self, node: yaml.Node, name: str) -> tuple[str, ...]:
        if not isinstance(node, yaml.SequenceNode):
            raise self._error(node, f"{name} has to be a list")
        return tuple(self._text(item, name) for item in node.value)

    def _proxy(self, node: yaml.Node) -> str:
        text = self._text(node, "proxy")
        if "@" in node.value and not _NAMED.search(node.value):
            raise self._error(node, "proxy: write the password as ${NAME}")
        return text

    def _clients(self, node: yaml.Node) -> None:
        for key, value in _pairs(self._path, node, "clients"):
            if key.value not in CLIENTS:
                raise self._error(key, self._unknown(key.value, CLIENTS, "clients"))
            for name, text in _pairs(self._path, value, f"client {key.value!r}"):
                self._client_member(key.value, name, text)

    def _client_member(self, client: str, key: yaml.ScalarNode, node: yaml.Node) -> None:
        known = variables_of(client)
        if key.value not in known:
            raise self._error(key, self._unknown(key.value, known, f"client {client!r}"))
        name = f"{key.value} of client {client!r}"
        text = self._text(node, name)
        if key.value in SECRET and not _NAMED.fullmatch(getattr(node, "value", "").strip()):
            raise self._error(
                node, f"{name}: write it as ${{NAME}}, an environment variable: this is a file"
            )
        self._secrets[known[key.value]] = text
        self._lines[known[key.value]] = _at(self._path, node)

    def _unknown(self, name: str, known: Iterable[str], where: str) -> str:
        guess = did_you_mean(name, known)
        return f"{name[:50]!r} is not known in {where}{guess or '; use ' + ', '.join(known)}"

    def _error(self, node: yaml.Node, said: str) -> SettingsError:
        return SettingsError(f"{_at(self._path, node)}: {said}")


def variables_of(client: str) -> dict[str, str]:
    """By member of a client, the environment variable that stands for it."""
    prefix = "" if client == "main" else f"{client.upper()}_"
    members = {"id": f"TALLYSTICK_{prefix}CLIENT_ID", "secret": f"TALLYSTICK_{prefix}CLIENT_SECRET"}
    if f"TALLYSTICK_{prefix}TOKEN" in CREDENTIALS:
        members["token"] = f"TALLYSTICK_{prefix}TOKEN"
    if client == "other":
        members["account"] = "TALLYSTICK_OTHER_ACCOUNT"
    return members


# The schema for editors ---------------------------------------------------------------------------


def schema() -> dict[str, Any]:
    """The JSON Schema of the file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "tallystick.yaml",
        "description": "The targets of a team, by name. ${NAME} is an environment variable.",
        "type": "object",
        "required": ["targets"],
        "additionalProperties": False,
        "properties": {
            "targets": {
                "description": "By name, for --target NAME.",
                "type": "object",
                "additionalProperties": _target_schema(),
            }
        },
    }


def _target_schema() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["url"],
        "additionalProperties": False,
        "properties": {
            name: {"description": member.text, **_kind_schema(member.kind)}
            for name, member in MEMBERS.items()
        },
    }


def _kind_schema(kind: str) -> dict[str, Any]:
    text = {"type": "string", "pattern": r"\S"}
    match kind:
        case "number":
            return {"type": ["number", "string"], "minimum": 0, "pattern": r"^[0-9]+(\.[0-9]+)?$"}
        case "flag":
            return {"type": "boolean"}
        case "list":
            return {"type": "array", "items": text}
        case "headers":
            values = {"type": ["string", "number"], "pattern": r"\S"}
            return {"type": "object", "additionalProperties": values}
        case "clients":
            return {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    name: {"description": what, **_client_schema(name)}
                    for name, what in CLIENTS.items()
                },
            }
        case _:
            return text


def _client_schema(client: str) -> dict[str, Any]:
    secret = {"type": "string", "pattern": r"^\s*\$\{[A-Za-z_][A-Za-z0-9_]*\}\s*$"}
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            name: secret if name in SECRET else {"type": "string", "pattern": r"\S"}
            for name in variables_of(client)
        },
    }


if __name__ == "__main__":
    import json

    print(json.dumps(schema(), indent=2))
