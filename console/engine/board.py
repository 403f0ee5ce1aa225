"""What the engine publishes: `observed.json`, replaced whole, and `journal.jsonl`, one line an event. The files are the interface."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from console.core.shown import Board, EventShown
from console.engine.files import STALE_S, NoBoard, age, iso, raw, replace, seconds
from console.redact import redact

__all__ = ["STALE_S", "NoBoard", "age", "events", "follow", "iso", "note", "raw", "read", "replace", "seconds", "write"]

JOURNAL_MAX = 20_000_000  # bytes; then it is rotated once
RENAMED = {"bays": ("for_", "for")}  # words that Python keeps for itself


def write(state: Path, board: Board) -> None:
    """Replaces the board; a reader sees the old one or the new one, never a half."""
    import msgspec

    shown = msgspec.to_builtins(board)
    _rename(shown, back=False)
    replace(state / "observed.json", json.dumps(shown, ensure_ascii=False, separators=(",", ":")))


def read(state: Path) -> Board:
    """The board, typed. Raises NoBoard."""
    import msgspec

    shown = raw(state)
    _rename(shown, back=True)
    try:
        return msgspec.convert(shown, Board)
    except msgspec.ValidationError as error:
        raise NoBoard(f"observed.json was written by another version of ops-console: {error}") from error


def _rename(shown: dict[str, Any], *, back: bool) -> None:
    for where, names in RENAMED.items():
        old, new = reversed(names) if back else names
        for row in shown.get(where, ()):
            row[new] = row.pop(old)


def note(state: Path, event: EventShown) -> None:
    """Appends one event to the journal: one write of one line, so that lines never mix."""
    import msgspec

    path = state / "journal.jsonl"
    if path.exists() and path.stat().st_size > JOURNAL_MAX:
        path.replace(path.with_suffix(".old.jsonl"))
    with path.open("ab") as file:
        file.write(redact(msgspec.json.encode(event).decode()).encode() + b"\n")


def events(state: Path, last: int | None = None) -> list[EventShown]:
    """The journal's events, oldest first; the ``last`` so many of them. A broken line is left out, not fatal."""
    import msgspec

    try:
        lines = (state / "journal.jsonl").read_bytes().splitlines()
    except FileNotFoundError:
        return []
    read = []
    for line in lines if last is None else lines[-last:]:
        try:
            read.append(msgspec.json.decode(line, type=EventShown))
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
    return read


def follow(state: Path, poll_s: float = 0.2) -> Iterator[EventShown | None]:
    """Events as they are written, for ever, starting after those already there; None whenever there is nothing new."""
    import msgspec

    path, at, rest = state / "journal.jsonl", -1, b""
    while True:
        size = path.stat().st_size if path.exists() else 0
        if at < 0 or size < at:  # the first look starts at the end; a rotated journal at its beginning
            at, rest = (size if at < 0 else 0), b""
        if size == at:
            yield None
            time.sleep(poll_s)
            continue
        with path.open("rb") as file:
            file.seek(at)
            rest += file.read(size - at)
        at = size
        *whole, rest = rest.split(b"\n")
        for line in whole:
            yield msgspec.json.decode(line, type=EventShown)
