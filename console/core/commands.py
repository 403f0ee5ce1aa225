"""What becomes of each command: granted in the tick that sees its effect, refused with the reason, or waiting with it."""

from collections.abc import Callable, Mapping

from console.core.actions import Interrupt, Launch
from console.core.facts import Answer, Blind, Command, Known, Run
from console.core.phrases import short
from console.core.policy import Policy
from console.core.task import Observed
from console.core.view import Do, Unseen, View

Steps = Mapping[int, tuple[View, Do]]
OF_THE_FORGE = ("assign", "wake", "merge", "retry", "pass")  # what is refused for something that the forge has, or has not


class Desk:
    """One tick's answers: what was seen, what was decided, and what was asked."""

    def __init__(self, seen: Observed, policy: Policy, steps: Steps) -> None:
        self.seen = seen
        self.policy = policy
        self.steps = steps

    def answer(self, command: Command) -> Answer:
        """The answer to one command; a blind sense makes it wait."""
        ask = ASKED.get(command.do)
        try:
            outcome, why = ask(self, command) if ask else ("refused", f"this engine does not know the command {command.do}")
        except Unseen as unseen:
            outcome, why = "waiting", f"what it needs cannot be seen: {unseen}"
        if outcome == "refused" and command.do in OF_THE_FORGE and not self.heard_since(command):
            outcome, why = "waiting", f"the forge is asked once more: {why}"
        return Answer(command=command.id, outcome=outcome, why=why)  # type: ignore[arg-type]  # the words of ASKED are the literal's

    def heard_since(self, command: Command) -> bool:
        """Whether the forge was heard after the command was given: an issue may be a second old, and nothing yet is not nothing."""
        return isinstance(self.seen.forge, Known) and self.seen.forge.at >= command.at

    def task(self, target: str) -> tuple[View, Do] | None:
        return self.steps.get(int(target)) if target.isdecimal() else None

    def live(self, slot: str) -> tuple[View, Run] | None:
        """Who works in a slot at this moment."""
        for t, _ in self.steps.values():
            if (run := t.run) and run.slot == slot and run.state in ("reserved", "alive"):
                return t, run
        return None

    def begun(self, command: Command, t: View) -> Run | None:
        """The run that was started since the command was given."""
        run = t.run
        return run if run and run.began >= command.at and run.started else None


def assign(desk: Desk, c: Command) -> tuple[str, str]:
    found = desk.task(c.target)
    slot = c.args.get("slot")
    if not found or found[0].issue.state == "closed":
        return "refused", f"there is no open issue {c.target}"
    if slot and desk.policy.kind_of(slot) is None:
        return "refused", f"there is no slot {slot}; there are {', '.join(p.slot for p in desk.policy.slots) or 'none'}"
    if (kind := c.args.get("kind")) and kind not in {p.kind for p in desk.policy.slots}:
        return "refused", f"no slot has kind {kind}"
    if slot and kind and desk.policy.kind_of(slot) != kind:
        return "refused", f"{slot} is {desk.policy.kind_of(slot)}, not {kind}"
    t, do = found
    if t.task.foreign:
        return "refused", f"p{t.n} is somebody else's pull: no worker is sent there"
    if t.claim and not t.claim.ours:
        return "refused", do.why
    if t.parked or do.stage == "on_hold":
        return "refused", f"it is parked: `retry {t.n}` takes it up again"
    if run := desk.begun(c, t):
        return "granted", f"{run.kind} works on it in {run.slot}"
    if t.run and t.run.state == "alive":
        return "granted", f"{t.run.kind} is at it already, in {t.run.slot}"
    if t.ours and t.ledger.last:
        return "granted", f"it is taken already: {do.why}"
    if desk.seen.standing.mode == "watch":
        return "refused", "the mode is watch: nothing is started"
    return "waiting", do.why


def wake(desk: Desk, c: Command) -> tuple[str, str]:
    kind = desk.policy.kind_of(c.target)
    if kind is None:
        return "refused", f"there is no slot {c.target}"
    if c.args.get("text"):
        return "refused", f"{kind} in {c.target} is a one-shot worker: it cannot be told anything while it runs"
    if live := desk.live(c.target):
        t, run = live
        return ("granted" if run.began >= c.at else "refused"), f"{run.kind} works on {t.n} in {c.target}"
    for t, _ in desk.steps.values():
        if (begun := desk.begun(c, t)) and begun.slot == c.target:
            return "granted", f"{begun.kind} took up {t.n}"
    if desk.seen.standing.mode == "watch":
        return "refused", "the mode is watch: nothing is started"
    if desk.seen.standing.pause:
        return "waiting", "paused: it starts when you say `resume`"
    coming = [
        do.why for t, do in desk.steps.values() if do.stage in ("claim", "provision", "launch", "retry", "red", "conflict", "backoff")
    ]
    kept = [do.why for _, do in desk.steps.values() if do.stage in ("queued", "held")]
    if not coming and not kept:
        return "refused", "nothing is ready for a worker: `ops-console issue ready N` marks an issue"
    return "waiting", (coming or kept)[0]


def interrupt(desk: Desk, c: Command) -> tuple[str, str]:
    if not desk.live(c.target):
        return "refused", f"nobody works in {c.target}"
    return "waiting", "C-c is being typed"


def stop(desk: Desk, c: Command) -> tuple[str, str]:
    """It leaves a hold: whatever becomes of the run, nothing more is started until `retry`."""
    for t, _ in desk.steps.values():
        if c.id in t.ledger.words:
            run = t.run
            if run and run.state in ("reserved", "alive"):
                return "waiting", f"{run.kind} in {run.slot} is being stopped"
            return "granted", f"{t.n} is on hold and its work is kept; `retry {t.n}` takes it up again"
        if t.told_to_stop == c:
            return "waiting", "it is being written down"
    return "refused", f"nothing runs for {c.target}"


def merge(desk: Desk, c: Command) -> tuple[str, str]:
    for t, do in desk.steps.values():
        pull = t.pull
        if not pull or c.target != f"p{pull.number}":
            continue
        if pull.merged:
            return ("granted", f"landed as {short(t.landed.commit)}") if t.landed else ("waiting", do.why)
        if pull.state == "closed":
            return "refused", f"p{pull.number} was closed"
        if c.pinned and not t.graph.made_from(pull.head, c.pinned):
            return "refused", f"p{pull.number} has another head now ({short(pull.head)}): look at it and say it again"
        told = do.yours or not t.task.foreign  # until then it rides by this very word
        if told and do.stage in ("parked", "conflict", "foreign", "emptied", "red", "not_eligible"):
            return "refused", do.why
        if desk.seen.standing.mode == "watch":
            return "refused", "the mode is watch: nothing lands"
        return "waiting", do.why
    landed = [] if isinstance(desk.seen.trunk, Blind) else [x for x in desk.seen.trunk.value.landed if c.target == f"p{x.pull}"]
    if landed:
        return "granted", f"landed as {short(landed[0].commit)}"
    return "refused", f"there is no pull {c.target} of ours"


def retry(desk: Desk, c: Command) -> tuple[str, str]:
    found = desk.task(c.target)
    if not found or found[0].issue.state == "closed":
        return "refused", f"there is no open issue {c.target}"
    t, do = found
    if c.id in t.ledger.words:
        return "granted", f"a new start: {do.why}"
    return "waiting", "it is being written down"


def let_by(desk: Desk, c: Command) -> tuple[str, str]:
    """`pass`: a guarded change may go on, as it was seen."""
    found = desk.task(c.target)
    if not found or found[0].issue.state == "closed":
        return "refused", f"there is no open issue {c.target}"
    t, do = found
    if c.id in t.ledger.words:
        return "granted", f"its guarded change may go on: {do.why}"
    if not t.guarded:
        return "refused", f"nothing of {t.n} waits for a pass: {do.why}"
    if t.pass_word != c:
        return "refused", f"{t.n} stands at {short(t.tip)} now: look at it and say it again"
    return "waiting", "it is being written down"


def leave(desk: Desk, c: Command) -> tuple[str, str]:
    """The operator leaves and wants everything stopped."""
    alive = {t.run.slot for t, _ in desk.steps.values() if t.run and t.run.state in ("reserved", "alive")}
    alive |= {action.slot for group in desk.seen.busy.values() for action in group if isinstance(action, Launch)}
    return ("waiting", f"{', '.join(sorted(alive))} being stopped") if alive else ("granted", "nothing runs; the engine ends")


ASKED: Mapping[str, Callable[[Desk, Command], tuple[str, str]]] = {
    "assign": assign,
    "wake": wake,
    "interrupt": interrupt,
    "stop": stop,
    "merge": merge,
    "retry": retry,
    "pass": let_by,
    "leave": leave,
}


def interrupts(desk: Desk) -> tuple[Interrupt, ...]:
    """Keys to be typed now."""
    try:
        live = [(c, desk.live(c.target)) for c in desk.seen.commands if c.do == "interrupt"]
    except Unseen:
        return ()
    return tuple(Interrupt(command=c.id, slot=found[1].slot, run=found[1].id) for c, found in live if found)
