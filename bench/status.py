"""`ops-console status` against an interpreter that does nothing: what a shell prompt or a script pays for asking."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.measurement import Measurement, Target, side_by_side
from console.core.shown import Board, Budget, EngineShown, Spent, TaskShown, TrunkShown
from console.demo.story import plant
from console.engine import board
from console.place import Options, Place, locate

TASKS = 200
TIMES = 21


def measure() -> Measurement:
    """With a board of 200 tasks. Raises CannotMeasure."""
    with home() as folder:
        checkout = plant(folder / "larder")
        state = folder / "state"
        place = locate(Options(where=checkout, state=state))
        place.state.mkdir(parents=True)
        # From a time to come: it stays fresh however long the runs take, and none of them writes it.
        board.write(place.state, board_of(place, time.time() + 600))
        command = [str(Path(sys.executable).with_name("ops-console")), "--state", str(state), "status"]
        ours, other = side_by_side(command, [sys.executable, "-c", "pass"], checkout, os.environ, TIMES)
    return Measurement(bench="status", ours=ours, other=other, unit="ms", target=Target(bound="at most", ratio=8))


@contextmanager
def home() -> Iterator[Path]:
    """A home of its own for all that is started meanwhile, so that nothing of the person's who measures is read or written."""
    before = dict(os.environ)
    with TemporaryDirectory(prefix="ops-bench-") as folder:
        for name in [name for name in os.environ if name.startswith("XDG_")]:
            del os.environ[name]
        os.environ["HOME"] = folder
        try:
            yield Path(folder)
        finally:
            os.environ.clear()
            os.environ.update(before)


def board_of(place: Place, at: float) -> Board:
    """A board with many tasks, as an engine at work would publish it."""
    now = board.iso(at)
    engine = EngineShown(
        pid=os.getpid(),
        host="bench",
        since=now,
        tick=1,
        tick_ms=1.0,
        mode="auto",
        pause=None,
        drain=None,
        freeze=None,
        sandbox=False,
        tmux=None,
    )
    return Board(
        at=now,
        repo=place.repo,
        trunk=TrunkShown(branch="main", head="0" * 40, tree="0" * 40, state="green", since=now),
        engine=engine,
        tasks=tuple(task(number, now) for number in range(1, TASKS + 1)),
        pulls=(),
        train=(),
        bays=(),
        slots=(),
        budget=Budget(day_usd=None, cap_usd=None, day_tokens=0, cap_tokens=None, day_minutes=0, cap_minutes=None, runs_cost_unknown=0),
        findings=(),
        commands=(),
        events=(),
        blind=(),
    )


def task(number: int, now: str) -> TaskShown:
    return TaskShown(
        issue=number,
        title=f"Issue {number} of a board that is full",
        body="What is wrong, and what is expected. " * 40,
        url=f"local://bench/larder/issues/{number}",
        labels=("bug",),
        priority=1,
        created=now,
        wants=None,
        blocked_by=(),
        place=number,
        stage="claim",
        row=26,
        why="next when a slot is free",
        evidence=(),
        since=now,
        due=None,
        claim=None,
        hold=None,
        branch=None,
        head=None,
        pull=None,
        attempts=0,
        attempts_cap=3,
        spent=Spent(tokens=None, usd=None, minutes=0),
        run=None,
        verdict=None,
        next=None,
    )
