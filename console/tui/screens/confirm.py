"""A question with its evidence and the exact command, answered by one key, or by typing the name of what will be ended."""

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Input, Label

from console.tui.lines import Bit, Line
from console.tui.screens.dialog import Dialog
from console.tui.widgets.canvas import Paper


class Confirm(Dialog[bool]):
    """Dismissed with True only when it was confirmed.

    ``typed`` None: one key confirms, the default button does it. Else that text has to be typed, and until then the default is Cancel.
    """

    BINDINGS: ClassVar[list[BindingType]] = [("y", "yes", "yes"), ("n", "back", "no"), ("left", "previous"), ("right", "next")]

    def __init__(self, title: tuple[Bit, ...], make: Callable[[int], list[Line]], yes: str, *, typed: str | None = None) -> None:
        super().__init__(title, (("tab", "choose"), ("↵", "do it"), ("esc", "cancel")))
        self._make = make
        self._yes = yes
        self._typed = typed

    def inside(self) -> ComposeResult:
        yield Paper(id="paper", ground="raised")
        if self._typed is not None:
            with Horizontal(id="typing"):
                yield Label(Content.assemble("Type ", (self._typed, "bold"), " to confirm "))
                yield Input(id="typed", compact=True, select_on_focus=False)
        with Horizontal(id="buttons"):
            yield Button(Content(self._yes), id="yes", compact=True, disabled=self._typed is not None)
            yield Button(Content("Cancel"), id="no", compact=True)

    def on_mount(self) -> None:
        paper = self.query_one(Paper)
        paper.can_focus = False
        paper.write(self._make)
        self.set_class(self._typed is not None, "-sharp")
        if self._typed is not None:
            self._lit(right=False)
        self.query_one("#typed" if self._typed is not None else "#yes").focus()

    @on(Input.Changed)
    def _compare(self, event: Input.Changed) -> None:
        self._lit(right=event.value.strip() == self._typed)

    def _lit(self, *, right: bool) -> None:
        """Enter in the field does what the lit button says: Cancel, until the text is right."""
        self.query_one("#yes", Button).disabled = not right
        self.query_one("#yes").set_class(right, "lit")
        self.query_one("#no").set_class(not right, "lit")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip() == self._typed)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")

    def action_yes(self) -> None:
        if self._typed is None:
            self.dismiss(True)

    def action_next(self) -> None:
        self.focus_next()

    def action_previous(self) -> None:
        self.focus_previous()
