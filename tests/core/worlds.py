"""Worlds by chance, for properties: any mixture of what the senses can say, near enough to a story that every row is reached.

Drawn from one `Random` that Hypothesis seeds: a world has a hundred choices, and drawing each through Hypothesis took 20 ms a world.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from random import Random
from typing import Any, Literal, TypeVar

from hypothesis import strategies as st

from console.core import actions as a
from console.core.facts import Blind, Changes, CommitStatus, Graph, Known, Ledger, MergeFacts, Oid, Pull, Run, Standing, Tree, Trunk, Work
from console.core.policy import Caps, Policy
from console.core.reconcile import Plan, reconcile
from console.core.task import Observed, Task, Trouble
from tests.core import seen as s

T = TypeVar("T")
Moment = tuple[Observed, Policy, Plan]

OIDS = (s.M0, s.M1, s.H1, s.H2)
TREES = (*s.TREES.values(), Tree("c1" * 20))
SLOTS = ("w01", "w02")
AGES = (0.0, 1.0, 3.0, 20.0, 100.0, 9_000.0)  # seconds


class World:
    """One world, drawn from ``chance``. ``dark``: how likely a sense is blind; in many worlds all answer."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.dark = 0.0 if chance.random() < 0.5 else 0.05

    def one(self, values: Sequence[T]) -> T:
        return self.chance.choice(values)

    def coin(self) -> bool:
        return self.chance.random() < 0.5

    def rarely(self) -> bool:
        return self.chance.random() < 0.1

    def ago(self) -> float:
        return s.NOW - self.one(AGES)

    def some(self, *values: T) -> frozenset[T]:
        return frozenset(x for x in values if self.coin())

    def look(self, value: T) -> Known[T] | Blind:
        return s.DARK if self.chance.random() < self.dark else Known(value=value, at=s.NOW, times=self.one((1, 2, 2, 3)))

    def graph(self) -> Graph:
        # Ours as a rule; sometimes with other lines of descent (never a circle), or with a commit nobody can name.
        inside = self.some(*combinations(OIDS, 2)) if self.coin() else s.GRAPH.inside
        trees = {oid: tree for oid, tree in s.TREES.items() if not self.rarely() or self.dark == 0}
        return Graph(trees=trees, inside=inside, moved={s.H2: s.H1} if self.coin() else {})

    def runs(self, n: int) -> tuple[Run, ...]:
        made = [self.ended(n, number) for number in range(1, self.one((0, 1, 1, 2, 3)) + 1)]
        if made and self.coin():
            made[-1] = s.run(n, len(made), state=self.one(("alive", "reserved")), began=self.ago(), slot=self.one(SLOTS))
        return tuple(made)

    def ended(self, n: int, number: int) -> Run:
        why = self.one(("ended", "ended", "limit", "stopped", "lost", "refused"))
        end = s.ended(why=why, code=self.one((0, 0, 1)) if why == "ended" else None, at=self.ago())
        started = why == "ended" or self.coin()
        return s.run(n, number, ended=end, about={"on": self.one(OIDS)}, started=started, slot=self.one(SLOTS))

    def ledger(self, n: int, runs: tuple[Run, ...]) -> Ledger:
        booked = runs[:-1] if self.rarely() else runs
        outcomes: tuple[Any, ...] = ("good", "good", "good", "empty", "failed", "limit", "stopped", "lost")
        ends = [s.end(run=r.id, outcome=self.one(outcomes), at=self.ago()) for r in booked if r.ended]
        return s.ledger(
            *ends,
            starts=len(runs),
            baseline=self.one((0.0, 0.0, s.NOW - 10)),
            noted=self.some(f"proof-p{n + 100}"),
            refused={r.id: "no" for r in runs if self.rarely()},
            held=self.rarely(),
            passed=self.some(*OIDS),
        )

    def work(self, n: int) -> Work:
        tip = self.one((s.H1, *OIDS))
        snapshot = self.one((s.TREES[tip], s.TREES[tip], *TREES))
        branch = None if self.rarely() else f"feat/issue-{n}"
        return s.work(n, tip=tip, tree=s.TREES[tip], snapshot=snapshot, branch=branch)

    def pull(self, n: int) -> Pull:
        state = self.one(("open", "open", "open", "closed", "merged"))
        head = self.one((s.H1, s.H1, *OIDS))
        return s.pull(n, head=head, state="open" if state == "open" else "closed", merged=state == "merged")

    def changes(self) -> Changes | None:
        files = ("larder.py", "Makefile") if self.rarely() else ("larder.py",)
        return Changes(files=files, lost_tests=("tests/test_larder.py",) if self.rarely() else ())

    def merge(self, head: str, onto: str) -> MergeFacts:
        tree = None if self.rarely() else self.one((s.TREES[s.H1], *TREES))
        wrong = self.rarely()
        return s.merges(s.H2 if wrong else Oid(head), Oid(onto), tree=tree, conflicts=("x",) if tree is None else (), empty=self.rarely())

    def ready(self, n: int, onto: str) -> Task:
        """A pull with all that landing asks for, or nearly all."""
        work, pull = self.look(s.work(n)), self.look(s.pull(n))
        merge = self.look(self.one((s.merges(onto=Oid(onto)), self.merge(s.H1, onto))))
        statuses: Sequence[Mapping[str, CommitStatus]] = ({}, s.BLESSED, s.BLESSED, s.statuses(ci__test="failure"))
        return s.proposed(n, work=work, pull=pull, merge=merge, statuses=self.look(self.one(statuses)), remote=self.look(s.H1))

    def starting(self, n: int, onto: str) -> Task:
        """Claimed; its first worker, or the next, is due."""
        at = Oid(onto)
        fresh = s.work(n, tip=at, tree=s.TREES[at], snapshot=s.TREES[at])
        again = s.ledger(s.end(n, outcome=self.one(("failed", "lost", "good")), at=self.ago()))
        ran = self.coin()
        runs, ledger = ((s.run(n),), again) if ran else ((), s.ledger())
        return s.claimed(n, work=self.look(self.one((None, fresh))), runs=self.look(runs), ledger=ledger, wip=s.H1 if ran else None)

    def over(self, n: int, onto: str) -> Task:
        """Merged, or its issue closed; with more left behind than was kept, or less."""
        over = s.merged(
            n, work=self.look(self.one((None, self.work(n), self.work(n)))), has_repository=self.coin(), graph=self.look(self.graph())
        )
        noted = s.ledger(s.end(n), noted=frozenset({f"proof-p{n + 100}"}))
        merged = self.coin()
        pull = over.pull if merged else s.pull(n, state=self.one(("open", "closed")))
        refs = {"remote": self.look(self.one((None, *OIDS))), "wip": self.look(self.one((None, *OIDS)))}
        return s.on(over, pull=pull, ledger=noted, claim=s.claim(n, head=self.one((s.H1, s.H2))), **refs)

    def ride(self, n: int, onto: str) -> Task:
        """Somebody else's pull; open, or landed by us just now."""
        head, drawn = self.one((s.H1, *OIDS)), s.ride(n)
        merge = self.look(self.one((s.merges(onto=Oid(onto)), self.merge(head, onto))))
        merged = self.rarely()
        pull = replace(self.pull(n), number=n, head=head, state="closed" if merged else "open", merged=merged, draft=self.rarely())
        noted = s.ledger(noted=self.some(f"ride-conflict-{head[:7]}", f"proof-p{n}"), passed=self.some(*OIDS))
        rest = {"remote": self.look(head), "changes": self.look(self.changes()), "statuses": self.look(s.BLESSED)}
        state = replace(drawn.issue, state="closed" if merged else "open", labels=("ops/needs-human",) if self.rarely() else ())
        ride = s.on(drawn, merge=merge, pull=self.look(pull), ledger=self.look(noted), graph=self.look(self.graph()), **rest)
        return replace(ride, issue=state, rides=not self.rarely())

    def task(self, n: int, onto: str) -> Task:
        story = self.one((self.ready, self.starting, self.over, self.ride, None, None, None))
        if story:
            return story(n, onto)
        runs, pull = self.runs(n), self.pull(n)
        whose = self.one((None, "ours", "ours", "ours", "ours", "theirs"))
        live = bool(runs) and not runs[-1].ended
        like = self.one((True, True, False))  # the refs agree, as they do when nobody interferes
        labels = ("ops/ready", *self.some("bug"), *(("ops/needs-human",) if self.rarely() else ()), *(("epic",) if self.rarely() else ()))
        head = pull.head if like else self.one((None, *OIDS))
        return s.task(
            n,
            issue=s.issue(n, state=self.one(("open", "open", "open", "closed")), labels=labels),
            claim=self.look(whose and s.claim(n, head=head, ours=whose == "ours")),
            runs=self.look(runs),
            work=s.DARK if live else self.look(self.one((None, self.work(n), self.work(n)))),
            remote=self.look(pull.head if like else self.one((None, *OIDS))),
            wip=self.look(pull.head if like else self.one((None, *OIDS))),
            pull=self.look(self.one((None, pull, pull))),
            statuses=self.look(s.BLESSED),
            ledger=self.look(self.ledger(n, runs)),
            merge=self.look(self.one((None, *[self.merge(pull.head, onto)] * 4))),
            changes=self.look(self.changes()),
            graph=self.look(self.graph()),
            rescued=self.some(*TREES),
            has_repository=self.coin(),
        )

    def trunk(self, head: str, numbers: list[int]) -> Trunk:
        tested = None if self.rarely() else s.TREES[s.M1]
        return s.trunk(Oid(head), *(s.landed(n, tested=tested) for n in numbers if self.one((True, False, False))))

    def verdicts(self) -> dict[Any, Any]:
        ways = (("pass", 1), ("pass", 1), ("pass", 1), ("flaky", 2), ("fail", 1), ("fail", 2), None)
        drawn = [(tree, suite, self.one(ways)) for tree in TREES for suite in (s.FAST, s.FULL)]
        return s.verdicts(*(s.verdict(tree, way[0], suite, way[1]) for tree, suite, way in drawn if way))

    def commands(self, numbers: list[int]) -> tuple[Any, ...]:
        targets = (*SLOTS, "w09", "all", "²", "", *(str(n) for n in numbers), *(f"p{n + 100}" for n in numbers))
        dos = ("assign", "wake", "interrupt", "stop", "merge", "merge", "retry", "pass", "leave", "dance")
        args: tuple[dict[str, str], ...] = ({}, {}, {"slot": "w02"}, {"kind": "other"}, {"first": "yes"}, {"text": "x"})
        return tuple(
            s.command(
                self.one(dos), self.one(targets), id=f"id{i}", args=self.one(args), at=self.ago(), pinned=self.one((None, None, *OIDS))
            )
            for i in range(self.one((0, 0, 1, 2, 3)))
        )

    def checks(self) -> tuple[Run, ...]:
        return tuple(
            s.check_run(
                self.one(TREES),
                self.one((s.FAST, s.FULL)),
                state=self.one(("alive", "reserved", "exited")),
                slot=self.one(("c01", "c02")),
                began=s.NOW - 9,
            )
            for _ in range(self.one((0, 0, 1, 3)))
        )

    def observed(self) -> Observed:
        numbers = list(range(1, self.one((1, 2, 3)) + 1))
        head = self.one((s.M0, s.M0, s.M1))
        tasks = [self.task(n, head) for n in numbers]
        checks, landing = self.checks(), s.landing(self.one(numbers), self.one((s.H1, s.H1, s.H2)), head)
        lander = s.lander(landing, fresh=self.coin(), ours=not self.rarely())
        modes: tuple[Literal["watch", "assist", "auto"], ...] = ("watch", "assist", "auto", "auto", "auto")
        return s.observed(
            *tasks,
            trunk=self.look(self.trunk(head, numbers)),
            checks=self.look(checks),
            recorded=self.some(*(r.id for r in checks)),
            checkouts=frozenset(r.id for r in checks),
            trash=self.rarely(),
            verdicts=self.look(self.verdicts()),
            lander=self.look(self.one((None, lander, lander))),
            forge=self.look("forge"),
            required=self.look(("ci/*",) if self.rarely() else ()),
            standing=Standing(
                mode=self.one(modes), pause=s.YOU if self.one((1, 0, 0)) else None, freeze=s.YOU if self.one((1, 0, 0)) else None
            ),
            commands=self.commands(numbers),
            taken=self.one(((), ("id9",))),
        )

    def policy(self) -> Policy:
        full = s.policy().full
        return s.policy(
            slots=s.policy().slots[: self.one((0, 1, 2, 2))],
            bays=s.policy().bays[: self.one((0, 1, 2, 2))],
            fast=self.one((s.policy().fast, s.policy().fast, full, None)),
            full=None if self.rarely() else full,
            caps=Caps(in_flight=self.one((0, 2, 6))),
        )

    def moment(self) -> Moment:
        """A world, how it is worked on, and what is decided; often with what was decided before gone wrong or still under way."""
        seen, policy = self.observed(), self.policy()
        plan = reconcile(seen, policy)
        wanted = actions(plan)
        kinds: tuple[Any, ...] = ("moved", "later", "refused", "unsure", "bug")
        troubles = {x: Trouble(kind=self.one(kinds), count=self.one((1, 5)), at=self.ago(), why="no") for x in wanted if self.coin()}
        lander = seen.lander.value if isinstance(seen.lander, Known) else None
        if lander and lander.landing and self.coin():
            troubles[a.Merge(landing=lander.landing, lander=lander.oid)] = Trouble(kind="unsure", count=1, at=self.ago(), why="no")
        busy: dict[int | None, tuple[a.Action, ...]] = {x.issue: (x,) for x in wanted if self.chance.random() < 0.2}
        if self.coin():
            seen = replace(seen, troubles=troubles, busy=busy)
            plan = reconcile(seen, policy)
        return seen, policy, plan


def actions(plan: Plan) -> list[a.Action]:
    return [step.action for step in plan.steps if step.action] + list(plan.fleet)


moments = st.randoms(use_true_random=True).map(lambda chance: World(chance).moment())
