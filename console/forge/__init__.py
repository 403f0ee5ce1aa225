"""The forge as the console needs it: one protocol, and the table of those that speak it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from console.core.facts import Comment, CommitStatus, Issue, Oid, Pull, fact


@fact
class Changes:
    """All that changed since a cursor: complete, or not returned at all. ``cursor`` goes into the next question."""

    issues: tuple[Issue, ...]
    pulls: tuple[Pull, ...]
    cursor: str


class Forge(Protocol):
    """What the console asks of a forge. Each raises an error of ``console.forge.errors``; writes are never retried here."""

    async def changed(self, since: str | None) -> Changes:
        """Issues and pulls, open and closed, changed at or after ``since`` (None: all of them)."""

    async def issue(self, n: int) -> Issue: ...

    async def pull(self, n: int) -> Pull: ...

    async def comments(self, issue: int) -> tuple[Comment, ...]: ...

    async def file(self, title: str, body: str, labels: Sequence[str]) -> int:
        """Opens an issue. Labels that do not exist are made."""

    async def label(self, n: int, add: Sequence[str], remove: Sequence[str]) -> None:
        """Adds and removes labels of an issue by name; may be done twice."""

    async def close(self, n: int) -> None:
        """Closes issue or pull ``n``; one that is closed already stays so."""

    async def say(self, issue: int, marker: str, text: str) -> None:
        """Edits our comment that carries ``marker`` (hidden), or posts it: one comment a marker."""

    async def propose(self, head: str, base: str, title: str, body: str) -> int:
        """Opens a pull, or adopts the open one for the same branches; its number."""

    async def statuses(self, head: Oid) -> Mapping[str, CommitStatus]:
        """What was posted on a commit, by context, latest of each."""

    async def required(self, branch: str) -> tuple[str, ...]:
        """Globs of the statuses, but for ours, that the branch's protection requires of a merge."""

    async def bless(self, head: Oid, context: str, state: str, description: str) -> None:
        """Posts a commit status."""

    async def merge(self, n: int, head: Oid, title: str, message: str) -> None:
        """Squashes pull ``n`` if its head is ``head``, deleting its branch. Returning proves nothing: read the trunk."""
