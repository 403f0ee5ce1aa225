"""What one tick sees: a task is an issue and everything seen of it; `Observed` is all of them and what stands."""

from collections.abc import Mapping
from typing import Literal

from console.core.actions import Action
from console.core.facts import (
    Changes,
    Claim,
    Command,
    CommitStatus,
    Graph,
    Issue,
    Lander,
    Ledger,
    Look,
    MergeFacts,
    Oid,
    Pull,
    Run,
    SlotSeen,
    Standing,
    Suite,
    Tree,
    Trunk,
    Verdict,
    Work,
    fact,
)


@fact
class Task:
    """An issue and everything seen of it. ``branch`` is the claim's, else the one it would get."""

    issue: Issue
    branch: str
    claim: Look[Claim | None]
    runs: Look[tuple[Run, ...]]  # its workers' runs, oldest first
    work: Look[Work | None]
    remote: Look[Oid | None]  # the branch on the forge
    wip: Look[Oid | None]  # the tip kept safe on the forge
    pull: Look[Pull | None]
    statuses: Look[Mapping[str, CommitStatus]]  # by context, on the pull's head
    ledger: Look[Ledger]
    merge: Look[MergeFacts | None]  # the pull's head (or the tip) with the trunk
    changes: Look[Changes | None]  # of the tip; None while there is none
    graph: Look[Graph]  # of all the commits above
    rescued: frozenset[Tree]  # snapshots kept in the hub
    has_repository: bool  # its bare clone stands on this machine
    foreign: bool = False  # no issue, but somebody else's pull, seen as one
    rides: bool = False  # that pull is to land


TroubleKind = Literal["moved", "later", "refused", "unsure", "bug"]


@fact
class Trouble:
    """An action that failed, remembered by this process alone: losing it only delays."""

    kind: TroubleKind  # unsure: it was sent and nobody knows whether it was done
    count: int
    at: float
    why: str


@fact
class Observed:
    """The world as one tick sees it; the only thing `reconcile` knows. ``now``: seconds since the epoch."""

    now: float
    standing: Standing
    forge: Look[str]  # the name of the forge that answered
    trunk: Look[Trunk]
    required: Look[tuple[str, ...]]  # globs of the statuses, ours aside, without which the forge merges nothing
    tasks: Mapping[int, Task]
    slots: Look[tuple[SlotSeen, ...]]
    checks: Look[tuple[Run, ...]]  # runs of purpose check, oldest first
    checkouts: frozenset[str]  # names of check worktrees still on disk
    trash: bool  # something lies in it
    commands: tuple[Command, ...]
    taken: tuple[str, ...]  # commands begun by an engine that is gone
    verdicts: Look[Mapping[tuple[Tree, Suite], Verdict]]
    recorded: frozenset[str]  # check runs whose verdict is written
    lander: Look[Lander | None]
    busy: Mapping[int | None, tuple[Action, ...]]
    troubles: Mapping[Action, Trouble]
