"""What is true of every plan, whatever was seen."""

from random import Random
from typing import Any

from hypothesis import given, settings

from console.core import actions as a
from console.core.facts import Blind, Known, Pull, Trunk
from console.core.phrases import CONTEXT, PARKED
from console.core.reconcile import reconcile
from console.core.stages import ROWS
from console.core.task import Observed, Task
from tests.core.worlds import Moment, World, actions, moments

many = settings(max_examples=500, deadline=None)

# A task may rest in these without an action: each waits for an event, a time, or a person that its sentence names.
WAITING = {
    *("working", "merged", "cancelled", "parked", "on_hold", "foreign", "not_eligible", "queued", "held", "claim", "provision"),
    *(
        "launch",
        "guarded",
        "retry",
        "red",
        "conflict",
        "behind",
        "empty",
        "backoff",
        "checking",
        "unchecked",
        "lagging",
        "waiting",
        "aboard",
    ),
}


def value(look: Any) -> Any:
    return look.value if isinstance(look, Known) else None


@many
@given(moments)
def test_the_same_world_gives_the_same_plan_and_never_raises(moment: Moment) -> None:
    seen, policy, plan = moment
    assert reconcile(seen, policy) == plan
    assert [step.issue for step in plan.steps] == list(dict.fromkeys(step.issue for step in plan.steps))
    assert {step.issue for step in plan.steps} == set(seen.tasks)
    assert len(plan.answers) == len(seen.commands) + len(seen.taken)
    assert all(step.why for step in plan.steps)
    assert all(answer.why for answer in plan.answers)


@many
@given(moments)
def test_a_busy_task_gets_no_action_and_every_other_at_most_one_about_itself(moment: Moment) -> None:
    seen, _, plan = moment
    for step in plan.steps:
        assert not (step.action and seen.busy.get(step.issue))
        assert step.action is None or step.action.issue == step.issue
    assert all(action.issue is None for action in plan.fleet)


@many
@given(moments)
def test_the_modes_hold(moment: Moment) -> None:
    seen, _, plan = moment
    stands = seen.standing
    for action in actions(plan):
        assert stands.mode != "watch" or isinstance(action, a.WATCHES)
        assert not (stands.pause and isinstance(action, a.STARTS))
        assert not (stands.freeze and isinstance(action, a.LANDS))


@many
@given(moments)
def test_no_slot_and_no_bay_is_given_twice_or_while_somebody_is_in_it(moment: Moment) -> None:
    seen, _, plan = moment
    doing = [action for group in seen.busy.values() for action in group]
    slots = [x.slot for x in (*actions(plan), *doing) if isinstance(x, a.Launch)]
    slots += [r.slot for t in seen.tasks.values() if value(t.runs) for r in value(t.runs)[-1:] if r.state in ("alive", "reserved")]
    bays = [x.bay for x in (*actions(plan), *doing) if isinstance(x, a.StartCheck)]
    bays += [r.slot for r in value(seen.checks) or () if r.state in ("alive", "reserved")]
    given_now = {x.slot for x in actions(plan) if isinstance(x, a.Launch)} | {x.bay for x in actions(plan) if isinstance(x, a.StartCheck)}
    assert all((slots + bays).count(place) == 1 for place in given_now)
    if any(isinstance(t.runs, Blind) for t in seen.tasks.values()):
        assert not any(isinstance(x, a.Launch) for x in actions(plan))
    runs = [x.run for x in (*actions(plan), *doing) if isinstance(x, a.StartCheck)]
    assert len(runs) == len(set(runs))


def blind_for(action: a.Action, task: Task, seen: Observed) -> list[str]:
    """The senses an action rests on that did not answer."""
    needs: dict[type, tuple[str, ...]] = {
        a.TakeClaim: ("claim", "runs"),
        a.Launch: ("claim", "runs", "work", "ledger"),
        a.Provision: ("claim", "runs", "work", "wip", "remote", "ledger"),
        a.Publish: ("claim", "runs", "remote", "work", "ledger"),
        a.Propose: ("claim", "remote", "pull"),
        a.Move: ("claim", "pull", "merge", "remote"),
        a.Bless: ("claim", "pull", "merge", "statuses"),
        a.Merge: ("claim", "pull", "merge", "statuses"),
        a.RemoveWork: ("runs", "work", "claim"),
        a.DropRefs: ("runs", "work", "claim", "pull"),
        a.Book: ("runs", "ledger"),
        a.Void: ("runs",),
        a.Stop: ("runs",),
    }
    world = {
        a.TakeClaim: ("trunk", "verdicts"),
        a.Merge: ("trunk", "verdicts", "lander", "checks"),
        a.Bless: ("trunk", "verdicts", "lander"),
    }
    blind = [name for name in needs.get(type(action), ()) if isinstance(getattr(task, name), Blind)]
    return blind + [name for name in world.get(type(action), ()) if name != "checks" and isinstance(getattr(seen, name), Blind)]


@many
@given(moments)
def test_nothing_is_done_on_what_was_not_seen(moment: Moment) -> None:
    seen, _, plan = moment
    for step in plan.steps:
        if step.action:
            assert step.stage != "unknown"
            assert blind_for(step.action, seen.tasks[step.issue], seen) == []


@many
@given(moments)
def test_nothing_is_taken_away_without_evidence(moment: Moment) -> None:
    seen, _, plan = moment
    for step in plan.steps:
        task = seen.tasks[step.issue]
        if isinstance(step.action, a.RemoveWork | a.DropRefs):
            over = task.issue.state == "closed" or is_landed(task, seen)
            assert over
        if isinstance(step.action, a.RemoveWork) and (work := value(task.work)):
            kept = [value(task.wip), value(task.pull) and value(task.pull).head, value(seen.trunk) and value(seen.trunk).head]
            safe = not work.dirty and any(x and value(task.graph).has(work.tip, x) for x in kept)
            assert safe or work.snapshot in task.rescued
        if isinstance(step.action, a.DropRefs):
            drops_no_more_than_landed(step.action, task)


def is_landed(task: Task, seen: Observed) -> bool:
    pull: Pull | None = value(task.pull)
    trunk: Trunk | None = value(seen.trunk)
    return bool(pull and pull.merged and trunk and any(x.pull == pull.number for x in trunk.of(task.issue.number)))


def drops_no_more_than_landed(action: a.DropRefs, task: Task) -> None:
    pull: Pull | None = value(task.pull)
    if action.branch:
        assert pull
        assert pull.merged
        assert value(task.graph).made_from(pull.head, action.branch[1])
    if action.wip:
        assert pull
        assert pull.merged
        assert action.keep or value(task.graph).has(action.wip, pull.head)
    assert value(task.work) is None
    assert not task.has_repository


@many
@given(moments)
def test_only_what_was_checked_is_shown_and_lands_as_exactly_the_tree_that_was_checked(moment: Moment) -> None:
    seen, policy, plan = moment
    for step in plan.steps:
        task = seen.tasks[step.issue]
        if isinstance(step.action, a.Publish):
            tree = value(task.graph).trees[step.action.now]
            assert green(tree, seen, policy.fast) or green(tree, seen, policy.full)
        if isinstance(step.action, a.LANDS):
            assert any(v.final for (t, _), v in value(seen.verdicts).items() if t == value(seen.trunk).tree)
        if isinstance(step.action, a.Move):
            assert green(step.action.tree, seen, policy.full)
            assert (value(task.merge).onto, value(task.merge).head) == (step.action.trunk, step.action.head)
        if isinstance(step.action, a.Bless | a.Merge):
            landing, trunk = step.action.landing, value(seen.trunk)
            assert (landing.head, landing.trunk) == (value(task.pull).head, trunk.head)
            assert value(task.graph).trees[landing.head] == landing.tree
            assert value(task.graph).has(trunk.head, landing.head)
            assert green(landing.tree, seen, policy.full)
        if isinstance(step.action, a.Merge):
            assert value(seen.lander).landing == step.action.landing
            assert value(task.statuses)[CONTEXT].state == "success"


def green(tree: str, seen: Observed, plan: Any) -> bool:
    return any(v.green for (t, suite), v in value(seen.verdicts).items() if t == tree and plan and suite == plan.suite)


@many
@given(moments)
def test_one_lands_at_a_time_and_none_while_a_merge_is_unsure(moment: Moment) -> None:
    seen, _, plan = moment
    landing = [x for x in actions(plan) if isinstance(x, a.LANDS)]
    assert len(landing) <= 1
    for merge, trouble in seen.troubles.items():
        if not isinstance(merge, a.Merge) or trouble.kind != "unsure" or merge.issue not in seen.tasks:
            continue
        pull = value(seen.tasks[merge.issue].pull)
        over = pull and (pull.merged or pull.state == "closed" or pull.head != merge.landing.head)
        again = any(c.do == "merge" and c.target == f"p{merge.landing.pull}" and c.at > trouble.at for c in seen.commands)
        assert over or again or not landing


@many
@given(moments)
def test_nothing_is_started_published_or_landed_for_what_is_left_to_a_person_or_is_not_ours(moment: Moment) -> None:
    seen, _, plan = moment
    for step in plan.steps:
        task = seen.tasks[step.issue]
        if PARKED in task.issue.labels or not (value(task.claim) and value(task.claim).ours):
            lands = a.LANDS if PARKED in task.issue.labels or not task.rides else ()
            assert not isinstance(step.action, (a.Launch, a.Provision, a.Publish, a.Propose, *lands))
        if isinstance(step.action, a.TakeClaim):
            assert value(task.claim) is None
            assert task.issue.state == "open"


@many
@given(moments)
def test_every_stage_has_a_way_out_or_waits_for_something_its_sentence_names(moment: Moment) -> None:
    seen, _, plan = moment
    for step in plan.steps:
        assert "no row of the stage table" not in step.why
        if step.stage == "unknown":
            assert "it cannot be seen: " in step.why or "cannot be read" in step.why
        elif step.action is None and not seen.busy.get(step.issue) and step.issue and seen.standing.mode != "watch" and not seen.troubles:
            assert step.stage in WAITING, step


@many
@given(moments)
def test_no_command_is_granted_and_refused_by_what_is_done(moment: Moment) -> None:
    seen, _, plan = moment
    by_id = {c.id: c for c in seen.commands}
    notes = {x.command for x in actions(plan) if isinstance(x, a.Note)}
    for answer in plan.answers:
        command = by_id.get(answer.command)
        assert command is None or answer.outcome in ("granted", "waiting", "refused")
        assert not (answer.outcome == "refused" and answer.command in notes)


def test_chance_reaches_every_row_and_every_action() -> None:
    rows, done = {number for number, _ in ROWS}, set(a.WORDS)
    for seed in range(50_000):
        _, _, plan = World(Random(seed)).moment()
        rows -= {step.row for step in plan.steps}
        done -= {type(action) for action in actions(plan)}
        if not (rows or done):
            break
    assert (rows, done) == (set(), set())
