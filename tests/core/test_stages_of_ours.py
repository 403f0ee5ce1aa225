"""The stage table for what is ours, from its first worker to the train, a case a row."""

from dataclasses import replace

import pytest

from console.core import actions as a
from console.core.facts import Oid
from tests.core import seen as s

H1_TREE = s.TREES[s.H1]
RED = s.verdicts(s.verdict(s.TREES[s.M0]), s.verdict(H1_TREE, "fail", tries=2))
LANDED = s.trunk(s.M1, s.landed())


# 25 launch, 24 provision, 8 behind


def test_what_is_claimed_gets_a_worktree_off_the_trunk_then_a_worker() -> None:
    step = s.step(s.claimed())
    s.shown(step, "provision", "it is claimed", "being made")
    assert step.action == a.Provision(issue=12, claim=Oid("claim-12"), branch="feat/issue-12", at=s.M0)
    fresh = s.work(tip=s.M0, tree=s.TREES[s.M0], snapshot=s.TREES[s.M0])
    step = s.step(s.claimed(work=fresh))
    s.shown(step, "launch", "script starts in w01")
    launch = step.action
    assert isinstance(launch, a.Launch)
    assert (launch.run, launch.kind, launch.slot, launch.reason, launch.on) == ("12-1", "script", "w01", "implement", s.M0)


def test_a_worktree_is_made_again_from_what_was_kept() -> None:
    step = s.step(s.after("failed", ago=9_000, work=None, wip=s.H1))
    assert isinstance(step.action, a.Provision)
    assert step.action.at == s.H1


def test_a_worktree_behind_its_own_branch_follows_it_before_the_next_run() -> None:
    moved = replace(s.GRAPH, moved={s.H2: s.H1})
    task = s.after("failed", ago=9_000, claim=s.claim(head=s.H2), remote=s.H2, graph=moved)
    step = s.step(task)
    s.shown(step, "behind", "follows the branch")
    assert step.action == a.FastForward(issue=12, was=s.H1, now=s.H2)


def test_a_reopened_issue_of_which_nothing_is_left_is_begun_again() -> None:
    task = s.claimed(branch="feat/issue-12-r2", claim=s.claim(branch="feat/issue-12-r2"), runs=(s.run(),), ledger=s.ledger(s.end()))
    step = s.step(task, trunk=LANDED, verdicts=s.verdicts(s.verdict(s.TREES[s.M1])))
    s.shown(step, "provision", "it is claimed")
    assert isinstance(step.action, a.Provision)


# 12, 22, 23 ended badly


def test_after_a_failure_the_next_try_waits_its_time_and_says_so() -> None:
    step = s.step(s.after("failed", ago=20))
    s.shown(step, "backoff", "its last words", "the next try is in 40 s")
    assert (step.action, step.due) == (None, s.NOW + 40)
    s.shown(s.step(s.after("empty", ago=20)), "empty", "the next try is in")
    s.shown(s.step(s.after("failed", ago=20, n=2)), "backoff", "5 m")


@pytest.mark.parametrize("word", [s.command("wake", "w01")])
def test_a_wake_ends_the_wait(word: object) -> None:
    assert isinstance(s.step(s.after("failed", ago=20), commands=(word,)).action, a.Launch)


def test_a_failure_is_tried_again_and_told_what_happened_until_the_cap() -> None:
    launch = s.step(s.after("failed")).action
    assert isinstance(launch, a.Launch)
    assert (launch.reason, launch.run) == ("again", "12-2")
    assert "its last words" in launch.text
    step = s.step(s.after("failed", ago=9_000, n=3))
    s.shown(step, "retry", "3 tries did not do it", "its last words")
    assert isinstance(step.action, a.Park)


def test_a_setup_that_failed_is_left_to_a_person_at_once_and_tried_again_at_their_word() -> None:
    step = s.step(s.after("setup"))
    s.shown(step, "retry", "its last words")
    assert isinstance(step.action, a.Park)
    assert isinstance(s.step(s.after("setup", ledger=s.ledger(s.end(outcome="setup"), baseline=s.NOW))).action, a.Launch)


def test_a_lost_run_costs_no_attempt_but_three_in_a_row_are_left_to_a_person() -> None:
    assert isinstance(s.step(s.after("lost", n=2)).action, a.Launch)
    step = s.step(s.after("lost", n=3))
    s.shown(step, "retry", "3 runs in a row were lost")
    assert isinstance(step.action, a.Park)


def test_half_of_something_is_gone_on_with_and_a_run_that_left_nothing_is_begun_again() -> None:
    for half in (s.after("lost"), s.after("stopped")):
        s.shown(s.step(half, verdicts=s.GREEN), "retry", "the last run was cut short")
    nothing = s.ledger(s.end(outcome="lost", tip=s.M0, tree=s.TREES[s.M0]))
    fresh = s.work(tip=s.M0, tree=s.TREES[s.M0], snapshot=s.TREES[s.M0])
    s.shown(s.step(s.after("lost", ledger=nothing, work=fresh, wip=None)), "launch", "it is claimed")


def test_a_run_cut_short_that_changed_nothing_leaves_the_good_one_before_it_in_force() -> None:
    ledger = s.ledger(s.end(), s.end(number=2, outcome="stopped"))
    task = s.worked(runs=(s.run(), s.run(number=2, about={"on": s.H1})), ledger=ledger)
    assert isinstance(s.step(task, verdicts=s.GREEN).action, a.Publish)


# 14 unchecked, checking, red


def test_a_good_tree_is_checked_before_anybody_sees_it() -> None:
    step = s.step(s.worked())
    s.shown(step, "unchecked", "`fast x`")
    check = step.action
    assert isinstance(check, a.StartCheck)
    assert (check.tree, check.suite, check.bay, check.part, check.parents) == (H1_TREE, s.FAST, "c01", "fast", (s.H1,))


def test_a_check_that_runs_or_waits_for_its_verdict_is_waited_for() -> None:
    step = s.step(s.worked(), checks=(s.check_run(H1_TREE, s.FAST, state="alive", began=s.NOW - 7),))
    s.shown(step, "checking", "runs in c01 for 7 s")
    assert step.action is None
    s.shown(s.step(s.worked(), checks=(s.check_run(H1_TREE, s.FAST),)), "checking", "the verdict is being written")


def test_a_red_tree_is_checked_once_more_before_it_is_called_red() -> None:
    once = s.verdict(H1_TREE, "fail", s.FAST)
    step = s.step(s.worked(), verdicts=s.verdicts(once), checks=(s.check_run(H1_TREE, s.FAST),), recorded=frozenset({once.run}))
    s.shown(step, "unchecked", "once more")
    assert isinstance(step.action, a.StartCheck)
    assert step.action.run.endswith("-2")


def test_a_check_waits_for_a_bay() -> None:
    busy = tuple(s.check_run(s.TREES[s.H2], s.FAST, i, slot=f"c0{i}", state="alive") for i in (1, 2))
    step = s.step(s.worked(), checks=busy)
    s.shown(step, "unchecked", "every bay is busy")
    assert step.action is None


def test_a_red_tree_gets_one_more_run_told_what_failed_until_the_cap() -> None:
    launch = s.step(s.worked(), verdicts=RED).action
    assert isinstance(launch, a.Launch)
    assert (launch.reason, launch.text) == ("checks", "AssertionError")
    step = s.step(s.after("good", n=3), verdicts=RED)
    s.shown(step, "red", "after 3 tries", "AssertionError")
    assert isinstance(step.action, a.Park)


def test_a_red_tree_is_checked_once_more_after_retry_what_it_stumbled_over_may_have_been_mended() -> None:
    after_it = s.ledger(s.end(), baseline=s.NOW + 1)
    step = s.step(s.worked(ledger=after_it), verdicts=RED)
    assert isinstance(step.action, a.StartCheck)
    assert "once more" in step.why


def test_a_flake_is_green_and_a_pass_of_the_full_suite_counts_for_the_fast_one() -> None:
    for green in (s.verdict(H1_TREE, "flaky", s.FAST, tries=2), s.verdict(H1_TREE, "pass", s.FULL)):
        assert isinstance(s.step(s.worked(), verdicts=s.verdicts(green)).action, a.Publish)


def test_nothing_is_published_without_a_check_or_with_a_tree_nobody_can_name() -> None:
    step = s.step(s.worked(), by=s.policy(fast=None))
    s.shown(step, "unchecked", "set `check:`")
    assert isinstance(step.action, a.Park)
    step = s.step(s.worked(graph=replace(s.GRAPH, trees={})), verdicts=s.GREEN)
    s.shown(step, "unknown", "cannot be read")
    assert step.action is None


# 15 unpublished, 16 no pull


def test_green_work_is_published_then_proposed() -> None:
    step = s.step(s.worked(), verdicts=s.GREEN)
    s.shown(step, "unpublished", "green", "feat/issue-12")
    assert step.action == a.Publish(issue=12, claim=Oid("claim-12"), branch="feat/issue-12", was=None, now=s.H1)
    step = s.step(s.proposed(pull=None), verdicts=s.GREEN)
    s.shown(step, "no_pull", "being opened")
    assert step.action == a.Propose(issue=12, branch="feat/issue-12", head=s.H1)


def test_a_forge_that_lags_is_waited_for() -> None:
    step = s.step(s.proposed(pull=s.pull(head=s.M0)), verdicts=s.GREEN)
    s.shown(step, "lagging", "still shows p112")
    assert step.action is None


def test_a_pull_that_a_person_closed_is_not_opened_again_unless_they_say_retry() -> None:
    closed = s.proposed(pull=s.pull(state="closed", updated=s.NOW - 50))
    step = s.step(closed, verdicts=s.GREEN)
    s.shown(step, "no_pull", "p112 was closed")
    assert isinstance(step.action, a.Park)
    again = s.on(closed, ledger=s.ledger(s.end(), baseline=s.NOW - 20))
    assert isinstance(s.step(again, verdicts=s.GREEN).action, a.Propose)


# 9 emptied, 18 conflict


def test_a_change_the_trunk_already_has_is_left_to_a_person() -> None:
    step = s.step(s.proposed(merge=s.merges(empty=True)), verdicts=s.GREEN)
    s.shown(step, "emptied", "already has all of this change", "p112")
    assert isinstance(step.action, a.Park)


def test_a_conflict_gets_a_run_with_the_files_until_the_cap() -> None:
    torn = s.proposed(merge=s.merges(tree=None, conflicts=("api.py", "b.py")))
    step = s.step(torn, verdicts=s.GREEN)
    s.shown(step, "conflict", "conflicts with main in api.py, b.py")
    assert isinstance(step.action, a.Launch)
    assert (step.action.reason, step.action.text) == ("conflict", "api.py\nb.py")
    thrice = s.on(torn, ledger=s.ledger(*(s.end(number=i) for i in (1, 2, 3))), runs=(s.run(number=3),))
    step = s.step(thrice, verdicts=s.GREEN)
    assert isinstance(step.action, a.Park)


# 20 waiting, 21 aboard


def test_in_assist_a_finished_pull_waits_for_the_operators_word() -> None:
    step = s.step(s.proposed(), mode="assist", verdicts=s.GREEN)
    s.shown(step, "waiting", "`m` lands it")
    assert step.action is None
    step = s.step(s.proposed(), mode="assist", verdicts=s.GREEN, commands=(s.command("merge", "p112", pinned=s.H1),))
    assert step.stage == "aboard"


def test_a_merge_said_of_another_head_lands_nothing() -> None:
    step = s.step(s.proposed(), mode="assist", verdicts=s.GREEN, commands=(s.command("merge", "p112", pinned=s.H2),))
    assert step.stage == "waiting"
