"""Observed → Plan: pure, no clock, file, network or await. The stage table for each task, then what the modes allow."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from console.core import actions as a
from console.core import train
from console.core.commands import Desk, interrupts
from console.core.facts import Answer, Blind, Known, Pull, Run, Tree, fact
from console.core.order import rank
from console.core.phrases import PARKED, is_trunk_bug, short, span
from console.core.policy import Policy
from console.core.rows.runs import never_began
from console.core.stages import RIDES, ROWS
from console.core.task import Observed, Task, Trouble, TroubleKind
from console.core.view import Do, Room, Unseen, View
from console.core.ways import TIDY, check

UNKNOWN = 28  # below the last row
LAGS = ("lagging", "aboard", "merged")
# Tries of one merge: "not yet", or "not as you say" of a world that is. A minute, by the waits between them; Forgejo was seen to take 16 s.
PATIENCE: Mapping[TroubleKind, int] = {"later": 7, "moved": 10}


@fact
class Step:
    """One task in one tick: where it stands, why, and what is done about it."""

    issue: int
    stage: str
    row: int
    why: str
    evidence: tuple[str, ...]
    action: a.Action | None
    due: float | None
    yours: bool
    place: int | None

    @property
    def tidy(self) -> bool:
        """It has ended, and nothing of it is left."""
        return self.why.endswith(TIDY)


@fact
class Plan:
    """All that one tick decides."""

    steps: tuple[Step, ...]
    answers: tuple[Answer, ...]
    fleet: tuple[a.Action, ...]

    @property
    def lags(self) -> bool:
        """The forge was told something and does not show it yet: it is asked soon. Whoever stands behind another waits for that one."""
        return any(s.stage in LAGS and s.place in (None, 1) and not (s.action or s.yours or s.tidy) for s in self.steps)


def reconcile(seen: Observed, policy: Policy) -> Plan:
    """Decides everything from what was seen."""
    room = rooms(seen, policy)
    views = [View(task, seen, policy, room) for task in in_order(seen)]
    decided: dict[int, tuple[View, int, Do]] = {}

    def go_through(some: Sequence[View]) -> None:
        for t in some:
            row, do = decide(t)
            decided[t.n] = (t, row, allowed(t, do))  # at once: what it does not do now leaves its slot to the next

    # What was begun first, then landing, which may want a worker too, then new work.
    begun = [t for t in views if is_ours(t.task) or t.task.foreign]
    go_through(begun)
    aboard = [t for t, _, do in decided.values() if do.stage == "aboard"]
    lagging = [t for t, _, do in decided.values() if do.stage == "lagging"]
    for place, (t, do) in enumerate(boarded(aboard, lagging, seen), 1):
        decided[t.n] = (t, decided[t.n][1], allowed(t, replace(do, place=place)))
    go_through([t for t in views if t not in begun])
    steps = tuple(step(t, row, do) for t, row, do in decided.values())
    desk = Desk(seen, policy, {t.n: (t, do) for t, _, do in decided.values()})
    answers = tuple(desk.answer(c) for c in seen.commands)
    lost = tuple(Answer(command=c, outcome="maybe_delivered", why="the engine ended while it was being done") for c in seen.taken)
    return Plan(steps=steps, answers=answers + lost, fleet=(*interrupts(desk), *fleet(views, seen, room, landing=bool(aboard))))


def in_order(seen: Observed) -> list[Task]:
    """Whose turn it is to ask for a slot: what has been begun, then the queue."""

    return sorted(seen.tasks.values(), key=lambda task: (not is_ours(task), rank(task.issue)))


def is_ours(task: Task) -> bool:
    claim = None if isinstance(task.claim, Blind) else task.claim.value
    return bool(claim and claim.ours)


def rooms(seen: Observed, policy: Policy) -> Room:
    """What is free: a slot with a live run, or about to get one, is not; nor is any while that cannot be seen."""
    acts = [action for group in seen.busy.values() for action in group]
    taken = {action.slot for action in acts if isinstance(action, a.Launch)} | {r.slot for r in live(seen)}
    blind = any(isinstance(task.runs, Blind) for task in seen.tasks.values())
    bays = {action.bay for action in acts if isinstance(action, a.StartCheck)}
    if isinstance(seen.checks, Blind):
        bays |= set(policy.bays)
    else:
        bays |= {r.slot for r in seen.checks.value if r.state in ("reserved", "alive")}
    return Room(
        slots=[] if blind else [plan for plan in policy.slots if plan.slot not in taken],
        bays=[bay for bay in policy.bays if bay not in bays],
        in_flight=sum(in_flight(task) for task in seen.tasks.values()) + sum(isinstance(action, a.TakeClaim) for action in acts),
        checking={action.run for action in acts if isinstance(action, a.StartCheck)},
        wakes=[
            plan.slot
            for plan in policy.slots
            if plan.slot not in taken and any(c.do == "wake" and c.target == plan.slot for c in seen.commands)
        ],
    )


def in_flight(task: Task) -> bool:
    """Whether it is ours and goes on by itself: what was left to a person must not keep the others out."""
    return is_ours(task) and PARKED not in task.issue.labels


def live(seen: Observed) -> Iterator[Run]:
    for task in seen.tasks.values():
        if not isinstance(task.runs, Blind):
            yield from (r for r in task.runs.value if r.state in ("reserved", "alive"))


def decide(t: View) -> tuple[int, Do]:
    """The first row that applies, with its number."""
    try:
        for number, row in RIDES if t.task.foreign else ROWS:
            if do := row(t):
                return number, do
    except Unseen as unseen:
        return UNKNOWN, Do(stage="unknown", why=f"it cannot be seen: {unseen}")
    return UNKNOWN, Do(stage="unknown", why="no row of the stage table fits what was seen")


def boarded(aboard: Sequence[View], lagging: Sequence[View], seen: Observed) -> Iterator[tuple[View, Do]]:
    """The first in line is landed; the others are told whom they wait for."""
    unsure = next(unsure_merges(seen), None)
    if unsure:
        action, trouble = unsure
        why = (
            f"the answer to the merge of p{action.landing.pull} was lost {span(seen.now - trouble.at)} ago ({trouble.why}); nothing lands "
            f"until the trunk shows it, or you look and say `merge p{action.landing.pull}` again"
        )
        yield from ((t, Do(stage="aboard", why=why, yours=True)) for t in aboard)
        return
    try:
        queue = train.line([*aboard, *filter(train.keeps_its_place, lagging)])
    except Unseen as unseen:
        yield from ((t, Do(stage="unknown", why=f"it cannot be seen: {unseen}")) for t in aboard)
        return
    ahead: Pull | None = None
    for t in queue:
        pull = t.open_pull
        if not pull:
            continue
        if t in lagging:
            ahead = ahead or pull  # it was just put on top of the trunk: what is behind it would be put there for nothing
        elif ahead:
            yield t, Do(stage="aboard", why=f"it lands after p{ahead.number}")
        else:
            do = first(t, pull)
            yield t, do
            # One that is red leaves the train: it must not hold up the others until a worker has time for it.
            ahead = pull if do.stage in train.STAYS else None


def first(t: View, pull: Pull) -> Do:
    """What is done for the first in line."""
    try:
        return train.plan(t, pull)
    except Unseen as unseen:
        return Do(stage="unknown", why=f"it cannot be seen: {unseen}")


def unsure_merges(seen: Observed) -> Iterator[tuple[a.Merge, Trouble]]:
    """Merges that were sent and whose fate nobody knows, while their pull stands open as it was. Nothing lands meanwhile."""
    for action, trouble in seen.troubles.items():
        if not isinstance(action, a.Merge) or trouble.kind != "unsure":
            continue
        task = seen.tasks.get(action.issue)
        if not task:
            continue  # it is closed, and nothing of it is left
        pull = None if isinstance(task.pull, Blind) else task.pull.value
        # A pull that is not seen proves nothing: only one that is seen merged, closed or at another head does.
        over = pull is not None and (pull.merged or pull.state == "closed" or pull.head != action.landing.head)
        said_again = any(c.do == "merge" and c.target == f"p{action.landing.pull}" and c.at > trouble.at for c in seen.commands)
        if not over and not said_again:
            yield action, trouble


def allowed(t: View, do: Do) -> Do:
    """What the mode, a pause, a freeze, an action already under way or its last failure make of it."""
    if do.action and t.seen.busy.get(t.n):
        return replace(do, action=None)
    trouble = t.seen.troubles.get(do.action) if do.action else None
    if trouble:
        do = after_trouble(t, do, trouble)
    action, standing = do.action, t.seen.standing
    if action is None:
        return do
    if standing.mode == "watch" and not isinstance(action, a.WATCHES):
        return replace(do, action=None, yours=True, why=f"{do.why} (it would; the mode is watch)")
    if standing.pause and isinstance(action, a.STARTS):
        return replace(do, action=None, yours=True, why=f"{do.why} (paused by {standing.pause.by})")
    if isinstance(action, a.STARTS) and t.said("leave", "all"):
        return replace(do, action=None, why=f"{do.why} (you are leaving)")
    if standing.freeze and isinstance(action, a.LANDS):
        return replace(
            do, action=None, yours=True, why=f"landing is frozen by {standing.freeze.by}: {standing.freeze.why or 'no reason given'}"
        )
    return do


def after_trouble(t: View, do: Do, trouble: Trouble) -> Do:
    """An action that failed before is tried again later; one that keeps being refused is left to a person."""
    if trouble.kind == "refused" and trouble.count >= t.policy.caps.landings and not isinstance(do.action, a.Park):
        return replace(do, action=a.Park(issue=t.n, why=f"refused {trouble.count} times: {trouble.why}"))
    if isinstance(do.action, a.Merge) and trouble.count >= PATIENCE.get(trouble.kind, trouble.count + 1):
        return replace(do, action=a.Park(issue=t.n, why=f"the forge has not merged it in a minute: {trouble.why}"))
    wait = min(0.2 if trouble.kind == "moved" else 60.0, 1.0) * 2 ** min(trouble.count - 1, 6)
    due = trouble.at + min(wait, 60.0)
    if t.seen.now >= due or trouble.kind == "unsure":
        return do
    t.give_back()
    return replace(
        do, action=None, due=due, why=f"{do.why}; the last try did not do it ({trouble.why}), the next is in {span(due - t.seen.now)}"
    )


def step(t: View, row: int, do: Do) -> Step:
    return Step(
        issue=t.n,
        stage=do.stage,
        row=row,
        why=do.why,
        evidence=do.evidence,
        action=do.action,
        due=do.due,
        yours=do.yours,
        place=do.place,
    )


def fleet(views: Sequence[View], seen: Observed, room: Room, *, landing: bool) -> Iterator[a.Action]:
    """What is about no single issue: ended checks, the trunk's own check, an incident, what is left over."""
    doing = seen.busy.get(None, ())
    wanted = [*check_ends(seen), *(trunk_check(room.trunk_wanted) if room.trunk_wanted else []), *incident(seen)]
    wanted += trunk_bug(room.trunk_red, seen) if room.trunk_red else []
    wanted += [] if landing else idle_lander(views, seen)
    done = tuple(sorted(seen.checkouts & seen.recorded))
    if done or (seen.trash and not seen.busy):  # whoever throws something away sweeps up too, unless it dies in between
        wanted.append(a.Sweep(checkouts=done))
    for action in wanted:
        trouble = seen.troubles.get(action)
        if seen.standing.mode == "watch" and not isinstance(action, a.WATCHES):
            continue
        if action not in doing and (not trouble or seen.now > trouble.at + 2.0 ** min(trouble.count, 6)):
            yield action


def check_ends(seen: Observed) -> Iterator[a.Action]:
    """Each check that has ended gets its verdict written, whether or not somebody still waits for it."""
    if isinstance(seen.checks, Blind):
        return
    for run in seen.checks.value:
        if run.ended and run.id not in seen.recorded:
            yield a.Record(run=run.id, tree=Tree(run.about["tree"]))
        elif never_began(run, seen.checks.times, seen.now):
            yield a.Void(issue=None, run=run.id)


def incident(seen: Observed) -> Iterator[a.Action]:
    """The trunk got a commit of ours that is not the tree that was tested."""
    if isinstance(seen.trunk, Blind):
        return
    odd = next((x for x in reversed(seen.trunk.value.landed) if x.tested != x.tree or x.parents != 1), None)
    if odd and odd.commit != seen.standing.incident:
        why = f"{short(odd.commit)} (p{odd.pull}) landed as tree {short(odd.tree, 12)}, tested was {short(odd.tested, 12)}"
        yield a.Freeze(commit=odd.commit, why=why)


def trunk_bug(t: View, seen: Observed) -> Iterator[a.Action]:
    """A red trunk is an issue of its own, one: whoever met it lends the view."""
    verdict = t.trunk_verdict
    if verdict and t.policy.full and not any(is_trunk_bug(task.issue) for task in seen.tasks.values()):
        yield a.Report(trunk=t.trunk.head, command=t.policy.full.command, said=verdict.said)


def idle_lander(views: Sequence[View], seen: Observed) -> Iterator[a.Action]:
    """The lander's ref names something that has landed."""
    if isinstance(seen.forge, Blind) or isinstance(seen.lander, Blind) or not seen.lander.value:
        return
    held = seen.lander.value
    if held.ours and held.landing and not any(t.n == held.landing.issue and still_landing(t) for t in views):
        yield a.DropLander(lander=held.oid)


def still_landing(t: View) -> bool:
    """Its issue is open; or it is somebody else's pull that has landed, whose author was not told."""
    told = isinstance(t.task.ledger, Known) and f"proof-p{t.n}" in t.task.ledger.value.noted
    return t.issue.state == "open" or (t.task.foreign and not told)


def trunk_check(t: View) -> Iterator[a.Action]:
    """The trunk's tree is checked like any other; whoever wanted it lends the view."""
    if not t.policy.full:
        return
    try:
        do = check(t, t.trunk.tree, t.policy.full, "full", (t.trunk.head,))
    except Unseen:
        return
    if isinstance(do, Do) and isinstance(do.action, a.StartCheck):
        yield replace(do.action, issue=None)
