"""Every key there is, once: bindings, footer, borders and help all derive from this table."""

from dataclasses import replace
from typing import Literal

from textual.binding import Binding, BindingType

from panes.seen import fact

Group = Literal["verb", "move", "look", "leave"]


@fact
class Key:
    """``keys``: as Textual names them, the first is the one shown; ``does``: for the help; ``footer``: its place there, 0 for none."""

    id: str
    keys: str
    label: str
    does: str
    group: Group
    action: str
    shown: str = ""
    footer: int = 0

    @property
    def face(self) -> str:
        return self.shown or self.keys.split(",")[0]


def _verb(id: str, key: str, label: str, does: str, footer: int) -> Key:
    return Key(id=id, keys=key, label=label, does=does, group="verb", action=f"verb('{id}')", footer=footer)


KEYMAP: tuple[Key, ...] = (
    _verb("worker.wake", "w", "wake", "wake the slot's worker: it takes up what is next", 1),
    _verb("assign", "a", "assign", "give this issue to a slot, or this slot an issue", 2),
    _verb("merge", "m", "merge", "land this pull, pinned to the head shown; it is still checked", 3),
    _verb("pass", "D", "pass", "let this guarded change by, pinned to the head shown", 0),
    # Looking, not doing: a console that only reads attaches read-only.
    replace(_verb("attach", "t", "attach", "the worker's own terminal, yours until F12", 4), group="look"),
    _verb("worker.interrupt", "x", "interrupt", "type C-c to the worker", 5),
    Key(
        id="explain",
        keys="i",
        label="why",
        does="why the row says what it says, and how to check it",
        group="look",
        action="explain",
        footer=6,
    ),
    _verb("mode", "P", "mode", "what the engine may do by itself: watch, assist, auto, pause, freeze", 7),
    _verb("task.retry", "b", "retry", "back to work: a new start for this issue", 8),
    _verb("worker.stop", "X", "stop", "end the worker; its work is kept", 9),
    Key(
        id="quit",
        keys="q",
        label="leave",
        does="leave; with work going on it asks once whether that goes on",
        group="leave",
        action="leave",
        footer=10,
    ),
    Key(id="open", keys="enter", shown="↵", label="open", does="zoom into the slot, or explain the row", group="look", action="open"),
    Key(id="back", keys="escape", shown="esc", label="back", does="close what lies on top", group="look", action="back"),
    Key(id="logs", keys="L", label="log", does="everything that was done and seen", group="look", action="log"),
    Key(id="help", keys="question_mark", shown="?", label="help", does="this page", group="look", action="help"),
    Key(id="move.down", keys="j,down", shown="j ↓", label="down", does="down", group="move", action="move('down')"),
    Key(id="move.up", keys="k,up", shown="k ↑", label="up", does="up", group="move", action="move('up')"),
    Key(
        id="move.page-down", keys="pagedown", shown="PgDn", label="page down", does="a page down", group="move", action="move('page_down')"
    ),
    Key(id="move.page-up", keys="pageup", shown="PgUp", label="page up", does="a page up", group="move", action="move('page_up')"),
    Key(id="move.top", keys="g,home", shown="g", label="top", does="to the top", group="move", action="move('top')"),
    Key(id="move.bottom", keys="G,end", shown="G", label="bottom", does="to the bottom", group="move", action="move('bottom')"),
    Key(id="focus.next", keys="tab", label="next panel", does="next panel", group="move", action="app.focus_next"),
    Key(id="focus.prev", keys="shift+tab", label="panel before", does="panel before", group="move", action="app.focus_previous"),
)

MOVES = tuple(key for key in KEYMAP if key.id.startswith("move."))
VERBS = tuple(key for key in KEYMAP if key.group == "verb")
FOOTER = tuple(sorted((key for key in KEYMAP if key.footer), key=lambda key: key.footer))

# Chords that stock Textual takes to quit, to copy or to open its own palette. Here they only say which key it is.
QUIET_CHORDS = ("ctrl+q", "ctrl+c", "ctrl+p")


def find(id: str) -> Key:
    return next(key for key in KEYMAP if key.id == id)


def bindings(keys: tuple[Key, ...] = KEYMAP) -> list[BindingType]:
    """The table as Textual's bindings, with ids that a key file may name."""
    return [Binding(key.keys, key.action, key.label, id=key.id, show=False) for key in keys]
