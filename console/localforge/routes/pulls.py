"""Pulls: proposed, read, edited, merged."""

import sqlite3
from collections.abc import Mapping

from console.localforge import issues, pulls, refs, shapes
from console.localforge.ask import Ask, Refusal, Reply, not_found
from console.localforge.merge import Wish, merge
from console.localforge.routes import Route
from console.localforge.routes.issues import STATES, change
from console.localforge.rows import Issue, Pull
from console.localforge.store import transaction

STYLES = {"merge", "rebase", "rebase-merge", "fast-forward-only", "manually-merged"}  # known, and not allowed here


def listed(ask: Ask) -> Reply:
    """A state that is none means all."""
    which = issues.Filter(state=STATES.get(ask.query.get("state", "open")), pulls=True, base_branch=ask.query.get("base_branch"))
    order = ask.query.get("sort", "newest")
    order = order if order in issues.ORDERS else "newest"
    with transaction(ask.place) as db:
        page, total = issues.some(db, which, order=order, limit=ask.limit, offset=ask.offset)
    branches = refs.branches(ask.place.repo)
    return ask.listing([_shape(ask, issue, branches) for issue in page], total)


def create(ask: Ask) -> Reply:
    head, base, title = ask.needed("head"), ask.needed("base"), ask.needed("title")
    head = head.removeprefix(f"{ask.settings.owner}:")
    branches = refs.branches(ask.place.repo)
    _proposable(ask, head, base, branches)
    with transaction(ask.place) as db:
        if (other := pulls.of_branches(db, base, head)) and other.state == "open":
            raise Refusal(409, _exists(other.number, head, base))
        number = issues.add(db, ask.account.login, title, ask.text("body") or "", ask.labels())
        pulls.add(db, number, head_branch=head, head=branches[head], base_branch=base)
        issue = _there(db, number)
    return Reply(status=201, body=_shape(ask, issue, branches))


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
        issue = _there(db, ask.number)
    return Reply(body=_shape(ask, issue, refs.branches(ask.place.repo)))


def of_branches(ask: Ask) -> Reply:
    """``{base}/{head}``: both may hold slashes, so every way of parting them is tried."""
    parts = ask.path["branches"].split("/")
    with transaction(ask.place) as db:
        pairs = [("/".join(parts[:i]), "/".join(parts[i:])) for i in range(1, len(parts))]
        issue = next((found for base, head in pairs if (found := pulls.of_branches(db, base, head))), None)
    if issue is None:
        raise not_found()
    return Reply(body=_shape(ask, issue, refs.branches(ask.place.repo)))


def edit(ask: Ask) -> Reply:
    base = ask.text("base")
    branches = refs.branches(ask.place.repo)
    if base and base not in branches:
        raise Refusal(404, f"new base '{base}' not exist")
    with transaction(ask.place) as db:
        change(db, ask, _there(db, ask.number))
        if base:
            pulls.move_base(db, ask.number, base)
        issue = _there(db, ask.number)
    return Reply(status=201, body=_shape(ask, issue, branches))


def squash(ask: Ask) -> Reply:
    """``Do: squash`` and nothing else. The branch goes with the pull unless told otherwise."""
    ask.writer(Refusal(405, "User not allowed to merge PR"))
    style = ask.needed("Do")
    if style in STYLES:
        raise Refusal(405, f"{style} is not allowed an allowed merge style for this repository")
    if style != "squash":
        raise Refusal(422, "[Do]: In")
    wish = Wish(
        head=ask.text("head_commit_id") or None,
        title=ask.text("MergeTitleField") or "",
        message=ask.text("MergeMessageField") or "",
        drop=ask.body.get("delete_branch_after_merge") is not False,
        by=ask.account.login,
    )
    merge(ask.place, ask.settings, ask.number, wish)
    return Reply()


def is_merged(ask: Ask) -> Reply:
    with transaction(ask.place) as db:
        issue = _there(db, ask.number)
    if issue.pull is None or issue.pull.merged is None:
        raise not_found()
    return Reply(status=204)


def _there(db: sqlite3.Connection, number: int) -> Issue:
    """The pull's issue, or 404, also for an issue that is no pull."""
    issue = issues.one(db, number)
    if issue is None or issue.pull is None:
        raise not_found()
    return issue


def _shape(ask: Ask, issue: Issue, branches: Mapping[str, str]) -> shapes.Json:
    match issue.pull:
        case Pull() as pull:
            return shapes.pull(ask.place, ask.settings, issue, pull, branches)
        case None:
            raise not_found()


ROUTES: tuple[Route, ...] = (
    ("GET", "/pulls", listed),
    ("POST", "/pulls", create),
    ("GET", "/pulls/{number:int}", get),
    ("PATCH", "/pulls/{number:int}", edit),
    ("GET", "/pulls/{number:int}/merge", is_merged),
    ("POST", "/pulls/{number:int}/merge", squash),
    ("GET", "/pulls/{branches:path}", of_branches),
)
