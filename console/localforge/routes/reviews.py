"""Reviews of a pull: given, dismissed, asked for."""

import sqlite3

from console.localforge import accounts, issues, reviews, shapes
from console.localforge.ask import Ask, Reply
from console.localforge.refusals import Refusal, not_found, silent
from console.localforge.routes import Route
from console.localforge.rows import Issue, Pull, Review
from console.localforge.store import transaction

OPINIONS = {"APPROVED": "approve", "REQUEST_CHANGES": "reject"}
STATES = (*OPINIONS, "COMMENT")


def listed(ask: Ask) -> Reply:
    """Others' pending ones are counted, and not shown."""
    with transaction(ask.place) as db:
        _pull(db, ask)
        found = reviews.of_pull(db, ask.number)
    mine = [it for it in found[ask.offset : ask.offset + ask.limit] if it.state != "PENDING" or it.author == ask.account.login]
    return ask.listing([shapes.review(ask, it) for it in mine], len(found))


def create(ask: Ask) -> Reply:
    """Any word that is no opinion, and none, is a pending review, which the same account's next one takes the place of."""
    event, body = ask.text("event") or "", ask.text("body") or ""
    state = event if event in STATES else "PENDING"
    remarks = _remarks(ask)
    with transaction(ask.place) as db:
        issue, pull = _pull(db, ask)
        if state in OPINIONS and issue.author == ask.account.login:
            raise Refusal(422, f"{OPINIONS[state]} your own pull is not allowed")
        if state == "COMMENT" and not body and not remarks:
            raise Refusal(422, f"review event {event} requires a body or a comment")
        sha, official = ask.text("commit_id") or pull.head, state in OPINIONS and ask.account.writes
        if state != "COMMENT" and (draft := reviews.pending(db, ask.number, ask.account.login)):
            reviews.rewrite(db, draft, state, body, sha, official)
            number = draft.id
        else:
            number = reviews.add(db, ask.number, ask.account.login, state, body, sha, official)
        for path, text, new, old in remarks:
            reviews.remark(db, number, path, text, new, old)
        return Reply(body=shapes.review(ask, _review(db, ask, number)))


def _remarks(ask: Ask) -> list[tuple[str, str, int, int]]:
    sent = ask.body.get("comments") or []
    if not isinstance(sent, list) or not all(isinstance(one, dict) for one in sent):
        raise Refusal(422, "[]: json: cannot unmarshal into Go struct field CreatePullReviewOptions.Comments")
    said = [(str(one.get("path", "")), str(one.get("body", "")), one.get("new_position"), one.get("old_position")) for one in sent]
    return [(path, body, new if isinstance(new, int) else 0, old if isinstance(old, int) else 0) for path, body, new, old in said]


def get(ask: Ask) -> Reply:
    with transaction(ask.place) as db:
        return Reply(body=shapes.review(ask, _review(db, ask)))


def remarks(ask: Ask) -> Reply:
    with transaction(ask.place) as db:
        review = _review(db, ask)
        return Reply(body=[shapes.remark(ask, review, it) for it in reviews.remarks(db, review.id)])


def drop(ask: Ask) -> Reply:
    with transaction(ask.place) as db:
        review = _review(db, ask)
        if review.author != ask.account.login:
            ask.admin(silent())
        reviews.drop(db, review.id)
    return Reply(status=204)


def dismiss(ask: Ask) -> Reply:
    return _dismissed(ask, True)


def undismiss(ask: Ask) -> Reply:
    return _dismissed(ask, False)


def _dismissed(ask: Ask, dismissed: bool) -> Reply:
    ask.admin(Refusal(403, "Must be repo admin"))
    with transaction(ask.place) as db:
        reviews.dismiss(db, _review(db, ask).id, dismissed)
        return Reply(body=shapes.review(ask, _review(db, ask)))


def request(ask: Ask) -> Reply:
    """Asks accounts for a review; those that were asked already are not asked again."""
    ask.writer(silent())
    with transaction(ask.place) as db:
        _pull(db, ask)
        asked = {it.author for it in reviews.of_pull(db, ask.number) if it.state == reviews.ASKED}
        fresh = [login for login in _reviewers(db, ask) if login not in asked]
        made = [reviews.add(db, ask.number, login, reviews.ASKED, "", "", True) for login in fresh]
        return Reply(status=201, body=[shapes.review(ask, _review(db, ask, number)) for number in made])


def no_request(ask: Ask) -> Reply:
    ask.writer(silent())
    with transaction(ask.place) as db:
        _pull(db, ask)
        wanted = set(_reviewers(db, ask))
        for it in reviews.of_pull(db, ask.number):
            if it.state == reviews.ASKED and it.author in wanted:
                reviews.drop(db, it.id)
    return Reply(status=204)


def _reviewers(db: sqlite3.Connection, ask: Ask) -> list[str]:
    logins = ask.texts("reviewers") or ()
    found = {login: accounts.known(db, login) for login in logins}
    if unknown := next((login for login, account in found.items() if account is None), None):
        raise not_found(f"User '{unknown}' not exist")
    return [account.login for account in found.values() if account]


def _pull(db: sqlite3.Connection, ask: Ask) -> tuple[Issue, Pull]:
    issue = issues.one(db, ask.number)
    if issue is None or issue.pull is None:
        raise not_found()
    return issue, issue.pull


def _review(db: sqlite3.Connection, ask: Ask, number: int | None = None) -> Review:
    if (found := reviews.one(db, ask.number, number or int(ask.path["review"]))) is None:
        raise not_found()
    return found


_HERE = "/pulls/{number:int}/reviews"
_ONE = f"{_HERE}/{{review:int}}"
ROUTES: tuple[Route, ...] = (
    ("GET", _HERE, listed),
    ("POST", _HERE, create),
    ("GET", _ONE, get),
    ("DELETE", _ONE, drop),
    ("GET", f"{_ONE}/comments", remarks),
    ("POST", f"{_ONE}/dismissals", dismiss),
    ("POST", f"{_ONE}/undismissals", undismiss),
    ("POST", "/pulls/{number:int}/requested_reviewers", request),
    ("DELETE", "/pulls/{number:int}/requested_reviewers", no_request),
)
