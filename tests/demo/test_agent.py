"""The replaying worker: run as the operator's script is, by path in a worktree, with a prompt's file."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from console.demo import agent
from console.demo.story import Told, plant, story
from panes.git import Identity, git
from prompts import Brief, render

STORY = story()
COMMITS = next(told for told in STORY if told.attempts[0].commit)
LEAVES = next(told for told in STORY if not told.attempts[0].commit)
REFUSED_FIRST = next(told for told in STORY if len(told.attempts) == 2)


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    return plant(tmp_path / "work")


def prompt_for(told: Told, reason: str = "implement") -> str:
    """The prompt as the engine renders it."""
    issue = SimpleNamespace(number=7, title=told.title, body=told.body)
    text = "1 failed" if reason != "implement" else ""
    return render(reason, Brief(issue=issue, branch="fix/issue-7", trunk="main", text=text))


def run(where: Path, prompt: str, *options: str, **env: str) -> subprocess.CompletedProcess[str]:
    file = where.parent / "prompt.md"
    file.write_text(prompt, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-P", agent.__file__, "--pace", "0", *options, str(file)],
        cwd=where,
        capture_output=True,
        encoding="utf-8",
        env={"PATH": os.environ["PATH"], "HOME": str(where.parent), **Identity().env(), **env},
    )


def log(where: Path) -> list[str]:
    return git(where, "log", "--format=%s").out.splitlines()


def test_it_shows_what_it_does_and_says_that_no_model_was_called(planted: Path) -> None:
    said = run(planted, prompt_for(COMMITS)).stdout
    for words in (
        COMMITS.title,
        "read\x1b[0m the issue",
        "open",
        "think",
        "\x1b[32m    +",
        "test\x1b[0m python -m pytest",
        "passed",
        "commit",
    ):
        assert words in said
    assert said.rstrip().endswith("No model was called: this is a replay.\x1b[0m")


def test_it_commits_in_some_issues(planted: Path) -> None:
    assert run(planted, prompt_for(COMMITS)).returncode == 0
    assert log(planted) == [COMMITS.attempts[0].commit, "larder 1.2.0"]
    assert git(planted, "status", "--porcelain").out == ""


def test_it_leaves_its_work_uncommitted_in_others(planted: Path) -> None:
    assert run(planted, prompt_for(LEAVES)).returncode == 0
    assert log(planted) == ["larder 1.2.0"]
    changed = {line[3:] for line in git(planted, "status", "--porcelain").out.splitlines()}
    assert changed == {edit.file for edit in LEAVES.attempts[0].edits}


def test_told_what_the_check_said_it_mends_its_first_attempt(planted: Path) -> None:
    assert run(planted, prompt_for(REFUSED_FIRST)).returncode == 0
    assert run(planted, prompt_for(REFUSED_FIRST, "checks")).returncode == 0
    assert log(planted) == [attempt.commit for attempt in reversed(REFUSED_FIRST.attempts)] + ["larder 1.2.0"]


@pytest.mark.parametrize("reason", ["implement", "checks"])
@pytest.mark.parametrize("told", STORY, ids=lambda told: told.title)
def test_a_run_repeated_in_the_same_worktree_does_nothing_twice(planted: Path, told: Told, reason: str) -> None:
    assert run(planted, prompt_for(told, reason)).returncode == 0
    before = (log(planted), git(planted, "diff").out)
    assert run(planted, prompt_for(told, reason)).returncode == 0
    assert (log(planted), git(planted, "diff").out) == before


def test_a_run_that_takes_over_goes_on_from_what_is_there(planted: Path) -> None:
    """The second run was lost, before or after it had made its edits; the third is only told that somebody has been at it."""
    first, last = REFUSED_FIRST.attempts
    assert run(planted, prompt_for(REFUSED_FIRST, "again")).returncode == 0
    assert log(planted) == [first.commit, "larder 1.2.0"]
    assert run(planted, prompt_for(REFUSED_FIRST, "again")).returncode == 0
    assert log(planted) == [last.commit, first.commit, "larder 1.2.0"]
    git(planted, "reset", "--quiet", "HEAD^")
    assert run(planted, prompt_for(REFUSED_FIRST, "again")).returncode == 0
    assert log(planted) == [last.commit, first.commit, "larder 1.2.0"]


def test_a_text_that_is_not_there_ends_it_with_1_and_nothing_is_changed(planted: Path) -> None:
    (planted / "larder/recipe.py").write_text("# rewritten by somebody else\n")
    git(planted, "commit", "--quiet", "--all", "--message", "rewritten")
    ended = run(planted, prompt_for(COMMITS))
    assert ended.returncode == 1
    assert "Cannot replay: larder/recipe.py has 0 times, not once: class BadRecipe" in ended.stderr
    assert git(planted, "status", "--porcelain").out == ""


def test_a_file_that_is_gone_ends_it_with_1(planted: Path) -> None:
    (planted / "larder/recipe.py").unlink()
    ended = run(planted, prompt_for(COMMITS))
    assert (ended.returncode, "larder/recipe.py cannot be read" in ended.stderr) == (1, True)


def test_red_tests_end_it_with_1_before_it_commits(planted: Path) -> None:
    tests = planted / COMMITS.attempts[0].tests
    tests.write_text(tests.read_text() + "\n\ndef test_red():\n    raise AssertionError\n")
    ended = run(planted, prompt_for(COMMITS))
    assert (ended.returncode, "are red" in ended.stderr) == (1, True)
    assert log(planted) == ["larder 1.2.0"]


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("# Issue #7\n\nThis is it.\n\n```text\nsomething else\n```\n", "this replay knows no issue called 'something else'"),
        ("Please do something.\n", "the prompt does not begin with an issue: 'Please do something.'"),
        ("", "the prompt does not begin with an issue: ''"),
    ],
)
def test_a_prompt_that_is_not_of_the_story_ends_it_with_1(planted: Path, prompt: str, said: str) -> None:
    ended = run(planted, prompt)
    assert (ended.returncode, said in ended.stderr) == (1, True)


def test_the_folder_of_the_edits_may_be_another_one(planted: Path, tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    ended = run(planted, prompt_for(COMMITS), "--issues", str(tmp_path / "broken"))
    assert (ended.returncode, "knows no issue" in ended.stderr) == (1, True)


def test_modules_of_the_worktree_are_not_mistaken_for_its_own(planted: Path) -> None:
    (planted / "tomllib.py").write_text("raise SystemExit(99)\n")
    assert "edit\x1b[0m larder" in run(planted, prompt_for(LEAVES)).stdout


def test_it_speaks_in_a_c_locale_too(planted: Path) -> None:
    ended = run(planted, prompt_for(COMMITS), LC_ALL="C")
    assert (ended.returncode, COMMITS.title in ended.stdout) == (0, True)


def test_a_persons_own_hooks_and_signing_key_are_left_out_of_it(planted: Path) -> None:
    (planted.parent / ".gitconfig").write_text("[commit]\n\tgpgSign = true\n[core]\n\thooksPath = /nowhere\n")
    assert run(planted, prompt_for(COMMITS)).returncode == 0
