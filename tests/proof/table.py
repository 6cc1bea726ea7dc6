"""Rows as aligned text. Knows nothing of what they mean."""

from __future__ import annotations

from collections.abc import Sequence


def aligned(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table: numbers to the right, everything else to the left."""
    texts = [[_text(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(headings, *texts, strict=True)]
    numeric = [
        all(isinstance(row[place], int | float | None) for row in rows)
        for place in range(len(headings))
    ]

    def line(cells: Sequence[str]) -> str:
        placed = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(cells, widths, numeric, strict=True)
        ]
        return "  ".join(placed).rstrip()

    return "\n".join([line(headings), *map(line, texts)])


def markdown(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """The same for a page."""
    lines = [headings, ["---"] * len(headings), *([_text(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _text(cell: object) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, bool):
        return "yes" if cell else "NO"
    if isinstance(cell, float):
        return f"{cell:.1f}"
    return " ".join(map(str, cell)) if isinstance(cell, list | tuple) else str(cell)
