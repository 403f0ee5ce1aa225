"""Each key leaves the command that the shell's words would, or says why it does not."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from console.core.facts import Answer
from console.core.shown import Board
from console.engine import inbox
from console.tui.app import OpsApp
from console.tui.keymap import KEYMAP, QUIET_CHORDS
from tests.tui import sample
from tests.tui.conftest import Open, frame, until

HEAD = "4e1d77a" + "0" * 33

LEFT = [
    (["w"], {"do": "wake", "target": "w07"}),
    (["x"], {"do": "interrupt", "target": "w07"}),
    (["X", *"w07", "enter"], {"do": "stop", "target": "w07"}),
    (["j", "j", "b"], {"do": "retry", "target": "1398"}),
    (["shift+tab", "m", "enter"], {"do": "merge", "target": "p512", "pinned": HEAD}),
    (["shift+tab", "m", "y"], {"do": "merge", "target": "p512", "pinned": HEAD}),
    (["shift+tab", "j", "b"], {"do": "retry", "target": "1398"}),
    (["shift+tab", "j", "j", "j", "a", *"w11", "enter"], {"do": "assign", "target": "1433", "args": {"slot": "w11"}}),
    (["G", "a", *"docs", "enter"], {"do": "assign", "target": "1428", "args": {"slot": "w11"}}),
    (["G", "a", "down", "down", "up", "enter"], {"do": "assign", "target": "1433", "args": {"slot": "w11"}}),
]


def left(state: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted((state / "inbox").glob("*.json"))]


async def settled(pilot: Pilot[str]) -> None:
    """The first look at the chosen slot's screen is over: from here on keys alone change anything."""
    await until(pilot, lambda: "Should I drop" in frame(pilot))


@pytest.mark.parametrize(("keys", "wanted"), LEFT, ids=lambda x: " ".join(x) if isinstance(x, list) else "")
async def test_a_verb_leaves_its_command(opened: Open, state: Path, keys: list[str], wanted: dict[str, Any]) -> None:
    board = sample.busy()
    if keys == ["w"]:  # whom one wakes is not working
        board = sample.busy(slots=(sample.slot("w07", "idle", None, None, 3),))
    async with opened(board) as pilot:
        await pilot.press(*keys)
        await until(pilot, lambda: bool(left(state)))
    [command] = left(state)
    assert {**wanted, "by": "you"} == {key: command[key] for key in (*wanted, "by")}
    if "pinned" not in wanted:
        assert command["pinned"] is None


async def test_a_guarded_change_is_let_by_pinned_to_the_head_that_was_shown(opened: Open, state: Path) -> None:
    guarded = sample.task(
        1400,
        "run the checks faster",
        stage="guarded",
        row=13,
        why="it changes Makefile (guarded): `pass 1400` lets it by",
        head=HEAD,
        evidence=("git -C /elsewhere/1400 diff 5c0ffee...4e1d77a",),
    )
    async with opened(sample.busy(tasks=(guarded,)), size=(120, 36)) as pilot:
        await pilot.press("shift+tab", "D")
        await until(pilot, lambda: "git -C /elsewhere/1400 diff" in frame(pilot))
        assert left(state) == []
        await pilot.press("enter")
        await until(pilot, lambda: bool(left(state)))
    [command] = left(state)
    assert (command["do"], command["target"], command["pinned"]) == ("pass", "1400", HEAD)


REASONS = [
    (["shift+tab", "D"], "nothing of 1396 waits for a pass"),
    (["m"], "1423 has no pull yet"),
    (["j"] * 5 + ["w"], "w01 works already"),
    (["G", "x"], "nobody works in w11"),
    (["G", "X"], "nobody works in w11"),
    (["shift+tab", "j", "j", "j", "t"], "choose a slot first"),
    (["b"], "a worker has 1423 now"),
]


@pytest.mark.parametrize(("keys", "reason"), REASONS, ids=lambda x: " ".join(x) if isinstance(x, list) else x)
async def test_a_verb_that_cannot_be_used_says_why_and_leaves_nothing(opened: Open, state: Path, keys: list[str], reason: str) -> None:
    async with opened(sample.busy(), size=(120, 36)) as pilot:
        await pilot.press(*keys)
        await until(pilot, lambda: reason in frame(pilot))
    assert left(state) == []


async def test_a_confirmation_that_is_cancelled_leaves_nothing(opened: Open, state: Path) -> None:
    async with opened(sample.busy()) as pilot:
        await pilot.press("X", "w", "0", "enter")  # half typed: the default is Cancel
        await until(pilot, lambda: len(pilot.app.screen_stack) == 1)
        await pilot.press("X", "escape", "shift+tab", "m", "tab", "enter", "m", "n", "m", "escape")
        assert len(pilot.app.screen_stack) == 1
    assert left(state) == []


async def test_stopping_is_not_one_key_away(opened: Open, state: Path) -> None:
    async with opened(sample.busy()) as pilot:
        await pilot.press("X", "y", "enter")
        await until(pilot, lambda: len(pilot.app.screen_stack) == 1)
    assert left(state) == []


async def test_the_outcome_of_a_command_is_told_when_it_comes(opened: Open, state: Path) -> None:
    async with opened(sample.busy(), size=(160, 45)) as pilot:
        await pilot.press("x")
        await until(pilot, lambda: "interrupt w07: queued" in frame(pilot))
        [command] = left(state)
        inbox.answer(state, Answer(command=command["id"], outcome="refused", why="nobody [works] in w07"))
        await until(pilot, lambda: "interrupt w07: refused — nobody [works] in w07" in frame(pilot))


async def test_what_a_command_waits_for_is_told(opened: Open, state: Path) -> None:
    async with opened(sample.busy(), size=(160, 45)) as pilot:
        await pilot.press("x")
        await until(pilot, lambda: bool(left(state)))
        waits = replace(sample.busy().commands[0], id=left(state)[0]["id"], why="behind p30")
        sample.publish(state, sample.busy(commands=(waits,)))
        await until(pilot, lambda: "interrupt w07: waits — behind p30" in frame(pilot))


async def test_a_command_left_to_no_engine_says_so(opened: Open) -> None:
    async with opened(sample.busy(), size=(160, 45), age=60) as pilot:
        await pilot.press("x")
        await until(pilot, lambda: "no engine is answering" in frame(pilot))


MODES = [
    ("w", lambda s: s.mode == "watch"),
    ("s", lambda s: s.mode == "assist"),
    ("a", lambda s: s.mode == "auto"),
    ("p", lambda s: s.pause is not None and s.pause.by == "you"),
    ("f", lambda s: s.freeze is not None),
]


@pytest.mark.parametrize(("key", "true"), MODES)
async def test_the_mode_menu_says_what_stands(opened: Open, state: Path, key: str, true: Any) -> None:
    async with opened(sample.busy(), size=(160, 45)) as pilot:
        await pilot.press("P", key)
        await until(pilot, lambda: true(inbox.standing(state / "standing.json")))
        await until(pilot, lambda: "said" in frame(pilot))


async def test_a_pause_is_lifted_by_the_key_that_made_it(opened: Open, state: Path) -> None:
    board = sample.busy()
    board = replace(board, engine=replace(board.engine, pause=sample.word()))
    async with opened(board) as pilot:
        await pilot.press("P", "p")
        await until(pilot, lambda: (state / "standing.json").exists())
    assert inbox.standing(state / "standing.json").pause is None


async def test_leaving_with_work_going_on_asks_once(opened: Open, state: Path) -> None:
    async with opened(sample.busy()) as pilot:
        await pilot.press("q")
        await until(pilot, lambda: "Work is going on" in frame(pilot))
        await pilot.press("escape")
        assert pilot.app.is_running
        await pilot.press("q", "k")
    assert pilot.app.return_value == "keep"
    async with opened(sample.busy()) as pilot:
        await pilot.press("q")
    assert pilot.app.return_value == "keep"


async def test_leaving_can_stop_everything(opened: Open) -> None:
    async with opened(sample.busy()) as pilot:
        await pilot.press("q", "s")
    assert pilot.app.return_value == "stop"


async def test_leaving_an_idle_console_asks_nothing(opened: Open) -> None:
    async with opened(sample.board()) as pilot:
        await pilot.press("q")
    assert pilot.app.return_value == "keep"


@pytest.mark.parametrize("chord", QUIET_CHORDS)
async def test_the_chords_of_stock_textual_end_and_open_nothing(opened: Open, chord: str) -> None:
    async with opened(sample.busy()) as pilot:
        await settled(pilot)
        await pilot.press(chord)
        await until(pilot, lambda: "press q to leave" in frame(pilot))
        assert len(pilot.app.screen_stack) == 1
        await pilot.press("question_mark", chord)
        assert pilot.app.is_running


async def test_a_console_that_only_reads_has_no_verbs(opened: Open, state: Path) -> None:
    async with opened(sample.busy(), read_only=True) as pilot:
        await settled(pilot)
        await pilot.press("w", "a", "m", "x", "X", "b", "P", "shift+tab", "m", "a", "b")
        assert len(pilot.app.screen_stack) == 1
        text = frame(pilot)
        assert "read-only" in text
        assert not any(word in text for word in ("a assign", "w wake", "m merge"))
        assert "t attach" in text
        await pilot.press("question_mark")
        assert "Verbs" not in frame(pilot)
    assert left(state) == []


async def test_moving_keeps_the_cursor_on_its_row_when_the_board_changes(opened: Open, state: Path) -> None:
    async with opened(sample.busy()) as pilot:
        await pilot.press("j", "j")
        assert isinstance(pilot.app, OpsApp)
        assert _slot(pilot.app) == "w19"
        slots = (sample.slot("w30", "ask", 99, "new", 0), *sample.SLOTS)
        sample.publish(state, sample.busy(slots=slots))
        await until(pilot, lambda: "w30" in frame(pilot))
        assert _slot(pilot.app) == "w19"
        await pilot.press("G")
        assert _slot(pilot.app) == "w11"
        await pilot.press("g", "down", "up", "down")
        assert _slot(pilot.app) == "w12"


def _slot(app: OpsApp) -> str | None:
    return app.first.chosen.slot.slot if app.first.chosen.slot else None


async def test_tab_goes_round_and_the_preview_follows_the_list(opened: Open) -> None:
    async with opened(sample.busy()) as pilot:
        await settled(pilot)
        await pilot.press("shift+tab")
        assert "p512 waits for your word" in frame(pilot)
        await pilot.press("tab")
        await until(pilot, lambda: "Should I drop" in frame(pilot))


async def test_an_event_can_be_explained(opened: Open) -> None:
    async with opened(sample.busy()) as pilot:
        assert isinstance(pilot.app, OpsApp)
        pilot.app.first.query_one("#events").focus()
        await pilot.press("j", "i")
        assert "check (failed)" in frame(pilot)


async def test_new_events_are_seen_and_one_that_is_read_stays_under_the_cursor(opened: Open, state: Path) -> None:
    async with opened(sample.busy()) as pilot:
        app = pilot.app
        assert isinstance(app, OpsApp)
        newer = [sample.event(0, "merge", why=f"number {n}", issue=n) for n in range(9)]
        sample.publish(state, sample.busy(events=(*newer[:5], *sample.EVENTS)))
        await until(pilot, lambda: "number 0" in frame(pilot))
        app.first.query_one("#events").focus()
        await pilot.press("j", "j")
        assert app.first.chosen.event == newer[2]
        sample.publish(state, sample.busy(events=(*newer[5:], *newer[:5], *sample.EVENTS)))
        await until(pilot, lambda: "number 8" not in frame(pilot) and len(_board(app).events) == 16)
        assert app.first.chosen.event == newer[2]


def _board(app: OpsApp) -> Board:
    assert app.first._scene.board
    return app.first._scene.board


async def test_zoom_and_back(opened: Open) -> None:
    async with opened(sample.busy()) as pilot:
        await settled(pilot)
        before = frame(pilot)
        await pilot.press("enter")
        assert "Queue" not in frame(pilot)
        assert "Read 6 files" in frame(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: frame(pilot) == before)


async def test_the_picker_says_when_nothing_matches(opened: Open, state: Path) -> None:
    async with opened(sample.busy()) as pilot:
        await pilot.press("a", *"qqqq")
        assert "nothing is called that" in frame(pilot)
        await pilot.press("enter")
    assert left(state) == []


def test_no_two_keys_are_the_same_and_every_action_exists() -> None:
    keys = [key for entry in KEYMAP for key in entry.keys.split(",")]
    assert len(keys) == len(set(keys))
    for entry in KEYMAP:
        name = entry.action.split("(")[0].removeprefix("app.")
        assert hasattr(OpsApp, f"action_{name}"), entry.id


async def test_a_click_chooses_a_row(opened: Open) -> None:
    async with opened(sample.busy()) as pilot:
        await pilot.click("#slots", offset=(5, 3))
        assert isinstance(pilot.app, OpsApp)
        assert _slot(pilot.app) == "w19"
