"""Every effect is killed once, by SIGKILL in a process of its own, and the story ends the same."""

from pathlib import Path

from console.engine.effect import EFFECTS
from tests.acceptance.world import World, planted

# Told by other stories: tests/acceptance/test_the_rest.py.
ELSEWHERE = {
    name for name in EFFECTS if name.split(".")[0] in ("note", "stop", "rescue", "follow", "park", "interrupt", "freeze", "bug", "tell")
} | {"pull.close"}
STARTS = 200


def killed_until_done(world: World, killed: Path) -> tuple[int, int]:
    """Runs engines until one ends by itself: its code, and how many were killed."""
    killed.mkdir(exist_ok=True)
    for deaths in range(STARTS):
        code, said = world.run("--until-idle", OPS_KILL_ONCE=str(killed))
        if code >= 0:
            assert code in (0, 1), said
            return code, deaths
    raise AssertionError(f"{STARTS} engines died")


def test_each_effect_of_the_story_is_killed_once_and_it_ends_the_same(folder: Path) -> None:
    """An engine that is killed at one effect takes with it what was under way beside it, so that now and then the story has to be told
    again until it has met them all.
    """
    killed = folder / "killed"
    for telling in range(1, 4):
        (folder / str(telling)).mkdir()
        world = planted(folder / str(telling))
        before = len(list(killed.iterdir())) if killed.exists() else 0
        try:
            code, deaths = killed_until_done(world, killed)
            assert world.judged()["problems"] == [], world.told()
        finally:
            world.end()
        hit = {path.name for path in killed.iterdir()}
        assert code == 0
        assert deaths == len(hit) - before
        if hit >= EFFECTS - ELSEWHERE:
            break
    assert hit - ELSEWHERE == EFFECTS - ELSEWHERE
