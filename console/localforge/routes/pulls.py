"""Pulls: proposed, read, edited, brought up to date, merged."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from console.localforge import accounts, checks, gitshapes, issues, pulls, refs, reviews, shapes
from console.localforge.ask import Ask, Reply
from console.localforge.merge import ALLOWED_BY, Wish, merge
from console.localforge.refusals import Refusal, no_pull_of_commit, no_user, not_found, required, silent
from console.localforge.routes import Route
from console.localforge.routes.issues import STATES, assignable, change
from console.localforge.rows import Issue, Pull
from console.localforge.store import transaction
from console.localforge.update import update


def listed(ask: Ask) -> Reply:
    """A state that is none means all; labels are ids, one of which is enough."""
    if refs.branch(ask.place.repo, ask.settings.trunk) is None:
        raise not_found()
    wanted = [int(one) for part in ask.labels for one in part.split(",") if one.isdecimal()]
    poster = ask.query.get("poster")
    which = issues.Filter(
        state=STATES.get(ask.query.get("state", "open")),
        pulls=True,
        base_branch=ask.query.get("base_branch"),
        any_label=wanted,
        author=poster,
    )
    order = ask.query.get("sort", "newest")
    order = order if order in issues.ORDERS else "newest"
    with transaction(ask.place) as db:
        if poster and accounts.known(db, poster) is None:
            raise Refusal(400, no_user(poster))
        page, total = issues.some(db, which, order=order, limit=ask.limit, offset=ask.offset)
        found = [_read(db, issue, issue.pull) for issue in page if issue.pull]
    whole, branches = shapes.repository(ask), refs.branches(ask.place.repo)
    return ask.listing([_shape(ask, it, whole, branches) for it in found], total)


def create(ask: Ask) -> Reply:
    ask.not_archived()
    head, base, title = ask.needed("head"), ask.needed("base"), ask.needed("title")
    labels, wanted = ask.ids("labels", "CreatePullRequestOption") or (), ask.texts("assignees") or ()
    head = _branch(ask, head)
    branches = refs.branches(ask.place.repo)
    _proposable(ask, head, base, branches)
    with transaction(ask.place) as db:
        if (other := pulls.of_branches(db, base, head)) and other.state == "open":
            raise Refusal(409, _exists(other.number, head, base))
        logins = assignable(db, wanted)
        if not ask.account.writes:
            labels, logins = (), []
        number = issues.add(db, ask.account.login, title, ask.text("body") or "", labels, logins)
        pulls.add(db, number, head_branch=head, head=branches[head], base_branch=base)
        made = _there(db, number)
        checks.start(ask.place, db, made.pull)
    return _alone(ask, replace(made, noted=None), 201)  # in this answer it counts as looked at


def _branch(ask: Ask, head: str) -> str:
    """``branch``, or ``owner:branch`` of this repository."""
    owner, colon, branch = head.rpartition(":")
    if colon and owner.lower() != ask.settings.owner.lower():
        raise not_found("GetBaseRepo")
    return branch


def _proposable(ask: Ask, head: str, base: str, branches: Mapping[str, str]) -> None:
    if head == base:
        raise Refusal(422, "Invalid PullRequest: There are no changes between the head and the base")
    for name in (head, base):
        if name not in branches and refs.commit(ask.place.repo, name):
            raise Refusal(422, "Invalid PullRequest: base and head must be branches")
        if name not in branches:
            raise not_found()


def _exists(number: int, head: str, base: str) -> str:
    return (
        f"pull request already exists for these targets [id: {number}, issue_id: {number}, head_repo_id: 1, base_repo_id: 1, "
        f"head_branch: {head}, base_branch: {base}]"
    )


def get(ask: Ask) -> Reply:
    with transaction(ask.place) as db:
        found = _there(db, ask.number)
    return _alone(ask, found)


def of_branches(ask: Ask) -> Reply:
    """``{base}/{head}``: both may hold slashes, so every way of parting them is tried."""
    parts = ask.path["branches"].split("/")
    with transaction(ask.place) as db:
        pairs = [("/".join(parts[:i]), "/".join(parts[i:])) for i in range(1, len(parts))]
        issue = next((it for base, head in pairs if (it := pulls.of_branches(db, base, head))), None)
        if issue is None or issue.pull is None:
            raise not_found()
        found = _read(db, issue, issue.pull)
    return _alone(ask, found)


def of_commit(ask: Ask) -> Reply:
    """The pull that landed as this commit."""
    with transaction(ask.place) as db:
        if (issue := pulls.landed_as(db, ask.path["sha"])) is None or issue.pull is None:
            raise no_pull_of_commit()
        found = _read(db, issue, issue.pull)
    return _alone(ask, found)


def edit(ask: Ask) -> Reply:
    base = ask.text("base")
    labels = ask.ids("labels", "EditPullRequestOption")
    branches = refs.branches(ask.place.repo)
    with transaction(ask.place) as db:
        issue = _there(db, ask.number).issue
        if base and base not in branches:
            raise Refusal(404, f"new base '{base}' not exist")
        change(db, ask, issue)
        if labels is not None:
            issues.detach(db, ask.number, None)
            issues.attach(db, ask.number, labels)
        if base:
            pulls.move_base(db, ask.number, base)
        edited = _there(db, ask.number)
    return _alone(ask, edited, 201)


def land(ask: Ask) -> Reply:
    """``merge_when_checks_succeed`` is only a wish here: it lands now, or is refused as without it."""
    ask.not_archived()
    style = ask.text("Do") or ask.text("do")  # Gitea's JSON does not mind the case
    if not style:
        raise required("Do")
    if style not in ALLOWED_BY:
        raise Refusal(422, "[Do]: In")
    wish = Wish(
        style=style,
        head=ask.text("head_commit_id") or None,
        title=ask.text("MergeTitleField") or "",
        message=ask.text("MergeMessageField") or "",
        drop=ask.flag("delete_branch_after_merge"),
        commit=ask.text("MergeCommitID") or "",
        by=ask.account,
    )
    merge(ask.place, ask.settings, ask.number, wish)
    return Reply(status=201 if ask.flag("merge_when_checks_succeed") else 200)


def bring_up(ask: Ask) -> Reply:
    """Any style but ``rebase`` is a merge."""
    rebase = ask.query.get("style") == "rebase"
    if not rebase:
        ask.writer(silent())
    update(ask.place, ask.repository, ask.number, ask.account, rebase=rebase)
    return Reply()


def is_merged(ask: Ask) -> Reply:
    with transaction(ask.place) as db:
        pull = _there(db, ask.number).pull
    if pull.merged is None:
        raise not_found()
    return Reply(status=204)


def commits(ask: Ask) -> Reply:
    base, head = _span(ask)
    found = refs.commits(ask.place.repo, f"{base}..{head}")
    page = found[ask.offset : ask.offset + ask.limit]
    changed = [refs.changes(ask.place.repo, it.parents[0], it.sha) if it.parents else () for it in page]
    return ask.listing([gitshapes.commit(ask, it, its) for it, its in zip(page, changed, strict=True)], len(found))


def changed(ask: Ask) -> Reply:
    base, head = _span(ask)
    found = refs.changes(ask.place.repo, base, head)
    return ask.listing([gitshapes.file(ask, it, head) for it in found[ask.offset : ask.offset + ask.limit]], len(found))


def diff(ask: Ask) -> Reply:
    return Reply(text=refs.diff(ask.place.repo, *_span(ask)))


def _span(ask: Ask) -> tuple[str, str]:
    """Where the pull's commits begin, and its head."""
    with transaction(ask.place) as db:
        found = _there(db, ask.number)
    return str(_shape(ask, found, {}, refs.branches(ask.place.repo))["merge_base"]), found.pull.head


@dataclass(frozen=True, slots=True)
class Read:
    """What the tables say of a pull; git is asked after the transaction, which nobody should wait for."""

    issue: Issue
    pull: Pull
    noted: sqlite3.Row | None  # of the looks at it
    reviewers: Sequence[str]


def _there(db: sqlite3.Connection, number: int) -> Read:
    """The pull, or 404, also for an issue that is no pull."""
    issue = issues.one(db, number)
    if issue is None or issue.pull is None:
        raise not_found()
    return _read(db, issue, issue.pull)


def _read(db: sqlite3.Connection, issue: Issue, pull: Pull) -> Read:
    asked = [it.author for it in reviews.of_pull(db, issue.number) if it.state == reviews.ASKED]
    return Read(issue, pull, checks.row(db, issue.number), asked)


def _alone(ask: Ask, it: Read, status: int = 200) -> Reply:
    shape = _shape(ask, it, shapes.repository(ask), refs.branches(ask.place.repo))
    return Reply(status=status, body=shape | shapes.alone(ask, shape, it.pull, it.reviewers))


def _shape(ask: Ask, it: Read, whole: shapes.Json, branches: Mapping[str, str]) -> shapes.Json:
    seen = checks.seen(ask.place, it.pull, branches, it.noted)
    return shapes.pull(ask, it.issue, it.pull, seen, whole, branches)


ROUTES: tuple[Route, ...] = (
    ("GET", "/pulls", listed),
    ("POST", "/pulls", create),
    ("GET", "/pulls/{number:int}", get),
    ("PATCH", "/pulls/{number:int}", edit),
    ("GET", "/pulls/{number:int}.diff", diff),
    ("GET", "/pulls/{number:int}/merge", is_merged),
    ("POST", "/pulls/{number:int}/merge", land),
    ("POST", "/pulls/{number:int}/update", bring_up),
    ("GET", "/pulls/{number:int}/commits", commits),
    ("GET", "/pulls/{number:int}/files", changed),
    ("GET", "/commits/{sha}/pull", of_commit),
    ("GET", "/pulls/{branches:path}", of_branches),
)
