"""The story's material: the project is green, every edit mends what its issue says, and git can put any of them on any other."""

import itertools
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from console.demo.agent import Attempt, CannotReplay, edited
from console.demo.story import CHECK, PROJECT, Told, plant, story, worker
from panes.git import git

STORY = story()
REFUSED_FIRST = [told for told in STORY if len(told.attempts) == 2]


def put(folder: Path, tries: Sequence[Attempt]) -> None:
    names = {edit.file for attempt in tries for edit in attempt.edits}
    for name, text in edited({name: (folder / name).read_text() for name in names}, tries).items():
        (folder / name).write_text(text)


def check(folder: Path) -> tuple[int, str]:
    """Exit code and closing line of the project's own test command."""
    ran = subprocess.run(CHECK, shell=True, cwd=folder, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"})
    return ran.returncode, ran.stdout.strip().splitlines()[-1]


def count_passed(closing_line: str) -> int:
    return int(closing_line.split(" passed")[0].split()[-1])


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    return plant(tmp_path / "a folder" / "larder")


def test_the_planted_project_is_one_commit_on_the_trunk_and_green(planted: Path) -> None:
    assert git(planted, "log", "--format=%s", "main").out.splitlines() == ["larder 1.2.0"]
    code, said = check(planted)
    assert (code, count_passed(said)) == (0, 28)
    assert git(planted, "status", "--porcelain").out == ""


def test_what_is_planted_is_what_is_shipped(planted: Path) -> None:
    shipped = {str(file.relative_to(PROJECT)) for file in PROJECT.rglob("*") if file.is_file() and file.suffix != ".pyc"}
    assert set(git(planted, "ls-files").out.splitlines()) == shipped


def test_five_issues_are_told_and_one_is_refused_first() -> None:
    assert len(STORY) == 5
    assert len(REFUSED_FIRST) == 1
    assert len({told.title for told in STORY}) == 5
    assert all(told.labels in {("bug",), ("feature",)} and told.body.strip() for told in STORY)


def test_some_workers_commit_and_some_leave_their_work_to_the_engine() -> None:
    assert {told.attempts[0].commit is None for told in STORY} == {True, False}


def test_exactly_two_issues_touch_the_same_files() -> None:
    touched = {told.title: {edit.file for attempt in told.attempts for edit in attempt.edits} for told in STORY}
    pairs = [both for one, other in itertools.combinations(touched, 2) if (both := touched[one] & touched[other])]
    assert pairs == [{"larder/shopping.py", "tests/test_shopping.py"}]


@pytest.mark.parametrize("told", STORY, ids=lambda told: told.title)
def test_each_edit_alone_is_green_and_its_new_tests_are_red_without_it(planted: Path, told: Told) -> None:
    before = {file: file.read_bytes() for file in (planted / "larder").iterdir()}
    put(planted, told.attempts)
    code, said = check(planted)
    assert code == 0
    assert count_passed(said) > 28
    for file, bytes_before in before.items():
        file.write_bytes(bytes_before)
    assert check(planted)[0] == 1


def test_the_edits_in_the_order_of_the_story_are_green_one_on_top_of_the_other(planted: Path) -> None:
    tests = 28
    for told in STORY:
        put(planted, told.attempts)
        code, said = check(planted)
        assert code == 0
        assert count_passed(said) > tests
        tests = count_passed(said)


def test_every_order_of_the_edits_gives_the_same_files(planted: Path) -> None:
    names = {edit.file for told in STORY for attempt in told.attempts for edit in attempt.edits}
    base = {name: (planted / name).read_text() for name in names}
    results = set()
    for order in itertools.permutations(STORY):
        files = base
        for told in order:
            files = edited(files, told.attempts)
        results.add(tuple(sorted(files.items())))
    assert len(results) == 1


def test_git_merges_any_two_of_them_without_a_conflict(planted: Path) -> None:
    for number, told in enumerate(STORY):
        git(planted, "checkout", "--quiet", "-b", f"b{number}", "main")
        put(planted, told.attempts)
        git(planted, "commit", "--quiet", "--all", "--message", told.title)
    for one, other in itertools.permutations(range(len(STORY)), 2):
        git(planted, "merge-tree", "--write-tree", f"b{one}", f"b{other}")


def test_the_wrong_first_attempt_passes_its_own_tests_and_breaks_one_that_was_there(planted: Path) -> None:
    first = REFUSED_FIRST[0].attempts[0]
    put(planted, [first])
    code, said = check(planted)
    assert (code, said.split()[0]) == (1, "1")
    own = subprocess.run([sys.executable, "-m", "pytest", "-q", first.tests], cwd=planted, capture_output=True)
    assert own.returncode == 0


def test_an_attempt_may_be_made_again_over_itself_or_without_the_one_before_it() -> None:
    tries = REFUSED_FIRST[0].attempts
    names = {edit.file for attempt in tries for edit in attempt.edits}
    base = {name: (PROJECT / name).read_text() for name in names}
    after_first = edited(base, tries[:1])
    done = edited(after_first, tries)
    assert edited(after_first, tries[:1]) == after_first
    assert edited(base, tries) == edited(done, tries) == done


def test_an_edit_whose_text_is_not_there_is_refused_by_name() -> None:
    edit = STORY[0].attempts[0].edits[0]
    with pytest.raises(CannotReplay, match=r"larder/recipe\.py has 0 times, not once: class BadRecipe"):
        edit.on("something else")


def test_the_workers_command_survives_folders_with_spaces(tmp_path: Path) -> None:
    assert worker(0, tmp_path / "a folder").endswith(f"--pace 0 --issues '{tmp_path}/a folder' {{prompt}}")
