"""What the engine can do: one frozen dataclass each, its docstring is its spec.

An action carries what it was decided on. `perform` compares that with the world, does nothing and says `Moved` when it differs,
and may be asked to do the same action twice.
"""

from collections.abc import Mapping

from console.core.facts import Landing, Oid, Outcome, RunId, Slot, Suite, Tree, fact


@fact
class TakeClaim:
    """Read the issue again, then push a claim on it, which nobody may have. Somebody faster → Moved."""

    issue: int
    branch: str
    label: str | None  # the label it must still carry; None when the operator named it


@fact
class Note:
    """Write the operator's word into the ledger, keyed by the command's id; `retry` takes the parked label off first."""

    issue: int
    command: str
    word: str
    about: Oid | None = None  # the head that a `pass` lets by


@fact
class Provision:
    """Make the task's repository and worktree at ``at``, on its branch; what stands half made is quarantined."""

    issue: int
    claim: Oid
    branch: str
    at: Oid


@fact
class FastForward:
    """Bring the worktree from ``was`` to ``now``, the head the engine made of it."""

    issue: int
    was: Oid
    now: Oid


@fact
class Launch:
    """Reserve the run (its folder is its entry in the ledger), then start the worker in the slot's window.

    Claim, issue and worktree are compared first.
    """

    issue: int
    claim: Oid
    run: RunId
    kind: str
    slot: Slot
    reason: str  # implement, again, checks, conflict: the prompt's template
    on: Oid  # the worktree's tip
    text: str  # what the worker is told besides the issue


@fact
class Void:
    """Write "lost" where no exit was written; a shim that comes late finds it and ends."""

    issue: int | None
    run: RunId


@fact
class Stop:
    """TERM, grace, KILL for a run; its work stays."""

    issue: int | None
    run: RunId
    why: str


@fact
class Commit:
    """Commit what a good run left uncommitted, in the worker's environment, so that the project's hooks run."""

    issue: int
    run: RunId
    tip: Oid
    snapshot: Tree


@fact
class Rescue:
    """Keep a snapshot of the worktree in the hub, without touching it."""

    issue: int
    run: RunId
    snapshot: Tree


@fact
class KeepSafe:
    """Push the tip to `refs/ops/wip` on the forge; that ref only grows."""

    issue: int
    was: Oid | None
    tip: Oid


@fact
class Book:
    """Write a run's end into the ledger."""

    issue: int
    run: RunId
    outcome: Outcome
    tip: Oid
    tree: Tree
    said: str


@fact
class StartCheck:
    """Check ``tree`` in a clean clone of its own: one of ``parents`` has it, or a commit of it is made on them."""

    issue: int | None  # None: the trunk
    run: RunId
    tree: Tree
    suite: Suite
    parents: tuple[Oid, ...]
    bay: Slot
    part: str  # fast, full


@fact
class Record:
    """Read how a check ended, see that the tracked files are still the tree, and write the verdict."""

    run: RunId
    tree: Tree

    @property
    def issue(self) -> int | None:
        return None


@fact
class Publish:
    """Move the branch from ``was`` to ``now`` and the claim with it, in one atomic push."""

    issue: int
    claim: Oid
    branch: str
    was: Oid | None
    now: Oid


@fact
class Propose:
    """Open the pull, or adopt the one that is there."""

    issue: int
    branch: str
    head: Oid


@fact
class Move:
    """Put the branch on top of the trunk: a commit of ``tree`` on head and trunk, pushed with a lease; nothing is rebased."""

    issue: int
    claim: Oid | None  # None: the branch is somebody else's
    branch: str
    head: Oid
    trunk: Oid
    tree: Tree


@fact
class Bless:
    """Say what is being landed in the lander's ref, then post the status for the tested tree on the head."""

    landing: Landing
    lander: Oid | None
    run: RunId  # the check that passed

    @property
    def issue(self) -> int:
        return self.landing.issue


@fact
class Merge:
    """Squash the pull, pinned to the head, then fetch the trunk and compare it with the tested tree."""

    landing: Landing
    lander: Oid

    @property
    def issue(self) -> int:
        return self.landing.issue


@fact
class Report:
    """Open the issue that says that the trunk is red, unless the forge has it already."""

    trunk: Oid
    command: str
    said: str

    @property
    def issue(self) -> int | None:
        return None


@fact
class Prove:
    """Say on the issue what landed and which tree was tested, then close it if the forge has not."""

    issue: int
    pull: int
    commit: Oid
    tree: Tree


@fact
class Tell:
    """Say something to the author of somebody else's pull: one comment, written anew; ``key`` is noted, and then it has been said."""

    issue: int
    key: str
    text: str


@fact
class ClosePull:
    """Close our pull because its issue was closed; an issue that is open again → Moved."""

    issue: int
    pull: int


@fact
class RemoveWork:
    """Take away a task's worktree and repository: renamed into the trash, or quarantined if it holds what no rescue has kept."""

    issue: int
    found: tuple[Oid, Tree] | None  # tip and snapshot; None: there is no whole worktree


@fact
class DropRefs:
    """Delete branch, wip and claim on the forge in one atomic push, each only where it was seen."""

    issue: int
    claim: Oid
    branch: tuple[str, Oid] | None
    wip: Oid | None
    keep: bool  # wip has what the merged head has not


@fact
class Park:
    """Leave it to a person: the reason as a comment, then the label that says so."""

    issue: int
    why: str


@fact
class Interrupt:
    """Type C-c into a live run's pane, once; the command is taken out first, so that a crash never repeats it."""

    command: str
    slot: Slot
    run: RunId

    @property
    def issue(self) -> int | None:
        return None


@fact
class Sweep:
    """Delete a check's clone whose verdict is written, and what lies in the trash."""

    checkouts: tuple[str, ...]

    @property
    def issue(self) -> int | None:
        return None


@fact
class DropLander:
    """Delete the lander's ref: nothing is being landed."""

    lander: Oid

    @property
    def issue(self) -> int | None:
        return None


@fact
class Freeze:
    """Nothing lands until the operator has looked: the trunk has something that was not tested as that tree."""

    commit: Oid
    why: str

    @property
    def issue(self) -> int | None:
        return None


Action = (
    TakeClaim
    | Note
    | Provision
    | FastForward
    | Launch
    | Void
    | Stop
    | Commit
    | Rescue
    | KeepSafe
    | Book
    | StartCheck
    | Record
    | Publish
    | Propose
    | Move
    | Bless
    | Merge
    | Report
    | Prove
    | Tell
    | ClosePull
    | RemoveWork
    | DropRefs
    | Park
    | Interrupt
    | Sweep
    | DropLander
    | Freeze
)

NO_LANDER = Oid("")  # there is no lander's ref yet

STARTS = (TakeClaim, Provision, FastForward, Launch)  # held by a pause
LANDS = (Move, Bless, Merge)  # held by a freeze
# What watch leaves alone: it starts, publishes and lands nothing, but what has ended is kept and booked.
WATCHES = (Note, Void, Stop, Rescue, KeepSafe, Book, Record, Interrupt, Sweep, Freeze)

# What the journal calls them.
WORDS: Mapping[type, str] = {
    TakeClaim: "claim",
    Note: "note",
    Provision: "provision",
    FastForward: "follow",
    Launch: "launch",
    Void: "void",
    Stop: "stop",
    Commit: "commit",
    Rescue: "rescue",
    KeepSafe: "keep",
    Book: "book",
    StartCheck: "check",
    Record: "verdict",
    Publish: "publish",
    Propose: "propose",
    Move: "move",
    Bless: "bless",
    Merge: "merge",
    Report: "report",
    Prove: "prove",
    Tell: "tell",
    ClosePull: "close",
    RemoveWork: "remove",
    DropRefs: "release",
    Park: "park",
    Interrupt: "interrupt",
    Sweep: "sweep",
    DropLander: "unload",
    Freeze: "freeze",
}


def word(action: Action) -> str:
    return WORDS[type(action)]
