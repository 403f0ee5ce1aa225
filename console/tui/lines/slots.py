"""The slots' lines: a numbered worker a row, those that need attention first."""

from collections.abc import Sequence

from console.core.shown import SlotShown
from console.tui.inks import state
from console.tui.lines import EMPTY, Bit, Line, cut, fit, line, paragraph, width_of
from console.tui.scene import Scene
from console.tui.times import short, since

WIDE = 84  # cells: from here on a row has room for the context used and the last line of the screen
ATTENTION = ("ask", "err", "lost", "ok", "run", "boot", "idle", "nap")
QUIET = ("idle", "nap", "lost")


def ordered(scene: Scene) -> tuple[SlotShown, ...]:
    """The slots, attention first, then by number; a state we do not know stands before all others."""
    order = {name: place for place, name in enumerate(ATTENTION)}
    return tuple(sorted(scene.board.slots, key=lambda s: (order.get(s.state, -1), s.slot))) if scene.board else ()


def row(slot: SlotShown, scene: Scene, width: int) -> Line:
    look = state(slot.state)
    wide = width >= WIDE
    word = slot.state + ("~" if slot.guess else "")
    title = "dim" if slot.state in QUIET else "text"
    about = slot.title if slot.issue is not None else slot.why
    head: tuple[Bit, ...] = (
        (f"{look.glyph} ", look.ink),
        (fit(slot.slot, 4 + wide), "b text"),
        (fit(word, 5 + wide), look.ink),
        (f"{slot.issue if slot.issue is not None else '—':>{scene.digits}} ", "dim"),
    )
    age = f"{since(slot.since, scene.now):>4}"
    if not wide:
        return line(*head, (about or "", title), right=((age, "dim"),))
    return _wide(slot, head, (about or "", title), age, width)


def _wide(slot: SlotShown, head: tuple[Bit, ...], about: Bit, age: str, width: int) -> Line:
    used = "" if slot.ctx is None else f"{slot.ctx:.0%}"
    rest = width - 2 - width_of(head) - 10  # age and context are 4 and 6 cells
    title_room = rest * 11 // 20
    return line(
        *head,
        (fit(about[0], title_room), about[1]),
        (age, "dim"),
        (f"{used:>6}", context_ink(slot.ctx)),
        (f"  {slot.last}", "dim"),
    )


def context_ink(used: float | None) -> str:
    """The ink of the part of the context that is used: it warns from 70 %, and is red from 85 %."""
    return "dim" if used is None or used < 0.70 else "ask" if used < 0.85 else "err"


def title(scene: Scene, width: int) -> tuple[Bit, ...]:
    slots = scene.board.slots if scene.board else ()
    bits: list[Bit] = [("Slots", "b text")]
    if slots:
        bits += [(f" {len(slots)}", "dim"), (" · ", "rule"), ("attention first", "dim")]
    return tuple(cut(bits, width))


def heading(slot: SlotShown, now: float, width: int) -> tuple[Bit, ...]:
    """The live pane's title: who, on what, in which state and since when, and how that is known."""
    look = state(slot.state)
    issue = f"{slot.issue} " if slot.issue is not None else ""
    word = slot.state + ("~" if slot.guess else "")
    tail: list[Bit] = [(f"  {word} {since(slot.since, now)}", look.ink)]
    known = (f"  {slot.source} {short(slot.age_s)} ago", "dim")
    if width >= 80 and slot.source:
        tail.append(known)
    front: list[Bit] = [(f"{look.glyph} ", look.ink), (f"{slot.slot}  ", "b text"), (issue, "dim"), (slot.title or "", "text")]
    return tuple(cut([*cut(front, width - width_of(tail)), *tail], width))


def nothing(scene: Scene, width: int) -> Sequence[Line]:
    """What no slots say; without a board the queue says it all."""
    if scene.state == "loading":
        return [line(("…", "dim"))]
    if scene.board is None:
        return []
    return [
        line(("There are no workers.", "text")),
        EMPTY,
        *paragraph("`workers:` and `kinds:` in ops.yaml say how many, and what they run.", width, "dim"),
    ]
