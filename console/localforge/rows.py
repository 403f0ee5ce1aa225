"""A row of each table as a frozen fact. Times are seconds since the epoch."""

import sqlite3
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

State = Literal["open", "closed"]
Role = Literal["owner", "write", "read", "none"]  # none: somebody from outside, who sees what is public


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who may ask. Nobody is renamed or removed, so what is theirs names them by their login."""

    login: str
    role: Role

    @property
    def writes(self) -> bool:
        return self.role in ("owner", "write")

    @property
    def administers(self) -> bool:
        return self.role == "owner"


YOU = Account(login="you", role="write")  # whoever may open the folder
NOBODY = Account(login="", role="none")  # who shows no token


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """What an owner can set of the repository; by default what the console wants. ``former``: names it had."""

    name: str
    former: tuple[str, ...] = ()
    description: str = ""
    private: bool = True
    archived: bool = False
    allow_squash_merge: bool = True
    allow_merge_commits: bool = False
    allow_rebase: bool = False
    allow_rebase_explicit: bool = False
    allow_fast_forward_only_merge: bool = False
    allow_rebase_update: bool = True
    allow_manual_merge: bool = False
    autodetect_manual_merge: bool = False
    default_merge_style: str = "squash"
    default_delete_branch_after_merge: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What protects the branches of a name or a glob, with Gitea's names. ``priority``: the lowest that fits counts."""

    rule_name: str
    priority: int
    created: int
    updated: int
    enable_push: bool = False
    enable_push_whitelist: bool = False
    push_whitelist_usernames: tuple[str, ...] = ()
    enable_merge_whitelist: bool = False
    merge_whitelist_usernames: tuple[str, ...] = ()
    enable_status_check: bool = False
    status_check_contexts: tuple[str, ...] = ()
    required_approvals: int = 0
    block_on_rejected_reviews: bool = False
    block_on_official_review_requests: bool = False
    block_on_outdated_branch: bool = False
    dismiss_stale_approvals: bool = False
    ignore_stale_approvals: bool = False
    block_admin_merge_override: bool = False

    def fits(self, branch: str) -> bool:
        return fnmatchcase(branch, self.rule_name)

    def lets_push(self, login: str) -> bool:
        return self.enable_push and (not self.enable_push_whitelist or login in self.push_whitelist_usernames)

    def lets_merge(self, login: str) -> bool:
        return not self.enable_merge_whitelist or login in self.merge_whitelist_usernames


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What somebody said of a pull at commit ``sha``; REQUEST_REVIEW: what they were asked for."""

    id: int
    pull: int
    author: str
    state: str
    body: str
    sha: str
    official: bool
    dismissed: bool
    stale: bool
    submitted: int
    updated: int
    remarks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A review's comment on a line: of the new file, or of the ``old``; 0 for the other."""

    id: int
    review: int
    path: str
    body: str
    new: int
    old: int
    created: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    id: int
    name: str
    color: str
    description: str
    exclusive: bool = False

    @property
    def scope(self) -> str:
        """What an exclusive label shares with those it excludes; empty for none."""
        return self.name.rpartition("/")[0] if self.exclusive else ""


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
    locked: bool
    comments: int
    labels: tuple[Label, ...]
    assignees: tuple[str, ...]
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
