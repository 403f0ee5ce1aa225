"""`kinds`: the agents there are kinds for, and which of them this machine has."""

import json
import shutil
import subprocess

import click

from panes import kinds as shipped
from panes.kinds import Kind

VERSION_S = 10.0


@click.command()
@click.option("--json", "as_json", is_flag=True)
def kinds(as_json: bool) -> None:
    """The kinds of worker: which are installed, in which version, and how to get the others."""
    rows = [row(shipped.load(name)) for name in shipped.names()]
    if as_json:
        print(json.dumps({"schema": 1, "kinds": rows}, ensure_ascii=False))
        return
    for it in rows:
        click.echo(f"{'✓' if it['path'] else '·'} {it['kind']:8} {it['what']:28} {it['version'] or it['path'] or ''}".rstrip())
        if not it["path"] and it["install"]:
            click.echo(f"  {'':8} → {it['install']}")


def row(kind: Kind) -> dict[str, str | None]:
    """``path`` None: it is not installed. ``version``: the first line that it prints, None when it prints none in time."""
    path = shutil.which(kind.command[0])
    said = {"kind": kind.name, "what": kind.what, "path": path, "version": None, "install": kind.install or None}
    if path is None or shipped.own_command(kind) is None:
        return said
    return said | {"version": version(path)}


def version(path: str) -> str | None:
    try:
        ran = subprocess.run(
            [path, "--version"], capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL, timeout=VERSION_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    line = next((line for line in ran.stdout.splitlines() if line.strip()), "")
    return "".join(c for c in line if c.isprintable())[:60].strip() or None
