"""The API document as the server uses it: the path of each operation and the shape of its requests.

Reads `spec/openapi.yaml` once and compiles a validator for each body and each parameter. Knows
nothing of cards, and nothing of what an operation does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

DOCUMENT = Path(__file__).resolve().parent.parent / "spec" / "openapi.yaml"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter in the path or the query."""

    name: str
    place: str
    type: str
    default: object
    is_valid: Callable[[object], bool]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    id: str
    method: str
    segments: tuple[str, ...]
    scopes: frozenset[str]
    restricted_scopes: frozenset[str]
    path_parameters: tuple[Parameter, ...]
    query_parameters: tuple[Parameter, ...]
    body: jsonschema_rs.Validator | None
    members: frozenset[str]
    read_only: frozenset[str]


class Document:
    """All operations of the document, and the schemas of their answers."""

    def __init__(self, path: Path = DOCUMENT) -> None:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        with path.open(encoding="utf-8") as file:
            self._root: dict[str, Any] = yaml.load(file, Loader=loader)
        self.operations = [
            self._operation(template, method, item)
            for template, methods in self._root["paths"].items()
            for method, item in methods.items()
        ]

    def _operation(self, template: str, method: str, item: dict[str, Any]) -> Operation:
        parameters = [self._parameter(raw) for raw in item.get("parameters", ())]
        schema = self._body_schema(item)
        members = self._members(schema) if schema else {}
        return Operation(
            id=item["operationId"],
            method=method.upper(),
            segments=tuple(template.strip("/").split("/")),
            scopes=frozenset(item.get("x-scopes", ())),
            restricted_scopes=frozenset(item.get("x-scopes-restricted", {}).get("scopes", ())),
            path_parameters=tuple(p for p in parameters if p.place == "path"),
            query_parameters=tuple(p for p in parameters if p.place == "query"),
            body=self.validator(schema) if schema else None,
            members=frozenset(members),
            read_only=frozenset(name for name, is_read_only in members.items() if is_read_only),
        )

    def _parameter(self, raw: dict[str, Any]) -> Parameter:
        raw = self._resolve(raw)
        schema = self._resolve(raw["schema"])
        return Parameter(
            name=raw["name"],
            place=raw["in"],
            type=schema["type"],
            default=schema.get("default"),
            is_valid=self.validator(raw["schema"]).is_valid,
        )

    def validator(self, schema: dict[str, Any]) -> jsonschema_rs.Validator:
        """A validator of one schema. The 2020-12 rules make 1.0 an integer; draft 4 does not."""
        return jsonschema_rs.Draft202012Validator(
            {"components": self._root["components"], **schema}, validate_formats=True
        )

    def _body_schema(self, item: dict[str, Any]) -> dict[str, Any] | None:
        if "requestBody" not in item:
            return None
        schema: dict[str, Any] = item["requestBody"]["content"]["application/json"]["schema"]
        return schema

    def _members(self, schema: dict[str, Any]) -> dict[str, bool]:
        """The members that a schema knows, and whether only the server sets them."""
        schema = self._resolve(schema)
        found = {
            name: bool(self._resolve(member).get("readOnly"))
            for name, member in schema.get("properties", {}).items()
        }
        for part in schema.get("allOf", ()):
            found |= self._members(part)
        return found

    def _resolve(self, node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            found: Any = self._root
            for step in node["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            node = found
        return node
