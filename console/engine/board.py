"""What the engine publishes: `observed.json`, replaced whole, and `journal.jsonl`, one line an event. The files are the interface."""

import json
import os
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from console.core.shown import SCHEMA, Board, EventShown

STALE_S = 15.0  # a board older than this says nothing about the present
JOURNAL_MAX = 20_000_000  # bytes; then it is rotated once
RENAMED = {"bays": ("for_", "for")}  # words that Python keeps for itself


class NoBoard(Exception):
    """There is no board to read: no engine has run here, or it cannot be understood."""


def iso(seconds: float) -> str:
    """Seconds since the epoch as ISO 8601 in UTC with milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds(text: str) -> float:
    """``iso`` backwards."""
    return datetime.fromisoformat(text).timestamp()


def write(state: Path, board: Board) -> None:
    """Replaces the board; a reader sees the old one or the new one, never a half."""
    import msgspec

    shown = msgspec.to_builtins(board)
    _rename(shown, back=False)
    replace(state / "observed.json", json.dumps(shown, ensure_ascii=False, separators=(",", ":")))


def replace(path: Path, text: str) -> None:
    """Writes ``text`` to ``path`` by a temporary name and a rename, so that nobody reads a half."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def raw(state: Path) -> dict[str, Any]:
    """The board as parsed JSON: for `status`, which prints it and imports nothing to do so. Raises NoBoard."""
    try:
        shown = json.loads((state / "observed.json").read_bytes())
    except FileNotFoundError:
        raise NoBoard("no engine has run here yet") from None
    except (OSError, ValueError) as error:
        raise NoBoard(f"observed.json cannot be read: {error}") from error
    if not isinstance(shown, dict) or shown.get("schema") != SCHEMA:
        raise NoBoard("observed.json was written by another version of ops-console")
    return shown


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


def age(shown: Mapping[str, Any] | Board, now: float | None = None) -> float:
    """Seconds since the board was written; over STALE_S nothing is known about the present."""
    at = shown.at if isinstance(shown, Board) else shown["at"]
    return max(0.0, (time.time() if now is None else now) - seconds(at))


def note(state: Path, event: EventShown) -> None:
    """Appends one event to the journal: one write of one line, so that lines never mix."""
    import msgspec

    path = state / "journal.jsonl"
    if path.exists() and path.stat().st_size > JOURNAL_MAX:
        path.replace(path.with_suffix(".old.jsonl"))
    with path.open("ab") as file:
        file.write(msgspec.json.encode(event) + b"\n")


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
