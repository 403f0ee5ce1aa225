"""What a stage of the table is called in the queue, how it looks there, and in which part of the queue it stands."""

from typing import NamedTuple

from console.core.shown import PullShown, TaskShown
from console.tui.scene import Scene

NEEDS, MOVING, QUEUED, REST = range(4)  # the queue's order: what needs you, what moves by itself, what is next, and the rest


class Stage(NamedTuple):
    """``state``: whose glyph and ink it has (inks.STATES), empty for none; ``word``: as short as a row needs it."""

    state: str
    word: str
    part: int = MOVING


STAGES = {
    "said": Stage("run", "noted"),
    "working": Stage("run", "working"),
    "stalled": Stage("ask", "stalled", NEEDS),
    "leftover": Stage("run", "booking"),
    "asking": Stage("ask", "asks", NEEDS),
    "foreign": Stage("lost", "not ours", REST),
    "merged": Stage("ok", "landed"),
    "cancelled": Stage("idle", "cancelled", REST),
    "parked": Stage("ask", "parked", NEEDS),
    "on_hold": Stage("nap", "held", REST),
    "behind": Stage("run", "behind"),
    "emptied": Stage("ask", "emptied", NEEDS),
    "hook": Stage("err", "hook said no"),
    "empty": Stage("err", "no change"),
    "guarded": Stage("ask", "guarded", NEEDS),
    "unchecked": Stage("run", "to check"),
    "checking": Stage("run", "checking"),
    "unpublished": Stage("run", "publishing"),
    "no_pull": Stage("run", "proposing"),
    "lagging": Stage("run", "lagging"),
    "held": Stage("nap", "held", REST),
    "conflict": Stage("err", "conflict"),
    "red": Stage("err", "red"),
    "changes_asked": Stage("ask", "changes"),
    "checks_missing": Stage("ask", "no checks", NEEDS),
    "waiting": Stage("run", "waiting"),
    "aboard": Stage("run", "landing"),
    "backoff": Stage("err", "backoff"),
    "retry": Stage("err", "again"),
    "provision": Stage("boot", "worktree"),
    "launch": Stage("boot", "starting"),
    "claim": Stage("", "claiming", QUEUED),
    "queued": Stage("", "", QUEUED),
    "not_eligible": Stage("idle", "not eligible", REST),
    "unknown": Stage("lost", "unknown", REST),
}
WAITS_FOR_YOU = Stage("ask", "waits: m", NEEDS)


def stage(task: TaskShown, pull: PullShown | None) -> Stage:
    """A task's stage as the queue shows it; one this console has never heard of is shown under its own name, as unknown."""
    if task.stage == "waiting" and waits_for_word(pull):
        return WAITS_FOR_YOU
    if task.stage == "queued" and task.blocked_by:
        return Stage("nap", "waits", REST)
    return STAGES.get(task.stage) or Stage("lost", task.stage, REST)


def waits_for_word(pull: PullShown | None) -> bool:
    """Whether all that a pull lacks is the operator's word: nothing asked yet, and no required check that is not green."""
    if pull is None or pull.asked or pull.hold or pull.state in ("conflict", "red", "landing", "incident"):
        return False
    return all(check.state in ("pass", "flaky") for check in pull.checks if check.required)


def in_slot(task: TaskShown, scene: Scene) -> bool:
    """Whether a worker's process has the task now; when it has ended, the task is back in the queue, at its stage."""
    board = scene.board
    return board is not None and any(s.issue == task.issue and s.state in ("run", "ask", "boot", "lost", "nap") for s in board.slots)


def queue(scene: Scene) -> tuple[tuple[TaskShown, Stage], ...]:
    """The tasks no worker has now: what needs you first, then what moves by itself, then by place, then the rest."""
    if scene.board is None:
        return ()
    shown = [(task, stage(task, scene.pull(task.pull))) for task in scene.board.tasks if not in_slot(task, scene)]
    return tuple(sorted(shown, key=lambda row: (row[1].part, row[0].place is None, row[0].place or 0, -row[0].row, row[0].issue)))
