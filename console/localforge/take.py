"""The operator's own commits brought into the forge's trunk, past the protection that stops a plain push."""

from pathlib import Path
from uuid import uuid4

from filelock import FileLock

from console.localforge import refs, store
from console.localforge.errors import NoSuchCommit, NotFastForward, NotFounded
from console.localforge.store import Place
from panes.git import ZERO, git


def take_in(folder: Path, checkout: Path, oid: str) -> None:
    """Moves the trunk to the commit ``oid`` of ``checkout``, fast-forward only; done already is fine.

    Raises NotFounded, NoSuchCommit or NotFastForward; the trunk has then not moved.
    """
    place = Place(folder)
    if (settings := store.settings(place)) is None:
        raise NotFounded(f"the local forge in {folder} is only half made")
    if (commit := refs.commit(checkout, oid)) is None:
        raise NoSuchCommit(f"{checkout} has no commit {oid!r}")
    incoming = f"refs/ops/incoming/{uuid4().hex}"
    git(checkout, "push", "--quiet", str(place.repo), f"{commit}:{incoming}")
    try:
        with FileLock(place.merge_lock):
            _forward(place, settings.trunk, commit)
    finally:
        git(place.repo, "update-ref", "-d", incoming)


def _forward(place: Place, trunk: str, commit: str) -> None:
    there = refs.branch(place.repo, trunk)
    if there is not None and not refs.is_ancestor(place.repo, there, commit):
        raise NotFastForward(
            f"not a fast-forward: the forge's {trunk} is at {there[:10]}, which {commit[:10]} does not descend from; "
            "bring its commits into your checkout first"
        )
    git(place.repo, "update-ref", f"refs/heads/{trunk}", commit, there or ZERO)
