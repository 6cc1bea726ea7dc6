"""The command line: one function for each subcommand.

Bad input ends in one line on standard error and status 4, never in a traceback. This module judges
nothing: `gate`, `release` and `hunt` start pytest (`judging`).
"""

from __future__ import annotations

import json
import sys
import textwrap
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn, TextIO, cast

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tallystick import __version__
from tallystick.check_command import check_command
from tallystick.checker import (
    HistoryError,
)
from tallystick.choosing import TEXTS
from tallystick.command_options import run_options, settings_options
from tallystick.config_command import config_command
from tallystick.corpus.storage import CorpusError
from tallystick.diff_command import diff_command
from tallystick.documents.files import DocumentError
from tallystick.documents.questions import dump
from tallystick.documents.rules import Rule, load_rules
from tallystick.embedded import serve
from tallystick.hunting.hunt import hunt
from tallystick.hunting.request import TEXTS as HUNTING
from tallystick.judging import judge
from tallystick.known_command import known_command
from tallystick.merge_command import merge_command
from tallystick.profile_commands import profile_group
from tallystick.profiles import registry
from tallystick.profiles.documents import rules_of
from tallystick.profiles.profile import ProfileError
from tallystick.replay_command import replay_command, violated
from tallystick.replaying import probe_rows, probe_target
from tallystick.reporting.claims import ClaimsError, by_rule, find_claims
from tallystick.reporting.journal import JournalError, read_journal
from tallystick.reporting.journal_files import journal_in
from tallystick.reporting.records import Exchanges, Races
from tallystick.reporting.reports import write_pages
from tallystick.reporting.result import ResultError, read_result, write_whole
from tallystick.reporting.scenario import ScenarioError
from tallystick.reporting.server_table import read_column, table_of
from tallystick.reporting.unbreakable import Unbreakable, open_closed_streams
from tallystick.reporting.visible import brief
from tallystick.settings import Settings, SettingsError
from tallystick.sweeping import sweep
from tallystick.target import TargetError

OK, VIOLATES, INTERRUPTED, BROKE, BAD_INPUT = 0, 1, 2, 3, 4

BAD = (
    ClaimsError,
    CorpusError,
    DocumentError,
    HistoryError,
    JournalError,
    ProfileError,
    ResultError,
    ScenarioError,
    SettingsError,
    TargetError,
    UnicodeDecodeError,
)
"""What the user can put right, each in one line."""


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run a subcommand and exit with the suite's own statuses."""
    open_closed_streams()
    # Whoever reads the output may have seen enough of it; the exit status still has to be right.
    sys.stdout, sys.stderr = (
        cast(TextIO, Unbreakable(stream)) for stream in (sys.stdout, sys.stderr)
    )
    try:
        status = cli.main(arguments, prog_name="tallystick", standalone_mode=False)
    except click.ClickException as error:
        _fail(f"{error.format_message()} (tallystick --help lists what there is)")
    except OSError as error:
        _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except BAD as error:
        _fail(str(error))
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except Exception:
        traceback.print_exc()
        sys.exit(BROKE)
    sys.exit(status if isinstance(status, int) else OK)


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, invoke_without_command=True)
@click.version_option(__version__, prog_name="tallystick")
@click.pass_context
def cli(context: click.Context) -> None:
    """Check that a wallet server keeps its ledger right.

    tallystick gate judges the embedded sandbox; with --target URL, your server.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


# gate, release, hunt ------------------------------------------------------------------------------


class RunCommand(click.Command):
    """A subcommand whose options go to pytest as they are; only --help is its own."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Keep all words, unless help is asked for."""
        if not {"-h", "--help"} & set(args):
            context.args = list(args)
            return context.args
        return super().parse_args(context, ["--help"])

    def format_usage(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Say that options of pytest are taken too."""
        formatter.write_usage(context.command_path, "[OPTIONS] [CONTRACTS] [OPTIONS OF PYTEST]")


def _run_command(intensity: str, short: str, text: str) -> None:
    @cli.command(
        intensity,
        cls=RunCommand,
        short_help=short,
        help=f"{text}\n\n{RUN_HELP}",
        epilog=f"Of pytest: {OF_PYTEST}.",
    )
    @click.option("--own-rules", help="file with rules of your own, for contracts of your own")
    @click.option("--rule", multiple=True, metavar="NAME", help=TEXTS["rule"])
    @click.option("--chapter", multiple=True, metavar="NAME", help=TEXTS["chapter"])
    @click.option("--smoke", is_flag=True, help=TEXTS["smoke"])
    @click.option("--drawn", is_flag=True, help=TEXTS["drawn"])
    @run_options
    @click.pass_context
    def run_command(context: click.Context) -> int:
        return judge(intensity, context.args) if intensity != "hunt" else hunt(context.args)

    if intensity == "hunt":
        for name, help_ in HUNTING.items():
            run_command.params.append(click.Option([f"--{name}"], help=help_))


RUN_HELP = """Without --target it judges the embedded sandbox. It runs all contracts, or those that
are named, such as contracts/test_void.py. The reports go to reports/latest."""
OF_PYTEST = (
    "-n WORKERS, -k, -v, -x, --junitxml FILE, --collect-only, -p PLUGIN and its other options"
)

_run_command(
    "gate", "Judge a server: the same verdict every time.", "Judge a server, in about a minute."
)
_run_command(
    "release",
    "Judge a server as deep as --budget allows.",
    "Judge a server with random seeds, longer machines, races and a soak.",
)
_run_command(
    "hunt",
    "Look for one more counter-example until --budget is spent.",
    "Look for one more counter-example until --budget is spent.",
)


# sandbox ------------------------------------------------------------------------------------------


@cli.command(
    "sandbox",
    short_help="Serve the sandbox, to try the suite on it.",
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def sandbox_command(arguments: tuple[str, ...]) -> int:
    """Serve the reference server, honest or with faults; --help lists its options."""
    return serve(arguments)


# rules --------------------------------------------------------------------------------------------


@cli.command("rules", short_help="List the rules and the contracts that claim them.")
@click.option("--profile", default=registry.DEFAULT, help="with the sources of this API")
@click.option("--chapter", default="", help="only this chapter, such as CAP")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
def rules_command(profile: str, chapter: str, form: str) -> None:
    """List the rules, their sources, and the contracts that claim each."""
    rules = rules_of(registry.load(profile))
    chapters = list(dict.fromkeys(rule.chapter for rule in rules.values()))
    if chapter and chapter.upper() not in chapters:
        raise click.UsageError(f"no chapter {chapter!r}; there are {', '.join(chapters)}")
    listed = [rule for rule in rules.values() if chapter.upper() in ("", rule.chapter)]
    claims = by_rule(find_claims())
    if form == "json":
        click.echo(
            json.dumps([asdict(rule) | {"claims": claims.get(rule.id, [])} for rule in listed])
        )
        return
    console = Console(highlight=False)
    for rule in listed:
        _print_rule(console, rule, claims.get(rule.id, []))


def _print_rule(console: Console, rule: Rule, claims: list[str]) -> None:
    head = f"{rule.id:<9}{rule.level:<8}"
    room = max(console.width - len(head), 20)
    lines = [(line, "") for line in textwrap.wrap(rule.text, room, break_long_words=False)]
    lines += [(line, "dim") for line in textwrap.wrap(rule.source, room, break_long_words=False)]
    # Names of tests are to be copied: they are never broken.
    lines += [(claim, "cyan") for claim in claims or ["no contract claims it"]]
    for line, style in lines:
        console.print(Text.assemble((head, "bold"), (line, style)), soft_wrap=True)
        head = " " * len(head)


# render -------------------------------------------------------------------------------------------


@cli.command("render", short_help="Make the pages of a report directory again.")
@click.argument("directory", type=click.Path(path_type=Path))
def render_command(directory: Path) -> None:
    """Make report.html and summary.md of a report directory again."""
    result = read_result(directory / "result.json")
    journal = journal_in(directory)
    exchanges: Exchanges = {}
    races: Races = {}
    if journal.exists():
        contents = read_journal(journal, partial=True)
        exchanges, races = contents.exchanges(), contents.races()
    write_pages(directory, result, exchanges, races)
    click.echo(str(directory / "report.html"))


@cli.command("table", short_help="Show several results as a table of servers.")
@click.argument("results", nargs=-1, required=True, metavar="[NAME=]RESULT...")
def table_command(results: tuple[str, ...]) -> None:
    """Show what each server keeps, violates, and was not asked: a Markdown table.

    A RESULT is a result.json, or the report directory that holds it.
    """
    click.echo(table_of([read_column(result) for result in results], load_rules()), nl=False)


# probe --------------------------------------------------------------------------------------------


cli.add_command(check_command)
cli.add_command(config_command)
cli.add_command(diff_command)
cli.add_command(merge_command)
cli.add_command(known_command)
cli.add_command(replay_command)


@cli.command("probe", short_help="Ask a server what the documentation leaves open.")
@settings_options
def probe_command(settings: Settings) -> int:
    """Put every open question to a server, print its answers, and write dialect.yaml."""
    run = probe_target(settings)
    table = Table(box=None, pad_edge=False, show_header=True, header_style="bold")
    for heading in ("question", "what is asked", "answer"):
        table.add_column(heading, overflow="fold")
    for row in probe_rows(run):
        table.add_row(*row)
    Console(highlight=False).print(table)
    path = settings.report_dir / "dialect.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, dump(run.dialect, run.target.address.url, run.profile.traits))
    click.echo(f"{run.target.meter.requests} requests; {path} can be committed and pinned")
    if run.findings:
        click.echo("The answers break rules; these programs show it:")
    for finding in run.findings.values():
        click.echo("\n".join(violated(finding)))
    return VIOLATES if run.findings else OK


cli.add_command(profile_group)


# sweep --------------------------------------------------------------------------------------------


@cli.command("sweep", short_help="Put away what a run has left on a server.")
@click.argument("directory", type=click.Path(path_type=Path))
@settings_options
def sweep_command(settings: Settings, directory: Path) -> int:
    """Void the open holds and delete the cards of the run in a report directory.

    It reads the run's journal, so it works after a run that was killed too. Status 1 if
    something stays.
    """
    left = sweep(settings, directory)
    if not left:
        click.echo("nothing of the run is left on the target")
        return OK
    click.echo(str(left))
    for id_ in (*left.holds, *left.cards):
        click.echo(f"  {id_}")
    return VIOLATES


def _fail(text: str) -> NoReturn:
    print(f"tallystick: {brief(' '.join(text.split()))}", file=sys.stderr)
    sys.exit(BAD_INPUT)
