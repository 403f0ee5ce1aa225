"""This machine: run folders, our tmux session, and what the kernel says about files. Here blocking calls leave the event loop."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from panes import runs, shim
from panes.hosts.watch import watch
from panes.runs import RunFolders, Spoilt
from panes.seen import Conflict, Limits, Run, RunId, Slot, SlotSeen
from panes.session import Session

SHIM = Path(shim.__file__).resolve()
LOOK_S = 0.05  # how often a tree without its shim is looked through while it is being ended


class LocalHost:
    """``root``: of the run folders; ``session``: opened when something is started."""

    def __init__(self, root: Path, session: Session) -> None:
        self._folders = RunFolders(root)
        self._session = session
        self._looking = asyncio.Lock()

    async def start(self, folder: Path, slot: Slot, argv: Sequence[str], where: Path, env: Mapping[str, str], limits: Limits) -> None:
        for other in await self.runs():
            if other.slot == slot and other.state == "alive" and other.folder != folder.resolve():
                raise Conflict(f"{slot} is busy with {other.id}")
        await asyncio.to_thread(self._start, folder.resolve(), slot, argv, where, env, limits)

    def _start(self, folder: Path, slot: Slot, argv: Sequence[str], where: Path, env: Mapping[str, str], limits: Limits) -> None:
        run = runs.look_at(folder)
        if run.state != "reserved" or run.started:
            return
        # The environment goes by file: in tmux's argument list everybody on the machine could read it.
        order = {"where": str(where), "env": dict(env), "wall_s": limits.wall_s, "grace_s": limits.grace_s}
        runs.write_whole(folder / "start.json", json.dumps(order).encode())
        self._session.open()
        # By path, isolated: with -m it would be the worktree's own panes/shim.py that runs.
        command = [sys.executable, "-I", "-S", str(SHIM), str(folder), "--", *argv]
        self._session.start(slot, command, where, run.task, run.id)

    async def stop(self, run: Run, grace_s: float) -> None:
        runs.write_whole(run.folder / "stop", str(grace_s).encode())
        if not _ring(run.folder / "bell") and run.state == "alive":
            await _end_without_shim(run.folder, grace_s)

    async def void(self, folder: Path) -> Run:
        return await asyncio.to_thread(runs.void, folder)

    async def runs(self) -> tuple[Run, ...]:
        async with self._looking:
            return await asyncio.to_thread(self._folders.look)

    @property
    def spoilt(self) -> tuple[Spoilt, ...]:
        return self._folders.spoilt

    async def slots(self) -> tuple[SlotSeen, ...]:
        return await asyncio.to_thread(self._session.slots)

    async def capture(self, slot: Slot, history: int = 0) -> str:
        return await asyncio.to_thread(self._session.capture, slot, history)

    async def interrupt(self, slot: Slot) -> None:
        await asyncio.to_thread(self._session.interrupt, slot)

    async def paste(self, slot: Slot, text: str) -> None:
        await asyncio.to_thread(self._session.paste, slot, text)

    async def close(self, slot: Slot) -> None:
        await asyncio.to_thread(self._session.close, slot)

    def events(self) -> AsyncIterator[RunId | None]:
        return watch(self._folders.root)


def _ring(bell: Path) -> bool:
    """False: no shim listens (none has come yet, and then it will find the file ``stop``; or it is gone)."""
    try:
        descriptor = os.open(bell, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return False
    with contextlib.suppress(BlockingIOError):  # full: it has been rung before
        os.write(descriptor, b"!")
    os.close(descriptor)
    return True


async def _end_without_shim(folder: Path, grace_s: float) -> None:
    """Ends a tree whose shim was killed. Its run is then neither alive nor ended: it gets voided."""
    kill_at = time.monotonic() + grace_s
    number = signal.SIGTERM
    while left := await asyncio.to_thread(_left, folder):
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        await asyncio.sleep(LOOK_S)
        if time.monotonic() >= kill_at:
            number = signal.SIGKILL


def _left(folder: Path) -> set[int]:
    """Whoever carries the run's mark or has its ``tree.lock`` open, without the shim itself (which holds ``wrapper.lock``)."""
    marked = {pid for pid, carried in runs.carriers().items() if carried == str(folder)}
    return marked | set(runs.openers(folder / "tree.lock"))
