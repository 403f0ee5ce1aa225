"""Issues (which every pull is too), their labels and their comments."""

import re
import sqlite3
from typing import Literal

from console.localforge import issues, shapes
from console.localforge.ask import Ask, Refusal, Reply, not_found, read_only
from console.localforge.routes import Route
from console.localforge.rows import Issue
from console.localforge.store import transaction

STATES: dict[str, Literal["open", "closed"] | None] = {"open": "open", "closed": "closed", "all": None}
KINDS = {"issues": False, "pulls": True}


def listed(ask: Ask) -> Reply:
    """Newest first, whatever order is asked for. A state that is none means open; labels that are none are no condition."""
    with transaction(ask.place) as db:
        known = {label.name for label in issues.known_labels(db)}
        which = issues.Filter(
            state=STATES.get(ask.query.get("state", "open"), "open"),
            pulls=KINDS.get(ask.query.get("type", "")),
            labels=[name for name in ask.query.get("labels", "").split(",") if name in known],
            since=ask.since(),
        )
        page, total = issues.some(db, which, order="newest", limit=ask.limit, offset=ask.offset)
    return ask.listing([shapes.issue(ask.settings, issue) for issue in page], total)


def create(ask: Ask) -> Reply:
    title = ask.needed("title")
    with transaction(ask.place) as db:
        number = issues.add(db, ask.account.login, title, ask.text("body") or "", ask.labels())
        issue = there(db, number)
    return Reply(status=201, body=shapes.issue(ask.settings, issue))


def get(ask: Ask) -> Reply:
    with transaction(ask.place) as db:
        return Reply(body=shapes.issue(ask.settings, there(db, ask.number)))


def edit(ask: Ask) -> Reply:
    with transaction(ask.place) as db:
        change(db, ask, there(db, ask.number))
        return Reply(status=201, body=shapes.issue(ask.settings, there(db, ask.number)))


def there(db: sqlite3.Connection, number: int) -> Issue:
    """The issue, or 404."""
    if (issue := issues.one(db, number)) is None:
        raise not_found()
    return issue


def own(ask: Ask, author: str) -> None:
    """Who may only read may change only what is theirs; the refusal has no words."""
    if author != ask.account.login:
        ask.writer(Refusal(403, None))


def change(db: sqlite3.Connection, ask: Ask, issue: Issue) -> None:
    """Title, body and state, of an issue or a pull, as the request's body has them; an empty title is no title."""
    own(ask, issue.author)
    title, body, state = ask.text("title"), ask.text("body"), ask.text("state")
    if state not in (None, "open", "closed"):
        raise Refusal(412, f"unknown state: {state}")
    if state and issue.pull and issue.pull.merged is not None:
        raise Refusal(412, "cannot change state of this pull request, it was already merged")
    fields: dict[Literal["title", "body", "state"], str] = {}
    if title:
        fields["title"] = title
    if body is not None:
        fields["body"] = body
    if state:
        fields["state"] = state
    if fields:
        issues.edit(db, issue.number, fields)


def labels(ask: Ask) -> Reply:
    with transaction(ask.place) as db:
        known = issues.known_labels(db)
    page = known[ask.offset : ask.offset + ask.limit]
    return ask.listing([shapes.label(ask.settings, label) for label in page], len(known))


def create_label(ask: Ask) -> Reply:
    """A name that exists is taken again, as a second label: Gitea does, and a client has to list first."""
    ask.writer(read_only())
    name, color = ask.needed("name"), ask.needed("color").removeprefix("#")
    if not re.fullmatch(r"[0-9a-fA-F]{6}|[0-9a-fA-F]{3}", color):
        raise Refusal(422, f"invalid color: #{color}")
    with transaction(ask.place) as db:
        label = issues.add_label(db, name, color.lower(), ask.text("description") or "")
    return Reply(status=201, body=shapes.label(ask.settings, label))


def add_labels(ask: Ask) -> Reply:
    """By ids or by names, not mixed; unknown ones are ignored without a word."""
    ask.writer(Refusal(403, "write permission is required"))
    wanted = ask.body.get("labels")
    if not isinstance(wanted, list) or {type(item) for item in wanted} not in ({int}, {str}, set()):
        raise Refusal(400, "labels should be an array of strings or integers")
    with transaction(ask.place) as db:
        there(db, ask.number)
        ids = [label.id for label in issues.known_labels(db) if label.id in wanted or label.name in wanted]
        issues.attach(db, ask.number, ids)
        return _labels_of(ask, there(db, ask.number))


def labels_of(ask: Ask) -> Reply:
    with transaction(ask.place) as db:
        return _labels_of(ask, there(db, ask.number))


def _labels_of(ask: Ask, issue: Issue) -> Reply:
    return Reply(body=[shapes.label(ask.settings, label) for label in issue.labels])


def drop_label(ask: Ask) -> Reply:
    """By id alone; one that is not on the issue is fine."""
    ask.writer(Refusal(403, "write permission is required"))
    word = ask.path["label"]
    with transaction(ask.place) as db:
        there(db, ask.number)
        if not word.isdecimal() or int(word) not in {label.id for label in issues.known_labels(db)}:
            raise Refusal(422, "label does not exist [label_id: 0]")
        issues.detach(db, ask.number, int(word))
    return Reply(status=204)


def comments(ask: Ask) -> Reply:
    """All of them, whatever page is asked for."""
    with transaction(ask.place) as db:
        there(db, ask.number)
        found = issues.comments(db, ask.number)
    body = [shapes.comment(ask.settings, comment) for comment in found]
    return Reply(body=body, headers={"X-Total-Count": str(len(body))})


def create_comment(ask: Ask) -> Reply:
    text = ask.needed("body")
    with transaction(ask.place) as db:
        if issues.one(db, ask.number) is None:
            raise Refusal(500, f"issue does not exist [id: 0, repo_id: 1, index: {ask.number}]")  # Gitea's handler does not map it
        comment = issues.add_comment(db, ask.account.login, ask.number, text)
    return Reply(status=201, body=shapes.comment(ask.settings, comment))


def edit_comment(ask: Ask) -> Reply:
    text = ask.needed("body")
    with transaction(ask.place) as db:
        if (comment := issues.comment(db, ask.number)) is None:
            raise not_found()
        own(ask, comment.author)
        return Reply(body=shapes.comment(ask.settings, issues.edit_comment(db, comment, text)))


ROUTES: tuple[Route, ...] = (
    ("GET", "/issues", listed),
    ("POST", "/issues", create),
    ("PATCH", "/issues/comments/{number:int}", edit_comment),
    ("GET", "/issues/{number:int}", get),
    ("PATCH", "/issues/{number:int}", edit),
    ("GET", "/issues/{number:int}/labels", labels_of),
    ("POST", "/issues/{number:int}/labels", add_labels),
    ("DELETE", "/issues/{number:int}/labels/{label}", drop_label),
    ("GET", "/issues/{number:int}/comments", comments),
    ("POST", "/issues/{number:int}/comments", create_comment),
    ("GET", "/labels", labels),
    ("POST", "/labels", create_label),
)
