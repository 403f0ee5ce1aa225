"""Gitea's JSON, as far as we read it: decoded strictly, then turned into our facts with every text cleaned."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from console.core.facts import Comment, CommitStatus, Issue, Oid, Pull
from console.core.sanitize import clean

Time = Annotated[datetime, Meta(tz=True)]
GHOST = "ghost"  # who Gitea says wrote what a deleted account wrote


class User(Struct):
    login: str


class Label(Struct):
    id: int
    name: str


class Branch(Struct):
    """``label`` is the branch's name; ``ref`` too, until the branch is deleted."""

    label: str
    sha: str
    repo_id: int = 0


class GiteaIssue(Struct):
    number: int
    title: str
    body: str | None
    state: Literal["open", "closed"]
    created_at: Time
    updated_at: Time
    html_url: str
    closed_at: Time | None = None
    labels: list[Label] | None = None


class GiteaPull(Struct):
    number: int
    title: str
    body: str | None
    state: Literal["open", "closed"]
    created_at: Time
    updated_at: Time
    html_url: str
    merged: bool
    mergeable: bool
    head: Branch
    base: Branch
    merge_commit_sha: str | None = None
    draft: bool = False
    labels: list[Label] | None = None
    user: User | None = None


class GiteaComment(Struct):
    id: int
    body: str
    user: User | None = None


class Status(Struct):
    id: int
    status: str
    context: str
    description: str = ""
    target_url: str = ""


class Created(Struct):
    """What a new issue or pull is answered with, as far as it matters."""

    number: int


class Named(Struct):
    """An issue that another depends on."""

    number: int
    state: Literal["open", "closed"]


class Permissions(Struct):
    push: bool
    admin: bool = False


class Repository(Struct):
    permissions: Permissions
    archived: bool
    empty: bool = False  # nothing was pushed yet; it stays so when only refs of ours were
    full_name: str = ""  # owner/name as it is called now
    has_issues: bool = True
    has_pull_requests: bool = True
    allow_squash_merge: bool = False
    allow_merge_commits: bool = False
    allow_rebase: bool = False
    allow_rebase_explicit: bool = False
    allow_fast_forward_only_merge: bool = False
    default_merge_style: str = ""
    default_delete_branch_after_merge: bool = False


def line(text: str) -> str:
    return clean(text, one_line=True)


def issue(it: GiteaIssue) -> Issue:
    return Issue(
        number=it.number,
        title=line(it.title),
        body=clean(it.body or "", one_line=False),
        state=it.state,
        labels=names(it.labels),
        created=it.created_at.timestamp(),
        updated=it.updated_at.timestamp(),
        url=line(it.html_url),
        closed=it.closed_at.timestamp() if it.closed_at else None,
    )


def names(labels: list[Label] | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line(label.name) for label in labels or []))  # Gitea takes a name twice


def pull(it: GiteaPull) -> Pull:
    return Pull(
        number=it.number,
        title=line(it.title),
        body=clean(it.body or "", one_line=False),
        state=it.state,
        merged=it.merged,
        merged_as=Oid(line(it.merge_commit_sha)) if it.merged and it.merge_commit_sha else None,
        head_branch=line(it.head.label),
        head=Oid(line(it.head.sha)),
        base_branch=line(it.base.label),
        mergeable=it.mergeable,
        by=writer(it.user),
        created=it.created_at.timestamp(),
        updated=it.updated_at.timestamp(),
        url=line(it.html_url),
        labels=names(it.labels),
        draft=it.draft,
        fork=it.head.repo_id != it.base.repo_id,
    )


def status(it: Status) -> CommitStatus:
    return CommitStatus(state=line(it.status), said=line(it.description), url=line(it.target_url))


def comment(it: GiteaComment) -> Comment:
    return Comment(id=it.id, by=writer(it.user), body=clean(it.body, one_line=False))


def writer(user: User | None) -> str:
    return line(user.login) if user else GHOST
