"""The hub, task repositories with a worktree each, check-outs; what is in a worktree, and getting rid of one.

A task's repository borrows the hub's objects and shares nothing else with it: no refs, stash, config or hooks. Commits come from it
by a fetch that is run in the hub. A worker's tree is read with the hub as GIT_DIR and a private index, never through its own ``.git``:
what a worker's config says (filters, fsmonitor, hooks) never runs with our environment.

Every function may be done twice. GitFailed: git could not; GitRefused: the project's own hooks, or git in the worker's name, said no.
"""

import asyncio
import os
import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from panes.aside import aside, embedded, sweep
from panes.git import GitFailed, agit
from panes.runs import write_whole
from panes.seen import Conflict, GitRefused, Oid, Tree, Work

WHOLE = "ops-whole"  # a file in a repository of ours, written last: without it the repository is half made
COMMIT_S = 600.0  # a project's hooks may run its tests
ORIGIN = "refs/remotes/origin"


# The hub


async def open_hub(hub: Path, url: str) -> None:
    """A bare repository that fetches from ``url`` into ``refs/remotes/origin/*`` alone: a mirror that prunes deletes branches."""
    if not (hub / WHOLE).exists():
        hub.mkdir(mode=0o700, parents=True, exist_ok=True)
        await agit(hub, "init", "--quiet", "--bare", "--template=", ".")
    settings = {
        "remote.origin.url": url,
        "remote.origin.fetch": f"+refs/heads/*:{ORIGIN}/*",
        "gc.auto": "0",  # task repositories borrow objects that no ref of the hub may hold any more
        "maintenance.auto": "false",
    }
    for key, value in settings.items():
        await agit(hub, "config", "--replace-all", key, value)
    write_whole(hub / WHOLE, b"")


async def fetch(hub: Path, env: Mapping[str, str] | None = None) -> None:
    """Branches into ``refs/remotes/origin/*``, ``refs/ops/*`` into ``refs/remotes/ops/*``; only there, what is gone goes."""
    wanted = [f"+refs/heads/*:{ORIGIN}/*", "+refs/ops/*:refs/remotes/ops/*"]
    await agit(hub, "fetch", "--quiet", "--prune", "--no-tags", "--no-write-fetch-head", "origin", *wanted, env=env)


# A task's repository and worktree


async def provision(hub: Path, repo: Path, where: Path, branch: str, at: str, trunk: str, quarantine: Path) -> None:
    """The repository ``repo`` and its worktree ``where`` on a new ``branch`` at commit ``at``. Whole ones stay as they are.

    What stands there half made is moved to ``quarantine`` and made again.
    """
    if _whole(repo, where):
        return
    # Before anything is made: what cannot work must not fill the quarantine.
    await agit(hub, "rev-parse", f"{at}^{{commit}}", f"{ORIGIN}/{trunk}^{{commit}}")
    for half in (where, repo):
        aside(half, quarantine)
    repo.mkdir(mode=0o700, parents=True)
    where.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    await agit(repo, "init", "--quiet", "--bare", "--template=", f"--initial-branch={trunk}", ".")
    _borrow(repo, hub)
    settings = {
        # The worker may look at the trunk and at other branches, in the hub; it has nowhere to push to.
        "remote.origin.url": str(hub.resolve()),
        "remote.origin.fetch": f"+{ORIGIN}/*:{ORIGIN}/*",
        "remote.origin.pushurl": "/nowhere/the-console-pushes",
        "push.default": "nothing",
        "gc.auto": "0",
        "maintenance.auto": "false",
        "commit.gpgSign": "false",  # nobody is there to give a passphrase
        "tag.gpgSign": "false",
        "core.logAllRefUpdates": "true",
    }
    _configure(repo, settings)
    await agit(repo, "symbolic-ref", f"{ORIGIN}/HEAD", f"{ORIGIN}/{trunk}")
    await set_trunk(hub, repo, trunk)
    # Locked from the start: a prune while its disk is away would forget it.
    await agit(repo, "worktree", "add", "--quiet", "--lock", "--no-track", "-b", branch, str(where.resolve()), at)
    write_whole(repo / WHOLE, b"")


def _borrow(repo: Path, hub: Path) -> None:
    (repo / "objects" / "info" / "alternates").write_text(f"{hub.resolve() / 'objects'}\n")


def _configure(repo: Path, settings: Mapping[str, str]) -> None:
    """Adds to a fresh repository's settings: one write, where git would be started once for each."""
    with (repo / "config").open("a", encoding="utf-8", errors="surrogateescape") as config:
        for key, value in settings.items():
            section, _, name = key.rpartition(".")
            first, _, second = section.partition(".")
            header = f'{first} "{second}"' if second else first
            quoted = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
            config.write(f'[{header}]\n\t{name} = "{quoted}"\n')


async def set_trunk(hub: Path, repo: Path, trunk: str) -> None:
    """The worker sees the trunk as the hub last fetched it."""
    at = (await agit(hub, "rev-parse", "--verify", f"{ORIGIN}/{trunk}^{{commit}}")).out.strip()
    await agit(repo, "update-ref", f"{ORIGIN}/{trunk}", at)


async def fast_forward(repo: Path, where: Path, was: Oid, now: Oid, env: Mapping[str, str]) -> None:
    """Moves the worktree's branch from ``was`` on to its descendant ``now``, which the hub has. Conflict: it is at neither."""
    at = (await agit(_registered(repo, where), "rev-parse", "HEAD")).out.strip()
    if at == now:
        return
    if at != was:
        raise Conflict(f"{where} is at {at[:10]}, not at {was[:10]}")
    _unlock(where)
    await _as_worker(where, env, "merge", "--quiet", "--ff-only", now)


def _whole(repo: Path, where: Path) -> bool:
    return (repo / WHOLE).exists() and (where / ".git").is_file() and _find(repo, where) is not None


def _find(repo: Path, where: Path) -> Path | None:
    """The folder in ``repo`` that is registered for the worktree ``where``. The worker may have made others."""
    for entry in sorted((repo / "worktrees").glob("*")):
        with suppress(OSError):
            if Path((entry / "gitdir").read_text().strip()).resolve() == where.resolve() / ".git":
                return entry
    return None


def _registered(repo: Path, where: Path) -> Path:
    found = _find(repo, where)
    if found is None:
        raise GitRefused(f"{where} is not a worktree of its task's repository")
    return found


# What is in a worktree


async def look(hub: Path, repo: Path, where: Path, task: str) -> Work | None:
    """The task's worktree as it is, its commits brought into the hub (``refs/tasks/<task>/tip``). None: there is no whole one.

    GitRefused: it cannot be read (no commit, an unreadable file …).
    """
    if not _whole(repo, where):
        return None
    head = (_registered(repo, where) / "HEAD").read_text().strip()
    branch = head.removeprefix("ref: refs/heads/") if head.startswith("ref: refs/heads/") else None
    tip = await _bring(hub, repo, head.removeprefix("ref: "), f"refs/tasks/{task}/tip")
    tree = Tree((await agit(hub, "rev-parse", f"{tip}^{{tree}}")).out.strip())
    with _private_index(hub, where) as index:
        # The snapshot's objects go where the worker's commits go. In the hub they would be found there by the next commit of the worker's
        # and not be written again, and its repository would then need a hub that can be deleted.
        env = index | {"GIT_OBJECT_DIRECTORY": str(repo.resolve() / "objects")}
        await agit(where, "read-tree", tree, env=env)
        await _add_all(where, env)
        snapshot = Tree((await agit(where, "write-tree", env=env)).out.strip())
    return Work(where=where, branch=branch, tip=tip, tree=tree, snapshot=snapshot)


async def _bring(hub: Path, repo: Path, source: str, ref: str) -> Oid:
    """Fetches a ref or commit of the task's repository into the hub's ``ref``."""
    if any(c in source for c in " :+^*?[\\~") or not source:
        raise GitRefused(f"{repo}: its HEAD is {source!r}")
    try:
        words = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-gc")
        await agit(hub, *words, str(repo.resolve()), f"+{source}:{ref}")
    except GitFailed as failed:
        raise GitRefused(f"{repo}: {source} cannot be fetched: {failed.said}") from failed
    return Oid((await agit(hub, "rev-parse", ref)).out.strip())


@contextmanager
def _private_index(hub: Path, where: Path) -> Iterator[dict[str, str]]:
    """What makes git read the files in ``where`` with our repository and an index of its own."""
    with tempfile.TemporaryDirectory(prefix="ops-index-", dir=hub) as folder:
        yield {"GIT_DIR": str(hub.resolve()), "GIT_WORK_TREE": str(where.resolve()), "GIT_INDEX_FILE": f"{folder}/index"}


async def _add_all(where: Path, env: Mapping[str, str]) -> None:
    """Everything that is not ignored. An embedded repository goes in as a link; one without a commit cannot, and is left out."""
    try:
        await agit(where, "add", "--all", env=env)
    except GitFailed as failed:
        without = [f":(exclude,top,literal){path.relative_to(where)}" for path in await asyncio.to_thread(embedded, where)]
        if not without:
            raise GitRefused(f"{where} cannot be read: {failed.said}") from failed
        await agit(where, "add", "--all", "--", ".", *without, env=env)


async def still(hub: Path, where: Path, tree: Tree) -> bool:
    """The tracked files in ``where`` are those of ``tree``; others do not count."""
    with _private_index(hub, where) as env:
        await agit(where, "read-tree", tree, env=env)
        await agit(where, "add", "--update", env=env)
        return (await agit(where, "write-tree", env=env)).out.strip() == tree


async def commit_all(where: Path, message: str, env: Mapping[str, str]) -> Oid:
    """Commits what is there in the worker's name and environment, so that the project's hooks run. Nothing to commit: its HEAD.

    Nobody may be working there. GitRefused: git or a hook said no, with all it said; the worktree then stays as it is.
    """
    _unlock(where)
    await _as_worker(where, env, "add", "--all")
    if await _as_worker(where, env, "diff", "--cached", "--name-only"):
        await _as_worker(where, env, "commit", "--quiet", "-m", message)
    return Oid(await _as_worker(where, env, "rev-parse", "HEAD"))


def _unlock(where: Path) -> None:
    """Takes away the lock files of a git that was killed there."""
    own = Path((where / ".git").read_text().removeprefix("gitdir:").strip())
    shared = own.parent.parent
    for lock in (
        own / "index.lock",
        own / "HEAD.lock",
        shared / "packed-refs.lock",
        shared / "config.lock",
        *(shared / "refs").rglob("*.lock"),
    ):
        lock.unlink(missing_ok=True)


async def _as_worker(where: Path, env: Mapping[str, str], *args: str) -> str:
    """git with the worker's environment and rights. What its hooks leave running is ended."""
    with tempfile.TemporaryFile() as said:  # not a pipe: a hook's daemon would hold it open
        process = await asyncio.create_subprocess_exec(
            *("git", "-C", str(where), *args),
            env=dict(env),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(COMMIT_S):
                code = await process.wait()
        except TimeoutError as late:
            raise GitRefused(f"git {args[0]} did not end within {COMMIT_S:g} s: {_read(said.fileno())}") from late
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        if code:
            raise GitRefused(_read(said.fileno()) or f"git {args[0]} ended with {code}")
        return _read(said.fileno())


def _read(descriptor: int) -> str:
    return os.pread(descriptor, 1_000_000, 0).decode("utf-8", "replace").strip()


async def rescue(hub: Path, repo: Path, work: Work, ref: str) -> Oid:
    """Keeps what is in the worktree under the hub's ``ref``, without touching it: a commit of the snapshot on top of the tip.

    What ``ref`` kept before stays reachable from it.
    """
    before = (await agit(hub, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}", ok=(0, 1))).out.strip()
    if before and await _tree_and_first(hub, before) == (work.snapshot, work.tip):
        return Oid(before)
    words = [word for parent in (work.tip, before) if parent for word in ("-p", parent)]
    there = {"GIT_OBJECT_DIRECTORY": str(repo.resolve() / "objects")}  # where the snapshot is (see ``look``)
    kept = (await agit(hub, "commit-tree", work.snapshot, *words, "-m", "What was there and not committed", env=there)).out.strip()
    return await _bring(hub, repo, kept, ref)


async def _tree_and_first(hub: Path, commit: str) -> tuple[str, str]:
    tree, first, *_ = (await agit(hub, "log", "-1", "--format=%T %P", commit)).out.split()
    return tree, first


# Check-outs


async def check_out(hub: Path, where: Path, oid: Oid) -> None:
    """A clone of its own at ``oid``, for a check. It appears whole or not at all. Conflict: one at another commit stands there."""
    if where.exists():
        if (at := (await agit(where, "rev-parse", "HEAD")).out.strip()) != oid:
            raise Conflict(f"{where} is at {at[:10]}, not at {oid[:10]}")
        return
    making = where.with_name(f".{where.name}.making")
    making.mkdir(mode=0o700, parents=True, exist_ok=True)
    await asyncio.to_thread(sweep, making)  # nobody ever worked in it
    await agit(making, "init", "--quiet", "--template=", ".")
    _borrow(making / ".git", hub)
    _configure(making / ".git", {"gc.auto": "0", "maintenance.auto": "false"})
    await agit(making, "checkout", "--quiet", "--detach", oid)
    making.rename(where)


async def delete(where: Path, trash: Path) -> None:
    """A check-out is gone from its place at once, and from the disk a little later."""
    aside(where, trash)
    await asyncio.to_thread(sweep, trash)


async def remove(repo: Path, where: Path, trash: Path, quarantine: Path) -> Path | None:
    """A task's worktree and repository are gone; what was worth keeping in them was rescued before, and nobody works there.

    Returns where the worktree was put instead when repositories are embedded in it: those no rescue has kept.
    """
    if await asyncio.to_thread(embedded, where):
        kept = aside(where, quarantine)
        aside(repo, quarantine)
        return kept
    # Renamed, not `worktree remove`: that refuses any untracked file. With the repository its registration goes.
    aside(where, trash)
    aside(repo, trash)
    await asyncio.to_thread(sweep, trash)
    return None


async def forget(hub: Path, task: str) -> None:
    """The hub keeps nothing of the task but what was rescued."""
    listed = await agit(hub, "for-each-ref", "--format=delete %(refname)", f"refs/tasks/{task}")
    await agit(hub, "update-ref", "--stdin", stdin=listed.out)
