"""Commits between the operator's checkout and the local forge, fast-forward only, at the operator's word."""

from pathlib import Path

import click

from console.cli.failure import USAGE, Failure
from console.cli.which import place
from console.config import load
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


def tell(checkout: Path, before: str, after: str, nothing: str) -> None:
    """The commits that went over."""
    span = f"{before}..{after}" if before else after
    commits = own_git(checkout, "log", "--oneline", "--no-decorate", span, ok=(0, 128)).out.rstrip()
    click.echo(commits or nothing)
