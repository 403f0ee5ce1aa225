"""A pull's branch brought up to its base, by a rebase or by a merge."""

from filelock import FileLock

from console.localforge import features, issues, refs, work
from console.localforge.refusals import Refusal, not_found, silent
from console.localforge.rows import Account, Issue, Pull, Repository
from console.localforge.store import Place, transaction
from console.localforge.work import Conflict
from panes.git import GitFailed, git


def update(place: Place, repository: Repository, number: int, account: Account, *, rebase: bool) -> None:
    """Raises Refusal; the branch has then not moved. A push that came meanwhile wins, unlike on Gitea."""
    with FileLock(place.merge_lock):
        with transaction(place) as db:
            issue = issues.one(db, number)
            rule = features.protecting(db, issue.pull.head_branch) if issue and issue.pull else None
        pull = _open(issue)
        if (rebase and not repository.allow_rebase_update) or (rule and not rule.lets_push(account.login)):
            raise silent()
        base, head = refs.branch(place.repo, pull.base_branch), refs.branch(place.repo, pull.head_branch)
        if base is None or head is None or refs.is_ancestor(place.repo, base, head):
            raise Refusal(500, f"HeadBranch of PR {number} is up to date")
        if repository.archived or not account.writes:
            raise Refusal(500, "User permission denied for writing.")
        try:
            made = work.rebased(place, base, head, account) if rebase else work.merged(place, head, base, _title(pull), account)
        except Conflict as conflict:
            raise Refusal(409, f"{'rebase' if rebase else 'merge'} failed because of conflict") from conflict
        try:
            git(place.repo, "update-ref", f"refs/heads/{pull.head_branch}", made, head)
        except GitFailed as moved:
            raise Refusal(500, "push out of date") from moved


def _open(issue: Issue | None) -> Pull:
    if issue is None or issue.pull is None:
        raise not_found()
    if issue.state == "closed":
        raise Refusal(422, "%!s(<nil>)")
    return issue.pull


def _title(pull: Pull) -> str:
    return f"Merge branch '{pull.base_branch}' into {pull.head_branch}"
