"""The console over a board that stands still, at a fixed time, in a terminal of a fixed size."""

import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from textual.pilot import Pilot

from console.core.shown import Board
from console.tui.app import OpsApp
from console.tui.screens.first import Screens
from tests.tui import sample

# A busy machine is slow, not wrong.
settings.register_profile("tui", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tui")

Open = Callable[..., AbstractAsyncContextManager[Pilot[str]]]
FRAMES = Path(__file__).parent / "frames"


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def opened(state: Path) -> Open:
    """Opens the console: ``async with opened(board, size=(80, 24)) as pilot``. ``age``: seconds since the sample's present."""

    @asynccontextmanager
    async def open_it(
        shown: Board | None,
        *,
        size: tuple[int, int] = (80, 24),
        age: float = 0,
        read_only: bool = False,
        screens: Screens | None = None,
        now: Callable[[], float] | None = None,
    ) -> AsyncIterator[Pilot[str]]:
        sample.publish(state, shown)
        clock = now or (lambda: sample.NOW + age)
        app = OpsApp(state, state / "standing.json", screens or sample.Recorded(), read_only, state / "prefs.json", now=clock)
        async with app.run_test(size=size, notifications=True) as pilot:
            await until(pilot, lambda: size[0] < 60 or "┏" in frame(pilot))  # a panel has the focus, and shows it
            yield pilot

    return open_it


def frame(pilot: Pilot[str]) -> str:
    """What stands on the screen, as text, without the spaces at the ends."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips) + "\n"


def widths(pilot: Pilot[str]) -> set[int]:
    """How many cells wide the screen's lines are: one number, when nothing is out of place."""
    return {strip.cell_length for strip in pilot.app.screen._compositor.render_strips()}


def looks_like(pilot: Pilot[str], name: str) -> None:
    """Compares the screen with its kept frame; OPS_FRAMES=write keeps it as it is now, to be looked at in the diff."""
    kept, now = FRAMES / f"{name}.txt", frame(pilot)
    if os.environ.get("OPS_FRAMES") == "write":
        kept.write_text(now, encoding="utf-8")
    assert now == kept.read_text(encoding="utf-8")


async def until(pilot: Pilot[str], true: Callable[[], bool], deadline_s: float = 20) -> None:
    """Lets the console run until something is true; fails at the deadline with what stands on the screen."""
    end = time.monotonic() + deadline_s
    while not true():
        assert time.monotonic() < end, frame(pilot)
        await pilot.pause(0.02)
