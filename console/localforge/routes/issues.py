"""Issues, which every pull is too: listed, made, changed, and what they depend on."""

import sqlite3
from collections.abc import Sequence
from typing import Literal

from console.localforge import accounts, checks, issues, shapes
from console.localforge.ask import Ask, Reply
from console.localforge.refusals import Refusal, no_assignee, no_user, not_found, open_dependencies, silent
from console.localforge.routes import Route
from console.localforge.rows import Issue
from console.localforge.store import transaction

STATES: dict[str, Literal["open", "closed"] | None] = {"open": "open", "closed": "closed", "all": None}
KINDS = {"issues": False, "pulls": True}


def listed(ask: Ask) -> Reply:
    """Newest first, whatever order is asked for. A state that is none means open; labels that are none are no condition."""
    with transaction(ask.place) as db:
        for who in ("created_by", "assigned_by", "mentioned_by"):
            if ask.query.get(who) and not accounts.known(db, ask.query[who]):
                raise not_found("not found", no_user(ask.query[who]))
        known = {label.name for label in issues.known_labels(db)}
        which = issues.Filter(
            state=STATES.get(ask.query.get("state", "open"), "open"),
            pulls=KINDS.get(ask.query.get("type", "")),
            labels=[name for name in ask.query.get("labels", "").split(",") if name in known],
            since=ask.moment("since"),
            before=ask.moment("before"),
            author=ask.query.get("created_by"),
            assignee=ask.query.get("assigned_by"),
            words=ask.query.get("q", ""),
        )
        page, total = issues.some(db, which, order="newest", limit=ask.limit, offset=ask.offset)
    return ask.listing([shapes.issue(ask, issue) for issue in page], total)


def create(ask: Ask) -> Reply:
    """Labels and assignees of who may not write are dropped without a word; so are labels that do not exist."""
    ask.not_archived()
    title, labels, wanted = ask.needed("title"), ask.ids("labels", "CreateIssueOption") or (), ask.texts("assignees") or ()
    with transaction(ask.place) as db:
        logins = assignable(db, wanted)
        if not ask.account.writes:
            labels, logins = (), []
        number = issues.add(db, ask.account.login, title, ask.text("body") or "", labels, logins)
        if ask.flag("closed"):
            issues.edit(db, number, {"state": "closed"})
        return Reply(status=201, body=shapes.issue(ask, there(db, number)))


def get(ask: Ask) -> Reply:
    with transaction(ask.place) as db:
        return Reply(body=shapes.issue(ask, there(db, ask.number)))


def edit(ask: Ask) -> Reply:
    with transaction(ask.place) as db:
        try:
            change(db, ask, there(db, ask.number))
        except Refusal as no:
            if no.message and no.message.startswith("Assignee"):
                raise Refusal(500, no.message) from no  # as Gitea does here, though not for pulls
            raise
        return Reply(status=201, body=shapes.issue(ask, there(db, ask.number)))


def there(db: sqlite3.Connection, number: int) -> Issue:
    """The issue, or 404."""
    if (issue := issues.one(db, number)) is None:
        raise not_found()
    return issue


def assignable(db: sqlite3.Connection, logins: Sequence[str]) -> list[str]:
    """Anybody who has an account."""
    found = {login: accounts.known(db, login) for login in logins}
    if unknown := next((login for login, account in found.items() if account is None), None):
        raise no_assignee(unknown)
    return [account.login for account in found.values() if account]


def own(ask: Ask, author: str) -> None:
    """Who may only read may change only what is theirs."""
    if author != ask.account.login:
        ask.writer(silent())


def change(db: sqlite3.Connection, ask: Ask, issue: Issue) -> None:
    """Title, body, state and assignees, of an issue or a pull, as the request's body has them; an empty title is no title."""
    own(ask, issue.author)
    title, body, state = ask.text("title"), ask.text("body"), ask.text("state")
    if state not in (None, "open", "closed"):
        raise Refusal(412, f"unknown state: {state}")
    if state and issue.pull and issue.pull.merged is not None:
        raise Refusal(412, "cannot change state of this pull request, it was already merged")
    if state == "closed" and issues.is_blocked(db, issue.number):
        raise open_dependencies()
    if (wanted := ask.texts("assignees")) is not None:
        issues.assign(db, issue.number, assignable(db, wanted))
    fields: dict[Literal["title", "body", "state"], str] = {}
    if title:
        fields["title"] = title
    if body is not None:
        fields["body"] = body
    if state:
        fields["state"] = state
    if fields:
        issues.edit(db, issue.number, fields)
    if issue.pull and state == "open" and issue.state == "closed":
        checks.start(ask.place, db, issue.pull)


def lock(ask: Ask) -> Reply:
    return _locked(ask, True)


def unlock(ask: Ask) -> Reply:
    return _locked(ask, False)


def _locked(ask: Ask, locked: bool) -> Reply:
    ask.writer(silent())
    with transaction(ask.place) as db:
        issues.lock(db, there(db, ask.number).number, locked)
    return Reply(status=204)


def needs(ask: Ask) -> Reply:
    with transaction(ask.place) as db:
        return Reply(body=[shapes.issue(ask, it) for it in issues.needs(db, there(db, ask.number).number)])


def blocks(ask: Ask) -> Reply:
    with transaction(ask.place) as db:
        return Reply(body=[shapes.issue(ask, it) for it in issues.blocks(db, there(db, ask.number).number)])


def depend(ask: Ask) -> Reply:
    """An issue may depend on itself; what is there already, or would be a circle of two, is 500."""
    with transaction(ask.place) as db:
        issue, other = _both(db, ask)
        if other.number in {it.number for it in issues.needs(db, issue.number)}:
            raise Refusal(500, "issue dependency does already exist")
        if issue.number in {it.number for it in issues.needs(db, other.number)}:
            raise Refusal(500, "circular dependencies exists")
        issues.depend(db, issue.number, other.number)
        return Reply(status=201, body=shapes.issue(ask, there(db, issue.number)))


def release(ask: Ask) -> Reply:
    with transaction(ask.place) as db:
        issue, other = _both(db, ask)
        if not issues.release(db, issue.number, other.number):
            raise Refusal(500, "issue dependency does not exist")
        return Reply(status=201, body=shapes.issue(ask, issue))


def _both(db: sqlite3.Connection, ask: Ask) -> tuple[Issue, Issue]:
    """The issue, and the one that the body names. Who may only read finds none."""
    ask.writer(not_found())
    owner, name, index = ask.text("owner") or "", ask.text("repo") or "", ask.body.get("index")
    if (owner.lower(), name.lower()) != (ask.settings.owner.lower(), ask.repository.name.lower()):
        raise not_found("IsErrRepoNotExist", f"repository does not exist [id: 0, uid: 0, owner_name: {owner}, name: {name}]")
    issue = there(db, ask.number)
    if not isinstance(index, int) or (other := issues.one(db, index)) is None:
        raise not_found("IsErrIssueNotExist", f"issue does not exist [id: 0, repo_id: 1, index: {index}]")
    return issue, other


ROUTES: tuple[Route, ...] = (
    ("GET", "/issues", listed),
    ("POST", "/issues", create),
    ("GET", "/issues/{number:int}", get),
    ("PATCH", "/issues/{number:int}", edit),
    ("PUT", "/issues/{number:int}/lock", lock),
    ("DELETE", "/issues/{number:int}/lock", unlock),
    ("GET", "/issues/{number:int}/dependencies", needs),
    ("POST", "/issues/{number:int}/dependencies", depend),
    ("DELETE", "/issues/{number:int}/dependencies", release),
    ("GET", "/issues/{number:int}/blocks", blocks),
)
