"""`tallystick replay`: run a scenario again, show every exchange, write it as a script.

It says what `replaying` saw, and judges nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click

from tallystick.command_options import settings_options_for
from tallystick.documents.rules import load_rules
from tallystick.replaying import Replay, replay_scenario
from tallystick.reporting.curl import answered, compact
from tallystick.reporting.records import record_of
from tallystick.reporting.redaction import Redactor
from tallystick.reporting.scenario import ScenarioError, file_name, read_scenario
from tallystick.reporting.scripts import Recipe, Unscripted, python_text, recipe_of, shell_text
from tallystick.reporting.visible import brief, visible
from tallystick.run import Finding
from tallystick.settings import Settings
from tallystick.target import Exchange, Observer, TargetError

OK, VIOLATES = 0, 1
SKIP = 125
"""What `git bisect run` takes for a build that cannot be tested."""
FORMS: dict[str, tuple[Callable[[Recipe, str], str], str]] = {
    "python": (python_text, "py"),
    "shell": (shell_text, "sh"),
}


@click.command("replay", short_help="Run a counter-example again on any server.")
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option("--times", default=3, type=click.IntRange(1, 1000), help="how often (default 3)")
@click.option("--bisect", is_flag=True, help="exit 125, skip, where the scenario cannot be judged")
@click.option("-v", "--verbose", is_flag=True, help="show every request and its answer")
@click.option("--as", "form", type=click.Choice(list(FORMS)), help="print it as a script, if seen")
@settings_options_for(lambda given: read_scenario(given["scenario"]).profile)
def replay_command(
    settings: Settings, scenario: Path, times: int, bisect: bool, verbose: bool, form: str | None
) -> int:
    """Run the program of a scenario file: status 1 if its rule is broken again, 0 if it is kept.

    Nothing is shown if the rule was not exercised, or if answers got lost: then the status is 1
    too, or 125 with --bisect. With that it fits `git bisect run`, which skips such a server.

    Without --profile the API is the one that the scenario names.
    """
    recorded = read_scenario(scenario)
    try:
        replay = replay_scenario(settings, recorded, times, _shown(settings) if verbose else None)
    except TargetError:
        if bisect:
            return SKIP
        raise
    told = sys.stderr if form else sys.stdout
    for finding in replay.findings:
        click.echo("\n".join(violated(finding)), file=told)
    rule, made = recorded.rule, replay.times
    if replay.seen:
        click.echo(f"VIOLATES: {rule} was broken in {replay.seen} of {made} replays", file=told)
        if form is not None:
            click.echo(_script(replay, rule, form), nl=False)
        return VIOLATES
    if replay.undecided is not None:
        click.echo(f"UNDECIDED: {brief(replay.undecided)}", file=told)
        return SKIP if bisect else VIOLATES
    click.echo(f"CONFORMS: {rule} was kept in {made} of {made} replays", file=told)
    return OK


def violated(finding: Finding) -> list[str]:
    """A finding in lines: the rule, what was permitted, what was received, and the program."""
    violation = finding.violation
    return [
        brief(f"{violation.rule}: {load_rules()[violation.rule].text}"),
        brief(f"  permitted {violation.expected}; received {violation.actual}"),
        *(brief(f"  {number}  {line}") for number, line in enumerate(finding.steps, start=1)),
    ]


def _shown(settings: Settings) -> Observer:
    """Prints every exchange, without secrets."""
    client = settings.clients.main if settings.clients is not None else None
    secrets = () if client is None else (client.secret, client.token)
    redactor = Redactor(filter(None, secrets), settings.profile.documents.ids)

    def show(exchange: Exchange) -> None:
        record = record_of(exchange, "", redactor)
        body = "" if record.body is None else f" {compact(record.body)}"
        headers = "".join(f" [{name}: {value}]" for name, value in record.headers.items())
        click.echo(f"> {record.method} {visible(record.path)}{visible(headers)}{body}", err=True)
        click.echo(f"< {answered(record)}", err=True)

    return show


def _script(replay: Replay, rule: str, form: str) -> str:
    finding = next(one for one in replay.findings if one.violation.rule == rule)
    recipe = recipe_of(replay.run, finding)
    if isinstance(recipe, Unscripted):
        raise ScenarioError(f"it cannot be written as a script: {recipe.why}")
    written, ending = FORMS[form]
    return written(recipe, file_name(rule, ending))
