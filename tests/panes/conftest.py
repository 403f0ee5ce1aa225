"""What the tests of the workers' side share: waiting for something with a deadline, run folders, shims without tmux."""

import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from panes import runs, shim
from panes.seen import RunId, Slot
from panes.session import Session

SHIM = [sys.executable, "-I", "-S", str(Path(shim.__file__).resolve())]
ENV = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C.UTF-8"}


def until(true: Callable[[], object], what: str, seconds: float = 20.0) -> None:
    """Waits until ``true()`` is; fails with ``what`` was waited for."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {seconds:g} s for {what}")
        time.sleep(0.005)


def spec(number: int = 1, task: str = "7", **more: object) -> runs.Spec:
    fields: dict[str, object] = {
        "id": RunId(f"{task}-{number}"),
        "task": task,
        "purpose": "work",
        "kind": "script",
        "slot": Slot("w01"),
        "reason": "implement",
        "began": 1000.0,
        "about": {"claim": "abc"},
        "prompt": "Mend it.\n",
    }
    return runs.Spec(**(fields | more))  # type: ignore[arg-type]  # a test's own short hand


class Shims:
    """Starts shims outside tmux and ends those that are left."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.started: list[subprocess.Popen[bytes]] = []

    def folder(
        self, where: Path | str = "/", wall_s: float = 60.0, grace_s: float = 5.0, number: int = 1, result: str = "exit-code"
    ) -> Path:
        """A reserved run with its orders."""
        folder = runs.reserve(self.root, spec(number, result=result))
        order = {"where": str(where), "env": ENV, "wall_s": wall_s, "grace_s": grace_s}
        (folder / "start.json").write_text(json.dumps(order))
        return folder

    def start(self, folder: Path, *command: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [*SHIM, str(folder), "--", *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.started.append(process)
        return process

    def run(self, folder: Path, *command: str) -> subprocess.Popen[bytes]:
        process = self.start(folder, *command)
        process.wait(30)
        return process


@pytest.fixture
def shims(tmp_path: Path) -> Iterator[Shims]:
    made = Shims(tmp_path / "runs")
    yield made
    for process in made.started:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=30)


@pytest.fixture
def tmux(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Session]:
    """An open session on a server of the test's own."""
    with tempfile.TemporaryDirectory(prefix="t") as sockets:  # a socket's path has room for a hundred bytes only
        monkeypatch.setenv("TMUX_TMPDIR", sockets)
        monkeypatch.delenv("TMUX", raising=False)
        ours = Session(f"test-{secrets.token_hex(4)}", tmp_path / "tmux", ["sleep", "600"])
        ours.open()
        yield ours
        ours.kill()
