"""Killed at any moment, not at an effect's: slow, and run by `make soak`."""

import os
import signal
import subprocess
from pathlib import Path
from random import Random

import pytest

from console import wire
from panes.seen import PanesError
from tests.acceptance.world import World, planted

LIVES = 25


def kill_tmux(world: World) -> None:
    try:
        pid, _ = wire.session(world.place).server()
    except PanesError:
        return
    os.kill(pid, signal.SIGKILL)


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(12))
def test_engines_and_tmux_servers_are_killed_at_any_moment_and_the_story_ends_the_same(seed: int, folder: Path) -> None:
    chance, world = Random(seed), planted(folder)
    try:
        for _ in range(LIVES):
            engine = world.engine("--until-idle")
            try:
                engine.wait(timeout=chance.uniform(0.2, 4.0))
                break
            except subprocess.TimeoutExpired:
                engine.kill()
                engine.wait()
            if chance.random() < 0.2:
                kill_tmux(world)
        for n in world.issues:  # three runs lost in a row are left to a person; the person says that it was the tmux server
            if world.task(n)["stage"] == "parked":
                world.ops("retry", str(n))
        code, said = world.run()
        assert code == 0, said
        assert world.judged()["problems"] == []
    finally:
        world.end()
