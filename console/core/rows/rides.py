"""Rows about somebody else's pull: shown with what it lacks, or landed like ours. No run, no claim and no worktree belong to it."""

from console.core.phrases import RIDE
from console.core.view import Do, View
from console.core.ways import tell


def shown(t: View) -> Do | None:
    """It does not ride, or cannot."""
    pull = t.open_pull
    if not pull:
        return None
    name = f"p{pull.number} is by {pull.by}"
    if pull.fork:
        return Do(stage="not_eligible", why=f"{name}, from a fork: its branch is not ours to move, so land it on the forge", yours=True)
    if not t.task.rides:
        lacks = "a draft; " if pull.draft else "" if pull.mergeable else "for the forge it conflicts, or is being compared; "
        how = f"`merge p{pull.number}` or the label {RIDE} lands it, checked like ours"
        return Do(stage="not_eligible", why=f"{name}; {lacks}{how}", yours=True)
    if pull.draft:
        return Do(stage="not_eligible", why=f"{name}, and a draft: it lands once that is taken off", yours=True)
    return None


def emptied(t: View) -> Do | None:
    """The trunk already has the tree that it would land as."""
    if not t.merge or not t.merge.empty:
        return None
    return tell(t, "emptied", f"{t.policy.trunk} already has all of this change", "")


def conflict(t: View) -> Do | None:
    """It does not merge with the trunk as it is now."""
    if not t.merge or not t.merge.conflicting:
        return None
    return tell(t, "conflict", f"it conflicts with {t.policy.trunk}", "\n".join(t.merge.conflicts))
