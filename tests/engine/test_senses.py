"""What the senses remember, and when they ask again: absent is not unseen, and old is not now."""

import asyncio
from collections.abc import Callable

from console import forge as forges
from console.core.facts import Blind, Changes, Known, Oid
from console.core.reconcile import reconcile
from console.engine.claims import claim_ref
from console.engine.loop import Loop
from console.engine.ports import Ports
from console.engine.push import Ref, push
from console.engine.senses.forge import ForgeSense
from console.engine.senses.memory import Memory
from console.forge import Forge
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

    async def required(self, branch: str) -> tuple[str, ...]:
        return ()

    async def changed(self, since: str | None) -> forges.Changes:
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

    sense = ForgeSense(Listening(ports.forge, heard), "main", Memory(lambda: now), lambda: now, every_s=1000.0)  # type: ignore[arg-type]  # no more is asked
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


async def test_the_files_and_the_tests_that_a_change_takes_away_are_seen(loop: Loop, ports: Ports) -> None:
    await claimed(ports)
    where, sense = ports.paths.work(1), loop.senses.git

    def commit(files: dict[str, str | None]) -> Oid:
        for name, text in files.items():
            path = where / name
            if text is None:
                path.unlink()
            else:
                path.parent.mkdir(exist_ok=True)
                path.write_text(text)
        git(where, "add", "--all")
        git(where, "commit", "--quiet", "--message", "x")
        tip = Oid(git(where, "rev-parse", "HEAD").out.strip())
        git(ports.paths.hub, "fetch", "--quiet", str(where), tip)
        return tip

    two = "def test_a() -> None: ...\nasync def test_b() -> None: ...\n"
    kept = "class TestX:\n" + "".join(f"    def test_{i}(self) -> None: ...\n" for i in range(9))
    before = commit({"tests/test_two.py": two, "tests/test gone.py": two, "tests/test_moved.py": kept, "plain.py": "x\n"})
    one = two.splitlines()[0] + "\n"
    after = commit(
        {
            "tests/test_two.py": one,
            "tests/test gone.py": None,
            "tests/test_moved.py": None,
            "tests/test_renamed.py": kept + "    x = 1\n",
            "tests/test_new.py": one,
            "plain.py": None,
        }
    )
    seen = await sense.changes(before, after)
    assert set(seen.files) == {
        *("tests/test_two.py", "tests/test gone.py", "tests/test_moved.py", "tests/test_renamed.py", "tests/test_new.py", "plain.py"),
    }
    assert seen.lost_tests == ("tests/test gone.py", "tests/test_two.py")
    assert await sense.changes(after, after) == Changes(files=(), lost_tests=())
