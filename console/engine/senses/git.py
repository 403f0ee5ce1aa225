"""What git says: the refs of the forge as fetched into the hub, the trunk with what landed on it, and facts about commits.

Facts about objects hold for ever, so each is asked once. A worktree is looked at only when nobody works in it.
"""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from console.core.facts import Blind, Changes, Claim, Graph, Landed, Lander, Look, MergeFacts, Oid, Tree, Trunk, Work
from console.core.guard import TEST, is_test
from console.engine.claims import claim_ref, lander_ref, read_claim, read_lander, wip_ref
from console.engine.ports import Ports
from console.engine.push import spoken
from console.engine.senses.memory import SOON_S, Memory
from panes import worktrees
from panes.git import GitFailed, agit
from panes.seen import PanesError

ORIGIN = "refs/remotes/origin/"
OURS = "refs/remotes/ops/"
RESCUE = "refs/ops/rescue/"
LOG = "--format=" + "%x1f".join(
    ["%H", "%T", "%P", *(f"%(trailers:key={k},valueonly,separator=%x2c)" for k in ("Ops-Issue", "Ops-Pull", "Tested-Tree"))]
)


class GitSense:
    """One hub. ``refs``: name → oid, as of the last fetch."""

    def __init__(self, ports: Ports, memory: Memory, every_s: float) -> None:
        self._ports = ports
        self._hub = ports.paths.hub
        self._memory = memory
        self._every_s = every_s
        self._fetched_at = 0.0
        self._due = True
        self._refs: dict[str, Oid] = {}
        self._trees: dict[Oid, Tree] = {}
        self._inside: dict[tuple[Oid, Oid], bool] = {}
        self._merges: dict[tuple[Oid, Oid], MergeFacts] = {}
        self._changes: dict[tuple[Oid, Oid], Changes] = {}
        self._moved: dict[Oid, Oid | None] = {}
        self._words: dict[Oid, str] = {}
        self._works: dict[int, tuple[object, Work | None]] = {}
        self._acted: dict[int, int] = {}  # how often something was done to an issue
        self._trunk: Trunk | None = None
        self.state: Look[str] = Blind(why="nothing was fetched yet", since=ports.clock())

    def stale(self, issue: int | None = None) -> None:
        """Something was done: fetch at the next look, and look at that issue's worktree again."""
        self._due = True
        if issue is not None:
            self._works.pop(issue, None)
            self._acted[issue] = self._acted.get(issue, 0) + 1

    def hurry(self) -> None:
        self._due = self._due or self._ports.clock() - self._fetched_at >= SOON_S

    async def look(self) -> None:
        """Fetches, if it is time. What cannot be fetched leaves the refs as they were, and blind."""
        now = self._ports.clock()
        if not self._due and now - self._fetched_at < self._every_s:
            return
        self._due = False  # before fetching: what is done meanwhile may not be fetched
        try:
            if not (self._hub / "HEAD").exists():
                await worktrees.open_hub(self._hub, self._ports.remote.url)
            await worktrees.fetch(self._hub, self._ports.remote.env())
            self._refs = await self._read_refs()
            self._fetched_at = now
            self.state = self._memory.known("git", "git")
        except (GitFailed, PanesError) as error:
            self._due = True
            why = spoken(error) if isinstance(error, GitFailed) else str(error)
            self.state = self._memory.blind("git", f"the forge's commits cannot be fetched: {why}")
            with suppress(GitFailed):  # what was rescued is in the hub alone, and is known all the same
                self._refs = await self._read_refs()

    async def _read_refs(self) -> dict[str, Oid]:
        listed = await agit(self._hub, "for-each-ref", "--format=%(objectname) %(refname)")
        return {name: Oid(oid) for oid, name in (line.split(" ", 1) for line in listed.out.splitlines())}

    def ref(self, name: str, key: str) -> Look[Oid | None]:
        return self.state if isinstance(self.state, Blind) else self._memory.known((key, name), self._refs.get(name))

    def branch(self, name: str) -> Look[Oid | None]:
        return self.ref(ORIGIN + name, "branch")

    def wip(self, issue: int) -> Look[Oid | None]:
        return self.ref(OURS + wip_ref(issue).removeprefix("refs/ops/"), "wip")

    async def claim(self, issue: int) -> Look[Claim | None]:
        if isinstance(self.state, Blind):
            return self.state
        oid = self._refs.get(OURS + claim_ref(issue).removeprefix("refs/ops/"))
        claim = read_claim(oid, await self._words_of(oid), self._ports.me) if oid else None
        if oid and not claim:
            return self._memory.blind(("claim", issue), f"{claim_ref(issue)} ({oid[:10]}) cannot be read, and says that somebody has it")
        return self._memory.known(("claim", issue), claim)

    def claimed(self) -> set[int]:
        """Issues that anybody has a claim on."""
        start = OURS + "claims/issue-"
        return {int(n) for name in self._refs if name.startswith(start) and (n := name[len(start) :]).isdigit()}

    async def lander(self) -> Look[Lander | None]:
        if isinstance(self.state, Blind):
            return self.state
        oid = self._refs.get(OURS + lander_ref(self._ports.policy.trunk).removeprefix("refs/ops/"))
        lander = read_lander(oid, await self._words_of(oid), self._ports.me, self._ports.process) if oid else None
        return self._memory.known("lander", lander)

    async def _words_of(self, oid: Oid) -> str:
        """A commit's message; "" for what is no commit."""
        if oid not in self._words:
            self._words[oid] = (await agit(self._hub, "log", "-1", "--format=%B", oid, ok=(0, 128))).out
        return self._words[oid]

    async def trunk(self) -> Look[Trunk]:
        """The trunk as fetched, with all of our commits on it; only what is new is read."""
        name = self._ports.policy.trunk
        head = self._refs.get(ORIGIN + name)
        if isinstance(self.state, Blind):
            return self.state
        if not head:
            return self._memory.blind("trunk", f"there is no branch {name} on the forge")
        if not self._trunk or self._trunk.head != head:
            try:
                self._trunk = await self._read_trunk(name, head)
            except GitFailed as error:
                return self._memory.blind("trunk", str(error))
        return self._memory.known("trunk", self._trunk)

    async def _read_trunk(self, name: str, head: Oid) -> Trunk:
        old = self._trunk
        onward = old is not None and await self.has(old.head, head)
        since = [f"^{old.head}"] if old and onward else []
        lines = (await agit(self._hub, "log", "--first-parent", "--reverse", LOG, head, *since)).out.splitlines()
        landed = tuple(x for line in lines if (x := _landed(line)))
        return Trunk(branch=name, head=head, tree=await self.tree(head), landed=(old.landed if old and onward else ()) + landed)

    async def tree(self, commit: Oid) -> Tree:
        if commit not in self._trees:
            self._trees[commit] = Tree((await agit(self._hub, "rev-parse", "--verify", f"{commit}^{{tree}}")).out.strip())
        return self._trees[commit]

    async def there(self, commit: Oid) -> bool:
        """Whether the hub has a commit (a pull's head may be newer than the last fetch)."""
        if commit in self._trees:
            return True
        asked = await agit(self._hub, "rev-parse", "--verify", "--quiet", f"{commit}^{{tree}}", ok=(0, 1, 128))
        if asked.code == 0:
            self._trees[commit] = Tree(asked.out.strip())
        return asked.code == 0

    async def has(self, inner: Oid, outer: Oid) -> bool:
        """Whether ``inner`` is ``outer`` or an ancestor of it."""
        if inner == outer:
            return True
        if (inner, outer) not in self._inside:
            asked = await agit(self._hub, "merge-base", "--is-ancestor", inner, outer, ok=(0, 1))
            self._inside[inner, outer] = asked.code == 0
        return self._inside[inner, outer]

    async def merge(self, onto: Oid, head: Oid) -> MergeFacts:
        """What merging ``head`` into ``onto`` gives, in memory."""
        if (onto, head) not in self._merges:
            asked = await agit(self._hub, "merge-tree", "--write-tree", "--name-only", "--no-messages", onto, head, ok=(0, 1))
            tree, *files = asked.out.splitlines()
            clean = asked.code == 0
            self._merges[onto, head] = MergeFacts(
                onto=onto,
                head=head,
                tree=Tree(tree) if clean else None,
                conflicts=() if clean else tuple(dict.fromkeys(f for f in files if f)),
                empty=clean and tree == await self.tree(onto),
            )
        return self._merges[onto, head]

    async def changes(self, trunk: Oid, tip: Oid) -> Changes:
        """What ``tip`` changes, against the commit where it left the trunk."""
        if (trunk, tip) not in self._changes:
            base = Oid((await agit(self._hub, "merge-base", trunk, tip)).out.strip())
            asked = await agit(self._hub, "diff", "--name-status", "--find-renames", "-z", base, tip)
            files, gone, kept = names(asked.out)
            before, after = [await self._tests(at, list(some)) for at, some in ((base, kept.values()), (tip, kept))]
            fewer = {now for now, then in kept.items() if after.get(now, 0) < before.get(then, 0)}
            self._changes[trunk, tip] = Changes(files=files, lost_tests=tuple(sorted(fewer | set(gone))))
        return self._changes[trunk, tip]

    async def _tests(self, at: Oid, files: list[str]) -> dict[str, int]:
        """How many tests are declared in each of the files at a commit."""
        if not files:
            return {}
        literal = [f":(literal){name}" for name in files]
        asked = await agit(self._hub, "grep", "--count", "-z", "-I", "-E", TEST, at, "--", *literal, ok=(0, 1))
        return {name: int(count) for name, count in re.findall(r"[0-9a-f]+:([^\0]+)\0(\d+)\n", asked.out)}

    async def moved_from(self, head: Oid) -> Oid | None:
        """The head that ``head`` was made from by a move onto the trunk: two parents, and exactly their merge. Nobody has to be trusted."""
        if head not in self._moved:
            parents = (await agit(self._hub, "log", "-1", "--format=%P", head)).out.split()
            origin = None
            if len(parents) == 2 and (await self.merge(Oid(parents[1]), Oid(parents[0]))).tree == await self.tree(head):
                origin = Oid(parents[0])
            self._moved[head] = origin
        return self._moved[head]

    async def graph(self, tip: Oid | None, others: Iterable[Oid | None], trunk: Oid) -> Graph:
        """What the stage table may ask about a task's commits."""
        oids = {oid for oid in (tip, *others, trunk) if oid}
        moved: dict[Oid, Oid] = {}
        for oid in list(oids):
            at: Oid | None = oid
            while at and at != trunk and (origin := await self.moved_from(at)):
                moved[at] = origin
                at = origin
        oids |= set(moved.values())
        pairs = [(a, b) for a in oids for b in oids if a != b and await self.has(a, b)]
        return Graph(trees={oid: await self.tree(oid) for oid in oids}, inside=frozenset(pairs), moved=moved)

    async def work(self, issue: int, state: object) -> Look[Work | None]:
        """A task's worktree; looked at again when ``state`` (of its runs) changes, or after something was done to it."""
        where, repository = self._ports.paths.work(issue), self._ports.paths.repository(issue)
        remembered = self._works.get(issue)
        if remembered and remembered[0] == state:
            return self._memory.known(("work", issue), remembered[1])
        acted = self._acted.get(issue)
        try:
            seen = await worktrees.look(self._hub, repository, where, str(issue)) if where.exists() or repository.exists() else None
        except (GitFailed, PanesError) as error:
            return self._memory.blind(("work", issue), str(error))
        if self._acted.get(issue) == acted:  # else something was done to it while we looked
            self._works[issue] = (state, seen)
        return self._memory.known(("work", issue), seen)

    async def rescued(self, issue: int) -> frozenset[Tree]:
        """The snapshots of a task that are kept in the hub."""
        start = f"{RESCUE}issue-{issue}/"
        return frozenset([await self.tree(oid) for name, oid in self._refs.items() if name.startswith(start)])


def names(listed: str) -> tuple[tuple[str, ...], tuple[str, ...], dict[str, str]]:
    """`diff --name-status -z` read: every name in it, the tests that are gone, and those that are there still: name → name before."""
    words = iter(listed.split("\0"))
    files: list[str] = []
    gone: list[str] = []
    kept: dict[str, str] = {}
    for status in words:
        if not status:
            break
        before = next(words)
        now = next(words) if status[0] in "RC" else before
        files += [before] if now == before else [before, now]
        if not is_test(before) or status[0] in "AC":
            continue
        if status[0] == "D" or not is_test(now):
            gone.append(before)
        else:
            kept[now] = before
    return tuple(files), tuple(gone), kept


def _landed(line: str) -> Landed | None:
    commit, tree, parents, issue, pull, tested = line.split("\x1f")
    if not (issue.isdigit() and pull.isdigit()):
        return None
    return Landed(
        issue=int(issue),
        pull=int(pull),
        commit=Oid(commit),
        tree=Tree(tree),
        tested=Tree(tested) if tested else None,
        parents=len(parents.split()),
    )


def work_folders(folder: Path) -> Mapping[int, bool]:
    """Issues that have a repository or a worktree on this machine → whether the repository stands."""
    found: dict[int, bool] = {}
    for path in (folder / "tasks").glob("*.git"):
        if path.stem.isdigit():
            found[int(path.stem)] = True
    for path in (folder / "work").glob("*"):
        if path.name.isdigit():
            found.setdefault(int(path.name), False)
    return found
