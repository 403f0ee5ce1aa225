"""The one seam: every effect on the world is named here before it is done, so that tests can crash at each of them."""

import os
import signal
from pathlib import Path

from panes.seen import Effect

EFFECTS = frozenset(
    {
        "claim.push",
        "claim.end",
        "note.label",
        "note.word",
        "provision.make",
        "provision.end",
        "follow.merge",
        "launch.reserve",
        "launch.start",
        "launch.end",
        "void.write",
        "stop.term",
        "commit.leftover",
        "commit.end",
        "rescue.keep",
        "wip.push",
        "wip.end",
        "book.write",
        "book.end",
        "check.make",
        "check.reserve",
        "check.start",
        "check.end",
        "verdict.write",
        "verdict.end",
        "publish.push",
        "publish.end",
        "pull.open",
        "pull.end",
        "move.push",
        "move.end",
        "lander.push",
        "status.post",
        "bless.end",
        "merge.send",
        "merge.end",
        "tell.say",
        "tell.note",
        "bug.open",
        "bug.end",
        "proof.say",
        "proof.close",
        "proof.note",
        "pull.close",
        "work.remove",
        "work.end",
        "refs.drop",
        "refs.end",
        "park.note",
        "park.say",
        "park.label",
        "interrupt.take",
        "interrupt.type",
        "sweep.checkouts",
        "lander.drop",
        "freeze.write",
    }
)


def none(name: str) -> None:
    """The effect of every day: only a name that is known."""
    assert name in EFFECTS, f"{name} is no effect's name"


def kill_once(folder: Path, name: str) -> None:
    """Ends this process by SIGKILL at an effect that was not killed yet; its file in ``folder`` says it was."""
    none(name)
    try:
        os.close(os.open(folder / name, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def named(environment: str | None) -> Effect:
    """The effect function for this process: ``OPS_KILL_ONCE`` names a folder, and then each effect is killed once."""
    if not environment:
        return none
    folder = Path(environment)
    return lambda name: kill_once(folder, name)
