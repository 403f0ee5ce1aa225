"""The ordered stage table: a function a row, first match wins. Read this first.

A row's docstring is its sentence. A row returns `Do`, or None when it does not apply; reading a blind sense raises, and the stage
is then unknown. Rows never speak of watch, pause or freeze: `reconcile` filters afterwards.
"""

from collections.abc import Callable

from console.core import actions as a
from console.core.facts import Oid, Outcome, Run, Tree, Verdict, Work
from console.core.phrases import command, short, span
from console.core.view import Do, View
from console.core.ways import check, evidence, no_slot, park, red, run, tidy

LOST = "nobody saw it end"
STOP_AGAIN_S = 15.0  # longer than the grace between TERM and KILL
STARTING_S = 5.0  # a shim takes its lock within 50 ms; on a busy machine within a second or two


def said(t: View) -> Do | None:
    """A word of the operator's that the ledger has not yet."""
    if t.issue.state == "closed":
        return None
    for word in (t.said("retry", str(t.n)), t.told_to_stop):
        if word and word.id not in t.ledger.words:
            why = "you asked for a new start" if word.do == "retry" else "you asked to stop"
            return Do(stage="said", why=why, action=a.Note(issue=t.n, command=word.id, word=word.do))
    return None


def working(t: View) -> Do | None:
    """A worker's run is reserved or alive."""
    run = t.run
    if not run or run.state not in ("reserved", "alive"):
        return None
    age = span(t.seen.now - run.began)
    if run.state == "reserved":
        gone = a.Void(issue=t.n, run=run.id) if never_began(run, t.runs_seen, t.seen.now) else None
        return Do(stage="working", why=f"{run.kind} starts in {run.slot}", action=gone)
    stop = reason_to_stop(t)
    if stop:
        # Said once it is kept, by TERM and then KILL; again only in case whoever was to do it is gone.
        due = run.told is None or t.seen.now - run.told > STOP_AGAIN_S
        action = a.Stop(issue=t.n, run=run.id, why=stop) if due else None
        return Do(stage="working", why=f"{run.kind} in {run.slot} is being stopped: {stop}", action=action)
    doing = {"implement": "works on it", "again": "tries again", "checks": "mends what the check found", "conflict": "brings the trunk in"}
    return Do(
        stage="working", why=f"{run.kind} {doing.get(run.reason, run.reason)} in {run.slot} for {age}", evidence=(f"run {run.id} is alive",)
    )


def never_began(run: Run, seen: int, now: float) -> bool:
    """A run that was reserved and did not start, seen so twice."""
    return run.state == "reserved" and seen >= 2 and now - run.began > STARTING_S


def reason_to_stop(t: View) -> str | None:
    if t.ledger.held or t.said("leave", "all"):
        return "you asked for it"
    if t.issue.state == "closed":
        return "the issue was closed"
    if t.parked:
        return "the issue was left to you"
    return None


def leftover(t: View) -> Do | None:
    """A run ended, and its work is not kept, or its end not booked."""
    run = t.run
    if not run or any(end.run == run.id for end in t.ledger.ends):
        return None
    if not run.started:
        outcome, why = unstarted(run)
        return book(t, run, outcome, t.tip or t.trunk.head, why)
    work = t.work
    if not work:
        return book(t, run, "failed", t.tip or t.trunk.head, "its worktree is gone")
    outcome, why = went(t, run, work)
    if work.dirty:
        if outcome == "good" and run.id not in t.ledger.refused:
            commit = a.Commit(issue=t.n, run=run.id, tip=work.tip, snapshot=work.snapshot)
            return Do(stage="leftover", why=f"{run.kind} left its work uncommitted; it is being committed", action=commit)
        if work.snapshot not in t.task.rescued:
            keep = a.Rescue(issue=t.n, run=run.id, snapshot=work.snapshot)
            return Do(stage="leftover", why="what the run left uncommitted is being kept", action=keep)
    if t.ours and not t.graph.has(work.tip, t.trunk.head) and not (t.wip and t.graph.has(work.tip, t.wip)):
        safe = a.KeepSafe(issue=t.n, was=t.wip, tip=work.tip)
        return Do(stage="leftover", why=f"its tip {short(work.tip)} is being kept safe on the forge", action=safe)
    return book(t, run, outcome, work.tip, why, work.tree)


def book(t: View, run: Run, outcome: Outcome, tip: Oid, why: str, tree: Tree | None = None) -> Do:
    tree = tree or t.graph.trees.get(tip) or t.trunk.tree
    return Do(
        stage="leftover",
        why=f"run {run.id} ended: {why}",
        action=a.Book(issue=t.n, run=run.id, outcome=outcome, tip=tip, tree=tree, said=why),
    )


def unstarted(run: Run) -> tuple[Outcome, str]:
    """How a run ended whose worker never lived: stopped before, refused (no such command), or nobody knows."""
    why = run.ended.why if run.ended else "lost"
    if why == "stopped":
        return "stopped", "you stopped it"
    if run.ended and why == "refused":
        return "failed", run.ended.detail or "it could not be started"
    return "lost", "it was never started"


def went(t: View, run: Run, work: Work) -> tuple[Outcome, str]:
    """How an ended run went, and why: exit 0 alone is worth nothing, there must be a change on the right branch."""
    ended = run.ended
    if not ended or ended.why == "lost":
        return "lost", LOST
    if ended.why == "stopped":
        return "stopped", "you stopped it"
    if ended.why == "limit":
        return "limit", f"it ran into its limit of {span(t.policy.caps.run_s)}"
    if ended.failed:
        return "failed", f"{run.kind} says: {ended.detail}"
    if ended.code != 0:
        return "failed", f"it ended with {ended.code}" + (f": {ended.detail}" if ended.detail else "")
    if work.branch != t.task.branch:
        return "failed", f"it left the branch {t.task.branch} (the worktree is on {work.branch or 'no branch'})"
    if run.id in t.ledger.refused:
        return "failed", f"the project's commit hook refused its work: {t.ledger.refused[run.id]}"
    on, trunk = Oid(run.about.get("on", "")), t.trunk.head
    # A merge of the trunk is a change even when the files come out as they were: what conflicted, or failed on top of it, is settled.
    brought_in = t.graph.has(trunk, work.tip) and not t.graph.has(trunk, on)
    if work.snapshot == t.graph.trees.get(on) and not brought_in:
        if t.ledger.cut_short and not t.graph.has(work.tip, trunk):
            return "good", "it ended well, and found whole what the run before it had left"
        return "empty", "it ended well but changed nothing"
    return "good", "it ended well, with a change"


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


def merged(t: View) -> Do | None:
    """Its pull is merged and the trunk has the commit: tidy up, one rung a tick."""
    pull = t.pull
    if not pull or (pull.state == "closed" and not pull.merged):
        return None
    landed = t.landed
    if landed and not pull.merged:
        # Looked at between the two: what the trunk has already is neither pushed again nor left to a person.
        return Do(stage="merged", why=f"landed as {short(landed.commit)}; the forge still shows p{pull.number} open")
    if not pull.merged:
        return None
    if not landed:
        return Do(stage="merged", why=f"p{pull.number} is merged; the trunk as fetched does not have it yet")
    why = f"landed as {short(landed.commit)} by p{pull.number}"
    told = f"proof-p{pull.number}"
    if told not in t.ledger.noted or t.issue.state == "open":
        prove = a.Prove(issue=t.n, pull=pull.number, commit=landed.commit, tree=landed.tree)
        return Do(stage="merged", why=f"{why}; its proof is being written on the issue", action=prove)
    return tidy(t, why, pull.head)


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
    verdict = t.verdict(t.trunk.tree, (t.policy.full,))
    if verdict and verdict.green:
        return None
    if verdict and verdict.final:
        return Do(
            stage="held",
            why=f"the trunk itself is red on `{command(t.policy.full.command)}`: mend it first, nothing new is started on it",
            evidence=evidence(verdict),
            yours=True,
        )
    t.room.trunk_wanted = t.room.trunk_wanted or t
    return Do(stage="queued", why="the trunk is being checked before anything is started on it")


def emptied(t: View) -> Do | None:
    """The trunk already has the tree this pull would land as."""
    if not t.open_pull or not t.merge or not t.merge.empty:
        return None
    return park(
        t, "emptied", f"the trunk at {short(t.trunk.head)} already has all of this change: close p{t.open_pull.number} and the issue"
    )


def ended_badly(t: View) -> Do | None:
    """The last run was no success: wait, then one more, until the cap."""
    last, cut = t.ledger.last, t.ledger.cut_short
    if t.ledger.lost >= t.policy.caps.lost or t.ledger.unstarted >= t.policy.caps.unstarted:
        return park(t, "retry", f"{t.ledger.lost + t.ledger.unstarted} runs in a row were lost: {cut.said if cut else LOST}")
    if cut and t.run and t.run.id == cut.run and t.run.started and cut.tip != t.run.about.get("on"):
        # What it left may be half of something: it is gone on with, and not checked as if it were whole.
        return run(
            t, "retry", "again", f"the last run was cut short ({cut.said})", "The last run on this was cut short before it could end."
        )
    if not last or last.outcome == "good":
        return None
    if last.at <= t.ledger.baseline:
        return run(t, "retry", "again", "you asked for another try", "")
    if t.ledger.attempts >= t.policy.caps.attempts:
        return park(t, "retry", f"{t.ledger.attempts} tries did not do it; the last: {last.said}")
    stage = "empty" if last.outcome == "empty" else "backoff"
    if t.seen.now < t.due:
        return Do(stage=stage, why=f"{last.said}; the next try is in {span(t.due - t.seen.now)}", due=t.due)
    return run(t, "retry", "again", last.said, f"Your last try did not count: {last.said}.")


def started_before(t: View) -> bool:
    """Whether a worker has been at it, so that there may be something on the branch."""
    return any(r.started for r in t.runs)


def unchecked(t: View) -> Do | None:
    """The last run was good; its tree is checked before anybody sees it."""
    last = t.ledger.last
    if not last or not t.tip:
        return None
    if not t.tree:
        return Do(stage="unknown", why=f"the tree of {short(t.tip)} cannot be read")
    if not t.policy.fast:
        return park(t, "unchecked", "no check is known for this project: set `check:` in ops.yaml")
    verdict = check(t, t.tree, t.policy.fast, "fast", (t.tip,), either=True)
    return red(t, verdict) if isinstance(verdict, Verdict) and not verdict.green else verdict if isinstance(verdict, Do) else None


def unpublished(t: View) -> Do | None:
    """Green here, and the branch on the forge does not have it."""
    tip = t.tip
    if not tip or (t.remote and t.graph.has(tip, t.remote)):
        return None
    push = a.Publish(issue=t.n, claim=t.mine.oid, branch=t.mine.branch, was=t.remote, now=tip)
    return Do(stage="unpublished", why=f"green; the branch {t.mine.branch} is being pushed", action=push)


def no_pull(t: View) -> Do | None:
    """Pushed, and no pull is open for it; or the forge has not seen the push yet."""
    remote, pull = t.remote, t.open_pull
    if not remote:
        return None
    if not pull:
        if t.pull and not t.pull.merged and t.pull.updated > t.ledger.baseline:
            return park(t, "no_pull", f"its pull p{t.pull.number} was closed by somebody: it is not opened again")
        return Do(stage="no_pull", why="its pull is being opened", action=a.Propose(issue=t.n, branch=t.mine.branch, head=remote))
    if pull.head != remote:
        return Do(stage="lagging", why=f"the forge still shows p{pull.number} at {short(pull.head)}; the branch is at {short(remote)}")
    return None


def conflict(t: View) -> Do | None:
    """It does not merge with the trunk as it is now."""
    merge = t.merge
    if not t.open_pull or not merge or not merge.conflicting:
        return None
    files = ", ".join(merge.conflicts[:5])
    if t.ledger.attempts >= t.policy.caps.attempts:
        return park(t, "conflict", f"it conflicts with {t.policy.trunk} in {files}, after {t.ledger.attempts} tries")
    return run(t, "conflict", "conflict", f"it conflicts with {t.policy.trunk} in {files}", "\n".join(merge.conflicts))


def waiting(t: View) -> Do | None:
    """Everything is there but the operator's word."""
    pull = t.open_pull
    if not pull or t.may_land:
        return None
    return Do(
        stage="waiting",
        why=f"p{pull.number} waits for your word: `m` lands it, still checked",
        yours=True,
        evidence=(f"tree {short(t.tree, 12)} is green",),
    )


def aboard(t: View) -> Do | None:
    """Ready: the train decides when it lands."""
    return Do(stage="aboard", why="it is ready to land") if t.open_pull else None


def launch(t: View) -> Do | None:
    """Claimed, and no worker has been at it, or nothing is left of what one did (it landed, and the issue was opened again)."""
    last = t.ledger.last
    if last and (last.outcome != "good" or t.tip):
        return None
    return run(t, "launch", "again" if started_before(t) else "implement", "it is claimed", "")


ROWS: tuple[tuple[int, Callable[[View], Do | None]], ...] = (
    (0, said),
    (1, working),
    (2, leftover),
    (3, foreign),
    (4, merged),
    (5, cancelled),
    (6, parked),
    (7, unclaimed),
    (12, ended_badly),
    (25, launch),
    (14, unchecked),
    (15, unpublished),
    (16, no_pull),
    (9, emptied),
    (18, conflict),
    (20, waiting),
    (21, aboard),
)
