"""What each verb asks of the engine for what the cursor is on, and why it cannot be asked just now. Pure."""

from collections.abc import Callable, Mapping

from console.tui.scene import Chosen, Scene
from panes.seen import fact

LIVE = ("run", "ask", "boot")


@fact
class Asked:
    """A command to leave in the inbox, as ``inbox.leave`` takes it."""

    do: str
    target: str
    args: Mapping[str, str]
    pinned: str | None = None

    @property
    def words(self) -> str:
        return " ".join([self.do, self.target, *self.args.values()])


def why_not(verb: str, scene: Scene, chosen: Chosen) -> str | None:
    """The reason why a verb cannot be used on what is chosen; None when it can."""
    if scene.board is None:
        return "no engine has run here yet"
    return REASONS[verb](scene, chosen)


def _wake(scene: Scene, chosen: Chosen) -> str | None:
    if chosen.slot is None:
        return "choose a slot first (tab)"
    return f"{chosen.slot.slot} works already" if chosen.slot.state in ("run", "boot") else None


def _assign(scene: Scene, chosen: Chosen) -> str | None:
    if chosen.panel == "slots":
        if chosen.slot is None:
            return "choose a slot first"
        return None if candidates(scene) else "no issue is left to assign"
    return None if chosen.task else "choose an issue first"


def _merge(scene: Scene, chosen: Chosen) -> str | None:
    if chosen.task is None:
        return "choose an issue first"
    if chosen.pull is None:
        return f"{chosen.task.issue} has no pull yet: {chosen.task.why or chosen.task.stage}"
    if chosen.task.stage == "merged":
        return f"p{chosen.pull.pull} has landed already"
    return None


def _pass(scene: Scene, chosen: Chosen) -> str | None:
    if chosen.task is None:
        return "choose an issue first"
    return None if chosen.task.stage == "guarded" else f"nothing of {chosen.task.issue} waits for a pass"


def _live(scene: Scene, chosen: Chosen) -> str | None:
    if chosen.slot is None:
        return "choose a slot first (tab)"
    return None if chosen.slot.state in LIVE else f"nobody works in {chosen.slot.slot}"


def _stop(scene: Scene, chosen: Chosen) -> str | None:
    if chosen.panel == "slots":
        return _live(scene, chosen)
    if chosen.task is None:
        return "choose an issue or a slot first"
    return None if chosen.slot and chosen.slot.state in LIVE else f"nothing runs for {chosen.task.issue}"


def _retry(scene: Scene, chosen: Chosen) -> str | None:
    if chosen.task is None:
        return "choose an issue first"
    return f"a worker has {chosen.task.issue} now" if chosen.task.stage == "working" else None


def _attach(scene: Scene, chosen: Chosen) -> str | None:
    if chosen.slot is None:
        return "choose a slot first (tab)"
    return None if chosen.slot.pane else f"{chosen.slot.slot} has no window yet"


def _always(scene: Scene, chosen: Chosen) -> str | None:
    return None


REASONS: dict[str, Callable[[Scene, Chosen], str | None]] = {
    "worker.wake": _wake,
    "assign": _assign,
    "merge": _merge,
    "pass": _pass,
    "worker.interrupt": _live,
    "worker.stop": _stop,
    "task.retry": _retry,
    "attach": _attach,
    "mode": _always,
}


def candidates(scene: Scene) -> tuple[int, ...]:
    """Issues that can be given to a slot: those no worker has and that do not wait for somebody else."""
    if scene.board is None:
        return ()
    return tuple(t.issue for t in scene.board.tasks if t.stage in ("queued", "claim", "not_eligible", "backoff"))


def asked(verb: str, chosen: Chosen, slot: str = "", issue: int = 0) -> Asked:
    """The command a verb leaves, for what ``why_not`` let pass; ``slot`` and ``issue``: what the picker was told."""
    match verb:
        case "worker.wake" if chosen.slot:
            return Asked(do="wake", target=chosen.slot.slot, args={})
        case "worker.interrupt" if chosen.slot:
            return Asked(do="interrupt", target=chosen.slot.slot, args={})
        case "worker.stop" if chosen.panel == "slots" and chosen.slot:
            return Asked(do="stop", target=chosen.slot.slot, args={})
        case "worker.stop" if chosen.task:
            return Asked(do="stop", target=str(chosen.task.issue), args={})
        case "task.retry" if chosen.task:
            return Asked(do="retry", target=str(chosen.task.issue), args={})
        case "merge" if chosen.pull:
            return Asked(do="merge", target=f"p{chosen.pull.pull}", args={}, pinned=chosen.pull.head)
        case "pass" if chosen.task:
            return Asked(do="pass", target=str(chosen.task.issue), args={}, pinned=chosen.task.head)
        case "assign":
            return Asked(do="assign", target=str(issue), args={"slot": slot})
    raise ValueError(f"{verb} asks nothing of the engine for {chosen}")
