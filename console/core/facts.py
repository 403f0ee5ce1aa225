"""What the console sees: one frozen type each. Nothing here is decided; what follows from a fact is a property."""

from collections.abc import Mapping
from typing import Generic, Literal, NewType, TypeVar

from panes.seen import Oid, Run, RunId, Slot, SlotSeen, Tree, Work, fact

__all__ = ["Oid", "Run", "RunId", "Slot", "SlotSeen", "Tree", "Work", "fact"]

T = TypeVar("T")
Suite = NewType("Suite", str)  # digest of what checking means: setup, command, environment
Mode = Literal["watch", "assist", "auto"]


@fact
class Known(Generic[T]):
    """A sense that answered. ``at``: when (seconds since the epoch); ``times``: equal looks in a row, 1 for the first."""

    value: T
    at: float
    times: int = 1


@fact
class Blind:
    """A sense that did not answer. It proves nothing absent."""

    why: str
    since: float


Look = Known[T] | Blind


@fact
class Comment:
    """A comment on an issue, as the forge has it."""

    id: int
    by: str
    body: str


@fact
class Issue:
    """An issue on the forge. Times are seconds since the epoch."""

    number: int
    title: str
    body: str
    state: Literal["open", "closed"]
    labels: tuple[str, ...]
    created: float
    updated: float
    url: str
    closed: float | None = None


@fact
class Pull:
    """A pull request. ``merged_as``: the commit on the trunk. ``mergeable`` is the forge's opinion, cached there: never proof."""

    number: int
    title: str
    body: str
    state: Literal["open", "closed"]
    merged: bool
    merged_as: Oid | None
    head_branch: str
    head: Oid
    base_branch: str
    mergeable: bool
    by: str
    created: float
    updated: float
    url: str


@fact
class Command:
    """What the operator asked. ``target`` is an address (12, p31, w07); ``pinned`` the head it was said about."""

    id: str
    do: str
    target: str
    args: Mapping[str, str]
    by: str
    at: float
    not_before: float | None
    pinned: Oid | None


@fact
class Answer:
    """What became of a command, in a sentence."""

    command: str
    outcome: Literal["granted", "waiting", "refused", "undone", "maybe_delivered"]
    why: str


@fact
class Said:
    """Something the operator said that lasts: who, when (seconds since the epoch), why."""

    by: str
    at: float
    why: str | None = None


@fact
class Standing:
    """What the engine may do by itself. ``mode`` None: the settings' mode counts."""

    mode: Mode | None = None
    pause: Said | None = None
    freeze: Said | None = None
