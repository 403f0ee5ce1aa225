"""Somebody else's pull: shown with what it lacks, or landed like ours; its author is told what keeps it."""

from dataclasses import replace
from typing import Any

import pytest

from console.core import actions as a
from console.core.facts import Landing
from console.core.reconcile import Step
from console.core.task import Task
from tests.core import seen as s

TESTED = s.verdicts(s.verdict(s.TREES[s.M0]), s.verdict(s.TREES[s.H1]))
LANDING = Landing(pull=31, issue=31, head=s.H1, trunk=s.M0, tree=s.TREES[s.H1])


def pulled(task: Task, **over: object) -> Task:
    pull = task.pull.value  # type: ignore[union-attr]  # it is known
    return s.on(task, pull=replace(pull, **over))  # type: ignore[type-var]


def landing(task: Task, **over: Any) -> Step:
    return s.step(task, verdicts=TESTED, **over)


def test_what_does_not_ride_is_shown_with_what_it_lacks_and_how_it_lands() -> None:
    step = s.step(s.ride(rides=False))
    s.shown(step, "not_eligible", "p31 is by ada", "`merge p31` or the label ops/ride lands it")
    assert step.yours
    s.shown(s.step(pulled(s.ride(rides=False), draft=True)), "not_eligible", "a draft")
    s.shown(s.step(pulled(s.ride(rides=False), mergeable=False)), "not_eligible", "it conflicts, or is being compared")


@pytest.mark.parametrize(("over", "says"), [({"fork": True}, "from a fork"), ({"draft": True}, "and a draft")])
def test_a_fork_and_a_draft_do_not_ride_whatever_was_said(over: dict[str, bool], says: str) -> None:
    s.shown(landing(pulled(s.ride(), **over)), "not_eligible", says)


def test_what_rides_is_checked_blessed_and_merged_as_the_tree_it_lands_as() -> None:
    assert isinstance(s.step(s.ride()).action, a.StartCheck)
    assert landing(s.ride()).action == a.Bless(landing=LANDING, lander=None, run=TESTED[s.TREES[s.H1], s.FULL].run)
    blessed = s.on(s.ride(), statuses=s.BLESSED)
    assert landing(blessed, lander=s.lander(LANDING)).action == a.Merge(landing=LANDING, lander=s.lander().oid)


def test_what_is_behind_is_put_on_top_of_the_trunk_by_a_push_with_a_lease_and_no_claim() -> None:
    on_top = s.TREES[s.H2]
    verdicts = s.verdicts(s.verdict(s.TREES[s.M1]), s.verdict(on_top))
    step = s.step(s.ride(merge=s.merges(onto=s.M1, tree=on_top)), trunk=s.trunk(s.M1), verdicts=verdicts)
    assert step.action == a.Move(issue=31, claim=None, branch="theirs", head=s.H1, trunk=s.M1, tree=on_top)


def test_in_assist_it_waits_for_the_operators_word() -> None:
    s.shown(landing(s.ride(), mode="assist"), "waiting", "`m` lands it")
    word = s.command("merge", "p31", pinned=s.H1)
    assert isinstance(landing(s.ride(), mode="assist", commands=(word,)).action, a.Bless)


def test_guarded_files_need_the_operators_pass_here_too() -> None:
    touching = s.on(s.ride(), changes=replace(s.ride().changes.value, files=("Makefile",)))  # type: ignore[union-attr, type-var]
    s.shown(landing(touching), "guarded", "Makefile (guarded)")
    let_by = s.on(touching, ledger=s.ledger(passed=frozenset({s.H1})))
    assert isinstance(landing(let_by).action, a.Bless)


def test_its_author_is_told_once_a_head_what_keeps_it() -> None:
    conflicting = s.on(s.ride(), merge=s.merges(tree=None, conflicts=("larder.py",)))
    step = landing(conflicting)
    assert isinstance(step.action, a.Tell)
    assert "it conflicts with main" in step.action.text
    assert "    larder.py" in step.action.text
    told = landing(s.on(conflicting, ledger=s.ledger(noted=frozenset({step.action.key}))))
    s.shown(told, "conflict", "its author was told")
    assert (told.action, told.yours) == (None, True)


def test_one_that_is_red_on_top_of_the_trunk_is_told_to_its_author_and_costs_no_worker() -> None:
    red = s.verdicts(s.verdict(s.TREES[s.M0]), s.verdict(s.TREES[s.H1], "fail", tries=2, said="AssertionError: 3"))
    step = s.step(s.ride(), verdicts=red)
    assert isinstance(step.action, a.Tell)
    assert "AssertionError: 3" in step.action.text


def test_one_that_has_landed_is_proven_to_its_author_before_the_lander_lets_go() -> None:
    rode = s.landed(31, pull=31)
    over = pulled(s.ride(issue=s.issue(31, state="closed")), state="closed", merged=True, merged_as=s.M1)
    plan = s.decide(over, trunk=s.trunk(s.M1, rode), lander=s.lander(LANDING))
    assert plan.steps[0].action == a.Prove(issue=31, pull=31, commit=s.M1, tree=s.TREES[s.M1])
    assert plan.fleet == ()
    told = s.on(over, ledger=s.ledger(noted=frozenset({"proof-p31"})))
    plan = s.decide(told, trunk=s.trunk(s.M1, rode), lander=s.lander(LANDING))
    assert plan.steps[0].tidy
    assert plan.fleet == (a.DropLander(lander=s.lander().oid),)


def test_no_worker_is_given_somebody_elses_pull() -> None:
    (answer,) = s.decide(s.ride(), commands=(s.command("assign", "31"),)).answers
    assert (answer.outcome, "no worker is sent there" in answer.why) == ("refused", True)
