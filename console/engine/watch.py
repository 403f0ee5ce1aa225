"""What wakes the loop, and what is looked at beside it: the inbox and the runs as they change, tmux and the screens once a second."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

from console.core.shown import TmuxShown
from console.engine.board import iso
from panes.seen import PanesError, Slot
from panes.session import Session

SCREEN_S = 1.0
POLL_S = 0.25  # where the kernel does not tell about files


class Watch:
    """Beside one loop. ``shown`` and ``lines`` are as of the last look, at most SCREEN_S old."""

    def __init__(self, session: Session, folders: tuple[Path, ...]) -> None:
        self._session = session
        self._folders = folders
        self._tmux: TmuxShown | None = None
        self._lines: dict[str, str] = {}

    def tmux(self) -> TmuxShown | None:
        """The server as last seen; None while it does not answer."""
        return self._tmux

    def lines(self) -> Mapping[str, str]:
        """Slot → the last line of its screen that is not empty."""
        return self._lines

    async def files(self, wake: Callable[[], None]) -> None:
        """Wakes the loop whenever a command is left or the standing word changes."""
        async for _ in changes(self._folders):
            wake()

    async def runs(self, events: AsyncIterator[object], wake: Callable[[], None]) -> None:
        """Wakes the loop whenever something is written about a run."""
        async for _ in events:
            wake()

    async def screens(self, live: Callable[[], tuple[str, ...]], wake: Callable[[], None]) -> None:
        """Keeps the tmux server there, and looks at the screens of the slots that are at work."""
        while True:
            before = self._tmux
            try:
                await asyncio.to_thread(self._session.open)
                pid, started = await asyncio.to_thread(self._session.server)
                self._tmux = TmuxShown(server=self._session.name, pid=pid, started=iso(started))
                for slot in live():
                    self._lines[slot] = last_line(await asyncio.to_thread(self._session.capture, Slot(slot)))
            except PanesError:
                self._tmux = None
            if self._tmux != before:
                wake()
            await asyncio.sleep(SCREEN_S)


def last_line(screen: str) -> str:
    """The last line with something on it, without its escapes."""
    import re

    plain = re.sub(r"\x1b\[[0-9;:]*m|\x1b.|[\x0e\x0f]", "", screen)
    return next((line.strip() for line in reversed(plain.splitlines()) if line.strip()), "")


async def changes(folders: tuple[Path, ...]) -> AsyncIterator[None]:
    """Something in one of ``folders`` was written or renamed; by the kernel's word, else by looking."""
    try:
        from asyncinotify import Inotify, Mask
    except ImportError:
        async for _ in polled(folders):
            yield
        return
    with Inotify() as inotify:
        for folder in folders:
            inotify.add_watch(folder, Mask.CLOSE_WRITE | Mask.MOVED_TO | Mask.CREATE)
        async for _ in inotify:
            yield


async def polled(folders: tuple[Path, ...]) -> AsyncIterator[None]:
    before: object = None
    while True:
        now = [(folder, folder.stat().st_mtime_ns) for folder in folders if folder.is_dir()]
        if now != before:
            yield
        before = now
        await asyncio.sleep(POLL_S)
