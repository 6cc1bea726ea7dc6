"""SARIF and HAR: what other tools show of a run is valid, in plain words, and without secrets."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema_rs

from tallystick.documents.rules import load_rules
from tallystick.reporting.har import har_text
from tallystick.reporting.records import record_of
from tallystick.reporting.redaction import Redactor
from tallystick.reporting.result import Ending, Result, summarise
from tallystick.reporting.sarif import FINGERPRINT, sarif_text
from tests.reporting.sample import over_capture, sample_run

SCHEMA = Path(__file__).with_name("sarif-2.1.0.schema.json")
ENDED = datetime(2026, 11, 20, 17, 0, 1, tzinfo=UTC)


def result(*findings: Any) -> Result:
    run = sample_run() if not findings else sample_run(findings)
    return summarise(run, Ending(), seconds=1.0)


def test_the_document_is_valid_sarif() -> None:
    validator = jsonschema_rs.Draft4Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    for each in (result(), summarise(sample_run([]), Ending(), seconds=1.0)):
        errors = [error.message for error in validator.iter_errors(json.loads(sarif_text(each)))]
        assert errors == []


def test_each_violation_names_its_rule_its_file_and_its_fingerprint() -> None:
    shown = result()
    (run,) = json.loads(sarif_text(shown))["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len(run["results"]) == len(shown["violations"]) == 2
    for found, entry in zip(run["results"], shown["violations"], strict=True):
        rule = rules[found["ruleIndex"]]
        assert rule["id"] == found["ruleId"] == entry["rule"]
        assert load_rules()[entry["rule"]].source in rule["fullDescription"]["text"]
        assert found["partialFingerprints"] == {FINGERPRINT: entry["fingerprint"]}
        (location,) = found["locations"]
        place = location["physicalLocation"]["artifactLocation"]["uri"]
        assert place == entry["scenario"] or entry["test"].startswith(place)
        for words in (entry["expected"], entry["actual"], *entry["steps"]):
            assert words in found["message"]["text"]


def test_the_archive_holds_every_exchange_of_the_violation_without_secrets() -> None:
    finding = over_capture()
    redactor = Redactor(("sample-client-secret",))
    records = [record_of(event.exchange, event.step, redactor) for event in finding.events]
    text = har_text(records, "http://127.0.0.1:8000/v1", ENDED)
    log = json.loads(text)["log"]
    assert log["version"] == "1.2"
    assert len(log["entries"]) == len(finding.events)
    for entry, record in zip(log["entries"], records, strict=True):
        request, response = entry["request"], entry["response"]
        assert request["url"] == f"http://127.0.0.1:8000/v1{record.path}"
        assert response["status"] == record.status
        assert json.loads(response["content"]["text"]) == record.answer
        if record.body is not None:
            assert json.loads(request["postData"]["text"]) == record.body
        assert datetime.fromisoformat(entry["startedDateTime"]) <= ENDED
    assert "sample-client-secret" not in text
