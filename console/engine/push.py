"""Pushes that are compare-and-swap, and what the forge's answers to them mean."""

import re
from collections.abc import Sequence
from pathlib import Path

from console.core.facts import Oid, fact
from console.core.text import short
from console.forge.errors import ForgeGone, Moved, Refused
from panes.git import EMPTY_TREE, GitFailed, Remote, agit

LOST = ("stale info", "failed to update ref", "cannot lock ref", "reference already exists", "fetch first", "non-fast-forward")
GONE = (
    "could not resolve",
    "connection refused",
    "timed out",
    "no answer within",
    "does not appear to be a git repository",
    "unable to access",
)
# A no that stays one, in words that a lost race (a name in another's way) or an answer that never came (HTTP) has too.
NO = re.compile(r"exists; cannot create|returned error: 4(?!08|29)\d\d|authentication failed|could not read (username|password)")


@fact
class Ref:
    """One ref in a push: from ``was`` (None: it must not exist) to ``now`` (None: it is deleted)."""

    name: str
    was: Oid | None
    now: Oid | None

    @property
    def lease(self) -> str:
        return f"--force-with-lease={self.name}:{self.was or ''}"

    @property
    def spec(self) -> str:
        return f"{self.now or ''}:{self.name}"


async def push(hub: Path, remote: Remote, refs: Sequence[Ref]) -> None:
    """Pushes all of ``refs`` or none. Moved: one is not as it was seen. Refused: the forge's own no. ForgeGone: no answer."""
    try:
        words = ["push", "--quiet", "--porcelain", "--atomic", *(r.lease for r in refs), remote.url, *(r.spec for r in refs)]
        await agit(hub, *words, env=remote.env())
    except GitFailed as failed:
        raise classified(failed, refs) from failed


def classified(failed: GitFailed, refs: Sequence[Ref]) -> ForgeGone | Moved | Refused:
    said = failed.said.lower()
    names = ", ".join(r.name for r in refs)
    refused = Refused(f"the forge refused the push of {names}: {failed.said[-300:]}", 0)
    if NO.search(said):
        return refused
    if any(word in said for word in LOST):
        return Moved(f"{names} moved meanwhile")
    if failed.code == -1 or any(word in said for word in GONE):
        return ForgeGone(f"the push of {names} got no answer: {failed.said[-200:]}", sent=True)
    return refused


async def still(hub: Path, remote: Remote, *refs: tuple[str, Oid]) -> None:
    """Moved: one of ``refs`` (name, commit) is not there as it was seen. ForgeGone: it cannot be asked."""
    for name, was in refs:
        now = await exists(hub, remote, name)
        if now != was:
            raise Moved(f"{name} is at {short(now)}, not at {short(was)}")


async def record(hub: Path, message: str, parents: Sequence[Oid] = ()) -> Oid:
    """A commit of the empty tree that carries ``message``: what leases are made of. Unique by what the message says."""
    await agit(hub, "hash-object", "-t", "tree", "-w", "--stdin", stdin="")
    made = await agit(hub, "commit-tree", EMPTY_TREE, *(word for p in parents for word in ("-p", p)), "-F", "-", stdin=message)
    return Oid(made.out.strip())


async def exists(hub: Path, remote: Remote, name: str) -> Oid | None:
    """One ref on the forge as it is now; None when it is not there. Asked whole: listings match by prefix."""
    try:
        listed = (await agit(hub, "ls-remote", remote.url, name, env=remote.env())).out
    except GitFailed as failed:
        raise ForgeGone(f"{name} cannot be read: {failed.said[-200:]}", sent=False) from failed
    return next((Oid(line.split("\t")[0]) for line in listed.splitlines() if line.split("\t")[1] == name), None)
