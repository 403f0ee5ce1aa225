"""Issues, labels and comments in the tables: read and written inside a transaction that the caller holds."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from console.localforge.rows import Comment, Issue, Label, Pull
from console.localforge.store import now

ISSUE = """
SELECT issue.*, (SELECT count(*) FROM comment WHERE comment.issue = issue.number) AS comments,
       head_branch, head, base_branch, landing, landing_head, landing_drop, landing_by, merged
FROM issue LEFT JOIN pull USING (number)
"""
ORDERS = {
    "newest": "issue.number DESC",
    "oldest": "issue.number",
    "recentupdate": "issue.updated DESC, issue.number DESC",
    "leastupdate": "issue.updated, issue.number",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which issues are listed. None and empty: no condition. ``labels``: all of these names; ``since``: changed then or later."""

    state: Literal["open", "closed"] | None = None
    pulls: bool | None = None
    labels: Sequence[str] = ()
    since: int | None = None
    base_branch: str | None = None

    def where(self) -> tuple[str, list[object]]:
        """The condition and its parameters."""
        terms: list[tuple[str, object]] = []
        if self.state is not None:
            terms.append(("issue.state = ?", self.state))
        if self.since is not None:
            terms.append(("issue.updated >= ?", self.since))
        if self.pulls is not None:
            terms.append(("(pull.number IS NOT NULL) = ?", self.pulls))
        if self.base_branch is not None:
            terms.append(("pull.base_branch = ?", self.base_branch))
        has = "EXISTS (SELECT 1 FROM issue_label JOIN label ON label.id = label WHERE issue = issue.number AND name = ?)"
        terms += [(has, name) for name in self.labels]
        return " AND ".join(["TRUE", *(term for term, _ in terms)]), [value for _, value in terms]


def one(db: sqlite3.Connection, number: int) -> Issue | None:
    rows = db.execute(f"{ISSUE} WHERE issue.number = ?", (number,)).fetchall()
    return next(iter(_whole(db, rows)), None)


def some(db: sqlite3.Connection, which: Filter, *, order: str, limit: int, offset: int) -> tuple[list[Issue], int]:
    """A page of issues, and how many there are on all pages. ``order``: a key of ORDERS."""
    where, values = which.where()
    total = db.execute(f"SELECT count(*) FROM issue LEFT JOIN pull USING (number) WHERE {where}", values).fetchone()[0]
    page = f"{ISSUE} WHERE {where} ORDER BY {ORDERS[order]} LIMIT ? OFFSET ?"
    return _whole(db, db.execute(page, [*values, limit, offset]).fetchall()), total


def add(db: sqlite3.Connection, author: str, title: str, body: str, labels: Iterable[int]) -> int:
    """A new issue's number. Label ids that do not exist are dropped, as on Gitea."""
    at = now()
    row = db.execute("INSERT INTO issue (title, body, author, created, updated) VALUES (?, ?, ?, ?, ?)", (title, body, author, at, at))
    number = int(row.lastrowid or 0)
    attach(db, number, labels)
    return number


def edit(db: sqlite3.Connection, number: int, fields: Mapping[Literal["title", "body", "state"], str]) -> None:
    """Changes what is named; closing one that is closed keeps the time it was."""
    for field, value in fields.items():
        db.execute(f"UPDATE issue SET {field} = ? WHERE number = ?", (value, number))
    db.execute("UPDATE issue SET closed = CASE state WHEN 'closed' THEN ifnull(closed, ?) END WHERE number = ?", (now(), number))
    touch(db, number)


def touch(db: sqlite3.Connection, number: int) -> None:
    db.execute("UPDATE issue SET updated = ? WHERE number = ?", (now(), number))


def known_labels(db: sqlite3.Connection) -> list[Label]:
    return [Label(**row) for row in db.execute("SELECT * FROM label ORDER BY name, id")]


def add_label(db: sqlite3.Connection, name: str, color: str, description: str) -> Label:
    """Makes a label, a second one of that name if need be."""
    row = db.execute("INSERT INTO label (name, color, description) VALUES (?, ?, ?)", (name, color, description))
    return Label(id=int(row.lastrowid or 0), name=name, color=color, description=description)


def attach(db: sqlite3.Connection, number: int, labels: Iterable[int]) -> None:
    rows = [(number, label) for label in labels]
    db.executemany("INSERT OR IGNORE INTO issue_label SELECT ?, id FROM label WHERE id = ?", rows)
    touch(db, number)


def detach(db: sqlite3.Connection, number: int, label: int) -> None:
    db.execute("DELETE FROM issue_label WHERE issue = ? AND label = ?", (number, label))
    touch(db, number)


def comments(db: sqlite3.Connection, number: int) -> list[Comment]:
    """All of an issue's, oldest first."""
    return [Comment(**row) for row in db.execute("SELECT * FROM comment WHERE issue = ? ORDER BY id", (number,))]


def comment(db: sqlite3.Connection, number: int) -> Comment | None:
    row = db.execute("SELECT * FROM comment WHERE id = ?", (number,)).fetchone()
    return Comment(**row) if row else None


def add_comment(db: sqlite3.Connection, author: str, number: int, body: str) -> Comment:
    at = now()
    made = "INSERT INTO comment (issue, body, author, created, updated) VALUES (?, ?, ?, ?, ?)"
    row = db.execute(made, (number, body, author, at, at))
    touch(db, number)
    return Comment(id=int(row.lastrowid or 0), issue=number, body=body, author=author, created=at, updated=at)


def edit_comment(db: sqlite3.Connection, there: Comment, body: str) -> Comment:
    at = now()
    db.execute("UPDATE comment SET body = ?, updated = ? WHERE id = ?", (body, at, there.id))
    touch(db, there.issue)
    return replace(there, body=body, updated=at)


def _whole(db: sqlite3.Connection, rows: Sequence[sqlite3.Row]) -> list[Issue]:
    """Rows of ISSUE with their labels, asked for once for all of them."""
    numbers = [row["number"] for row in rows]
    marks = ", ".join("?" * len(numbers))
    labels: dict[int, list[Label]] = {number: [] for number in numbers}
    asked = f"SELECT issue, label.* FROM issue_label JOIN label ON label.id = label WHERE issue IN ({marks}) ORDER BY name, id"
    for row in db.execute(asked, numbers):
        fields = dict(row)
        labels[fields.pop("issue")].append(Label(**fields))
    return [_issue(row, tuple(labels[row["number"]])) for row in rows]


def _issue(row: sqlite3.Row, labels: tuple[Label, ...]) -> Issue:
    shared = ("number", "title", "body", "author", "state", "created", "updated", "closed", "comments")
    pull = Pull.of(row) if row["head_branch"] is not None else None
    return Issue(**{field: row[field] for field in shared}, labels=labels, pull=pull)
