"""Rows about a task's change: checked, published, proposed, on its way to the trunk, landed."""

from console.core import actions as a
from console.core.facts import Verdict
from console.core.phrases import short
from console.core.view import Do, View
from console.core.ways import check, park, red, run, tell, tidy


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


def emptied(t: View) -> Do | None:
    """The trunk already has the tree this pull would land as."""
    if not t.open_pull or not t.merge or not t.merge.empty:
        return None
    return park(
        t, "emptied", f"the trunk at {short(t.trunk.head)} already has all of this change: close p{t.open_pull.number} and the issue"
    )


def guarded(t: View) -> Do | None:
    """It touches what decides how it is checked, or leaves fewer tests: the operator looks at it first."""
    found, work = t.guarded, t.work
    if not found:
        return None
    look = (f"git -C {work.where} diff {short(t.trunk.head)}...{short(work.tip)}",) if work else ()
    why = f"it changes {', '.join(found[:5])}{' and more' if found[5:] else ''}: `pass {t.n}` lets it by as it is now"
    return Do(stage="guarded", why=why, evidence=(*look, *found), yours=True)


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


def ci_red(t: View) -> Do | None:
    """A check of the forge's own failed on this head, and the forge merges nothing without it."""
    pull, failed = t.open_pull, t.ci_red
    if not pull or not failed:
        return None
    why = f"{', '.join(failed)} failed on {short(pull.head)} for the forge"
    text = "\n".join(f"{name}: {status.state}. {status.said} {status.url}".rstrip() for name, status in failed.items())
    if t.task.foreign:
        return tell(t, "red", why, text)
    if t.ledger.attempts >= t.policy.caps.attempts:
        return park(t, "red", f"{why}, after {t.ledger.attempts} tries. {text}")
    return run(t, "red", "ci", why, text)


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
