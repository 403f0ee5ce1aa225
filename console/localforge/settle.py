"""Pulls compared with git, before every answer: branches pushed by path need no callback, and a half-done merge is finished.

A merge writes its squash commit into the pull's row, moves the trunk, and then finishes: branch away, pull merged, issues closed. Dying
in between leaves one of two worlds, and the next look at either ends it: the commit is in the trunk, and the merge is finished here; or
it is not, and the pull is simply open.
"""

import re
import sqlite3
from collections.abc import Iterator, Mapping

from console.localforge import checks, features, issues, pulls, refs, reviews
from console.localforge.rows import Landing, Pull
from console.localforge.store import Place, transaction
from panes.git import git

CLOSING = re.compile(r"(?<![\w/])(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+#(\d+)\b", re.IGNORECASE)


def settle(place: Place) -> None:
    """Brings every pull's row up to what git says. May be done at any time, by several at once."""
    with transaction(place) as db:
        seen = pulls.unsettled(db)
    if not seen:
        return
    # Rows first, git second: what git says is then about these rows or newer ones, and newer ones are left to the next look.
    there = refs.branches(place.repo)
    for pull in seen:
        if pull.landing and refs.is_ancestor(place.repo, pull.landing.commit, f"refs/heads/{pull.base_branch}"):
            finish(place, pull, pull.landing)
        elif place.pace.settling or there.get(pull.head_branch) != pull.head:
            _follow(place, pull, there)


def _follow(place: Place, seen: Pull, there: Mapping[str, str]) -> None:
    """The branch was moved, or deleted: then its open pull is closed and keeps the last head it had."""
    head = there.get(seen.head_branch)
    with transaction(place) as db:
        if not pulls.is_as_seen(db, seen):
            return
        if checks.follow(place, db, seen, there):
            issues.edit(db, seen.number, {"state": "closed"})
        elif head and head != seen.head:
            pulls.move_head(db, seen.number, head)
            reviews.outdate(db, seen.number, features.protecting(db, seen.base_branch))


def finish(place: Place, pull: Pull, landing: Landing) -> None:
    """What follows once the squash commit is in the trunk. May be done twice.

    The branch goes first: the row says "merged" last, so whoever dies before that leaves it to the next look.
    """
    if landing.drop and not _wanted_elsewhere(place, pull):
        # Only at the head that landed; a branch that got new commits since, or is gone, is as it should be.
        drop = ("update-ref", "--no-deref", "-d", f"refs/heads/{pull.head_branch}", landing.head)
        git(place.repo, *drop, ok=(0, 1, 128))
    message = git(place.repo, "log", "-1", "--format=%B", landing.commit).out
    with transaction(place) as db:
        others = [other for other in pulls.unsettled(db) if other.base_branch == pull.base_branch and other.number != pull.number]
        pulls.write_merged(db, pull, landing, [number for number in _closes(db, pull, message) if not issues.is_blocked(db, number)])
        for other in others:
            checks.start(place, db, other)


def _wanted_elsewhere(place: Place, pull: Pull) -> bool:
    with transaction(place) as db:
        return any(p.head_branch == pull.head_branch and p.number != pull.number for p in pulls.unsettled(db))


def _closes(db: sqlite3.Connection, pull: Pull, message: str) -> Iterator[int]:
    """The numbers that the pull's title and body and the squash message say it closes."""
    if issue := issues.one(db, pull.number):
        for text in (issue.title, issue.body, message):
            yield from (int(number) for number in CLOSING.findall(text))
