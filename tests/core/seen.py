"""Worlds for the pure core: sensible defaults, each overridden by keyword. What is no `Known` or `Blind` is wrapped as known.

The commits all worlds share: the trunk stands at M0; the work H1 stands on it.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from console.core.facts import (
    Blind,
    Changes,
    Claim,
    Command,
    CommitStatus,
    End,
    Graph,
    Issue,
    Known,
    Landed,
    Lander,
    Landing,
    Ledger,
    MergeFacts,
    Mode,
    Oid,
    Outcome,
    Pull,
    Run,
    RunId,
    Said,
    Slot,
    Standing,
    Suite,
    Tree,
    Trunk,
    Verdict,
    Work,
)
from console.core.policy import Caps, CheckPlan, Policy, SlotPlan
from console.core.reconcile import Plan, Step, reconcile
from console.core.task import Observed, Task
from panes.seen import Ended

NOW = 10_000.0
M0, M1, H1, H2 = Oid("m0" * 20), Oid("m1" * 20), Oid("h1" * 20), Oid("h2" * 20)
TREES = {M0: Tree("a0" * 20), M1: Tree("a1" * 20), H1: Tree("b1" * 20), H2: Tree("b2" * 20)}
GRAPH = Graph(trees=TREES, inside=frozenset({(M0, H1), (M0, M1), (M0, H2), (H1, H2)}), moved={})
FAST, FULL = Suite("fa" * 8), Suite("fu" * 8)
DARK = Blind(why="it does not answer", since=NOW - 60)
YOU = Said(by="you", at=NOW - 60)


def statuses(**states: str) -> dict[str, CommitStatus]:
    return {name.replace("__", "/"): CommitStatus(state=state) for name, state in states.items()}


BLESSED = statuses(ops__verify="success")


def known(value: object) -> Any:
    return value if isinstance(value, Known | Blind) else Known(value=value, at=NOW, times=2)


def issue(n: int = 12, **over: Any) -> Issue:
    said: dict[str, Any] = {
        "title": "Mend it",
        "body": "",
        "state": "open",
        "labels": ("ops/ready",),
        "created": 1.0,
        "updated": 1.0,
        "url": f"file:{n}",
    }
    return Issue(number=n, **{**said, **over})


def policy(**over: Any) -> Policy:
    said: dict[str, Any] = {
        "repo": "me/larder",
        "trunk": "main",
        "mode": "auto",
        "slots": (SlotPlan(slot=Slot("w01"), kind="script"), SlotPlan(slot=Slot("w02"), kind="other")),
        "bays": (Slot("c01"), Slot("c02")),
        "fast": CheckPlan(command="/bin/fast x", suite=FAST, wall_s=60.0),
        "full": CheckPlan(command="full", suite=FULL, wall_s=60.0),
        "caps": Caps(),
    }
    return Policy(**{**said, **over})


def claim(n: int = 12, *, head: Oid | None = None, ours: bool = True, branch: str = "") -> Claim:
    holder = "me" if ours else "another"
    return Claim(oid=Oid(f"claim-{n}"), issue=n, holder=holder, ours=ours, epoch=1, branch=branch or f"feat/issue-{n}", head=head)


def ended(**over: Any) -> Ended:
    said: dict[str, Any] = {"code": 0, "why": "ended", "at": NOW - 100, "seconds": 30.0}
    return Ended(**{**said, **over})


def run(n: int = 12, number: int = 1, **over: Any) -> Run:
    """A run that ended well; ``state="alive"`` takes its end away."""
    said: dict[str, Any] = {
        "id": RunId(f"{n}-{number}"),
        "task": str(n),
        "purpose": "work",
        "kind": "script",
        "slot": Slot("w01"),
        "reason": "implement",
        "state": "exited",
        "began": NOW - 200,
        "started": True,
        "folder": Path("/runs") / str(n),
        "about": {"on": M0},
    }
    said |= over
    said.setdefault("ended", ended() if said["state"] in ("exited", "lost") else None)
    return Run(**said)


def check_run(tree: Tree, suite: Suite = FULL, number: int = 1, **over: Any) -> Run:
    name = RunId(f"c-{tree[:12]}-{suite[:8]}-{number}")
    said = {"id": name, "task": "checks", "purpose": "check", "kind": "check", "slot": Slot("c01"), "about": {"tree": tree, "suite": suite}}
    return run(**{**said, **over})


def work(n: int = 12, **over: Any) -> Work:
    """A clean worktree at H1."""
    said: dict[str, Any] = {
        "where": Path(f"/somewhere/{n}"),
        "branch": f"feat/issue-{n}",
        "tip": H1,
        "tree": TREES[H1],
        "snapshot": TREES[H1],
    }
    return Work(**{**said, **over})


def pull(n: int = 12, **over: Any) -> Pull:
    """The open pull of issue ``n``: its number is n + 100."""
    said: dict[str, Any] = {
        "title": "t",
        "body": "",
        "state": "open",
        "merged": False,
        "merged_as": None,
        "head": H1,
        "base_branch": "main",
        "by": "ops",
    }
    said |= {"mergeable": True, "created": 1.0, "updated": 1.0, "url": "", "head_branch": f"feat/issue-{n}", "number": n + 100}
    return Pull(**{**said, **over})


def end(n: int = 12, number: int = 1, outcome: Outcome = "good", **over: Any) -> End:
    said: dict[str, Any] = {"tip": H1, "tree": TREES[H1], "at": NOW - 100, "said": "its last words"}
    return End(outcome=outcome, **{"run": RunId(f"{n}-{number}"), "started": True, **said, **over})


def ledger(*ends: End, **over: Any) -> Ledger:
    said: dict[str, Any] = {"starts": len(ends), "ends": ends, "baseline": 0.0, "seconds": 60.0, "parked": None, "refused": {}}
    return Ledger(**{**said, "words": frozenset(), "noted": frozenset(), "passed": frozenset(), "held": False, **over})


def merges(head: Oid = H1, onto: Oid = M0, **over: Any) -> MergeFacts:
    said: dict[str, Any] = {"tree": TREES[head], "conflicts": (), "empty": False}
    return MergeFacts(onto=onto, head=head, **{**said, **over})


def task(n: int = 12, **over: Any) -> Task:
    """A ready issue that nobody has taken up."""
    said: dict[str, Any] = {
        "claim": None,
        "runs": (),
        "work": None,
        "remote": None,
        "wip": None,
        "pull": None,
        "statuses": {},
        "ledger": ledger(),
        "merge": None,
        "changes": Changes(files=("larder.py",), lost_tests=()),
        "graph": GRAPH,
    }
    looks = {name: known(over.pop(name, value)) for name, value in said.items()}
    plain: dict[str, Any] = {
        "issue": issue(n),
        "branch": f"feat/issue-{n}",
        "rescued": frozenset(),
        "has_repository": False,
    }
    return Task(**looks, **{**plain, **over})


def claimed(n: int = 12, **over: Any) -> Task:
    """Ours; no worker has been at it."""
    return task(n, **{"claim": claim(n), **over})


def worked(n: int = 12, **over: Any) -> Task:
    """One good run, booked and kept safe; its tree was not checked."""
    said = {"runs": (run(n),), "work": work(n), "wip": H1, "ledger": ledger(end(n)), "has_repository": True}
    return claimed(n, **{**said, **over})


def proposed(n: int = 12, **over: Any) -> Task:
    """Checked, published, and its pull open."""
    return worked(n, **{"claim": claim(n, head=H1), "remote": H1, "pull": pull(n), "merge": merges(), **over})


def ride(n: int = 31, *, rides: bool = True, **over: Any) -> Task:
    """Somebody else's pull, which is an issue of the same number for the forge."""
    theirs = pull(n, number=n, head_branch="theirs", by="ada")
    return task(n, **{"branch": "theirs", "remote": H1, "pull": theirs, "merge": merges(), "foreign": True, "rides": rides, **over})


def landed(n: int = 12, commit: Oid = M1, **over: Any) -> Landed:
    said: dict[str, Any] = {"issue": n, "pull": n + 100, "commit": commit, "tree": TREES[commit], "tested": TREES[commit], "parents": 1}
    return Landed(**{**said, **over})


def merged(n: int = 12, **over: Any) -> Task:
    """Its pull is merged; nothing is tidied up. The trunk has to be ``trunk(M1, landed(n))``."""
    said = {"pull": pull(n, state="closed", merged=True, merged_as=M1), "issue": issue(n, state="closed"), "merge": None}
    return proposed(n, **{**said, **over})


def trunk(head: Oid = M0, *commits: Landed) -> Trunk:
    return Trunk(branch="main", head=head, tree=TREES[head], landed=commits)


def verdict(tree: Tree, outcome: str = "pass", suite: Suite = FULL, tries: int = 1, said: str = "AssertionError") -> Verdict:
    run_id = RunId(f"c-{tree[:12]}-{suite[:8]}-{tries}")
    return Verdict(tree=tree, suite=suite, outcome=outcome, tries=tries, run=run_id, at=NOW, said=said)  # type: ignore[arg-type]


def verdicts(*found: Verdict) -> dict[tuple[Tree, Suite], Verdict]:
    return {(v.tree, v.suite): v for v in found}


GREEN = verdicts(verdict(TREES[M0]), verdict(TREES[H1]))


def lander(landing: Landing | None = None, **over: Any) -> Lander:
    said: dict[str, Any] = {"oid": Oid("lander"), "ours": True, "fresh": True}
    return Lander(landing=landing, **{**said, **over})


def landing(n: int = 12, head: Oid = H1, on: Oid = M0) -> Landing:
    return Landing(pull=n + 100, issue=n, head=head, trunk=on, tree=TREES[head])


def command(do: str, target: str, **over: Any) -> Command:
    said: dict[str, Any] = {"id": f"id-{do}-{target}", "args": {}, "by": "you", "at": NOW - 10, "not_before": None, "pinned": None}
    return Command(do=do, target=target, **{**said, **over})


def observed(*tasks: Task, mode: Mode | None = "auto", **over: Any) -> Observed:
    """All senses answer, and the trunk was tested."""
    said: dict[str, Any] = {
        "forge": "forge",
        "trunk": trunk(),
        "required": (),
        "slots": (),
        "checks": (),
        "verdicts": verdicts(verdict(TREES[M0])),
        "lander": None,
    }
    looks = {name: known(over.pop(name, value)) for name, value in said.items()}
    plain: dict[str, Any] = {
        "now": NOW,
        "standing": Standing(mode=mode),
        "checkouts": frozenset(),
        "trash": False,
        "commands": (),
        "taken": (),
    }
    plain |= {"recorded": frozenset(), "busy": {}, "troubles": {}, "tasks": {t.issue.number: t for t in tasks}}
    return Observed(**looks, **{**plain, **over})


def decide(*tasks: Task, by: Policy | None = None, **over: Any) -> Plan:
    return reconcile(observed(*tasks, **over), by or policy())


def step(subject: Task, *others: Task, by: Policy | None = None, **over: Any) -> Step:
    """What is decided for the first of the tasks."""
    plan = decide(subject, *others, by=by, **over)
    return next(s for s in plan.steps if s.issue == subject.issue.number)


def on(subject: Task, **over: Any) -> Task:
    """``subject`` with other looks or facts."""
    looks = {"claim", "runs", "work", "remote", "wip", "pull", "statuses", "ledger", "merge", "changes", "graph"}
    return replace(subject, **{name: known(value) if name in looks else value for name, value in over.items()})


def after(outcome: Outcome, *, ago: float = 100, n: int = 1, **over: Any) -> Task:
    """Ours, with its last ``n`` runs ended so."""
    ends = [end(number=i + 1, outcome=outcome, at=NOW - ago) for i in range(n)]
    runs = tuple(run(number=i + 1) for i in range(n))
    return worked(**{"runs": runs, "ledger": ledger(*ends), **over})


def shown(step: Step, stage: str, *words: str) -> None:
    assert step.stage == stage, step.why
    for word in words:
        assert word in step.why
