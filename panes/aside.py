"""Folders moved out of the way, and taken off the disk later."""

import os
import secrets
import shutil
import stat
import time
from pathlib import Path


def aside(folder: Path, into: Path) -> Path | None:
    """Moves a folder into another one, under a name of its own, and returns where it is now. None: there is none."""
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = into / f"{folder.name}-{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"
    try:
        folder.rename(kept)
    except FileNotFoundError:
        return None
    return kept


def embedded(where: Path) -> tuple[Path, ...]:
    """The repositories inside a worktree, submodules too; its own ``.git`` is none."""
    found = []
    for at, folders, files in os.walk(where):
        if Path(at) != where and ".git" in (*folders, *files):
            found.append(Path(at))
            folders.clear()
        elif ".git" in folders:
            folders.remove(".git")
    return tuple(found)


def sweep(trash: Path) -> None:
    """Takes all that is in ``trash`` off the disk. Two at once, or a file that will not go, are no harm: the next sweep finds it."""
    for at, folders, _ in os.walk(trash):
        for name in folders:
            _open_up(Path(at, name))
    for each in trash.glob("*"):
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each, ignore_errors=True)
        else:
            each.unlink(missing_ok=True)


def _open_up(folder: Path) -> None:
    """Folders that may not be written to (Go's module cache is full of them) could not be emptied."""
    try:
        mode = folder.lstat().st_mode
        if stat.S_ISDIR(mode) and mode & stat.S_IRWXU != stat.S_IRWXU:
            folder.chmod(stat.S_IMODE(mode) | stat.S_IRWXU)
    except OSError:
        return  # another sweep was faster
