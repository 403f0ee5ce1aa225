"""A row of each table as a frozen fact. Times are seconds since the epoch."""

import sqlite3
from dataclasses import dataclass
from typing import Literal

State = Literal["open", "closed"]
Role = Literal["owner", "write", "read"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who may ask. Nobody is renamed or removed, so what is theirs names them by their login."""

    login: str
    role: Role

    @property
    def writes(self) -> bool:
        return self.role != "read"


YOU = Account(login="you", role="write")  # whoever may open the folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    id: int
    name: str
    color: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """A squash commit that was made of ``head``: only in the trunk does it count. ``drop``: the branch goes with it; ``by``: a login."""

    commit: str
    head: str
    drop: bool
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """What a pull has beside its issue. ``landing``: the last merge that was begun; ``merged``: when one was finished."""

    number: int
    head_branch: str
    head: str
    base_branch: str
    landing: Landing | None
    merged: int | None

    @classmethod
    def of(cls, row: sqlite3.Row) -> "Pull":
        """From a row that has the pull table's columns."""
        landing = None
        if row["landing"] is not None:
            landing = Landing(commit=row["landing"], head=row["landing_head"], drop=bool(row["landing_drop"]), by=row["landing_by"])
        shared = ("number", "head_branch", "head", "base_branch", "merged")
        return cls(**{name: row[name] for name in shared}, landing=landing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """An issue, or what a pull has in common with one (then ``pull`` is there). ``comments``: how many."""

    number: int
    title: str
    body: str
    author: str
    state: State
    created: int
    updated: int
    closed: int | None
    comments: int
    labels: tuple[Label, ...]
    pull: Pull | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    id: int
    issue: int
    body: str
    author: str
    created: int
    updated: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What somebody said of a commit; the latest of a context counts."""

    id: int
    sha: str
    context: str
    state: str
    description: str
    target_url: str
    author: str
    created: int
