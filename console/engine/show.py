"""What a tick saw and decided, as the board shows it."""

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from console.core import actions, order
from console.core.facts import Answer, Blind, Command, Known, Ledger, Look, Pull, Run, Said, SlotSeen, T_co, Trunk, Verdict, fact
from console.core.guard import guarded
from console.core.phrases import CONTEXT, cut, short
from console.core.policy import Policy, SlotPlan
from console.core.reconcile import Plan, Step, unsure_merges
from console.core.sanitize import clean
from console.core.shown import (
    BayShown,
    BlindShown,
    Board,
    Budget,
    CheckShown,
    ClaimShown,
    CommandShown,
    EngineShown,
    EventShown,
    FindingShown,
    PullShown,
    RunShown,
    SlotShown,
    Spent,
    TaskShown,
    TrainShown,
    TrunkShown,
    VerdictShown,
    Word,
)
from console.core.task import Observed, Task
from console.engine.board import iso

BODY_MAX = 2_000
IN_LINE = ("queued", "claim")
UNKNOWN_S = 3.0  # a task that cannot be seen for longer is worth a word


@fact
class Since:
    """When a task came to the stage it is in, as this process saw it."""

    stage: str
    at: float


def value(look: Look[T_co]) -> T_co | None:
    """What a sense said, None when it is blind."""
    return look.value if isinstance(look, Known) else None


def board(
    seen: Observed,
    plan: Plan,
    policy: Policy,
    engine: EngineShown,
    since: Mapping[int, Since],
    events: Sequence[EventShown],
    lines: Mapping[str, str],
) -> Board:
    """The present, whole. ``lines``: slot → the last line on its screen."""
    steps = {s.issue: s for s in plan.steps}
    places = {n: i for i, n in enumerate((s.issue for s in plan.steps if s.stage in IN_LINE), 1)}
    shown = [s for s in plan.steps if not s.tidy]
    answers = {a.command: a for a in plan.answers if a.outcome == "waiting"}
    return Board(
        at=iso(seen.now),
        repo=policy.repo,
        trunk=trunk(seen, policy),
        engine=engine,
        tasks=tuple(
            task(seen.tasks[s.issue], s, policy, places.get(s.issue), since, seen) for s in shown if not seen.tasks[s.issue].foreign
        ),
        pulls=tuple(p for s in shown if (p := pull(seen.tasks[s.issue], s, seen, policy))),
        train=tuple(train(seen, plan)),
        bays=tuple(bay(r) for r in value(seen.checks) or () if r.state == "alive"),
        slots=tuple(slot(sp, seen, steps, lines) for sp in policy.slots),
        budget=budget(seen),
        findings=tuple(findings(seen, plan, since)),
        commands=tuple(command(c, answers[c.id]) for c in seen.commands if c.id in answers),
        events=tuple(events),
        blind=tuple(blind(seen)),
    )


def word(said: Said | None) -> Word | None:
    return None if said is None else Word(by=said.by, since=iso(said.at), why=said.why)


def trunk(seen: Observed, policy: Policy) -> TrunkShown:
    now = value(seen.trunk)
    verdict = trunk_verdict(now, seen, policy)
    running = any(r.about.get("for") == policy.trunk and r.state == "alive" for r in value(seen.checks) or ())
    state = "checking" if running else "unchecked" if not verdict or not verdict.final else "green" if verdict.green else "red"
    return TrunkShown(
        branch=policy.trunk,
        head=now.head if now else None,
        tree=now.tree if now else None,
        state=state,
        since=iso(verdict.at) if verdict else None,
    )


def trunk_verdict(now: Trunk | None, seen: Observed, policy: Policy) -> Verdict | None:
    return (value(seen.verdicts) or {}).get((now.tree, policy.full.suite)) if now and policy.full else None


def task(t: Task, step: Step, policy: Policy, place: int | None, since: Mapping[int, Since], seen: Observed) -> TaskShown:
    claim, ledger, pulled, runs = value(t.claim), value(t.ledger), value(t.pull), value(t.runs) or ()
    last = runs[-1] if runs else None
    at_work = last is not None and last.started and not (ledger and any(end.run == last.id for end in ledger.ends))
    work = value(t.work)
    head = work.tip if work else value(t.wip) or value(t.remote)
    graph = value(t.graph)
    tree = graph.trees.get(head) if graph and head else None
    verdict = best(tree, seen, policy)
    began = since.get(t.issue.number)
    return TaskShown(
        issue=t.issue.number,
        title=cut(t.issue.title, 300),
        body=t.issue.body[:BODY_MAX],
        url=t.issue.url,
        labels=t.issue.labels,
        priority=order.priority(t.issue),
        created=iso(t.issue.created),
        wants=None,
        blocked_by=(),
        place=place,
        stage=step.stage,
        row=step.row,
        why=cut(clean(step.why, one_line=True), 600),
        evidence=step.evidence,
        since=iso(began.at if began else seen.now),
        due=iso(step.due) if step.due else None,
        claim=ClaimShown(holder=claim.holder, mine=claim.ours, epoch=claim.epoch) if claim else None,
        hold=None,
        branch=t.branch if claim else None,
        head=head,
        pull=pulled.number if pulled else None,
        attempts=(ledger.attempts if ledger else 0) + at_work,  # the run that is not booked yet is one
        attempts_cap=policy.caps.attempts,
        spent=Spent(tokens=None, usd=None, minutes=round((ledger.seconds if ledger else 0) / 60, 2)),
        run=run(last, seen) if last and last.state in ("reserved", "alive") else None,
        verdict=verdict,
        next=actions.word(step.action) if step.action else None,
    )


def best(tree: str | None, seen: Observed, policy: Policy) -> VerdictShown | None:
    found = [
        v
        for plan in (policy.full, policy.fast)
        if plan
        for (t, s), v in (value(seen.verdicts) or {}).items()
        if t == tree and s == plan.suite
    ]
    if not found:
        return None
    verdict = found[0]
    return VerdictShown(tree=verdict.tree, suite=verdict.suite, outcome=verdict.outcome, at=iso(verdict.at), run=verdict.run)


def run(r: Run, seen: Observed) -> RunShown:
    pane = next((s.pane for s in value(seen.slots) or () if s.slot == r.slot), None)
    return RunShown(
        id=r.id,
        kind=r.kind,
        model=r.ended.result.model if r.ended and r.ended.result else None,
        slot=r.slot,
        pane=pane,
        alive=r.state == "alive",
        state="run" if r.state == "alive" else "boot",
        source="shim",
        guess=False,
        age_s=round(seen.now - r.began, 1),
        ctx=None,
        question=None,
        usage=None,
    )


def pull(t: Task, step: Step, seen: Observed, policy: Policy) -> PullShown | None:
    p: Pull | None = value(t.pull)
    if not p:
        return None
    states = {"conflict": "conflict", "red": "red", "waiting": "waiting", "aboard": "ready", "merged": "landing", "checking": "checking"}
    checks = [
        CheckShown(
            name=k,
            state="pass" if v.green else "fail" if v.red else "pending",
            required=needed(k, seen),
            since=None,
            s=None,
            eta_s=None,
            url=v.url or None,
        )
        for k, v in (value(t.statuses) or {}).items()
    ]
    merge, changes = value(t.merge), value(t.changes)
    touched = guarded(changes, policy.guard, policy.commands) if changes else ()
    now, graph = value(seen.trunk), value(t.graph)
    said = next((c for c in seen.commands if c.do == "merge" and c.target == f"p{p.number}"), None)
    return PullShown(
        pull=p.number,
        issue=None if t.foreign else t.issue.number,
        title=cut(p.title, 300),
        url=p.url,
        by=p.by if t.foreign else last_slot(t),
        foreign=t.foreign,
        head=p.head,
        created=iso(p.created),
        state="landing" if isinstance(step.action, actions.LANDS) else states.get(step.stage, "waiting"),
        why=cut(clean(step.why, one_line=True), 600),
        conflicts=({"with": None, "files": list(merge.conflicts)},) if merge and merge.conflicting else (),
        behind=bool(now and graph and not graph.has(now.head, p.head)),
        approvals=None,
        changes_asked=None,
        checks=tuple(checks),
        files=None,
        added=None,
        deleted=None,
        risk=None,
        risk_why=(),
        guarded=touched,
        passed=bool(touched),  # else it would not have got so far
        hold=None,
        asked=Word(by=said.by, since=iso(said.at)) if said else None,
    )


def needed(context: str, seen: Observed) -> bool:
    return context == CONTEXT or any(fnmatchcase(context, glob) for glob in value(seen.required) or ())


def last_slot(t: Task) -> str | None:
    runs = value(t.runs) or ()
    return runs[-1].slot if runs else None


def train(seen: Observed, plan: Plan) -> Iterator[TrainShown]:
    """The pulls that are ready, in the order they land."""
    states = {"move": "moving", "bless": "blessed", "merge": "merging", "check": "checking"}
    line = {s.place: s for s in plan.steps if s.place}
    for place, s in sorted(line.items()):
        t = seen.tasks[s.issue]
        p, merge = value(t.pull), value(t.merge)
        if not p:
            continue
        otherwise = "checking" if s.stage == "checking" else "ready" if place == 1 else "waiting"
        yield TrainShown(
            pull=p.number,
            issue=None if t.foreign else s.issue,
            place=place,
            tree=merge.tree if merge else None,
            state=states.get(actions.word(s.action), otherwise) if s.action else otherwise,
            eta_s=None,
            if_ahead_fails=None,
        )


def bay(r: Run) -> BayShown:
    about = r.about
    return BayShown(
        bay=r.slot,
        run=r.id,
        for_=about.get("for", ""),
        tree=about.get("tree", ""),
        part=r.reason,
        pane=None,
        since=iso(r.began),
        eta_s=None,
    )


def slot(plan: SlotPlan, seen: Observed, steps: Mapping[int, Step], lines: Mapping[str, str]) -> SlotShown:
    """A slot's state: its live run, else how the last one went."""
    window: SlotSeen | None = next((s for s in value(seen.slots) or () if s.slot == plan.slot), None)
    runs = [(t, r) for t in seen.tasks.values() for r in value(t.runs) or () if r.slot == plan.slot]
    t, r = max(runs, key=lambda found: found[1].began, default=(None, None))
    state, why, at = slot_state(t, r, steps)
    if isinstance(seen.slots, Blind) and state in ("run", "boot"):
        state, why = "lost", f"tmux does not answer: {seen.slots.why}"
    return SlotShown(
        slot=plan.slot,
        kind=plan.kind,
        state=state,
        source="shim" if r else "engine",
        guess=False,
        age_s=round(max(0.0, seen.now - at), 1) if at else 0.0,
        issue=t.issue.number if t else None,
        title=cut(t.issue.title, 300) if t else None,
        run=r.id if r else None,
        pane=window.pane if window else None,
        since=iso(at or seen.now),
        last=clean(lines.get(plan.slot, ""), one_line=True)[:200],
        ctx=None,
        why=cut(clean(why, one_line=True), 600),
        snoozed_until=None,
    )


def slot_state(t: Task | None, r: Run | None, steps: Mapping[int, Step]) -> tuple[str, str, float]:
    if not t or not r:
        return "idle", "nothing to do", 0.0
    why = steps[t.issue.number].why if t.issue.number in steps else ""
    if r.state == "alive":
        return "run", why, r.began
    if r.state == "reserved":
        return "boot", why, r.began
    end: Ledger | None = value(t.ledger)
    booked = next((e for e in end.ends if e.run == r.id), None) if end else None
    at = r.ended.at if r.ended else r.began
    if not booked:
        return "idle", why, at
    if booked.outcome == "good":
        return "ok", why, at
    return "lost" if booked.outcome == "lost" else "err", f"{booked.said}; {why}", at


def budget(seen: Observed) -> Budget:
    minutes = sum(r.ended.seconds for t in seen.tasks.values() for r in value(t.runs) or () if r.ended) / 60
    return Budget(
        day_usd=None, cap_usd=None, day_tokens=0, cap_tokens=None, day_minutes=round(minutes, 2), cap_minutes=None, runs_cost_unknown=0
    )


def findings(seen: Observed, plan: Plan, since: Mapping[int, Since]) -> Iterator[FindingShown]:
    """What is wrong and wants a person."""
    for s in plan.steps:
        began = since[s.issue].at if s.issue in since else seen.now
        if s.stage in ("parked", "foreign", "guarded") or (s.stage == "unknown" and seen.now - began > UNKNOWN_S):
            yield finding(s.stage, str(s.issue), s.why, f"ops-console why {s.issue}", began, seen.now)
    red = next((s for s in plan.steps if s.stage == "held"), None)
    if red:
        yield finding("trunk_red", None, red.why, f"ops-console why {red.issue}", since[red.issue].at, seen.now)
    for merge, trouble in unsure_merges(seen):
        pull = f"p{merge.landing.pull}"
        why = f"the answer to the merge of {pull} was lost ({trouble.why}); nothing lands until it is known what came of it"
        yield finding("unsure_merge", pull, why, f"look at {pull} on the forge, then `ops-console merge {pull}`", trouble.at, seen.now)
    if seen.standing.freeze and seen.standing.freeze.by == "engine":
        freeze, commit = seen.standing.freeze, seen.standing.incident
        yield finding("incident", commit and short(commit), freeze.why or "", "look, then `ops-console unfreeze`", freeze.at, seen.now)
    for action, trouble in seen.troubles.items():
        if trouble.kind in ("bug", "refused") and trouble.count >= 3:
            target = str(action.issue) if action.issue is not None else None
            yield finding("trouble", target, f"{actions.word(action)}: {trouble.why}", "ops-console log", trouble.at, trouble.at)


def finding(rule: str, target: str | None, cause: str, advice: str, first: float, last: float) -> FindingShown:
    return FindingShown(
        id=f"{rule}:{target}",
        rule=rule,
        level="warn",
        target=target,
        cause=cut(clean(cause, one_line=True), 600),
        evidence=(),
        advice=advice,
        first=iso(first),
        last=iso(last),
        count=1,
        acked=False,
        snoozed_until=None,
    )


def command(c: Command, answer: Answer) -> CommandShown:
    return CommandShown(
        id=c.id,
        do=c.do,
        target=c.target,
        by=c.by,
        at=iso(c.at),
        outcome=answer.outcome,
        why=cut(clean(answer.why, one_line=True), 600),
        exact=f"ops-console {c.do} {c.target.removeprefix('p')}",
        undo_until=None,
    )


def blind(seen: Observed) -> list[BlindShown]:
    senses: dict[str, Look[object]] = {
        "forge": seen.forge,
        "trunk": seen.trunk,
        "slots": seen.slots,
        "checks": seen.checks,
        "lander": seen.lander,
    }
    return [
        BlindShown(sense=name, why=cut(clean(look.why, one_line=True), 600), since=iso(look.since))
        for name, look in senses.items()
        if isinstance(look, Blind)
    ]
