"""What the bare repository says: branches, commits, and what a merge would give. Asked anew each time; object ids are for ever."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from panes.git import git

HIDDEN = ("refs/pull/", "refs/ops/incoming/")  # the forge's own
FIELDS = ("%H", "%T", "%P", "%an", "%ae", "%aI", "%cn", "%ce", "%cI", "%B")


def branches(repo: Path) -> dict[str, str]:
    """Every branch and its commit, by name."""
    said = git(repo, "for-each-ref", "--format=%(objectname) %(refname:lstrip=2)", "refs/heads/").out
    pairs = (line.split(" ", 1) for line in said.splitlines())
    return {name: commit for commit, name in pairs}


def branch(repo: Path, name: str) -> str | None:
    """A branch's commit; None when there is no such branch."""
    answer = git(repo, "rev-parse", "--verify", "--quiet", f"refs/heads/{name}", ok=(0, 1, 128))
    return answer.out.strip() if answer.code == 0 else None


def commit(repo: Path, word: str) -> str | None:
    """The commit that an id (whole or abbreviated) or a branch names; None when there is none."""
    if word.startswith("-"):
        return None
    answer = git(repo, "rev-parse", "--verify", "--quiet", f"{word}^{{commit}}", ok=(0, 1, 128))
    return answer.out.strip() if answer.code == 0 else None


def is_ancestor(repo: Path, older: str, newer: str) -> bool:
    """Whether ``newer`` contains ``older``. A commit that the repository has not is contained in nothing."""
    return git(repo, "merge-base", "--is-ancestor", older, newer, ok=(0, 1, 128)).code == 0


@dataclass(frozen=True, slots=True)
class Merging:
    """What squashing a head onto a base gives. ``tree`` None: a conflict; ``empty``: the base's own tree.

    ``fork``: where they parted, None for never; ``ahead``: the head has commits that the base lacks; ``behind``: the base has some that
    the head lacks.
    """

    tree: str | None
    fork: str | None
    ahead: bool
    behind: bool
    empty: bool


@lru_cache(maxsize=4096)
def merging(repo: Path, base: str, head: str) -> Merging:
    """Two commits merged in memory: no worktree, no lock, and the answer never changes."""
    answer = git(repo, "merge-tree", "--write-tree", "--no-messages", base, head, ok=(0, 1))
    tree = answer.out.split("\n", 1)[0] if answer.code == 0 else None
    parted = git(repo, "merge-base", base, head, ok=(0, 1))
    fork = parted.out.strip() if parted.code == 0 else None
    return Merging(
        tree=tree,
        fork=fork,
        ahead=fork != head,
        behind=fork != base,
        empty=tree == git(repo, "rev-parse", f"{base}^{{tree}}").out.strip(),
    )


def ref_list(repo: Path, prefix: str) -> list[tuple[str, str, str]]:
    """Name, object's type and object id of every ref whose name begins so below ``refs/``; the forge's own are not shown."""
    said = git(repo, "for-each-ref", "--format=%(refname) %(objecttype) %(objectname)").out
    found = [tuple(line.split(" ")) for line in said.splitlines()]
    return [(ref, kind, oid) for ref, kind, oid in found if ref.startswith(f"refs/{prefix}") and not ref.startswith(HIDDEN)]


@dataclass(frozen=True, slots=True)
class Person:
    """``at``: ISO 8601."""

    name: str
    email: str
    at: str


@dataclass(frozen=True, slots=True)
class Commit:
    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    message: str


def commits(repo: Path, *words: str) -> list[Commit]:
    """What ``git log`` finds by these words, newest first."""
    out = git(repo, "log", "--no-mailmap", f"--format={'%x1f'.join(FIELDS)}%x1e", *words).out
    return [_commit(entry.lstrip("\n").split("\x1f")) for entry in out.split("\x1e") if entry.strip("\n")]


def details(repo: Path, shas: Sequence[str]) -> list[Commit]:
    """These commits, in this order."""
    there = {it.sha: it for it in commits(repo, "--no-walk=unsorted", *shas)} if shas else {}
    return [there[sha] for sha in shas]


def _commit(fields: Sequence[str]) -> Commit:
    sha, tree, parents, an, ae, at, cn, ce, ct, message = fields
    return Commit(sha, tree, tuple(parents.split()), Person(an, ae, at), Person(cn, ce, ct), message.strip("\n"))


@lru_cache(maxsize=4096)
def parent(repo: Path, commit: str) -> str:
    """A commit's first parent."""
    return git(repo, "rev-parse", f"{commit}^").out.strip()


@dataclass(frozen=True, slots=True)
class Changed:
    """A file between two commits: ``status`` in one letter, lines added and removed (0 for a binary one)."""

    path: str
    status: str
    added: int
    removed: int


@lru_cache(maxsize=4096)
def changes(repo: Path, old: str, new: str) -> tuple[Changed, ...]:
    out = git(repo, "diff-tree", "-r", "-z", "--no-renames", "--raw", "--numstat", old, new).out
    raw, counted = {}, {}
    words = iter(out.split("\0"))
    for word in words:
        if word.startswith(":"):
            raw[next(words)] = word[-1]
        elif word:
            added, removed, path = word.split("\t")
            counted[path] = (int(added) if added.isdecimal() else 0, int(removed) if removed.isdecimal() else 0)
    return tuple(Changed(path, status, *counted[path]) for path, status in raw.items())


def diff(repo: Path, old: str, new: str) -> str:
    return git(repo, "diff", "--no-color", "--no-ext-diff", old, new).out


def object_of(repo: Path, word: str) -> str | None:
    """The id of whatever a word names."""
    answer = git(repo, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{word}^{{object}}", ok=(0, 1, 128))
    return answer.out.strip() if answer.code == 0 else None


@dataclass(frozen=True, slots=True)
class Entry:
    """What a folder has; ``size`` 0 for what is no file."""

    path: str
    mode: str
    kind: str
    size: int
    sha: str


def entries(repo: Path, tree: str, *, recursive: bool) -> list[Entry]:
    out = git(repo, "ls-tree", "-z", "--long", *(["-r", "-t"] if recursive else []), tree).out
    found = []
    for line in out.rstrip("\0").split("\0") if out else []:
        head, path = line.split("\t", 1)
        mode, kind, sha, size = head.split()
        found.append(Entry(path, mode, kind, int(size) if size.isdecimal() else 0, sha))
    return found
