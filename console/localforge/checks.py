"""What the forge last saw when it looked at a pull: looking takes it a while, and for a while after a push it goes on saying the old.

As on Gitea: a branch that was pushed is noticed at once, the look at it starts after half the settling time, and ends after all of it;
a merge, a refused merge and a new pull start one at once. A forge whose settling time is 0 (any but a test's) sees everything at once.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from console.localforge import refs
from console.localforge.rows import Pull
from console.localforge.store import Place


@dataclass(frozen=True, slots=True)
class Seen:
    """The two commits that the last look was at."""

    base: str
    head: str


def seen(place: Place, db: sqlite3.Connection, pull: Pull, branches: Mapping[str, str]) -> Seen | None:
    """What the last look was at; None while the forge is looking, or has no branch to look at."""
    if place.pace.settling:
        row = _row(db, pull.number)
        looking = row["starts"] is not None and row["starts"] <= place.pace.clock()
        return None if looking or row["base"] is None else Seen(row["base"], row["head"])
    if pull.merged is not None and pull.landing:
        return Seen(refs.details(place.repo, [pull.landing.commit])[0].parents[0], pull.landing.head)
    base = branches.get(pull.base_branch)
    return Seen(base, pull.head) if base else None


def start(place: Place, db: sqlite3.Connection, pull: Pull) -> None:
    """A look that starts now; another that is under way is given up."""
    if place.pace.settling:
        now, branches = place.pace.clock(), refs.branches(place.repo)
        base, head = branches.get(pull.base_branch, ""), branches.get(pull.head_branch, "")
        db.execute(
            """INSERT INTO checking (pull, seen_base, seen_head, starts, ends) VALUES (?, ?, ?, ?, ?)
               ON CONFLICT (pull) DO UPDATE SET seen_base = excluded.seen_base, seen_head = excluded.seen_head,
                                                starts = excluded.starts, ends = excluded.ends""",
            (pull.number, base, head, now, now + place.pace.settling),
        )


def follow(place: Place, db: sqlite3.Connection, pull: Pull, branches: Mapping[str, str]) -> bool:
    """Ends a look whose time has come, and plans one when a branch has moved. Whether the head's branch is known to be gone."""
    if not place.pace.settling:
        return pull.head_branch not in branches
    now = place.pace.clock()
    row = _row(db, pull.number)
    if row["ends"] is not None and row["ends"] <= now:
        db.execute("UPDATE checking SET base = seen_base, head = seen_head, starts = NULL, ends = NULL WHERE pull = ?", (pull.number,))
        if not row["seen_head"]:
            return True
        row = _row(db, pull.number)
    base, head = branches.get(pull.base_branch, ""), branches.get(pull.head_branch, "")
    if (base, head) != (row["seen_base"], row["seen_head"]):
        half = now + place.pace.settling / 2
        starts = half if row["starts"] is None else min(row["starts"], half)
        planned = (base, head, starts, now + place.pace.settling, pull.number)
        db.execute("UPDATE checking SET seen_base = ?, seen_head = ?, starts = ?, ends = ? WHERE pull = ?", planned)
    return False


def _row(db: sqlite3.Connection, number: int) -> sqlite3.Row:
    row: sqlite3.Row = db.execute("SELECT * FROM checking WHERE pull = ?", (number,)).fetchone()
    return row
