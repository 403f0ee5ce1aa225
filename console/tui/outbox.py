"""Commands of this console that have no answer yet, and what to say when one comes."""

from pathlib import Path
from typing import NamedTuple

from console.engine import inbox
from console.tui.scene import Scene
from console.tui.verbs import Asked

BY = "you"


class News(NamedTuple):
    """Something to tell the operator. ``bad``: it was refused, or nobody knows."""

    text: str
    bad: bool


class Outbox:
    """Leaves commands in the inbox of ``state`` and watches for their answers. Never waits."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._open: dict[str, str] = {}  # command id → its words
        self._told: set[str] = set()  # those whose reason for waiting was said

    def leave(self, asked: Asked) -> str:
        """Leaves the command; its id. Raises OSError when the inbox cannot be written."""
        left = inbox.leave(self._state, asked.do, asked.target, BY, args=asked.args, pinned=asked.pinned)
        self._open[left] = asked.words
        return left

    def news(self, scene: Scene) -> list[News]:
        """What has become of the open commands since the last look."""
        said: list[News] = []
        for command, words in list(self._open.items()):
            answer = inbox.answered(self._state, command)
            if answer:
                del self._open[command]
                said.append(News(f"{words}: {answer.outcome.replace('_', ' ')} — {answer.why}", answer.outcome != "granted"))
            elif command not in self._told and (why := self._waits(scene, command)):
                self._told.add(command)
                said.append(News(f"{words}: waits — {why}", bad=False))
        return said

    def _waits(self, scene: Scene, command: str) -> str | None:
        shown = scene.board.commands if scene.board else ()
        return next((c.why for c in shown if c.id == command and c.outcome == "waiting" and c.why), None)
