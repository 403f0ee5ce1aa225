"""Rows about a task's runs: the operator's words on them, one that lives, what one left, how the last went, the next."""

from console.core import actions as a
from console.core.facts import Oid, Outcome, Run, Tree, Work
from console.core.phrases import short, span
from console.core.view import Do, View
from console.core.ways import park, run, waits_for_worker

DOING = {
    "implement": "works on it",
    "again": "tries again",
    "checks": "mends what the check found",
    "ci": "mends what the forge's check found",
    "conflict": "brings the trunk in",
}
SAID = {"retry": "you asked for a new start", "stop": "you asked to stop", "pass": "you let its guarded change by"}
LOST = "nobody saw it end"
STOP_AGAIN_S = 15.0  # longer than the grace between TERM and KILL
STARTING_S = 5.0  # a shim takes its lock within 50 ms; on a busy machine within a second or two


def said(t: View) -> Do | None:
    """A word of the operator's that the ledger has not yet."""
    if t.issue.state == "closed":
        return None
    for word in (t.said("retry", str(t.n)), t.told_to_stop, t.pass_word):
        if word and word.id not in t.ledger.words:
            about = t.tip if word.do == "pass" else None
            return Do(stage="said", why=SAID[word.do], action=a.Note(issue=t.n, command=word.id, word=word.do, about=about))
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
    return Do(
        stage="working", why=f"{run.kind} {DOING.get(run.reason, run.reason)} in {run.slot} for {age}", evidence=(f"run {run.id} is alive",)
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
    why += other_model(run)
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
    """How an ended run went, and why: exit 0 alone is worth nothing, nothing it says may speak against it, there must be a change."""
    ended = run.ended
    if not ended or ended.why == "lost":
        return "lost", LOST
    if ended.why == "stopped":
        return "stopped", "you stopped it"
    if ended.why == "limit":
        return "limit", f"it ran into its limit of {span(t.policy.caps.run_s)}"
    if ended.why == "setup":
        return "setup", f"the project's setup ended with {ended.code}: {ended.detail}"
    if ended.result and ended.result.ok is False:
        return "failed", f"{run.kind} says: {ended.result.why}"
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


def other_model(run: Run) -> str:
    """That it was not the model which was expected, if it says so. A short name will do: the full ones have dates in them."""
    wanted, ran = run.about.get("model"), run.ended.result.model if run.ended and run.ended.result else None
    return f"; it ran {ran}, and not {wanted}" if wanted and ran and wanted.lower() not in ran.lower() else ""


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
    if last.outcome == "setup":
        return park(t, "retry", last.said)
    if t.ledger.attempts >= t.policy.caps.attempts:
        return park(t, "retry", f"{t.ledger.attempts} tries did not do it; the last: {last.said}")
    stage = "empty" if last.outcome == "empty" else "backoff"
    if t.seen.now < t.due:
        waits_for_worker(t)
        return Do(stage=stage, why=f"{last.said}; the next try is in {span(t.due - t.seen.now)}", due=t.due)
    return run(t, "retry", "again", last.said, f"Your last try did not count: {last.said}.")


def started_before(t: View) -> bool:
    """Whether a worker has been at it, so that there may be something on the branch."""
    return any(r.started for r in t.runs)


def launch(t: View) -> Do | None:
    """Claimed, and no worker has been at it, or nothing is left of what one did (it landed, and the issue was opened again)."""
    last = t.ledger.last
    if last and (last.outcome != "good" or t.tip):
        return None
    return run(t, "launch", "again" if started_before(t) else "implement", "it is claimed", "")
