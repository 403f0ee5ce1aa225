"""The mode menu: what can be said that lasts, and how saying it changes what stands."""

from collections.abc import Callable
from dataclasses import replace

from console.core.facts import Said, Standing
from console.core.shown import EngineShown
from console.tui.inks import BADGES
from console.tui.outbox import BY
from console.tui.screens.choose import Option

MODES = {
    "watch": "plan and show, but start and land nothing",
    "assist": "do what you name, as far as a pull; `m` lands it",
    "auto": "take up what is ready, and land what is green",
}


def options(engine: EngineShown) -> tuple[Option, ...]:
    """The menu for an engine as it stands: its mode is marked, and of each pair the one that changes something is offered."""
    modes = tuple(
        Option(value=mode, label=mode, says=says, key=mode[0] if mode != "assist" else "s", mark=_mark(mode, engine.mode))
        for mode, says in MODES.items()
    )
    pause = Option(value="pause", label="pause", says="no new claim and no new run; landing goes on", key="p")
    resume = Option(value="resume", label="resume", says=f"lift the pause{_by(engine.pause)}", key="p", mark=("‖ ", "nap"))
    freeze = Option(value="freeze", label="freeze", says="nothing lands", key="f")
    unfreeze = Option(value="unfreeze", label="unfreeze", says=f"let it land again{_by(engine.freeze)}", key="f", mark=("‖ ", "nap"))
    return (*modes, resume if engine.pause else pause, unfreeze if engine.freeze else freeze)


def _mark(mode: str, now: str) -> tuple[str, str]:
    return ("● ", BADGES[mode]) if mode == now else ("  ", "dim")


def _by(said: object) -> str:
    by = getattr(said, "by", None)
    return f" ({by})" if by else ""


def change(value: str, now: float) -> Callable[[Standing], Standing]:
    """What choosing ``value`` changes, for ``inbox.say``."""
    said = Said(by=BY, at=now)
    match value:
        case "watch" | "assist" | "auto":
            return lambda standing: replace(standing, mode=value)
        case "pause":
            return lambda standing: replace(standing, pause=said)
        case "resume":
            return lambda standing: replace(standing, pause=None)
        case "freeze":
            return lambda standing: replace(standing, freeze=said)
        case "unfreeze":
            return lambda standing: replace(standing, freeze=None)
    raise ValueError(f"the menu has no {value}")
