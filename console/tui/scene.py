"""The scene: the board as last read, how old it is, and what the cursor is on. Everything that is drawn is drawn from it."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from console.core.shown import Board, EventShown, PullShown, SlotShown, TaskShown
from console.engine import board as boards
from panes.seen import fact

PATIENCE_S = 10.0  # an engine that was just started gets so long for its first board before the console says there is none

Panel = Literal["queue", "slots", "events"]


@fact
class Scene:
    """What is known at ``now``. ``board`` None: there never was one; ``trouble``: why the last reading failed, None when it did not."""

    board: Board | None
    trouble: str | None
    now: float  # seconds since the epoch
    opened: float

    @property
    def age(self) -> float:
        """Seconds since the board was written; 0 when there is none."""
        return boards.age(self.board.at, self.now) if self.board else 0.0

    @property
    def state(self) -> Literal["loading", "none", "error", "stale", "fresh"]:
        if self.board is None:
            if self.trouble:
                return "error"
            return "loading" if self.now - self.opened < PATIENCE_S else "none"
        return "stale" if self.trouble or self.age > boards.STALE_S else "fresh"

    @property
    def answering(self) -> bool:
        return self.state == "fresh"

    def task(self, issue: int | None) -> TaskShown | None:
        return next((t for t in self.board.tasks if t.issue == issue), None) if self.board and issue is not None else None

    def pull(self, number: int | None) -> PullShown | None:
        return next((p for p in self.board.pulls if p.pull == number), None) if self.board and number is not None else None

    def slot(self, name: str | None) -> SlotShown | None:
        return next((s for s in self.board.slots if s.slot == name), None) if self.board and name is not None else None

    @property
    def digits(self) -> int:
        """How many the longest number of an issue has: the width of that column."""
        return max((len(str(t.issue)) for t in self.board.tasks), default=2) if self.board else 2

    @property
    def working(self) -> bool:
        """Whether leaving now would leave work behind that goes on."""
        board = self.board
        return bool(self.answering and board and (board.bays or board.train or any(s.state in ("run", "ask", "boot") for s in board.slots)))


@fact
class Chosen:
    """What a verb is about: what the cursor is on in the panel that has (or last had) the focus, and what belongs to it."""

    panel: Panel
    slot: SlotShown | None = None
    task: TaskShown | None = None
    pull: PullShown | None = None
    event: EventShown | None = None


class Eye:
    """Reads the board of a state folder, again only when the file has changed. ``now``: the clock, seconds since the epoch."""

    def __init__(self, state: Path, now: Callable[[], float]) -> None:
        self._state = state
        self._now = now
        self._opened = now()
        self._mark: tuple[int, int, int] | None = None
        self._board: Board | None = None
        self._trouble: str | None = None

    def look(self) -> Scene:
        mark = self._stat()
        if mark != self._mark:
            self._mark = mark
            self._read(there=mark is not None)
        return Scene(board=self._board, trouble=self._trouble, now=self._now(), opened=self._opened)

    def _stat(self) -> tuple[int, int, int] | None:
        try:
            seen = (self._state / "observed.json").stat()
        except OSError:
            return None
        return seen.st_mtime_ns, seen.st_ino, seen.st_size

    def _read(self, *, there: bool) -> None:
        try:
            self._board, self._trouble = boards.read(self._state), None
        except boards.NoBoard as error:
            # The last board stays: old and said to be old is worth more than nothing.
            self._trouble = str(error) if there or self._board else None
