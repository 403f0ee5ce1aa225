"""The header: which repository, what the engine may do, how many of what, how the trunk is, and whether the engine answers."""

from collections import Counter

from console.core.shown import Board
from console.core.shown import TrunkShown as Trunk
from console.tui.inks import state
from console.tui.lines import Bit, Line, cells, line, width_of
from console.tui.scene import Scene
from console.tui.times import clock, short, since

COUNTED = (("run", "working"), ("ask", "need you"), ("err", "failed"), ("idle", "idle"), ("nap", "napping"), ("lost", "lost"))
TRUNK = {"green": ("✓", "ok"), "red": ("✗", "b err"), "checking": ("●", "run"), "unchecked": ("○", "idle")}
FULL, WORDS, SHORT, BARE, LEAST = range(5)  # how much is said: each step leaves something out


def header(scene: Scene, width: int, counts: Counter[str], *, read_only: bool) -> Line:
    """The richest header that fits; ``counts``: how many of each state, slots and queue together."""
    for much in (FULL, WORDS, SHORT, BARE, LEAST):
        said = _header(scene, counts, much, read_only=read_only)
        if width_of(said.left) + width_of(said.right) + 3 <= width:
            break
    return said


def _header(scene: Scene, counts: Counter[str], much: int, *, read_only: bool) -> Line:
    board = scene.board
    left: list[Bit] = [("ops-console", "dim")] if much < BARE else []
    if board:
        left += [
            ("  " if left else "", "dim"),
            (board.repo, "b text"),
            ("  ", "dim"),
            *_mode(board, read_only=read_only),
            *_counts(counts, much),
        ]
    right = [*(_trunk(board.trunk, scene.now, much) if board else []), *_engine(scene, much)]
    if board and much == FULL and board.budget.day_usd is not None:
        right[-2:-2] = [(f"${board.budget.day_usd:.2f}", "text"), (" today  ", "dim")]
    if much == FULL:
        right += [("  " + clock(scene.now, "%H:%M:%S"), "dim")]
    return line(*left, right=right)


def _mode(board: Board, *, read_only: bool) -> list[Bit]:
    mode = cells(board.engine.mode)
    bits: list[Bit] = [(f" {mode.upper()} ", f"badge {mode}")]
    for said, word in ((board.engine.pause, "paused"), (board.engine.freeze, "frozen"), (board.engine.drain, "draining")):
        if said:
            bits.append((f" ‖ {word}", "nap"))
    return [*bits, (" read-only", "lost")] if read_only else bits


def _counts(counts: Counter[str], much: int) -> list[Bit]:
    bits: list[Bit] = [("  ", "dim")]
    for name, word in COUNTED:
        if not counts[name]:
            continue
        look = state(name)
        if much <= WORDS:
            bits += [(f" {look.glyph} ", look.ink), (f"{counts[name]}", "b text"), (f" {word}  ", "dim")]
        else:
            bold = "b text" if name in ("ask", "err", "lost") else "text"
            bits += [(look.glyph, look.ink), (f"{counts[name]} ", bold)]
    return bits


def _trunk(trunk: Trunk, now: float, much: int) -> list[Bit]:
    glyph, ink = TRUNK.get(trunk.state, ("?", "lost"))
    bits: list[Bit] = [(f"{trunk.branch} ", "dim"), (glyph, ink)]
    if trunk.state != "green" and much <= WORDS:
        bits.append((f" {trunk.state}", ink))
    if much == FULL and trunk.head:
        bits.append((f" {trunk.head[:7]}", "text"))
    return [*bits, (f" {since(trunk.since, now)}".rstrip(), "dim"), ("  ", "dim")]


def _engine(scene: Scene, much: int) -> list[Bit]:
    board = scene.board
    blind: list[Bit] = [(f"? {look.sense} not seen  ", "lost") for look in board.blind[:2]] if board and scene.answering else []
    match scene.state:
        case "loading":
            return [("engine starting …", "dim")]
        case "none":
            return [("no engine", "b err")]
        case "error":
            return [("the board cannot be read", "b err")]
        case "stale":
            words = "engine" if much < LEAST else ""
            return [(f"{words} {short(scene.age)} — not answering".strip(), "b err")]
    return [*blind, ("engine ", "dim"), (short(scene.age), "text")]
