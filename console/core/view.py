"""A task as the stage table reads it: derived nouns over what was seen; reading a blind sense raises."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import TypeVar

from console.core.actions import Action
from console.core.facts import (
    Blind,
    Changes,
    Claim,
    Command,
    CommitStatus,
    Graph,
    Landed,
    Ledger,
    Look,
    MergeFacts,
    Oid,
    Pull,
    Run,
    RunId,
    Slot,
    Suite,
    Tree,
    Trunk,
    Verdict,
    Work,
    fact,
)
from console.core.guard import guarded
from console.core.phrases import CONTEXT, PARKED
from console.core.policy import CheckPlan, Policy, SlotPlan
from console.core.task import Observed, Task

T = TypeVar("T")


class Unseen(Exception):
    """A row needed a sense that is blind: the stage is unknown, and nothing is done."""

    def __init__(self, sense: str, blind: Blind) -> None:
        super().__init__(f"{sense}: {blind.why}")
        self.sense = sense


@fact
class Do:
    """What a row says: the stage, why (a sentence for the operator), and the action, None to wait.

    ``due``: when it goes on. ``yours``: it waits for a person, and nothing happens without one. ``place``: in the train, 1 lands next.
    """

    stage: str
    why: str
    action: Action | None = None
    evidence: tuple[str, ...] = ()
    due: float | None = None
    yours: bool = False
    place: int | None = None


@dataclass
class Room:
    """What one tick has to give away: slots and bays that are free, and the operator's words that name a slot."""

    slots: list[SlotPlan]
    bays: list[Slot]
    in_flight: int
    wakes: list[Slot] = field(default_factory=list)
    checking: set[RunId] = field(default_factory=set)
    trunk_wanted: "View | None" = None  # who needs the trunk's verdict
    trunk_red: "View | None" = None  # who was held up by a red one
    broken: "View | None" = None  # a pull that waits for a worker

    def take(self, slot: str | None, kind: str | None) -> SlotPlan | None:
        """A free slot: the one named, else one the operator woke, else any that nobody woke."""
        woken = [] if slot or kind else [plan for plan in self.slots if plan.slot in self.wakes]
        fitting = [p for p in self.slots if (not slot or p.slot == slot) and (not kind or p.kind == kind)]
        for plan in woken or fitting:
            self.slots.remove(plan)
            if plan.slot in self.wakes:
                self.wakes.remove(plan.slot)
            return plan
        return None


class View:
    """One task in one tick."""

    def __init__(self, task: Task, seen: Observed, policy: Policy, room: Room) -> None:
        self.task = task
        self.seen = seen
        self.policy = policy
        self.room = room
        self.issue = task.issue
        self.n = task.issue.number
        self.slot: SlotPlan | None = None  # taken in this tick
        self.bay: Slot | None = None

    def _see(self, sense: str, look: Look[T]) -> T:
        if isinstance(look, Blind):
            raise Unseen(sense, look)
        return look.value

    # what was seen

    @property
    def claim(self) -> Claim | None:
        return self._see("claims", self.task.claim)

    @property
    def ours(self) -> Claim | None:
        claim = self.claim
        return claim if claim and claim.ours else None

    @property
    def mine(self) -> Claim:
        """Our claim, for rows below "not ours"."""
        claim = self.ours
        assert claim, "rows that need the claim stand below the row that asks for it"
        return claim

    @property
    def runs(self) -> tuple[Run, ...]:
        return self._see("runs", self.task.runs)

    @property
    def run(self) -> Run | None:
        """The last run of a worker."""
        return self.runs[-1] if self.runs else None

    @property
    def runs_seen(self) -> int:
        """How many looks in a row saw the runs as they are."""
        return 0 if isinstance(self.task.runs, Blind) else self.task.runs.times

    @property
    def work(self) -> Work | None:
        return self._see("worktree", self.task.work)

    @property
    def remote(self) -> Oid | None:
        return self._see("branch", self.task.remote)

    @property
    def wip(self) -> Oid | None:
        return self._see("wip", self.task.wip)

    @property
    def pull(self) -> Pull | None:
        return self._see("pull", self.task.pull)

    @property
    def open_pull(self) -> Pull | None:
        return pull if (pull := self.pull) and pull.state == "open" and not pull.merged else None

    @property
    def ledger(self) -> Ledger:
        return self._see("ledger", self.task.ledger)

    @property
    def merge(self) -> MergeFacts | None:
        return self._see("merge", self.task.merge)

    @property
    def changes(self) -> Changes | None:
        return self._see("changes", self.task.changes)

    @property
    def statuses(self) -> Mapping[str, CommitStatus]:
        return self._see("statuses", self.task.statuses)

    @property
    def required(self) -> tuple[str, ...]:
        return self._see("required statuses", self.seen.required)

    @property
    def graph(self) -> Graph:
        return self._see("commits", self.task.graph)

    @property
    def trunk(self) -> Trunk:
        return self._see("trunk", self.seen.trunk)

    # what follows from it

    @property
    def tip(self) -> Oid | None:
        """The commit the work stands at: the worktree's, else what was kept safe, else what was published."""
        work = self.work
        return work.tip if work else self.wip or self.remote

    @property
    def tree(self) -> Tree | None:
        return self.graph.trees.get(self.tip) if self.tip else None

    @property
    def parked(self) -> bool:
        return PARKED in self.issue.labels

    @property
    def eligible(self) -> bool:
        """It may be taken up unasked: open, marked ready, and nothing on it says otherwise."""
        labels = set(self.issue.labels)
        wanted = self.policy.pick_label is None or self.policy.pick_label in labels
        return self.issue.state == "open" and wanted and not (labels & self.policy.skip_labels) and not self.parked

    @property
    def landed(self) -> Landed | None:
        """The trunk's commit of this round's pull."""
        pull = self.pull
        return next((x for x in self.trunk.of(self.n) if pull and x.pull == pull.number), None)

    @property
    def due(self) -> float:
        """When the next try may start, after failures in a row."""
        last, failures = self.ledger.last, self.ledger.failures
        if not last or not failures or self.said("wake", self.last_slot):
            return 0.0
        return last.at + self.policy.caps.backoff_s[min(failures, len(self.policy.caps.backoff_s)) - 1]

    @property
    def last_slot(self) -> str | None:
        return self.run.slot if self.run else None

    # the operator's words that are still waiting

    def said(self, do: str, *targets: str | None) -> Command | None:
        return next((c for c in self.seen.commands if c.do == do and c.target in targets), None)

    @property
    def assigned(self) -> Command | None:
        return self.said("assign", str(self.n))

    @property
    def told_to_stop(self) -> Command | None:
        """The operator's `stop` for this issue, or for the slot its worker is in."""
        live = self.run if self.run and self.run.state in ("reserved", "alive") else None
        if live:
            return self.said("stop", str(self.n), live.slot)
        said = self.said("stop", str(self.n))
        return said if said and self.ours else None

    @property
    def merge_word(self) -> Command | None:
        """The operator's `merge`, if it was said about this head or one the engine made from it."""
        pull = self.open_pull
        said = self.said("merge", f"p{pull.number}") if pull else None
        if not said or not pull or (said.pinned and not self.graph.made_from(pull.head, said.pinned)):
            return None
        return said

    @property
    def pass_word(self) -> Command | None:
        """The operator's `pass` for what is guarded, said about this tip or one that the engine made from it."""
        said = [c for c in self.seen.commands if c.do == "pass" and c.target == str(self.n)]
        if not said or not self.guarded:
            return None
        return next((c for c in said if not c.pinned or (self.tip and self.graph.made_from(self.tip, c.pinned))), None)

    @property
    def guarded(self) -> tuple[str, ...]:
        """What of the change needs the operator's `pass`, and has it not."""
        changes, tip = self.changes, self.tip
        if not changes or not tip or any(self.graph.made_from(tip, head) for head in self.ledger.passed):
            return ()
        return guarded(changes, self.policy.guard, self.policy.commands)

    @property
    def may_claim(self) -> bool:
        return self.seen.standing.mode == "auto" or self.assigned is not None or bool(self.room.wakes)

    @property
    def may_land(self) -> bool:
        auto = self.seen.standing.mode == "auto" and self.policy.land_when == "green"
        return auto or self.merge_word is not None

    # checks

    def verdict(self, tree: Tree, plans: Iterable[CheckPlan | None]) -> Verdict | None:
        """The best verdict on a tree for any of the suites: a green one, else a final one, else any.

        A red one from before the operator's `retry` is not final any more: what it stumbled over may have been mended.
        """
        verdicts = self._see("verdicts", self.seen.verdicts)
        found = [v for plan in plans if plan and (v := verdicts.get((tree, plan.suite)))]
        best = max(found, key=lambda v: (v.green, v.final), default=None)
        return replace(best, tries=1) if best and not best.green and best.at < self.ledger.baseline else best

    @property
    def trunk_verdict(self) -> Verdict | None:
        return self.verdict(self.trunk.tree, (self.policy.full,))

    def checks(self, tree: Tree, suite: Suite) -> tuple[Run, ...]:
        runs = self._see("checks", self.seen.checks)
        return tuple(r for r in runs if r.about.get("tree") == tree and r.about.get("suite") == suite)

    # the forge's own checks

    def posted(self, glob: str) -> Mapping[str, CommitStatus]:
        """What others have posted that a required glob means."""
        return {name: status for name, status in self.statuses.items() if name != CONTEXT and fnmatchcase(name, glob)}

    @property
    def ci_red(self) -> Mapping[str, CommitStatus]:
        """Required statuses that failed."""
        return {name: status for glob in self.required for name, status in self.posted(glob).items() if status.red}

    @property
    def waits_for(self) -> tuple[str, ...]:
        """Required statuses that nobody has posted yet, or that are pending. Our own satisfies a glob that it fits."""
        return tuple(g for g in self.required if (not self.posted(g) and not fnmatchcase(CONTEXT, g)) or self._pending(g))

    @property
    def pending(self) -> bool:
        """Something is on its way."""
        return any(map(self._pending, self.required))

    def _pending(self, glob: str) -> bool:
        return any(not (status.green or status.red) for status in self.posted(glob).values())

    # what it takes from the others

    def slot_for_run(self) -> SlotPlan | None:
        args = self.assigned.args if self.assigned else {}
        self.slot = self.room.take(args.get("slot"), args.get("kind"))
        return self.slot

    def bay_for_check(self) -> Slot | None:
        self.bay = self.room.bays.pop(0) if self.room.bays else None
        return self.bay

    def give_back(self) -> None:
        """It does not go on now: what it took is free for the others."""
        if self.slot:
            self.room.slots.insert(0, self.slot)
        if self.bay:
            self.room.bays.insert(0, self.bay)
        self.slot = self.bay = None
