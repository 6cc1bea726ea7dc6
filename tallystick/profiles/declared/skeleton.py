"""Writes a first profile file from an OpenAPI document: guesses, TODOs, and every question.

The text is read by a person and then by `reading`; what it says of an API is guessed (`guessing`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tallystick.documents.files import read_mapping
from tallystick.documents.questions import Question, questions
from tallystick.profiles.declared import guessed_members as members_of
from tallystick.profiles.declared import guessing
from tallystick.profiles.declared.answer_reading import PASSING
from tallystick.profiles.declared.command_reading import figures_of
from tallystick.profiles.declared.declaration import OF_A_HOLD, PAYMENTS, SETTLING, Name
from tallystick.profiles.declared.documents import Described, operations_of

JSON = Any
TODO = "TODO"
NEEDED = {Name.READ_HOLD: ("captured", "remaining"), Name.READ_CARD: ("available", "balance")}
"""What a read has to show at least one of."""
LIFTED = ("delete", "batch", "activate", "token", "info", "period", "type", "reserved metadata")
"""What no profile file can say that its API has, so that it is never asked of one."""
DIGITS = {
    **dict.fromkeys(("CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
"""By currency: the digits after the point of ISO 4217, where they are not two."""
_CURRENCY = re.compile("[A-Za-z]{3}")


def skeleton_of(name: str, openapi: Path, output: Path) -> str:
    """Return the text of a profile file for an API; DocumentError if the document is none."""
    document = read_mapping(openapi, "`paths` and `components`")
    operations = operations_of(openapi)
    found = guessing.guess(operations, document)
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
        yield from _authentication(self._document)
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

    def _money(self) -> dict[str, JSON]:
        figures = self._figures_sent(Name.HOLD)
        schema = _schema_of(figures, members_of.SENT["$amount"])
        forms = {"string": "decimal-string", "number": "decimal-number"}
        listed = _schema_of(figures, members_of.SENT["$currency"]).get("enum")
        currencies = [each for each in listed or [] if _CURRENCY.fullmatch(str(each))]
        form = forms.get(str(schema.get("type")), "minor-integer")
        if form == "decimal-string" and str(schema.get("example", "")).isdigit():
            form = "minor-string"
        money: dict[str, JSON] = {"as": form}
        money["currencies"] = currencies or ["EUR"]
        digits = {each: DIGITS[each] for each in currencies if each in DIGITS}
        if digits and form.startswith("decimal"):
            money["digits"] = digits
        least = schema.get("minimum")
        if isinstance(least, int) and least > 1:
            money["least"] = least
        return money

    def _retry(self) -> str:
        asked = [self._found[name] for name in PAYMENTS if name in self._found]
        for given in (each for one in asked for each in one.content.get("parameters") or ()):
            parameter = members_of.resolved(self._document, given)
            name = str(parameter.get("name", ""))
            if parameter.get("in") == "header" and re.search("idempot|request-id", name.lower()):
                return f"{{header: {name}}}"
        member = members_of.named(self._sent(Name.HOLD), members_of.REFS)
        if member is not None and self._is_key_of_some:
            return "$ref                      # the commands with $ref carry the key"
        return f"{{member: {member}}}" if member else "none  # or {header: Idempotency-Key}"

    @property
    def _is_key_of_some(self) -> bool:
        """Whether some requests that move money have a member for the key, and others have none."""
        asked = [self._sent(name) for name in PAYMENTS if name in self._found]
        return len({members_of.named(each, members_of.REFS) is None for each in asked}) > 1

    def _refusals(self) -> set[int]:
        found = set().union(*map(guessing.statuses, self._found.values())) if self._found else set()
        return {status for status in found if status not in PASSING}

    def _control(self) -> str:
        plain = [e for e in self._operations if e.method == "GET" and "{" not in e.path]
        if plain:
            return f"GET {plain[0].path}"
        read = self._found.get(Name.READ_HOLD)
        return f"GET {re.sub(r'{[^}]+}', 'none', read.path)}" if read else f"GET /{TODO}"

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
            last = members_of.named(self._sent(name), members_of.FINALS)
            if name is Name.CAPTURE and last is not None:
                yield f"    final: {_inline({last: True})}"
            if name is Name.CAPTURE and self._refunds_a_capture:
                yield "    gives: {capture: id}"
            yield from self._shown(name, operation)

    def _path(self, name: Name, operation: Described) -> str:
        variable = "$hold" if name in OF_A_HOLD else "$card"
        if name is Name.REFUND and self._refunds_a_capture:
            variable = "$capture"
        path = operation.path
        parameters = re.findall(r"\{[^}]+\}", path)
        for each in parameters[:-1]:
            of_card = "$card" if Name.CARD in self._found else f"${TODO}"
            is_account = "account" in each and Name.CARD not in self._found
            path = path.replace(each, "$account" if is_account else of_card)
        return path.replace(parameters[-1], variable) if parameters else path

    @property
    def _refunds_a_capture(self) -> bool:
        """Whether the path of a refund has the id of a capture in it."""
        refund = self._found.get(Name.REFUND)
        return refund is not None and re.search(r"captures?/\{", refund.path) is not None

    def _resource_of_holds(self) -> str:
        """What the API calls a hold, by its path: `payment_intent` of `/v1/payment_intents`."""
        hold = self._found.get(Name.HOLD)
        words = re.findall(r"/([a-z_]+)(?=/|$)", hold.path) if hold is not None else []
        return words[-1].removesuffix("s") if words else ""

    def _sent(self, name: Name) -> dict[str, JSON]:
        operation = self._found.get(name)
        if operation is None:
            return {}
        schema = guessing.request_body(self._document, operation)[1]
        return members_of.properties(self._document, schema)

    def _figures_sent(self, name: Name) -> dict[str, tuple[str, JSON]]:
        operation = self._found.get(name)
        if operation is None:
            return {}
        schema = guessing.request_body(self._document, operation)[1]
        return members_of.figures_in(self._document, schema)

    def _content(self, name: Name) -> dict[str, JSON]:
        operation = self._found[name]
        members = self._sent(name)
        schema = members_of.resolved(
            self._document, guessing.request_body(self._document, operation)[1]
        )
        content: dict[str, JSON] = {}
        wanted = {
            variable: members_of.named(members, words)
            for variable, words in members_of.SENT.items()
        }
        if name not in SETTLING:
            wanted.pop("$hold")
        elif (resource := self._resource_of_holds()) in members:
            wanted["$hold"] = resource
        for variable, member in wanted.items():
            if member is not None and member not in content:
                content[member] = self._spelled(members[member], variable)
        if name is Name.HOLD:
            known = {members_of.snake(member): member for member in members}
            constants = members_of.CONSTANTS.items()
            content |= {known[word]: value for word, value in constants if word in known}
        key = members_of.named(members, members_of.REFS)
        if key is not None and name in PAYMENTS and self._retry().startswith("$ref"):
            content[key] = "$ref"
        for member in schema.get("required") or ():
            if member not in content and member not in members_of.REFS:
                content[member] = TODO
        return content

    def _spelled(self, schema: JSON, variable: str) -> JSON:
        """A member of a request: a variable, or an object of an amount and its currency."""
        inner = members_of.properties(self._document, schema)
        money = members_of.amount_in(inner)
        if variable != "$amount" or not inner:
            return variable
        return TODO if money is None else {money[0]: "$amount", money[1]: "$currency"}

    def _shown(self, name: Name, operation: Described) -> Iterator[str]:
        schema = guessing.answer_schema(self._document, operation)
        members = members_of.figures_in(self._document, schema)
        figures = figures_of(name, own_records=self._own_records)
        shows = {
            figure: members[member][0]
            for figure in figures
            if (member := members_of.named(members, members_of.SHOWN.get(figure, ()))) is not None
        }
        if name is Name.LIST:
            lists = [path for path, inner in members.values() if inner.get("type") == "array"]
            items = lists[0] if len(lists) == 1 else TODO
            yield f"    items: {items}               # where the list is in the answer"
            yield "    # next: {cursor: next_cursor}  # where its next page is; see the page"
        if guessing.shows_location(self._document, operation) and "id" in figures:
            shows["id"] = "segment(header:Location)"
        if name in (Name.HOLD, Name.READ_HOLD, Name.CARD) and "id" not in shows:
            shows["id"] = TODO
        for reader, wanted in NEEDED.items():
            if name is reader and not set(wanted) & set(shows):
                shows[wanted[0]] = TODO
        if shows:
            yield f"    shows: {_inline(shows)}"
        path, status = members.get("status", ("", {}))
        if "open" in figures and path:
            words = ", ".join(map(str, status.get("enum") or [TODO]))
            yield f"    # shows too: open: {{{path}: [{words}]}}  # those of an open hold"

    def questions(self) -> Iterator[str]:
        """Yield what may be answered, as comments."""
        yield "# What the documentation decides. What is not answered here is asked of each server."
        yield "answers: {}"
        for question in filter(is_of_files, questions().values()):
            yield f"#  {question.id}: {' | '.join(question.permitted)}    # {question.text}"
        yield ""
        yield "# The sentences of the documentation that decide, by rule (`tallystick rules`)."
        yield "sources: {}"
        yield "# Rules that the documentation does not promise."
        yield "open_rules: []"


def _authentication(document: Mapping[str, JSON]) -> Iterator[str]:
    """Yield how requests prove who sends them."""
    schemes = (document.get("components") or {}).get("securitySchemes") or {}
    for scheme in schemes.values():
        kind = (scheme.get("type"), str(scheme.get("scheme", "")).lower())
        if kind == ("http", "bearer"):
            yield "authentication: {header: Authorization, value: Bearer $token}"
            return
        if kind == ("http", "basic"):
            yield "authentication: {header: Authorization, value: Basic $basic}"
            return
        if kind[0] == "apiKey" and scheme.get("in") == "header":
            yield f"authentication: {_inline(_key_headers(schemes))}"
            return
        if kind[0] == "apiKey" and scheme.get("in") == "query":
            yield f"authentication: {_inline({'query': {str(scheme.get('name')): '$token'}})}"
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
    yield "authentication: none          # or {header: Authorization, value: Bearer $token},"
    yield "                              # {query: {key: $token}}, {members: {key: $token}},"
    yield "                              # {basic: 'api:$token'}, and `signature`"


def is_of_files(question: Question) -> bool:
    """Whether a server can be asked it through a profile file."""
    return not set(question.needs) & set(LIFTED)


def _schema_of(figures: Mapping[str, tuple[str, JSON]], words: Iterable[str]) -> dict[str, JSON]:
    name = members_of.named(figures, words)
    schema: dict[str, JSON] = {} if name is None else figures[name][1]
    return schema


def _key_headers(schemes: Mapping[str, JSON]) -> dict[str, JSON]:
    """The headers of API keys; of two the one that says who it is comes first."""
    names = [str(each.get("name")) for each in schemes.values() if each.get("in") == "header"]
    if len(names) != 2:
        return {"header": names[0], "value": "$token"}
    first, second = sorted(names, key=lambda name: "secret" in name.lower())
    return {"headers": {first: "$client_id", second: "$client_secret"}}


def _path_of(url: JSON) -> str:
    return (
        "/" + str(url or TODO).partition("://")[2].partition("/")[2]
        if "://" in str(url)
        else (str(url or f"/{TODO}"))
    )
