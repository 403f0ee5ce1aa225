"""The events' lines: what was done and seen, newest first, under what is wrong now."""

from collections.abc import Sequence

from console.core.shown import EventShown, FindingShown
from console.tui.inks import state
from console.tui.lines import Bit, Line, fit, line, width_of
from console.tui.scene import Scene
from console.tui.times import clock, short

WELL = ("ok", "granted")
QUIET = ("waiting", "undone", "maybe_delivered")  # answers to commands that are neither a success nor a failure
LOOKS = {
    "claim": "idle",
    "provision": "boot",
    "launch": "boot",
    "merge": "ok",
    "prove": "ok",
    "landed": "ok",
    "remove": "idle",
    "release": "idle",
    "park": "ask",
    "freeze": "nap",
    "pause": "nap",
    "mode": "idle",
    "void": "lost",
    "asked": "ask",
}
LEVELS = {"warn": "ask", "error": "err", "bad": "err"}


def look(event: EventShown) -> str:
    """The state whose glyph an event bears. A result that is not a good one is the trouble itself, in its own words."""
    if event.result not in (*WELL, *QUIET):
        return "err"
    return LOOKS.get(event.what, "run" if event.by == "engine" else "idle")


def key(event: EventShown) -> str:
    """What names an event in the list: nothing else of it stays the same while newer ones come in above."""
    return f"{event.t} {event.what} {event.issue} {event.slot}"


def telling(scene: Scene) -> tuple[EventShown, ...]:
    """The events worth a row on the screen; the engine's housekeeping, which gives no reason and went well, is in the log."""
    shown = scene.board.events if scene.board else ()
    return tuple(e for e in shown if e.why or e.by != "engine" or e.result not in WELL)


def row(event: EventShown, digits: int, width: int) -> Line:
    """``digits``: how wide the column of the issues' numbers is."""
    shown = state(look(event))
    where = event.slot or (f"p{event.pull}" if event.pull is not None else "")
    result = "" if event.result in WELL else f"  {event.result}"
    took = f"  {short(event.s)}" if event.s is not None and event.s >= 1 else ""
    issue = "" if event.issue is None else str(event.issue)
    left: tuple[Bit, ...] = (
        (f"{clock(event.t)} ", "dim"),
        (f"{shown.glyph} ", shown.ink),
        (fit(where, 5), "b text"),
        (f"{issue:>{digits}} ", "dim"),
        (event.what, "text"),
        (result, shown.ink.removeprefix("b ")),
        (f"  {event.why}" if event.why else "", "dim"),
        (took, "label"),
    )
    # Nearly everything is the engine's doing: its name gives way to what it did.
    crowded = event.by == "engine" and width_of(left) + len(event.by) + 3 > width
    return line(*left, right=() if crowded else ((event.by, "label"),))


def finding(found: FindingShown, digits: int, width: int) -> Line:
    shown = state(LEVELS.get(found.level, "ask"))
    where = found.target or ""
    return line(
        (f"{clock(found.last)} ", "dim"),
        (f"{shown.glyph} ", shown.ink),
        (fit(where, 5), "b text"),
        (" " * (digits + 1), "dim"),
        (found.cause, "b text"),
        (f"  {found.advice}" if found.advice else "", "dim"),
        right=(("rule", "label"),),
    )


def title(scene: Scene) -> tuple[Bit, ...]:
    wrong = len(findings(scene))
    more: tuple[Bit, ...] = (("  ", "dim"), (f"◆ {wrong} wrong", "b ask")) if wrong else ()
    return (("Events", "b text"), *more)


def findings(scene: Scene) -> tuple[FindingShown, ...]:
    return tuple(f for f in scene.board.findings if not f.acked) if scene.board else ()


def nothing(scene: Scene, width: int) -> Sequence[Line]:
    """What no events say; without a board the queue says it all."""
    if scene.state == "loading":
        return [line(("…", "dim"))]
    return [line(("Nothing has happened here yet.", "dim"))] if scene.board else []
