"""A list of rows with a cursor: queue, slots, events, pickers and menus."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from textual import events
from textual.message import Message
from textual.strip import Strip

from console.tui.lines import Line, strip
from console.tui.widgets.canvas import Canvas


class Row(NamedTuple):
    """``key`` names the row from one board to the next, so that the cursor stays on it; ``line`` makes it for a width."""

    key: str
    line: Callable[[int], Line]


class RowList(Canvas, can_focus=True):
    """Rows of one line, the cursor row running from border to border.

    ``drives``: the cursor is shown without the focus too, because another panel follows it. ``newest_first``: new rows come in at the
    top, and a cursor on the first row stays there, so that they are seen.
    """

    class Moved(Message):
        """The cursor is on another row, or the row under it has gone."""

        def __init__(self, rows: "RowList") -> None:
            super().__init__()
            self.rows = rows

        @property
        def control(self) -> "RowList":
            return self.rows

    class Opened(Message):
        """A row was chosen by a click on the row that had the cursor."""

        def __init__(self, rows: "RowList") -> None:
            super().__init__()
            self.rows = rows

    def __init__(self, *, id: str | None = None, ground: str = "ground", drives: bool = False, newest_first: bool = False) -> None:
        super().__init__(id=id)
        self.GROUND = ground
        self._drives = drives
        self._newest_first = newest_first
        self._rows: Sequence[Row] = ()
        self._empty: Callable[[int], Sequence[Line]] = lambda width: ()
        self._at = 0
        self._top = 0

    @property
    def key(self) -> str | None:
        """The key of the row under the cursor; None when there is no row."""
        return self._rows[self._at].key if self._rows else None

    def show(self, rows: Sequence[Row], empty: Callable[[int], Sequence[Line]] = lambda width: (), *, faded: bool = False) -> None:
        """Shows these rows; the cursor stays on its row by key, else near its place. ``empty`` makes what stands where there are none."""
        before = self.key
        self._rows, self._empty, self.faded = rows, empty, faded
        keys = [row.key for row in rows]
        stays = before in keys and not (self._newest_first and self._at == 0)
        self._at = keys.index(before or "") if stays else max(0, min(self._at, len(rows) - 1))
        self.repaint()
        if self.key != before:
            self.post_message(self.Moved(self))

    def move(self, where: str) -> None:
        """Moves the cursor: down, up, page_down, page_up, top or bottom."""
        page = max(1, self.size.height - 1)
        last = len(self._rows) - 1
        goal = {
            "down": self._at + 1,
            "up": self._at - 1,
            "page_down": self._at + page,
            "page_up": self._at - page,
            "top": 0,
            "bottom": last,
        }
        self.go(goal[where])

    def go(self, place: int) -> None:
        """Puts the cursor on the row at ``place``, or on the nearest there is."""
        before = self._at
        self._at = max(0, min(place, len(self._rows) - 1))
        if self._at != before:
            self.repaint()
            self.post_message(self.Moved(self))

    def paint(self, width: int, height: int) -> list[Strip]:
        if not self._rows:
            return [strip(said, width, self.GROUND, self.faded) for said in self._empty(width)]
        self._top = min(self._top, self._at, max(0, len(self._rows) - height))
        self._top = max(self._top, self._at - height + 1)
        shown = range(self._top, min(len(self._rows), self._top + height))
        return [strip(self._rows[n].line(width), width, self._ground(n), self.faded) for n in shown]

    def _ground(self, n: int) -> str:
        if n != self._at:
            return self.GROUND
        return "cursor" if self.has_focus else "elsewhere" if self._drives else self.GROUND

    def watch_has_focus(self, _has_focus: bool) -> None:
        super().watch_has_focus(_has_focus)  # the border's styles
        self.repaint()

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or self._top + offset.y >= len(self._rows):
            return
        again = self._top + offset.y == self._at and event.chain > 1
        self.go(self._top + offset.y)
        if again:
            self.post_message(self.Opened(self))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self.move("down")

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self.move("up")
