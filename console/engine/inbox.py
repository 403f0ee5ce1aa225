"""Commands in: one small JSON file each, left by a key, a shell command or a schedule, and answered in a file.

A command waits in `inbox/` until the tick that sees its effect; the answer is `inbox/done/<id>.json`. One that must not be done
twice (keys typed into a live pane) goes to `inbox/taken/` first, so that after a crash it is reported and never repeated.
"""

import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from console.core.facts import Answer, Command, Oid, Said, Standing
from console.engine.board import iso, replace, seconds

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid(now: float) -> str:
    """A name that sorts by time and that nobody else takes: 48 bits of milliseconds, 80 random ones, Crockford's base 32."""
    number = (int(now * 1000) << 80) | int.from_bytes(os.urandom(10), "big")
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


def leave(
    state: Path,
    do: str,
    target: str,
    by: str,
    *,
    args: Mapping[str, str] | None = None,
    pinned: str | None = None,
    not_before: float | None = None,
) -> str:
    """Leaves a command for the engine; its id. Times are seconds since the epoch."""
    now = time.time()
    said = {
        "schema": 1,
        "id": ulid(now),
        "at": iso(now),
        "by": by,
        "do": do,
        "target": target,
        "args": dict(args or {}),
        "pinned": pinned,
        "not_before": None if not_before is None else iso(not_before),
    }
    folder = _folder(state)
    replace(folder / f"{said['id']}.json", json.dumps(said, ensure_ascii=False))
    return str(said["id"])


def _folder(state: Path, part: str = "") -> Path:
    folder = state / "inbox" / part
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def waiting(state: Path) -> tuple[Command, ...]:
    """Commands not answered yet, oldest first. One that cannot be read is answered as refused at once, so that it is seen."""
    return tuple(c for path in sorted(_folder(state).glob("*.json")) if (c := _read(state, path)))


def _read(state: Path, path: Path) -> Command | None:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return Command(
            id=str(said["id"]),
            do=str(said["do"]),
            target=str(said["target"]),
            args={str(k): str(v) for k, v in said["args"].items()},
            by=str(said["by"]),
            at=seconds(said["at"]),
            not_before=None if said["not_before"] is None else seconds(said["not_before"]),
            pinned=None if said["pinned"] is None else Oid(said["pinned"]),
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        answer(state, Answer(command=path.stem, outcome="refused", why=f"the command's file cannot be read: {error!r}"))
        return None


def answer(state: Path, said: Answer) -> None:
    """Writes the answer, then takes the command out: a crash between the two answers it again, with the same words."""
    text = json.dumps({"outcome": said.outcome, "why": said.why, "at": iso(time.time())}, ensure_ascii=False)
    replace(_folder(state, "done") / f"{said.command}.json", text)
    (_folder(state) / f"{said.command}.json").unlink(missing_ok=True)
    (_folder(state, "taken") / f"{said.command}.json").unlink(missing_ok=True)


def answered(state: Path, command: str) -> Answer | None:
    """The answer to a command, None while there is none."""
    try:
        said = json.loads((_folder(state, "done") / f"{command}.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Answer(command=command, outcome=said["outcome"], why=said["why"])


def take(state: Path, command: str) -> bool:
    """Moves a command out of the way before it is done, for what cannot be done twice; False when it is taken already."""
    try:
        (_folder(state) / f"{command}.json").rename(_folder(state, "taken") / f"{command}.json")
    except FileNotFoundError:
        return False
    return True


def taken(state: Path) -> tuple[str, ...]:
    """Ids of commands that were begun; after a crash nobody knows whether they were delivered."""
    return tuple(sorted(path.stem for path in _folder(state, "taken").glob("*.json")))


def forget(state: Path, before: float) -> None:
    """Drops answers older than ``before`` (seconds since the epoch)."""
    for path in _folder(state, "done").glob("*.json"):
        if path.stat().st_mtime < before:
            path.unlink(missing_ok=True)


def standing(path: Path) -> Standing:
    """What the operator said last about mode, pause and freeze; nothing when the file is not there.

    A file that cannot be read counts as paused and frozen: what it forbids is unknown.
    """
    import msgspec

    try:
        return msgspec.json.decode(path.read_bytes(), type=Standing)
    except FileNotFoundError:
        return Standing()
    except (OSError, msgspec.DecodeError) as error:
        unread = Said(by="engine", at=time.time(), why=f"{path} cannot be read: {error}")
        return Standing(pause=unread, freeze=unread)


def say(path: Path, change: Callable[[Standing], Standing]) -> Standing:
    """Changes what stands, under a lock, and returns what stands now."""
    import msgspec
    from filelock import FileLock

    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock"), timeout=10):
        new = change(standing(path))
        replace(path, msgspec.json.encode(new).decode())
    return new
