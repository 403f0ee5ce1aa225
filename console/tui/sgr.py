"""A captured screen as strips: colours and weights are honoured, every other control is taken out.

tmux carries SGR from one line into the next (``capture-pane -e``), so a screen is decoded from its first line on, and a decoded line
is remembered by the line *and* the pen it started with.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from console.tui.inks import FADE, GROUNDS, INKS, mix
from console.tui.lines import cells

SIXTEEN = (
    *("#3a404a", "#ec7468", "#7cc894", "#e0b050", "#6aa9e6", "#c39bf0", "#63c2c7", "#d8dce3"),
    *("#727a86", "#ff9a8f", "#9fe0b2", "#f3cc7a", "#93c5f7", "#dbbcff", "#8fe0e4", "#ffffff"),
)
DIM = 0.42  # how far dim ink goes towards its ground
GLASS, INK, STALE = GROUNDS["glass"], INKS["text"], INKS["stale"]

_TOKEN = re.compile(
    r"\x1b\[(?P<sgr>[0-9;:]*)m"
    r"|\x1b\[[0-?]*[ -/]*[@-~]?"  # any other control sequence
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # titles, clipboard, links and other strings
    r"|\x1b[ -/]*[0-~]?"
    r"|(?P<shift>[\x0e\x0f])"
    r"|(?P<text>[^\x1b\x0e\x0f]+)"
)
# Between SO and SI tmux hands on the letters of the old line-drawing set.
_DRAWING = str.maketrans("`afgjklmnopqrstuvwxyz{|}~", "◆▒°±┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·")


class Pen(NamedTuple):
    """How the next character is drawn; colours as #rrggbb, None for the pane's own; ``drawing``: in the old line-drawing set."""

    fore: str | None = None
    back: str | None = None
    marks: frozenset[str] = frozenset()
    drawing: bool = False


_ON = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "reverse", 9: "strike", 21: "underline"}
_OFF = {22: {"bold", "dim"}, 23: {"italic"}, 24: {"underline"}, 27: {"reverse"}, 29: {"strike"}}


def screen(text: str, *, faded: bool = False) -> list[tuple[str, Strip]]:
    """Every line of a captured screen: its plain text, and its strip (as long as the line is)."""
    pen, lines = Pen(), []
    for raw in text.split("\n"):
        plain, strip, pen = _line(raw, pen, faded)
        lines.append((plain, strip))
    return lines


@lru_cache(maxsize=4096)
def _line(raw: str, pen: Pen, faded: bool) -> tuple[str, Strip, Pen]:
    """One line, decoded with the pen it starts with, and the pen it leaves."""
    segments: list[Segment] = []
    at = 0
    for token in _TOKEN.finditer(raw):
        if token["sgr"] is not None:
            pen = _apply(pen, token["sgr"])
        elif token["shift"]:
            pen = pen._replace(drawing=token["shift"] == "\x0e")
        elif token["text"]:
            shown = _shown(token["text"], pen.drawing, at)
            at += cell_len(shown)
            segments.append(Segment(shown, _style(pen, faded)))
    return "".join(s.text for s in segments), Strip(segments), pen


def _shown(text: str, drawing: bool, at: int) -> str:
    """The text as cells: tabs reach to the next eighth column (``at``: where it begins), controls are replaced."""
    parts = text.translate(_DRAWING).split("\t") if drawing else text.split("\t")
    shown = cells(parts[0])
    for part in parts[1:]:
        shown += " " * (8 - (at + cell_len(shown)) % 8) + cells(part)
    return shown


def _apply(pen: Pen, parameters: str) -> Pen:
    """The pen after one SGR sequence. What it does not know it leaves out."""
    # Colons join the parts of one parameter (38:2::r:g:b, 4:3); an empty colour space among them is dropped.
    codes = [_numbers(part) for part in parameters.split(";")]
    n = 0
    while n < len(codes):
        code, *rest = codes[n]
        n += 1
        if code in (38, 48):
            if rest:
                colour = _colour([rest[0], *rest[-3:]] if rest[0] == 2 else rest)
            else:
                taken = [c[0] for c in codes[n : n + 4]]
                colour = _colour(taken)
                n += 4 if taken[:1] == [2] else 2
            if colour:
                pen = pen._replace(fore=colour) if code == 38 else pen._replace(back=colour)
        else:
            pen = _simple(pen, code, rest)
    return pen


def _numbers(part: str) -> list[int]:
    # Longer numbers mean nothing to SGR, and Python refuses to read very long ones.
    found = [int(digits[:6]) for digits in part.split(":") if digits]
    return found or [0]


def _simple(pen: Pen, code: int, rest: list[int]) -> Pen:
    if code == 0:
        return Pen(drawing=pen.drawing)
    if code in _ON:
        mark = {_ON[code]}
        return pen._replace(marks=pen.marks - mark if rest[:1] == [0] else pen.marks | mark)
    if code in _OFF:
        return pen._replace(marks=pen.marks - _OFF[code])
    if code in (39, 49):
        return pen._replace(fore=None) if code == 39 else pen._replace(back=None)
    for base, first in ((30, 0), (90, 8)):
        if base <= code < base + 8:
            return pen._replace(fore=SIXTEEN[first + code - base])
        if base + 10 <= code < base + 18:
            return pen._replace(back=SIXTEEN[first + code - base - 10])
    return pen


def _colour(parts: list[int]) -> str | None:
    """A colour from what follows 38 or 48: (5, n) or (2, r, g, b); None when it is neither."""
    match parts:
        case [5, n, *_] if n < 256:
            return _xterm(n)
        case [2, r, g, b, *_] if max(r, g, b) < 256:
            return f"#{r:02x}{g:02x}{b:02x}"
    return None


def _xterm(n: int) -> str:
    """Colour ``n`` of 256: our sixteen, then xterm's cube and its greys."""
    if n < 16:
        return SIXTEEN[n]
    if n >= 232:
        grey = 8 + 10 * (n - 232)
        return f"#{grey:02x}{grey:02x}{grey:02x}"
    steps = (0, 95, 135, 175, 215, 255)
    n -= 16
    return f"#{steps[n // 36]:02x}{steps[n // 6 % 6]:02x}{steps[n % 6]:02x}"


@lru_cache(maxsize=1024)
def _style(pen: Pen, faded: bool) -> Style:
    fore, back = pen.fore or (STALE if faded else INK), pen.back or GLASS
    if "reverse" in pen.marks:
        fore, back = back, fore
    if "dim" in pen.marks:
        fore = mix(fore, back, DIM)
    if faded:
        own = pen.fore or "reverse" in pen.marks
        fore, back = mix(fore, GLASS, FADE) if own else fore, mix(back, GLASS, FADE)
    # None, not False: a style that says "not italic" costs bytes in every cell that is sent.
    bold, italic, underline, strike = (mark in pen.marks or None for mark in ("bold", "italic", "underline", "strike"))
    return Style(color=fore, bgcolor=back, bold=bold, italic=italic, underline=underline, strike=strike)
