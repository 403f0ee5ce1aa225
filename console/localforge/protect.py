"""Founding a forge in a folder: the bare repository with its protected trunk, and the tables."""

import shlex
from pathlib import Path

from filelock import FileLock

from console.localforge import store
from console.localforge.errors import NoSuchCommit, NotFounded
from console.localforge.store import Place, Settings
from panes.git import git

REQUIRED = "ops/verify"

# /bin/sh, because a shebang into a path with a space does not run. It stops accidents: who means it can still use update-ref.
HOOK = """\
#!/bin/sh
# Nobody pushes to the trunk: the forge merges pulls into it.
trunk=refs/heads/{trunk}
refused=
while read -r _ _ ref; do
    [ "$ref" = "$trunk" ] && refused=1
done
if [ -n "$refused" ]; then
    echo "error: Not allowed to push to protected branch ${{trunk#refs/heads/}}" >&2
    exit 1
fi
"""

# hooksPath is exactly "hooks": it beats a user's global one, which would switch the protection off, and survives moving the folder.
CONFIG = (
    ("core.hooksPath", "hooks"),
    ("core.logAllRefUpdates", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("receive.autogc", "false"),
)


def found(folder: Path, *, owner: str, name: str, trunk: str, source: Path | None) -> None:
    """Makes ``folder`` the forge of ``owner/name`` and brings the trunk of the checkout ``source`` in, if the forge has none.

    May be done again, and by several processes at once: what is there stays. Raises NotFounded when the folder is another
    repository's, NoSuchCommit when ``source`` has no branch ``trunk`` with a commit.
    """
    place, wanted = Place(folder), Settings(owner=owner, name=name, trunk=trunk, required=REQUIRED)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with FileLock(place.founding_lock):
        store.make_tables(place)
        _same(store.settings(place) or wanted, wanted, folder)
        _repository(place, trunk)
        if source is not None:
            _bring_in(place, source, trunk)
        store.write_settings(place, wanted)  # last: a folder with settings is a whole forge


def _same(there: Settings, wanted: Settings, folder: Path) -> None:
    if there != wanted:
        raise NotFounded(
            f"{folder} is the forge of {there.owner}/{there.name} (trunk {there.trunk}), "
            f"not of {wanted.owner}/{wanted.name} (trunk {wanted.trunk})"
        )


def hook_text(trunk: str) -> str:
    """The pre-receive hook that protects ``trunk``."""
    return HOOK.format(trunk=shlex.quote(trunk))


def _repository(place: Place, trunk: str) -> None:
    git(place.folder, "init", "--quiet", "--bare", "--template=", f"--initial-branch={trunk}", str(place.repo))
    for key, value in CONFIG:
        git(place.repo, "config", key, value)
    hook = place.repo / "hooks" / "pre-receive"
    text = hook_text(trunk)
    if not hook.exists() or hook.read_text() != text:
        hook.parent.mkdir(exist_ok=True)
        fresh = hook.with_name("pre-receive.new")
        fresh.write_text(text)
        fresh.chmod(0o755)
        fresh.replace(hook)  # a push at this moment finds a whole hook


def _bring_in(place: Place, source: Path, trunk: str) -> None:
    ref = f"refs/heads/{trunk}"
    if git(place.repo, "rev-parse", "--verify", "--quiet", ref, ok=(0, 1)).code == 0:
        return
    if git(source, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}", ok=(0, 1, 128)).code != 0:
        raise NoSuchCommit(f"{source} has no branch {trunk!r} with a commit on it")
    git(place.repo, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", str(source.resolve()), f"{ref}:{ref}")
