"""A machine with panes, as the console needs it, and the machines there are."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from panes.hosts.environment import worker_env
from panes.hosts.local import LocalHost
from panes.runs import Spoilt
from panes.seen import Limits, Run, RunId, Slot, SlotSeen
from panes.session import Session

__all__ = ["HOSTS", "Host", "worker_env"]


class Host(Protocol):
    """Starts workers and says what became of them. ``folder`` is a run folder (``panes.runs.reserve``)."""

    async def start(self, folder: Path, slot: Slot, argv: Sequence[str], where: Path, env: Mapping[str, str], limits: Limits) -> None:
        """Runs ``argv`` in ``where`` with just ``env`` and the run's own marks. A run that is not reserved any more is left alone.

        Conflict: the slot has another living run. PanesError: no such folder, or tmux would not; TmuxGone: it did not answer.
        """
        ...

    async def stop(self, run: Run, grace_s: float) -> None:
        """Asks the run's whole tree to end, and kills it after ``grace_s`` seconds. Returns when that was asked: its end shows later."""
        ...

    async def void(self, folder: Path) -> Run:
        """As ``panes.runs.void``."""
        ...

    async def runs(self) -> tuple[Run, ...]:
        """All runs, from their folders alone: tmux is not asked."""
        ...

    @property
    def spoilt(self) -> tuple[Spoilt, ...]:
        """The run folders that the last ``runs()`` could not read."""
        ...

    async def slots(self) -> tuple[SlotSeen, ...]:
        """TmuxGone: not known."""
        ...

    async def capture(self, slot: Slot, history: int = 0) -> str: ...

    async def interrupt(self, slot: Slot) -> None: ...

    async def paste(self, slot: Slot, text: str) -> None: ...

    async def close(self, slot: Slot) -> None: ...

    def events(self) -> AsyncIterator[RunId | None]:
        """A run's id when something was written about it (started, ended, asks); None: something may have happened, look."""
        ...


HOSTS: Mapping[str, Callable[[Path, Session], Host]] = {"local": LocalHost}
