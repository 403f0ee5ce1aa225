"""`init`: four questions make the settings, and the landing rules of a server are set after their calls were shown."""

import asyncio
import sys
from pathlib import Path

import click

from console import wire
from console.cli import draft, questions, setup
from console.cli.doctor import doctor
from console.cli.failure import FORGE, USAGE, Failure
from console.cli.questions import MODES, Answers, Given, Where
from console.cli.which import place
from console.forge import probe
from console.forge.errors import ForgeError
from console.place import Options, checkout_name, checkout_of, remote_name, settings_file
from console.settings import read

KIND_S = 15.0


@click.command()
@click.option("--forge", metavar="ADDRESS", help="Where issues and pulls are: https://git.example.org/acme/api, or `local`.")
@click.option("--workers", metavar="KIND:COUNT …", help="Agents, or a command with {prompt} in it; default: those on PATH.")
@click.option("--check", metavar="COMMAND", help="What a change must pass; default: guessed from the project.")
@click.option("--mode", type=click.Choice(MODES), help="What the engine may do by itself; default: assist.")
@click.option("--lander", metavar="LOGIN", help="The account that alone may merge; default: that of the token which `login` kept.")
@click.option("--dry-run", is_flag=True, help="Show settings and calls, and change nothing.")
@click.option("--yes", is_flag=True, help="Ask nothing: what was guessed is right, and the calls are sent.")
@click.pass_context
def init(
    ctx: click.Context,
    forge: str | None,
    workers: str | None,
    check: str | None,
    mode: str | None,
    lander: str | None,
    dry_run: bool,
    yes: bool,
) -> int:
    """Set a repository up: four questions, the settings, and the landing rules of its server.

    May be run again: what is as it must be stays. The rules take an administrator's token: it is asked for, or taken from OPS_ADMIN_TOKEN,
    used for these calls alone, and not kept. Ends with 1 when something is left to mend.
    """
    ask = sys.stdin.isatty() and not yes and not dry_run
    if not (ask or yes or dry_run):
        raise Failure(USAGE, "init asks, and there is no terminal", "`--dry-run` shows what it would do, `--yes` does it")
    options = Options(where=Path.cwd(), **ctx.find_root().obj)
    given = Given(forge=forge, workers=workers, check=check, mode=mode)
    if not settled(options, given) and not first(ctx, options, given, ask=ask, dry_run=dry_run):
        return 0
    where = place(ctx)
    if where.kind == "local":
        click.echo(f"{where.repo} is in the local forge, which protects its trunk itself.")
        well = True
    else:
        well = setup.server(ctx, where, lander, ask=ask, dry_run=dry_run)
    if not dry_run:
        click.echo()
        ctx.invoke(doctor)
    return 0 if well else 1


def settled(options: Options, given: Given) -> bool:
    """Whether there are settings for this repository already. Failure: and they are asked to be others."""
    checkout = checkout_of(options.where)
    if options.config and not options.config.exists():
        return False
    file = settings_file(options, checkout)
    if file is None:
        return False
    if checkout and not options.config and file.parent != checkout:  # the settings of all, in the config folder
        names = {options.repo, remote_name(checkout), checkout_name(checkout)}
        if not names & read(file).repos.keys():
            return False
    if given != Given(forge=None, workers=None, check=None, mode=None):
        raise Failure(
            USAGE, f"{file} is there already, and init does not change it", "change it there, or move it away and call init again"
        )
    click.echo(f"Settings: {file} (as they are)")
    return True


def first(ctx: click.Context, options: Options, given: Given, *, ask: bool, dry_run: bool) -> bool:
    """Asks, shows the settings and writes them; whether they were written."""
    checkout = checkout_of(options.where)
    if checkout is None:
        raise Failure(USAGE, "init sets up the repository of the git checkout one stands in, and this is none", "go into one")
    said = questions.answers(checkout, given, options.repo, ask=ask)
    settings = draft.text(said, asyncio.run(kind_of(said.where)))
    path = options.config.absolute() if options.config else checkout / "ops.yaml"
    click.echo(f"\n{path}:\n")
    click.echo(settings)
    return told_alone(said) if dry_run else written(path, settings, ask=ask)


def told_alone(said: Answers) -> bool:
    """What a dry run says where there are no settings yet, and so no server that could be asked."""
    if said.where.url:
        click.echo(f"Then, once a token is kept: the landing rules of {said.where}. `ops-console init --dry-run` shows those calls then.")
    return False


def written(path: Path, settings: str, *, ask: bool) -> bool:
    if ask and not click.confirm("Write this?", default=True, err=True):
        return False
    try:
        draft.write(path, settings)
    except FileExistsError as error:
        raise Failure(USAGE, f"{path} is there already", "move it away, or name another file with --config") from error
    click.echo(f"Written: {path}")
    return True


async def kind_of(where: Where) -> str:
    """Which server answers at an address. Failure: none, or one of another kind."""
    if where.url is None:
        return "local"
    try:
        async with asyncio.timeout(KIND_S), wire.stranger(where.url) as client:
            kind = await probe.kind(client)
    except (ForgeError, TimeoutError) as error:
        raise Failure(FORGE, f"{where.url}: {error or 'no answer'}", "--forge takes the address of the repository, or `local`") from error
    if kind is None:
        raise Failure(FORGE, f"what answers at {where.url} is neither Gitea nor Forgejo", "`--forge local` keeps issues in a folder here")
    return kind
