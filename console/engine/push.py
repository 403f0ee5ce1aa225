"""Pushes that are compare-and-swap, and what the forge's answers to them mean."""

import re
from collections.abc import Sequence
from pathlib import Path

from console.core.facts import Oid, fact
from console.core.text import short
from console.forge.errors import ForgeGone, Moved, Refused
from panes.git import EMPTY_TREE, GitFailed, Remote, agit

LOGIN = "`ops-console login` takes another token"
# What git, or the forge through it, says of a no that stays one, and what to do about it ("": its own words say enough).
# Before LOST and GONE: a name in another's way and an HTTP refusal have words of theirs in them.
NO: tuple[tuple[str, str], ...] = (
    (r"could not read (username|password)|authentication failed", f"git has no token for the forge, or one that it does not take: {LOGIN}"),
    (r"is archived", "the repository is archived, and nothing is pushed to it until that is undone on the forge"),
    (r"repository .*not found", "there is no such repository, or it is not shown to our account"),
    (r"permission denied for writing", "our account may only read: it must be a collaborator with write"),
    (r"remote: forbidden", f"the token lacks the scope write:repository, or the account the right to write: {LOGIN}"),
    (r"exists; cannot create", "another ref is where its folder would be: one of the two has to be renamed"),
    (r"hook declined", ""),
    (r"returned error: 4(?!08|29)\d\d", ""),
)
LOST = r"stale info|failed to update ref|cannot lock ref|reference already exists|fetch first|non-fast-forward"
GONE = (
    r"could not resolve|connection refused|timed out|no answer within|does not appear to be a git repository|unable to access"
    r"|early eof|hung up|rpc failed"
)


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
        raise classified(failed, f"the push of {', '.join(r.name for r in refs)}") from failed


def classified(failed: GitFailed, what: str, *, sent: bool = True) -> ForgeGone | Moved | Refused:
    """What it means that git did not do ``what``: a race was lost, the forge said no, or nothing at all."""
    said = failed.said.lower()
    if any(re.search(no, said) for no, _ in NO):
        return Refused(f"{what} was refused: {spoken(failed)}", 0)
    if re.search(LOST, said):
        return Moved(f"{what} came too late")
    if failed.code == -1 or re.search(GONE, said):
        return ForgeGone(f"{what} got no answer: {spoken(failed)}", sent=sent)
    return Refused(f"{what} was refused: {spoken(failed)}", 0)


def spoken(failed: GitFailed) -> str:
    """Why git failed, in a sentence: what to do where that is known, then what the forge said, without git's frame around it."""
    advice = next((so for no, so in NO if so and re.search(no, failed.said.lower())), "")
    lines = [re.sub(r"^(error:|Forgejo:|Gitea:|\s)*", "", line) for line in re.findall(r"^remote:(.*)$", failed.said, re.MULTILINE)]
    words = "; ".join(line.strip() for line in lines if line) or failed.said[-200:].strip()
    return f"{advice} ({words})" if advice else words


async def still(hub: Path, remote: Remote, *refs: tuple[str, Oid]) -> None:
    """Moved: one of ``refs`` (name, commit) is not there as it was seen. ForgeGone or Refused: it cannot be asked."""
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
    """One ref on the forge as it is now; None when it is not there. Asked whole: listings match by prefix. Raises as ``push`` does."""
    try:
        listed = (await agit(hub, "ls-remote", remote.url, name, env=remote.env())).out
    except GitFailed as failed:
        raise classified(failed, f"the look at {name}", sent=False) from failed
    return next((Oid(line.split("\t")[0]) for line in listed.splitlines() if line.split("\t")[1] == name), None)
