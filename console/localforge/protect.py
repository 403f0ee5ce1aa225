"""Founding a forge in a folder: the bare repository with its protected trunk, and the tables; and what its hooks let through."""

import shlex
import sqlite3
from pathlib import Path

from filelock import FileLock

from console.localforge import features, store
from console.localforge.errors import NoSuchCommit, NotFounded
from console.localforge.rows import Rule
from console.localforge.store import Place, Settings, transaction
from panes.git import git

REQUIRED = "ops/verify"

# /bin/sh, because a shebang into a path with a space does not run. It stops accidents: who means it can still use update-ref.
# A line of "protected" is who may push (- nobody, * whoever may write, or logins with commas), and a branch or glob. The first that
# fits counts.
PRE_RECEIVE = """\
#!/bin/sh
# Nobody pushes to the trunk: the forge merges pulls into it.
trunk={trunk}
none=0000000000000000000000000000000000000000
refuse() {{
    printf '\\nerror:\\nerror: %s\\nerror:\\n' "$1" >&2
    exit 1
}}
[ "$OPS_MAY_WRITE" = no ] && refuse 'User permission denied for writing.'
[ -r protected ] || refuse 'it is not known which branches are protected'
while read -r old new ref; do
    branch=${{ref#refs/heads/}}
    [ "$branch" = "$ref" ] && continue
    [ "$new$branch" = "$none$trunk" ] && refuse "branch $branch is the default branch and cannot be deleted"
    while read -r who pattern; do
        case $branch in $pattern) ;; *) continue ;; esac
        [ "$new" = "$none" ] && refuse "branch $branch is protected from deletion"
        [ "$old" = "$none" ] || git merge-base --is-ancestor "$old" "$new" || refuse "branch $branch is protected from force push"
        case ",$who," in ",*," | *",$REMOTE_USER,"*) ;; *) refuse "Not allowed to push to protected branch $branch" ;; esac
        break
    done <protected
done
exit 0
"""

# refs/pull is the forge's own.
UPDATE = """\
#!/bin/sh
case $1 in refs/pull/*) exit 1 ;; esac
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
        with transaction(place) as db:
            _first_rule(db, wanted)
            write_protected(place, features.rules(db))
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
    """The pre-receive hook of a forge with this trunk."""
    return PRE_RECEIVE.format(trunk=shlex.quote(trunk))


def write_protected(place: Place, rules: list[Rule]) -> None:
    """Tells the hook what is protected; inside the transaction that changed it."""
    plain_first = sorted(rules, key=lambda rule: ("*" in rule.rule_name, rule.priority))
    _replaced(place.repo / "protected", "".join(f"{_pushers(rule)} {rule.rule_name}\n" for rule in plain_first), 0o644)


def _pushers(rule: Rule) -> str:
    if not rule.enable_push:
        return "-"
    return ",".join(rule.push_whitelist_usernames) or "-" if rule.enable_push_whitelist else "*"


def _first_rule(db: sqlite3.Connection, wanted: Settings) -> None:
    """What the console needs of the trunk, once: who administers the forge may change it for good."""
    if db.execute("PRAGMA user_version").fetchone()[0] == 0:
        said = {"enable_status_check": True, "status_check_contexts": [wanted.required], "block_on_outdated_branch": True}
        features.write_rule(db, wanted.trunk, said | {"block_admin_merge_override": True})
        db.execute("PRAGMA user_version = 1")


def _repository(place: Place, trunk: str) -> None:
    git(place.folder, "init", "--quiet", "--bare", "--template=", f"--initial-branch={trunk}", str(place.repo))
    for key, value in CONFIG:
        git(place.repo, "config", key, value)
    for name, text in (("pre-receive", hook_text(trunk)), ("update", UPDATE)):
        _replaced(place.repo / "hooks" / name, text, 0o755)


def _replaced(path: Path, text: str, mode: int) -> None:
    """Whoever reads it at this moment finds a whole file."""
    if not path.exists() or path.read_text() != text:
        path.parent.mkdir(exist_ok=True)
        fresh = path.with_name(f"{path.name}.new")
        fresh.write_text(text)
        fresh.chmod(mode)
        fresh.replace(path)


def _bring_in(place: Place, source: Path, trunk: str) -> None:
    ref = f"refs/heads/{trunk}"
    if git(place.repo, "rev-parse", "--verify", "--quiet", ref, ok=(0, 1)).code == 0:
        return
    if git(source, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}", ok=(0, 1, 128)).code != 0:
        raise NoSuchCommit(f"{source} has no branch {trunk!r} with a commit on it")
    git(place.repo, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", str(source.resolve()), f"{ref}:{ref}")
