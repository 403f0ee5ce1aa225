"""The local forge: commits from and to the operator's checkout, fast-forward only, and the forge served to other programs."""

from pathlib import Path

import click

from console.cli.failure import USAGE, Failure
from console.cli.which import place
from console.config import load
from console.localforge.accounts import LOGIN, SCOPES, USUAL, new_token
from console.localforge.rows import Role
from console.place import Place
from panes.git import GitFailed, own_git


@click.group()
def forge() -> None:
    """The local forge."""


def both(ctx: click.Context) -> tuple[Place, Path, str]:
    """The place, its checkout and trunk; the forge is made if there is none."""
    from console import wire

    where = place(ctx)
    if where.kind != "local":
        raise Failure(USAGE, f"{where.repo} is on {where.url}", "`git pull` and `git push` are for that")
    if where.checkout is None:
        raise Failure(USAGE, "stand in your checkout for this")
    wire.found(where)
    return where, where.checkout, load(where).trunk


@forge.command("pull")
@click.pass_context
def pull(ctx: click.Context) -> None:
    """Bring landed commits into this checkout, fast-forward only."""
    where, checkout, trunk = both(ctx)
    bare = str(where.forge / "repo.git")
    before = own_git(checkout, "rev-parse", "--verify", "-q", f"refs/heads/{trunk}", ok=(0, 1)).out.strip()
    current = own_git(checkout, "symbolic-ref", "-q", "--short", "HEAD", ok=(0, 1)).out.strip()
    try:
        if current == trunk:
            own_git(checkout, "pull", "--quiet", "--ff-only", "--no-rebase", bare, trunk)
        else:
            own_git(checkout, "fetch", "--quiet", bare, f"refs/heads/{trunk}:refs/heads/{trunk}")
    except GitFailed as failed:
        raise Failure(
            1,
            f"{trunk} was not moved: {failed.said.splitlines()[-1] if failed.said else failed}",
            "it must fast-forward, onto a clean checkout",
        ) from failed
    after = own_git(checkout, "rev-parse", f"refs/heads/{trunk}").out.strip()
    tell(checkout, before, after, f"{trunk} has them all already")


@forge.command("push")
@click.pass_context
def push(ctx: click.Context) -> None:
    """Bring this checkout's commits on the trunk to the forge, fast-forward only. They are checked before anything lands on them."""
    from console.localforge.errors import NotFastForward
    from console.localforge.take import take_in

    where, checkout, trunk = both(ctx)
    before = own_git(where.forge / "repo.git", "rev-parse", f"refs/heads/{trunk}").out.strip()
    oid = own_git(checkout, "rev-parse", "--verify", "-q", f"refs/heads/{trunk}", ok=(0, 1)).out.strip()
    if not oid:
        raise Failure(1, f"there is no branch {trunk} in {checkout}")
    try:
        take_in(where.forge, checkout, oid)
    except NotFastForward as no:
        raise Failure(1, str(no), "`ops-console forge pull` brings them in") from no
    tell(checkout, before, oid, "the forge has them all already")


@forge.command("serve")
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0: any that is free.")
@click.pass_context
def serve(ctx: click.Context, port: int) -> None:
    """Serve the forge on 127.0.0.1, Gitea's API and git over HTTP, until C-c or SIGTERM. `forge token` lets somebody in."""
    from console import wire
    from console.localforge import serve as server

    where = place(ctx)
    wire.found(where)
    try:
        listening = server.listen(port)
    except OSError as taken:
        raise Failure(1, f"port {port} of {server.LOOPBACK} cannot be had: {taken.strerror}", "--port 0 takes any that is free") from taken
    with listening:
        click.echo(server.url(listening))  # flushed: who started us reads it from a pipe
        server.serve(where.forge, listening)


def login(ctx: click.Context, option: click.Parameter, name: str) -> str:
    if not LOGIN.fullmatch(name):
        raise click.BadParameter(f"{name!r} is no account's name: letters, digits, and . _ - between them")
    return name


@forge.command("token")
@click.argument("name", callback=login)
@click.option("--role", type=click.Choice(["owner", "write", "read"]), help="What the account may; a new one may write.")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(SCOPES),
    metavar="SCOPE",
    multiple=True,
    default=USUAL,
    show_default=True,
    help="What the token may.",
)
@click.pass_context
def token(ctx: click.Context, name: str, role: Role | None, scopes: tuple[str, ...]) -> None:
    """Print a new token of the account NAME, this once; the account is made if there is none. For `forge serve`."""
    from console import wire
    from console.localforge.store import Place as Folder

    where = place(ctx)
    wire.found(where)
    made, grant = new_token(Folder(where.forge), name, role, scopes)
    click.echo(made)
    click.echo(f"{grant.account.login} ({grant.account.role}) may {grant.said} with it; it cannot be shown again", err=True)


def tell(checkout: Path, before: str, after: str, nothing: str) -> None:
    """The commits that went over."""
    span = f"{before}..{after}" if before else after
    commits = own_git(checkout, "log", "--oneline", "--no-decorate", span, ok=(0, 128)).out.rstrip()
    click.echo(commits or nothing)
