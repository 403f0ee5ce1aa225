"""The engine's files as they lie on the disk: names, times, and the board as plain JSON. Imports next to nothing, for `status`."""

import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from console.core.schema import SCHEMA
from console.redact import redact

STALE_S = 15.0  # a board older than this says nothing about the present


class NoBoard(Exception):
    """There is no board to read: no engine has run here, or it cannot be understood."""


def iso(seconds: float) -> str:
    """Seconds since the epoch as ISO 8601 in UTC with milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds(text: str) -> float:
    """``iso`` backwards."""
    return datetime.fromisoformat(text).timestamp()


def replace(path: Path, text: str) -> None:
    """Writes ``text``, without secrets, to ``path`` by a temporary name and a rename, so that nobody reads a half."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(redact(text), encoding="utf-8")
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


def age(at: str, now: float | None = None) -> float:
    """Seconds since the board was written (its ``at``); over STALE_S nothing is known about the present."""
    return max(0.0, (time.time() if now is None else now) - seconds(at))
