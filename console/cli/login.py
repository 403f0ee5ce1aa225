"""`login`: the token of a forge asked for without showing it, tried, and kept for this user alone."""

import asyncio
import sys

import click

from console.cli.failure import FORGE, USAGE, Failure
from console.cli.which import place
from console.place import Place


@click.command()
@click.pass_context
def login(ctx: click.Context) -> None:
    """Ask for the forge's token, check what it may do, and keep it (0600)."""
    from console.credentials import keep, sound

    where = place(ctx)
    if where.kind == "local":
        raise Failure(USAGE, f"{where.repo} is in the local forge, which needs no token", "`forge: {kind: gitea, url: …}` names a server")
    click.echo(f"A token of an account that may write to {where.repo} on {where.url}, made there under Settings → Applications,", err=True)
    click.echo("with the scopes write:repository, write:issue and read:user.", err=True)
    secret = sound((click.prompt("token", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline()).strip(), "the answer")
    says = asyncio.run(tried(where, secret))
    path = keep(where.url, secret)
    click.echo(f"{says}. Kept in {path}")


async def tried(where: Place, secret: str) -> str:
    """What the token may do, in a sentence. Failure: less than is needed, so it is not kept. Raises a ForgeError."""
    from console import wire
    from console.forge.errors import Missing

    try:
        found = await wire.rights(where, secret)
    except Missing as no:
        raise Failure(FORGE, f"{where.url} shows this account no repository {where.repo}", "it must be a collaborator with write") from no
    if not found.repository.permissions.push:
        raise Failure(FORGE, f"{found.login} may read {where.repo} and not write to it", "make it a collaborator with write")
    return f"{found.login} may write to {where.repo}"
