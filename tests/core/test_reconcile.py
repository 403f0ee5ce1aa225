"""What the modes, a pause, a freeze, what is under way and what has failed make of the stage table; and what is about no issue."""

from dataclasses import replace
from typing import Any

import pytest

from console.core import actions as a
from console.core.facts import Oid, RunId, Said, Standing, Tree
from console.core.policy import Caps
from console.core.reconcile import Plan
from console.core.task import Task, Trouble
from tests.core import seen as s

FRESH = s.work(tip=s.M0, tree=s.TREES[s.M0], snapshot=s.TREES[s.M0])
STARTING = s.claimed(work=FRESH)
BLESSED = s.proposed(statuses=s.BLESSED)
ONE_SLOT = s.policy(slots=s.policy().slots[:1], bays=s.policy().bays[:1])


def starting(n: int) -> Task:
    return s.claimed(n, work=replace(FRESH, branch=f"feat/issue-{n}"))


def kinds(plan: Plan) -> list[type | None]:
    return [type(step.action) if step.action else None for step in plan.steps]


def trouble(kind: str, count: int = 1, at: float = s.NOW, why: str = "it said no") -> Trouble:
    return Trouble(kind=kind, count=count, at=at, why=why)  # type: ignore[arg-type]  # a word of the literal


# modes


@pytest.mark.parametrize(
    ("task", "action"),
    [(s.task(), None), (STARTING, None), (s.worked(), None), (s.proposed(), None), (s.worked(ledger=s.ledger()), a.Book)],
)
def test_watch_starts_publishes_and_lands_nothing_but_keeps_what_ended(task: Task, action: type | None) -> None:
    step = s.step(task, mode="watch", verdicts=s.GREEN)
    assert (type(step.action) if step.action else None) == action


def test_watch_says_what_it_would_do() -> None:
    step = s.step(STARTING, mode="watch")
    assert step.why == "it is claimed; script starts in w01 (it would; the mode is watch)"
    assert step.yours


def test_assist_brings_what_is_claimed_to_a_pull_and_lands_nothing_by_itself() -> None:
    assert isinstance(s.step(STARTING, mode="assist").action, a.Launch)
    assert isinstance(s.step(s.worked(), mode="assist", verdicts=s.GREEN).action, a.Publish)
    assert s.step(s.proposed(), mode="assist", verdicts=s.GREEN).stage == "waiting"
    assert s.step(s.task(), mode="assist").stage == "queued"


def test_auto_claims_and_lands_only_where_the_settings_let_it() -> None:
    assert isinstance(s.step(s.task()).action, a.TakeClaim)
    assert isinstance(s.step(s.proposed(), verdicts=s.GREEN).action, a.Bless)
    assert s.step(s.proposed(), verdicts=s.GREEN, by=s.policy(land_when="asked")).stage == "waiting"


def test_a_pause_starts_nothing_and_goes_on_publishing_and_landing() -> None:
    paused = Standing(mode="auto", pause=s.YOU)
    assert kinds(s.decide(s.task(1), starting(2), s.claimed(3), standing=paused)) == [None, None, None]
    assert "(paused by you)" in s.step(STARTING, standing=paused).why
    assert isinstance(s.step(s.worked(), standing=paused, verdicts=s.GREEN).action, a.Publish)
    assert isinstance(s.step(s.proposed(), standing=paused, verdicts=s.GREEN).action, a.Bless)


def test_a_freeze_lands_nothing_and_goes_on_working() -> None:
    frozen = Standing(mode="auto", freeze=Said(by="you", at=s.NOW, why="the release"))
    step = s.step(BLESSED, standing=frozen, verdicts=s.GREEN, lander=s.lander(s.landing()))
    assert (step.action, step.why) == (None, "landing is frozen by you: the release")
    assert isinstance(s.step(s.worked(), standing=frozen, verdicts=s.GREEN).action, a.Publish)
    assert isinstance(s.step(STARTING, standing=frozen).action, a.Launch)


def test_while_the_operator_leaves_nothing_new_is_started() -> None:
    step = s.step(STARTING, commands=(s.command("leave", "all"),))
    assert (step.action, "(you are leaving)" in step.why) == (None, True)


# what is under way


def test_a_busy_task_waits_and_the_others_go_on() -> None:
    keep = a.KeepSafe(issue=1, was=None, tip=s.H1)
    plan = s.decide(starting(1), starting(2), busy={1: (keep,)})
    assert kinds(plan) == [None, a.Launch]


def test_a_slot_or_bay_is_given_once() -> None:
    plan = s.decide(starting(1), starting(2), starting(3))
    slots = [step.action.slot for step in plan.steps if isinstance(step.action, a.Launch)]
    assert slots == ["w01", "w02"]
    assert "every worker is busy" in plan.steps[2].why
    work = [s.work(n, tip=s.H2, tree=s.TREES[s.H2], snapshot=s.TREES[s.H2]) for n in (2,)]
    plan = s.decide(s.worked(1), s.worked(2, work=work[0], wip=s.H2), by=ONE_SLOT)
    assert kinds(plan) == [a.StartCheck, None]


def test_a_slot_or_bay_that_is_about_to_be_taken_is_not_free() -> None:
    launch = s.step(STARTING).action
    assert isinstance(launch, a.Launch)
    assert kinds(s.decide(starting(1), STARTING, by=ONE_SLOT, busy={12: (launch,)})) == [None, None]
    check = s.step(s.worked()).action
    assert isinstance(check, a.StartCheck)
    other = s.worked(1, work=s.work(1, tip=s.H2, tree=s.TREES[s.H2], snapshot=s.TREES[s.H2]), wip=s.H2)
    assert kinds(s.decide(other, s.worked(), by=ONE_SLOT, busy={12: (check,)})) == [None, None]


def test_two_issues_with_the_same_tree_are_checked_once() -> None:
    plan = s.decide(s.worked(1), s.worked(2))
    assert kinds(plan) == [a.StartCheck, None]
    assert "the same tree is being checked for another issue" in plan.steps[1].why


def test_no_slot_is_given_while_the_runs_of_any_task_cannot_be_seen() -> None:
    plan = s.decide(starting(1), s.claimed(2, runs=s.DARK))
    assert kinds(plan) == [None, None]


# whose turn it is


def test_broken_pulls_get_the_slot_before_new_work() -> None:
    red = s.verdicts(s.verdict(s.TREES[s.M0]), s.verdict(s.TREES[s.H1], "fail", tries=2))
    new = s.task(3, issue=s.issue(3, labels=("ops/ready", "priority/critical")))
    plan = s.decide(new, s.worked(12), verdicts=red, by=ONE_SLOT)
    assert [(step.issue, step.stage, bool(step.action)) for step in plan.steps] == [(12, "red", True), (3, "queued", False)]


def test_new_work_is_picked_by_priority_then_bugs_then_age() -> None:
    tasks = [s.task(n, issue=s.issue(n, labels=("ops/ready", *labels))) for n, labels in ((1, ()), (2, ("bug",)), (3, ("priority/high",)))]
    plan = s.decide(*tasks, by=ONE_SLOT)
    assert [step.issue for step in plan.steps] == [3, 2, 1]
    assert kinds(plan) == [a.TakeClaim, None, None]


def test_claims_stop_at_the_cap_counting_those_under_way() -> None:
    under_way = a.TakeClaim(issue=3, branch="feat/issue-3", label=None)
    plan = s.decide(s.task(1), s.task(2), s.task(3), by=s.policy(caps=Caps(in_flight=2)), busy={3: (under_way,)})
    assert kinds(plan) == [a.TakeClaim, None, None]


def test_a_wake_takes_up_one_issue_in_the_slot_that_was_woken() -> None:
    wake = s.command("wake", "w02")
    plan = s.decide(s.task(1), s.task(2), mode="assist", commands=(wake,))
    assert kinds(plan) == [a.TakeClaim, None]
    assert "w02 is free" in plan.steps[0].why
    (step,) = s.decide(STARTING, mode="assist", commands=(wake,)).steps
    assert isinstance(step.action, a.Launch)
    assert (step.action.slot, step.action.kind) == ("w02", "other")


def test_an_assignment_names_its_slot_or_kind() -> None:
    for args in ({"slot": "w02"}, {"kind": "other"}):
        launch = s.step(STARTING, mode="assist", commands=(s.command("assign", "12", args=args),)).action
        assert isinstance(launch, a.Launch)
        assert launch.slot == "w02"
    busy = s.claimed(1, runs=(s.run(1, slot="w02", state="alive"),), work=s.DARK)
    step = s.step(STARTING, busy, commands=(s.command("assign", "12", args={"slot": "w02"}),))
    assert (step.action, "w02 is busy" in step.why) == (None, True)


# troubles


@pytest.mark.parametrize(
    ("kind", "count", "wait"), [("moved", 1, 0.2), ("moved", 3, 0.8), ("later", 1, 1.0), ("bug", 4, 8.0), ("later", 99, 60)]
)
def test_what_failed_is_tried_again_after_its_time_and_says_when(kind: str, count: int, wait: float) -> None:
    action = s.step(STARTING).action
    assert action
    step = s.step(STARTING, troubles={action: trouble(kind, count)})
    assert step.action is None
    assert step.due == pytest.approx(s.NOW + wait)
    assert "the last try did not do it (it said no)" in step.why
    assert s.step(STARTING, troubles={action: trouble(kind, count, at=s.NOW - wait - 0.01)}).action == action


def test_what_is_refused_five_times_is_left_to_a_person() -> None:
    action = s.step(STARTING).action
    assert action
    step = s.step(STARTING, troubles={action: trouble("refused", 5)})
    assert step.action == a.Park(issue=12, why="refused 5 times: it said no")
    assert s.step(STARTING, troubles={action: trouble("refused", 4, at=s.NOW - 99)}).action == action
    step = s.step(STARTING, mode="watch", troubles={action: trouble("refused", 5)})
    assert step.action is None


@pytest.mark.parametrize(("kind", "count"), [("later", 7), ("moved", 10)])
def test_a_pull_that_the_forge_has_not_merged_in_a_minute_leaves_the_train_to_a_person(kind: str, count: int) -> None:
    merge = a.Merge(landing=s.landing(), lander=Oid("lander"))
    seen: Any = {"verdicts": s.GREEN, "lander": s.lander(s.landing())}
    step = s.step(BLESSED, troubles={merge: trouble(kind, count)}, **seen)
    assert step.action == a.Park(issue=12, why="the forge has not merged it in a minute: it said no")
    before = s.step(BLESSED, troubles={merge: trouble(kind, count - 1, at=s.NOW - 99)}, **seen)
    assert before.action == merge


def test_what_waits_out_a_failure_does_not_keep_the_others_from_its_slot_or_bay() -> None:
    launch = s.step(starting(1), by=ONE_SLOT).action
    assert launch
    plan = s.decide(starting(1), starting(2), by=ONE_SLOT, troubles={launch: trouble("bug", 9)})
    assert kinds(plan) == [None, a.Launch]
    check = s.step(s.worked(1), by=ONE_SLOT).action
    assert check
    other = s.worked(2, work=s.work(2, tip=s.H2, tree=s.TREES[s.H2], snapshot=s.TREES[s.H2]), wip=s.H2)
    plan = s.decide(s.worked(1), other, by=ONE_SLOT, troubles={check: trouble("bug", 9)})
    assert kinds(plan) == [None, a.StartCheck]


# blind


@pytest.mark.parametrize("sense", ["claim", "runs", "work", "remote", "pull", "ledger", "merge"])
def test_a_row_that_needs_a_blind_sense_is_unknown_and_does_nothing(sense: str) -> None:
    step = s.step(s.on(s.proposed(), **{sense: s.DARK}), verdicts=s.GREEN)
    assert (step.stage, step.action) == ("unknown", None)
    assert "it does not answer" in step.why


@pytest.mark.parametrize("sense", ["trunk", "verdicts", "lander"])
def test_nothing_lands_while_trunk_verdicts_or_lander_cannot_be_seen(sense: str) -> None:
    over: dict[str, Any] = {"verdicts": s.GREEN, "lander": s.lander(s.landing()), sense: s.DARK}
    step = s.step(BLESSED, **over)
    assert (step.stage, step.action) == ("unknown", None)


def test_no_check_is_started_while_the_checks_cannot_be_seen() -> None:
    plan = s.decide(s.task(1), s.worked(), checks=s.DARK, verdicts={})
    assert kinds(plan) == [None, None]
    assert plan.fleet == ()


# about no issue


def test_the_verdict_of_an_ended_check_is_written_whoever_wanted_it() -> None:
    tree = Tree("e1" * 20)
    done, known = s.check_run(tree), s.check_run(tree, number=2)
    late = s.check_run(tree, number=3, state="reserved", began=s.NOW - 9, started=False)
    plan = s.decide(checks=(done, known, late), recorded=frozenset({known.id}), checkouts=frozenset({known.id, done.id}))
    assert plan.fleet == (a.Record(run=done.id, tree=tree), a.Void(issue=None, run=late.id), a.Sweep(checkouts=(known.id,)))
    doing = a.Record(run=done.id, tree=tree)
    again = s.decide(checks=(done,), busy={None: (doing,)})
    assert again.fleet == ()
    assert s.decide(checks=(done,), troubles={doing: trouble("bug", 3)}).fleet == ()


def test_a_commit_of_ours_that_is_not_what_was_tested_freezes_the_landing_once() -> None:
    odd = s.trunk(s.M1, s.landed(tested=s.TREES[s.H1]))
    (freeze,) = s.decide(trunk=odd).fleet
    assert isinstance(freeze, a.Freeze)
    assert "landed as tree a1a1a1a1a1a1, tested was b1b1b1b1b1b1" in freeze.why
    assert s.decide(trunk=odd, standing=Standing(mode="auto", incident=s.M1)).fleet == ()
    (merge_commit,) = s.decide(trunk=s.trunk(s.M1, s.landed(parents=2))).fleet
    assert isinstance(merge_commit, a.Freeze)
    assert s.decide(trunk=s.trunk(s.M1, s.landed())).fleet == ()


def test_the_landers_ref_is_let_go_when_what_it_names_has_landed() -> None:
    held = s.lander(s.landing())
    assert s.decide(lander=held).fleet == (a.DropLander(lander=Oid("lander")),)
    assert s.decide(s.proposed(), lander=held, verdicts=s.GREEN).fleet == ()
    for over in ({"lander": s.lander(s.landing(), ours=False)}, {"lander": held, "forge": s.DARK}, {"lander": held, "mode": "watch"}):
        assert s.decide(**over).fleet == ()


def test_the_trunk_is_checked_once_for_all_that_wait_for_it() -> None:
    plan = s.decide(s.task(1), s.task(2), s.proposed(), verdicts=s.verdicts(s.verdict(s.TREES[s.H1])))
    (check,) = plan.fleet
    assert isinstance(check, a.StartCheck)
    assert (check.issue, check.tree) == (None, s.TREES[s.M0])
    assert s.decide(s.task(1), verdicts={}, mode="watch").fleet == ()


def test_keys_are_typed_once_to_whoever_works_in_the_slot() -> None:
    works = s.claimed(runs=(s.run(state="alive"),), work=s.DARK)
    typed = s.decide(works, commands=(s.command("interrupt", "w01"),)).fleet
    assert typed == (a.Interrupt(command="id-interrupt-w01", slot=s.policy().slots[0].slot, run=RunId("12-1")),)
    assert s.decide(commands=(s.command("interrupt", "w01"),)).fleet == ()
    blind = s.decide(works, s.task(1, runs=s.DARK), commands=(s.command("interrupt", "w02"),))
    assert blind.fleet == ()


def test_a_console_without_issues_slots_or_senses_decides_nothing() -> None:
    assert s.decide() == Plan(steps=(), answers=(), fleet=())
    dark = dict.fromkeys(("forge", "trunk", "slots", "checks", "verdicts", "lander"), s.DARK)
    assert s.decide(s.task(), by=s.policy(slots=()), **dark).fleet == ()
