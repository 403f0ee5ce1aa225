"""What the bare repository says: branches, commits, and what a merge would give. Asked anew each time; object ids are for ever."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from panes.git import git


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

    ``ahead``: the head has commits that the base lacks; ``behind``: the base has some that the head lacks.
    """

    tree: str | None
    ahead: bool
    behind: bool
    empty: bool


@lru_cache(maxsize=4096)
def merging(repo: Path, base: str, head: str) -> Merging:
    """Two commits merged in memory: no worktree, no lock, and the answer never changes."""
    answer = git(repo, "merge-tree", "--write-tree", "--no-messages", base, head, ok=(0, 1))
    tree = answer.out.split("\n", 1)[0] if answer.code == 0 else None
    return Merging(
        tree=tree,
        ahead=not is_ancestor(repo, head, base),
        behind=not is_ancestor(repo, base, head),
        empty=tree == git(repo, "rev-parse", f"{base}^{{tree}}").out.strip(),
    )
