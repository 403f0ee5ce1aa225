"""The ground of every panel: a widget that holds a list of strips and repaints the rows that differ from the last list."""

from abc import abstractmethod
from collections.abc import Callable

from textual import events
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from console.tui.lines import Bit, Line, content, strip


class Canvas(Widget):
    """A widget drawn row by row. A subclass says in ``paint`` what the rows are; ``repaint`` is called when that may have changed."""

    GROUND = "ground"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.faded = False  # what is shown is old
        self._strips: list[Strip] = []
        self._title: Callable[[int], tuple[Bit, ...]] = lambda width: ()
        self._keys: tuple[Bit, ...] = ()
        self._titled: object = None  # the border's texts as they stand, with the width they were cut for

    @abstractmethod
    def paint(self, width: int, height: int) -> list[Strip]:
        """The strips for the widget's inside, each ``width`` cells; fewer than ``height`` leave the rest empty."""

    def repaint(self) -> None:
        """Paints again and asks for a refresh of the rows that changed, and of no others."""
        width, height = self.size
        if not width or not height:
            return
        before, self._strips = self._strips, self._filled(width, height)
        if len(before) != len(self._strips):
            self.refresh()
            return
        changed = [Region(0, y, width, 1) for y, (old, new) in enumerate(zip(before, self._strips, strict=True)) if old != new]
        if changed:
            self.refresh(*changed)

    def _filled(self, width: int, height: int) -> list[Strip]:
        strips = self.paint(width, height)[:height]
        return strips + [self.empty(width)] * (height - len(strips))

    def empty(self, width: int) -> Strip:
        return strip(Line(), width, self.GROUND, self.faded)

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        if len(self._strips) != height or (self._strips and self._strips[0].cell_length != width):
            self._strips = self._filled(width, height)
        return self._strips[y] if y < len(self._strips) else self.empty(width)

    def entitle(self, title: Callable[[int], tuple[Bit, ...]], keys: tuple[Bit, ...] = ()) -> None:
        """Says what stands in the border: ``title`` makes it for a width, ``keys`` stand below."""
        self._title, self._keys = title, keys
        self._write_titles()

    def _write_titles(self) -> None:
        room = self.outer_size.width - 6
        new = (self._title(max(0, room)), self._keys, room)
        if room > 0 and new != self._titled:  # the setters repaint the border
            self._titled = new
            self.border_title = content(new[0], room, self.GROUND)
            self.border_subtitle = content(self._keys, room, self.GROUND) if self._keys else None

    def on_resize(self, event: events.Resize) -> None:
        self._write_titles()
        self.repaint()


class Bar(Canvas):
    """One line over the whole width: header or footer. ``say`` takes what makes the line for a width."""

    GROUND = "raised"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._say: Callable[[int], Line] = lambda width: Line()

    def say(self, make: Callable[[int], Line]) -> None:
        self._say = make
        self.repaint()

    def paint(self, width: int, height: int) -> list[Strip]:
        return [strip(self._say(width), width, self.GROUND)]


class Paper(Canvas, can_focus=True):
    """Lines to read, scrolled from the top. ``write`` takes what makes the lines for a width."""

    def __init__(self, *, id: str | None = None, ground: str = "ground", from_end: bool = False) -> None:
        super().__init__(id=id)
        self.GROUND = ground
        self._from_end = from_end  # a log is read from its end
        self._make: Callable[[int], list[Line]] = lambda width: []
        self._top = 0
        self._lines: list[Line] = []

    def write(self, make: Callable[[int], list[Line]]) -> None:
        self._make = make
        self.refresh(layout=True)
        self.repaint()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._make(width))

    def paint(self, width: int, height: int) -> list[Strip]:
        self._lines = self._make(width)
        last = max(0, len(self._lines) - height)
        at = last - self._top if self._from_end else self._top
        at = min(max(0, at), last)
        self._top = last - at if self._from_end else at
        return [strip(said, width, self.GROUND, self.faded) for said in self._lines[at : at + height]]

    def move(self, where: str) -> None:
        page = max(1, self.size.height - 1)
        far = len(self._lines)
        by = {"down": 1, "up": -1, "page_down": page, "page_up": -page, "top": -far, "bottom": far}[where]
        self._top += -by if self._from_end else by
        self.repaint()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self.move("down")

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self.move("up")
