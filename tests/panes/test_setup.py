"""The project's own setup, in front of a run's command, once a worktree."""

from pathlib import Path

import pytest

from panes import runs, setup
from panes.git import git
from panes.seen import Ended
from tests.panes.conftest import Shims


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    where = tmp_path / "tree"
    git(tmp_path, "init", "--quiet", "--template=", str(where))
    return where


def run(shims: Shims, tree: Path, number: int, command: str) -> Ended:
    """A run in ``tree`` that writes down that it ran, after ``command`` as the project's setup."""
    folder = shims.folder(where=tree, number=number)
    shims.run(folder, *setup.before(["sh", "-c", "echo worker >> ran"], command, folder))
    ended = runs.look_at(folder).ended
    assert ended
    return ended


def test_it_runs_once_in_a_worktree_and_again_when_it_is_another(shims: Shims, tree: Path) -> None:
    for number, command in enumerate(("echo one >> ran", "echo one >> ran", "echo two >> ran\necho more >> ran"), 1):
        assert run(shims, tree, number, command).code == 0
    assert (tree / "ran").read_text().split() == ["one", "worker", "worker", "two", "more", "worker"]
    assert git(tree, "status", "--porcelain").out == "?? ran\n"


def test_where_it_fails_the_command_is_not_run_and_its_last_lines_are_told(shims: Shims, tree: Path) -> None:
    ended = run(shims, tree, 1, "for n in 1 2 3 4 5 6; do echo line $n; done; exit 7")
    assert (ended.why, ended.code, ended.detail) == ("setup", 7, "line 2 | line 3 | line 4 | line 5 | line 6")
    assert not (tree / "ran").exists()
    assert run(shims, tree, 2, "for n in 1 2 3 4 5 6; do echo line $n; done; exit 7").why == "setup"


def test_a_command_that_fails_after_it_has_failed_itself(shims: Shims, tree: Path) -> None:
    folder = shims.folder(where=tree)
    shims.run(folder, *setup.before(["sh", "-c", "echo broken; exit 7"], "true", folder))
    ended = runs.look_at(folder).ended
    assert ended
    assert (ended.why, ended.code, ended.detail) == ("ended", 7, "broken")


def test_a_project_without_one_has_nothing_in_front() -> None:
    assert setup.before(["a", "b"], None, Path("/")) == ["a", "b"]
