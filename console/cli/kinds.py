"""`kinds`: the agents that can work here, a line each: which are installed, which are too old or missing, and what to do about it."""

import json
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from typing import Literal

import click

from console.cli.which import place
from console.core.facts import fact
from console.errors import SettingsError
from panes import programs
from panes.git import Identity
from panes.hosts import worker_env
from panes.kinds import Kind, load, names
from panes.seen import Own

GLYPHS = {"ready": ("✓", "green"), "old": ("✗", "red"), "missing": ("✗", "red"), "yours": ("◆", "yellow")}


@fact
class Line:
    """One kind, as it stands here. ``state`` yours: it runs a command of the operator's, about which nothing can be said."""

    name: str
    what: str
    state: Literal["ready", "old", "missing", "yours"]
    says: str
    path: str | None = None  # or the address of a server
    version: str | None = None  # None: it was not asked, or did not answer
    login: str | None = None
    install: str | None = None


@click.command()
@click.option("--versions", is_flag=True, help=f"Ask each for its version, for {programs.DEADLINE_S:.0f} s at most.")
@click.option("--json", "as_json", is_flag=True, help="One object, a line each.")
@click.pass_context
def kinds(ctx: click.Context, versions: bool, as_json: bool) -> None:
    """The agents that can work here: installed, too old or missing. Nothing is changed, and no provider is asked."""
    env = worker_env(Identity(), {})
    own = said(ctx)
    with ThreadPoolExecutor() as many:  # programs of other people's, each of which may take its time
        lines = list(many.map(lambda name: look(load(name), own.get(name, Own()), env, versions), names()))
    if as_json:
        print(json.dumps({"schema": 1, "kinds": [asdict(line) for line in lines]}, ensure_ascii=False))
    else:
        click.echo("\n".join(map(drawn, lines)))


def said(ctx: click.Context) -> Mapping[str, Own]:
    """What the settings say of the kinds; nothing where there are none, or none that can be used: this is asked before they are made."""
    from console.config import load as settings

    try:
        return settings(place(ctx)).kinds
    except SettingsError:
        return {}


def drawn(line: Line) -> str:
    glyph, colour = GLYPHS[line.state]
    return f"{click.style(glyph, fg=colour)} {line.name:10} {line.says}"


def look(kind: Kind, own: Own, env: Mapping[str, str], versions: bool) -> Line:
    """How a kind stands for a worker, who is given ``env``."""
    line = partial(Line, name=kind.name, what=kind.what)
    if own.command:
        return line(state="yours", says=own.command)
    if kind.url:
        url, wrong = own.url or kind.url, programs.trouble(kind, own, env)
        says = f"{wrong}: {kind.install}" if wrong else f"{url} · to log in: {kind.login}"
        return line(state="missing" if wrong else "ready", says=says, path=url, login=kind.login, install=kind.install)
    if kind.program is None:
        return line(state="yours", says=f'{kind.what}: kinds: {{{kind.name}: {{command: "./agent.sh {{prompt}}"}}}} in ops.yaml')
    line = partial(line, login=kind.login, install=kind.install)
    path = shutil.which(kind.program, path=env["PATH"])
    needs = programs.too_old(kind, env)
    if path is None:
        return line(state="missing", says=f"missing: {kind.install}" + (f" ({needs})" if needs else ""))
    version = programs.number(programs.printed((path, "--version"), {**env, **kind.environment})) if versions else None
    asked = (f"version {version}" if version else "it tells no version") if versions else ""
    old = needs if programs.runs_on(path, kind) else None
    says = " · ".join(filter(None, (path, asked, old or f"to log in: {kind.login}")))
    return line(state="old" if old else "ready", says=says, path=path, version=version)
