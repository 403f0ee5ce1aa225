"""Rows about who a task belongs to: a stranger's branch, a closed issue, one left to a person, one that nobody has taken up."""

from console.core import actions as a
from console.core.facts import Oid
from console.core.phrases import command, is_trunk_bug, short
from console.core.view import Do, View
from console.core.ways import evidence, no_slot, park, tidy


def foreign(t: View) -> Do | None:
    """The branch of ours was moved or taken by a stranger, or the worktree is on another branch."""
    claim = t.ours
    if not claim or t.parked:
        return None
    remote, work = t.remote, t.work
    if remote and not claim.head and not kept(t, remote):
        return park(
            t,
            "foreign",
            f"the branch {claim.branch} is there already on the forge (at {short(remote)}) and is not ours: rename or delete it",
        )
    if remote and claim.head and not t.graph.made_from(remote, claim.head):
        return park(t, "foreign", f"somebody else moved {claim.branch} from {short(claim.head)} to {short(remote)}")
    if work and work.branch != claim.branch:
        return park(t, "foreign", f"the worktree {work.where} is on {work.branch or 'no branch'}, not on {claim.branch}: bring it back")
    return None


def kept(t: View, remote: Oid) -> bool:
    """Whether a branch that the claim does not name is our work of an earlier round: its tip was kept safe first."""
    wip = t.wip
    return bool(wip and (t.graph.has(remote, wip) or t.graph.made_from(remote, wip)))


def cancelled(t: View) -> Do | None:
    """The issue was closed by a person: our pull is closed, the work kept, the claim given back."""
    if t.issue.state == "open":
        return None
    why = "the issue was closed"
    if t.ours and t.open_pull and t.open_pull.head_branch == t.task.branch:
        return Do(stage="cancelled", why=f"{why}; so is its pull", action=a.ClosePull(issue=t.n, pull=t.open_pull.number))
    return tidy(t, why, None)


def parked(t: View) -> Do | None:
    """Something did not work and a person was asked; or the operator stopped it."""
    if t.parked:
        why = t.ledger.parked or "see the last comment on the issue"
        return Do(stage="parked", why=f"left to you: {why}. `retry {t.n}` takes it up again", yours=True)
    if t.ours and t.ledger.held:
        return Do(stage="on_hold", why=f"you stopped it. `retry {t.n}` takes it up again", yours=True)
    return None


def unclaimed(t: View) -> Do | None:
    """The claim is not ours: it waits, or is taken."""
    claim = t.claim
    if claim and claim.ours:
        return None
    if claim:
        return Do(stage="foreign", why=f"another console ({claim.holder}) has it", yours=True)
    if not t.eligible and not t.assigned:
        return not_eligible(t)
    if not t.policy.slots:
        return Do(stage="queued", why=no_slot(t), yours=True)
    if not t.may_claim:
        return Do(stage="queued", why="it waits for your word: `a` assigns it, `w` wakes an idle worker for what is next", yours=True)
    if t.room.in_flight >= t.policy.caps.in_flight:
        return Do(stage="queued", why=f"{t.room.in_flight} issues are in flight, which is the cap; landing comes first")
    held = untested_trunk(t)
    if held:
        return held
    broken = t.room.broken.open_pull if t.room.broken else None
    if broken and t.policy.broken_first:
        return Do(stage="queued", why=f"p{broken.number} is broken and waits for a worker; that comes first")
    plan = t.slot_for_run()
    if not plan:
        return Do(stage="queued", why=no_slot(t))
    t.room.in_flight += 1
    label = None if t.assigned else t.policy.pick_label
    take = a.TakeClaim(issue=t.n, branch=t.task.branch, label=label)
    return Do(stage="claim", why=f"it is next, and {plan.slot} is free", action=take)


def not_eligible(t: View) -> Do:
    skipped = sorted(set(t.issue.labels) & t.policy.skip_labels)
    if skipped:
        return Do(stage="not_eligible", why=f"its label {skipped[0]} says not to take it", yours=True)
    return Do(
        stage="not_eligible", why=f"it has no label {t.policy.pick_label}: `+` or `ops-console issue ready {t.n}` marks it", yours=True
    )


def untested_trunk(t: View) -> Do | None:
    """New work starts from a trunk that was tested."""
    if not t.policy.full:
        return Do(stage="queued", why="no check is known for this project, so nothing could land: set `check:` in ops.yaml", yours=True)
    verdict = t.trunk_verdict
    if verdict and (verdict.green or (verdict.final and is_trunk_bug(t.issue))):
        return None
    if verdict and verdict.final:
        t.room.trunk_red = t.room.trunk_red or t
        return Do(
            stage="held",
            why=f"the trunk itself is red on `{command(t.policy.full.command)}`: mend it first, nothing new is started on it",
            evidence=evidence(verdict),
            yours=True,
        )
    t.room.trunk_wanted = t.room.trunk_wanted or t
    return Do(stage="queued", why="the trunk is being checked before anything is started on it")
