"""`tallystick config`: what is in force, and where it comes from."""

from __future__ import annotations

import os
from typing import Any

import click

from tallystick.command_options import run_options
from tallystick.in_force import rows
from tallystick.settings import OPTIONS, all_given, load_settings


@click.command("config", short_help="Show what is in force, and where it comes from.")
@run_options
def config_command(*, allow_production: bool, **given: Any) -> int:
    """Show every setting with its value and its source; secrets are masked. Nothing is sent."""
    chosen = {option: given[option.replace("-", "_")] for option in OPTIONS}
    found = list(rows(*all_given(chosen, os.environ)))
    names, values = max(len(row.name) for row in found), max(len(row.value) for row in found)
    for row in found:
        click.echo(f"{row.name:<{names}}  {row.value:<{values}}  {row.source}")
    load_settings(chosen, os.environ, allow_production=allow_production)
    return 0
