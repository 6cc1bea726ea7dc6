"""`tallystick diff`: what became better or worse between two results."""

from __future__ import annotations

import json
from pathlib import Path

import click

from tallystick.reporting.comparison import compare, read_build
from tallystick.reporting.comparison_text import comparison_data, comparison_text
from tallystick.reporting.result import ResultError
from tallystick.reporting.visible import brief

NOT_WORSE, WORSE, NO_RESULT = 0, 1, 2
"""The exit statuses, as those of diff(1)."""


@click.command("diff", short_help="Compare two results: what is newly broken, or fixed?")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="for programs")
def diff_command(old: Path, new: Path, as_json: bool) -> int:
    """Compare the results OLD and NEW (each a result.json, or its report folder).

    Status 0 if nothing is worse, 1 if a MUST is newly broken or less is shown than before, 2 if one
    of them is no result.
    """
    try:
        comparison = compare(read_build(old), read_build(new))
    except ResultError as error:
        click.echo(f"tallystick: {brief(str(error))}", err=True)
        return NO_RESULT
    if as_json:
        click.echo(json.dumps(comparison_data(comparison), indent=2))
    else:
        click.echo(comparison_text(comparison))
    return WORSE if comparison.is_worse else NOT_WORSE
