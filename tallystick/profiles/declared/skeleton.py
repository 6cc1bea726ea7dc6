"""Writes a first profile file from an OpenAPI document: guesses, TODOs, and every question.

The text is read by a person and then by `reading`; what it says of an API is guessed (`guessing`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tallystick.documents.files import read_mapping
from tallystick.documents.questions import questions
from tallystick.profiles.declared import guessing
from tallystick.profiles.declared.answer_reading import PASSING
from tallystick.profiles.declared.command_reading import figures_of
from tallystick.profiles.declared.declaration import Name
from tallystick.profiles.declared.documents import Described, operations_of

JSON = Any
TODO = "TODO"
_CURRENCY = re.compile("[A-Za-z]{3}")


def skeleton_of(name: str, openapi: Path, output: Path) -> str:
    """Return the text of a profile file for an API; DocumentError if the document is none."""
    document = read_mapping(openapi, "`paths` and `components`")
    operations = operations_of(openapi)
    found = guessing.guess(operations)
    writer = _Writer(document, operations, found)
    relative = os.path.relpath(openapi.resolve(), output.resolve().parent)
    title = (document.get("info") or {}).get("title") or name
    lines = [
        "# Guessed from the document: compare every line with the documentation of the API. TODO",
        "# marks what could not be guessed. docs/profiles.md of Tallystick explains every member.",
        f"profile: {name}",
        f"title: {_inline(title)}",
        f"openapi: {relative}",
        *writer.head(),
        "",
        "commands:",
        *writer.commands(),
        "",
        *writer.questions(),
    ]
    return "\n".join(lines) + "\n"


def _inline(value: JSON) -> str:
    text: str = yaml.safe_dump(value, default_flow_style=True, width=10_000, sort_keys=False)
    return text.strip().removesuffix("...").strip()


class _Writer:
    """Writes the parts of one file."""

    def __init__(
        self,
        document: Mapping[str, JSON],
        operations: tuple[Described, ...],
        found: Mapping[Name, Described],
    ) -> None:
        self._document = document
        self._operations = operations
        self._found = found
        self._own_records = Name.LIST in found

    def head(self) -> Iterator[str]:
        """Yield what all commands share."""
        yield from self._authentication()
        hold = self._found.get(Name.HOLD)
        body = guessing.request_body(self._document, hold)[0] if hold else "json"
        yield f"body: {body}                    # json, form or query"
        yield f"records: {'own' if self._own_records else 'hold'}                 # own: captures"
        yield "                              # and voids have records with ids; hold: they have not"
        yield f"money: {_inline(self._money())}"
        yield f"retry: {self._retry()}"
        yield f"refused: {_inline(sorted(self._refusals()) or [400, 404])}"
        yield f"control: {self._control()}"
        yield "# real_money: {hosts: [api.example.com], tokens: [sk_live_]}"

    def _authentication(self) -> Iterator[str]:
        schemes = (self._document.get("components") or {}).get("securitySchemes") or {}
        for scheme in schemes.values():
            kind = (scheme.get("type"), str(scheme.get("scheme", "")).lower())
            if kind == ("http", "bearer"):
                yield "authentication: {header: Authorization, value: Bearer $token}"
                return
            if kind == ("http", "basic"):
                yield "authentication: {header: Authorization, value: Basic $basic}"
                return
            if kind[0] == "apiKey" and scheme.get("in") == "header":
                yield f"authentication: {{header: {scheme.get('name')}, value: $token}}"
                return
            flow = (scheme.get("flows") or {}).get("clientCredentials")
            if flow:
                yield "authentication:"
                yield f"  fetch: {{send: POST {_path_of(flow.get('tokenUrl'))}, body: form,"
                yield "    with: {grant_type: client_credentials},"
                yield "    headers: {Authorization: Basic $basic}}"
                yield "  token: access_token"
                yield "  lifetime: expires_in"
                return
        yield "authentication: none          # or {header: Authorization, value: Bearer $token}"

    def _money(self) -> dict[str, JSON]:
        members = self._sent(Name.HOLD)
        amount = guessing.named(members, guessing.SENT["$amount"])
        schema = guessing.resolved(self._document, members.get(amount or "", {}))
        forms = {"string": "decimal-string", "number": "decimal-number"}
        currency = guessing.named(members, guessing.SENT["$currency"])
        listed = guessing.resolved(self._document, members.get(currency or "", {})).get("enum")
        currencies = [each for each in listed or [] if _CURRENCY.fullmatch(str(each))]
        money: dict[str, JSON] = {"as": forms.get(str(schema.get("type")), "minor-integer")}
        money["currencies"] = currencies or ["EUR"]
        least = schema.get("minimum")
        if isinstance(least, int) and least > 1:
            money["least"] = least
        return money

    def _retry(self) -> str:
        hold = self._found.get(Name.HOLD)
        for given in hold.content.get("parameters") or () if hold else ():
            parameter = guessing.resolved(self._document, given)
            name = str(parameter.get("name", ""))
            if parameter.get("in") == "header" and re.search("idempot|request-id", name.lower()):
                return f"{{header: {name}}}"
        member = guessing.named(self._sent(Name.HOLD), guessing.REFS)
        return f"{{member: {member}}}" if member else "none  # or {header: Idempotency-Key}"

    def _refusals(self) -> set[int]:
        found = set().union(*map(guessing.statuses, self._found.values())) if self._found else set()
        return {status for status in found if status not in PASSING}

    def _control(self) -> str:
        plain = [e for e in self._operations if e.method == "GET" and "{" not in e.path]
        return f"GET {plain[0].path}" if plain else f"GET /{TODO}"

    def commands(self) -> Iterator[str]:
        """Yield every command, those that are not known as comments."""
        for name in Name:
            operation = self._found.get(name)
            if operation is None:
                yield f"  # {name}: {{send: POST /{TODO}}}"
                continue
            yield f"  {name}:"
            yield f"    send: {operation.method} {self._path(name, operation)}"
            content = self._content(name)
            if content:
                yield f"    with: {_inline(content)}"
            yield from self._shown(name, operation)

    def _path(self, name: Name, operation: Described) -> str:
        variable = "$hold" if name in (Name.CAPTURE, Name.VOID, Name.READ_HOLD) else "$card"
        path = operation.path
        parameters = re.findall(r"\{[^}]+\}", path)
        for each in parameters[:-1]:
            path = path.replace(each, "$account" if "account" in each else f"${TODO}")
        return path.replace(parameters[-1], variable) if parameters else path

    def _sent(self, name: Name) -> dict[str, JSON]:
        operation = self._found.get(name)
        if operation is None:
            return {}
        schema = guessing.request_body(self._document, operation)[1]
        return guessing.properties(self._document, schema)

    def _content(self, name: Name) -> dict[str, JSON]:
        operation = self._found[name]
        members = self._sent(name)
        schema = guessing.resolved(
            self._document, guessing.request_body(self._document, operation)[1]
        )
        content: dict[str, JSON] = {}
        wanted = {
            variable: guessing.named(members, words) for variable, words in guessing.SENT.items()
        }
        if name not in (Name.CAPTURE, Name.VOID):
            wanted.pop("$hold")
        for variable, member in wanted.items():
            if member is not None and member not in content:
                content[member] = variable
        if name is Name.HOLD:
            content |= {m: value for m, value in guessing.CONSTANTS.items() if m in members}
        for member in schema.get("required") or ():
            if member not in content and member not in guessing.REFS:
                content[member] = TODO
        return content

    def _shown(self, name: Name, operation: Described) -> Iterator[str]:
        members = guessing.properties(
            self._document, guessing.answer_schema(self._document, operation)
        )
        figures = figures_of(name, own_records=self._own_records)
        shows = {
            figure: member
            for figure in figures
            if (member := guessing.named(members, guessing.SHOWN.get(figure, ()))) is not None
        }
        if name is Name.LIST:
            yield f"    items: {TODO}               # where the list is in the answer"
        if name in (Name.HOLD, Name.READ_HOLD, Name.CARD) and "id" not in shows:
            shows["id"] = TODO
        if name is Name.READ_HOLD and not {"captured", "remaining"} & set(shows):
            shows["captured"] = TODO
        if shows:
            yield f"    shows: {_inline(shows)}"
        status = guessing.resolved(self._document, members.get("status", {}))
        if "open" in figures and "status" in members:
            words = ", ".join(map(str, status.get("enum") or [TODO]))
            yield f"    # shows too: open: {{status: [{words}]}}  # those of an open hold"

    def questions(self) -> Iterator[str]:
        """Yield what may be answered, as comments."""
        yield "# What the documentation decides. What is not answered here is asked of each server."
        yield "answers: {}"
        for question in questions().values():
            yield f"#  {question.id}: {' | '.join(question.permitted)}    # {question.text}"
        yield ""
        yield "# The sentences of the documentation that decide, by rule (`tallystick rules`)."
        yield "sources: {}"
        yield "# Rules that the documentation does not promise."
        yield "open_rules: []"


def _path_of(url: JSON) -> str:
    return (
        "/" + str(url or TODO).partition("://")[2].partition("/")[2]
        if "://" in str(url)
        else (str(url or f"/{TODO}"))
    )
