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


def seen(place: Place, pull: Pull, branches: Mapping[str, str], noted: sqlite3.Row | None) -> Seen | None:
    """What the last look was at; None while the forge is looking, or has no branch to look at. ``noted``: what ``row`` gave."""
    if place.pace.settling and noted:
        looking = noted["starts"] is not None and noted["starts"] <= place.pace.clock()
        return None if looking or noted["base"] is None else Seen(noted["base"], noted["head"])
    if pull.merged is not None and pull.landing:
        return Seen(refs.parent(place.repo, pull.landing.commit), pull.landing.head)
    base = branches.get(pull.base_branch)
    return Seen(base, pull.head) if base else None


def start(place: Place, db: sqlite3.Connection, pull: Pull) -> None:
    """A look that starts now; another that is under way is given up."""
    if place.pace.settling:
        at, branches = place.pace.clock(), refs.branches(place.repo)
        base, head = branches.get(pull.base_branch, ""), branches.get(pull.head_branch, "")
        db.execute(
            """INSERT INTO checking (pull, seen_base, seen_head, starts, ends) VALUES (?, ?, ?, ?, ?)
               ON CONFLICT (pull) DO UPDATE SET seen_base = excluded.seen_base, seen_head = excluded.seen_head,
                                                starts = excluded.starts, ends = excluded.ends""",
            (pull.number, base, head, at, at + place.pace.settling),
        )


def follow(place: Place, db: sqlite3.Connection, pull: Pull, branches: Mapping[str, str]) -> bool:
    """Ends a look whose time has come, and plans one when a branch has moved. Whether the head's branch is known to be gone."""
    noted = row(db, pull.number)
    if not place.pace.settling or noted is None:
        return pull.head_branch not in branches
    at = place.pace.clock()
    starts = noted["starts"]
    if noted["ends"] is not None and noted["ends"] <= at:
        db.execute("UPDATE checking SET base = seen_base, head = seen_head, starts = NULL, ends = NULL WHERE pull = ?", (pull.number,))
        starts = None
        if not noted["seen_head"]:
            return True
    base, head = branches.get(pull.base_branch, ""), branches.get(pull.head_branch, "")
    if (base, head) != (noted["seen_base"], noted["seen_head"]):
        half = at + place.pace.settling / 2
        planned = (base, head, half if starts is None else min(starts, half), at + place.pace.settling, pull.number)
        db.execute("UPDATE checking SET seen_base = ?, seen_head = ?, starts = ?, ends = ? WHERE pull = ?", planned)
    return False


def row(db: sqlite3.Connection, number: int) -> sqlite3.Row | None:
    """What is noted of the looks at a pull; nothing where they take no time."""
    there: sqlite3.Row | None = db.execute("SELECT * FROM checking WHERE pull = ?", (number,)).fetchone()
    return there
