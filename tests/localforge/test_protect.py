"""Founding, the protected trunk, and the operator's own commits brought in."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from console.localforge.app import app
from console.localforge.errors import NoSuchCommit, NotFastForward, NotFounded
from console.localforge.protect import found
from console.localforge.take import take_in
from panes.git import GitFailed, git
from tests.localforge.parts import ROOT, Local, commit_of, project


def plain_push(checkout: Path, repo: Path, refspec: str, home: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """A push as the operator's own git does it, with the operator's own settings."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")} | {"HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    return subprocess.run(["git", "push", *options, str(repo), refspec], cwd=checkout, env=env, capture_output=True, text=True)


async def test_nobody_pushes_to_the_trunk_also_with_a_global_hooks_path(forge: Local, tmp_path: Path) -> None:
    before = forge.trunk
    git(forge.checkout, "commit", "--quiet", "--allow-empty", "-m", "past the gate")
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(f"[core]\n\thooksPath = {tmp_path / 'nowhere'}\n")
    for options in ([], ["--force"]):
        pushed = plain_push(forge.checkout, forge.repo, "HEAD:refs/heads/main", home, *options)
        assert pushed.returncode != 0
        assert "Not allowed to push to protected branch main" in pushed.stderr
        assert "pre-receive hook declined" in pushed.stderr
    assert plain_push(forge.checkout, forge.repo, ":refs/heads/main", home).returncode != 0
    with pytest.raises(GitFailed, match="protected branch"):
        git(forge.checkout, "push", str(forge.repo), "HEAD:refs/heads/other", "HEAD:refs/heads/main")
    assert forge.trunk == before
    for allowed in ("refs/heads/maintenance", "refs/heads/feat/main", "refs/ops/claims/issue-1"):
        assert plain_push(forge.checkout, forge.repo, f"HEAD:{allowed}", home).returncode == 0


async def test_a_forge_that_was_moved_is_still_protected(forge: Local, tmp_path: Path) -> None:
    moved = forge.folder.rename(tmp_path / "moved here")
    git(forge.checkout, "commit", "--quiet", "--allow-empty", "-m", "past the gate")
    with pytest.raises(GitFailed, match="protected branch main"):
        git(forge.checkout, "push", str(moved / "repo.git"), "HEAD:refs/heads/main")


def test_eight_found_one_forge_at_once(tmp_path: Path) -> None:
    checkout, folder = project(tmp_path / "it's a project"), tmp_path / "a forge"
    code = "import sys; from pathlib import Path; from console.localforge.protect import found\n"
    code += "found(Path(sys.argv[1]), owner='ada', name='engine', trunk='main', source=Path(sys.argv[2]))"
    started = [subprocess.Popen([sys.executable, "-c", code, str(folder), str(checkout)], cwd=ROOT) for _ in range(8)]
    assert [process.wait(60) for process in started] == [0] * 8
    assert commit_of(folder / "repo.git", "main") == commit_of(checkout, "main")
    assert oct((folder / "repo.git" / "hooks" / "pre-receive").stat().st_mode & 0o777) == "0o755"
    app(folder)


def test_founding_again_keeps_what_is_there(tmp_path: Path) -> None:
    checkout, folder = project(tmp_path / "project"), tmp_path / "forge"
    found(folder, owner="ada", name="engine", trunk="main", source=checkout)
    before = commit_of(folder / "repo.git", "main")
    git(checkout, "commit", "--quiet", "--allow-empty", "-m", "later")
    found(folder, owner="ada", name="engine", trunk="main", source=checkout)
    assert commit_of(folder / "repo.git", "main") == before
    with pytest.raises(NotFounded, match="is the forge of ada/engine"):
        found(folder, owner="ada", name="other", trunk="main", source=checkout)


def test_a_folder_that_is_no_forge_and_a_trunk_that_does_not_exist_are_said_so(tmp_path: Path) -> None:
    with pytest.raises(NotFounded, match="no local forge"):
        app(tmp_path / "nothing")
    empty = tmp_path / "empty"
    git(tmp_path, "init", "--quiet", "-b", "main", str(empty))
    for source, trunk in ((empty, "main"), (tmp_path / "missing", "main"), (project(tmp_path / "project"), "nosuch")):
        with pytest.raises(NoSuchCommit, match=f"has no branch '{trunk}'"):
            found(tmp_path / "forge", owner="ada", name="engine", trunk=trunk, source=source)
        with pytest.raises(NotFounded):
            app(tmp_path / "forge")


def test_a_trunk_with_a_quote_in_its_name_is_protected_too(tmp_path: Path) -> None:
    checkout, trunk = project(tmp_path / "project"), "ada's/trunk"
    git(checkout, "branch", "-m", trunk)
    found(tmp_path / "forge", owner="ada", name="engine", trunk=trunk, source=checkout)
    git(checkout, "commit", "--quiet", "--allow-empty", "-m", "past the gate")
    with pytest.raises(GitFailed, match="protected branch ada's/trunk"):
        git(checkout, "push", str(tmp_path / "forge" / "repo.git"), f"HEAD:refs/heads/{trunk}")


async def test_the_operators_commits_come_in_fast_forward_only(forge: Local) -> None:
    git(forge.checkout, "commit", "--quiet", "--allow-empty", "-m", "mine")
    mine = commit_of(forge.checkout, "HEAD")
    take_in(forge.folder, forge.checkout, mine)
    take_in(forge.folder, forge.checkout, "main")
    assert forge.trunk == mine

    git(forge.checkout, "commit", "--quiet", "--amend", "--allow-empty", "-m", "rewritten")
    with pytest.raises(NotFastForward, match="not a fast-forward: the forge's main is at"):
        take_in(forge.folder, forge.checkout, "main")
    with pytest.raises(NoSuchCommit, match="has no commit 'nosuch'"):
        take_in(forge.folder, forge.checkout, "nosuch")
    with pytest.raises(NotFounded):
        take_in(forge.folder.parent / "nothing", forge.checkout, "main")
    assert forge.trunk == mine
    assert git(forge.repo, "for-each-ref", "refs/ops").out == ""
