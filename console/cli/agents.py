"""What `doctor` says of the workers: whether each kind's program is there, starts, and is logged in, without a run that would cost."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from string import Template

from console.cli.examine import Line, Look, cannot_run, program
from console.config import Config
from console.place import Place
from panes import kinds
from panes.hosts import worker_env
from panes.kinds import Kind

START_S = 15.0


def looks(place: Place, config: Config) -> list[Look]:
    """A look a kind, for programs take a second to say their version; and one at what several of them run on."""
    counts: dict[str, int] = {}
    for slot in config.policy.slots:
        counts[slot.kind] = counts.get(slot.kind, 0) + 1
    if not counts:
        return [lambda: [nobody(place)]]
    ours = [kinds.load(kind) for kind in counts if kind in kinds.names()]
    return [*(partial(worker, kind, count, place, config) for kind, count in counts.items()), partial(node, ours, config)]


def nobody(place: Place) -> Line:
    example = 'workers: {claude: 1}, or {script: 1} and kinds: {script: {command: "./agent.sh {prompt}"}}'
    remedy = f"`ops-console kinds` lists them; set {example} under repos.{place.repo} in ops.yaml"
    return Line(name="workers", state="mend", says="none: nobody takes an issue up", remedy=remedy)


def worker(name: str, count: int, place: Place, config: Config) -> list[Line]:
    command = config.commands[name]
    kind = kinds.load(name) if name in kinds.names() else None
    if trouble := cannot_run(command, place, config):
        remedy = (kind.install if kind else "") or f"install it, or change kinds.{name} in ops.yaml"
        return [Line(name="workers", state="mend", says=f"{count} × {name}: {trouble}", remedy=remedy)]
    if kind is None or kinds.own_command(kind) is None:
        return [Line(name="workers", state="ok", says=f"{count} × {name}: {command}")]
    return [agent(kind, count, worker_env(config.identity, kinds.environment(kind, os.environ.get)))]


def agent(kind: Kind, count: int, env: Mapping[str, str]) -> Line:
    """A kind of ours whose program is there, in the environment that its runs have."""
    called = f"{count} × {kind.name}"
    try:
        ran = subprocess.run(
            [kind.command[0], "--version"],
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=START_S,
        )
    except (OSError, subprocess.TimeoutExpired) as failed:
        why = f"no answer within {START_S:g} s" if isinstance(failed, subprocess.TimeoutExpired) else failed.strerror
        return Line(name="workers", state="mend", says=f"{called}: it does not start: {why}", remedy=kind.install)
    if ran.returncode:
        return Line(name="workers", state="mend", says=f"{called}: it does not start: {first_line(ran.stderr)}", remedy=kind.install)
    version = first_line(ran.stdout)
    if kind.login and not logged_in(kind, env):
        return Line(name="workers", state="note", says=f"{called}: {version}, not logged in as far as its files tell", remedy=kind.install)
    return Line(name="workers", state="ok", says=f"{called}: {version}, logged in" if kind.login else f"{called}: {version}")


def first_line(text: str) -> str:
    line = next((line for line in text.splitlines() if line.strip()), "it says nothing")
    return "".join(c for c in line if c.isprintable())[:80].strip()


def logged_in(kind: Kind, env: Mapping[str, str]) -> bool:
    """Whether there is a key for it, or one of the files that a login leaves."""
    if any(name in env for name in kind.keys if name.endswith(("_KEY", "_TOKEN"))):
        return True
    return any(Path(Template(path).safe_substitute(env)).exists() for path in kind.login)


def node(used: list[Kind], config: Config) -> list[Line]:
    """Node's line, where a program is a script of its."""
    path = worker_env(config.identity, {})["PATH"]
    needed = [tuple(map(int, kind.node.split("."))) for kind in used if kind.node and of_node(shutil.which(kind.command[0], path=path))]
    if not needed:
        return []
    major, *minor = max(needed)
    return [program("node", "--version", (major, minor[0] if minor else 0, ""))]


def of_node(path: str | None) -> bool:
    """Whether a program is a script for Node; some come as a binary of their own too."""
    if path is None:
        return False
    with Path(path).open("rb") as file:
        return file.read(2) == b"#!" and b"node" in file.readline()
