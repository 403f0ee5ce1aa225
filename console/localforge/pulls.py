"""Pulls and statuses in the tables: read and written inside a transaction that the caller holds."""

import sqlite3
from collections.abc import Iterable, Mapping

from console.localforge import issues
from console.localforge.rows import Issue, Landing, Pull, Status
from console.localforge.store import now

GREEN = frozenset({"success", "warning", "skipped"})  # what Gitea counts as passed
RED = frozenset({"failure", "error"})


def add(db: sqlite3.Connection, issue: int, *, head_branch: str, head: str, base_branch: str) -> None:
    """Makes a pull of an issue."""
    db.execute(
        "INSERT INTO pull (number, head_branch, head, base_branch) VALUES (?, ?, ?, ?)",
        (issue, head_branch, head, base_branch),
    )


def of_branches(db: sqlite3.Connection, base: str, head: str) -> Issue | None:
    """The pull from ``head`` into ``base``: the open one, else the newest."""
    row = db.execute(
        """SELECT number FROM pull JOIN issue USING (number) WHERE base_branch = ? AND head_branch = ?
           ORDER BY state = 'open' DESC, number DESC LIMIT 1""",
        (base, head),
    ).fetchone()
    return issues.one(db, row["number"]) if row else None


def landed_as(db: sqlite3.Connection, commit: str) -> Issue | None:
    """The pull that was merged as this commit."""
    row = db.execute("SELECT number FROM pull WHERE landing = ? AND merged IS NOT NULL", (commit,)).fetchone()
    return issues.one(db, row["number"]) if row else None


def unsettled(db: sqlite3.Connection) -> list[Pull]:
    """The pulls that git can still say something new about: open, or with a squash commit that may have reached the trunk."""
    asked = """SELECT pull.* FROM pull JOIN issue USING (number)
               WHERE state = 'open' OR (landing IS NOT NULL AND merged IS NULL) ORDER BY number"""
    return [Pull.of(row) for row in db.execute(asked)]


def is_as_seen(db: sqlite3.Connection, seen: Pull) -> bool:
    """Whether an open pull is still what it was when ``seen`` was read: what git said meanwhile is about that."""
    there = issues.one(db, seen.number)
    return there is not None and there.state == "open" and there.pull == seen


def move_head(db: sqlite3.Connection, number: int, head: str) -> None:
    db.execute("UPDATE pull SET head = ? WHERE number = ?", (head, number))
    issues.touch(db, number)


def move_base(db: sqlite3.Connection, number: int, base: str) -> None:
    db.execute("UPDATE pull SET base_branch = ? WHERE number = ?", (base, number))
    issues.touch(db, number)


def write_landing(db: sqlite3.Connection, number: int, landing: Landing) -> None:
    """Before the trunk moves: from now on whoever finds the commit in it knows which pull has landed."""
    values = (landing.commit, landing.head, landing.drop, landing.by, number)
    db.execute("UPDATE pull SET landing = ?, landing_head = ?, landing_drop = ?, landing_by = ? WHERE number = ?", values)


def write_merged(db: sqlite3.Connection, pull: Pull, landing: Landing, closes: Iterable[int]) -> None:
    """The pull is merged and closed; so are the issues ``closes`` (pulls and unknown numbers among them are left alone)."""
    if (there := issues.one(db, pull.number)) is None or there.pull is None or there.pull.merged is not None:
        return  # somebody else was first
    db.execute("UPDATE pull SET merged = ?, head = ? WHERE number = ?", (now(), landing.head, pull.number))
    issues.edit(db, pull.number, {"state": "closed"})
    for number in closes:
        issue = issues.one(db, number)
        if issue and issue.pull is None and issue.state == "open":
            issues.edit(db, number, {"state": "closed"})
    if landing.drop:
        _retarget(db, pull)


def _retarget(db: sqlite3.Connection, pull: Pull) -> None:
    """What was stacked on a branch that went with its pull goes where the pull went."""
    for stacked in unsettled(db):
        if stacked.base_branch == pull.head_branch:
            move_base(db, stacked.number, pull.base_branch)


def add_status(db: sqlite3.Connection, said: Mapping[str, str]) -> Status:
    """``said``: the texts of a Status, by field."""
    fields = {**said, "created": now()}
    row = db.execute(
        """INSERT INTO status (sha, context, state, description, target_url, author, created)
           VALUES (:sha, :context, :state, :description, :target_url, :author, :created)""",
        fields,
    )
    return Status(**next(db.execute("SELECT * FROM status WHERE id = ?", (row.lastrowid,))))


def statuses(db: sqlite3.Connection, sha: str) -> list[Status]:
    """All that was said of a commit, oldest first."""
    return [Status(**row) for row in db.execute("SELECT * FROM status WHERE sha = ? ORDER BY id", (sha,))]


def latest(db: sqlite3.Connection, sha: str) -> list[Status]:
    """The last of each context, in the order of their ids."""
    return list({status.context: status for status in statuses(db, sha)}.values())


def combined(found: Iterable[Status]) -> str:
    """One word for many statuses; empty for none."""
    states = {status.state for status in found}
    if not states:
        return ""
    if states & RED:
        return "failure"
    return "success" if states <= GREEN else "pending"
