"""The tick and its lanes: look, decide, start what was decided, publish; woken by every event and by the clock."""

import asyncio
import os
import socket
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from console.core import actions as a
from console.core.facts import Answer, Blind, Command, Known
from console.core.phrases import cut
from console.core.reconcile import Plan, reconcile
from console.core.sanitize import clean
from console.core.shown import EngineShown, EventShown, TmuxShown
from console.core.task import Observed, Trouble, TroubleKind
from console.engine import board, inbox, show
from console.engine.perform import perform
from console.engine.ports import Ports
from console.engine.senses import Senses
from console.forge.errors import ForgeError, ForgeGone, Moved, NotYet, Refused
from console.redact import redact
from panes.git import GitFailed
from panes.seen import Effect, PanesError

IDLE_S = 1.0  # a tick at least this often
KEEP_S = 5.0  # the board is written at least this often
QUICK_S = 0.5  # and at most twice a second
EVENTS = 50  # on the board
FORGET_S = 7 * 86_400.0  # answers to commands are kept so long

# How many actions of one kind run at once. One that hangs holds up its own lane and task, nobody else's.
LANES: Mapping[str, int] = {"push": 4, "forge": 4, "start": 2, "check": 4, "land": 1, "tidy": 4}
LANE_OF: Mapping[type, str] = {
    a.TakeClaim: "push",
    a.KeepSafe: "push",
    a.Publish: "push",
    a.DropRefs: "push",
    a.Propose: "forge",
    a.Prove: "forge",
    a.Report: "forge",
    a.Tell: "forge",
    a.Park: "forge",
    a.Note: "forge",
    a.ClosePull: "forge",
    a.Provision: "start",
    a.Launch: "start",
    a.StartCheck: "check",
    a.Record: "check",
    a.Move: "land",
    a.Bless: "land",
    a.Merge: "land",
}


@dataclass
class Loop:
    """One engine. ``tick`` is everything; ``run`` repeats it until ``ending`` is set."""

    ports: Ports
    senses: Senses
    effect: Effect
    tmux: Callable[[], TmuxShown | None]
    lines: Callable[[], Mapping[str, str]]  # slot → the last line of its screen
    still_ours: Callable[[], bool]  # the engine's lock file is the one on disk
    on_event: Callable[[EventShown], None] = lambda event: None
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    ending: bool = False
    grace_s: float = 5.0  # for what is under way when it ends
    ticks: int = 0
    since: float = field(default_factory=time.time)
    seen: Observed | None = None
    plan: Plan | None = None
    _busy: dict[a.Action, asyncio.Task[None]] = field(default_factory=dict)
    _troubles: dict[a.Action, Trouble] = field(default_factory=dict)
    _stages: dict[int, show.Since] = field(default_factory=dict)
    _events: deque[EventShown] = field(default_factory=lambda: deque(maxlen=EVENTS))
    _lanes: dict[str, asyncio.Semaphore] = field(default_factory=lambda: {k: asyncio.Semaphore(n) for k, n in LANES.items()})
    _written: tuple[float, object] = (0.0, None)
    _tick_ms: float = 0.0

    async def run(self, until_idle: bool = False) -> None:
        """Ticks until told to end, or, with ``until_idle``, until nothing is under way and nothing can be done."""
        self._events.extendleft(board.events(self.ports.paths.state, EVENTS))
        inbox.forget(self.ports.paths.state, self.ports.clock() - FORGET_S)
        try:
            while not self.ending and self.still_ours():
                self.woken.clear()
                try:
                    await self.tick()
                except (OSError, GitFailed, PanesError) as error:
                    self._stumble(error)  # a full disk, no more processes: workers go on, and the next tick may find it mended
                if until_idle and self.idle:
                    return
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._wait()):
                        await self.woken.wait()
        finally:
            await self._end()

    def _stumble(self, error: Exception) -> None:
        """A tick that the world made impossible is told, if it can be."""
        said = cut(clean(str(error), one_line=True), 400)
        t = board.iso(self.ports.clock())
        event = EventShown(t=t, by="engine", issue=None, pull=None, slot=None, what="tick", why=said, result="later", s=None, exact=None)
        if not self._events or (self._events[0].what, self._events[0].why) != (event.what, event.why):
            with suppress(OSError):
                self.tell(event)

    async def once(self) -> None:
        """One tick, and what it starts, to the end."""
        await self.tick()
        while self._busy:
            await asyncio.wait(list(self._busy.values()))
        await self._end()

    async def tick(self) -> None:
        """One look, one decision, what follows from it."""
        began = time.monotonic()
        busy = self._grouped()  # asked before looking: an action that ends while we look may not show yet
        seen = await self.senses.look(busy, dict(self._troubles))
        plan = reconcile(seen, self.ports.policy)
        self._tick_ms = (time.monotonic() - began) * 1000
        self.ticks += 1
        for step in plan.steps:
            self._stage(step.issue, step.stage, seen.now)
            if step.action and step.issue not in busy:
                self._start(step.action, step.why)
        for action in plan.fleet:
            self._start(action, "")
        if plan.lags:
            self.senses.hurry()
        self.seen, self.plan = seen, plan
        # Whoever waited for an answer looks at the board next, and must find there what it says.
        self._publish(seen, plan, at_once=any(answer.outcome != "waiting" for answer in plan.answers))
        self._answer(plan, seen)

    @property
    def idle(self) -> bool:
        """Nothing is under way, seen twice, and all that is left waits for a person."""
        if not self.plan or not self.seen or self._busy or self.seen.busy or isinstance(self.seen.forge, Blind):
            return False
        live = any(
            isinstance(t.runs, Blind) or any(r.state in ("reserved", "alive") for r in t.runs.value) for t in self.seen.tasks.values()
        )
        checks = isinstance(self.seen.checks, Blind) or any(r.state in ("reserved", "alive") for r in self.seen.checks.value)
        waits = any(s.action or s.due or not (s.yours or s.tidy) for s in self.plan.steps)
        twice = isinstance(self.seen.forge, Known) and self.seen.forge.times >= 2
        return twice and not (live or checks or waits or self.plan.fleet)

    def live_slots(self) -> tuple[str, ...]:
        """Slots with a worker in them, and the bays of running checks."""
        if not self.seen:
            return ()
        looks = [*(t.runs for t in self.seen.tasks.values()), self.seen.checks]
        return tuple(r.slot for look in looks if isinstance(look, Known) for r in look.value if r.state == "alive")

    def _grouped(self) -> dict[int | None, tuple[a.Action, ...]]:
        groups: dict[int | None, tuple[a.Action, ...]] = {}
        for action in self._busy:
            groups[action.issue] = (*groups.get(action.issue, ()), action)
        return groups

    def _wait(self) -> float:
        """Seconds until the next tick when nothing happens."""
        now = self.ports.clock()
        dues = [s.due - now for s in self.plan.steps if s.due] if self.plan else []
        return max(0.02, min([IDLE_S, *dues]))

    def _start(self, action: a.Action, why: str) -> None:
        if action in self._busy:
            return
        if action.issue is not None and any(busy.issue == action.issue for busy in self._busy):
            return
        self._busy[action] = asyncio.create_task(self._do(action, why))

    async def _do(self, action: a.Action, why: str) -> None:
        """One action in its lane; whatever it says ends here, as a line in the journal and a trouble to wait out."""
        began = time.monotonic()
        lane = self._lanes.get(LANE_OF.get(type(action), "tidy"), self._lanes["tidy"])
        trouble: Trouble | None = None
        try:
            async with lane:
                began = time.monotonic()
                await perform(action, self.ports, self.effect)
            self._troubles = {k: v for k, v in self._troubles.items() if k.issue != action.issue or v.kind == "unsure"}
            self._troubles.pop(action, None)
        except Moved as moved:
            trouble = self._trouble(action, "moved", moved)
        except NotYet as later:
            trouble = self._trouble(action, "later", later)
        except ForgeGone as gone:
            trouble = self._trouble(action, "unsure" if isinstance(action, a.Merge) and gone.sent else "later", gone)
        except (Refused, PanesError, GitFailed) as refused:
            trouble = self._trouble(action, "refused", refused)
        except (ForgeError, OSError) as error:
            trouble = self._trouble(action, "later", error)
        except Exception as bug:  # a task's boundary: one bad issue must not end the work on the others
            trouble = self._trouble(action, "bug", bug)
            self._remember_bug(bug)
        finally:
            self._busy.pop(action, None)
            self.senses.stale(action.issue)
            self.woken.set()
        if not trouble or trouble.kind != "moved":
            self._note(action, why, trouble, time.monotonic() - began)

    def _trouble(self, action: a.Action, kind: TroubleKind, error: Exception) -> Trouble:
        before = self._troubles.get(action)
        said = str(error) if kind != "bug" else f"{type(error).__name__}: {error}"
        count = before.count + 1 if before else 1
        self._troubles[action] = Trouble(kind=kind, count=count, at=self.ports.clock(), why=cut(clean(said, one_line=True), 400))
        return self._troubles[action]

    def _remember_bug(self, bug: Exception) -> None:
        import traceback

        with (self.ports.paths.state / "engine.log").open("a", encoding="utf-8") as log:
            log.write(redact(f"{board.iso(time.time())}\n{''.join(traceback.format_exception(bug))}\n"))

    def _note(self, action: a.Action, why: str, trouble: Trouble | None, seconds: float) -> None:
        task = self.seen.tasks.get(action.issue) if self.seen and action.issue is not None else None
        pulled = task.pull.value if task and isinstance(task.pull, Known) else None
        self.tell(
            EventShown(
                t=board.iso(self.ports.clock()),
                by="engine",
                issue=action.issue,
                pull=pulled.number if pulled else None,
                slot=getattr(action, "slot", None) or getattr(action, "bay", None),
                what=a.word(action),
                why=cut(clean(f"{why}; {trouble.why}" if trouble else why, one_line=True), 400),
                result=trouble.kind if trouble else "ok",
                s=round(seconds, 3),
                exact=None,
            )
        )

    def tell(self, event: EventShown) -> None:
        """Writes an event down and puts it on the board."""
        self._events.appendleft(event)
        self.on_event(event)
        board.note(self.ports.paths.state, event)

    def _stage(self, issue: int, stage: str, now: float) -> None:
        before = self._stages.get(issue)
        if before and before.stage == stage:
            return
        self._stages[issue] = show.Since(stage=stage, at=now)

    def _answer(self, plan: Plan, seen: Observed) -> None:
        for answer in plan.answers:
            if answer.outcome == "waiting":
                continue
            inbox.answer(self.ports.paths.state, answer)
            command = next((c for c in seen.commands if c.id == answer.command), None)
            if command:
                self._tell_answer(command, answer)
            if command and command.do == "leave" and answer.outcome == "granted":
                self.ending = True

    def _tell_answer(self, command: Command, answer: Answer) -> None:
        target = command.target
        self.tell(
            EventShown(
                t=board.iso(self.ports.clock()),
                id=command.id,
                by="you",
                issue=int(target) if target.isdecimal() else None,
                pull=int(target[1:]) if target.startswith("p") and target[1:].isdecimal() else None,
                slot=target if target.startswith("w") else None,
                what=command.do,
                why=cut(clean(answer.why, one_line=True), 400),
                result=answer.outcome,
                s=None,
                exact=None,
            )
        )

    def _publish(self, seen: Observed, plan: Plan, *, at_once: bool) -> None:
        """Writes the board: ``at_once``, else on change, at most twice a second, and every few seconds all the same."""
        at, before = self._written
        now = time.monotonic()
        slots = seen.slots.value if isinstance(seen.slots, Known) else seen.slots
        said = (plan, seen.standing, slots, self.tmux(), self._events[0] if self._events else None)
        if not at_once and now - at < (KEEP_S if said == before else QUICK_S):
            return
        engine = EngineShown(
            pid=os.getpid(),
            host=socket.gethostname(),
            since=board.iso(self.since),
            tick=self.ticks,
            tick_ms=round(self._tick_ms, 1),
            mode=seen.standing.mode or self.ports.policy.mode,
            pause=show.word(seen.standing.pause),
            drain=None,
            freeze=show.word(seen.standing.freeze),
            sandbox=False,
            tmux=self.tmux(),
        )
        shown = show.board(seen, plan, self.ports.policy, engine, self._stages, tuple(self._events), self.lines())
        board.write(self.ports.paths.state, shown)
        self._written = (now, said)

    async def _end(self) -> None:
        """Lets what is under way finish for a moment, then leaves it: every action may be done again.

        Not a merge: a forge that is hung up on stops half-way, with the commit on the trunk and the pull open for ever.
        """
        if self._busy:
            await asyncio.wait(self._busy.values(), timeout=self.grace_s)
        for action, task in list(self._busy.items()):
            if not isinstance(action, a.Merge):
                task.cancel()
        await asyncio.gather(*self._busy.values(), return_exceptions=True)
        if self.seen and self.plan and self.still_ours():  # else it is another's board by now
            self._publish(self.seen, self.plan, at_once=True)
