"""Text from outside, as bad as it comes, through everything that shows it: no crash, no control, every line as wide as it should be."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.strip import Strip

from console.core.shown import Board
from console.tui.lines import Line, content, cut, events, explain, fit, header, issue, line, paragraph, queue, slots, strip, width_of, wrap
from console.tui.scene import Chosen, Scene
from console.tui.verbs import Asked
from console.tui.words import stage
from tests.tui import sample
from tests.tui.conftest import Open, frame, widths

BAD = [
    "fix [bug] in [/core] [@click=app.exit]x[/]",
    "\x1b]52;c;c3RlYWw=\x07\x1b[2J\x1b[31mred\x9b0m\x90",
    "a\u202eb\u2066c\u200fd\u061c",
    "漢字" * 40,
    "e\u0301\u0301\u0301 👩‍👩‍👧 ❤️ 🇩🇪 👍🏽 \u200b\ufeff",
    "x" * 10_000,
    "a\nb\r\nc\td\x00e\x7f",
    "`rm -rf /` $(x) ; | & > 'q' \"",
    "\u0301",
    "",
    "\ud800",
]
TEXTS = st.one_of(
    st.sampled_from(BAD),
    st.text(max_size=60),
    st.lists(st.one_of(st.sampled_from(BAD[:5]), st.text(max_size=5), st.characters(max_codepoint=0x9F)), max_size=4).map("".join),
)


def harmless(text: str) -> bool:
    return not any(
        ord(c) < 32 or 127 <= ord(c) < 160 or 0xD800 <= ord(c) < 0xE000 or c in "\u202e\u2066\u200f\u061c\u200d\ufe0f" for c in text
    )


def right(drawn: Strip, width: int) -> bool:
    return drawn.cell_length == width and harmless(drawn.text)


@given(TEXTS, TEXTS, st.integers(2, 200))
def test_a_line_is_as_wide_as_it_was_told(left: str, end: str, width: int) -> None:
    assert right(strip(Line(left=((left, "text"), (left, "b ask")), right=((end[:5], "dim"),)), width), width)


@given(TEXTS, st.integers(0, 60))
def test_what_is_fitted_or_cut_has_its_width(text: str, width: int) -> None:
    assert width_of([(fit(text, width), "")]) == width
    assert width_of(cut([(text, ""), (text, "")], width)) <= width
    assert content([(text, "text")], width).cell_length <= width


@given(TEXTS, st.integers(2, 90))
def test_what_is_wrapped_fits_and_loses_no_letter(text: str, width: int) -> None:
    rows = wrap(text, width)
    assert all(width_of([(row, "")]) <= width and harmless(row) for row in rows)
    kept = [c for c in text if c.isascii() and c.isalnum()]
    assert [c for row in rows for c in row if c.isascii() and c.isalnum()] == kept


def test_the_right_part_of_a_row_is_never_cut() -> None:
    drawn = strip(line(("a very long title indeed", "text"), right=(("waits: m", "ask"), (" 31m", "dim"))), 24)
    assert drawn.text == " a very l… waits: m 31m "


def test_a_paragraph_is_indented_under_what_opens_it() -> None:
    lines = paragraph("one two three four", 16, before=("why ", "dim"))
    assert [strip(said, 16).text for said in lines] == [" why one two    ", "     three four "]


def hostile(text: str) -> Board:
    """The busy board, with ``text`` wherever something from outside can stand."""
    tasks = tuple(
        replace(t, title=text, body=text, why=text, evidence=(text, text), labels=(text,), wants=text or None) for t in sample.busy().tasks
    )
    shown = tuple(replace(s, title=text, last=text, why=text, source=text) for s in sample.SLOTS)
    happened = tuple(replace(e, what=text, why=text, by=text) for e in sample.EVENTS)
    pulls = tuple(replace(p, title=text, why=text, conflicts=({"with": text, "files": [text]},)) for p in sample.busy().pulls)
    found = sample.finding(level=text, target=text, cause=text, advice=text, last="never")
    return sample.busy(tasks=tasks, slots=shown, events=happened, pulls=pulls, findings=(found,), repo=text)


@given(TEXTS, st.integers(30, 170))
def test_every_kind_of_line_takes_any_text(text: str, width: int) -> None:
    board = hostile(text)
    scene = Scene(board=board, trouble=text, now=sample.NOW, opened=sample.NOW)
    task, slot, pull = board.tasks[8], board.slots[0], board.pulls[0]
    chosen = Chosen(panel="queue", task=task, slot=slot, pull=pull, event=board.events[0])
    asked = Asked(do="merge", target="p512", args={})
    lines = [
        *(queue.row(t, stage(t, pull), scene, width) for t in board.tasks),
        *(slots.row(s, scene, width) for s in board.slots),
        *(events.row(e, scene.digits, width) for e in board.events),
        *(events.finding(f, scene.digits, width) for f in board.findings),
        *issue.text(task, scene, width),
        *explain.why(scene, chosen, width),
        *explain.why(scene, replace(chosen, panel="slots"), width),
        *explain.why(scene, replace(chosen, panel="events"), width),
        *explain.merge(scene, chosen, asked, width),
        *explain.stop(chosen, asked, width),
        *queue.nothing(replace(scene, board=None), width),
    ]
    assert all(right(strip(said, width, "cursor", faded=True), width) for said in lines)
    for title in (queue.title(scene, width), slots.heading(slot, scene.now, width), issue.heading(task, scene, width)):
        assert width_of(title) <= width


@pytest.mark.parametrize("text", [t for t in BAD if t != "\ud800"], ids=lambda t: repr(t[:20]))
async def test_the_whole_console_takes_it(opened: Open, text: str) -> None:
    async with opened(hostile(text), size=(80, 24), screens=sample.Recorded(text)) as pilot:
        for keys in (
            ["i"],
            ["escape", "shift+tab"],
            ["i"],
            ["escape", "m"],
            ["escape", "a"],
            ["escape", "question_mark"],
            ["escape", "tab", "X"],
        ):
            await pilot.press(*keys)
            assert harmless(frame(pilot).replace("\n", ""))
            assert widths(pilot) == {80}


def test_the_header_gives_way_from_the_least_important() -> None:
    scene = Scene(board=sample.busy(repo="a" * 60), trouble=None, now=sample.NOW, opened=sample.NOW)
    said = strip(header.header(scene, 80, Counter(run=3), read_only=False), 80)
    assert said.cell_length == 80
    assert "engine 2s" in said.text
