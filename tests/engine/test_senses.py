"""What the senses remember, and when they ask again: absent is not unseen, and old is not now."""

import asyncio
from collections.abc import Callable

from console.core.facts import Blind, Known, Oid
from console.core.reconcile import reconcile
from console.engine.claims import claim_ref
from console.engine.loop import Loop
from console.engine.ports import Ports
from console.engine.push import Ref, push
from console.engine.senses.forge import ForgeSense
from console.engine.senses.memory import Memory
from console.forge import Changes, Forge
from panes.git import git
from panes.runs import Spec, reserve
from panes.seen import RunId, Slot
from tests.engine.conftest import claimed


def spec(number: int, began: float = 1.0) -> Spec:
    slot = Slot("w01")
    return Spec(id=RunId(f"1-{number}"), task="1", purpose="work", kind="script", slot=slot, reason="implement", began=began)


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
    folder = reserve(ports.paths.runs, spec(1))
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
    sense = loop.senses.git
    looking = asyncio.create_task(sense.work(1, "its runs"))
    await asyncio.sleep(0)  # it has begun
    sense.stale(1)
    await looking
    (ports.paths.work(1) / "new").write_text("x")
    look = await sense.work(1, "its runs")
    assert isinstance(look, Known)
    assert look.value
    assert look.value.dirty


async def test_a_claim_that_cannot_be_read_is_somebodys_and_ends_no_engine(loop: Loop, ports: Ports) -> None:
    blob = Oid(git(ports.paths.hub, "hash-object", "-w", "--stdin", stdin="nonsense").out.strip())
    await push(ports.paths.hub, ports.remote, [Ref(name=claim_ref(1), was=None, now=blob)])
    loop.senses.stale(1)
    seen = await loop.senses.look({}, {})
    assert isinstance(seen.tasks[1].claim, Blind)
    (step,) = reconcile(seen, ports.policy).steps
    assert (step.stage, step.action) == ("unknown", None)


async def test_the_last_run_is_the_one_with_the_highest_number_whatever_the_clock_said(loop: Loop, ports: Ports) -> None:
    for number in (9, 10):
        reserve(ports.paths.runs, spec(number, began=1000.0 - number))
    runs = (await loop.senses.look({}, {})).tasks[1].runs
    assert isinstance(runs, Known)
    assert [r.id for r in runs.value] == ["1-9", "1-10"]
