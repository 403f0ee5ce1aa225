"""What the forge's answer to a merge means: a row for each way Gitea and Forgejo are known to answer. It never decides: the trunk does."""

import re
from enum import Enum

from console.core.facts import fact
from console.forge.answers import Answer, error
from console.forge.errors import ForgeError, ForgeGone, Moved, NotYet, Refused


class Means(Enum):
    """What to do next."""

    LANDED = "it says it is merged"
    MOVED = "head, base or pull is not as it was asked: look again"
    AGAIN = "it has not made up its mind: soon"
    CONFLICT = "it does not merge"
    OPERATOR = "a person has to change something on the forge"
    BUG = "we asked what it does not understand"
    BROKE = "it failed half-way and gives no reason: look what came of it"
    GONE = "nobody knows: it may land, or not, now or later"
    UNHEARD = "words that nobody has recorded yet"


@fact
class Row:
    """``said`` is searched in the forge's words: Forgejo wraps what Gitea says. ``so``: a sentence for people."""

    status: int
    said: str
    means: Means
    so: str


def row(status: int, said: str, means: Means, so: str) -> Row:
    return Row(status=status, said=said, means=means, so=so)


BRANCH = "in the rules of the protected branch"

# First match counts. Statuses that mean the same for everything that is asked stand in `answers.error`.
ROWS: tuple[Row, ...] = (
    row(200, r"^(?!a page of HTML)", Means.LANDED, ""),
    row(201, "", Means.GONE, "the forge put the merge off until its checks succeed, and will do it by itself"),
    row(404, "", Means.MOVED, "the pull is closed, or gone"),
    row(405, "try again later", Means.AGAIN, "the forge still compares it with the trunk, or finds that it conflicts"),
    # Also for a second or two after a push to the head, while it is not so any more.
    row(405, "behind the base branch", Means.MOVED, "the forge takes its head for older than the trunk"),
    row(405, "already merged|^$", Means.MOVED, "it is merged already"),
    row(405, "user not allowed", Means.OPERATOR, f"our account may not merge: put it into the merge whitelist {BRANCH}"),
    row(405, "work in progress", Means.OPERATOR, "it is a draft: take WIP off its title"),
    row(405, "status checks", Means.OPERATOR, "a status that the forge requires is missing or red on its head"),
    row(405, "approvals|requested changes|review requests", Means.OPERATOR, "it waits for a review"),
    row(405, "protected files", Means.OPERATOR, f"it changes files that are protected {BRANCH}"),
    row(405, "allowed merge style", Means.OPERATOR, "squash is not allowed: allow it in the repository's settings"),
    row(405, "open dependency", Means.OPERATOR, "on the forge it depends on an issue that is open: close that, or take the dependency off"),
    row(405, "wont sign|signed", Means.OPERATOR, f"the forge cannot sign it, and signatures are required {BRANCH}"),
    row(409, "head out of date", Means.MOVED, "its head moved"),
    row(409, "push out of date|cannot lock ref|behind the base branch", Means.MOVED, "the trunk moved"),
    row(409, "^conflict$", Means.CONFLICT, "it conflicts with the trunk"),
    row(409, "^$", Means.BUG, "the commit that it is said to be merged as is not one of the trunk's"),
    row(409, "already scheduled", Means.OPERATOR, "a merge of it is scheduled on the forge: cancel that there"),
    row(409, "push ?rejected", Means.OPERATOR, "the forge's own rules or hooks refused it"),
    *(row(status, "", Means.OPERATOR, "") for status in (401, 403, 423)),
    *(row(status, "", Means.BUG, "") for status in (400, 422)),
    row(429, "", Means.AGAIN, ""),
)


def found(answer: Answer) -> Row:
    """The row for an answer; for one that has none, a row that says so."""
    said = answer.words
    there = next((it for it in ROWS if it.status == answer.status and re.search(it.said, said, re.IGNORECASE)), None)
    if there:
        return there
    if answer.status == 500 and answer.own:  # it says so itself, so it is over; nothing lands later
        return row(500, "", Means.BROKE, "the forge failed to merge it")
    if answer.status >= 500 or answer.status < 400:
        return row(answer.status, "", Means.GONE, f"the forge, or something before it, answered {answer.status}")
    return row(answer.status, "", Means.UNHEARD, f"the forge refused with {answer.status}, in words that are new to us")


def refusal(answer: Answer) -> ForgeError:
    """The error for an answer that is not "merged"."""
    row, said = found(answer), answer.words
    if not row.so:
        return error(answer)
    sentence = f"{row.so} ({said})" if said else row.so
    if row.means is Means.MOVED:
        return Moved(sentence)
    if row.means is Means.AGAIN:
        return NotYet(sentence)
    if row.means is Means.GONE:
        return ForgeGone(sentence, sent=True)
    return Refused(sentence, answer.status)
