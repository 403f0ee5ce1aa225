"""Lines: what a row, a title or a paragraph says, as plain data, and the one way by which they become cells on the screen.

Everything here and beside it is pure: a board comes in, lines go out. Text from outside is made harmless once more in ``cells``,
which nothing that is drawn can get around.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.segment import Segment
from textual.content import Content
from textual.strip import Strip

from console.core.sanitize import clean
from console.tui.inks import style
from panes.seen import fact

Bit = tuple[str, str]  # a text and the name of its ink

# Joiners and variation selectors make terminals disagree about width, and a line too long by a cell breaks every border after it.
_JOINERS = dict.fromkeys((0x200D, 0xFE0E, 0xFE0F, 0x200B, 0x2060, 0xFEFF, 0x00AD))


@fact
class Line:
    """One line: the left part is cut with an ellipsis where room ends, the right part never."""

    left: tuple[Bit, ...] = ()
    right: tuple[Bit, ...] = ()


EMPTY = Line()


def line(*left: Bit, right: Sequence[Bit] = ()) -> Line:
    return Line(left=left, right=tuple(right))


def cells(text: str) -> str:
    """``text`` as it may be drawn on one line: nothing in it moves the cursor, turns the direction or changes its width elsewhere."""
    return clean(text, one_line=True).translate(_JOINERS)


def fit(text: str, width: int) -> str:
    """``text`` in exactly ``width`` cells: cut with an ellipsis, or filled up with spaces. Empty for no width at all."""
    if width <= 0:
        return ""
    shown = cells(text)
    if cell_len(shown) <= width:
        return set_cell_size(shown, width)
    return set_cell_size(set_cell_size(shown, width - 1).rstrip() + "…", width)


def width_of(bits: Iterable[Bit]) -> int:
    return sum(cell_len(cells(text)) for text, _ in bits)


def cut(bits: Sequence[Bit], width: int) -> list[Bit]:
    """The bits in at most ``width`` cells, the one that crosses the edge ending in an ellipsis."""
    kept: list[Bit] = []
    for text, ink in bits:
        shown = cells(text)
        wide = cell_len(shown)
        if wide > width:
            if width > 0:
                kept.append((fit(shown, width).rstrip(), ink))
            break
        kept.append((shown, ink))
        width -= wide
    return kept


@lru_cache(maxsize=4096)
def strip(said: Line, width: int, ground: str = "ground", faded: bool = False) -> Strip:
    """The line in exactly ``width`` cells, with one space of its own at each end."""
    right = [(cells(text), ink) for text, ink in said.right]
    room = width - 2 - width_of(right) - (1 if right and said.left else 0)
    left = cut(said.left, room)
    gap = width - 2 - width_of(left) - width_of(right)
    blank = style("text", ground, faded)
    segments = [
        Segment(" ", blank),
        *(Segment(text, style(ink, ground, faded)) for text, ink in left),
        Segment(" " * max(0, gap), blank),
        *(Segment(text, style(ink, ground, faded)) for text, ink in right),
        Segment(" ", blank),
    ]
    return Strip([s for s in segments if s.text]).adjust_cell_length(width, blank)


def wrap(text: str, width: int) -> list[str]:
    """``text`` broken into lines of at most ``width`` cells, at spaces where there are any; its own line breaks stay."""
    return [part for row in clean(text, one_line=False).split("\n") for part in _wrap_row(row.expandtabs(4), max(2, width))]


def _wrap_row(row: str, width: int) -> list[str]:
    done: list[str] = []
    now = ""
    for word in cells(row).split(" "):
        longer = f"{now} {word}" if now else word
        if cell_len(longer) <= width:
            now = longer
            continue
        if now:
            done.append(now)
        *whole, now = chop_cells(word, width) or [""]
        done.extend(whole)
    return [*done, now]


def paragraph(text: str, width: int, ink: str = "text", before: Bit | None = None) -> list[Line]:
    """``text`` wrapped into lines for a panel ``width`` wide; ``before`` opens the first one, the rest is indented below it."""
    indent = cell_len(cells(before[0])) if before else 0
    rows = wrap(text, width - 2 - indent)
    opening: Bit = before or ("", ink)
    return [line(opening if n == 0 else (" " * indent, ink), (row, ink)) for n, row in enumerate(rows)]


def content(bits: Iterable[Bit], width: int, ground: str = "ground") -> Content:
    """The bits as a border's title: never markup."""
    return Content.assemble(*((text, _css(ink, ground)) for text, ink in cut(tuple(bits), width)))


def _css(ink: str, ground: str) -> str:
    shown = style(ink, ground)
    colour = shown.color.get_truecolor().hex if shown.color else ""
    return f"bold {colour}" if shown.bold else colour


def keys(*verbs: tuple[str, str]) -> tuple[Bit, ...]:
    """A border's keys: key bold, verb dim, a middle dot between."""
    bits: list[Bit] = []
    for key, verb in verbs:
        bits += [(" · ", "rule")] if bits else []
        bits += [(key, "b text"), (f" {verb}", "dim")]
    return tuple(bits)
