"""Ways of going on that several rows of the stage table share: check a tree, start a run, tidy up, leave it to a person."""

from console.core import actions as a
from console.core.facts import Oid, RunId, Tree, Verdict
from console.core.phrases import command, short, span, told
from console.core.policy import CheckPlan
from console.core.view import Do, View

TIDY = "all is tidy"


def check(t: View, tree: Tree, plan: CheckPlan, part: str, parents: tuple[Oid, ...], *, either: bool = False) -> Verdict | Do:
    """The final verdict on ``tree``, or what is done to get one."""
    found = t.verdict(tree, (t.policy.full, t.policy.fast) if either else (plan,))
    if found and found.final:
        return found
    runs = t.checks(tree, plan.suite)
    if runs:
        last = runs[-1]
        if last.state in ("reserved", "alive"):
            why = f"`{command(plan.command)}` runs in {last.slot} for {span(t.seen.now - last.began)}"
            return Do(stage="checking", why=why, evidence=(f"tree {short(tree, 12)}",))
        if last.id not in t.seen.recorded:
            return Do(stage="checking", why="its check has ended; the verdict is being written")
    run = RunId(f"c-{tree[:12]}-{plan.suite[:8]}-{len(runs) + 1}")
    if run in t.room.checking:
        return Do(stage="checking", why="the same tree is being checked for another issue")
    bay = t.bay_for_check()
    if not bay:
        return Do(stage="unchecked", why="every bay is busy with other checks")
    t.room.checking.add(run)
    again = "once more, to see whether it was a flake" if found else f"with `{command(plan.command)}`"
    start = a.StartCheck(issue=t.n, run=run, tree=tree, suite=plan.suite, parents=parents, bay=bay, part=part)
    return Do(stage="unchecked", why=f"tree {short(tree, 12)} is checked {again}", action=start)


def evidence(verdict: Verdict) -> tuple[str, ...]:
    """The last line that a check left, and the run to read the rest in."""
    last = verdict.said.strip().rsplit("\n", 1)[-1]
    return (f"{last} ({verdict.run})",)


def red(t: View, verdict: Verdict) -> Do:
    """The check said no, twice: one more run, told what failed."""
    why = f"the check failed on tree {short(verdict.tree, 12)}, {verdict.tries} times"
    if t.ledger.attempts >= t.policy.caps.attempts:
        return park(t, "red", f"{why}, after {t.ledger.attempts} tries. Its last words: {verdict.said[-300:]}")
    return run(t, "red", "checks", why, verdict.said)


def run(t: View, stage: str, reason: str, why: str, text: str) -> Do:
    """A worker is started, once there are a slot and a worktree for it."""
    work, plan = t.work, t.slot_for_run()
    if not plan:
        waits_for_worker(t)
        return Do(stage=stage if work else "provision", why=f"{why}; {no_slot(t)}")
    if not work:
        at = t.wip or t.remote or t.trunk.head
        make = a.Provision(issue=t.n, claim=t.mine.oid, branch=t.mine.branch, at=at)
        return Do(stage="provision", why=f"{why}; its worktree is being made at {short(at)}", action=make)
    remote = t.remote
    if remote and not work.dirty and work.tip != remote and t.graph.made_from(remote, work.tip):
        go = a.FastForward(issue=t.n, was=work.tip, now=remote)
        return Do(stage="behind", why=f"{why}; its worktree follows the branch to {short(remote)}", action=go)
    number = RunId(f"{t.n}-{t.ledger.starts + 1}")
    start = a.Launch(issue=t.n, claim=t.mine.oid, run=number, kind=plan.kind, slot=plan.slot, reason=reason, on=work.tip, text=text)
    return Do(stage=stage, why=f"{why}; {plan.kind} starts in {plan.slot}", action=start)


def waits_for_worker(t: View) -> None:
    """A pull that is broken comes before new work."""
    if t.open_pull:
        t.room.broken = t.room.broken or t


def no_slot(t: View) -> str:
    if not t.policy.slots:
        return "there are no workers: set `workers:` in ops.yaml"
    wanted = t.assigned.args.get("slot") if t.assigned else None
    return f"{wanted} is busy" if wanted else "every worker is busy"


def tidy(t: View, why: str, head: Oid | None) -> Do:
    """The rungs of tidying up. ``head``: the merged head, None when nothing landed: then nothing of the work is deleted."""
    stage = "merged" if head else "cancelled"
    work, run = t.work, t.run
    if work:
        kept = any(there and t.graph.has(work.tip, there) for there in (head, t.wip, t.trunk.head))
        if (work.dirty or not kept) and work.snapshot not in t.task.rescued:
            rescue = a.Rescue(issue=t.n, run=run.id if run else RunId(f"{t.n}-0"), snapshot=work.snapshot)
            return Do(stage=stage, why=f"{why}; what is left in its worktree is being kept", action=rescue)
    if work or t.task.has_repository:
        remove = a.RemoveWork(issue=t.n, found=(work.tip, work.snapshot) if work else None)
        return Do(stage=stage, why=f"{why}; its worktree is being taken away", action=remove)
    claim = t.ours
    if claim:
        branch = (claim.branch, t.remote) if head and t.remote and t.graph.made_from(head, t.remote) else None
        wip = t.wip if head else None
        keep = bool(head and wip and not t.graph.has(wip, head))
        drop = a.DropRefs(issue=t.n, claim=claim.oid, branch=branch, wip=wip, keep=keep)
        return Do(stage=stage, why=f"{why}; branch and claim are being let go", action=drop)
    return Do(stage=stage, why=f"{why}; {TIDY}")


def park(t: View, stage: str, why: str) -> Do:
    return Do(stage=stage, why=why, action=a.Park(issue=t.n, why=why))


def tell(t: View, stage: str, why: str, text: str) -> Do:
    """Somebody else's pull cannot land as it is: its author is told, once a head. ``text``: what a program said about it."""
    pull = t.open_pull
    key = f"ride-{stage}-{short(pull.head if pull else '')}"
    if key in t.ledger.noted:
        return Do(stage=stage, why=f"{why}; its author was told, and a new head is looked at again", yours=True)
    return Do(stage=stage, why=f"{why}; its author is being told", action=a.Tell(issue=t.n, key=key, text=told(why, text)))
