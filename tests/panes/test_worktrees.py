"""Hub, task repositories, worktrees, check-outs: with real git, and with workers that mean harm."""

import asyncio
import os
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from panes import worktrees
from panes.git import GitFailed, Identity, git
from panes.hosts import worker_env
from panes.seen import Conflict, GitRefused, Oid, Tree, Work
from tests.panes.conftest import until

ENV = worker_env(Identity("Worker", "worker@example.invalid"), {})


STATE = 'st "ate\\'  # a folder that has to be quoted wherever it is written


def as_worker(where: Path, *args: str) -> str:
    return subprocess.run(["git", *args], cwd=where, env=ENV, check=True, capture_output=True, text=True).stdout.strip()


@dataclass
class Place:
    """A forge with one commit on ``main``, and where everything of ours is."""

    root: Path

    @property
    def forge(self) -> Path:
        return self.root / "forge.git"

    @property
    def hub(self) -> Path:
        return self.root / STATE / "hub.git"

    @property
    def repo(self) -> Path:
        return self.root / STATE / "tasks" / "7.git"

    @property
    def where(self) -> Path:
        return self.root / STATE / "work" / "7"

    @property
    def trash(self) -> Path:
        return self.root / STATE / "trash"

    @property
    def quarantine(self) -> Path:
        return self.root / STATE / "quarantine"

    def kept(self) -> list[str]:
        return sorted(path.name.split("-")[0] for path in self.quarantine.glob("*"))

    def commit(self, text: str, branch: str = "main") -> Oid:
        """A commit on the forge with ``text`` in the file ``a``."""
        blob = git(self.forge, "hash-object", "-w", "--stdin", stdin=text).out.strip()
        tree = git(self.forge, "mktree", stdin=f"100644 blob {blob}\ta\n").out.strip()
        before = git(self.forge, "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}", ok=(0, 1)).out.split()
        parents = [word for parent in before for word in ("-p", parent)]
        oid = git(self.forge, "commit-tree", tree, *parents, "-m", text).out.strip()
        git(self.forge, "update-ref", f"refs/heads/{branch}", oid)
        return Oid(oid)

    async def provision(self) -> None:
        await worktrees.provision(self.hub, self.repo, self.where, "fix/issue-7", self.trunk(), "main", self.quarantine)

    def trunk(self) -> Oid:
        return Oid(git(self.hub, "rev-parse", "refs/remotes/origin/main").out.strip())

    async def look(self) -> Work:
        work = await worktrees.look(self.hub, self.repo, self.where, "7")
        assert work is not None
        return work

    def work(self, *args: str) -> str:
        """git as the worker gives it in its worktree."""
        return as_worker(self.where, *args)

    def commit_work(self, text: str) -> str:
        (self.where / "a").write_text(text)
        self.work("commit", "--quiet", "-am", text)
        return self.work("rev-parse", "HEAD")


@pytest.fixture
async def place(tmp_path: Path) -> Place:
    made = Place(tmp_path)
    git(tmp_path, "init", "--quiet", "--bare", "--template=", "--initial-branch=main", str(made.forge))
    made.commit("one\n")
    await worktrees.open_hub(made.hub, str(made.forge))
    await worktrees.fetch(made.hub)
    return made


def evil(folder: Path) -> tuple[str, Path]:
    """A command that leaves a trace with the environment it ran in, and the trace."""
    trace = folder / "evil-ran"
    return f"sh -c 'env > \"{trace}\"; cat'", trace


# The hub


async def test_what_is_gone_from_the_forge_goes_from_the_hub_and_what_was_rescued_stays(place: Place) -> None:
    place.commit("two\n", "feat/x")
    git(place.forge, "update-ref", "refs/ops/claims/issue-1", place.trunk())
    await worktrees.fetch(place.hub)
    git(place.hub, "update-ref", "refs/ops/rescue/issue-1/1-1", place.trunk())
    git(place.hub, "update-ref", "refs/tasks/1/tip", place.trunk())
    git(place.forge, "update-ref", "-d", "refs/heads/feat/x")
    git(place.forge, "update-ref", "-d", "refs/ops/claims/issue-1")
    await worktrees.fetch(place.hub)
    names = git(place.hub, "for-each-ref", "--format=%(refname)").out.split()
    assert names == ["refs/ops/rescue/issue-1/1-1", "refs/remotes/origin/main", "refs/tasks/1/tip"]


async def test_opening_the_hub_again_changes_nothing_but_where_it_fetches_from(place: Place) -> None:
    before = place.trunk()
    await worktrees.open_hub(place.hub, str(place.root / "elsewhere"))
    assert place.trunk() == before
    assert git(place.hub, "config", "--get-all", "remote.origin.url").out.strip() == str(place.root / "elsewhere")
    assert stat.S_IMODE(place.hub.stat().st_mode) == 0o700
    with pytest.raises(GitFailed):
        await worktrees.fetch(place.hub)


# Provisioning


async def test_a_worktree_is_on_its_branch_at_the_commit_with_the_trunk_in_sight(place: Place) -> None:
    await place.provision()
    assert place.work("symbolic-ref", "HEAD") == "refs/heads/fix/issue-7"
    assert (
        place.work("rev-parse", "HEAD") == place.work("rev-parse", "origin/main") == place.work("rev-parse", "origin/HEAD") == place.trunk()
    )
    assert (place.where / "a").read_text() == "one\n"
    assert "locked" in place.work("worktree", "list", "--porcelain")
    assert stat.S_IMODE(place.repo.stat().st_mode) == 0o700


async def test_provisioning_twice_keeps_the_work(place: Place) -> None:
    await place.provision()
    tip = place.commit_work("mine\n")
    (place.where / "new").write_text("new")
    await place.provision()
    assert place.work("rev-parse", "HEAD") == tip
    assert (place.where / "new").exists()
    assert place.kept() == []


@pytest.mark.parametrize("half", ["unfinished", "no worktree", "no repository", "a stranger's folder"])
async def test_what_was_half_made_is_quarantined_and_made_again(place: Place, half: str) -> None:
    if half == "a stranger's folder":
        place.where.mkdir(parents=True)
        (place.where / "precious").write_text("x")
    else:
        await place.provision()
    if half == "unfinished":
        (place.repo / worktrees.WHOLE).unlink()
    if half == "no worktree":
        place.where.rename(place.root / "away")
    if half == "no repository":
        place.repo.rename(place.root / "away")
    assert await worktrees.look(place.hub, place.repo, place.where, "7") is None
    await place.provision()
    assert (await place.look()).tip == place.trunk()
    expected = {"unfinished": ["7", "7.git"], "no worktree": ["7.git"], "no repository": ["7"], "a stranger's folder": ["7"]}
    assert place.kept() == expected[half]


@pytest.mark.parametrize(("at", "trunk"), [("1" * 40, "main"), ("", "gone")])
async def test_what_cannot_be_provisioned_leaves_nothing_behind(place: Place, at: str, trunk: str) -> None:
    with pytest.raises(GitFailed):
        await worktrees.provision(place.hub, place.repo, place.where, "fix/issue-7", at or place.trunk(), trunk, place.quarantine)
    assert not place.repo.exists()
    assert place.kept() == []


async def test_many_are_provisioned_at_once(place: Place) -> None:
    async def one(n: int) -> Work | None:
        repo, where = place.root / f"{n}.git", place.root / f"work{n}"
        await worktrees.provision(place.hub, repo, where, f"fix/issue-{n}", place.trunk(), "main", place.quarantine)
        return await worktrees.look(place.hub, repo, where, str(n))

    assert all(await asyncio.gather(*(one(n) for n in range(8))))


async def test_a_worker_has_nowhere_to_push_to(place: Place) -> None:
    await place.provision()
    place.commit_work("mine\n")
    for args in (("push",), ("push", "origin", "HEAD:main"), ("push", "origin", "HEAD")):
        with pytest.raises(subprocess.CalledProcessError):
            place.work(*args)
    assert str(place.forge) not in (place.repo / "config").read_text()


async def test_a_worker_can_fetch_what_the_hub_has_of_the_forge(place: Place) -> None:
    await place.provision()
    newer = place.commit("two\n")
    await worktrees.fetch(place.hub)
    place.work("fetch", "--quiet", "origin")
    assert place.work("rev-parse", "origin/main") == newer


async def test_workers_share_neither_stash_nor_refs_nor_config_nor_hooks(place: Place) -> None:
    await place.provision()
    repo, where = place.root / "8.git", place.root / "8"
    await worktrees.provision(place.hub, repo, where, "fix/issue-8", place.trunk(), "main", place.quarantine)
    (place.where / "a").write_text("mine\n")
    place.work("stash")
    place.work("config", "user.nickname", "x")
    place.work("tag", "mine")
    for other in (where, place.hub):
        assert git(other, "for-each-ref", "refs/stash").out == ""
        assert git(other, "tag").out == ""
        assert git(other, "config", "user.nickname", ok=(1,)).out == ""


async def test_the_trunk_a_worker_sees_is_moved_when_told(place: Place) -> None:
    await place.provision()
    newer = place.commit("two\n")
    await worktrees.fetch(place.hub)
    await worktrees.set_trunk(place.hub, place.repo, "main")
    assert place.work("rev-parse", "origin/main") == newer


async def test_a_worktree_is_moved_on_to_its_own_branch_and_never_over_somebodys_work(place: Place) -> None:
    await place.provision()
    was, now = place.trunk(), place.commit("two\n")
    await worktrees.fetch(place.hub)
    (place.where / "a").write_text("mine\n")
    with pytest.raises(GitRefused, match="overwritten"):
        await worktrees.fast_forward(place.repo, place.where, was, now, ENV)
    place.work("checkout", "--quiet", ".")
    for _ in range(2):
        await worktrees.fast_forward(place.repo, place.where, was, now, ENV)
        assert (place.where / "a").read_text() == "two\n"
    with pytest.raises(Conflict):
        await worktrees.fast_forward(place.repo, place.where, was, was, ENV)


# Looking


async def test_a_clean_worktree_is_its_tip_and_its_commits_are_in_the_hub(place: Place) -> None:
    await place.provision()
    tip = place.commit_work("mine\n")
    work = await place.look()
    assert (work.branch, work.tip, work.dirty) == ("fix/issue-7", tip, False)
    assert git(place.hub, "rev-parse", "refs/tasks/7/tip").out.strip() == tip
    assert git(place.hub, "show", f"{tip}:a").out == "mine\n"


async def test_new_changed_deleted_and_ignored_files_are_told_apart(place: Place) -> None:
    await place.provision()
    (place.where / ".gitignore").write_text("*.pyc\n")
    (place.where / "b.pyc").write_text("x")
    (place.where / "näme\nwith line").write_text("x")
    (place.where / "a").unlink()
    work = await place.look()
    assert work.dirty
    assert git(place.repo, "ls-tree", "-z", "--name-only", work.snapshot).out.split("\0") == [".gitignore", "näme\nwith line", ""]


async def test_looking_leaves_the_workers_index_and_files_as_they_are(place: Place) -> None:
    await place.provision()
    (place.where / "new").write_text("x")
    index = place.repo / "worktrees" / "7" / "index"
    status = place.work("status", "--porcelain")  # which may write the index
    before = (index.read_bytes(), index.stat().st_mtime_ns)
    index.with_suffix(".lock").touch()
    assert (await place.look()).dirty
    assert (index.read_bytes(), index.stat().st_mtime_ns) == before
    assert place.work("--no-optional-locks", "status", "--porcelain") == status


async def test_a_worker_on_another_branch_or_none_is_seen_as_that(place: Place) -> None:
    await place.provision()
    place.work("checkout", "--quiet", "-b", "mine")
    assert (await place.look()).branch == "mine"
    tip = place.commit_work("mine\n")
    place.work("checkout", "--quiet", "--detach")
    place.work("branch", "--quiet", "-D", "mine")
    work = await place.look()
    assert (work.branch, work.tip) == (None, tip)


async def test_a_worktree_without_a_commit_or_with_a_strange_head_cannot_be_read_and_says_so(place: Place) -> None:
    await place.provision()
    place.work("checkout", "--quiet", "--orphan", "empty")
    with pytest.raises(GitRefused, match="cannot be fetched"):
        await place.look()
    (place.repo / "worktrees" / "7" / "HEAD").write_text("ref: refs/heads/x:refs/heads/main\n")
    with pytest.raises(GitRefused, match="its HEAD is"):
        await place.look()


async def test_a_workers_filter_does_not_run_with_us(place: Place) -> None:
    await place.provision()
    command, trace = evil(place.root)
    place.work("config", "filter.x.clean", command)
    place.work("config", "filter.x.smudge", command)
    place.work("config", "filter.x.required", "true")
    (place.where / ".gitattributes").write_text("* filter=x\n")
    (place.where / "a").write_text("changed\n")
    work = await place.look()
    await worktrees.rescue(place.hub, place.repo, work, "refs/ops/rescue/issue-7/7-1")
    assert not trace.exists()
    assert git(place.hub, "show", f"{work.snapshot}:a").out == "changed\n"
    place.work("add", "-A")
    assert trace.exists(), "the filter is one that does run when the worktree's own settings are asked"


async def test_a_workers_fsmonitor_does_not_run_with_us(place: Place) -> None:
    await place.provision()
    trace = place.root / "evil-ran"
    script = place.root / "monitor"
    script.write_text(f'#!/bin/sh\ntouch "{trace}"\n')
    script.chmod(0o755)
    place.work("config", "core.fsmonitor", str(script))
    (place.where / "a").write_text("changed\n")
    assert (await place.look()).dirty
    await worktrees.set_trunk(place.hub, place.repo, "main")
    assert not trace.exists()
    place.work("status")
    assert trace.exists()


async def test_a_workers_hooks_do_not_run_with_us(place: Place) -> None:
    await place.provision()
    trace = place.root / "evil-ran"
    hooks = place.repo / "hooks"
    hooks.mkdir()
    for name in ("reference-transaction", "post-checkout", "post-index-change", "pre-auto-gc"):
        (hooks / name).write_text(f'#!/bin/sh\ntouch "{trace}"\n')
        (hooks / name).chmod(0o755)
    place.work("config", "core.hooksPath", str(hooks))
    (place.where / "a").write_text("changed\n")
    work = await place.look()
    await worktrees.rescue(place.hub, place.repo, work, "refs/ops/rescue/issue-7/7-1")
    await worktrees.set_trunk(place.hub, place.repo, "main")
    assert not trace.exists()


async def test_an_embedded_repositorys_settings_do_not_run_with_us(place: Place) -> None:
    await place.provision()
    trace = place.root / "evil-ran"
    inner = place.where / "inner"
    inner.mkdir()
    as_worker(inner, "init", "--quiet")
    as_worker(inner, "commit", "--quiet", "--allow-empty", "-m", "x")
    place.work("add", "-A")
    place.work("commit", "--quiet", "-m", "a link")
    script = place.root / "monitor"
    script.write_text(f'#!/bin/sh\ntouch "{trace}"\n')
    script.chmod(0o755)
    for setting in ("core.fsmonitor", "core.hooksPath"):
        as_worker(inner, "config", setting, str(script))
    (inner / "file").write_text("x")
    await place.look()
    assert not trace.exists()
    place.work("status")
    assert trace.exists(), "they do run when git is asked in the worktree"


async def test_an_embedded_repository_without_a_commit_hides_nothing_else(place: Place) -> None:
    await place.provision()
    (place.where / "in ner").mkdir()
    as_worker(place.where / "in ner", "init", "--quiet")
    (place.where / "new").write_text("x")
    work = await place.look()
    assert git(place.repo, "ls-tree", "--name-only", work.snapshot).out.split() == ["a", "new"]


# Committing in the worker's name


async def test_what_is_left_is_committed_by_the_worker_with_the_projects_hooks(place: Place) -> None:
    await place.provision()
    hooks = place.root / "hooks"
    hooks.mkdir()
    (hooks / "pre-commit").write_text("#!/bin/sh\necho formatted >> a\ngit add a\n")
    (hooks / "pre-commit").chmod(0o755)
    place.work("config", "core.hooksPath", str(hooks))
    (place.where / "new").write_text("x")
    oid = await worktrees.commit_all(place.where, "Mend it", ENV)
    work = await place.look()
    assert (work.tip, work.dirty) == (oid, False)
    assert place.work("log", "-1", "--format=%an %s") == "Worker Mend it"
    assert place.work("show", "HEAD:a") == "one\nformatted"
    assert await worktrees.commit_all(place.where, "Again", ENV) == oid


async def test_a_hooks_no_is_told_in_its_own_words_and_nothing_it_started_stays(place: Place) -> None:
    await place.provision()
    hooks = place.root / "hooks"
    hooks.mkdir()
    (hooks / "pre-commit").write_text("#!/bin/sh\nsleep 600 &\necho $! > ../../pid\necho 'line too long: a:3'\nexit 1\n")
    (hooks / "pre-commit").chmod(0o755)
    place.work("config", "core.hooksPath", str(hooks))
    (place.where / "new").write_text("x")
    with pytest.raises(GitRefused, match="line too long: a:3"):
        await worktrees.commit_all(place.where, "Mend it", ENV)
    pid = int((place.where / "../../pid").read_text())
    until(lambda: not Path(f"/proc/{pid}/cmdline").exists() or not Path(f"/proc/{pid}/cmdline").read_bytes(), "the hook's own process")
    assert (place.where / "new").exists()


async def test_the_locks_of_a_git_that_was_killed_are_no_hindrance(place: Place) -> None:
    await place.provision()
    own = place.repo / "worktrees" / "7"
    for lock in (
        own / "index.lock",
        own / "HEAD.lock",
        place.repo / "refs" / "heads" / "fix" / "issue-7.lock",
        place.repo / "packed-refs.lock",
    ):
        lock.touch()
    (place.where / "new").write_text("x")
    assert await worktrees.commit_all(place.where, "Mend it", ENV) == (await place.look()).tip


async def test_what_a_worker_commits_after_a_look_needs_nothing_that_the_look_wrote(place: Place) -> None:
    await place.provision()
    (place.where / "new").write_text("looked at first\n")
    assert (await place.look()).dirty
    place.work("add", "new")
    tip = place.commit_work("committed after\n")
    shutil.rmtree(place.hub)
    await worktrees.open_hub(place.hub, str(place.forge))
    await worktrees.fetch(place.hub)
    git(place.repo, "fsck", "--connectivity-only", tip)
    assert git(place.repo, "show", f"{tip}:new").out == "looked at first\n"


# Rescue


async def test_a_rescue_keeps_tip_and_files_and_touches_nothing(place: Place) -> None:
    await place.provision()
    tip = place.commit_work("mine\n")
    (place.where / "new").write_text("precious")
    before = place.work("status", "--porcelain")
    work = await place.look()
    kept = await worktrees.rescue(place.hub, place.repo, work, "refs/ops/rescue/issue-7/7-1")
    assert git(place.hub, "show", "refs/ops/rescue/issue-7/7-1:new").out == "precious"
    assert git(place.hub, "rev-parse", f"{kept}^").out.strip() == tip
    assert place.work("status", "--porcelain") == before
    assert await worktrees.rescue(place.hub, place.repo, work, "refs/ops/rescue/issue-7/7-1") == kept


async def test_a_second_rescue_under_the_same_name_loses_nothing_of_the_first(place: Place) -> None:
    await place.provision()
    (place.where / "new").write_text("first")
    first = await worktrees.rescue(place.hub, place.repo, await place.look(), "refs/ops/rescue/issue-7/7-1")
    (place.where / "new").write_text("second")
    second = await worktrees.rescue(place.hub, place.repo, await place.look(), "refs/ops/rescue/issue-7/7-1")
    assert git(place.hub, "show", f"{second}:new").out == "second"
    git(place.hub, "merge-base", "--is-ancestor", first, second)


# Check-outs


async def test_a_check_out_is_a_clone_of_its_own_at_the_commit(place: Place) -> None:
    where = place.root / "checks" / "c-1"
    for _ in range(2):
        await worktrees.check_out(place.hub, where, place.trunk())
    assert git(where, "rev-parse", "HEAD").out.strip() == place.trunk()
    assert git(where, "status", "--porcelain").out == ""
    git(where, "commit", "--quiet", "--allow-empty", "-m", "in the clone")
    with pytest.raises(Conflict):
        await worktrees.check_out(place.hub, where, place.trunk())
    assert [path.name for path in where.parent.iterdir()] == ["c-1"]


async def test_a_check_out_that_was_cut_short_is_made_again(place: Place) -> None:
    making = place.root / "checks" / ".c-1.making"
    (making / ".git").mkdir(parents=True)
    (making / "leftover").write_text("x")
    await worktrees.check_out(place.hub, place.root / "checks" / "c-1", place.trunk())
    assert sorted(os.listdir(place.root / "checks" / "c-1")) == [".git", "a"]  # noqa: PTH208


async def test_whether_tracked_files_are_still_the_tree_is_seen_whatever_else_lies_about(place: Place) -> None:
    where = place.root / "checks" / "c-1"
    await worktrees.check_out(place.hub, where, place.trunk())
    tree = Tree(git(place.hub, "rev-parse", f"{place.trunk()}^{{tree}}").out.strip())
    (where / "__pycache__").mkdir()
    (where / "__pycache__" / "a.pyc").write_text("x")
    (where / "a").touch()
    assert await worktrees.still(place.hub, where, tree)
    (where / "a").write_text("two\n")
    git(where, "update-index", "--assume-unchanged", "a")
    assert not await worktrees.still(place.hub, where, tree)
    (where / "a").unlink()
    assert not await worktrees.still(place.hub, where, tree)


async def test_a_deleted_check_out_is_gone_and_deleting_it_again_is_fine(place: Place) -> None:
    where = place.root / "checks" / "c-1"
    await worktrees.check_out(place.hub, where, place.trunk())
    for _ in range(2):
        await worktrees.delete(where, place.trash)
        assert not where.exists()
    assert list(place.trash.iterdir()) == []


# Removing


async def test_a_removed_worktree_is_gone_with_its_repository_untracked_files_and_all(place: Place) -> None:
    await place.provision()
    (place.where / "__pycache__").mkdir()
    (place.where / "__pycache__" / "x.pyc").write_text("x")
    (place.where / "__pycache__").chmod(0o500)
    await place.look()
    for _ in range(2):
        assert await worktrees.remove(place.repo, place.where, place.trash, place.quarantine) is None
        assert not place.where.exists()
        assert not place.repo.exists()
    assert list(place.trash.iterdir()) == []
    await worktrees.forget(place.hub, "7")
    assert git(place.hub, "for-each-ref", "refs/tasks").out == ""
    await place.provision()
    assert (await place.look()).tip == place.trunk()


@pytest.mark.parametrize("ignored", [False, True])
async def test_a_worktree_with_a_repository_in_it_is_never_deleted(place: Place, ignored: bool) -> None:
    await place.provision()
    inner = place.where / "lib" / "inner"
    inner.mkdir(parents=True)
    if ignored:
        (place.where / ".gitignore").write_text("lib\n")
    as_worker(inner, "init", "--quiet")
    (inner / "precious").write_text("x")
    kept = await worktrees.remove(place.repo, place.where, place.trash, place.quarantine)
    assert kept is not None
    assert (kept / "lib" / "inner" / "precious").read_text() == "x"
    assert place.kept() == ["7", "7.git"]
    assert not place.where.exists()


async def test_the_operators_checkout_is_never_touched(place: Place) -> None:
    checkout = place.root / "mine"
    git(place.root, "clone", "--quiet", str(place.forge), str(checkout))
    (checkout / "a").write_text("in the middle of something\n")
    git(checkout, "stash")
    git(checkout, "stash", "apply")

    def all_of_it() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in checkout.rglob("*") if path.is_file()}

    before = all_of_it()
    await place.provision()
    place.commit_work("mine\n")
    await worktrees.rescue(place.hub, place.repo, await place.look(), "refs/ops/rescue/issue-7/7-1")
    await worktrees.remove(place.repo, place.where, place.trash, place.quarantine)
    await worktrees.fetch(place.hub)
    assert all_of_it() == before
