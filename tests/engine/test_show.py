"""What the board says of a moment, without reading it out of sentences."""

from console.core import actions as a
from console.core.facts import Said, Standing
from console.core.phrases import PARKED
from console.core.reconcile import reconcile
from console.core.shown import FindingShown, TrainShown
from console.core.task import Observed, Trouble
from console.engine import show
from console.engine.files import iso
from tests.core import seen as s

AHEAD = s.landing()
TWO = (s.proposed(), s.proposed(20, pull=s.pull(20, head=s.H2), claim=s.claim(20, head=s.H2), remote=s.H2, merge=s.merges(s.H2)))


def train(seen: Observed) -> list[TrainShown]:
    return list(show.train(seen, reconcile(seen, s.policy())))


def findings(seen: Observed, **since: float) -> list[FindingShown]:
    plan = reconcile(seen, s.policy())
    stages = {step.issue: show.Since(stage=step.stage, at=since.get("at", s.NOW)) for step in plan.steps}
    return list(show.findings(seen, plan, stages))


def test_the_train_is_shown_in_the_order_it_lands_whoever_was_filed_first() -> None:
    shown = train(s.observed(*TWO, verdicts=s.GREEN))
    assert [(t.place, t.pull, t.state) for t in shown] == [(1, 112, "blessed"), (2, 120, "waiting")]
    first = (s.command("merge", "p120", args={"first": "yes"}),)
    assert [(t.place, t.pull) for t in train(s.observed(*TWO, verdicts=s.GREEN, commands=first))] == [(1, 120), (2, 112)]


def test_a_merge_whose_answer_was_lost_is_one_finding_however_many_wait_for_it() -> None:
    merge = a.Merge(landing=AHEAD, lander=s.lander().oid)
    lost = {merge: Trouble(kind="unsure", count=1, at=s.NOW - 30, why="timed out")}
    (found,) = findings(s.observed(*TWO, verdicts=s.GREEN, troubles=lost))
    assert (found.rule, found.target, found.first) == ("unsure_merge", "p112", iso(s.NOW - 30))


def test_a_red_trunk_is_one_finding_however_many_wait_for_it() -> None:
    red = s.verdicts(s.verdict(s.TREES[s.M0], "fail", tries=2))
    assert [(f.rule, f.target) for f in findings(s.observed(s.task(1), s.task(2), verdicts=red))] == [("trunk_red", None)]


def test_what_cannot_be_seen_is_a_finding_only_when_it_lasts() -> None:
    dark = s.observed(s.proposed(pull=s.DARK))
    assert findings(dark) == []
    assert [f.rule for f in findings(dark, at=s.NOW - 60)] == ["unknown"]


def test_what_was_left_to_a_person_and_an_incident_are_findings_since_they_began() -> None:
    frozen = Standing(mode="auto", freeze=Said(by="engine", at=s.NOW - 9, why="not the tested tree"), incident=s.M1)
    left = s.worked(issue=s.issue(labels=(PARKED,)))
    found = findings(s.observed(left, standing=frozen), at=s.NOW - 5)
    assert [(f.rule, f.first) for f in found] == [("parked", iso(s.NOW - 5)), ("incident", iso(s.NOW - 9))]


def test_a_run_at_work_is_counted_among_the_attempts_before_it_is_booked() -> None:
    again = s.claimed(runs=(s.run(), s.run(number=2, state="alive")), ledger=s.ledger(s.end(outcome="failed"), starts=2), work=s.DARK)
    for task, attempts in ((s.after("failed"), 1), (again, 2), (s.claimed(), 0)):
        seen = s.observed(task)
        (step,) = reconcile(seen, s.policy()).steps
        assert show.task(task, step, s.policy(), None, {}, seen).attempts == attempts
