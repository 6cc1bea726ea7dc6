"""The subcommands `tallystick profile new` and `tallystick profile check`.

Both are for whoever writes a profile file; neither judges a server.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import click

from tallystick.connect import connect
from tallystick.profiles.declared.declaration import Declaration
from tallystick.profiles.declared.profile import DeclaredProfile
from tallystick.profiles.declared.reading import read
from tallystick.profiles.declared.skeleton import skeleton_of
from tallystick.profiles.declared.trying import Trial
from tallystick.reporting.redaction import Redactor
from tallystick.reporting.visible import visible
from tallystick.settings import OPTIONS, load_settings
from tallystick.target import Exchange

OK, WRONG = 0, 1


@click.group("profile", short_help="Write and check the profile of an API.")
def profile_group() -> None:
    """Write and check the profile of an API; docs/profiles.md explains it."""


@profile_group.command("new", short_help="Write a first profile from an OpenAPI document.")
@click.argument("name")
@click.option(
    "--openapi",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="the OpenAPI document of the API (3.0 or 3.1)",
)
@click.option("--output", type=click.Path(path_type=Path), help="default: NAME.yaml")
def new_command(name: str, openapi: Path, output: Path | None) -> int:
    """Write a profile file with the operations guessed from a document.

    What could not be guessed stands as TODO; every question that can be answered is a comment.
    """
    path = output or Path(f"{name}.yaml")
    if path.exists():
        raise click.ClickException(f"{path} is there already: choose another --output")
    path.write_text(skeleton_of(name, openapi, path), encoding="utf-8")
    click.echo(f"wrote {path}; now: tallystick profile check {path}")
    return OK


@profile_group.command("check", short_help="Say what is wrong in a profile file.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--target", default=None, help="a server; each command is sent to it once")
@click.option("--account", default=None, help="the account id, where requests name one")
@click.option("--allow-production", is_flag=True, help="let it move real money")
def check_command(
    file: Path, target: str | None, account: str | None, allow_production: bool
) -> int:
    """Say what is missing or contradictory in a profile file.

    With a target, every command is sent once, and it shows the request, the answer, and what was
    read out of it. Credentials come from TALLYSTICK_TOKEN, or TALLYSTICK_CLIENT_ID and
    TALLYSTICK_CLIENT_SECRET.
    """
    declaration, page = read(file)
    mistakes = page.described()
    for line in mistakes:
        click.echo(line)
    if mistakes:
        click.echo(f"{len(mistakes)} to put right in {file}")
        return WRONG
    click.echo(f"{file}: no mistake")
    if target is None:
        click.echo("with --target URL each command is sent once, to see what is read out of it")
        return OK
    return _try_all(declaration, file, target, account, allow_production)


def _try_all(
    declaration: Declaration, file: Path, target: str, account: str | None, production: bool
) -> int:
    given: dict[str, str | None] = dict.fromkeys(OPTIONS)
    given |= {"profile": str(file), "target": target, "account": account}
    settings = load_settings(given, os.environ, allow_production=production)
    assert settings.address is not None, "a target is named"
    assert settings.clients is not None, "a target is named"
    assert isinstance(settings.profile, DeclaredProfile), "it is a file"
    client = settings.clients.main
    known = (each for each in (client.token, client.secret) if each)
    redactor = Redactor(known, settings.profile.documents.ids)
    seen: list[Exchange] = []
    connected = connect(
        settings.address, client, settings.profile, network=settings.network, observer=seen.append
    )
    trial = Trial(
        declaration, connected, seen, f"tp{secrets.token_hex(4)}", lambda text: redactor.text(text)
    )
    wrong = tried = 0
    try:
        for each in trial.walk():
            tried += 1
            wrong += bool(each.wrong)
            click.echo(f"\n{each.title}")
            for line in each.lines:
                click.echo(f"  {visible(line)}")
            click.echo(f"  verdict  {'WRONG: ' + visible(each.wrong) if each.wrong else 'agrees'}")
    finally:
        connected.close()
    said = f"{wrong} of {tried} do not agree: mend the profile, or the server is wrong"
    click.echo("\n" + (said if wrong else f"all {tried} agree with what was done"))
    return WRONG if wrong else OK
