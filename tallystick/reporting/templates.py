"""The HTML templates in `html/`: how they are loaded and escaped."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tallystick.reporting.visible import visible_lines


def render(name: str, **context: object) -> str:
    """The page of a template; a name that the template misspells is an error."""
    return _environment().get_template(name).render(**context)


def compile_all() -> None:
    """Compile every template, for processes that are forked from this one."""
    environment = _environment()
    for name in environment.list_templates():
        environment.get_template(name)


def _finalized(value: object) -> object:
    return visible_lines(value) if isinstance(value, str) else value


def code_marked(text: str) -> list[tuple[bool, str]]:
    """The parts of a text, each with whether it stood between backticks and so is code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # a backtick without a second one is only a backtick
        return [(False, text)]
    return [(number % 2 == 1, part) for number, part in enumerate(parts)]


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "html"),
        autoescape=True,  # everything shown may come from a server
        finalize=_finalized,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["code_marked"] = code_marked
    return environment
