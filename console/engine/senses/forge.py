"""What the forge says: issues and pulls by what changed, statuses by head. Asked seldom, because it is remembered."""

from collections.abc import Callable, Mapping

from console.core.facts import Blind, CommitStatus, Issue, Look, Oid, Pull
from console.engine.senses.memory import SOON_S, Memory
from console.forge import Forge
from console.forge.errors import ForgeError

FULL_S = 600.0  # a full listing every so often: what was missed is found
STATUS_S = 5.0


class ForgeSense:
    """The table of issues and pulls as last heard. ``every_s``: how often it is asked when nothing happens."""

    def __init__(self, forge: Forge, trunk: str, memory: Memory, clock: Callable[[], float], every_s: float) -> None:
        self._forge = forge
        self._trunk = trunk
        self._memory = memory
        self._clock = clock
        self._every_s = every_s
        self._cursor: str | None = None
        self._full_at = 0.0
        self._asked_at = 0.0
        self._due = True
        self._issues: dict[int, Issue] = {}
        self._pulls: dict[int, Pull] = {}
        self._statuses: dict[Oid, tuple[float, Mapping[str, CommitStatus]]] = {}
        self.required: Look[tuple[str, ...]] = Blind(why="it was not asked yet", since=clock())
        self.state: Look[str] = Blind(why="it was not asked yet", since=clock())

    def stale(self) -> None:
        """Something was done to it: it is asked at the next look."""
        self._due = True
        self._statuses.clear()

    async def _look_at_rules(self) -> None:
        """What the trunk's protection requires: blind by itself, for a token that may not read it sees all the rest."""
        try:
            self.required = self._memory.known("required", await self._forge.required(self._trunk))
        except ForgeError as error:
            self.required = self._memory.blind("required", str(error))

    def hurry(self) -> None:
        self._due = self._due or self._clock() - self._asked_at >= SOON_S

    async def look(self) -> None:
        """Asks what changed, if it is time; what cannot be read leaves the table as it was, and blind."""
        now = self._clock()
        if not self._due and now - self._asked_at < self._every_s:
            return
        self._due = False  # before asking: what is done meanwhile may not be in the answer
        full = self._cursor is None or now - self._full_at > FULL_S
        try:
            changes = await self._forge.changed(None if full else self._cursor)
            if full:
                await self._look_at_rules()
        except ForgeError as error:
            self._due = True
            self.state = self._memory.blind("forge", str(error))
            return
        if full:
            self._issues, self._pulls, self._full_at = {}, {}, now
        self._issues |= {issue.number: issue for issue in changes.issues}
        self._pulls |= {pull.number: pull for pull in changes.pulls}
        self._cursor, self._asked_at = changes.cursor, now
        self.state = self._memory.known("forge", "forge", at=now)  # what was said after it was asked may be missing

    @property
    def issues(self) -> Mapping[int, Issue]:
        return self._issues

    @property
    def pulls(self) -> Mapping[int, Pull]:
        return self._pulls

    def issue(self, n: int) -> Issue:
        return self._issues[n]

    def pull_of(self, issue: int, branch: str) -> Look[Pull | None]:
        """The pull of a branch: the open one, else the youngest."""
        if isinstance(self.state, Blind):
            return self.state
        found = sorted((p for p in self._pulls.values() if p.head_branch == branch), key=lambda p: (p.state == "open", p.number))
        return self._memory.known(("pull", issue), found[-1] if found else None)

    async def statuses(self, pull: Pull | None) -> Look[Mapping[str, CommitStatus]]:
        """What was posted on an open pull's head, at most STATUS_S old; nothing for any other pull."""
        if not pull or pull.state != "open":
            return self._memory.known(("statuses", 0), {})
        at, said = self._statuses.get(pull.head, (0.0, {}))
        if self._clock() - at > STATUS_S:
            asked = self._clock()
            try:
                said = await self._forge.statuses(pull.head)
            except ForgeError as error:
                return self._memory.blind(("statuses", pull.number), str(error))
            self._statuses[pull.head] = (asked, said)
        return self._memory.known(("statuses", pull.number), said)
