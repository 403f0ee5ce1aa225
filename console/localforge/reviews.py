"""Reviews in the tables: read and written inside a transaction that the caller holds."""

import sqlite3
from collections.abc import Sequence

from console.localforge.rows import Remark, Review, Rule
from console.localforge.store import now

REVIEW = "SELECT review.*, (SELECT count(*) FROM remark WHERE review = review.id) AS remarks FROM review"
ASKED = "REQUEST_REVIEW"


def of_pull(db: sqlite3.Connection, number: int) -> list[Review]:
    """All of a pull's, oldest first."""
    return [_review(row) for row in db.execute(f"{REVIEW} WHERE pull = ? ORDER BY id", (number,))]


def one(db: sqlite3.Connection, pull: int, number: int) -> Review | None:
    return next((it for it in of_pull(db, pull) if it.id == number), None)


def pending(db: sqlite3.Connection, pull: int, author: str) -> Review | None:
    return next((it for it in of_pull(db, pull) if it.author == author and it.state == "PENDING"), None)


def add(db: sqlite3.Connection, pull: int, author: str, state: str, body: str, sha: str, official: bool) -> int:
    """A new review's id. An official opinion takes the place of what the same account said before."""
    if official and state != ASKED:
        db.execute("UPDATE review SET official = 0 WHERE pull = ? AND author = ?", (pull, author))
    at = now()
    row = db.execute(
        "INSERT INTO review (pull, author, state, body, sha, official, submitted, updated) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (pull, author, state, body, sha, official, at, at),
    )
    return int(row.lastrowid or 0)


def rewrite(db: sqlite3.Connection, there: Review, state: str, body: str, sha: str, official: bool) -> None:
    """Turns a pending review into another."""
    if official:
        db.execute("UPDATE review SET official = 0 WHERE pull = ? AND author = ?", (there.pull, there.author))
    fields = (state, body, sha, official, now(), there.id)
    db.execute("UPDATE review SET state = ?, body = ?, sha = ?, official = ?, stale = 0, dismissed = 0, updated = ? WHERE id = ?", fields)


def dismiss(db: sqlite3.Connection, number: int, dismissed: bool) -> None:
    db.execute("UPDATE review SET dismissed = ? WHERE id = ?", (dismissed, number))


def drop(db: sqlite3.Connection, number: int) -> None:
    db.execute("DELETE FROM review WHERE id = ?", (number,))


def outdate(db: sqlite3.Connection, pull: int, rule: Rule | None) -> None:
    """The head has moved: what was said is of another commit, and approvals may count no more."""
    db.execute("UPDATE review SET stale = 1 WHERE pull = ? AND state != ?", (pull, ASKED))
    if rule and rule.dismiss_stale_approvals:
        db.execute("UPDATE review SET dismissed = 1 WHERE pull = ? AND state = 'APPROVED'", (pull,))


def remark(db: sqlite3.Connection, review: int, path: str, body: str, new: int, old: int) -> None:
    db.execute(
        "INSERT INTO remark (review, path, body, new, old, created) VALUES (?, ?, ?, ?, ?, ?)", (review, path, body, new, old, now())
    )


def remarks(db: sqlite3.Connection, review: int) -> list[Remark]:
    return [Remark(**row) for row in db.execute("SELECT * FROM remark WHERE review = ? ORDER BY id", (review,))]


def objection(db: sqlite3.Connection, pull: int, rule: Rule) -> str | None:
    """What the reviews say against a merge, as far as the rule asks for them."""
    count = [it for it in of_pull(db, pull) if it.official and not it.dismissed]
    if _number(count, "APPROVED", rule.ignore_stale_approvals) < rule.required_approvals:
        return "Does not have enough approvals"
    if rule.block_on_rejected_reviews and _number(count, "REQUEST_CHANGES", False):
        return "There are requested changes"
    if rule.block_on_official_review_requests and _number(count, ASKED, False):
        return "There are official review requests"
    return None


def _number(found: Sequence[Review], state: str, fresh: bool) -> int:
    return sum(it.state == state and not (fresh and it.stale) for it in found)


def _review(row: sqlite3.Row) -> Review:
    flags = {name: bool(row[name]) for name in ("official", "dismissed", "stale")}
    return Review(**{**dict(row), **flags})
