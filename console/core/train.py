"""Pulls on their way to the trunk: who is first, and what is done to land it. One at a time.

A verdict is keyed by tree, and the tree a pull lands as is known beforehand: its head merged with the trunk. So nothing lands that
was not checked as exactly that tree, whatever the forge does with commit ids.
"""

from collections.abc import Sequence
from dataclasses import replace

from console.core import actions as a
from console.core.facts import Blind, Known, Lander, Landing, Pull, Verdict
from console.core.order import rank
from console.core.phrases import CONTEXT, short, span
from console.core.view import Do, Unseen, View
from console.core.ways import check, evidence, park, red, run, tell

LAG_LOOKS = 60  # a second apart
STAYS = ("aboard", "unchecked", "checking", "unknown")  # stages in which the first keeps its place


def line(aboard: Sequence[View]) -> list[View]:
    """Who lands first: what is being landed already, then `merge --first`, then priority, bugs, age."""

    def place(t: View) -> tuple[bool, bool, tuple[int, int, int]]:
        word = t.merge_word
        landing = lander(t).landing if not isinstance(t.seen.lander, Blind) and lander(t) else None
        return (not (landing and landing.issue == t.n), not (word and word.args.get("first")), rank(t.issue))

    return sorted(aboard, key=place)


def keeps_its_place(t: View) -> bool:
    """Whether a pull whose new head the forge does not show yet is waited for: it was never seen to take more than a few seconds."""
    return isinstance(t.task.remote, Known) and t.task.remote.times < LAG_LOOKS


def lander(t: View) -> Lander:
    """The landing lease as seen; one that names nothing when there is none."""
    look = t.seen.lander
    if isinstance(look, Blind):
        raise Unseen("lander", look)
    return look.value or Lander(oid=a.NO_LANDER, ours=True, fresh=True, landing=None)


def plan(t: View, pull: Pull) -> Do:
    """What is done next for the first in line."""
    merge = t.merge
    if not merge or not merge.tree or (merge.onto, merge.head) != (t.trunk.head, pull.head):
        return Do(stage="aboard", why=f"p{pull.number} is being compared with the trunk")
    if not t.policy.full:
        return Do(stage="aboard", why="no check is known for this project: set `check:` in ops.yaml")
    known = t.verdict(t.trunk.tree, (t.policy.full,))
    if not known or not known.final:
        t.room.trunk_wanted = t.room.trunk_wanted or t
        return Do(stage="aboard", why=f"{t.policy.trunk} at {short(t.trunk.head)} is being checked before anything lands on it")
    verdict = check(t, merge.tree, t.policy.full, "full", (merge.onto, pull.head))
    if isinstance(verdict, Do):
        return replace(verdict, why=f"as it would land on {short(merge.onto)}: {verdict.why}")
    if not verdict.green and not known.green:
        return on_a_red_trunk(t, known)
    if not verdict.green:
        return landing_red(t, verdict)
    trunk = t.trunk
    if not t.graph.has(trunk.head, pull.head) or t.graph.trees.get(pull.head) != merge.tree:
        claim = None if t.task.foreign else t.mine.oid
        move = a.Move(issue=t.n, claim=claim, branch=t.task.branch, head=pull.head, trunk=trunk.head, tree=merge.tree)
        return Do(stage="aboard", why=f"it is being put on top of {t.policy.trunk} at {short(trunk.head)}", action=move)
    return land(t, pull, Landing(pull=pull.number, issue=t.n, head=pull.head, trunk=trunk.head, tree=merge.tree), verdict)


def on_a_red_trunk(t: View, known: Verdict) -> Do:
    """Green by itself, and no worker could mend it: what is wrong came with somebody's own commit."""
    why = f"the check fails on top of {t.policy.trunk} at {short(t.trunk.head)}, and on that alone as well: mend the trunk first"
    return Do(stage="held", why=why, evidence=evidence(known), yours=True)


def landing_red(t: View, verdict: Verdict) -> Do:
    """Green by itself, red on top of the trunk as it is now."""
    if t.task.foreign:
        return tell(t, "red", f"the check fails on it merged with {t.policy.trunk}", verdict.said[-2000:])
    if t.ledger.attempts >= t.policy.caps.attempts:
        return red(t, verdict)
    told = f"This is how it fails merged with {t.policy.trunk} as it is now; bring that in first (`git merge origin/{t.policy.trunk}`).\n\n"
    return run(t, "red", "checks", f"green alone, but the check fails on top of {t.policy.trunk}", told + verdict.said)


def forge_checks(t: View, pull: Pull) -> Do | None:
    """What the forge's own checks still lack on the head as it will be merged; None: nothing."""
    waits = t.waits_for
    if not waits:
        return None
    names = ", ".join(waits)
    since = max(pull.updated, t.ledger.baseline)
    late = t.policy.caps.missing_s
    if t.seen.now - since > late and not t.pending:
        why = f"nobody has posted {names} on {short(pull.head)} for {span(late)}: let the forge's CI post it, or take it off the required"
        return park(t, "checks_missing", f"{why} statuses of {t.policy.trunk}")
    return Do(
        stage="checking", why=f"the forge's own check {names} is awaited on {short(pull.head)}", due=None if t.pending else since + late
    )


def land(t: View, pull: Pull, landing: Landing, verdict: Verdict) -> Do:
    """Tested as the tree it will be: say so on the forge, then merge."""
    held = lander(t)
    if wait := forge_checks(t, pull):
        return wait
    ours = t.statuses.get(CONTEXT)
    if held.landing != landing or not ours or ours.state != "success":
        oid = None if held.oid == a.NO_LANDER else held.oid
        return Do(
            stage="aboard",
            why=f"tree {short(landing.tree, 12)} is being blessed",
            action=a.Bless(landing=landing, lander=oid, run=verdict.run),
        )
    if not held.fresh and isinstance(t.task.pull, Known) and t.task.pull.times < 2:
        return Do(stage="aboard", why="an engine that is gone was landing it; the forge is asked once more what came of it")
    return Do(stage="aboard", why=f"p{pull.number} is being merged, squashed", action=a.Merge(landing=landing, lander=held.oid))
