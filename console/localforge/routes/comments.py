"""Comments on issues and pulls."""

import sqlite3
from collections.abc import Sequence

from console.localforge import issues, shapes
from console.localforge.ask import Ask, Reply
from console.localforge.refusals import Refusal, no_comment
from console.localforge.routes import Route
from console.localforge.routes.issues import own, there
from console.localforge.rows import Comment
from console.localforge.store import transaction


def of_issue(ask: Ask) -> Reply:
    """All of them, whatever page is asked for."""
    with transaction(ask.place) as db:
        found = issues.comments(db, there(db, ask.number).number, ask.moment("since"), ask.moment("before"))
    return _all(ask, found, len(found))


def of_repository(ask: Ask) -> Reply:
    """All of them, unless a page is asked for."""
    with transaction(ask.place) as db:
        found = issues.comments(db, None, ask.moment("since"), ask.moment("before"))
    return _all(ask, found[ask.offset : ask.offset + ask.limit] if "page" in ask.query else found, len(found))


def _all(ask: Ask, found: Sequence[Comment], total: int) -> Reply:
    return ask.counted([shapes.comment(ask, comment) for comment in found], total)


def create(ask: Ask) -> Reply:
    ask.not_archived()
    text = ask.needed("body")
    with transaction(ask.place) as db:
        if (issue := issues.one(db, ask.number)) is None:
            raise Refusal(500, f"issue does not exist [id: 0, repo_id: 1, index: {ask.number}]")  # Gitea does not map it
        if issue.locked:
            ask.writer(Refusal(403, "You cannot comment on a locked issue."))
        comment = issues.add_comment(db, ask.account.login, ask.number, text)
    return Reply(status=201, body=shapes.comment(ask, comment))


def get(ask: Ask) -> Reply:
    with transaction(ask.place) as db:
        return Reply(body=shapes.comment(ask, _there(db, ask.number)))


def edit(ask: Ask) -> Reply:
    text = ask.needed("body")
    with transaction(ask.place) as db:
        comment = _there(db, ask.number)
        own(ask, comment.author)
        return Reply(body=shapes.comment(ask, issues.edit_comment(db, comment, text)))


def drop(ask: Ask) -> Reply:
    with transaction(ask.place) as db:
        comment = _there(db, ask.number)
        own(ask, comment.author)
        issues.drop_comment(db, comment.id)
    return Reply(status=204)


def _there(db: sqlite3.Connection, number: int) -> Comment:
    if (comment := issues.comment(db, number)) is None:
        raise no_comment(number)
    return comment


ROUTES: tuple[Route, ...] = (
    ("GET", "/issues/comments", of_repository),
    ("GET", "/issues/comments/{number:int}", get),
    ("PATCH", "/issues/comments/{number:int}", edit),
    ("DELETE", "/issues/comments/{number:int}", drop),
    ("GET", "/issues/{number:int}/comments", of_issue),
    ("POST", "/issues/{number:int}/comments", create),
)
