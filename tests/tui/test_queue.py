"""In which order the queue stands, and in which words: the operator's own turn comes first."""

from dataclasses import replace

import pytest

from console.core.shown import Board
from console.tui.lines import queue as lines
from console.tui.scene import Chosen, Scene
from console.tui.times import short, since
from console.tui.verbs import REASONS, why_not
from console.tui.words import STAGES, queue, stage
from tests.tui import sample

# The stages of the shell contract, which a board may name.
CONTRACT = [
    "said",
    "working",
    "stalled",
    "leftover",
    "asking",
    "foreign",
    "merged",
    "cancelled",
    "parked",
    "on_hold",
    "behind",
    "emptied",
    "hook",
    "empty",
    "guarded",
    "unchecked",
    "checking",
    "unpublished",
    "no_pull",
    "lagging",
    "held",
    "conflict",
    "red",
    "changes_asked",
    "checks_missing",
    "waiting",
    "aboard",
    "backoff",
    "retry",
    "provision",
    "launch",
    "claim",
    "queued",
    "not_eligible",
    "unknown",
]


def scene(board: Board) -> Scene:
    return Scene(board=board, trouble=None, now=sample.NOW, opened=sample.NOW)


def test_every_stage_of_the_contract_has_a_word() -> None:
    assert set(STAGES) == set(CONTRACT)
    assert all(word.word for name, word in STAGES.items() if name != "queued")


def test_a_stage_nobody_has_heard_of_is_shown_under_its_own_name() -> None:
    assert stage(sample.task(1, "t", stage="dreaming"), None).word == "dreaming"


def test_what_needs_you_stands_first_then_what_moves_then_what_is_next() -> None:
    tasks = (
        sample.task(1, "blocked", blocked_by=(2,)),
        sample.task(2, "second", place=2),
        sample.task(3, "first", place=1),
        sample.task(4, "landing", stage="aboard", row=21),
        sample.task(5, "checking", stage="checking", row=14),
        sample.task(6, "parked", stage="parked", row=6),
        sample.task(7, "with a worker", stage="working", row=1),
    )
    board = sample.board(tasks=tasks, slots=(sample.slot("w01", "run", 7, "with a worker", 1),))
    assert [task.issue for task, _ in queue(scene(board))] == [6, 4, 5, 3, 2, 1]


def test_a_worker_that_has_ended_gives_its_issue_back_to_the_queue() -> None:
    board = sample.board(
        tasks=(sample.task(7, "t", stage="checking", row=14),),
        slots=(sample.slot("w01", "ok", 7, "t", 1), sample.slot("w02", "err", 7, "t", 1)),
    )
    assert [task.issue for task, _ in queue(scene(board))] == [7]


@pytest.mark.parametrize(
    ("other", "word"),
    [
        ({}, "waits: m"),
        ({"asked": sample.word()}, "waiting"),
        ({"hold": sample.word()}, "waiting"),
        ({"state": "conflict"}, "waiting"),
        ({"checks": (replace(sample.pull(1, 1, "t").checks[0], state="pending"),)}, "waiting"),
        ({"checks": (replace(sample.pull(1, 1, "t").checks[0], state="pending", required=False),)}, "waits: m"),
    ],
)
def test_a_pull_waits_for_you_only_when_nothing_else_is_missing(other: dict[str, object], word: str) -> None:
    assert stage(sample.task(1, "t", stage="waiting"), sample.pull(31, 1, "t", **other)).word == word


def test_an_empty_queue_says_what_landed_last() -> None:
    landed = tuple(
        sample.event(n, "prove", issue=n, pull=n + 10, why=f"landed as {n}f2c1ab by p{n + 10}; its proof is being written on the issue")
        for n in range(1, 8)
    )
    shown = ["".join(bit[0] for bit in row.left) for row in lines.nothing(scene(sample.board(events=landed)), 80)]
    assert shown[:4] == ["No open issue is ready.", "", "Landed last", "✓ 1 landed as 1f2c1ab by p11"]
    assert len([text for text in shown if text.startswith("✓")]) == lines.LANDED


def test_the_title_counts_as_far_as_there_is_room() -> None:
    titles = ["".join(text for text, _ in lines.title(scene(sample.busy()), width)) for width in (60, 32, 12, 4)]
    assert titles == ["Queue 1 need you · 6 ready · 2 blocked · 2 under way", "Queue 1 need you · 6 ready", "Queue", "Que…"]


def test_without_a_board_every_verb_has_the_same_reason() -> None:
    nothing = Scene(board=None, trouble=None, now=0, opened=0)
    assert {why_not(verb, nothing, Chosen(panel="queue")) for verb in REASONS} == {"no engine has run here yet"}


@pytest.mark.parametrize(
    ("seconds", "age"),
    [(-5, "0s"), (0.4, "0s"), (59.9, "59s"), (60, "1m"), (3599, "59m"), (3600, "1h"), (86_399, "23h"), (86_400 * 99, "99d")],
)
def test_ages_are_rounded_down_and_three_characters_at_most(seconds: float, age: str) -> None:
    assert short(seconds) == age


def test_a_time_that_is_none_has_no_age() -> None:
    assert [since(at, 0) for at in (None, "", "never")] == ["", "", ""]
