"""Every story gets folders, a HOME and a tmux server of its own."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.world import World, planted, world

Made = Callable[..., World]


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A short path: tmux's sockets take 107 characters."""
    made = Path(tempfile.mkdtemp(prefix="ops-t-"))
    for variable, part in (
        ("HOME", "home"),
        ("TMUX_TMPDIR", "tmux"),
        ("XDG_STATE_HOME", "s"),
        ("XDG_DATA_HOME", "d"),
        ("XDG_CONFIG_HOME", "c"),
    ):
        (made / part).mkdir()
        monkeypatch.setenv(variable, str(made / part))
    for variable in ("TMUX", "OPS_KILL_ONCE", "VIRTUAL_ENV"):
        monkeypatch.delenv(variable, raising=False)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def make(folder: Path) -> Iterator[Made]:
    """Makes a world in ``folder``, and ends it after the test."""
    worlds: list[World] = []

    def made(text: str, files: dict[str, str] | None = None) -> World:
        worlds.append(world(folder, text, files or {"README": "a project\n"}))
        return worlds[-1]

    yield made
    for each in worlds:
        each.end()


@pytest.fixture
def larder(folder: Path) -> Iterator[World]:
    """The demo's world."""
    made = planted(folder)
    yield made
    made.end()
