"""The console's application: looks at the board four times a second, turns keys into commands, and says what became of them."""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import App
from textual.binding import BindingType
from textual.screen import Screen

from console.core.shown import EventShown
from console.engine import board as boards
from console.engine import inbox
from console.tui import inks, leaving, modes, verbs
from console.tui.attach import NoTerminal, attach
from console.tui.keymap import QUIET_CHORDS, bindings, find
from console.tui.lines import Line, explain
from console.tui.lines import events as event_lines
from console.tui.lines import slots as slot_lines
from console.tui.outbox import Outbox
from console.tui.scene import Chosen, Eye
from console.tui.screens.choose import Menu, Option, Picker
from console.tui.screens.confirm import Confirm
from console.tui.screens.dialog import Reading
from console.tui.screens.first import FirstScreen, Screens
from console.tui.verbs import Asked
from console.tui.widgets.rowlist import RowList
from console.tui.words import queue
from panes.seen import PanesError, Slot

LOOK_S = 0.25  # between two looks at the board's file
LOG_LINES = 1000
WIDTHS: list[tuple[int, str]] | None = [(0, "-tiny"), (60, "-small"), (140, "-large")]
HEIGHTS: list[tuple[int, str]] | None = [(0, "-flat"), (16, "-low"), (23, "-short"), (30, "-normal"), (45, "-tall")]


class OpsApp(App[str], inherit_bindings=False):
    """Ends with "keep" or "stop": what is to become of the work that goes on."""

    CSS_PATH = "ops.tcss"
    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = None
    TITLE = "ops-console"
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(), *((chord, "which_key", "") for chord in QUIET_CHORDS)]

    def __init__(
        self, state: Path, standing: Path, screens: Screens, read_only: bool, prefs: Path, *, now: Callable[[], float] = time.time
    ) -> None:
        self._now = now
        self._eye = Eye(state, now)
        self._scene = self._eye.look()
        self._state = state
        self._standing = standing
        self._screens = screens
        self._read_only = read_only
        self._prefs = prefs
        self._outbox = Outbox(state)
        super().__init__()
        self.animation_level = "none"

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return inks.variables()

    def get_default_screen(self) -> Screen[None]:
        self.first = FirstScreen(self._scene, self._screens, read_only=self._read_only)
        return self.first

    def on_mount(self) -> None:
        self.set_interval(LOOK_S, self._look)

    def _look(self) -> None:
        """Shows the board again when it has changed, or when a second has passed, because ages are in seconds."""
        before, self._scene = self._scene, self._eye.look()
        same = before.board is self._scene.board and before.state == self._scene.state
        if not same or int(before.now) != int(self._scene.now):
            self.first.show(self._scene)
        for news in self._outbox.news(self._scene):
            self._say(news.text, bad=news.bad)

    def _say(self, text: str, *, bad: bool = False) -> None:
        # Text from outside is in it: never markup.
        self.notify(text, severity="warning" if bad else "information", timeout=6 if bad else 4, markup=False)

    # Verbs.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return not (self._read_only and action == "verb" and find(str(parameters[0])).group == "verb")

    def action_verb(self, verb: str) -> None:
        chosen = self.first.chosen
        if reason := verbs.why_not(verb, self._scene, chosen):
            self._say(reason, bad=True)
            return
        match verb:
            case "assign":
                self._assign(chosen)
            case "merge":
                self._merge(chosen)
            case "pass" if chosen.task:
                asked = verbs.asked(verb, chosen)
                self._confirm(((f"Pass {asked.target}", "b text"),), partial(explain.let_by, chosen.task, asked), "Pass", asked)
            case "worker.stop":
                self._stop(chosen)
            case "attach":
                self._visit(chosen)
            case "mode":
                self._mode()
            case _:
                self._leave(verbs.asked(verb, chosen))

    def _leave(self, asked: Asked) -> None:
        try:
            self._outbox.leave(asked)
        except OSError as error:
            self._say(f"{asked.words}: the inbox cannot be written: {error}", bad=True)
            return
        self._say(f"{asked.words}: " + ("queued" if self._scene.answering else "left in the inbox, but no engine is answering"))

    def _assign(self, chosen: Chosen) -> None:
        if chosen.panel == "slots" and chosen.slot:
            slot = chosen.slot.slot
            issues = [
                Option(value=str(t.issue), label=str(t.issue), says=t.title, after=stage.word)
                for t, stage in queue(self._scene)
                if t.issue in verbs.candidates(self._scene)
            ]
            done = partial(self._assigned, chosen, slot=slot)
            self.push_screen(Picker((("Assign to ", "dim"), (slot, "b text")), issues, hint="which issue?"), done)
        elif chosen.task:
            slots = sorted(slot_lines.ordered(self._scene), key=lambda s: s.state != "idle")
            free = [Option(value=s.slot, label=s.slot, says=s.title or "free", after=s.kind, mark=inks.mark(s.state)) for s in slots]
            done = partial(self._assigned, chosen, issue=chosen.task.issue)
            title = (("Assign ", "dim"), (f"{chosen.task.issue} ", "b text"), (chosen.task.title[:40], "text"))
            self.push_screen(Picker(title, free, hint="to which slot?"), done)

    def _assigned(self, chosen: Chosen, picked: str | None, *, slot: str = "", issue: int = 0) -> None:
        if picked:
            self._leave(verbs.asked("assign", chosen, slot=slot or picked, issue=issue or int(picked)))

    def _merge(self, chosen: Chosen) -> None:
        asked = verbs.asked("merge", chosen)
        pull, board = chosen.pull, self._scene.board
        if pull and board:
            risk = (("   risk ", "dim"), (pull.risk, {"HIGH": "b err", "med": "ask"}.get(pull.risk, "dim"))) if pull.risk else ()
            title = ((f"Merge {pull.pull} → {board.trunk.branch}", "b text"), *risk)
            self._confirm(title, partial(explain.merge, self._scene, chosen, asked), "Merge", asked)

    def _stop(self, chosen: Chosen) -> None:
        asked = verbs.asked("worker.stop", chosen)
        self._confirm(((f"Stop {asked.target}", "b text"),), partial(explain.stop, chosen, asked), "Stop", asked, typed=asked.target)

    def _confirm(
        self, title: tuple[tuple[str, str], ...], make: Callable[[int], list[Line]], yes: str, asked: Asked, typed: str | None = None
    ) -> None:
        self.push_screen(Confirm(title, make, yes, typed=typed), lambda sure: self._leave(asked) if sure else None)

    def _visit(self, chosen: Chosen) -> None:
        if chosen.slot:
            self.run_worker(self._visited(Slot(chosen.slot.slot)), group="attach", exclusive=False)

    async def _visited(self, slot: Slot) -> None:
        try:
            await attach(self, await asyncio.to_thread(self._screens.attach_argv, slot, self._read_only))
        except (NoTerminal, PanesError) as error:
            self._say(f"attach {slot}: {error}", bad=True)

    def _mode(self) -> None:
        if self._scene.board:
            self.push_screen(Menu((("Mode", "b text"),), modes.options(self._scene.board.engine)), self._mode_chosen)

    def _mode_chosen(self, value: str | None) -> None:
        if value:
            self.run_worker(self._stand(value), group="mode", exclusive=False)

    async def _stand(self, value: str) -> None:
        """Says it in the file that outlives the engine. Under a lock, so off the loop."""
        try:
            await asyncio.to_thread(inbox.say, self._standing, modes.change(value, self._now()))
        except OSError as error:  # the lock's Timeout is one
            self._say(f"{value}: {self._standing} cannot be written: {error}", bad=True)
            return
        self._say(f"{value}: said; the engine heeds it from its next tick")

    # Looking.

    def action_move(self, where: str) -> None:
        self.first.move(where)

    def action_explain(self) -> None:
        chosen = self.first.chosen
        self.push_screen(Reading(explain.subject(chosen), partial(explain.why, self._scene, chosen), also="i"))

    def action_help(self) -> None:
        page = partial(explain.help_page, self._scene, self.first.chosen, read_only=self._read_only)
        self.push_screen(Reading((("Keys", "b text"),), page, also="question_mark"))

    def action_open(self) -> None:
        if self.first.chosen.panel == "slots" and self.first.chosen.slot:
            self.first.zoom(on=True)
        else:
            self.action_explain()

    @on(RowList.Opened)
    def _opened(self) -> None:
        self.action_open()

    async def action_back(self) -> None:
        self.first.zoom(on=False)

    async def action_log(self) -> None:
        events = await asyncio.to_thread(boards.events, self._state, LOG_LINES)
        title = (("Log", "b text"), (f" {len(events)}", "dim"))
        self.push_screen(Reading(title, partial(_log, events, self._scene.digits), also="L", from_end=True, wide=True))

    def action_which_key(self) -> None:
        self._say("press q to leave, ? for the keys")

    # Leaving.

    def action_leave(self) -> None:
        if not self._scene.working or leaving.remembered(self._prefs):
            self.exit("keep")
            return
        options = (
            Option(value="keep", label="keep working", says="the engine goes on without a window (asked once)", key="k"),
            Option(value="stop", label="stop", says="the workers are ended, their work is kept", key="s"),
        )
        self.push_screen(Menu((("Work is going on", "b text"),), options), self._left)

    def _left(self, value: str | None) -> None:
        if value == "keep":
            try:
                leaving.remember(self._prefs)
            except OSError as error:
                self.log.warning(f"{self._prefs}: {error}")  # being asked again is all that is lost
        if value:
            self.exit(value)


def _log(events: list[EventShown], digits: int, width: int) -> list[Line]:
    return [event_lines.row(event, digits, width) for event in events]
