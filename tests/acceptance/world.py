"""A world of its own for a story: a project, a local forge, real engines as real processes, a tmux server nobody else has."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from console import wire
from console.demo import verdict
from console.place import Options, Place, locate
from panes.git import git

DEADLINE_S = 180.0


@dataclass
class World:
    """``environment`` is what every process of it is given; ``engines`` are ended by ``end``."""

    place: Place
    environment: dict[str, str]
    issues: list[int] = field(default_factory=list)
    engines: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def bare(self) -> Path:
        return self.place.forge / "repo.git"

    def ops(self, *words: str, ok: Sequence[int] = (0,)) -> str:
        """Runs a command to its end; its stdout."""
        ran = subprocess.run(
            wire.ops_console(self.place, *words),
            env=self.environment,
            cwd=self.place.checkout,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=DEADLINE_S,
        )
        assert ran.returncode in ok, f"{words} ended with {ran.returncode}: {ran.stdout}{ran.stderr}"
        return ran.stdout

    def engine(self, *words: str, **more: str) -> subprocess.Popen[str]:
        """Starts an engine; ``more`` goes into its environment."""
        started = subprocess.Popen(
            wire.ops_console(self.place, "engine", *words),
            env=self.environment | more,
            cwd=self.place.checkout,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.engines.append(started)
        return started

    def run(self, *words: str, **more: str) -> tuple[int, str]:
        """An engine to its end: code and what it printed."""
        started = self.engine(*(words or ("--until-idle",)), **more)
        try:
            said, _ = started.communicate(timeout=DEADLINE_S)
        except subprocess.TimeoutExpired as late:
            raise AssertionError(f"the engine does not end: {self.told()}") from late
        return started.returncode, said

    def stop(self) -> None:
        """Ends the engine as an operator does; one that was killed meanwhile is gone already."""
        self.ops("engine", "stop", ok=(0, 5))

    def board(self) -> dict[str, Any]:
        try:
            shown: dict[str, Any] = json.loads((self.place.state / "observed.json").read_text())
        except FileNotFoundError:
            return {"tasks": [], "pulls": [], "slots": [], "events": [], "commands": [], "findings": []}
        return shown

    def task(self, n: int) -> dict[str, Any]:
        return next((t for t in self.board()["tasks"] if t["issue"] == n), {"stage": None, "why": "", "pull": None})

    def until(self, what: Callable[[], Any], says: str, deadline_s: float = DEADLINE_S) -> Any:
        """Waits for something to be so, and returns it."""
        end = time.monotonic() + deadline_s
        while not (found := what()):
            if time.monotonic() > end:
                raise AssertionError(f"never: {says}; trunk: {self.subjects()}; {self.told()}")
            time.sleep(0.05)
        return found

    def journal(self) -> list[dict[str, Any]]:
        path = self.place.state / "journal.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def told(self) -> str:
        """Where the tasks stand and the journal's end, for a failing test."""
        tasks = [f"{t['issue']} {t['stage']}: {t['why']}" for t in self.board()["tasks"]]
        events = [f"{e['issue']} {e['what']} {e['slot'] or ''} {e['result']}: {e['why']}" for e in self.journal()[-40:]]
        return "\n".join(["", *tasks, *events])

    def subjects(self) -> list[str]:
        """The trunk's subjects, newest first."""
        return git(self.bare, "log", "--format=%s", "main").out.splitlines()

    def judged(self) -> dict[str, object]:
        """The demo's own verdict on this world."""
        return verdict.judge(self.bare, self.place.state, self.place.server, "main", self.issues, 10.0)

    def trees(self) -> dict[str, str]:
        """Subject → tree, of the whole trunk."""
        lines = git(self.bare, "log", "--format=%s%x00%T", "main").out.splitlines()
        return {line.split("\0")[0]: line.split("\0")[1] for line in lines}

    def end(self) -> None:
        """Ends the engines and the tmux server of this world, and nothing else."""
        for engine in self.engines:
            if engine.poll() is None:
                engine.kill()
                engine.wait()
            if engine.stdout:
                engine.stdout.close()
        wire.session(self.place).kill()


def settings(check: str, worker: str, mode: str = "auto", slots: int = 1, more: str = "") -> str:
    return f"""mode: {mode}
repos:
  acme/proj:
    check: {json.dumps(check)}
    workers: {{script: {slots}}}
    kinds: {{script: {{command: {json.dumps(worker)}}}}}
    {more}
"""


def project(folder: Path, files: dict[str, str]) -> Path:
    """A small git repository with one commit on main."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--template=", "--initial-branch=main")
    for name, text in files.items():
        (folder / name).write_text(text)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "first")
    return folder


def world(folder: Path, text: str, files: dict[str, str]) -> World:
    """A world around a small project with the given settings."""
    checkout = project(folder / "proj", files)
    (folder / "ops.yaml").write_text(text)
    place = locate(Options(config=folder / "ops.yaml", where=checkout, repo="acme/proj", checkout=checkout))
    wire.found(place)
    return World(place=place, environment=dict(os.environ))


def planted(folder: Path, pace: float = 0.0) -> World:
    """The demo's world: its project, its five issues, its workers."""
    from console.cli import demo

    where, numbers = demo.prepare(folder, pace, None)
    return World(place=where, environment=dict(os.environ), issues=numbers)
