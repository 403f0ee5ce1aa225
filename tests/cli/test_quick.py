"""Asking for the present is cheap enough for a shell prompt: what `status` imports."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.status import board_of
from console.engine import board
from console.place import Options, locate
from panes.git import git

HEAVY = {"asyncio", "filelock", "httpx", "jinja2", "libtmux", "msgspec", "shutil", "starlette", "textual", "yaml"}
OURS = {"console.core.facts", "console.core.shown", "console.settings", "panes.seen"}
PROBE = """
import json, sys
from console.cli.main import main
try:
    main(["status"])
except SystemExit as end:
    print(json.dumps([end.code, sorted(sys.modules)]))
"""


def test_status_imports_nothing_that_it_does_not_need(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    git(tmp_path, "init", "--quiet", str(tmp_path / "proj"))
    place = locate(Options(where=tmp_path / "proj"))
    place.state.mkdir(parents=True)
    board.write(place.state, board_of(place, time.time() + 600))
    ran = subprocess.run([sys.executable, "-c", PROBE], cwd=tmp_path / "proj", capture_output=True, text=True, timeout=60)
    assert "Issue 200 of a board that is full" in ran.stdout, ran.stderr
    code, modules = json.loads(ran.stdout.splitlines()[-1])
    assert code == 0
    assert (HEAVY | OURS).isdisjoint(modules)
