"""Names and sentences that leave the console, whatever an issue is called; and who is next."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core import order, phrases
from console.core.text import cut, short, span
from panes.git import git
from tests.core import seen as s

NASTY = "\x1b[2J\x1b]0;owned\x07 $(rm -rf ~) `id`; [bold red]x[/] {issue} {0} %s\n\nOps-Issue: 99\nTested-Tree: 0\u202e\x00\ud800" * 100
DEFAULT = s.policy().title


def test_a_title_of_ten_thousand_characters_is_one_short_clean_line() -> None:
    assert len(NASTY) > 9_000
    for title in (NASTY, "x" * 10_000, "\n" * 10_000, ""):
        said = phrases.title(DEFAULT, s.issue(title=title))
        assert len(said) <= 255
        assert said.startswith("feat:")
        assert not set(said) & {"\n", "\x1b", "\x00", "\x07", "\u202e", "\ud800"}
        said.encode()


def test_braces_in_a_title_are_only_text() -> None:
    assert phrases.title(DEFAULT, s.issue(title="{issue.body} {0}")) == "feat: {issue.body} {0} (#12)"


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (DEFAULT, "fix: Mend it (#12)"),
        ("[loop-cycle-{cycle}] {type}: {title} (#{issue})", "[loop-cycle-0] fix: Mend it (#12)"),
        ("{title}", "Mend it"),
    ],
)
def test_a_title_follows_its_template(template: str, said: str) -> None:
    assert phrases.title(template, s.issue(labels=("bug",))) == said


@given(st.text(max_size=400))
def test_no_title_can_write_our_trailers(title: str) -> None:
    assert "\n" not in phrases.title(DEFAULT, s.issue(title=title))


def test_git_reads_the_trailers_from_the_squash_message(tmp_path: Path) -> None:
    message = f"{phrases.title(DEFAULT, s.issue(title=NASTY))}\n\n{phrases.squash_message(s.landing())}"
    trailers = git(tmp_path, "interpret-trailers", "--parse", stdin=message).out.splitlines()
    assert trailers == ["Ops-Issue: 12", "Ops-Pull: 112", f"Tested-Tree: {s.TREES[s.H1]}"]


def test_a_branch_is_named_from_label_and_number_alone() -> None:
    assert phrases.branch(s.issue(title=NASTY, labels=()), 0) == "feat/issue-12"
    assert phrases.branch(s.issue(labels=("bug",)), 0) == "fix/issue-12"
    assert phrases.branch(s.issue(labels=("docs",)), 1) == "policy/issue-12-r2"
    assert phrases.branch(s.issue(labels=("chore",)), 2) == "chore/issue-12-r3"


def test_what_people_are_told_names_the_way_on() -> None:
    assert "Closes #12" in phrases.pull_body(s.issue())
    assert "`ops-console retry 12`" in phrases.parked("it broke", 12)
    assert "issue #12 was closed" in phrases.pull_closed(12)
    assert "1 run, 1 m of" in phrases.proof(31, s.M1, s.TREES[s.M1], 1, 60.0)
    assert "2 runs, 20 s of" in phrases.proof(31, s.M1, s.TREES[s.M1], 2, 20.0)


@pytest.mark.parametrize(
    ("seconds", "said"), [(-1, "0 s"), (0, "0 s"), (59, "59 s"), (60, "1 m"), (3_600, "1 h"), (90_000, "1 d"), (200_000, "2 d")]
)
def test_a_length_of_time_is_read_in_one_unit(seconds: float, said: str) -> None:
    assert span(seconds) == said


def test_what_is_cut_says_so() -> None:
    assert (cut("a  b\nc", 5), cut("abcdef", 5)) == ("a b c", "abcd…")
    assert (short("0123456789"), short(None)) == ("0123456", "–")
    assert phrases.command("/usr/bin/python3 -m pytest -q") == "python3 -m pytest -q"
    assert phrases.command("'/home/a b/.venv/bin/python' -m pytest") == "python -m pytest"
    assert phrases.command('"/home/a b/run"') == "run"
    assert len(phrases.command("x " * 200)) == 60


def test_who_is_next() -> None:
    def numbers(*labels: tuple[str, ...]) -> list[int]:
        return [i.number for i in sorted((s.issue(n, labels=said) for n, said in enumerate(labels, 1)), key=order.rank)]

    assert numbers((), ("bug",), ("priority/high",), ("priority/critical",), ("priority/low", "bug")) == [4, 3, 2, 1, 5]
    assert numbers((), (), ()) == [1, 2, 3]
    assert order.priority(s.issue(labels=("priority/low", "priority/high"))) == 1
