"""What went wrong as SARIF 2.1.0 (OASIS), so that code hosts show it beside the code.

Made from the result alone. A violation is located in its scenario file, or in the contract that saw
it; its fingerprint stays the same from run to run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tallystick.documents.rules import Rule, load_rules
from tallystick.reporting.result import Result, ViolationEntry

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
FINGERPRINT = "tallystickCause/v1"
LEVELS = {"MUST": "error", "SHOULD": "warning"}


def sarif_text(result: Result) -> str:
    """The document: one run, its broken rules, and a result for each new violation."""
    known = load_rules()
    violations = result["violations"]
    ids = list(dict.fromkeys(entry["rule"] for entry in violations))
    titles = {entry["rule"]: entry["title"] for entry in violations}
    driver = {
        "name": "Tallystick",
        "version": result["version"],
        "rules": [_rule(id_, titles[id_], known) for id_ in ids],
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": result["verdict"] in ("conforms", "violates")}],
        "properties": {"verdict": result["verdict"], "target": result["target"]},
        "results": [_result(entry, ids.index(entry["rule"])) for entry in violations],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(id_: str, title: str, known: Mapping[str, Rule]) -> dict[str, Any]:
    rule = known.get(id_)
    described: dict[str, Any] = {"id": id_, "shortDescription": {"text": title or id_}}
    if rule is not None:
        described["fullDescription"] = {"text": f"{rule.text} (source: {rule.source})"}
        described["defaultConfiguration"] = {"level": LEVELS.get(rule.level, "warning")}
        described["properties"] = {"tags": [rule.chapter, rule.level]}
    return described


def _result(entry: ViolationEntry, index: int) -> dict[str, Any]:
    steps = "".join(f"\n{number}. {step}" for number, step in enumerate(entry["steps"], start=1))
    said = f"{entry['title']}\nPermitted: {entry['expected']}\nReceived: {entry['actual']}"
    place = entry["scenario"] or entry["test"].partition("::")[0]
    made: dict[str, Any] = {
        "ruleId": entry["rule"],
        "ruleIndex": index,
        "level": LEVELS.get(entry["level"], "warning"),
        "message": {"text": f"{said}{steps}"},
        "partialFingerprints": {FINGERPRINT: entry["fingerprint"]},
    }
    if place:
        where = {"artifactLocation": {"uri": place}, "region": {"startLine": 1}}
        made["locations"] = [{"physicalLocation": where}]
    return made
