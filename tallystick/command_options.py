"""The options of a run, as click declares them for the commands that take them."""

from __future__ import annotations

import functools
import os
import random
from collections.abc import Callable, Mapping
from typing import Any

import click

from tallystick.settings import OPTIONS, load_settings, variable

CommandFunction = Callable[..., Any]


def settings_options(function: CommandFunction) -> CommandFunction:
    """Give a subcommand the options of a run; it takes them as `settings`."""
    return settings_options_for(lambda given: "")(function)


def settings_options_for(
    profile_of: Callable[[Mapping[str, Any]], str],
) -> Callable[[CommandFunction], CommandFunction]:
    """The same; `profile_of` says by the command's own arguments which profile it has by default.

    It returns an empty text for the default of all commands.
    """
    return lambda function: _with_settings(function, profile_of)


def _with_settings(
    function: CommandFunction, profile_of: Callable[[Mapping[str, Any]], str]
) -> CommandFunction:
    @functools.wraps(function)
    def with_settings(*, allow_production: bool, **given: Any) -> Any:
        chosen = {option: given.pop(option.replace("-", "_")) for option in OPTIONS}
        settings = load_settings(
            chosen,
            os.environ,
            allow_production=allow_production,
            fresh_seed=random.SystemRandom().randrange(2**31),
            default_profile=profile_of(given),
        )
        return function(settings=settings, **given)

    return run_options(with_settings)


def run_options(function: CommandFunction) -> CommandFunction:
    """Declare the options of a run for a subcommand."""
    text = "let it move money on a P account"
    decorated: CommandFunction = click.option("--allow-production", is_flag=True, help=text)(
        function
    )
    for option in reversed(OPTIONS):
        kind = OPTIONS[option]
        text = f"{kind.text} [env: {variable(option)}]"
        how: dict[str, Any] = {"multiple": True} if kind.repeats else {"default": None}
        if kind.is_flag:
            how = {"flag_value": "yes", "is_flag": False, "default": None}
        decorated = click.option(f"--{option}", help=text, **how)(decorated)
    return decorated
