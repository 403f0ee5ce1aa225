"""The console with a real tmux beneath it, and a second one around it as the operator's terminal."""

import asyncio
import os
import secrets
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from console.core.shown import Board
from console.engine.board import iso
from panes.seen import PanesError, RunId, Slot
from panes.session import Session
from tests.tui import sample
from tests.tui.conftest import Open, frame, until

ROOT = Path(__file__).parents[2]
SLOTS = (sample.slot("w01", "run", 12, "a worker", 1),)


class Terminal:
    """A terminal of 100×30 that a program runs in: a pane of a tmux server of its own, with keys to press and a screen to read."""

    def __init__(self, argv: list[str]) -> None:
        self._tmux = ["tmux", "-u", "-L", f"term-{secrets.token_hex(4)}", "-f", "/dev/null"]
        self._say("new-session", "-d", "-x", "100", "-y", "30", "sh", "-c", shlex.join(["env", "-u", "TMUX", *argv]) + "; sleep 600")

    def _say(self, *words: str) -> str:
        return subprocess.run([*self._tmux, *words], capture_output=True, text=True, check=True).stdout

    def press(self, *keys: str) -> None:
        self._say("send-keys", "-t", "0", *keys)

    def screen(self) -> str:
        return self._say("capture-pane", "-p", "-t", "0")

    def shows(self, true: Callable[[str], bool], deadline_s: float = 60) -> None:
        end = time.monotonic() + deadline_s
        while not true(screen := self.screen()):
            assert time.monotonic() < end, screen
            time.sleep(0.05)

    def close(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], capture_output=True, check=False)


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Session]:
    """A session with one worker, who says something in colour and then waits."""
    with tempfile.TemporaryDirectory(prefix="t") as sockets:
        monkeypatch.setenv("TMUX_TMPDIR", sockets)
        monkeypatch.delenv("TMUX", raising=False)
        ours = Session(f"test-{secrets.token_hex(4)}", tmp_path / "tmux", ["sleep", "600"])
        ours.open()
        says = "printf '\\033[31mred words\\033[0m\\n'; while read x; do echo heard $x; done"
        ours.start(Slot("w01"), ["/bin/sh", "-c", says], tmp_path, "12", RunId("r1"))
        yield ours
        ours.kill()


def now_board() -> Board:
    """A board that was written just now, with one worker."""
    return replace(sample.board(slots=SLOTS), at=iso(time.time()))


async def test_the_live_screen_of_the_chosen_slot_is_shown_as_it_changes(opened: Open, session: Session) -> None:
    async with opened(sample.board(slots=SLOTS), screens=session) as pilot:
        await until(pilot, lambda: "red words" in frame(pilot))
        await asyncio.to_thread(session.paste, Slot("w01"), "you")
        await until(pilot, lambda: "heard you" in frame(pilot))


async def test_a_tmux_server_that_is_gone_is_said_to_be_gone(opened: Open, session: Session) -> None:
    async with opened(sample.board(slots=SLOTS), screens=session) as pilot:
        await until(pilot, lambda: "red words" in frame(pilot))
        await asyncio.to_thread(session.kill)
        await until(pilot, lambda: "The screen cannot be seen" in frame(pilot))


@pytest.fixture
def console(state: Path, session: Session) -> list[str]:
    sample.publish(state, now_board())
    script = [sys.executable, "-P", "-m", "tests.tui.live_console", str(state), session.name, str(session.folder)]
    return ["env", f"PYTHONPATH={ROOT}", f"TMUX_TMPDIR={os.environ['TMUX_TMPDIR']}", *script]


@pytest.mark.parametrize("around", ["a bare terminal", "a tmux of the operator's"])
def test_attaching_lends_the_terminal_and_the_console_lives_on_after_it(state: Path, console: list[str], around: str) -> None:
    own = f"own-{secrets.token_hex(4)}"
    inside = ["tmux", "-u", "-L", own, "-f", "/dev/null", "new-session", *console]
    terminal = Terminal(console if around == "a bare terminal" else inside)
    try:
        terminal.shows(lambda screen: "red words" in screen and "ops-console" in screen)
        terminal.press("t")
        terminal.shows(lambda screen: "F12 leaves" in screen)
        terminal.press("h", "i", "Enter")
        terminal.shows(lambda screen: "heard hi" in screen)
        terminal.press("F12")
        terminal.shows(lambda screen: "F12 leaves" not in screen and "ops-console" in screen)
        later = replace(now_board(), repo="acme/later")
        sample.publish(state, later)
        terminal.shows(lambda screen: "acme/later" in screen)
        terminal.press("?")
        terminal.shows(lambda screen: "Verbs" in screen)
    finally:
        terminal.close()
        subprocess.run(["tmux", "-L", own, "kill-server"], capture_output=True, check=False)


class Broken:
    """A tmux that says no to everything."""

    def capture(self, slot: Slot) -> str:
        raise PanesError("tmux [could] not: no such pane")

    def attach_argv(self, slot: Slot, read_only: bool) -> list[str]:
        raise PanesError("there is no slot w07")


async def test_what_tmux_refuses_is_said_in_its_words(opened: Open) -> None:
    async with opened(sample.busy(), screens=Broken(), size=(160, 45)) as pilot:
        await until(pilot, lambda: "tmux [could] not: no such pane" in frame(pilot))
        await pilot.press("t")
        await until(pilot, lambda: "attach w07: there is no slot w07" in frame(pilot))


def test_the_console_asks_for_textual_and_for_nothing_that_is_slow() -> None:
    script = "import sys, console.tui, console.tui.app; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    ran = subprocess.run(
        [sys.executable, "-P", "-c", script], env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
    )
    assert not {"httpx", "libtmux", "openai", "yaml", "jinja2", "starlette", "filelock", "msgspec"} & set(ran.stdout.split())
