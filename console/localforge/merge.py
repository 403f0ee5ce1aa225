"""The merge: one pull at a time, under a lock, of the commits that were fetched and looked at under it."""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

from filelock import FileLock

from console.localforge import checks, features, issues, pulls, refs, reviews, work
from console.localforge.checks import Seen
from console.localforge.refusals import Refusal, later, no_merger, no_pull, not_found, style
from console.localforge.rows import Account, Issue, Landing, Pull, Repository, Rule
from console.localforge.settle import finish, settle
from console.localforge.store import Place, Settings, transaction
from panes.git import GitFailed, Identity, git

DRAFT = re.compile(r"wip:|\[wip\]", re.IGNORECASE)
TRAILERS = re.compile(r"(?:[\w-]+: .*\n)*[\w-]+: .*")
SQUASH, MANUAL = "squash", "manually-merged"
ALLOWED_BY = {  # a style → the repository's setting for it
    SQUASH: "allow_squash_merge",
    "merge": "allow_merge_commits",
    "rebase": "allow_rebase",
    "rebase-merge": "allow_rebase_explicit",
    "fast-forward-only": "allow_fast_forward_only_merge",
    MANUAL: "allow_manual_merge",
}
NOTHING = "On branch base\nYou are in a sparse checkout with 0% of tracked files present.\n\nnothing to commit, working tree clean\n\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a merge was asked for. ``head``: the commit it must be, None for any; an empty title: the pull's own.

    ``drop``: whether its branch goes with it, None: as the repository has it; ``commit``: what it was merged as by hand.
    """

    style: str
    head: str | None
    title: str
    message: str
    drop: bool | None
    commit: str
    by: Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a merge is decided on."""

    place: Place
    settings: Settings
    repository: Repository
    rule: Rule | None
    issue: Issue
    pull: Pull
    seen: Seen | None
    blocked: bool
    objection: str | None  # of the reviews
    base: str
    head: str


def merge(place: Place, settings: Settings, number: int, wish: Wish) -> None:
    """Lands pull ``number``. Raises Refusal with Gitea's words; the trunk has then not moved."""
    with FileLock(place.merge_lock):
        settle(place)
        scene = _scene(place, settings, number, wish)
        if wish.style == MANUAL:
            commit, drop = _by_hand(scene, wish.commit), False
        else:
            _allowed(scene, wish)
            commit = _commit(scene, wish)
            drop = scene.repository.default_delete_branch_after_merge if wish.drop is None else wish.drop
        landing = Landing(commit=commit, head=scene.head, drop=drop and scene.pull.head_branch != settings.trunk, by=wish.by.login)
        with transaction(place) as db:
            pulls.write_landing(db, number, landing)
        if wish.style != MANUAL:
            advance(place, scene.pull.base_branch, scene.base, commit)
        finish(place, scene.pull, landing)


def advance(place: Place, branch: str, old: str, new: str) -> None:
    """Moves the trunk, if it still is where we looked at it: who moved it meanwhile went past the lock."""
    try:
        git(place.repo, "update-ref", f"refs/heads/{branch}", new, old)
    except GitFailed as failed:
        raise Refusal(409, "merge push out of date") from failed


def is_draft(title: str) -> bool:
    return DRAFT.match(title) is not None


def _scene(place: Place, settings: Settings, number: int, wish: Wish) -> Scene:
    """The first refusals, in Gitea's order."""
    branches = refs.branches(place.repo)  # under the lock nothing but a push moves them
    with transaction(place) as db:
        issue = issues.one(db, number)
        if issue is None or issue.pull is None:
            raise no_pull(number)
        if issue.pull.merged is not None:
            raise Refusal(405, "The PR is already merged")
        if issue.state == "closed":
            raise not_found()
        rule = features.protecting(db, issue.pull.base_branch)
        if not wish.by.writes or (rule and not rule.lets_merge(wish.by.login)):
            raise no_merger()
        return Scene(
            place=place,
            settings=settings,
            repository=features.repository(db, settings),
            rule=rule,
            issue=issue,
            pull=issue.pull,
            seen=checks.seen(place, issue.pull, branches, checks.row(db, number)),
            blocked=issues.is_blocked(db, number),
            objection=reviews.objection(db, number, rule) if rule else None,
            base=branches.get(issue.pull.base_branch, ""),
            head=branches.get(issue.pull.head_branch, ""),
        )


def _by_hand(scene: Scene, commit: str) -> str:
    if not scene.repository.allow_manual_merge:
        raise style(MANUAL)
    if not refs.is_ancestor(scene.place.repo, commit, scene.base):
        raise Refusal(409, None, body={})
    return commit


def _allowed(scene: Scene, wish: Wish) -> None:
    """The other refusals, in Gitea's order. Mergeable and behind are as last looked at, the rest is as it is."""
    if is_draft(scene.issue.title):
        raise Refusal(405, "Work in progress PRs cannot be merged")
    if scene.seen is None or not scene.base or not scene.head:
        raise later()
    outcome = refs.merging(scene.place.repo, scene.seen.base, scene.seen.head)
    if outcome.tree is None or not outcome.ahead:
        raise later()
    if scene.rule:
        _past(scene, scene.rule, behind=outcome.behind)
    if scene.blocked:
        raise Refusal(500, "is blocked by an open dependency")
    if not getattr(scene.repository, ALLOWED_BY[wish.style]):
        raise style(wish.style)
    if wish.head is not None and wish.head != scene.head:
        with transaction(scene.place) as db:
            checks.start(scene.place, db, scene.pull)
        raise Refusal(409, "head out of date")


def _past(scene: Scene, rule: Rule, *, behind: bool) -> None:
    if rule.enable_status_check and not _is_green(scene, rule):
        raise Refusal(405, "Not all required status checks successful")
    if scene.objection:
        raise Refusal(405, scene.objection)
    if rule.block_on_outdated_branch and behind:
        raise Refusal(405, "The head branch is behind the base branch")


def _is_green(scene: Scene, rule: Rule) -> bool:
    """Each context that the rule asks for, by glob; without one all that was posted, and something must have been."""
    with transaction(scene.place) as db:
        latest = pulls.latest(db, scene.head)
    wanted = rule.status_check_contexts or ("*",)
    there = [[it.state in pulls.GREEN for it in latest if fnmatchcase(it.context, context)] for context in wanted]
    return all(found and all(found) for found in there)


def _commit(scene: Scene, wish: Wish) -> str:
    """A commit that the base can move to, of the base and the head as they are now. Nothing refers to it yet."""
    place, base, head = scene.place, scene.base, scene.head
    title = wish.title or f"{scene.issue.title} (#{scene.issue.number})"
    if wish.style == SQUASH:
        return _squash(scene, title, wish)
    if wish.style == "fast-forward-only":
        if not refs.is_ancestor(place.repo, base, head):
            raise Refusal(500, "Not possible to fast-forward, aborting.")
        return head
    try:
        top = head if wish.style == "merge" else work.rebased(place, base, head, wish.by)
        return top if wish.style == "rebase" else work.merged(place, base, top, _tidied(title, wish.message), wish.by)
    except work.Conflict as conflict:
        said = {"Style": wish.style, "StdOut": conflict.answer.out, "StdErr": conflict.answer.err, "Err": {"Stderr": None}}
        raise Refusal(409, None, body=said if wish.style == "merge" else {**said, "CommitSHA": head}) from conflict


def _squash(scene: Scene, title: str, wish: Wish) -> str:
    """One commit of the tree that both give on top of the base, by the author of the head."""
    repo = scene.place.repo
    outcome = refs.merging(repo, scene.base, scene.head)
    if outcome.tree is None:
        raise Refusal(500, "git merge --squash: exit status 1")
    if outcome.empty:
        name = f"{scene.settings.owner}/{scene.repository.name}"
        raise Refusal(500, f"git commit [{name}:{scene.pull.head_branch} -> {name}:{scene.pull.base_branch}]: exit status 1\n{NOTHING}")
    who = git(repo, "log", "-1", "--no-mailmap", "--format=%an%n%ae", scene.head).out.splitlines()
    author = Identity(*who) if len(who) == 2 and all(who) else Identity()
    text = _tidied(title, wish.message)
    if scene.issue.author != wish.by.login:
        text = _with_trailers(text, author)
    env = work.identity(wish.by).env() | {"GIT_AUTHOR_NAME": author.name, "GIT_AUTHOR_EMAIL": author.email}
    return git(repo, "commit-tree", outcome.tree, "-p", scene.base, "-F", "-", env=env, stdin=text).out.strip()


def _tidied(title: str, message: str) -> str:
    """Title, empty line, message: no trailing blanks, no two empty lines in a row, and no NUL, which git does not take."""
    text = f"{' '.join(title.split())}\n\n{message}".replace("\0", "\ufffd")
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"


def _with_trailers(text: str, author: Identity) -> str:
    """Who wrote it, where somebody else merges it; in the trailers that are there, or in some of their own."""
    parts = text.strip().split("\n\n")
    apart = "\n" if len(parts) > 1 and TRAILERS.fullmatch(parts[-1]) else "\n\n"
    who = f"{author.name} <{author.email}>"
    return f"{text.strip()}{apart}Co-authored-by: {who}\nCo-committed-by: {who}\n"
