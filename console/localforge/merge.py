"""The squash: one pull at a time, under a lock, of the commits that were fetched and looked at under it."""

import re
from dataclasses import dataclass

from filelock import FileLock

from console.localforge import issues, pulls, refs
from console.localforge.ask import Refusal, not_found
from console.localforge.rows import Issue, Landing, Pull
from console.localforge.settle import finish, settle
from console.localforge.store import Place, Settings, transaction
from panes.git import GitFailed, Identity, git

DRAFT = re.compile(r"wip:|\[wip\]", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a merge was asked for. ``head``: the commit it must be, None for any; an empty title: the pull's own; ``by``: a login."""

    head: str | None
    title: str
    message: str
    drop: bool
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Squash:
    """Two commits and the tree that one on top of the other gives."""

    base: str
    head: str
    tree: str


def merge(place: Place, settings: Settings, number: int, wish: Wish) -> None:
    """Lands pull ``number`` as one commit. Raises Refusal with Gitea's words; the trunk has then not moved."""
    with FileLock(place.merge_lock):
        settle(place)
        with transaction(place) as db:
            issue = issues.one(db, number)
        if issue is None or issue.pull is None:
            raise Refusal(404, "GetPullRequestByIndex")
        squash = _allowed(place, settings, issue, issue.pull, wish)
        commit = _commit(place, squash, wish.title or f"{issue.title} (#{number})", wish.message)
        landing = Landing(commit=commit, head=squash.head, drop=wish.drop and issue.pull.head_branch != settings.trunk, by=wish.by)
        with transaction(place) as db:
            pulls.write_landing(db, number, landing)
        advance(place, issue.pull.base_branch, squash.base, commit)
        finish(place, issue.pull, landing)


def advance(place: Place, branch: str, old: str, new: str) -> None:
    """Moves the trunk, if it still is where we looked at it: who moved it meanwhile went past the lock."""
    try:
        git(place.repo, "update-ref", f"refs/heads/{branch}", new, old)
    except GitFailed as failed:
        raise Refusal(409, "merge push out of date") from failed


def _allowed(place: Place, settings: Settings, issue: Issue, pull: Pull, wish: Wish) -> Squash:
    """The refusals in Gitea's order."""
    if pull.merged is not None:
        raise Refusal(405, "The PR is already merged")
    base, head = refs.branch(place.repo, pull.base_branch), refs.branch(place.repo, pull.head_branch)
    if issue.state == "closed":
        raise not_found()
    if is_draft(issue.title):
        raise Refusal(405, "Work in progress PRs cannot be merged")
    if base is None or head is None:
        raise Refusal(405, "Please try again later")
    outcome = refs.merging(place.repo, base, head)
    if outcome.tree is None or not outcome.ahead:
        raise Refusal(405, "Please try again later")
    if not _is_green(place, settings, head):
        raise Refusal(405, "Not all required status checks successful")
    if outcome.behind:
        raise Refusal(405, "The head branch is behind the base branch")
    if wish.head is not None and wish.head != head:
        raise Refusal(409, "head out of date")
    if outcome.empty:
        raise Refusal(500, "nothing to commit, working tree clean")
    return Squash(base=base, head=head, tree=outcome.tree)


def is_draft(title: str) -> bool:
    return DRAFT.match(title) is not None


def _is_green(place: Place, settings: Settings, head: str) -> bool:
    with transaction(place) as db:
        return any(s.context == settings.required and s.state in pulls.GREEN for s in pulls.latest(db, head))


def _commit(place: Place, squash: Squash, title: str, message: str) -> str:
    """A commit of the tree on top of the base, by the author of the head; its id. Nothing refers to it yet."""
    who = git(place.repo, "log", "-1", "--no-mailmap", "--format=%an%n%ae", squash.head).out.splitlines()
    author = Identity(*who) if len(who) == 2 and all(who) else Identity()
    env = {"GIT_AUTHOR_NAME": author.name, "GIT_AUTHOR_EMAIL": author.email}
    made = git(place.repo, "commit-tree", squash.tree, "-p", squash.base, "-F", "-", env=env, stdin=_tidied(title, message))
    return made.out.strip()


def _tidied(title: str, message: str) -> str:
    """Title, empty line, message: no trailing blanks, no two empty lines in a row, and no NUL, which git does not take."""
    text = f"{' '.join(title.split())}\n\n{message}".replace("\0", "\ufffd")
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"
