"""Issues on whatever forge is configured; the local one by default."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from console.cli.failure import Failure
from console.cli.which import place
from console.forge import Changes

T = TypeVar("T")


def ask(ctx: click.Context, what: Callable[[Any], Awaitable[T]]) -> T:
    """Opens the forge and asks it one thing."""
    from console import wire

    async def asked() -> T:
        async with wire.forge(place(ctx)) as forge:
            return await what(forge)

    return asyncio.run(asked())


def about(ctx: click.Context, number: int, what: Callable[[Any], Awaitable[T]]) -> T:
    """Asks something about one issue. Failure: there is none of that number."""
    from console.forge.errors import Missing

    try:
        return ask(ctx, what)
    except Missing:
        raise Failure(1, f"there is no issue {number}", "`ops-console issue list --all` shows those there are") from None


def ready_label(ctx: click.Context) -> str:
    """The label that makes an issue a worker's, as the settings have it. Failure: no issue needs one."""
    from console.config import load

    name = load(place(ctx)).policy.pick_label
    if name is None:
        raise Failure(1, "every open issue is ready: pick.label is null in the settings")
    return name


@click.group()
def issue() -> None:
    """Issues on the forge."""


@issue.command("new")
@click.argument("title")
@click.option("--body", default="", help="What it is about.")
@click.option(
    "--body-file",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    help="The same, from a file (- reads stdin).",
)
@click.option("--label", "labels", multiple=True, help="May be given more than once.")
@click.option("--ready", "mark", is_flag=True, help="Mark it ready for a worker.")
@click.pass_context
def new(ctx: click.Context, title: str, body: str, body_file: Path | None, labels: tuple[str, ...], mark: bool) -> None:
    """Open an issue; prints its number."""
    if not title.strip():
        raise click.BadParameter("an issue needs a title")
    if body_file:
        body = sys.stdin.read() if str(body_file) == "-" else body_file.read_text(encoding="utf-8", errors="replace")
    wanted = [*labels, *((ready_label(ctx),) if mark else ())]
    number: int = ask(ctx, lambda forge: forge.file(title, body, wanted))
    click.echo(number)


@issue.command("list")
@click.option("--all", "everything", is_flag=True, help="Closed ones too.")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def list_(ctx: click.Context, everything: bool, as_json: bool) -> None:
    """Open issues, oldest first."""
    changes: Changes = ask(ctx, lambda forge: forge.changed(None))
    found = [i for i in changes.issues if everything or i.state == "open"]
    if as_json:
        rows = [{"number": i.number, "title": i.title, "state": i.state, "labels": list(i.labels)} for i in found]
        print(json.dumps({"schema": 1, "issues": rows}, ensure_ascii=False))
        return
    if not found:
        click.echo("no open issues: `ops-console issue new TITLE --ready` opens one")
    for i in found:
        labels = f"  [{', '.join(i.labels)}]" if i.labels else ""
        click.echo(f"{i.number:>5}  {'closed  ' if i.state == 'closed' else ''}{i.title[:100]}{labels}")


@issue.command("show")
@click.argument("number", type=int)
@click.pass_context
def show_(ctx: click.Context, number: int) -> None:
    """One issue with its comments."""

    async def both(forge: Any) -> Any:
        return await forge.issue(number), await forge.comments(number)

    found, comments = about(ctx, number, both)
    click.echo(f"#{found.number} {found.title}\n{found.state}  {', '.join(found.labels)}\n")
    click.echo(found.body or "(no text)")
    for comment in comments:
        text = "\n".join(line for line in comment.body.splitlines() if not line.startswith("<!--"))
        click.echo(f"\n— {comment.by}\n{text.strip()}")


@issue.command("close")
@click.argument("number", type=int)
@click.pass_context
def close(ctx: click.Context, number: int) -> None:
    """Close an issue; what was begun for it is stopped and kept."""
    about(ctx, number, lambda forge: forge.close(number))
    click.echo(f"#{number} is closed")


@issue.command("label")
@click.argument("number", type=int)
@click.option("--add", multiple=True)
@click.option("--remove", multiple=True)
@click.pass_context
def label(ctx: click.Context, number: int, add: tuple[str, ...], remove: tuple[str, ...]) -> None:
    """Add and remove labels."""
    if not add and not remove:
        raise Failure(2, "say --add L or --remove L")

    async def labels(forge: Any) -> Any:
        await forge.label(number, add, remove)
        return (await forge.issue(number)).labels

    click.echo(f"#{number}: {', '.join(about(ctx, number, labels)) or 'no labels'}")


@issue.command("ready")
@click.argument("number", type=int)
@click.option("--off", is_flag=True, help="Not ready after all.")
@click.pass_context
def ready(ctx: click.Context, number: int, off: bool) -> None:
    """Mark an issue ready for a worker."""
    name = ready_label(ctx)
    about(ctx, number, lambda forge: forge.label(number, () if off else (name,), (name,) if off else ()))
    click.echo(f"#{number} is {'not ready' if off else 'ready'}")
