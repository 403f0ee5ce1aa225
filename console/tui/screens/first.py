"""The one screen: queue, slots, what the cursor is on, and what happened. It shows a scene and says what is chosen."""

import asyncio
from collections import Counter
from functools import partial
from typing import Protocol

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Horizontal
from textual.screen import Screen

from console.tui.keymap import find
from console.tui.lines import EMPTY, Line, keys, line, paragraph
from console.tui.lines import events as event_lines
from console.tui.lines import issue as issue_lines
from console.tui.lines import queue as queue_lines
from console.tui.lines import slots as slot_lines
from console.tui.lines.footer import footer
from console.tui.lines.header import header
from console.tui.scene import Chosen, Panel, Scene
from console.tui.widgets.canvas import Bar
from console.tui.widgets.preview import Preview
from console.tui.widgets.rowlist import Row, RowList
from console.tui.words import NEEDS, queue
from panes.seen import PanesError, Slot

MIRROR_S = 0.5  # between two looks at the live screen
SLEEPING = ("lost", "nap", "idle")  # states whose screen is old


class Screens(Protocol):
    """Where live screens come from: the session of the workers' tmux server. Both calls may block; they raise PanesError."""

    def capture(self, slot: Slot) -> str:
        """The slot's screen with its colours (``capture-pane -e -N``)."""
        ...

    def attach_argv(self, slot: Slot, read_only: bool) -> list[str]:
        """The tmux command that attaches a terminal to the slot's window."""
        ...


class FirstScreen(Screen[None]):
    AUTO_FOCUS = ""

    def __init__(self, scene: Scene, screens: Screens, *, read_only: bool) -> None:
        super().__init__()
        self._scene = scene
        self._screens = screens
        self._read_only = read_only
        self._anchor: Panel = "slots" if scene.board and scene.board.slots else "queue"  # the list that the preview follows
        self._mirrored: dict[str, str | PanesError] = {}  # the last screen of the slot shown
        self._turned = asyncio.Event()  # another slot is chosen: look at once
        # Kept, not queried: while the console closes, a look that is under way finds its panels gone from the tree.
        self._header, self._footer, self._too_small = Bar(id="header"), Bar(id="footer"), Bar(id="too-small")
        self._lists = {
            "queue": RowList(id="queue"),
            "slots": RowList(id="slots", drives=True),
            "events": RowList(id="events", newest_first=True),
        }
        self._preview = Preview(id="preview")

    def compose(self) -> ComposeResult:
        yield self._header
        with Horizontal(id="upper"):
            yield self._lists["queue"]
            yield self._lists["slots"]
        with Container(id="lower"):
            yield self._lists["events"]
            yield self._preview
        yield self._footer
        yield self._too_small

    def on_mount(self) -> None:
        self._refocus()
        self.run_worker(self._mirror(), name="mirror")
        self.show(self._scene)

    def on_resize(self) -> None:
        self.call_after_refresh(self._refocus)

    def _refocus(self) -> None:
        """A terminal that was too small hid the panel with the focus, and Textual took the focus from it."""
        if self.focused is None:
            self.set_focus(self._list(self._anchor), scroll_visible=False)

    @property
    def chosen(self) -> Chosen:
        """What the cursor is on, in the panel that has the focus; the preview stands for the list it follows."""
        scene = self._scene
        panel: Panel = "events" if self.focused and self.focused.id == "events" else self._anchor
        key = self._list(panel).key
        if panel == "slots":
            slot = scene.slot(key)
            task = scene.task(slot.issue) if slot else None
            return Chosen(panel=panel, slot=slot, task=task, pull=scene.pull(task.pull) if task else None)
        event = None
        issue = int(key) if key and panel == "queue" else None
        if panel == "events" and key:
            event = next((e for e in event_lines.telling(scene) if key == event_lines.key(e)), None)
            issue = event.issue if event else None
        task = scene.task(issue)
        slots = scene.board.slots if scene.board else ()
        slot = next((s for s in slots if (event and s.slot == event.slot) or (issue is not None and s.issue == issue)), None)
        return Chosen(panel=panel, slot=slot, task=task, pull=scene.pull(task.pull) if task else None, event=event)

    def _list(self, panel: Panel) -> RowList:
        return self._lists[panel]

    # What is shown.

    def show(self, scene: Scene) -> None:
        """Draws the scene; only what differs from what is shown is repainted."""
        self._scene = scene
        self._show_bars()
        self._show_queue()
        self._show_slots()
        self._show_events()
        self._show_preview()

    def _show_bars(self) -> None:
        scene = self._scene
        counts = Counter(s.state for s in scene.board.slots) if scene.board else Counter[str]()
        counts["ask"] += sum(stage.part == NEEDS for _, stage in queue(scene))
        self._header.say(lambda width: header(scene, width, counts, read_only=self._read_only))
        self._too_small.say(partial(_too_small, counts))
        self._show_footer()

    def _show_footer(self) -> None:
        scene, chosen = self._scene, self.chosen
        self._footer.say(lambda width: footer(scene, chosen, width, read_only=self._read_only))

    def _show_queue(self) -> None:
        scene, rows = self._scene, self._list("queue")
        shown = [Row(str(task.issue), partial(queue_lines.row, task, stage, scene)) for task, stage in queue(scene)]
        rows.show(shown, partial(queue_lines.nothing, scene), faded=scene.state == "stale")
        rows.entitle(partial(queue_lines.title, scene), self._keys("assign", "explain"))

    def _show_slots(self) -> None:
        scene, rows = self._scene, self._list("slots")
        shown = [Row(slot.slot, partial(slot_lines.row, slot, scene)) for slot in slot_lines.ordered(scene)]
        rows.show(shown, partial(slot_lines.nothing, scene), faded=scene.state == "stale")
        rows.entitle(partial(slot_lines.title, scene), self._keys("worker.wake", "worker.interrupt", "attach"))

    def _show_events(self) -> None:
        scene, rows = self._scene, self._list("events")
        wrong = [Row(f"finding {f.id}", partial(event_lines.finding, f, scene.digits)) for f in event_lines.findings(scene)]
        done = [Row(event_lines.key(e), partial(event_lines.row, e, scene.digits)) for e in event_lines.telling(scene)]
        rows.show([*wrong, *done], partial(event_lines.nothing, scene), faded=scene.state == "stale")
        rows.entitle(lambda width: event_lines.title(scene), self._keys("logs"))

    def _keys(self, *ids: str, before: tuple[str, str] | None = None) -> tuple[tuple[str, str], ...]:
        """A border's keys; a console that only reads shows no verbs. ``before``: a key whose word is another one here."""
        shown = [(key.face, key.label) for key in map(find, ids) if not (self._read_only and key.group == "verb")]
        return keys(*([before] if before else []), *shown)

    def _show_preview(self) -> None:
        scene, pane = self._scene, self._preview
        key = self._list(self._anchor).key
        slot = scene.slot(key) if self._anchor == "slots" else None
        task = scene.task(int(key)) if self._anchor == "queue" and key else None
        if slot:
            zoom = ("esc", "back") if self.has_class("-zoomed") else ("↵", "zoom")
            pane.entitle(partial(slot_lines.heading, slot, scene.now), self._keys("attach", "worker.wake", before=zoom))
            seen = self._mirrored.get(slot.slot)
            if isinstance(seen, str):
                pane.show_screen(slot.slot, seen, faded=slot.state in SLEEPING)
            else:
                pane.show_text(slot.slot, partial(_no_screen, slot.slot, bool(slot.pane), seen))
        elif task:
            pane.entitle(partial(issue_lines.heading, task, scene), self._keys("explain", "assign", "merge"))
            pane.show_text(str(task.issue), partial(issue_lines.text, task, scene), faded=scene.state == "stale")
        else:
            pane.entitle(lambda width: ())
            pane.show_text("", partial(_nothing_chosen, scene))

    # What moves.

    @on(RowList.Moved)
    def _moved(self, event: RowList.Moved) -> None:
        if event.rows.id == self._anchor:
            self._show_preview()
            self._turned.set()
        self._show_footer()

    def on_descendant_focus(self) -> None:
        match self.focused.id if self.focused else None:
            case "queue":
                self._anchor = "queue"
            case "slots":
                self._anchor = "slots"
        self._show_preview()
        self._show_footer()
        self._turned.set()

    def move(self, where: str) -> None:
        if isinstance(self.focused, RowList | Preview):
            self.focused.move(where)

    def zoom(self, *, on: bool) -> bool:
        """Gives the preview the whole screen, or takes it back; whether that changed anything."""
        changed = on != self.has_class("-zoomed")
        self.set_class(on, "-zoomed")
        self.set_focus(self._preview if on else self._list(self._anchor))
        self._show_preview()
        return changed

    # The live screen.

    async def _mirror(self) -> None:
        """Looks at the chosen slot's screen twice a second while it can be seen; the next look begins after the last has ended."""
        while True:
            self._turned.clear()
            if name := self._visible_slot():
                try:
                    self._mirrored = {name: await asyncio.to_thread(self._screens.capture, Slot(name))}
                except PanesError as error:
                    self._mirrored = {name: error}
                self._show_preview()
            try:
                async with asyncio.timeout(MIRROR_S):
                    await self._turned.wait()
            except TimeoutError:
                continue

    def _visible_slot(self) -> str | None:
        """The slot whose screen is to be shown now; None while there is none, or while a dialog covers it."""
        slot = self._scene.slot(self._list("slots").key) if self._anchor == "slots" and self.is_current else None
        return slot.slot if slot and slot.pane else None


def _too_small(counts: Counter[str], width: int) -> Line:
    how = f"●{counts['run']} ◆{counts['ask']} ✗{counts['err']}"
    return line((how, "b text"), ("  too small: 60×16 at least, or ops-console watch", "dim"))


def _no_screen(slot: str, window: bool, trouble: PanesError | str | None, width: int) -> list[Line]:
    if trouble:
        return [line(("✗ ", "b err"), ("The screen cannot be seen.", "text")), *paragraph(str(trouble), width, "dim")]
    if window:
        return [line(("…", "dim"))]
    return [line((f"{slot} has no window yet.", "text")), EMPTY, line(("w", "b text"), (" wakes its worker", "dim"))]


def _nothing_chosen(scene: Scene, width: int) -> list[Line]:
    said = {
        "none": "This console draws what the engine publishes. Until one runs there is nothing to draw.",
        "fresh": "An issue that is ready is worked on in a slot of its own, checked, and landed on the trunk as one commit. "
        "What the cursor is on is shown here: a worker's live screen, or an issue's text.",
    }
    return paragraph(said.get(scene.state, ""), width, "label")
