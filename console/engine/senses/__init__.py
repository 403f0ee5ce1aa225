"""observe: forge, git, panes and disk looked at once, and put together as one frozen `Observed`."""

import asyncio
from collections.abc import Mapping, Sequence

from console.core import phrases
from console.core.actions import Action
from console.core.facts import (
    Blind,
    Changes,
    Command,
    Graph,
    Issue,
    Known,
    Lander,
    Ledger,
    Look,
    MergeFacts,
    Oid,
    Pull,
    Run,
    SlotSeen,
    Standing,
    Suite,
    Tree,
    Trunk,
    Verdict,
    Work,
)
from console.core.task import Observed, Task, Trouble
from console.engine import inbox, ledger
from console.engine.ports import Ports
from console.engine.senses.forge import ForgeSense
from console.engine.senses.git import GitSense, work_folders
from console.engine.senses.memory import Memory
from panes.git import GitFailed
from panes.seen import PanesError

CHECKS = "checks"
NO_GRAPH = Graph(trees={}, inside=frozenset(), moved={})


class Senses:
    """All senses of one repository. ``every_s``: how often forge and git are asked when nothing happens."""

    def __init__(self, ports: Ports, every_s: float) -> None:
        self._ports = ports
        self._memory = Memory(ports.clock)
        self.forge = ForgeSense(ports.forge, ports.policy.trunk, self._memory, ports.clock, every_s)
        self.git = GitSense(ports, self._memory, every_s)
        self._folders: Mapping[int, bool] = {}

    def stale(self, issue: int | None) -> None:
        """An action ended: what it may have changed is asked again."""
        self.forge.stale()
        self.git.stale(issue)

    def hurry(self) -> None:
        """The forge is behind what was done to it: forge and git are asked sooner than they would be."""
        self.forge.hurry()
        self.git.hurry()

    async def look(self, busy: Mapping[int | None, tuple[Action, ...]], troubles: Mapping[Action, Trouble]) -> Observed:
        """One look at everything. ``busy`` was asked before: an action that ends while we look may not show yet."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.forge.look())
            group.create_task(self.git.look())
            looking = group.create_task(self._runs())
            slots = group.create_task(self._slots())
        runs = looking.result()
        self._folders = work_folders(self._ports.paths.state)
        checks = self._of(runs, CHECKS)
        trunk = await self.git.trunk()
        lander, commands = await self.git.lander(), inbox.waiting(self._ports.paths.state)
        tasks = {n: await self._task(issue, runs, trunk) for n, issue in self._wanted(runs).items()}
        for pull in self._foreign({task.branch for task in tasks.values()}, lander):
            tasks[pull.number] = await self._ride(pull, trunk, commands)
        mode = self._ports.policy.mode
        stands = inbox.standing(self._ports.standing)
        return Observed(
            now=self._ports.clock(),
            standing=Standing(mode=stands.mode or mode, pause=stands.pause, freeze=stands.freeze, incident=stands.incident),
            forge=self.forge.state,
            trunk=trunk,
            required=self.forge.required,
            tasks=tasks,
            slots=slots.result(),
            checks=checks,
            checkouts=frozenset(p.name for p in (self._ports.paths.state / "checks").glob("c-*")),
            trash=any(self._ports.paths.trash.glob("*")),
            commands=commands,
            taken=() if busy.get(None) else inbox.taken(self._ports.paths.state),
            verdicts=self._verdicts(checks),
            recorded=frozenset() if isinstance(checks, Blind) else frozenset(r.id for r in checks.value if ledger.judged(r.folder)),
            lander=lander,
            busy=busy,
            troubles=troubles,
        )

    async def _runs(self) -> Look[tuple[Run, ...]]:
        try:
            runs = await self._ports.host.runs()
        except (PanesError, OSError) as error:
            return self._memory.blind("runs", str(error))
        # By number, not by clock: one that was set back must not make an old run the last.
        return Known(value=tuple(sorted(runs, key=lambda r: (len(r.id), r.id))), at=self._ports.clock())

    async def _slots(self) -> Look[tuple[SlotSeen, ...]]:
        try:
            return self._memory.known("slots", await self._ports.host.slots())
        except PanesError as error:
            return self._memory.blind("slots", str(error))

    def _of(self, runs: Look[tuple[Run, ...]], task: str) -> Look[tuple[Run, ...]]:
        if isinstance(runs, Blind):
            return runs
        spoilt = next((s for s in self._ports.host.spoilt if s.task == task), None)
        if spoilt:
            return self._memory.blind(
                ("runs", task), f"the run folder {spoilt.folder} cannot be read ({spoilt.why}): mend it, or move it away"
            )
        return self._memory.known(("runs", task), tuple(r for r in runs.value if r.task == task))

    def _verdicts(self, checks: Look[tuple[Run, ...]]) -> Look[Mapping[tuple[Tree, Suite], Verdict]]:
        if isinstance(checks, Blind):
            return checks
        try:
            return self._memory.known("verdicts", ledger.verdicts(checks.value))
        except (OSError, ValueError, KeyError) as error:
            return self._memory.blind("verdicts", f"a verdict cannot be read: {error}")

    def _wanted(self, runs: Look[tuple[Run, ...]]) -> dict[int, Issue]:
        """Every open issue, and every other that something of ours is left of."""
        left = self.git.claimed() | set(self._folders)
        if not isinstance(runs, Blind):
            left |= {int(r.task) for r in runs.value if r.task.isdigit() and r.state in ("reserved", "alive")}
        return {n: issue for n, issue in sorted(self.forge.issues.items()) if issue.state == "open" or n in left}

    async def _task(self, issue: Issue, all_runs: Look[tuple[Run, ...]], trunk: Look[Trunk]) -> Task:
        n = issue.number
        runs = self._of(all_runs, str(n))
        claim = await self.git.claim(n)
        held = None if isinstance(claim, Blind) else claim.value
        rounds = 0 if isinstance(trunk, Blind) else len(trunk.value.of(n))
        branch = held.branch if held else phrases.branch(issue, rounds)
        pull = self.forge.pull_of(n, branch)
        work = await self._work(n, runs)
        remote, wip = self.git.branch(branch), self.git.wip(n)
        begun = {Oid(r.about["on"]) for r in (() if isinstance(runs, Blind) else runs.value) if "on" in r.about}
        heads = {x for look in (remote, wip) if not isinstance(look, Blind) and (x := look.value)}
        tip = None if isinstance(work, Blind) or not work.value else work.value.tip
        stands = tip or next((look.value for look in (wip, remote) if not isinstance(look, Blind) and look.value), None)
        graph, merge = await self._commits(n, trunk, pull, tip, heads | begun | ({held.head} if held and held.head else set()))
        return Task(
            issue=issue,
            branch=branch,
            claim=claim,
            runs=runs,
            work=work,
            remote=remote,
            wip=wip,
            pull=pull,
            statuses=await self.forge.statuses(None if isinstance(pull, Blind) else pull.value),
            ledger=self._ledger(n, runs),
            merge=merge,
            changes=await self._changes(n, trunk, stands if held else None),
            graph=graph,
            rescued=await self.git.rescued(n),
            has_repository=self._folders.get(n, False),
        )

    def _foreign(self, ours: set[str], lander: Look[Lander | None]) -> list[Pull]:
        """Somebody else's pulls on the trunk: the open ones, and one that we are landing, until its author was told."""
        landing = lander.value.landing if isinstance(lander, Known) and lander.value and lander.value.ours else None
        rode = landing.pull if landing and landing.rides else None
        on_trunk = (p for p in self.forge.pulls.values() if p.base_branch == self._ports.policy.trunk and p.head_branch not in ours)
        return [pull for pull in on_trunk if pull.state == "open" or pull.number == rode]

    async def _ride(self, pull: Pull, trunk: Look[Trunk], commands: Sequence[Command]) -> Task:
        """Somebody else's pull, seen as a task. Only of one that is to land anything is asked: there may be hundreds."""
        n, now = pull.number, self._ports.clock()
        asked = any(c.do == "merge" and c.target == f"p{n}" for c in commands)
        rides = not pull.fork and (self._ports.policy.foreign_rides or phrases.RIDE in pull.labels or asked)
        shown: Look[Pull | None] = self.forge.state if isinstance(self.forge.state, Blind) else self._memory.known(("pull", n), pull)
        graph, merge = await self._commits(n, trunk, shown, None, {pull.head}) if rides else (Known(value=NO_GRAPH, at=now), None)
        return Task(
            issue=as_issue(pull),
            branch=pull.head_branch,
            claim=Known(value=None, at=now),
            runs=Known(value=(), at=now),
            work=Known(value=None, at=now),
            remote=self.git.branch(pull.head_branch) if rides else Known(value=pull.head, at=now),
            wip=Known(value=None, at=now),
            pull=shown,
            statuses=await self.forge.statuses(pull if rides else None),
            ledger=self._ledger(n, Known(value=(), at=now)),
            merge=merge or Known(value=None, at=now),
            changes=await self._changes(n, trunk, pull.head if rides else None),
            graph=graph,
            rescued=frozenset(),
            has_repository=False,
            foreign=True,
            rides=rides,
        )

    async def _work(self, n: int, runs: Look[tuple[Run, ...]]) -> Look[Work | None]:
        if isinstance(runs, Blind):
            return runs
        if any(r.state in ("reserved", "alive") for r in runs.value):
            return self._memory.blind(("work", n), "somebody works in it")
        return await self.git.work(n, tuple((r.id, r.state) for r in runs.value))

    async def _changes(self, n: int, trunk: Look[Trunk], tip: Oid | None) -> Look[Changes | None]:
        if isinstance(trunk, Blind):
            return trunk
        try:
            seen = await self.git.changes(trunk.value.head, tip) if tip and await self.git.there(tip) else None
        except GitFailed as error:
            return self._memory.blind(("changes", n), str(error))
        return self._memory.known(("changes", n), seen)

    async def _commits(
        self, n: int, trunk: Look[Trunk], pull: Look[Pull | None], tip: Oid | None, heads: set[Oid]
    ) -> tuple[Look[Graph], Look[MergeFacts | None]]:
        """Facts about a task's commits, and how its open pull merges with the trunk."""
        if isinstance(trunk, Blind):
            return trunk, trunk
        proposed = None if isinstance(pull, Blind) else pull.value
        wanted = heads | ({proposed.head} if proposed else set())
        try:
            known = {oid for oid in wanted if await self.git.there(oid)}
            graph = await self.git.graph(tip, known, trunk.value.head)
            is_open = proposed and proposed.state == "open" and proposed.head in known
            merge = await self.git.merge(trunk.value.head, proposed.head) if proposed and is_open else None
        except GitFailed as error:
            blind = self._memory.blind(("commits", n), str(error))
            return blind, blind
        return self._memory.known(("commits", n), graph), self._memory.known(("merge", n), merge)

    def _ledger(self, n: int, runs: Look[tuple[Run, ...]]) -> Look[Ledger]:
        if isinstance(runs, Blind):
            return runs
        try:
            return self._memory.known(("ledger", n), ledger.read(self._ports.paths.runs / str(n), runs.value))
        except (OSError, ValueError, KeyError) as error:
            return self._memory.blind(("ledger", n), f"the ledger cannot be read: {error}")


def as_issue(pull: Pull) -> Issue:
    """A pull as the issue that it is for a forge too, which counts both in one row."""
    return Issue(
        number=pull.number,
        title=pull.title,
        body=pull.body,
        state=pull.state,
        labels=pull.labels,
        created=pull.created,
        updated=pull.updated,
        url=pull.url,
    )
