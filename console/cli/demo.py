"""`ops-console demo`: the whole story on a small real project, and a verdict that is not the engine's."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from console.cli.failure import Failure
from console.core.text import cut
from console.demo import story
from console.place import Options, Place, locate
from panes.git import GitFailed

REPO = "demo/larder"
PACE_S = 0.35  # between a worker's steps, so that a person can follow its pane
OPENING = "Five issues of a small real project, in a forge of its own. The workers replay edits: no model is called.\n"
HEAD = f"{'issue':>5}  {'attempts':>8}  {'pull':>5}  {'commit':9}  {'seconds':>7}  title"
LIMIT_S = 600.0  # a machine so slow that the story takes longer is told so

SETTINGS = """\
# Made by `ops-console demo`. The workers replay edits; no model is called.
mode: auto
repos:
  {repo}:
    trunk: {trunk}
    check: {{fast: {check}, full: {check}, timeout: 5m, bays: 2}}
    workers: {{script: 2}}
    kinds: {{script: {{command: {worker}}}}}
    limits: {{run: 5m, backoff: [1s]}}
"""


@click.command()
@click.option("--keep", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Play it in DIR and leave everything there.")
@click.option("--json", "as_json", is_flag=True, help="One object on stdout, the events on stderr.")
@click.option("--pace", type=float, default=PACE_S, show_default=True, help="Seconds between a worker's steps.")
@click.option("--issues", type=click.Path(path_type=Path, exists=True, file_okay=False), hidden=True, help="Other edits to replay.")
def demo(keep: Path | None, as_json: bool, pace: float, issues: Path | None) -> None:
    """The whole story on a small real project: five issues, from open to landed.

    The workers are scripts that replay edits: no model is called. With a terminal it opens the console on them; without,
    it prints a line an event and a closing table. Ends with 0 only when a fresh process finds all of it landed and tidy.
    """
    with stage(keep) as folder:
        where, numbers = prepare(folder, pace, issues)
        try:
            began = time.time()
            if sys.stdin.isatty() and sys.stdout.isatty() and not as_json:
                if not watch_it(where):
                    raise Failure(1, "you stopped it before all had landed")
            else:
                out = sys.stderr if as_json else sys.stdout
                print(OPENING, file=out, flush=True)
                play(where, out)
            found = verdict(where, numbers)
        finally:
            end(where)
        tell(where, found, last_event(where) - began, as_json, keep)
        sys.exit(0 if found["ok"] else 1)


@contextmanager
def stage(keep: Path | None) -> Iterator[Path]:
    """The folder it is played in: kept where it was asked for, else gone afterwards."""
    if keep:
        if keep.exists() and any(keep.iterdir()):
            raise Failure(2, f"{keep} is not empty: the demo needs a folder of its own")
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.resolve()
        return
    folder = Path(tempfile.mkdtemp(prefix="ops-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def prepare(folder: Path, pace: float, issues: Path | None) -> tuple[Place, list[int]]:
    """The project, its settings, and the issues in a local forge: all of it below ``folder``."""
    from console import wire

    for variable, part in (("XDG_STATE_HOME", "state"), ("XDG_DATA_HOME", "data"), ("XDG_CONFIG_HOME", "config")):
        os.environ[variable] = str(folder / part)
    try:
        checkout = story.plant(folder / "larder")
    except GitFailed as failed:
        raise Failure(3, f"the demo's project cannot be made: {failed.said}") from failed
    told = story.story(issues) if issues else story.story()
    worker = story.worker(pace, issues) if issues else story.worker(pace)
    settings = folder / "ops.yaml"
    words = {"repo": REPO, "trunk": story.TRUNK, "check": json.dumps(story.CHECK), "worker": json.dumps(worker)}
    settings.write_text(SETTINGS.format(**words))
    where = locate(Options(repo=REPO, config=settings, where=checkout, checkout=checkout))

    async def file() -> list[int]:
        async with wire.forge(where) as forge:
            return [await forge.file(issue.title, issue.body, [*issue.labels, "ops/ready"]) for issue in told]

    return where, asyncio.run(file())


def play(where: Place, out: Any) -> None:
    """The engine as its own process until nothing is left to do; a line an event."""
    from console import wire

    running = subprocess.Popen(
        wire.ops_console(where, "engine", "--until-idle"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )
    try:
        assert running.stdout
        for line in running.stdout:
            print(line, end="", file=out, flush=True)
        running.wait(timeout=LIMIT_S)
    finally:
        if running.poll() is None:
            running.terminate()
            running.wait()


def watch_it(where: Place) -> bool:
    """The console on it; False when the operator stopped the work. Who just leaves before the end is told the rest line by line."""
    from console.cli.engine import leave_console, running, show_console, start_engine, stop_engine

    start_engine(where)
    if show_console(where, read_only=False) == "stop":
        leave_console(where, "stop")
        return False
    # Workers outlive the engine: another one, which ends when all is done, takes them up.
    if running(where.state):
        stop_engine(where)
    play(where, sys.stdout)
    return True


def end(where: Place) -> None:
    """Ends what the demo started: its engine, and its workers' tmux server."""
    from console import wire
    from console.cli.engine import running, stop_engine

    if running(where.state):
        stop_engine(where)
    wire.session(where).kill()


def verdict(where: Place, numbers: list[int]) -> Any:
    """What a fresh process finds, from git, tmux and /proc alone."""
    words = ["--forge", str(where.forge / "repo.git"), "--state", str(where.state), "--tmux", where.server, "--trunk", story.TRUNK]
    asked = subprocess.run(
        [sys.executable, "-P", "-m", "console.demo.verdict", *words, *map(str, numbers)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    try:
        return json.loads(asked.stdout)
    except ValueError as error:
        raise Failure(1, f"the verdict could not be taken: {asked.stderr.strip()[-400:]}") from error


def tell(where: Place, found: Any, seconds: float, as_json: bool, keep: Path | None) -> None:
    """The closing table, or the object."""
    for row in found["issues"]:
        row |= spent(where, row["issue"])
    if as_json:
        print(
            json.dumps(
                found | {"seconds": round(seconds, 1), "model_called": False, "kept": str(keep) if keep else None}, ensure_ascii=False
            )
        )
        return
    room = shutil.get_terminal_size((200, 24)).columns - len(HEAD.removesuffix("title"))
    print(f"\n{HEAD}")
    for row in found["issues"]:
        pull, commit = f"p{row['pull']}" if row["pull"] else "–", (row["commit"] or "–")[:9]
        title, took = cut(row["title"] or "not landed", max(room, 10)), "–" if row["seconds"] is None else row["seconds"]
        print(f"{row['issue']:>5}  {row['attempts']:>8}  {pull:>5}  {commit:9}  {took:>7}  {title}")
    for problem in found["problems"]:
        print(f"  ✗ {problem}")
    if found["ok"]:
        print(f"\nAll landed in {seconds:.0f} s: one commit each on a linear trunk, each tested as exactly that tree, nothing left behind.")
    else:
        print("\nNot all is landed and tidy; see above.")
    print("No model was called: the workers replayed edits." + (f" Everything is kept in {keep}." if keep else ""))


def last_event(where: Place) -> float:
    """When the engine last did something, in seconds since the epoch: the story's end, however long somebody looked at it after."""
    from console.engine import board

    told = board.events(where.state, last=1)
    return board.seconds(told[-1].t) if told else time.time()


def spent(where: Place, issue: int) -> dict[str, Any]:
    """Attempts, and seconds from claim to commit (None when it did not land), from run folders and journal."""
    from console.engine import board

    runs = list((where.state / "runs" / str(issue)).glob("*/run.json"))
    when = {e.what: board.seconds(e.t) for e in board.events(where.state) if e.issue == issue}
    return {"attempts": len(runs), "seconds": round(when["merge"] - when["claim"], 1) if {"claim", "merge"} <= when.keys() else None}
