"""What every overlay has in common: a veil over the screen, a box with a title and its keys, and esc."""

from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from console.tui.keymap import MOVES, bindings
from console.tui.lines import Bit, Line, content, keys
from console.tui.widgets.canvas import Paper
from console.tui.widgets.rowlist import RowList

T = TypeVar("T")


class Dialog(ModalScreen[T]):
    """A box over the screen. Dismissed with None when the operator goes back."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [("escape", "back", "back"), ("ctrl+c", "back", "back"), *bindings(MOVES)]

    def __init__(self, title: tuple[Bit, ...], shown_keys: tuple[tuple[str, str], ...], *, wide: bool = False) -> None:
        super().__init__()
        self._title = title
        self._keys = shown_keys
        self._wide = wide

    def compose(self) -> ComposeResult:
        with Vertical(id="box", classes="wide" if self._wide else "") as box:
            yield from self.inside()
        box.border_title = content(self._title, 110 if self._wide else 64, "raised")
        box.border_subtitle = content(keys(*self._keys), 200, "raised")

    @abstractmethod
    def inside(self) -> ComposeResult:
        """What is in the box."""

    def action_back(self) -> None:
        self.dismiss(None)

    def action_move(self, where: str) -> None:
        for mover in (*self.query(RowList), *self.query(Paper)):
            mover.move(where)
            return


class Reading(Dialog[None]):
    """Something to read: an explanation, the help, the log. ``make`` takes the width; ``also`` is a key that closes it too."""

    def __init__(
        self, title: tuple[Bit, ...], make: Callable[[int], list[Line]], *, also: str = "", from_end: bool = False, wide: bool = False
    ) -> None:
        super().__init__(title, (("j k", "scroll"), ("esc", "close")), wide=wide)
        self._make = make
        self._also = also
        self._from_end = from_end

    def inside(self) -> ComposeResult:
        yield Paper(id="paper", ground="raised", from_end=self._from_end)

    def on_mount(self) -> None:
        paper = self.query_one(Paper)
        paper.write(self._make)
        paper.focus()
        for key in ("enter", *filter(None, [self._also])):
            self._bindings.bind(key, "back")
