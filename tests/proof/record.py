"""The committed record of the last full measurement: `latest.json`, a section for each part.

Knows JSON and dates of nothing: what is in a section is its measurement's business.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

LATEST = Path(__file__).with_name("latest.json")

Record = dict[str, Any]


def read(path: Path = LATEST) -> Record:
    """All sections; none if nothing was measured yet."""
    if not path.exists():
        return {}
    record: Record = json.loads(path.read_text(encoding="utf-8"))
    return record


def keep(section: str, rows: Sequence[Any], path: Path = LATEST, **more: object) -> None:
    """Replace a section; a row is a line, so that a difference can be read."""
    _write(path, section, [asdict(row) for row in rows], **more)


def renew(section: str, rows: Sequence[Any], path: Path) -> None:
    """Replace the rows of a section that are of the same name and seed; the others stay."""
    kept = {_key(row): row for row in read(path).get(section, {}).get("rows", [])}
    kept |= {_key(row): row for row in map(asdict, rows)}
    _write(path, section, [kept[key] for key in sorted(kept)])


def _key(row: Mapping[str, Any]) -> tuple[str, int]:
    return row["name"], row.get("seed", 0)


def _write(path: Path, section: str, rows: list[dict[str, Any]], **more: object) -> None:
    record = read(path)
    record[section] = {**more, "rows": rows}
    path.write_text(_dump(record), encoding="utf-8")


def _dump(record: Record) -> str:
    sections = []
    for name in sorted(record):
        section = dict(record[name])
        rows = ",\n".join(f"  {json.dumps(row, ensure_ascii=False)}" for row in section.pop("rows"))
        head = "".join(
            f" {json.dumps(key)}: {json.dumps(section[key])},\n" for key in sorted(section)
        )
        sections.append(f'{json.dumps(name)}: {{\n{head} "rows": [\n{rows}\n ]}}')
    return "{\n" + ",\n".join(sections) + "\n}\n"
