"""What the acts and senses work with: the parts that touch the world, put together by `console.wire`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from console.core.facts import fact
from console.core.policy import Policy
from console.forge import Forge
from panes.git import Identity, Remote
from panes.hosts import Host
from panes.seen import Own


@fact
class Paths:
    """The state folder's parts."""

    state: Path

    @property
    def hub(self) -> Path:
        return self.state / "hub.git"

    @property
    def runs(self) -> Path:
        return self.state / "runs"

    @property
    def trash(self) -> Path:
        return self.state / "trash"

    @property
    def quarantine(self) -> Path:
        return self.state / "quarantine"

    def repository(self, issue: int) -> Path:
        return self.state / "tasks" / f"{issue}.git"

    def work(self, issue: int) -> Path:
        return self.state / "work" / str(issue)

    def checkout(self, run: str) -> Path:
        return self.state / "checks" / run

    def run(self, task: str, run: str) -> Path:
        return self.runs / task / run

    def make(self) -> None:
        """Makes the folders, private."""
        for part in ("tasks", "work", "checks", "runs", "inbox", "trash", "quarantine"):
            (self.state / part).mkdir(mode=0o700, parents=True, exist_ok=True)
        self.state.chmod(0o700)


@dataclass(frozen=True, slots=True)
class Ports:
    """One repository's parts. ``clock``: seconds since the epoch."""

    paths: Paths
    policy: Policy
    forge: Forge
    remote: Remote  # what git fetches from and pushes to
    host: Host
    identity: Identity
    kinds: Mapping[str, Own]  # what the operator says of them
    check_env: tuple[str, ...]
    standing: Path
    prompts: Path  # the operator's own, in place of ours
    me: str  # this console's instance
    process: str  # this very process
    getenv: Callable[[str], str | None]
    clock: Callable[[], float]
