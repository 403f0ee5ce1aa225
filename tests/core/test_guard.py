"""What a change may not touch unasked."""

from typing import Any

import pytest

from console.core import actions as a
from console.core.facts import Changes
from console.core.guard import Guard, guarded, is_test
from console.core.reconcile import Step
from tests.core import seen as s

BOTH = Changes(files=("Makefile", "larder.py"), lost_tests=("tests/test_larder.py",))


def changing(*files: str, lost: tuple[str, ...] = (), guard: Guard | None = None, command: str = "make check") -> tuple[str, ...]:
    return guarded(Changes(files=files, lost_tests=lost), guard or Guard(), [command])


@pytest.mark.parametrize("path", ["Makefile", "sub/Makefile", "ops.yaml", ".gitea/workflows/ci.yaml", ".github/x", ".githooks/pre-push"])
def test_what_decides_how_a_change_is_checked_is_guarded(path: str) -> None:
    assert changing(path, "larder.py") == (f"{path} (guarded)",)


@pytest.mark.parametrize("path", ["larder.py", "Makefile.am", "gitea/x", "docs/ops.yaml.md"])
def test_what_only_looks_like_it_is_not(path: str) -> None:
    assert changing(path) == ()


@pytest.mark.parametrize(
    ("pattern", "path", "does"),
    [
        ("ci/*.sh", "ci/run.sh", True),
        ("ci/*.sh", "ci/deep/run.sh", False),
        ("ci/**", "ci/deep/run.sh", True),
        ("**/conf", "a/b/conf", True),
        ("/conf", "a/conf", False),
        ("a?c", "abc", True),
        ("a.c", "abc", False),
    ],
)
def test_a_pattern_means_what_it_means_in_gitignore(pattern: str, path: str, does: bool) -> None:
    assert bool(changing(path, guard=Guard(paths=(pattern,)))) is does


def test_the_checks_own_files_are_guarded_whatever_the_settings_say() -> None:
    assert changing("ci/run", "x", guard=Guard(paths=()), command="./ci/run --all") == ("ci/run (the check runs it)",)
    for command in ("make && bash -e ci/run", "python3 ci/run; true", "'ci/run' all", "make | ./ci/run"):
        assert changing("ci/run", guard=Guard(paths=()), command=command) == ("ci/run (the check runs it)",)
    assert changing("hello.txt", guard=Guard(paths=()), command="make && test -f hello.txt") == ()


def test_fewer_tests_are_asked_about_unless_the_settings_allow_it() -> None:
    assert changing(lost=("tests/test_x.py",)) == ("tests/test_x.py (fewer tests)",)
    assert changing(lost=("tests/test_x.py",), guard=Guard(tests=False)) == ()


@pytest.mark.parametrize("path", ["tests/a.py", "src/test_a.py", "a_test.go", "a.test.ts", "a.spec.js", "spec/a_spec.rb", "src/ATest.java"])
def test_a_test_is_known_by_its_name(path: str) -> None:
    assert is_test(path)


@pytest.mark.parametrize("path", ["a.py", "contest.py", "latest/a.py", "attest.go", "testing.md"])
def test_what_is_no_test_is_not_taken_for_one(path: str) -> None:
    assert not is_test(path)


# The row, and the operator's word


def decided(*commands: str, **over: Any) -> Step:
    said = tuple(s.command("pass", "12", id=f"id-{pin}", pinned=pin) for pin in commands)
    return s.step(s.worked(changes=BOTH, **over), commands=said)


def test_a_guarded_change_waits_for_the_operator_and_says_what_to_look_at() -> None:
    step = decided()
    s.shown(step, "guarded", "Makefile (guarded)", "tests/test_larder.py (fewer tests)", "`pass 12`")
    assert step.yours
    assert step.action is None
    assert step.evidence[0].startswith("git -C /somewhere/12 diff ")


def test_a_pass_is_written_down_with_the_head_it_was_said_about() -> None:
    assert decided(s.H1).action == a.Note(issue=12, command=f"id-{s.H1}", word="pass", about=s.H1)


def test_a_pass_about_another_head_lets_nothing_by() -> None:
    step, answer = decided(s.H2), s.decide(s.worked(changes=BOTH), commands=(s.command("pass", "12", pinned=s.H2),)).answers[0]
    s.shown(step, "guarded")
    assert answer.outcome == "refused"
    assert "say it again" in answer.why


def test_what_was_let_by_goes_on_to_its_check_until_the_head_moves() -> None:
    s.shown(decided(ledger=s.ledger(s.end(), passed=frozenset({s.H1}))), "unchecked")
    s.shown(decided(ledger=s.ledger(s.end(), passed=frozenset({s.H2}))), "guarded")


def test_a_pass_that_nothing_waits_for_is_refused() -> None:
    answer = s.decide(s.worked(), commands=(s.command("pass", "12"),)).answers[0]
    assert (answer.outcome, "nothing of 12 waits for a pass" in answer.why) == ("refused", True)


def test_changes_that_cannot_be_seen_let_nothing_by() -> None:
    s.shown(s.step(s.worked(changes=s.DARK)), "unknown", "changes")
