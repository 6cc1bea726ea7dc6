"""The documents name every command and every option, each once, and no other."""

from __future__ import annotations

import re

import click
import pytest

from tallystick.cli import cli
from tallystick.settings import OPTIONS, variable
from tests.test_architecture import ROOT

COMMANDS = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
OPTIONS_PAGE = (ROOT / "docs" / "options.md").read_text(encoding="utf-8")
RUN_OPTIONS = {f"--{name}" for name in OPTIONS} | {"--allow-production"}
PASSED_ON = ("sandbox",)
"""Commands that hand their options on, unread."""


def _rows(page: str) -> list[list[str]]:
    """The cells of the rows of all tables, without their heads."""
    lines = [line for line in page.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("| ").split(" |")] for line in lines]


def _named(cell: str) -> list[str]:
    return re.findall(r"`(--[\w-]+)`", cell)


def _commands() -> dict[str, click.Command]:
    """Every command by its name, such as `gate`; those of a group as `profile new`."""
    found: dict[str, click.Command] = {}
    for name, command in cli.commands.items():
        if isinstance(command, click.Group):
            found |= {f"{name} {inner}": each for inner, each in command.commands.items()}
        else:
            found[name] = command
    return found


ALL = _commands()


def _name_of(row: list[str]) -> str:
    """The command of a row: the words before its arguments."""
    words = row[0].strip("`").split()[1:]
    return " ".join(word for word in words if word.islower())


def _row_of(command: str) -> list[str]:
    (row,) = (row for row in _rows(COMMANDS) if _name_of(row) == command)
    return row


def _options(command: click.Command) -> set[str]:
    """The options of a command, as its --help lists them; of a group, those of its commands."""
    if isinstance(command, click.Group):
        return set().union(*map(_options, command.commands.values()))
    return {
        option
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for option in parameter.opts
        if option.startswith("--")
    }


def test_every_command_is_explained_and_no_other() -> None:
    named = [_name_of(row) for row in _rows(COMMANDS)[1:] if "tallystick" in row[0]]
    assert sorted(named) == sorted(ALL)


@pytest.mark.parametrize("name", [name for name in ALL if name not in PASSED_ON])
def test_the_row_of_a_command_names_its_options(name: str) -> None:
    options = _options(ALL[name])
    takes_a_run = options >= RUN_OPTIONS
    _, own, run, _ = _row_of(name)
    assert run == ("run" if takes_a_run else "")
    assert set(_named(own)) == (options - RUN_OPTIONS if takes_a_run else options)


def test_every_option_of_a_run_is_explained_once_and_no_other() -> None:
    explained = [option for row in _rows(OPTIONS_PAGE) for option in _named(row[0])]
    assert sorted(explained) == sorted(RUN_OPTIONS)


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_has_its_variable_beside_it(option: str) -> None:
    (row,) = (row for row in _rows(OPTIONS_PAGE) if f"--{option}" in _named(row[0]))
    assert f"`{variable(option)}`" in row[1]


def test_no_other_page_explains_an_option_again() -> None:
    for name in ("README.md", "docs/ci.md", "docs/programs.md"):
        rows = _rows((ROOT / name).read_text(encoding="utf-8"))
        assert [row[0] for row in rows if row[0].startswith("`--")] == [], name
