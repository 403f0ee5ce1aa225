"""`dispatch`: the prompt for one issue, for an agent that the console does not run."""

import click

from console.cli.issue import about
from console.cli.which import place
from console.config import load


@click.command()
@click.argument("number", type=int)
@click.pass_context
def dispatch(ctx: click.Context, number: int) -> None:
    """Print a prompt for any agent elsewhere."""
    from console.core.phrases import branch
    from console.place import prompts_folder
    from prompts import Brief, render

    found = about(ctx, number, lambda forge: forge.issue(number))
    policy = load(place(ctx)).policy
    checks = tuple(dict.fromkeys(policy.commands))
    brief = Brief(issue=found, branch=branch(found, 0), trunk=policy.trunk, checks=checks, guarded=policy.guard.paths)
    click.echo(render("dispatch", brief, prompts_folder()), nl=False)
