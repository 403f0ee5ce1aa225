"""One of several: from a short menu by its own key, or from a long list by typing part of its name."""

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.fuzzy import Matcher
from textual.widgets import Input

from console.tui.lines import Bit, Line, cells, fit, line
from console.tui.screens.dialog import Dialog
from console.tui.widgets.rowlist import Row, RowList
from panes.seen import fact


@fact
class Option:
    """``value`` is what the dialog is dismissed with; ``key`` chooses it at once in a menu; ``says`` is what it means."""

    value: str
    label: str
    says: str
    key: str = ""
    mark: Bit = ("  ", "dim")
    after: str = ""


def _entry(option: Option, width: int) -> Line:
    return line(option.mark, (f"{option.key} ", "b text"), (f"{option.label:<13}", "text"), (option.says, "dim"))


def _found(option: Option, width: int) -> Line:
    after: tuple[Bit, ...] = ((option.after, "dim"),) if option.after else ()
    return line(option.mark, (fit(option.label, 5), "b text"), (option.says, "text"), right=after)


class Menu(Dialog[str]):
    """A short menu: a key each, or the cursor and enter."""

    BINDINGS: ClassVar[list[BindingType]] = [("enter", "take", "take")]

    def __init__(self, title: tuple[Bit, ...], options: Sequence[Option]) -> None:
        super().__init__(title, (("↵", "choose"), ("esc", "back")))
        self._options = options

    def inside(self) -> ComposeResult:
        yield RowList(id="rows", ground="raised")

    def on_mount(self) -> None:
        rows = self.query_one(RowList)
        rows.styles.height = len(self._options)
        rows.show([Row(o.value, partial(_entry, o)) for o in self._options])
        rows.focus()

    def on_key(self, event: events.Key) -> None:
        for option in self._options:
            if event.character and event.character == option.key:
                event.stop()
                self.dismiss(option.value)

    def action_take(self) -> None:
        self.dismiss(self.query_one(RowList).key)

    @on(RowList.Opened)
    def _opened(self) -> None:
        self.action_take()


class Picker(Dialog[str]):
    """A list that narrows as one types: letters in their order, anywhere in the label."""

    def __init__(self, title: tuple[Bit, ...], options: Sequence[Option], *, hint: str) -> None:
        super().__init__(title, (("↑ ↓", "move"), ("↵", "assign"), ("esc", "back")))
        self._options = options
        self._hint = hint

    def inside(self) -> ComposeResult:
        yield Input(id="filter", placeholder=self._hint, compact=True, select_on_focus=False)
        yield RowList(id="rows", ground="raised", drives=True)

    def on_mount(self) -> None:
        self.query_one(RowList).can_focus = False
        self.query_one(Input).focus()
        self._narrow("")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._narrow(event.value)

    def _narrow(self, typed: str) -> None:
        kept = list(self._options)
        if wanted := typed.strip():
            matcher = Matcher(wanted)
            scores = {o.value: matcher.match(cells(f"{o.label} {o.says}")) for o in kept}
            kept = sorted((o for o in kept if scores[o.value] > 0), key=lambda o: -scores[o.value])
        rows = self.query_one(RowList)
        rows.show([Row(o.value, partial(_found, o)) for o in kept], lambda width: [line(("nothing is called that", "dim"))])
        rows.go(0)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.dismiss(self.query_one(RowList).key)

    @on(RowList.Opened)
    def _opened(self) -> None:
        self._submitted()
