"""Colours, by name: the grounds, the inks on them, and what each state looks like. Chosen for contrast; see docs/decisions.md."""

from functools import lru_cache
from typing import NamedTuple

from rich.style import Style
from textual.color import Color

GROUNDS = {
    "ground": "#14161a",  # screen and panels
    "glass": "#0d0f12",  # what is not ours is darker: a worker's screen, an input
    "raised": "#1d2127",  # header, footer, dialogs
    "cursor": "#27313d",  # cursor row of the focused panel
    "elsewhere": "#20262e",  # cursor of the slots while another panel has the focus
}

INKS = {
    "text": "#d8dce3",
    "dim": "#929aa5",
    "label": "#7c828b",
    "stale": "#6b737e",
    "rule": "#39404a",
    "focus": "#a9bdd6",
    "run": "#56b4e9",
    "ask": "#e69f00",
    "err": "#e8604c",
    "ok": "#49db95",
    "idle": "#7c828b",
    "boot": "#c7e5f8",
    "nap": "#b58cff",
    "lost": "#f0e442",
}

# Five inks fall below a contrast of 4.5 on the cursor row (of 3, the rule), so they are lifted there.
LIFTED = {"dim": "#b4bbc6", "label": "#a3aab4", "idle": "#a3aab4", "err": "#f58a7a", "rule": "#5a6472"}

BADGES = {"watch": "nap", "assist": "run", "auto": "ok"}  # a mode's badge is the ground's ink on this one

FADE = 0.45  # how far an ink goes towards its ground when what it says is old


class State(NamedTuple):
    """How a state looks: its glyph and its ink. The word is the state's own name."""

    glyph: str
    ink: str


STATES = {
    "run": State("●", "run"),
    "ask": State("◆", "b ask"),
    "err": State("✗", "b err"),
    "ok": State("✓", "ok"),
    "idle": State("○", "idle"),
    "boot": State("◌", "boot"),
    "nap": State("‖", "nap"),
    "lost": State("?", "lost"),
}
UNKNOWN = State("?", "lost")


def state(name: str) -> State:
    """The look of a state; one we have never heard of is shown as unknown, never left out."""
    return STATES.get(name, UNKNOWN)


def mark(name: str) -> tuple[str, str]:
    """A state's glyph with the space behind it, and its ink."""
    look = state(name)
    return f"{look.glyph} ", look.ink


def mix(ink: str, ground: str, part: float) -> str:
    """``ink`` moved ``part`` of the way (0 to 1) to ``ground``; both and the answer as #rrggbb."""
    return Color.parse(ink).blend(Color.parse(ground), part).hex6.lower()


@lru_cache(maxsize=1024)
def style(ink: str, ground: str, faded: bool = False) -> Style:
    """The style of an ink on a ground, both by name. ``ink`` may begin with "b " (bold); "badge M" is the badge of mode M."""
    bold = ink.startswith(("b ", "badge "))
    name = ink.removeprefix("b ")
    below = GROUNDS[ground]
    if name.startswith("badge "):
        name, below = "", INKS[BADGES.get(name.removeprefix("badge "), "idle")]
    above = GROUNDS["ground"] if not name else _ink(name, ground)
    if faded:
        above = mix(above, below, FADE)
    return Style(color=above, bgcolor=below, bold=bold)


def _ink(name: str, ground: str) -> str:
    lifted = LIFTED.get(name) if ground in ("cursor", "elsewhere") else None
    return lifted or INKS[name]


def variables() -> dict[str, str]:
    """The same colours for the style sheet: $ops-ground, $ops-focus …"""
    return {f"ops-{name}": hexed for name, hexed in (INKS | GROUNDS).items()} | {"ops-veil": "#0a0b0d"}
