"""The events' lines: what was done and seen, newest first, under what is wrong now."""

from collections.abc import Sequence

from console.core.shown import EventShown, FindingShown
from console.tui.inks import state
from console.tui.lines import Bit, Line, fit, line
from console.tui.scene import Scene
from console.tui.times import clock, short

BAD = ("failed", "error", "refused", "lost", "red")
LOOKS = {
    "claim": "idle",
    "provision": "boot",
    "launch": "boot",
    "start": "boot",
    "check": "run",
    "publish": "run",
    "propose": "run",
    "merge": "ok",
    "land": "ok",
    "landed": "ok",
    "tidy": "idle",
    "pause": "nap",
    "park": "ask",
    "parked": "ask",
    "needs_you": "ask",
    "asked": "ask",
}
LEVELS = {"warn": "ask", "error": "err", "bad": "err"}


def look(event: EventShown) -> str:
    """The state whose glyph an event bears: a bad result says so whatever it was about."""
    if event.result in BAD:
        return "err"
    first = event.what.split(".", 1)[0].split(" ", 1)[0]
    return LOOKS.get(first, "idle")


def row(event: EventShown, width: int) -> Line:
    shown = state(look(event))
    where = event.slot or (f"p{event.pull}" if event.pull is not None else "")
    took = f"  {short(event.s)}" if event.s is not None and event.s >= 1 else ""
    issue = "" if event.issue is None else str(event.issue)
    left: tuple[Bit, ...] = (
        (f"{clock(event.t)} ", "dim"),
        (f"{shown.glyph} ", shown.ink),
        (fit(where, 5), "b text"),
        (f"{issue:>4} ", "dim"),
        (event.what, "text"),
        (f"  {event.why}" if event.why else "", "dim"),
        (took, "label"),
    )
    return line(*left, right=((event.by, "label"),))


def finding(found: FindingShown, width: int) -> Line:
    shown = state(LEVELS.get(found.level, "ask"))
    where = found.target or ""
    return line(
        (f"{clock(found.last)} ", "dim"),
        (f"{shown.glyph} ", shown.ink),
        (fit(where, 5), "b text"),
        ("     ", "dim"),
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
