"""What an issue has cost and what checks gave, as the files beside the runs say it together."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from console.core.facts import Run, RunId
from console.engine import ledger
from tests.core import seen as s

TREE = s.TREES[s.H1]


def in_folder(root: Path, run: Run) -> Run:
    folder = root / run.id
    folder.mkdir(parents=True)
    return replace(run, folder=folder)


def checks(root: Path, *passed: bool) -> tuple[Run, ...]:
    """Checks of one tree, oldest first, each with its verdict."""
    runs = [in_folder(root, s.check_run(TREE, number=number)) for number in range(1, len(passed) + 1)]
    for at, (run, ok) in enumerate(zip(runs, passed, strict=True)):
        ledger.judge(run.folder, ok, "the end of its output", float(at))
    return tuple(runs)


@pytest.mark.parametrize(
    ("passed", "outcome", "tries", "final"),
    [
        ((True,), "pass", 1, True),
        ((False,), "fail", 1, False),
        ((False, True), "flaky", 2, True),
        ((False, False), "fail", 2, True),
        ((True, False), "pass", 1, True),
        ((False, False, True), "flaky", 3, True),
    ],
)
def test_a_first_failure_is_not_final_and_a_pass_after_it_is_a_flake(
    tmp_path: Path, passed: tuple[bool, ...], outcome: str, tries: int, final: bool
) -> None:
    (verdict,) = ledger.verdicts(checks(tmp_path, *passed)).values()
    assert (verdict.tree, verdict.suite, verdict.outcome, verdict.tries, verdict.final) == (TREE, s.FULL, outcome, tries, final)
    assert verdict.green == (outcome != "fail")


def test_a_check_whose_verdict_is_not_written_says_nothing_and_suites_stay_apart(tmp_path: Path) -> None:
    silent = in_folder(tmp_path, s.check_run(TREE))
    fast = in_folder(tmp_path, s.check_run(TREE, s.FAST))
    ledger.judge(fast.folder, True, "", 1.0)
    assert (ledger.judged(silent.folder), ledger.judged(fast.folder)) == (False, True)
    assert set(ledger.verdicts((silent, fast))) == {(TREE, s.FAST)}


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    runs = [in_folder(tmp_path, s.run(number=number)) for number in (1, 2)]
    end = s.end(outcome="failed")
    ledger.book(runs[0].folder, end)
    ledger.refuse(runs[1].folder, "line too long")
    ledger.word(tmp_path, "c1", "retry", 50.0)
    ledger.word(tmp_path, "c2", "retry", 70.0)
    ledger.word(tmp_path, "c3", "hold", 90.0)
    ledger.note(tmp_path, "proof-p31")
    ledger.park(tmp_path, "it broke")
    read = ledger.read(tmp_path, runs)
    assert (read.starts, read.ends, read.baseline, read.seconds) == (2, (end,), 70.0, 60.0)
    assert (sorted(read.words), sorted(read.noted), read.parked) == (["c1", "c2", "c3"], ["proof-p31"], "it broke")
    assert read.refused == {RunId("12-2"): "line too long"}


def test_nothing_written_is_an_empty_ledger(tmp_path: Path) -> None:
    assert ledger.read(tmp_path / "none", ()) == s.ledger(seconds=0)


def test_the_first_end_that_was_booked_stays(tmp_path: Path) -> None:
    run = in_folder(tmp_path, s.run())
    ledger.book(run.folder, s.end(outcome="good"))
    ledger.book(run.folder, s.end(outcome="lost"))
    assert [end.outcome for end in ledger.read(tmp_path, (run,)).ends] == ["good"]


def test_a_file_that_cannot_be_read_raises_and_is_not_taken_for_nothing(tmp_path: Path) -> None:
    run = in_folder(tmp_path, s.run())
    (run.folder / "end.json").write_text("{")
    with pytest.raises(json.JSONDecodeError):
        ledger.read(tmp_path, (run,))


def test_attempts_and_failures_count_from_the_last_retry() -> None:
    ends = [s.end(number=i, outcome=o, at=float(i)) for i, o in enumerate(("failed", "good", "empty", "lost", "stopped", "limit"), 1)]  # type: ignore[arg-type]
    assert (s.ledger(*ends).attempts, s.ledger(*ends).failures) == (4, 2)
    later = s.ledger(*ends, baseline=3.0)
    assert (later.attempts, later.failures, later.last) == (1, 1, ends[-1])
    assert (s.ledger().attempts, s.ledger().failures, s.ledger().last) == (0, 0, None)


def test_a_run_that_was_lost_or_stopped_says_nothing_of_the_work() -> None:
    good, lost, stopped = s.end(at=1.0), s.end(number=2, outcome="lost", at=2.0), s.end(number=3, outcome="stopped", at=3.0)
    assert (s.ledger(good, lost).last, s.ledger(good, lost).cut_short) == (good, lost)
    assert (s.ledger(lost, good).last, s.ledger(lost, good).cut_short) == (good, None)
    assert (s.ledger(lost, lost).lost, s.ledger(lost, stopped).lost, s.ledger(lost, lost, baseline=2.0).lost) == (2, 0, 0)


@pytest.mark.parametrize(("words", "held"), [(("stop",), True), (("stop", "retry"), False), (("retry", "stop"), True), ((), False)])
def test_a_stop_holds_until_the_next_retry(tmp_path: Path, words: tuple[str, ...], held: bool) -> None:
    for at, word in enumerate(words):
        ledger.word(tmp_path, f"c{at}", word, float(at + 1))
    assert ledger.read(tmp_path, ()).held is held


def test_a_check_that_was_lost_before_it_started_says_nothing(tmp_path: Path) -> None:
    runs = []
    for number, started in ((1, False), (2, False), (3, True)):
        run = in_folder(tmp_path, s.check_run(TREE, number=number, state="lost", started=started, ended=s.ended(why="lost", code=None)))
        ledger.judge(run.folder, False, "lost", s.NOW)
        runs.append(run)
    (verdict,) = ledger.verdicts(runs).values()
    assert (verdict.outcome, verdict.tries, verdict.run) == ("fail", 1, runs[2].id)


def test_starts_that_came_to_nothing_are_counted_apart_from_workers_that_were_lost() -> None:
    book = s.ledger(s.end(outcome="lost"), *(s.end(number=n, outcome="lost", started=False) for n in (2, 3)))
    assert (book.lost, book.unstarted) == (1, 2)
