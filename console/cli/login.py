"""`login`: the token of a forge asked for without showing it, tried, and kept for this user alone; `logout` forgets it."""

import asyncio
import os
import sys
from pathlib import Path

import click

from console import credentials, keyring
from console.cli.failure import FORGE, USAGE, Failure
from console.cli.which import place
from console.errors import SettingsError
from console.place import Place
from console.settings import ForgeSettings, read


@click.command()
@click.option("--keyring", "in_keyring", is_flag=True, help="Keep it in the system's keyring.")
@click.pass_context
def login(ctx: click.Context, in_keyring: bool) -> None:
    """Ask for the forge's token, check what it may do, and keep it: in a file (0600), or in the system's keyring."""
    where, forge = on_server(ctx)
    if forge.token.env:
        raise Failure(USAGE, f"the settings take the token from the variable {forge.token.env}: one kept by `login` would not be looked at")
    secret, says = of_another_program(where) or asked(where)
    click.echo(f"{says}. Kept in {kept(where, forge, secret, in_keyring)}")
    if os.environ.get(credentials.VARIABLE):
        click.echo(f"{credentials.VARIABLE} is set, and is taken before it", err=True)


@click.command()
@click.pass_context
def logout(ctx: click.Context) -> None:
    """Forget the token that `login` kept for the forge. On the forge it stays valid until it is deleted there."""
    where, forge = on_server(ctx)
    file = credentials.kept_for(where.url)
    forgotten = [str(file)] if file.exists() else []
    file.unlink(missing_ok=True)
    if keyring.drop(credentials.host(where.url)):
        forgotten.append("the system keyring")
    click.echo(f"forgotten: {' and '.join(forgotten)}" if forgotten else f"nothing was kept for {where.url}")
    if named := forge.token.file or forge.token.env:
        click.echo(f"the settings name {named}, which stays as it is", err=True)
    if forgotten:
        click.echo(f"on {where.url} the token is valid until it is deleted there, under Settings → Applications", err=True)


def on_server(ctx: click.Context) -> tuple[Place, ForgeSettings]:
    """The place, and what the settings say of its forge. Failure: it is the local one."""
    where: Place = place(ctx)
    if where.kind == "local" or not where.settings:
        raise Failure(USAGE, f"{where.repo} is in the local forge, which needs no token", "`forge: {kind: gitea, url: …}` names a server")
    return where, read(where.settings).forge


def of_another_program(where: Place) -> tuple[str, str] | None:
    """A token that another program of the operator's has kept, if they say so and it will do, and what it may do."""
    from console.forge.errors import ForgeError

    for path in credentials.of_others() if sys.stdin.isatty() else ():
        if not click.confirm(f"there is a token in {path}: try it on {where.url}?", default=True, err=True):
            continue
        try:
            secret = credentials.from_file(path)
            return secret, asyncio.run(tried(where, secret))
        except (SettingsError, ForgeError, Failure) as no:
            click.echo(f"it will not do: {no}", err=True)
    return None


def asked(where: Place) -> tuple[str, str]:
    """A token that the operator types, or that comes in by a pipe, and what it may do."""
    from console.forge.scopes import NEEDED

    click.echo(f"A token of an account that may write to {where.repo} on {where.url}, made there under Settings → Applications,", err=True)
    click.echo(f"with the scopes {', '.join(NEEDED)}.", err=True)
    given = click.prompt("token", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline()
    secret = credentials.sound(given.strip(), "the answer")
    return secret, asyncio.run(tried(where, secret))


def kept(where: Place, forge: ForgeSettings, secret: str, in_keyring: bool) -> str:
    """Keeps it where it will be looked for, and nowhere else; says where."""
    host, file = credentials.host(where.url), credentials.kept_for(where.url)
    if in_keyring or forge.token.keyring:
        keyring.put(host, secret)
        file.unlink(missing_ok=True)
        return f"the system keyring, as ops-console/{host}"
    if forge.token.file:
        file = Path(forge.token.file).expanduser()
    else:
        keyring.drop(host)  # it would be found first
    credentials.keep(file, secret)
    return str(file)


async def tried(where: Place, secret: str) -> str:
    """What the token may do, in a sentence. Failure: less than is needed, so it is not kept. Raises a ForgeError."""
    from console import wire
    from console.forge.errors import Missing

    if lacking := await wire.lacking(where, secret):
        raise Failure(
            FORGE, f"the token lacks {' and '.join(lacking)}", f"make one on {where.url} that has it, under Settings → Applications"
        )
    try:
        found = await wire.rights(where, secret)
    except Missing as no:
        raise Failure(FORGE, f"{where.url} shows this account no repository {where.repo}", "it must be a collaborator with write") from no
    if not found.repository.permissions.push:
        raise Failure(FORGE, f"{found.login} may read {where.repo} and not write to it", "make it a collaborator with write")
    return f"{found.login} may write to {where.repo}"
