"""What the cursor is on, large: the live screen of a slot, or the text of an issue."""

from collections.abc import Callable

from textual import events
from textual.strip import Strip

from console.tui.inks import style
from console.tui.lines import Line, strip
from console.tui.sgr import screen
from console.tui.widgets.canvas import Canvas

TIGHT = 8  # lines: in a pane lower than this, blank lines give way


class Preview(Canvas, can_focus=True):
    """A pane of glass. A screen is shown from its end, a text from its beginning; both can be scrolled when the pane has the focus."""

    GROUND = "glass"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._screen: str | None = None
        self._make: Callable[[int], list[Line]] = lambda width: []
        self._back = 0  # lines scrolled away from where it begins
        self._about: str | None = None

    def show_screen(self, about: str, text: str, *, faded: bool) -> None:
        """Shows a captured screen. ``about`` names what is shown: with another name scrolling begins anew."""
        self._turn_to(about)
        self._screen, self.faded = text, faded
        self.repaint()

    def show_text(self, about: str, make: Callable[[int], list[Line]], *, faded: bool = False) -> None:
        """Shows lines; ``make`` takes the width of the pane."""
        self._turn_to(about)
        self._screen, self._make, self.faded = None, make, faded
        self.repaint()

    def _turn_to(self, about: str) -> None:
        if about != self._about:
            self._about, self._back = about, 0

    def paint(self, width: int, height: int) -> list[Strip]:
        if self._screen is None:
            lines = self._make(width)
            self._back = max(0, min(self._back, len(lines) - height))
            return [strip(said, width, self.GROUND, self.faded) for said in lines[self._back : self._back + height]]
        rows = self._rows(self._screen, height)
        self._back = max(0, min(self._back, len(rows) - height))
        end = len(rows) - self._back
        return [self._framed(row, width) for row in rows[max(0, end - height) : end]]

    def _rows(self, text: str, height: int) -> list[Strip]:
        """The screen's lines without the blank ones after its last; in a low pane without any blank ones."""
        lines = screen(text, faded=self.faded)
        while lines and not lines[-1][0].strip():
            lines.pop()
        return [row for plain, row in lines if plain.strip() or height >= TIGHT]

    def _framed(self, row: Strip, width: int) -> Strip:
        """One line of the screen with a space at each end, in exactly ``width`` cells."""
        blank = style("text", self.GROUND)
        inner = row.adjust_cell_length(max(0, width - 2), blank)
        edge = Strip.blank(1, blank)
        return Strip.join([edge, inner, edge]).adjust_cell_length(width, blank)

    def move(self, where: str) -> None:
        page = max(1, self.size.height - 1)
        by = {"down": 1, "up": -1, "page_down": page, "page_up": -page, "top": -100_000, "bottom": 100_000}[where]
        self._back += by if self._screen is None else -by
        self.repaint()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self.move("down")

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self.move("up")
