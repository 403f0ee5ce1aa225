"""A world of its own for the shell: folders, a small project, the real command as a process, an engine, a tmux server nobody else has."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from panes.git import git

DEADLINE_S = 180.0
WORKER = "echo done > done"
# One whose issue's title says how it goes; else it makes a file of the title's letters.
BY_TITLE = """title=$(sed -n '/^```text$/{n;p;q;}' {prompt}); name=$(printf %s "$title" | tr -dc a-z)
case $title in *begins*) echo begun > begun.txt;; esac
case $title in *waits*) until [ -e "$HOME/go" ]; do sleep 0.05; done;; *fails*) exit 3;; esac
echo "$title" > "$name.txt"
"""
WAITS = f'until [ -e "$HOME/go" ]; do sleep 0.05; done; {WORKER}'  # a worker that works until ``World.go``
T = TypeVar("T")


@dataclass(frozen=True)
class Said:
    """What a command ended with."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Its one object: anything beside it on stdout is a fault."""
        return json.loads(self.out)


@dataclass
class World:
    """``where`` is the folder commands are given in; ``environment`` all that they are given."""

    folder: Path
    where: Path
    environment: dict[str, str]
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def state(self) -> Path:
        """The one repository's state folder."""
        return next((self.folder / "s" / "ops-console").iterdir())

    @property
    def bare(self) -> Path:
        """The one local forge's repository."""
        return next((self.folder / "d" / "ops-console" / "forge").glob("*/*/repo.git"))

    def argv(self, *words: str) -> list[str]:
        return [sys.executable, "-P", "-m", "console.cli.main", *words]

    def ops(self, *words: str, **more: str) -> Said:
        """Runs a command to its end; ``more`` goes into its environment."""
        ran = subprocess.run(
            self.argv(*words),
            cwd=self.where,
            env=self.environment | more,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
        )
        return Said(ran.returncode, ran.stdout, ran.stderr)

    def well(self, *words: str) -> str:
        """The same, for what has to go well; its stdout without the last line end."""
        said = self.ops(*words)
        assert said.code == 0, f"{words}: {said}"
        return said.out.rstrip("\n")

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """Starts a command that goes on; ended by ``end``."""
        started = subprocess.Popen(
            self.argv(*words),
            cwd=self.where,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.processes.append(started)
        return started

    def engine(self) -> subprocess.Popen[str]:
        """An engine whose board is there."""
        began = time.time()
        started = self.begin("engine")
        self.until(lambda: (self.folder / "s").glob("*/*/observed.json") and self.fresh(began), "the engine's first board")
        return started

    def fresh(self, since: float) -> bool:
        return any(path.stat().st_mtime >= since for path in (self.folder / "s").glob("*/*/observed.json"))

    def board(self) -> dict[str, Any]:
        shown: dict[str, Any] = json.loads((self.state / "observed.json").read_text())
        return shown

    def task(self, number: int) -> dict[str, Any]:
        """An issue as the board has it; {} when it has not."""
        return next((task for task in self.board()["tasks"] if task["issue"] == number), {})

    def stage(self, number: int) -> str | None:
        return self.task(number).get("stage")

    def running(self, number: int) -> dict[str, Any]:
        """The live run of an issue, once the board shows it."""
        run: dict[str, Any] | None = self.until(lambda: self.task(number).get("run"), f"a run of {number}")
        assert run
        return run

    def subjects(self) -> list[str]:
        """The trunk's subjects, newest first."""
        return git(self.bare, "log", "--format=%s", "main").out.splitlines()

    def until(self, found: Callable[[], T], what: str) -> T:
        """Waits for something to be so, and returns it."""
        deadline = time.monotonic() + DEADLINE_S
        while not (value := found()):
            if time.monotonic() > deadline:
                raise AssertionError(f"waited for {what}; {self.ops('status')}; {self.ops('log').out[-3000:]}")
            time.sleep(0.02)
        return value

    def go(self) -> None:
        """Lets the workers that wait end."""
        (self.folder / "h" / "go").touch()

    def issues(self) -> list[str]:
        """The titles on every local forge of this world, asked of the files themselves."""
        found = []
        for path in (self.folder / "d").glob("ops-console/forge/*/*/forge.db"):
            with sqlite3.connect(path) as rows:
                found += [title for (title,) in rows.execute("SELECT title FROM issue ORDER BY number")]
            rows.close()
        return found

    def end(self) -> None:
        """Ends what was started here, and nothing else."""
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.communicate()
        for socket in (self.folder / "t").glob("tmux-*/*"):
            subprocess.run(["tmux", "-S", str(socket), "kill-server"], capture_output=True, timeout=DEADLINE_S)
        deadline = time.monotonic() + DEADLINE_S
        while self.folder.exists() and time.monotonic() < deadline:  # a worker that is just ending may write a last word
            shutil.rmtree(self.folder, ignore_errors=True)


def settings(worker: str = WORKER, check: str = "true", mode: str = "assist", more: str = "", repo: str = "acme/proj") -> str:
    """An ops.yaml with two slots."""
    return f"""mode: {mode}
repos:
  {repo}:
    check: {json.dumps(check)}
    workers: {{script: 2}}
    kinds: {{script: {{command: {json.dumps(worker)}}}}}
    {more}
"""


@contextmanager
def world(text: str = "", name: str = "proj") -> Iterator[World]:
    """A project with one commit in a folder called ``name``, and ``text`` as its ops.yaml."""
    folder = Path(tempfile.mkdtemp(prefix="ops-c-"))  # a short path: tmux's sockets take 107 characters
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "OPS_", "TMUX", "XDG_"))}
    for variable, part in (("HOME", "h"), ("TMUX_TMPDIR", "t"), ("XDG_STATE_HOME", "s"), ("XDG_DATA_HOME", "d"), ("XDG_CONFIG_HOME", "c")):
        (folder / part).mkdir()
        environment[variable] = str(folder / part)
    made = World(folder=folder, where=project(folder / name), environment=environment)
    if text:
        (made.where / "ops.yaml").write_text(text)
    try:
        yield made
    finally:
        made.end()


def project(folder: Path) -> Path:
    """A git repository with one commit on main."""
    folder.mkdir()
    git(folder, "init", "--quiet", "--template=", "--initial-branch=main")
    (folder / "README").write_text("a project\n")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "first")
    return folder
