"""Who is told when something is written into a run folder: by the kernel where it can, else by a clock."""

import asyncio
import errno
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from panes.seen import RunId

TOLD = ("exit.json", "events.jsonl", "question.json")
POLL_S = 0.5


async def watch(root: Path) -> AsyncIterator[RunId | None]:
    """Ids of runs about which something was written; None first, as soon as nothing can be missed any more, and whenever in doubt."""
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    if sys.platform == "linux":
        try:
            async for event in _by_kernel(root.resolve()):
                yield event
        except OSError as full:
            if full.errno not in (errno.ENOSPC, errno.EMFILE):  # no more watches for this user, or no more files
                raise
    while True:
        yield None
        await asyncio.sleep(POLL_S)


async def _by_kernel(root: Path) -> AsyncIterator[RunId | None]:
    from asyncinotify import Inotify, Mask  # is not there on other systems

    made = Mask.CREATE | Mask.MOVED_TO | Mask.ONLYDIR
    with Inotify() as inotify:

        def follow(folder: Path, depth: int) -> Iterator[RunId]:
            """Watches a folder and all below; whatever came into it before that is told."""
            if depth == 2 and (folder / "exit.json").exists():
                yield RunId(folder.name)
                return
            try:
                inotify.add_watch(folder, made | Mask.CLOSE_WRITE if depth == 2 else made)
                below = list(folder.iterdir())
            except (FileNotFoundError, NotADirectoryError):
                return
            for path in below:
                if depth < 2:
                    yield from follow(path, depth + 1)
                elif path.name in TOLD:
                    yield RunId(folder.name)

        for _ in follow(root, 0):
            pass
        yield None
        async for event in inotify:
            if Mask.Q_OVERFLOW in event.mask:
                for run in follow(root, 0):
                    yield run
                yield None
            elif event.path is None or event.name is None:
                continue
            elif (depth := len(event.path.relative_to(root).parts)) < 3:
                for run in follow(event.path, depth):
                    yield run
            elif event.path.name in TOLD:
                yield RunId(event.path.parent.name)
                if event.path.name == "exit.json" and event.watch:
                    inotify.rm_watch(event.watch)
