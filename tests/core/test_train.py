"""The way to the trunk: who is first, and what each step rests on."""

from dataclasses import replace
from typing import Any

from console.core import actions as a
from console.core.facts import CommitStatus, Known, Oid, Tree
from console.core.task import Task, Trouble
from tests.core import seen as s

ON_TOP = Tree("c1" * 20)  # H1 merged with M1
MOVED = s.proposed(merge=s.merges(onto=s.M1, tree=ON_TOP))
TESTED = s.verdicts(s.verdict(s.TREES[s.M1]), s.verdict(s.TREES[s.H1]), s.verdict(ON_TOP))
BLESSED = s.proposed(statuses=s.BLESSED)
LANDER = s.lander(s.landing())
MERGE = a.Merge(landing=s.landing(), lander=Oid("lander"))


def aboard(n: int, **over: Any) -> Task:
    return s.proposed(n, **{"issue": s.issue(n, **over)})


def first_of(*tasks: Task, **over: Any) -> list[int]:
    """The issues in the order in which they land."""
    plan = s.decide(*tasks, verdicts=s.GREEN, **over)
    behind = [step.issue for step in plan.steps if "it lands after" in step.why]
    return [step.issue for step in plan.steps if step.issue not in behind] + behind


def test_the_order_is_priority_then_bugs_then_age() -> None:
    tasks = [aboard(9), aboard(7, labels=("bug",)), aboard(8, labels=("priority/high",)), aboard(5, labels=("priority/low",))]
    assert first_of(*tasks)[0] == 8
    assert first_of(*tasks[:2])[0] == 7
    assert first_of(tasks[0], tasks[3])[0] == 9


def test_merge_first_goes_before_and_what_is_being_landed_goes_before_that() -> None:
    word = s.command("merge", "p109", args={"first": "yes"})
    assert first_of(aboard(7), aboard(9), commands=(word,))[0] == 9
    assert first_of(aboard(7), aboard(9), commands=(word,), lander=s.lander(s.landing(7)))[0] == 7


def test_only_the_first_is_landed_and_the_others_know_whom_they_wait_for() -> None:
    plan = s.decide(aboard(7), aboard(9), verdicts=s.GREEN)
    assert [step.action is not None for step in plan.steps] == [True, False]
    assert plan.steps[1].why == "it lands after p107"


def test_a_pull_whose_new_head_the_forge_does_not_show_yet_keeps_its_place_for_a_minute() -> None:
    pushed = s.on(aboard(7), remote=s.H2, graph=replace(s.GRAPH, moved={s.H2: s.H1}))
    plan = s.decide(pushed, aboard(9), verdicts=s.GREEN)
    assert [(step.stage, step.action) for step in plan.steps] == [("lagging", None), ("aboard", None)]
    assert plan.steps[1].why == "it lands after p107"
    assert plan.lags
    for_long = replace(pushed, remote=Known(value=s.H2, at=s.NOW, times=60))
    assert s.decide(for_long, aboard(9), verdicts=s.GREEN).steps[1].action


def test_who_waits_behind_a_long_check_does_not_make_the_forge_be_asked_every_second() -> None:
    checking = s.check_run(s.TREES[s.H1], state="alive")
    fast_alone = s.verdicts(s.verdict(s.TREES[s.M0]), s.verdict(s.TREES[s.H1], suite=s.FAST))
    plan = s.decide(aboard(7), aboard(9), verdicts=fast_alone, checks=(checking,))
    assert [step.stage for step in plan.steps] == ["checking", "aboard"]
    assert not plan.lags


def test_nothing_lands_on_a_trunk_that_was_not_tested_itself() -> None:
    plan = s.decide(s.proposed(), verdicts=s.verdicts(s.verdict(s.TREES[s.H1])))
    assert plan.steps[0].action is None
    assert "main at" in plan.steps[0].why
    assert "is being checked before anything lands on it" in plan.steps[0].why
    (check,) = plan.fleet
    assert isinstance(check, a.StartCheck)
    assert (check.issue, check.tree, check.part, check.parents) == (None, s.TREES[s.M0], "full", (s.M0,))


def test_a_pull_that_mends_a_red_trunk_may_land() -> None:
    red = s.verdicts(s.verdict(s.TREES[s.M0], "fail", tries=2), s.verdict(s.TREES[s.H1]))
    assert isinstance(s.step(s.proposed(), verdicts=red).action, a.Bless)


def test_a_pull_that_is_red_on_top_of_a_red_trunk_waits_for_the_trunk_and_costs_no_worker() -> None:
    both = (s.verdict(s.TREES[s.M1], "fail", tries=2), s.verdict(ON_TOP, "fail", tries=2), s.verdict(s.TREES[s.H1]))
    step = s.step(MOVED, trunk=s.trunk(s.M1), verdicts=s.verdicts(*both))
    s.shown(step, "held", "mend the trunk first")
    assert step.action is None


def test_the_tree_it_would_land_as_is_checked_again_when_the_trunk_has_moved() -> None:
    green_alone = {key: v for key, v in TESTED.items() if v.tree != ON_TOP}
    step = s.step(MOVED, trunk=s.trunk(s.M1), verdicts=green_alone)
    assert "as it would land on" in step.why
    assert isinstance(step.action, a.StartCheck)
    assert (step.action.tree, step.action.part, step.action.parents) == (ON_TOP, "full", (s.M1, s.H1))


def test_once_that_tree_is_green_the_branch_is_put_on_top_of_the_trunk_as_that_tree() -> None:
    step = s.step(MOVED, trunk=s.trunk(s.M1), verdicts=TESTED)
    assert step.action == a.Move(issue=12, claim=Oid("claim-12"), branch="feat/issue-12", head=s.H1, trunk=s.M1, tree=ON_TOP)


def test_a_head_on_the_trunk_whose_tree_is_not_their_merge_is_put_on_top_again() -> None:
    step = s.step(s.proposed(merge=s.merges(tree=ON_TOP)), verdicts=s.GREEN | s.verdicts(s.verdict(ON_TOP)))
    assert isinstance(step.action, a.Move)
    beside = replace(s.GRAPH, inside=frozenset())
    assert isinstance(s.step(s.proposed(graph=beside, wip=s.H1), verdicts=s.GREEN).action, a.Move)


def test_a_comparison_with_another_trunk_moves_nothing() -> None:
    step = s.step(s.proposed(), trunk=s.trunk(s.M1), verdicts=TESTED)
    assert (step.action, "is being compared with the trunk" in step.why) == (None, True)


def test_red_on_top_of_the_trunk_gets_a_run_told_to_bring_the_trunk_in() -> None:
    red = TESTED | s.verdicts(s.verdict(ON_TOP, "fail", tries=2))
    step = s.step(MOVED, trunk=s.trunk(s.M1), verdicts=red)
    assert (step.stage, "green alone" in step.why) == ("red", True)
    assert isinstance(step.action, a.Launch)
    assert "git merge origin/main" in step.action.text
    assert "AssertionError" in step.action.text


def test_red_on_top_of_the_trunk_is_left_to_a_person_at_the_cap() -> None:
    tired = s.on(MOVED, ledger=s.ledger(*(s.end(number=i) for i in (1, 2, 3))), runs=(s.run(number=3),))
    red = TESTED | s.verdicts(s.verdict(ON_TOP, "fail", tries=2))
    assert isinstance(s.step(tired, trunk=s.trunk(s.M1), verdicts=red).action, a.Park)


def test_a_pull_that_is_red_on_top_leaves_the_train_and_the_next_lands() -> None:
    second = s.proposed(20, pull=s.pull(20, head=s.H2), claim=s.claim(20, head=s.H2), remote=s.H2, wip=s.H2, merge=s.merges(s.H2))
    second = s.on(second, work=s.work(20, tip=s.H2, tree=s.TREES[s.H2], snapshot=s.TREES[s.H2]))
    red = s.verdict(s.TREES[s.H1], "fail", s.FULL, tries=2)
    found = s.verdicts(s.verdict(s.TREES[s.M0]), red, s.verdict(s.TREES[s.H1], "pass", s.FAST), s.verdict(s.TREES[s.H2]))
    ahead = replace(s.GRAPH, trees={**s.TREES, s.H1: Tree("d1" * 20)})
    first = s.on(s.proposed(), graph=ahead)
    found = found | s.verdicts(s.verdict(Tree("d1" * 20), "pass", s.FAST))
    plan = s.decide(first, second, verdicts=found, standing=replace(s.observed().standing, pause=s.YOU))
    assert plan.steps[0].stage == "red"
    assert plan.steps[0].action is None
    assert isinstance(plan.steps[1].action, a.Bless)


def test_what_is_landed_is_said_first_then_merged_as_exactly_that() -> None:
    assert s.step(s.proposed(), verdicts=s.GREEN).action == a.Bless(landing=s.landing(), lander=None, run=s.verdict(s.TREES[s.H1]).run)
    # The status alone is not enough, nor is the lander's word alone.
    assert isinstance(s.step(BLESSED, verdicts=s.GREEN).action, a.Bless)
    assert isinstance(s.step(s.proposed(), verdicts=s.GREEN, lander=LANDER).action, a.Bless)
    assert s.step(BLESSED, verdicts=s.GREEN, lander=LANDER).action == MERGE


def test_what_a_lander_said_about_another_head_is_said_anew() -> None:
    action = s.step(BLESSED, verdicts=s.GREEN, lander=s.lander(s.landing(head=s.H2))).action
    assert isinstance(action, a.Bless)
    assert action.lander == "lander"


def test_what_an_engine_that_is_gone_was_landing_is_looked_at_twice() -> None:
    gone = s.lander(s.landing(), fresh=False)
    once = s.on(BLESSED, pull=replace(s.known(s.pull()), times=1))
    step = s.step(once, verdicts=s.GREEN, lander=gone)
    assert (step.action, "an engine that is gone was landing it" in step.why) == (None, True)
    assert s.step(BLESSED, verdicts=s.GREEN, lander=gone).action == MERGE


def unsure(at: float = s.NOW - 30) -> dict[str, Any]:
    return {"troubles": {MERGE: Trouble(kind="unsure", count=1, at=at, why="it timed out")}, "lander": LANDER}


def test_a_merge_whose_answer_was_lost_stops_all_landing_and_says_so() -> None:
    plan = s.decide(BLESSED, aboard(20), verdicts=s.GREEN, **unsure())
    assert all(step.action is None for step in plan.steps)
    for step in plan.steps:
        assert "the answer to the merge of p112 was lost 30 s ago (it timed out)" in step.why
        assert "say `merge p112` again" in step.why


def test_nothing_lands_either_while_the_fate_of_that_pull_cannot_be_seen() -> None:
    plan = s.decide(s.on(BLESSED, pull=s.DARK), aboard(20), verdicts=s.GREEN, **unsure())
    assert all(step.action is None for step in plan.steps)


def test_merge_said_again_after_it_releases_the_landing_and_before_it_does_not() -> None:
    said = s.command("merge", "p112", at=s.NOW - 5)
    assert s.step(BLESSED, verdicts=s.GREEN, commands=(said,), **unsure()).action == MERGE
    before = s.command("merge", "p112", at=s.NOW - 40)
    assert s.step(BLESSED, verdicts=s.GREEN, commands=(before,), **unsure()).action is None


def test_a_merge_that_was_seen_to_have_landed_stops_nobody() -> None:
    done = s.merged(ledger=s.ledger(s.end(), noted=frozenset({"proof-p112"})))
    tree = s.TREES[s.H2]
    other = s.proposed(20, merge=s.merges(onto=s.M1, tree=tree))
    found = s.GREEN | s.verdicts(s.verdict(s.TREES[s.M1]), s.verdict(tree))
    step = s.step(other, done, trunk=s.trunk(s.M1, s.landed()), verdicts=found, **unsure())
    assert isinstance(step.action, a.Move)


def test_a_blind_lander_lands_nothing() -> None:
    step = s.step(BLESSED, verdicts=s.GREEN, lander=s.DARK)
    assert (step.stage, step.action) == ("unknown", None)
    step = s.step(s.proposed(statuses=s.DARK), verdicts=s.GREEN, lander=LANDER)
    assert (step.stage, step.action) == ("unknown", None)


# The forge's own checks


def awaiting(**states: str) -> Task:
    return s.on(s.proposed(), statuses=s.statuses(**states))


def test_a_required_check_of_the_forges_own_is_awaited_before_anything_is_blessed() -> None:
    plan = s.decide(awaiting(ci__test="pending"), aboard(13), verdicts=s.GREEN, required=("ci/*",))
    s.shown(plan.steps[0], "checking", "the forge's own check ci/* is awaited")
    assert plan.steps[1].why == "it lands after p112"
    green = s.step(awaiting(ci__test="success"), verdicts=s.GREEN, required=("ci/*",))
    assert isinstance(green.action, a.Bless)


def test_one_that_nobody_posts_is_left_to_a_person_by_its_name_after_its_time() -> None:
    fresh = replace(s.pull(), updated=s.NOW - 60)
    waits = s.step(s.on(awaiting(), pull=fresh), verdicts=s.GREEN, required=("ci/*",))
    assert (waits.action, waits.due) == (None, s.NOW - 60 + 1800)
    parked = s.step(awaiting(), verdicts=s.GREEN, required=("ci/*",)).action
    assert isinstance(parked, a.Park)
    assert "nobody has posted ci/*" in parked.why
    again = s.on(awaiting(), ledger=s.ledger(s.end(), baseline=s.NOW - 5))
    s.shown(s.step(again, verdicts=s.GREEN, required=("ci/*",)), "checking", "is awaited")


def test_one_that_is_red_gets_a_worker_told_what_the_forge_shows_of_it() -> None:
    red = {"ci/test": CommitStatus(state="failure", said="3 failed", url="http://forge/run/7")}
    launch = s.step(s.on(s.proposed(), statuses=red), verdicts=s.GREEN, required=("ci/*",)).action
    assert isinstance(launch, a.Launch)
    assert (launch.reason, launch.text) == ("ci", "ci/test: failure. 3 failed http://forge/run/7")
    s.shown(s.step(s.on(s.proposed(), statuses=red), verdicts=s.GREEN), "aboard")  # what is not required keeps nobody


def test_a_required_check_that_cannot_be_asked_lands_nothing() -> None:
    s.shown(s.step(s.proposed(), verdicts=s.GREEN, required=s.DARK), "unknown", "required statuses")


def test_what_the_forges_count_as_passed_is_green_and_a_word_they_do_not_know_is_pending() -> None:
    for state in ("success", "warning", "skipped"):
        assert isinstance(s.step(awaiting(ci__test=state), verdicts=s.GREEN, required=("ci/*",)).action, a.Bless)
    s.shown(s.step(awaiting(ci__test="odd"), verdicts=s.GREEN, required=("ci/*",)), "checking", "is awaited")


def test_a_glob_that_our_own_status_fits_can_be_red_or_pending_but_never_missing() -> None:
    assert isinstance(s.step(awaiting(), verdicts=s.GREEN, required=("*",)).action, a.Bless)
    s.shown(s.step(awaiting(ci__test="pending"), verdicts=s.GREEN, required=("*",)), "checking", "is awaited")
    assert isinstance(s.step(awaiting(ci__test="error"), verdicts=s.GREEN, required=("*",)).action, a.Launch)
