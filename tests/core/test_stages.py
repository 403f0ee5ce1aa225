"""The stage table down to "not ours", a case a row: what is shown, why, what is done; and what does not bring the row about."""

from dataclasses import replace
from typing import Any

import pytest

from console.core import actions as a
from console.core import phrases
from console.core.facts import Oid, RunId, Tree
from console.core.policy import Caps
from console.core.reconcile import Step
from console.core.stages import ROWS
from console.core.task import Task
from panes.seen import Result
from tests.core import seen as s

H1_TREE = s.TREES[s.H1]
LANDED = s.trunk(s.M1, s.landed())


def alive(n: int = 12, **over: Any) -> Task:
    return s.claimed(n, runs=(s.run(n, state="alive", **over),), work=s.DARK)


# 0 said


def test_the_operators_word_is_written_down_before_anything_else() -> None:
    step = s.step(s.worked(claim=s.DARK), commands=(s.command("retry", "12"),))
    s.shown(step, "said", "a new start")
    assert step.action == a.Note(issue=12, command="id-retry-12", word="retry")


@pytest.mark.parametrize(
    "task", [s.worked(ledger=s.ledger(s.end(), words=frozenset({"id-retry-12"}))), s.worked(issue=s.issue(state="closed"))]
)
def test_a_word_that_is_written_already_or_of_a_closed_issue_is_not_written(task: Task) -> None:
    assert not isinstance(s.step(task, commands=(s.command("retry", "12"),)).action, a.Note)


def test_commits_that_could_not_be_looked_at_are_not_taken_for_a_strangers() -> None:
    task = s.proposed(remote=s.H2, graph=s.DARK)
    s.shown(s.step(task), "unknown", "commits")


# 1 working


def test_a_living_run_is_left_alone_and_says_for_how_long() -> None:
    step = s.step(alive(reason="checks", began=s.NOW - 240))
    s.shown(step, "working", "script mends what the check found in w01 for 4 m")
    assert step.action is None


@pytest.mark.parametrize(("times", "age", "voided"), [(2, 6.0, True), (1, 6.0, False), (2, 4.0, False)])
def test_a_run_that_never_began_is_voided_when_it_was_seen_twice_and_had_its_time(times: int, age: float, voided: bool) -> None:
    runs = replace(s.known((s.run(state="reserved", began=s.NOW - age, started=False),)), times=times)
    step = s.step(s.claimed(runs=runs, work=s.DARK))
    s.shown(step, "working", "starts in w01")
    assert step.action == (a.Void(issue=12, run=RunId("12-1")) if voided else None)


@pytest.mark.parametrize("target", ["12", "w01"])
def test_a_stop_is_written_down_as_a_hold_before_the_run_is_stopped(target: str) -> None:
    said = s.command("stop", target)
    assert s.step(alive(), commands=(said,)).action == a.Note(issue=12, command=said.id, word="stop")
    step = s.step(s.on(alive(), ledger=s.ledger(words=frozenset({said.id}), held=True)), commands=(said,))
    s.shown(step, "working", "is being stopped: you asked for it")
    assert isinstance(step.action, a.Stop)


def test_a_living_run_is_stopped_when_the_operator_leaves() -> None:
    step = s.step(alive(), commands=(s.command("leave", "all"),))
    s.shown(step, "working", "is being stopped: you asked for it")
    assert isinstance(step.action, a.Stop)


def test_a_run_that_was_told_to_stop_is_given_its_grace_before_it_is_told_again() -> None:
    held = s.ledger(held=True)
    for told, action in ((s.NOW - 4, type(None)), (s.NOW - 60, a.Stop)):
        step = s.step(s.on(alive(told=told), ledger=held))
        s.shown(step, "working", "is being stopped: you asked for it")
        assert isinstance(step.action, action)


def test_a_stop_said_of_another_slot_stops_nobody_here() -> None:
    assert s.step(alive(), commands=(s.command("stop", "w02"),)).action is None


def test_a_run_on_a_closed_or_parked_issue_is_stopped() -> None:
    for issue, why in ((s.issue(state="closed"), "was closed"), (s.issue(labels=("ops/needs-human",)), "left to you")):
        step = s.step(s.on(alive(), issue=issue))
        s.shown(step, "working", why)
        assert isinstance(step.action, a.Stop)


def test_limits_and_stops_work_while_forge_and_git_are_away() -> None:
    task = s.on(alive(), claim=s.DARK, pull=s.DARK, remote=s.DARK, wip=s.DARK, merge=s.DARK)
    assert isinstance(s.step(task, commands=(s.command("stop", "12"),), forge=s.DARK, trunk=s.DARK).action, a.Note)
    held = s.on(task, ledger=s.ledger(held=True))
    assert isinstance(s.step(held, forge=s.DARK, trunk=s.DARK).action, a.Stop)


# 2 leftover


def ended_now(**over: Any) -> Task:
    """A run that ended well and is not booked, with its tip kept safe."""
    return s.worked(**{"ledger": s.ledger(), **over})


def booked(task: Task) -> a.Book:
    action = s.step(task).action
    assert isinstance(action, a.Book)
    return action


def test_a_run_that_finds_whole_what_a_lost_one_had_left_is_good() -> None:
    runs = (s.run(number=1), s.run(number=2, about={"on": s.H1}))
    assert booked(ended_now(runs=runs, ledger=s.ledger(s.end(outcome="lost")))).outcome == "good"
    assert booked(ended_now(runs=runs, ledger=s.ledger(s.end(outcome="good")))).outcome == "empty"


def test_a_good_end_with_a_change_is_booked_as_good() -> None:
    book = booked(ended_now())
    assert (book.outcome, book.tip, book.tree) == ("good", s.H1, H1_TREE)


@pytest.mark.parametrize(
    ("run", "outcome", "words"),
    [
        ({"about": {"on": s.H1}}, "empty", "changed nothing"),
        ({"ended": s.ended(code=3, detail="it broke")}, "failed", "ended with 3: it broke"),
        ({"ended": s.ended(result=Result(ok=False, why="no credit left"))}, "failed", "says: no credit left"),
        ({"ended": s.ended(code=1, result=Result(ok=False, why="no credit left"))}, "failed", "says: no credit left"),
        ({"ended": s.ended(code=1, detail="it broke", result=Result(ok=None))}, "failed", "ended with 1: it broke"),
        ({"ended": s.ended(result=Result(ok=None))}, "good", "with a change"),
        ({"ended": s.ended(result=Result(ok=True)), "about": {"on": s.H1}}, "empty", "changed nothing"),
        ({"ended": s.ended(why="limit", code=None, result=Result(ok=False, why="429"))}, "limit", "limit of 30 m"),
        ({"ended": s.ended(why="limit", code=None)}, "limit", "limit of 30 m"),
        ({"ended": s.ended(why="setup", code=7, detail="no network")}, "setup", "the project's setup ended with 7: no network"),
        ({"ended": s.ended(why="stopped", code=None)}, "stopped", "you stopped it"),
        ({"ended": s.ended(why="lost", code=None)}, "lost", "nobody saw it end"),
        ({"ended": s.ended(why="refused", code=None, detail="no such command"), "started": False}, "failed", "no such command"),
        ({"ended": s.ended(why="stopped", code=None), "started": False}, "stopped", "you stopped it"),
        ({"ended": s.ended(why="lost", code=None), "started": False, "state": "lost"}, "lost", "never started"),
    ],
)
def test_exit_0_alone_is_worth_nothing(run: dict[str, Any], outcome: str, words: str) -> None:
    book = booked(ended_now(runs=(s.run(**run),)))
    assert book.outcome == outcome
    assert words in book.said


@pytest.mark.parametrize(("wanted", "told"), [("Opus", ""), ("sonnet", "; it ran claude-opus-5-5, and not sonnet")])
def test_a_model_that_was_not_expected_is_told(wanted: str, told: str) -> None:
    ended = s.ended(result=Result(ok=True, model="claude-opus-5-5"))
    book = booked(ended_now(runs=(s.run(about={"on": s.M0, "model": wanted}, ended=ended),)))
    assert (book.outcome, book.said) == ("good", f"it ended well, with a change{told}")


def test_a_run_that_left_its_branch_or_was_refused_by_the_projects_hook_has_failed() -> None:
    book = booked(ended_now(work=s.work(branch=None)))
    assert (book.outcome, "no branch" in book.said) == ("failed", True)
    book = booked(ended_now(ledger=s.ledger(refused={RunId("12-1"): "line too long"})))
    assert (book.outcome, "line too long" in book.said) == ("failed", True)


def test_what_a_good_run_left_uncommitted_is_committed_and_what_a_bad_one_left_is_kept() -> None:
    dirty = s.work(snapshot=s.TREES[s.H2])
    assert isinstance(s.step(ended_now(work=dirty)).action, a.Commit)
    bad = ended_now(work=dirty, runs=(s.run(ended=s.ended(code=1)),))
    assert isinstance(s.step(bad).action, a.Rescue)
    assert isinstance(s.step(s.on(bad, rescued=frozenset({s.TREES[s.H2]}))).action, a.Book)


def test_the_tip_is_kept_safe_on_the_forge_before_the_end_is_booked() -> None:
    step = s.step(ended_now(wip=None))
    s.shown(step, "leftover", "kept safe")
    assert step.action == a.KeepSafe(issue=12, was=None, tip=s.H1)


def test_the_end_of_a_run_waits_for_the_forge_and_its_worktree_stays() -> None:
    step = s.step(ended_now(wip=s.DARK))
    s.shown(step, "unknown", "does not answer")
    assert step.action is None


# 3 foreign


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({"claim": s.claim(), "remote": s.H2, "wip": None}, "is there already"),
        ({"claim": s.claim(head=s.H1), "remote": s.H2}, "somebody else moved"),
        ({"work": s.work(branch="mine")}, "is on mine"),
    ],
)
def test_what_a_stranger_did_to_our_branch_is_left_to_a_person(over: dict[str, Any], words: str) -> None:
    step = s.step(s.worked(**over))
    s.shown(step, "foreign", words)
    assert isinstance(step.action, a.Park)


def test_a_head_the_engine_made_and_a_branch_of_an_earlier_round_are_no_strangers() -> None:
    moved = replace(s.GRAPH, moved={s.H2: s.H1})
    assert s.step(s.proposed(remote=s.H2, pull=s.pull(head=s.H2), graph=moved)).stage != "foreign"
    assert s.step(s.worked(remote=s.H1, wip=s.H1)).stage != "foreign"


# 4 merged


def rung(task: Task) -> Step:
    return s.step(task, trunk=LANDED)


def test_what_landed_is_proved_then_tidied_up_one_rung_a_tick() -> None:
    told = s.ledger(s.end(), noted=frozenset({"proof-p112"}))
    task = s.merged()
    assert rung(task).action == a.Prove(issue=12, pull=112, commit=s.M1, tree=s.TREES[s.M1])
    task = s.on(task, ledger=told)
    assert rung(task).action == a.RemoveWork(issue=12, found=(s.H1, H1_TREE))
    task = s.on(task, work=None, has_repository=False)
    assert rung(task).action == a.DropRefs(issue=12, claim=Oid("claim-12"), branch=("feat/issue-12", s.H1), wip=s.H1, keep=False)
    task = s.on(task, claim=None, remote=None, wip=None)
    step = rung(task)
    s.shown(step, "merged", "landed as", "all is tidy")
    assert (step.action, step.tidy) == (None, True)


def test_a_pull_that_is_merged_waits_for_the_trunk_as_fetched() -> None:
    step = s.step(s.merged())
    s.shown(step, "merged", "does not have it yet")
    assert step.action is None


def test_what_the_trunk_has_is_never_left_to_a_person_because_the_forge_shows_it_late() -> None:
    late = s.proposed(remote=None, merge=s.merges(onto=s.M1, empty=True))
    step = rung(late)
    s.shown(step, "merged", "landed as", "still shows p112 open")
    assert step.action is None


def test_what_is_not_in_the_merged_head_is_kept_before_the_worktree_goes() -> None:
    told = s.ledger(s.end(), noted=frozenset({"proof-p112"}))
    for left in (s.work(tip=s.H2, tree=s.TREES[s.H2], snapshot=s.TREES[s.H2]), s.work(snapshot=s.TREES[s.H2])):
        task = s.merged(ledger=told, work=left)
        assert isinstance(rung(task).action, a.Rescue)
        assert isinstance(rung(s.on(task, rescued=frozenset({s.TREES[s.H2]}))).action, a.RemoveWork)


def test_uncommitted_work_on_the_trunks_own_commit_is_kept_too() -> None:
    left = s.work(tip=s.M0, tree=s.TREES[s.M0], snapshot=s.TREES[s.H2])
    task = s.worked(issue=s.issue(state="closed"), work=left, wip=None)
    assert isinstance(s.step(task).action, a.Rescue)


def test_a_branch_that_holds_more_than_the_merged_head_is_not_deleted_and_a_wip_that_does_is_kept_first() -> None:
    told = s.ledger(s.end(), noted=frozenset({"proof-p112"}))
    task = s.merged(ledger=told, work=None, has_repository=False, wip=s.H2)
    drop = rung(task).action
    assert isinstance(drop, a.DropRefs)
    assert (drop.branch, drop.wip, drop.keep) == (("feat/issue-12", s.H1), s.H2, True)
    drop = rung(s.on(task, remote=s.H2, claim=s.claim(head=s.H2))).action
    assert isinstance(drop, a.DropRefs)
    assert drop.branch is None


# 5 cancelled


def test_a_closed_issue_closes_its_pull_keeps_the_work_and_gives_the_claim_back() -> None:
    task = s.proposed(issue=s.issue(state="closed"))
    assert s.step(task).action == a.ClosePull(issue=12, pull=112)
    task = s.on(task, pull=s.pull(state="closed"))
    assert isinstance(s.step(task).action, a.RemoveWork)
    task = s.on(task, work=None, has_repository=False)
    assert s.step(task).action == a.DropRefs(issue=12, claim=Oid("claim-12"), branch=None, wip=None, keep=False)
    step = s.step(s.on(task, claim=None))
    s.shown(step, "cancelled", "the issue was closed", "all is tidy")


# 6 parked, on hold


def test_a_parked_issue_says_why_and_how_it_goes_on() -> None:
    task = s.proposed(issue=s.issue(labels=("ops/ready", "ops/needs-human")), ledger=s.ledger(s.end(), parked="it broke"))
    step = s.step(task, verdicts=s.GREEN)
    s.shown(step, "parked", "it broke", "`retry 12`")
    assert step.action is None


def test_what_the_operator_stopped_is_on_hold_until_retry() -> None:
    ends = s.end(outcome="stopped")
    s.shown(s.step(s.after("stopped", ledger=s.ledger(ends, held=True))), "on_hold", "you stopped it", "`retry 12`")
    step = s.step(s.after("stopped", ledger=s.ledger(ends, baseline=s.NOW - 1)))
    assert isinstance(step.action, a.Launch)


# 7 not ours


@pytest.mark.parametrize(
    ("task", "stage", "words"),
    [
        (s.task(claim=s.claim(ours=False)), "foreign", "another console (another) has it"),
        (s.task(issue=s.issue(labels=())), "not_eligible", "no label ops/ready"),
        (s.task(issue=s.issue(labels=("ops/ready", "epic"))), "not_eligible", "label epic"),
        (s.task(claim=s.DARK), "unknown", "claims: it does not answer"),
    ],
)
def test_what_is_not_ours_is_left_alone(task: Task, stage: str, words: str) -> None:
    step = s.step(task)
    s.shown(step, stage, words)
    assert step.action is None


def test_what_is_ready_is_taken_when_a_slot_is_free_and_the_trunk_is_tested() -> None:
    step = s.step(s.task())
    s.shown(step, "claim", "w01 is free")
    assert step.action == a.TakeClaim(issue=12, branch="feat/issue-12", label="ops/ready")


def test_what_the_operator_assigns_needs_no_label() -> None:
    step = s.step(s.task(issue=s.issue(labels=())), mode="assist", commands=(s.command("assign", "12"),))
    assert step.action == a.TakeClaim(issue=12, branch="feat/issue-12", label=None)


def test_in_assist_nothing_is_taken_without_a_word() -> None:
    step = s.step(s.task(), mode="assist")
    s.shown(step, "queued", "waits for your word")
    assert step.action is None


def test_nothing_new_is_taken_above_the_cap_or_without_a_slot() -> None:
    step = s.step(s.task(1), s.proposed(12), by=s.policy(caps=Caps(in_flight=1)))
    s.shown(step, "queued", "1 issues are in flight, which is the cap")
    assert step.action is None
    s.shown(s.step(s.task(), by=s.policy(slots=())), "queued", "set `workers:`")
    s.shown(s.step(s.task(1), alive(12), alive(13, slot="w02")), "queued", "every worker is busy")


def test_what_was_left_to_a_person_is_not_in_flight() -> None:
    left = s.proposed(12, issue=s.issue(12, labels=("ops/needs-human",)))
    assert isinstance(s.step(s.task(1), left, by=s.policy(caps=Caps(in_flight=1))).action, a.TakeClaim)


def test_nothing_new_is_started_on_a_trunk_that_was_not_tested_or_is_red() -> None:
    step = s.step(s.task(), verdicts={})
    s.shown(step, "queued", "the trunk is being checked")
    assert step.action is None
    step = s.step(s.task(), verdicts=s.verdicts(s.verdict(s.TREES[s.M0], "fail", tries=2)))
    s.shown(step, "held", "the trunk itself is red on `full`")
    assert "AssertionError (c-" in step.evidence[0]
    s.shown(s.step(s.task(), by=s.policy(full=None)), "queued", "set `check:`")


def test_a_red_trunk_is_reported_once_and_the_report_itself_may_be_taken_up() -> None:
    red = s.verdicts(s.verdict(s.TREES[s.M0], "fail", tries=2, said="ValueError"))
    (report,) = s.decide(s.task(), s.task(13), verdicts=red).fleet
    assert report == a.Report(trunk=s.M0, command="full", said="ValueError")
    bug = s.task(14, issue=s.issue(14, body=phrases.trunk_bug("main", s.M0, "full", "ValueError")[1]))
    plan = s.decide(s.task(), bug, verdicts=red)
    assert plan.fleet == ()
    assert {step.issue: step.stage for step in plan.steps} == {12: "held", 14: "claim"}
    closed = s.on(bug, issue=replace(bug.issue, state="closed"))
    assert s.decide(s.task(), closed, verdicts=red).fleet == (report,)


def test_nothing_new_is_begun_while_a_broken_pull_waits_for_a_worker() -> None:
    broken = s.proposed(
        merge=s.merges(tree=None, conflicts=("x",)), ledger=s.ledger(s.end(), s.end(number=2, outcome="failed", at=s.NOW - 1))
    )
    step = s.step(s.task(13), broken, verdicts=s.GREEN)
    s.shown(step, "queued", "p112 is broken and waits for a worker")
    s.shown(s.step(s.task(13), broken, verdicts=s.GREEN, by=s.policy(broken_first=False)), "claim")


def test_a_pull_that_is_red_on_top_of_the_trunk_gets_the_last_worker_before_new_work_does() -> None:
    on_top = Tree("c1" * 20)
    tested = s.verdicts(s.verdict(s.TREES[s.M1]), s.verdict(s.TREES[s.H1]), s.verdict(on_top, "fail", tries=2))
    one = s.policy(slots=s.policy().slots[:1])
    broken = s.proposed(13, merge=s.merges(onto=s.M1, tree=on_top))
    plan = s.decide(s.task(), broken, by=one, verdicts=tested, trunk=s.trunk(s.M1))
    assert {step.issue: type(step.action) for step in plan.steps} == {12: type(None), 13: a.Launch}


def test_every_row_says_in_its_docstring_what_it_is() -> None:
    assert all(row.__doc__ and row.__doc__.strip().endswith(".") for _, row in ROWS)
    assert len({number for number, _ in ROWS}) == len(ROWS)
