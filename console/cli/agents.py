"""What `doctor` says of the workers: whether each kind's program is there, starts, and is logged in, without a run that would cost."""

import os
import subprocess
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from string import Template

from console.cli.examine import Line, Look, cannot_run
from console.config import Config
from console.place import Place
from panes import kinds, programs
from panes.hosts import worker_env
from panes.kinds import Kind
from panes.seen import Own

START_S = 15.0


def looks(place: Place, config: Config) -> list[Look]:
    """A look a kind, for programs take a second to say their version."""
    counts: dict[str, int] = {}
    for slot in config.policy.slots:
        counts[slot.kind] = counts.get(slot.kind, 0) + 1
    if not counts:
        return [lambda: [nobody(place)]]
    return [partial(worker, kind, count, place, config) for kind, count in counts.items()]


def nobody(place: Place) -> Line:
    example = 'workers: {claude: 1}, or {script: 1} and kinds: {script: {command: "./agent.sh {prompt}"}}'
    remedy = f"`ops-console kinds` lists them; set {example} under repos.{place.repo} in ops.yaml"
    return Line(name="workers", state="mend", says="none: nobody takes an issue up", remedy=remedy)


def worker(name: str, count: int, place: Place, config: Config) -> list[Line]:
    own = config.kinds.get(name, Own())
    if own.command:
        if trouble := cannot_run(own.command, place, config):
            remedy = f"install it, or change kinds.{name} in ops.yaml"
            return [Line(name="workers", state="mend", says=f"{count} × {name}: {trouble}", remedy=remedy)]
        return [Line(name="workers", state="ok", says=f"{count} × {name}: {own.command}")]
    kind = kinds.load(name)
    env = worker_env(config.identity, kinds.environment(kind, own, os.environ.get))
    if trouble := programs.trouble(kind, own, env):
        return [Line(name="workers", state="mend", says=f"{count} × {name}: {trouble}", remedy=kind.install)]
    if kind.url:
        return [Line(name="workers", state="ok", says=f"{count} × {name}: {own.url or kind.url} answers")]
    return [agent(kind, count, env)]


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
    if kind.signs and not logged_in(kind, env):
        return Line(name="workers", state="note", says=f"{called}: {version}, not logged in as far as its files tell", remedy=kind.login)
    return Line(name="workers", state="ok", says=f"{called}: {version}, logged in" if kind.signs else f"{called}: {version}")


def first_line(text: str) -> str:
    line = next((line for line in text.splitlines() if line.strip()), "it says nothing")
    return "".join(c for c in line if c.isprintable())[:80].strip()


def logged_in(kind: Kind, env: Mapping[str, str]) -> bool:
    """Whether there is a key for it, or one of the files that a login leaves."""
    if any(name in env for name in kind.keys if name.endswith(("_KEY", "_TOKEN"))):
        return True
    return any(Path(Template(path).safe_substitute(env)).exists() for path in kind.signs)
