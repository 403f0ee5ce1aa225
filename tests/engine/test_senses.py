"""What the senses remember, and when they ask again: absent is not unseen, and old is not now."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from console.core.facts import Blind, Known
from console.engine.loop import Loop
from console.engine.ports import Ports
from console.engine.senses.forge import ForgeSense
from console.engine.senses.memory import Memory
from console.forge import Changes, Forge
from panes.runs import Spec, reserve
from panes.seen import RunId, Slot
from tests.engine.conftest import claimed


class Listening:
    """A forge that tells when it is asked what changed."""

    def __init__(self, forge: Forge, heard: Callable[[], None]) -> None:
        self._forge = forge
        self._heard = heard

    async def changed(self, since: str | None) -> Changes:
        changes = await self._forge.changed(since)
        self._heard()
        return changes


async def test_what_is_done_while_the_forge_is_asked_is_asked_for_again(ports: Ports) -> None:
    asked: list[float] = []
    now = 1000.0

    def heard() -> None:
        nonlocal now
        now += 5  # the listing took so long
        asked.append(now)
        if len(asked) == 1:
            sense.stale()  # an action ended meanwhile

    sense = ForgeSense(Listening(ports.forge, heard), Memory(lambda: now), lambda: now, every_s=1000.0)  # type: ignore[arg-type]  # no more is asked
    await sense.look()
    assert isinstance(sense.state, Known)
    assert sense.state.at == 1000.0  # when it was asked: what was said to the forge since may be missing
    for _ in range(2):
        await sense.look()
    assert len(asked) == 2


async def test_a_run_folder_that_cannot_be_read_makes_its_own_task_blind_and_says_which(loop: Loop, ports: Ports) -> None:
    await claimed(ports)
    two = await ports.forge.file("Two", "", ["ops/ready"])
    about = {"task": "1", "purpose": "work", "kind": "script", "slot": Slot("w01"), "reason": "implement", "began": 1.0}
    folder: Path = reserve(ports.paths.runs, Spec(id=RunId("1-1"), **about))  # type: ignore[arg-type]  # a test's own short hand
    (folder / "run.json").write_text("{")
    loop.senses.stale(1)
    seen = await loop.senses.look({}, {})
    blind = seen.tasks[1].runs
    assert isinstance(blind, Blind)
    assert str(folder) in blind.why
    assert isinstance(seen.tasks[1].ledger, Blind)
    assert isinstance(seen.tasks[two].runs, Known)


async def test_a_worktree_that_something_is_done_to_while_it_is_looked_at_is_looked_at_again(loop: Loop, ports: Ports) -> None:
    await claimed(ports)
    git, where = loop.senses.git, ports.paths.work(1)
    looking = asyncio.create_task(git.work(1, "its runs"))
    await asyncio.sleep(0)  # it has begun
    git.stale(1)
    await looking
    (where / "new").write_text("x")
    look = await git.work(1, "its runs")
    assert isinstance(look, Known)
    assert look.value
    assert look.value.dirty
