"""`doctor`: every precondition, a line each, with its remedy. It changes nothing: no forge and no state is made."""

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial

import click

from console.cli import agents, examine
from console.cli.examine import Line, Look
from console.cli.which import place
from console.config import Config, load
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
    """All lines, in their order. Looks run at once, each with a deadline of its own; a look that is in want of another is left out."""
    with ThreadPoolExecutor(max_workers=8) as pool:
        for lines in pool.map(lambda look: list(look()), all_looks(ctx)):
            yield from lines


def all_looks(ctx: click.Context) -> list[Look]:
    where, trouble = placed(ctx)
    of_machine: list[Look] = [one(examine.python), one(examine.program, "git", "--version", examine.GIT), one(examine.tmux, where)]
    of_machine.append(one(examine.kernel))
    if where is None:
        return [*of_machine, lambda: trouble, one(examine.sandbox)]
    named = Line(name="repository", state="ok", says=where.repo)
    folders = [one(look, where) for look in (examine.state, examine.disk, examine.engine)]
    return [*of_machine, lambda: [named], one(examine.checkout, where), *of_settings(where), *folders, one(examine.sandbox)]


def one(look: Callable[..., Line], *given: object) -> Look:
    return lambda: [look(*given)]


def placed(ctx: click.Context) -> tuple[Place | None, list[Line]]:
    """Which repository it is about; None with the line that says why not."""
    try:
        return place(ctx), []
    except SettingsError as error:
        return None, [Line(name="repository", state="mend", says=str(error))]


def of_settings(where: Place) -> list[Look]:
    """What follows from the settings, when they can be understood."""
    local = [one(examine.local_forge, where)] if where.kind == "local" else []
    try:
        config = load(where)
    except SettingsError as error:
        line = Line(name="settings", state="mend", says=str(error))
        return [lambda: [line], *local]
    looks = [one(examine.settings, where), *(one(look, where, config) for look in (examine.mode, examine.trunk, examine.check))]
    server = [] if local else [partial(of_server, where, config)]
    return [*looks, *agents.looks(where, config), *local, *server]


def of_server(where: Place, config: Config) -> Iterable[Line]:
    from console.cli.server import server  # with it comes HTTP, which a local forge needs none of

    return server(where, config)
