"""`tallystick merge`: one result and one page out of many runs."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import click

from tallystick.reporting.merging import Merged, merge, read_part
from tallystick.reporting.reports import Reports, write_pages
from tallystick.reporting.result import Result, ResultError, write_result
from tallystick.reporting.terminal import report_text

STATUSES = {"conforms": 0, "violates": 1, "undecided": 1, "error": 3}
"""The exit statuses by the verdict, as those of a run."""


@click.command("merge", short_help="Make one result and one page out of many.")
@click.argument("results", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--output",
    default=Path("reports/merged"),
    type=click.Path(path_type=Path),
    help="the folder for the result and the page (default reports/merged)",
)
def merge_command(results: Sequence[Path], output: Path) -> int:
    """Put runs of one contract together: of several seeds, machines or targets.

    Each RESULT is a result.json or its report folder; with the folder, scenarios and exchanges come
    along. The exit status is that of a run: 0 conforms, 1 violates or undecided, 3 error.
    """
    result, text = write_merged(results, output)
    click.echo(text)
    return status_of(result)


def status_of(result: Result) -> int:
    """The exit status of a merged result: that of a run."""
    differs = "against" in result and bool(result["against"]["differences"])
    return max(STATUSES[result["verdict"]], int(differs))


def write_merged(
    paths: Sequence[Path], output: Path, lacking: Sequence[str] = ()
) -> tuple[Result, str]:
    """Write the merged result, its page and its scenarios; the result, and what a terminal shows.

    `lacking` says what should have been run beside them, and was not.
    ResultError if one of them is no result, or is in the folder that would be written anew.
    """
    for path in paths:
        if output.resolve() in (path.resolve(), path.parent.resolve()):
            raise ResultError(f"{path} would be overwritten: name another folder with --output")
    merged = merge([read_part(path) for path in paths], lacking)
    reports = Reports(output)
    try:
        _copy(merged, output)
        write_pages(output, merged.result, merged.exchanges, merged.races)
        write_result(output / "result.json", merged.result)
    finally:
        reports.release()
    text = report_text(merged.result, merged.exchanges, output)
    return merged.result, f"{text}\nMore in {output / 'report.html'}"


def _copy(merged: Merged, output: Path) -> None:
    """Copy the scenarios, and the scripts and archives beside them."""
    for name, source in merged.files.items():
        for path in source.parent.glob(f"{source.stem}.*"):  # a result may come without its folder
            copy = (output / name).with_suffix(path.suffix)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
