"""The queue's lines: an issue a row, with its stage where that is more than queued."""

from collections.abc import Sequence

from console.core.shown import TaskShown
from console.tui.inks import state
from console.tui.lines import EMPTY, Bit, Line, cut, fit, line, paragraph, width_of
from console.tui.scene import Scene
from console.tui.times import since
from console.tui.words import NEEDS, QUEUED, Stage, queue

RETRIED = "It is read again as soon as it changes."
LANDED = 5  # rows
HELPS = (("ops-console issue new", " TITLE"), ("ops-console issue ready", " N"))
WIDE = 50  # cells: from here on a row has room for who it wants and for words instead of glyphs


def row(task: TaskShown, stage: Stage, scene: Scene, width: int) -> Line:
    glyph, ink = _mark(task, stage)
    urgent = task.priority > 0
    quiet = stage.state in ("nap", "idle")
    title = "b text" if urgent else "dim" if quiet else "text"
    number = "b text" if urgent or stage.part == NEEDS else "dim"
    age: Bit = (f"{since(task.created, scene.now):>4}", "dim")
    note = _note(task, stage, width)
    return line((f"{glyph} ", ink), (f"{task.issue:>{scene.digits}} ", number), (task.title, title), right=(*note, age))


def _mark(task: TaskShown, stage: Stage) -> Bit:
    """A row's first glyph: its stage's, or the priority's where the stage has nothing to say."""
    if stage.state:
        look = state(stage.state)
        return look.glyph, look.ink
    return ("▲", "err") if task.priority > 0 else (" ", "dim")


def _note(task: TaskShown, stage: Stage, width: int) -> tuple[Bit, ...]:
    """What stands before the age: what it waits on, its stage, or (with room) the kind of worker it wants."""
    wide = width >= WIDE
    if task.blocked_by and stage.word == "waits":
        first = str(task.blocked_by[0])
        return ((f"waits on {first}" if wide else f"‖{first}", "nap"),)
    if stage.word:
        return ((stage.word, state(stage.state).ink if stage.state else "dim"),)
    return ((f"{fit(task.wants or 'any', 7)}", "dim"),) if wide else ()


def title(scene: Scene, width: int) -> tuple[Bit, ...]:
    """Name, then as many counts as there is room for: needs you, ready, blocked, under way."""
    rows = queue(scene)
    counts = (
        (sum(s.part == NEEDS for _, s in rows), "need you"),
        (sum(s.part == QUEUED for _, s in rows), "ready"),
        (sum(s.word == "waits" for _, s in rows), "blocked"),
        (sum(bool(s.word) and s.part not in (NEEDS, QUEUED) and s.word != "waits" for _, s in rows), "under way"),
    )
    bits: list[Bit] = [("Queue", "b text")]
    for count, word in counts:
        more: list[Bit] = [(" · " if len(bits) > 1 else " ", "rule"), (f"{count} {word}", "dim")]
        if count and width_of([*bits, *more]) <= width:
            bits += more
    return tuple(cut(bits, width))


def nothing(scene: Scene, width: int) -> Sequence[Line]:
    """What an empty queue says: why, and which key or command helps."""
    match scene.state:
        case "loading":
            return [line(("waiting for the engine's first look …", "dim"))]
        case "none":
            return [line(("No engine has run here yet.", "text")), EMPTY, line(("ops-console engine", "b text"), ("  starts one", "dim"))]
        case "error":
            cause = paragraph(scene.trouble or "", width, "dim")
            return [line(("✗ ", "b err"), ("The board cannot be read.", "text")), *cause, EMPTY, *paragraph(RETRIED, width, "dim")]
    if scene.board and scene.board.tasks:
        return [line(("Every issue is in a slot.", "dim"))]
    new = (line((command, "b text"), (argument, "dim")) for command, argument in HELPS)
    return [line(("No open issue is ready.", "text")), *landed(scene), EMPTY, *new]


def landed(scene: Scene) -> Sequence[Line]:
    """What landed last: an empty queue is good news after work."""
    done = [e for e in (scene.board.events if scene.board else ()) if e.what == "prove" and e.result == "ok"][:LANDED]
    if not done:
        return []
    rows = [line(("✓ ", "ok"), (f"{e.issue} ", "dim"), (e.why.partition(";")[0], "dim")) for e in done]
    return [EMPTY, line(("Landed last", "text")), *rows]
