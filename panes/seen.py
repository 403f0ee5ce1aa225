"""What the workers' side sees and says: runs, slots, worktrees, and what can go wrong with them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NewType, TypeVar, dataclass_transform

Oid = NewType("Oid", str)  # a commit's full object id
Tree = NewType("Tree", str)  # a git tree's full object id
RunId = NewType("RunId", str)
Slot = NewType("Slot", str)  # w01 … for workers, c01 … for checks

Reading = Literal["claude-json", "codex-jsonl", "kimi-jsonl", "hermes-text", "gateway-json", "exit-code"]  # how a kind's output is read

T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True)
def fact(cls: type[T]) -> type[T]:
    """A frozen, slotted, keyword-only dataclass: something seen. What follows from it is a property."""
    return dataclass(frozen=True, slots=True, kw_only=True)(cls)


class PanesError(Exception):
    """The workers' side could not do it; the text says what and why."""


class TmuxGone(PanesError):
    """The tmux server does not answer. It says nothing about the workers: never read it as "no panes"."""


class GitRefused(PanesError):
    """git said no to something about a worktree, in its own words."""


class Conflict(PanesError):
    """Something stands where ours should: a branch, a worktree or a run of that name with other content."""


@fact
class Own:
    """What the operator says of a kind: their ``command`` in its place, its server, the variable with its key, the model it should run."""

    command: str = ""
    url: str | None = None
    key: str | None = None
    model: str | None = None


@fact
class Limits:
    """What ends a worker: wall clock, and the grace between TERM and KILL. Seconds."""

    wall_s: float = 1800.0
    grace_s: float = 5.0


@fact
class Result:
    """What an agent's own output says of how its run went. ``ok`` None: it does not tell; then the exit code is all there is."""

    ok: bool | None
    why: str = ""  # why it is not, in its own words, for people
    tokens_in: int | None = None  # None: it does not say
    tokens_out: int | None = None
    usd: float | None = None
    model: str | None = None  # the one that did most of it
    denied: int = 0  # how often it was not permitted what it wanted to do
    provider: Literal["limit", "credit", "login"] | None = None  # what its provider refused it for: no fault of the task's


@fact
class Ended:
    """How a run ended, as its shim wrote it. ``code`` None: it never had one (lost, or ended by a signal: 128 + n is used).

    ``why``: ended by itself, at its limit, stopped by us, lost (nobody saw the end), refused (the command could not be started), setup
    (what comes before the command ended with ``code``, and the command was not run).
    """

    code: int | None
    why: Literal["ended", "limit", "stopped", "lost", "refused", "setup"]
    at: float  # seconds since the epoch
    seconds: float  # how long the child lived; 0 when it never started
    detail: str = ""  # a sentence for people: the signal, the command not found …
    result: Result | None = None  # read off its output; None: its kind says nothing, or it was stopped or lost


@fact
class Run:
    """One worker process, with its folder. ``about`` is carried for the console and never read by this side."""

    id: RunId
    task: str  # the folder it is filed under: the console's word
    purpose: Literal["work", "check"]
    kind: str
    slot: Slot
    reason: str
    state: Literal["reserved", "alive", "exited", "lost"]
    began: float  # when it was reserved, seconds since the epoch
    started: bool  # the child was started at least once
    ended: Ended | None
    folder: Path
    told: float | None = None  # when it was last told to stop, seconds since the epoch
    about: Mapping[str, str] = field(default_factory=dict)


@fact
class SlotSeen:
    """One slot's window as tmux shows it. ``run``: the last run put there; ``last``: its last line, sanitised by whoever shows it."""

    slot: Slot
    pane: str  # %N, only good together with the server's pid
    dead: bool
    run: RunId | None
    title: str


@fact
class Work:
    """A task's worktree. ``tip``: its HEAD commit; ``snapshot``: the tree of everything in it, ``tree`` that of the tip alone."""

    where: Path
    branch: str | None  # None: HEAD is detached
    tip: Oid
    tree: Tree
    snapshot: Tree

    @property
    def dirty(self) -> bool:
        return self.tree != self.snapshot


Effect = Callable[[str], None]
