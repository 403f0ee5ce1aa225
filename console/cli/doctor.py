"""`doctor`: every precondition, a line each, with its remedy. It changes nothing: no forge and no state is made."""

import json
from collections.abc import Iterator
from dataclasses import asdict

import click

from console.cli import examine
from console.cli.examine import Line
from console.cli.which import place
from console.config import load
from console.errors import SettingsError
from console.place import Place

GLYPHS = {"ok": ("✓", "green"), "note": ("◆", "yellow"), "mend": ("✗", "red")}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One object, a line each.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Check every precondition, each with its remedy. Ends with 1 when something is to mend; it changes nothing."""
    lines = list(looks(ctx))
    well = all(line.state != "mend" for line in lines)
    if as_json:
        print(json.dumps({"schema": 1, "ok": well, "lines": [asdict(line) for line in lines]}, ensure_ascii=False))
    else:
        click.echo("\n".join(map(drawn, lines)))
    if not well:
        raise SystemExit(1)


def drawn(line: Line) -> str:
    glyph, colour = GLYPHS[line.state]
    remedy = f"\n{'':13}→ {line.remedy}" if line.remedy else ""
    return f"{click.style(glyph, fg=colour)} {line.name:10} {line.says}{remedy}"


def looks(ctx: click.Context) -> Iterator[Line]:
    """All lines. What cannot be looked at for want of something else is left out: the line of that says why."""
    yield examine.python()
    yield examine.program("git", "--version", examine.GIT)
    where = None
    trouble = None
    try:
        where = place(ctx)
    except SettingsError as error:
        trouble = Line(name="repository", state="mend", says=str(error))
    yield examine.tmux(where)
    yield examine.kernel()
    if trouble:
        yield trouble
    if where:
        yield Line(name="repository", state="ok", says=where.repo)
        yield examine.checkout(where)
        yield from of_settings(where)
        yield examine.forge(where)
        yield examine.state(where)
        yield examine.disk(where)
        yield examine.engine(where)
    yield examine.sandbox()


def of_settings(where: Place) -> Iterator[Line]:
    """What follows from the settings, when they can be understood."""
    try:
        config = load(where)
    except SettingsError as error:
        yield Line(name="settings", state="mend", says=str(error))
        return
    yield examine.settings(where)
    yield examine.mode(where, config)
    yield examine.trunk(where, config)
    yield examine.check(where, config)
    yield from examine.workers(where, config)
