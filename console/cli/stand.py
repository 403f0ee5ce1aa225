"""What stands until the operator says otherwise: mode, pause, freeze."""

import getpass
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import click

from console.cli.which import place
from console.core.facts import Said, Standing
from console.engine import inbox


def say(ctx: click.Context, change: Callable[[Standing], Standing]) -> None:
    """Changes what stands, and prints it."""
    from console.config import load

    where = place(ctx)
    now = inbox.say(where.standing, change)
    words: list[str] = [now.mode or load(where).policy.mode]
    words += [f"paused by {now.pause.by}"] if now.pause else []
    words += [f"landing frozen by {now.freeze.by}: {now.freeze.why or 'no reason given'}"] if now.freeze else []
    click.echo(", ".join(words))


def by(why: str | None) -> Said:
    return Said(by=f"you ({getpass.getuser()})", at=time.time(), why=why)


@click.command()
@click.argument("name", metavar="[watch|assist|auto]", required=False, type=click.Choice(["watch", "assist", "auto"]))
@click.pass_context
def mode(ctx: click.Context, name: Any) -> None:
    """What the engine may do by itself: nothing (watch), what you name (assist), all of it (auto)."""
    say(ctx, lambda stands: replace(stands, mode=name) if name else stands)


@click.command()
@click.option("--why", help="Shown beside it.")
@click.pass_context
def pause(ctx: click.Context, why: str | None) -> None:
    """Claim and start nothing new; what is begun is published and landed."""
    said = by(why)
    say(ctx, lambda stands: replace(stands, pause=said))


@click.command()
@click.pass_context
def resume(ctx: click.Context) -> None:
    """End a pause."""
    say(ctx, lambda stands: replace(stands, pause=None))


@click.command()
@click.option("--why", help="Shown beside it.")
@click.pass_context
def freeze(ctx: click.Context, why: str | None) -> None:
    """Land nothing until `unfreeze`."""
    said = by(why)
    say(ctx, lambda stands: replace(stands, freeze=said))


@click.command()
@click.pass_context
def unfreeze(ctx: click.Context) -> None:
    """Let landing go on; after an incident it means that you have looked."""
    say(ctx, lambda stands: replace(stands, freeze=None))
