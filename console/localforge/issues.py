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
    """Which issues are listed. None and empty: no condition.

    ``labels``: all of these names; ``any_label``: one of these names or ids; ``since``, ``before``: when changed, these seconds included;
    ``words``: in title or body, or the number.
    """

    state: Literal["open", "closed"] | None = None
    pulls: bool | None = None
    labels: Sequence[str] = ()
    any_label: Sequence[str | int] = ()
    since: int | None = None
    before: int | None = None
    base_branch: str | None = None
    author: str | None = None
    assignee: str | None = None
    words: str = ""

    def where(self) -> tuple[str, list[object]]:
        """The condition and its parameters."""
        terms: list[tuple[str, object]] = []
        if self.state is not None:
            terms.append(("issue.state = ?", self.state))
        if self.since is not None:
            terms.append(("issue.updated >= ?", self.since))
        if self.before is not None:
            terms.append(("issue.updated <= ?", self.before))
        if self.author is not None:
            terms.append(("issue.author = ?", self.author))
        if self.assignee is not None:
            terms.append(("EXISTS (SELECT 1 FROM assignee WHERE assignee.issue = issue.number AND login = ?)", self.assignee))
        if self.words.isdecimal():
            terms.append(("issue.number = ?", int(self.words)))
        elif self.words:
            terms.append(("instr(lower(issue.title || char(10) || issue.body), lower(?))", self.words))
        if self.pulls is not None:
            terms.append(("(pull.number IS NOT NULL) = ?", self.pulls))
        if self.base_branch is not None:
            terms.append(("pull.base_branch = ?", self.base_branch))
        has = "EXISTS (SELECT 1 FROM issue_label JOIN label ON label.id = label WHERE issue = issue.number AND name = ?)"
        terms += [(has, name) for name in self.labels]
        values = [value for _, value in terms]
        if self.any_label:
            marks = ", ".join("?" * len(self.any_label))
            one_of = f"issue = issue.number AND (name IN ({marks}) OR id IN ({marks}))"
            terms.append((f"EXISTS (SELECT 1 FROM issue_label JOIN label ON label.id = label WHERE {one_of})", None))
            values += [*self.any_label, *self.any_label]
        return " AND ".join(["TRUE", *(term for term, _ in terms)]), values


def one(db: sqlite3.Connection, number: int) -> Issue | None:
    rows = db.execute(f"{ISSUE} WHERE issue.number = ?", (number,)).fetchall()
    return next(iter(_whole(db, rows)), None)


def some(db: sqlite3.Connection, which: Filter, *, order: str, limit: int, offset: int) -> tuple[list[Issue], int]:
    """A page of issues, and how many there are on all pages. ``order``: a key of ORDERS."""
    where, values = which.where()
    total = db.execute(f"SELECT count(*) FROM issue LEFT JOIN pull USING (number) WHERE {where}", values).fetchone()[0]
    page = f"{ISSUE} WHERE {where} ORDER BY {ORDERS[order]} LIMIT ? OFFSET ?"
    return _whole(db, db.execute(page, [*values, limit, offset]).fetchall()), total


def add(db: sqlite3.Connection, author: str, title: str, body: str, labels: Iterable[int], assignees: Iterable[str] = ()) -> int:
    """A new issue's number. Label ids that do not exist are dropped, as on Gitea."""
    at = now()
    row = db.execute("INSERT INTO issue (title, body, author, created, updated) VALUES (?, ?, ?, ?, ?)", (title, body, author, at, at))
    number = int(row.lastrowid or 0)
    attach(db, number, labels)
    assign(db, number, assignees)
    return number


def assign(db: sqlite3.Connection, number: int, logins: Iterable[str]) -> None:
    """Exactly these are assigned from now on."""
    db.execute("DELETE FROM assignee WHERE issue = ?", (number,))
    db.executemany("INSERT OR IGNORE INTO assignee (issue, login) VALUES (?, ?)", [(number, login) for login in logins])
    touch(db, number)


def lock(db: sqlite3.Connection, number: int, locked: bool) -> None:
    db.execute("UPDATE issue SET locked = ? WHERE number = ?", (locked, number))


def edit(db: sqlite3.Connection, number: int, fields: Mapping[Literal["title", "body", "state"], str]) -> None:
    """Changes what is named; closing one that is closed keeps the time it was."""
    for field, value in fields.items():
        db.execute(f"UPDATE issue SET {field} = ? WHERE number = ?", (value, number))
    db.execute("UPDATE issue SET closed = CASE state WHEN 'closed' THEN ifnull(closed, ?) END WHERE number = ?", (now(), number))
    touch(db, number)


def touch(db: sqlite3.Connection, number: int) -> None:
    db.execute("UPDATE issue SET updated = ? WHERE number = ?", (now(), number))


def known_labels(db: sqlite3.Connection) -> list[Label]:
    return [_label(row) for row in db.execute("SELECT * FROM label ORDER BY name, id")]


def label(db: sqlite3.Connection, number: int) -> Label | None:
    return next((it for it in known_labels(db) if it.id == number), None)


def write_label(db: sqlite3.Connection, fields: Mapping[str, object], number: int | None = None) -> int:
    """Makes a label, a second one of that name if need be, or changes label ``number``; its id."""
    if number is None:
        row = db.execute("INSERT INTO label (name, color, description) VALUES ('', '', '')")
        number = int(row.lastrowid or 0)
    for field, value in fields.items():
        db.execute(f"UPDATE label SET {field} = ? WHERE id = ?", (value, number))
    return number


def drop_label(db: sqlite3.Connection, number: int) -> None:
    db.execute("DELETE FROM issue_label WHERE label = ?", (number,))
    db.execute("DELETE FROM label WHERE id = ?", (number,))


def attach(db: sqlite3.Connection, number: int, labels: Iterable[int]) -> None:
    """Puts labels on an issue; of an exclusive one's siblings none stays."""
    known = {it.id: it for it in known_labels(db)}
    for one in labels:
        if one not in known:
            continue
        siblings = [it.id for it in known.values() if it.id != one and known[one].scope and it.scope == known[one].scope]
        db.executemany("DELETE FROM issue_label WHERE issue = ? AND label = ?", [(number, other) for other in siblings])
        db.execute("INSERT OR IGNORE INTO issue_label (issue, label) VALUES (?, ?)", (number, one))
    touch(db, number)


def detach(db: sqlite3.Connection, number: int, label: int | None) -> None:
    """Takes one label off, or (None) all."""
    db.execute("DELETE FROM issue_label WHERE issue = ? AND label = ifnull(?, label)", (number, label))
    touch(db, number)


def needs(db: sqlite3.Connection, number: int) -> list[Issue]:
    """The issues that this one depends on."""
    return _issues(db, "JOIN dependency ON needs = issue.number WHERE dependency.issue = ?", number)


def blocks(db: sqlite3.Connection, number: int) -> list[Issue]:
    """The issues that depend on this one."""
    return _issues(db, "JOIN dependency ON dependency.issue = issue.number WHERE needs = ?", number)


def is_blocked(db: sqlite3.Connection, number: int) -> bool:
    return any(it.state == "open" for it in needs(db, number))


def depend(db: sqlite3.Connection, number: int, other: int) -> None:
    db.execute("INSERT INTO dependency (issue, needs) VALUES (?, ?)", (number, other))


def release(db: sqlite3.Connection, number: int, other: int) -> bool:
    """Whether there was such a dependency."""
    return db.execute("DELETE FROM dependency WHERE issue = ? AND needs = ?", (number, other)).rowcount > 0


def comments(db: sqlite3.Connection, number: int | None, since: int | None = None, before: int | None = None) -> list[Comment]:
    """All of an issue's, or (None) of the repository's, oldest first."""
    asked = "SELECT * FROM comment WHERE issue = ifnull(?, issue) AND updated BETWEEN ifnull(?, 0) AND ifnull(?, 1 << 60) ORDER BY id"
    return [Comment(**row) for row in db.execute(asked, (number, since, before))]


def drop_comment(db: sqlite3.Connection, number: int) -> None:
    db.execute("DELETE FROM comment WHERE id = ?", (number,))


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


def _issues(db: sqlite3.Connection, rest: str, number: int) -> list[Issue]:
    return _whole(db, db.execute(f"{ISSUE} {rest} ORDER BY issue.number", (number,)).fetchall())


def _whole(db: sqlite3.Connection, rows: Sequence[sqlite3.Row]) -> list[Issue]:
    """Rows of ISSUE with their labels and assignees, asked for once for all of them."""
    numbers = [row["number"] for row in rows]
    marks = ", ".join("?" * len(numbers))
    labels: dict[int, list[Label]] = {number: [] for number in numbers}
    asked = f"SELECT issue, label.* FROM issue_label JOIN label ON label.id = label WHERE issue IN ({marks}) ORDER BY name, id"
    for row in db.execute(asked, numbers):
        labels[row["issue"]].append(_label(row))
    logins: dict[int, list[str]] = {number: [] for number in numbers}
    for row in db.execute(f"SELECT * FROM assignee WHERE issue IN ({marks}) ORDER BY rowid", numbers):
        logins[row["issue"]].append(row["login"])
    return [_issue(row, tuple(labels[row["number"]]), tuple(logins[row["number"]])) for row in rows]


def _label(row: sqlite3.Row) -> Label:
    fields = {field: row[field] for field in ("id", "name", "color", "description")}
    return Label(**fields, exclusive=bool(row["exclusive"]))


def _issue(row: sqlite3.Row, labels: tuple[Label, ...], assignees: tuple[str, ...]) -> Issue:
    shared = ("number", "title", "body", "author", "state", "created", "updated", "closed", "comments")
    pull = Pull.of(row) if row["head_branch"] is not None else None
    fields = {field: row[field] for field in shared}
    return Issue(**fields, locked=bool(row["locked"]), labels=labels, assignees=assignees, pull=pull)
