"""A worker's screen: its colours are honoured, and nothing else in it reaches the operator's terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.style import Style

from console.tui.sgr import GLASS, INK, SIXTEEN, screen

ESC = "\x1b"


def styles(text: str) -> list[tuple[str, Style]]:
    return [(s.text, s.style or Style()) for _, strip in screen(text) for s in strip]


def fore(text: str) -> str:
    colour = styles(text)[-1][1].color
    return colour.name if colour else ""


COLOURS = [
    ("[31m", SIXTEEN[1]),
    ("[97m", SIXTEEN[15]),
    ("[38;5;9m", SIXTEEN[9]),
    ("[38;5;16m", "#000000"),
    ("[38;5;208m", "#ff8700"),
    ("[38;5;255m", "#eeeeee"),
    ("[38;2;1;2;3m", "#010203"),
    ("[38:2::1:2:3m", "#010203"),
    ("[38:5:208m", "#ff8700"),
    ("[31;39m", INK),
    ("[31m\x1b[m", INK),
    ("[38;5;999m", INK),
    ("[38m", INK),
    ("[38;2;1m", INK),
    ("[7m", GLASS),
    ("[999999999999999999999m", INK),
]


@pytest.mark.parametrize(("sequence", "colour"), COLOURS, ids=lambda x: repr(x))
def test_colours_are_those_of_the_pane(sequence: str, colour: str) -> None:
    assert fore(f"{ESC}{sequence}x") == colour


def test_what_follows_a_colour_of_three_parts_still_counts() -> None:
    [(_, style)] = styles(f"{ESC}[38;2;1;2;3;1;48;5;208mx")
    assert style.bold
    assert style.bgcolor
    assert style.bgcolor.name == "#ff8700"


def test_weights_are_put_on_and_taken_off() -> None:
    texts = styles(f"{ESC}[1;3;4;9ma{ESC}[22;23;24;29mb{ESC}[4:3mc{ESC}[4:0md")
    assert [(t, bool(s.bold), bool(s.italic), bool(s.underline), bool(s.strike)) for t, s in texts] == [
        ("a", True, True, True, True),
        ("b", False, False, False, False),
        ("c", False, False, True, False),
        ("d", False, False, False, False),
    ]


def test_a_colour_goes_on_in_the_next_line() -> None:
    assert fore(f"{ESC}[31ma\nb") == SIXTEEN[1]
    assert fore("a\nb") == INK  # and the same line is not remembered in the wrong colour


def test_dim_ink_goes_towards_its_ground() -> None:
    assert fore(f"{ESC}[2mx") == "#82858b"


HOSTILE = [
    (f"{ESC}]0;title\x07x", "x"),
    (f"{ESC}]52;c;c3RlYWw=\x07x", "x"),
    (f"{ESC}]8;;http://a{ESC}\\link{ESC}]8;;{ESC}\\", "link"),
    (f"{ESC}Pq#0{ESC}\\x", "x"),
    (f"{ESC}[2J{ESC}[Hx", "x"),
    (f"{ESC}cx", "x"),
    (f"x{ESC}", "x"),
    (f"x{ESC}[", "x"),
    ("a\x9b2Jb", "a�2Jb"),
    ("a\u202eb", "a�b"),
    ("a\rb", "a�b"),
    ("a\tb", "a       b"),
    ("\x0elqk\x0fl", "┌─┐l"),
]


@pytest.mark.parametrize(("raw", "shown"), HOSTILE, ids=repr)
def test_everything_but_colour_is_taken_out(raw: str, shown: str) -> None:
    assert screen(raw)[0][0] == shown


PIECES = st.one_of(
    st.text(max_size=8),
    st.sampled_from([ESC, f"{ESC}[", f"{ESC}]", "m", ";", ":", "38;2;", "\x07", "\x9b", "\x0e", "\t", "中", "e\u0301", "👩‍👩‍👧", "\ud800"]),
    st.binary(max_size=4).map(lambda b: b.decode("latin-1")),
    st.lists(st.integers(0, 300), max_size=6).map(lambda codes: f"{ESC}[{';'.join(map(str, codes))}m"),
)


@given(st.lists(PIECES, max_size=12).map("".join), st.booleans())
def test_no_screen_breaks_the_console(text: str, faded: bool) -> None:
    for plain, strip in screen(text, faded=faded):
        assert strip.text == plain
        assert not any(ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u202e\u2066" for c in plain)
