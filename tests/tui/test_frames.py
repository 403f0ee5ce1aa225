"""What the console looks like, kept as text: each of these was looked at as a picture too."""

from dataclasses import replace
from typing import Any

import pytest

from console.core.shown import BlindShown, Board, TrunkShown, Word
from console.tui.app import OpsApp
from tests.tui import sample
from tests.tui.conftest import Open, frame, looks_like, until, widths

SIZES = [(80, 24), (160, 45)]
STATES: dict[str, dict[str, Any]] = {
    "busy": {"shown": sample.busy()},
    "empty": {"shown": sample.board()},
    "stale": {"shown": sample.busy(), "age": 41},
    "no-engine": {"shown": None},
}


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", STATES)
async def test_each_state_of_the_console_looks_as_it_was_drawn(opened: Open, name: str, size: tuple[int, int]) -> None:
    ticks = iter([sample.NOW])  # the console is opened at the sample's present; with no board it gives up on the engine later
    wanted = dict(STATES[name])
    if name == "no-engine":
        wanted["now"] = lambda: next(ticks, sample.NOW + 60)
    async with opened(size=size, **wanted) as pilot:
        if name in ("busy", "stale"):
            await until(pilot, lambda: "Should I drop" in frame(pilot).split("Events")[0 if size[0] < 140 else 1])
        if name == "no-engine":
            await until(pilot, lambda: "no engine" in frame(pilot))
        looks_like(pilot, f"{name}-{size[0]}x{size[1]}")
        assert widths(pilot) == {size[0]}


OVERLAYS = {
    "explain-slot": ["i"],
    "explain-issue": ["tab", "tab", "tab", "i"],
    "help": ["question_mark"],
    "mode": ["P"],
    "leave": ["q"],
    "assign-to-slot": ["a"],
    "assign-issue": ["shift+tab", "a"],
    "merge": ["shift+tab", "m"],
    "stop": ["X"],
    "zoom": ["enter"],
    "issue": ["shift+tab", "j", "j", "j"],
    "log": ["L"],
}


@pytest.mark.parametrize("name", OVERLAYS)
async def test_each_overlay_looks_as_it_was_drawn(opened: Open, state: Any, name: str) -> None:
    async with opened(sample.busy(), size=(80, 24)) as pilot:
        (state / "journal.jsonl").write_bytes(sample.journal())
        await until(pilot, lambda: "Should I drop" in frame(pilot))
        await pilot.press(*OVERLAYS[name])
        await until(pilot, lambda: len(pilot.app.screen_stack) > 1 or name in ("zoom", "issue"))
        await pilot.pause()
        looks_like(pilot, f"over-{name}")
        assert widths(pilot) == {80}


async def test_a_terminal_that_is_too_small_is_told_so_in_one_line(opened: Open) -> None:
    async with opened(sample.busy(), size=(56, 20)) as pilot:
        assert "too small" in frame(pilot)
        assert "Queue" not in frame(pilot)
        assert widths(pilot) == {56}


@pytest.mark.parametrize("size", [(60, 16), (80, 16), (100, 30), (120, 36), (139, 45), (140, 24), (200, 60)], ids=str)
async def test_between_and_beyond_the_drawn_sizes_everything_is_in_its_place(opened: Open, size: tuple[int, int]) -> None:
    async with opened(sample.busy(), size=size) as pilot:
        await until(pilot, lambda: "Should I drop" in frame(pilot) or "43" in frame(pilot))
        text = frame(pilot)
        assert widths(pilot) == {size[0]}
        assert all(word in text for word in ("Queue", "Slots", "acme/api", "? help"))
        assert all(name in text for name in ("w07", "1396"))


async def test_the_console_can_be_resized_while_it_runs(opened: Open) -> None:
    async with opened(sample.busy(), size=(160, 45)) as pilot:
        for size in ((80, 24), (60, 16), (40, 10), (160, 45), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert widths(pilot) == {size[0]}
        await until(pilot, lambda: "Should I drop" in frame(pilot) and "┏" in frame(pilot))
        looks_like(pilot, "busy-80x24")


def _with(board: Board, **engine: Any) -> Board:
    return replace(board, engine=replace(board.engine, **engine))


async def test_the_header_says_in_words_what_is_out_of_the_ordinary(opened: Open) -> None:
    said = Word(by="you", since=sample.ago(3))
    board = replace(
        _with(sample.busy(), mode="assist", pause=said, freeze=said),
        trunk=TrunkShown(branch="main", head=sample.HEAD, tree="0" * 40, state="red", since=sample.ago(3)),
        blind=(BlindShown(sense="forge", why="connection refused", since=sample.ago(1)),),
    )
    async with opened(board, size=(160, 45)) as pilot:
        top = frame(pilot).split("\n")[0]
        assert all(word in top for word in ("ASSIST", "‖ paused", "‖ frozen", "✗ red", "? forge not seen"))
    async with opened(board, size=(80, 24)) as pilot:
        top = frame(pilot).split("\n")[0]
        assert all(word in top for word in ("ASSIST", "‖ paused", "‖ frozen", "engine 2s"))


async def test_what_is_wrong_stands_above_the_events(opened: Open) -> None:
    async with opened(sample.busy(findings=(sample.finding(),)), size=(80, 24)) as pilot:
        below = frame(pilot).split("Events")[1].split("\n")
        assert "1 wrong" in below[0]
        assert "the trunk is red  mend it first" in below[1]


async def test_a_board_that_cannot_be_read_is_an_error_with_its_cause(opened: Open, state: Any) -> None:
    state.mkdir()
    (state / "observed.json").write_text('{"schema": 1, "at": 3}')
    async with opened(None) as pilot:
        text = frame(pilot)
        assert "the board cannot be read" in text
        assert "another version" in text


async def test_a_dead_engine_is_named_in_the_header_with_the_age_of_what_is_shown(opened: Open) -> None:
    async with opened(sample.busy(), age=39) as pilot:
        assert "engine 41s — not answering" in frame(pilot).split("\n")[0]
        assert isinstance(pilot.app, OpsApp)
        assert pilot.app.first.query_one("#queue").faded  # type: ignore[attr-defined]  # RowList, by its id
