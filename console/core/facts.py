"""What the console sees: one frozen type each. Nothing here is decided; what follows from a fact is a property."""

from collections.abc import Mapping
from itertools import takewhile
from typing import Generic, Literal, NewType, TypeVar

from panes.seen import Oid, Run, RunId, Slot, SlotSeen, Tree, Work, fact

__all__ = ["Oid", "Run", "RunId", "Slot", "SlotSeen", "Tree", "Work", "fact"]

T_co = TypeVar("T_co", covariant=True)
Outcome = Literal["good", "empty", "failed", "setup", "limit", "stopped", "lost"]
CUT_SHORT: tuple[Outcome, ...] = ("lost", "stopped")
Suite = NewType("Suite", str)  # digest of what checking means: setup, command, environment
Mode = Literal["watch", "assist", "auto"]


@fact
class Known(Generic[T_co]):
    """A sense that answered. ``at``: when (seconds since the epoch); ``times``: equal looks in a row, 1 for the first."""

    value: T_co
    at: float
    times: int = 1


@fact
class Blind:
    """A sense that did not answer. It proves nothing absent."""

    why: str
    since: float


Look = Known[T_co] | Blind


@fact
class Comment:
    """A comment on an issue, as the forge has it."""

    id: int
    by: str
    body: str


@fact
class Issue:
    """An issue on the forge. Times are seconds since the epoch."""

    number: int
    title: str
    body: str
    state: Literal["open", "closed"]
    labels: tuple[str, ...]
    created: float
    updated: float
    url: str
    closed: float | None = None


@fact
class Pull:
    """A pull request. ``merged_as``: the commit on the trunk. ``mergeable`` is the forge's opinion, cached there: never proof."""

    number: int
    title: str
    body: str
    state: Literal["open", "closed"]
    merged: bool
    merged_as: Oid | None
    head_branch: str
    head: Oid
    base_branch: str
    mergeable: bool
    by: str
    created: float
    updated: float
    url: str
    labels: tuple[str, ...] = ()
    draft: bool = False
    fork: bool = False  # its branch is in another repository


@fact
class CommitStatus:
    """What was posted on a commit under a name. ``state``: pending, success, failure, error, or whatever somebody sent."""

    state: str
    said: str = ""
    url: str = ""

    @property
    def green(self) -> bool:
        """As the forges count it; a word that they do not know is pending."""
        return self.state in ("success", "warning", "skipped")

    @property
    def red(self) -> bool:
        return self.state in ("failure", "error")


@fact
class Command:
    """What the operator asked. ``target`` is an address (12, p31, w07); ``pinned`` the head it was said about."""

    id: str
    do: str
    target: str
    args: Mapping[str, str]
    by: str
    at: float
    not_before: float | None
    pinned: Oid | None


@fact
class Answer:
    """What became of a command, in a sentence."""

    command: str
    outcome: Literal["granted", "waiting", "refused", "undone", "maybe_delivered"]
    why: str


@fact
class Said:
    """Something the operator said that lasts: who, when (seconds since the epoch), why."""

    by: str
    at: float
    why: str | None = None


@fact
class Standing:
    """What the engine may do by itself. ``mode`` None: the settings' mode counts."""

    mode: Mode | None = None
    pause: Said | None = None
    freeze: Said | None = None
    incident: Oid | None = None  # the last commit landing was frozen for; `unfreeze` means it was looked at


@fact
class Claim:
    """The lease on an issue: a ref on the forge, made by compare-and-swap. ``head``: what its holder last published."""

    oid: Oid
    issue: int
    holder: str
    ours: bool
    epoch: int
    branch: str
    head: Oid | None


@fact
class Landing:
    """What a lander is about to land: pull ``pull`` at ``head``, onto ``trunk``, giving ``tree``."""

    pull: int
    issue: int
    head: Oid
    trunk: Oid
    tree: Tree

    @property
    def rides(self) -> bool:
        """It is somebody else's pull: there is no issue, and a forge counts issues and pulls in one row."""
        return self.issue == self.pull


@fact
class Lander:
    """The landing lease: a ref on the forge that names what is being landed."""

    oid: Oid
    ours: bool
    fresh: bool  # written by this very process: what came of it is known
    landing: Landing | None


@fact
class Landed:
    """A commit on the trunk with our trailers. ``tested``: the tree it claims to have been tested as."""

    issue: int
    pull: int
    commit: Oid
    tree: Tree
    tested: Tree | None
    parents: int


@fact
class Trunk:
    """The protected branch as fetched; ``landed`` lists our commits on it, oldest first."""

    branch: str
    head: Oid
    tree: Tree
    landed: tuple[Landed, ...]

    def of(self, issue: int) -> tuple[Landed, ...]:
        return tuple(x for x in self.landed if x.issue == issue)


@fact
class Graph:
    """Facts about git objects, true for ever: the tree of a commit, and which commit is inside which (an ancestor, or itself)."""

    trees: Mapping[Oid, Tree]
    inside: frozenset[tuple[Oid, Oid]]
    moved: Mapping[Oid, Oid]  # a head the engine made by putting another on the trunk → that other

    def has(self, inner: Oid, outer: Oid) -> bool:
        return inner == outer or (inner, outer) in self.inside

    def made_from(self, head: Oid, origin: Oid) -> bool:
        """Whether ``head`` is ``origin``, or came from it by moves of the engine alone."""
        while head != origin and head in self.moved:
            head = self.moved[head]
        return head == origin


@fact
class MergeFacts:
    """What git says of merging ``head`` into the trunk at ``onto``. ``tree`` None: it conflicts in ``conflicts``."""

    onto: Oid
    head: Oid
    tree: Tree | None
    conflicts: tuple[str, ...]
    empty: bool  # the trunk already has that tree

    @property
    def conflicting(self) -> bool:
        return self.tree is None


@fact
class Changes:
    """What the work does to the files of the trunk it started from. ``files``: touched, new and gone, both names of a renamed one."""

    files: tuple[str, ...]
    lost_tests: tuple[str, ...]  # files of tests that are gone, or have fewer tests than they had


@fact
class Verdict:
    """What checking a tree gave. A single failure is not final: the same tree is checked once more first."""

    tree: Tree
    suite: Suite
    outcome: Literal["pass", "fail", "flaky"]
    tries: int
    run: RunId
    at: float
    said: str  # the end of the check's output

    @property
    def green(self) -> bool:
        return self.outcome != "fail"

    @property
    def final(self) -> bool:
        return self.green or self.tries >= 2


@fact
class End:
    """A run as it was booked: how it went, and the tip it ended on."""

    run: RunId
    started: bool  # its worker lived; else it cost nothing
    outcome: Outcome
    tip: Oid
    tree: Tree
    at: float
    said: str  # for people: exit code, last words


@fact
class Ledger:
    """What was spent on an issue and said about it; counters only grow, ``baseline`` is where caps and clocks count from."""

    starts: int
    ends: tuple[End, ...]
    baseline: float
    words: frozenset[str]  # ids of commands written down
    noted: frozenset[str]  # what was told on the forge, by key
    refused: Mapping[RunId, str]  # the project's own commit hook said no, in these words
    passed: frozenset[Oid]  # heads whose guarded changes the operator let by
    held: bool  # the operator stopped it, and has not said `retry` since
    parked: str | None  # why it was parked last
    seconds: float  # workers' time so far

    @property
    def last(self) -> End | None:
        """The last end that says something of the work: not one that was lost, nor one the operator stopped."""
        return next((e for e in reversed(self.ends) if e.outcome not in CUT_SHORT), None)

    @property
    def cut_short(self) -> End | None:
        """The last run, when it was lost or stopped: what it left may be half of something."""
        return self.ends[-1] if self.ends and self.ends[-1].outcome in CUT_SHORT else None

    @property
    def lost(self) -> int:
        """How many of the last runs in a row were lost with a worker in them."""
        return sum(end.started for end in self._lost)

    @property
    def unstarted(self) -> int:
        """How many of them never had one."""
        return sum(not end.started for end in self._lost)

    @property
    def _lost(self) -> tuple[End, ...]:
        return tuple(takewhile(lambda end: end.outcome == "lost", reversed(self.since)))

    @property
    def since(self) -> tuple[End, ...]:
        """The ends that count: since the last ``retry``."""
        return tuple(e for e in self.ends if e.at > self.baseline)

    @property
    def attempts(self) -> int:
        """Runs that were given their chance: lost and stopped ones are nobody's failure."""
        return sum(e.outcome not in CUT_SHORT for e in self.since)

    @property
    def failures(self) -> int:
        """How many of the last ends in a row were no success."""
        count = 0
        for end in reversed([e for e in self.since if e.outcome not in CUT_SHORT]):
            if end.outcome == "good":
                break
            count += 1
        return count
