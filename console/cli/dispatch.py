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
    from prompts import render

    found = about(ctx, number, lambda forge: forge.issue(number))
    trunk = load(place(ctx)).trunk
    click.echo(render("dispatch", issue=found, branch=branch(found, 0), trunk=trunk, text="", own=prompts_folder()), nl=False)
