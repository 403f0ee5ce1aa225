"""The forge's rows as Gitea's JSON objects: Gitea's keys, with Gitea's types and nulls."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from zlib import crc32

from console.localforge import refs
from console.localforge.ask import Ask
from console.localforge.checks import Seen
from console.localforge.merge import is_draft
from console.localforge.rows import YOU, Account, Comment, Issue, Label, Pull, Remark, Review, Rule, Status

Json = dict[str, object]
NEVER = "0001-01-01T00:00:00Z"
EPOCH = "1970-01-01T00:00:00Z"


def when(at: int | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def number(login: str) -> int:
    """Gitea numbers its accounts; here the number follows from the login."""
    return 1 if login == YOU.login else crc32(login.encode())


def email(login: str) -> str:
    return f"{login}@example.invalid"


def user(ask: Ask, login: str) -> Json:
    return {
        "id": number(login),
        "login": login,
        "login_name": "",
        "source_id": 0,
        "full_name": "",
        "email": email(login),
        "avatar_url": "",
        "html_url": f"{ask.site}/{login}",
        "language": "",
        "is_admin": login == ask.account.login and ask.account.administers,
        "last_login": NEVER,
        "created": EPOCH,
        "restricted": False,
        "active": True,
        "prohibit_login": False,
        "location": "",
        "website": "",
        "description": "",
        "visibility": "public",
        "followers_count": 0,
        "following_count": 0,
        "starred_repos_count": 0,
        "username": login,
    }


def users(ask: Ask, logins: Sequence[str]) -> list[Json]:
    return [user(ask, login) for login in logins]


def rights(account: Account, *, private: bool) -> Json:
    return {"admin": account.administers, "push": account.writes, "pull": account.role != "none" or not private}


def repository(ask: Ask) -> Json:
    it = ask.repository
    owner = YOU.login if ask.settings.owner == YOU.login else ask.settings.owner
    return {
        "id": 1,
        "owner": user(ask, owner),
        "name": it.name,
        "full_name": f"{ask.settings.owner}/{it.name}",
        "description": it.description,
        "empty": refs.branch(ask.place.repo, ask.settings.trunk) is None,
        "private": it.private,
        "fork": False,
        "template": False,
        "mirror": False,
        "size": 0,
        "language": "",
        "languages_url": f"{ask.api}/languages",
        "html_url": ask.here,
        "url": ask.api,
        "link": "",
        "ssh_url": "",
        "clone_url": f"{ask.here}.git",
        "original_url": "",
        "website": "",
        "stars_count": 0,
        "forks_count": 0,
        "watchers_count": 0,
        "open_issues_count": 0,
        "open_pr_counter": 0,
        "release_counter": 0,
        "default_branch": ask.settings.trunk,
        "archived": it.archived,
        "created_at": EPOCH,
        "updated_at": EPOCH,
        "archived_at": EPOCH,
        "permissions": rights(ask.account, private=it.private),
        "has_code": True,
        "has_issues": True,
        "internal_tracker": {
            "enable_time_tracker": False,
            "allow_only_contributors_to_track_time": True,
            "enable_issue_dependencies": True,
        },
        "has_wiki": False,
        "has_pull_requests": True,
        "has_projects": False,
        "projects_mode": "all",
        "has_releases": False,
        "has_packages": False,
        "has_actions": False,
        "ignore_whitespace_conflicts": False,
        "allow_merge_commits": it.allow_merge_commits,
        "allow_rebase": it.allow_rebase,
        "allow_rebase_explicit": it.allow_rebase_explicit,
        "allow_squash_merge": it.allow_squash_merge,
        "allow_fast_forward_only_merge": it.allow_fast_forward_only_merge,
        "allow_rebase_update": it.allow_rebase_update,
        "allow_manual_merge": it.allow_manual_merge,
        "autodetect_manual_merge": it.autodetect_manual_merge,
        "default_delete_branch_after_merge": it.default_delete_branch_after_merge,
        "default_merge_style": it.default_merge_style,
        "default_allow_maintainer_edit": False,
        "avatar_url": "",
        "internal": False,
        "mirror_interval": "",
        "object_format_name": "sha1",
        "mirror_updated": NEVER,
        "topics": [],
        "licenses": [],
    }


def label(ask: Ask, it: Label) -> Json:
    return {
        "id": it.id,
        "name": it.name,
        "exclusive": it.exclusive,
        "is_archived": False,
        "color": it.color,
        "description": it.description,
        "url": f"{ask.api}/labels/{it.id}",
    }


def labels(ask: Ask, found: Sequence[Label]) -> list[Json]:
    return [label(ask, it) for it in found]


def issue(ask: Ask, it: Issue) -> Json:
    return _common(ask, it) | {
        "url": f"{ask.api}/issues/{it.number}",
        "original_author": "",
        "original_author_id": 0,
        "ref": "",
        "assets": [],
        "assignees": users(ask, it.assignees) or None,  # null when empty, on issues
        "time_estimate": 0,
        "repository": {
            "id": 1,
            "name": ask.repository.name,
            "owner": ask.settings.owner,
            "full_name": f"{ask.settings.owner}/{ask.repository.name}",
        },
        "pull_request": _pull_of_issue(ask, it),
    }


def pull(ask: Ask, it: Issue, its: Pull, seen: Seen | None, whole: Json, branches: Mapping[str, str]) -> Json:
    """One in a list. ``seen``: the last look at it, None while it is being looked at; ``whole``: the repository."""
    base, head = branches.get(its.base_branch), branches.get(its.head_branch)
    landed = its.landing if its.merged is not None else None
    clean = seen is not None and refs.merging(ask.place.repo, seen.base, seen.head).tree is not None
    fork = refs.merging(ask.place.repo, seen.base if seen else base or its.head, its.head).fork
    shared = {"repo_id": 1, "repo": whole}
    return _common(ask, it) | {
        "url": f"{ask.here}/pulls/{it.number}",
        "assignees": users(ask, it.assignees) or None,
        "requested_reviewers": None,
        "requested_reviewers_teams": None,
        "draft": is_draft(it.title),
        "diff_url": f"{ask.here}/pulls/{it.number}.diff",
        "patch_url": f"{ask.here}/pulls/{it.number}.patch",
        "mergeable": clean and not is_draft(it.title),
        "merged": its.merged is not None,
        "merged_at": when(its.merged),
        "merge_commit_sha": landed.commit if landed else None,
        "merged_by": None,
        "allow_maintainer_edit": False,
        "merge_base": fork or "",
        "base": {"label": its.base_branch, "ref": its.base_branch, "sha": base or "", **shared},
        "head": {
            "label": its.head_branch,
            "ref": its.head_branch if head else f"refs/pull/{it.number}/head",
            "sha": its.head,
            **shared,
        },
    }


def alone(ask: Ask, one: Json, its: Pull, reviewers: Sequence[str]) -> Json:
    """What a pull that is asked for alone has, and ``one`` in a list has not."""
    base = str(one["merge_base"])
    changed = refs.changes(ask.place.repo, base, its.head) if base else ()
    return {
        "assignees": one["assignees"] or [],
        "requested_reviewers": users(ask, reviewers),
        "requested_reviewers_teams": [],
        "merged_by": user(ask, its.landing.by) if its.merged is not None and its.landing else None,
        "additions": sum(it.added for it in changed),
        "deletions": sum(it.removed for it in changed),
        "changed_files": len(changed),
    }


def comment(ask: Ask, it: Comment) -> Json:
    address = f"{ask.here}/issues/{it.issue}"
    return {
        "id": it.id,
        "html_url": f"{address}#issuecomment-{it.id}",
        "pull_request_url": "",
        "issue_url": address,
        "user": user(ask, it.author),
        "original_author": "",
        "original_author_id": 0,
        "body": it.body,
        "assets": [],
        "created_at": when(it.created),
        "updated_at": when(it.updated),
    }


def status(ask: Ask, it: Status) -> Json:
    return {
        "id": it.id,
        "status": it.state,  # asked for as "state", answered as "status"
        "target_url": it.target_url,
        "description": it.description,
        "url": f"{ask.api}/statuses/{it.sha}",
        "context": it.context,
        "creator": user(ask, it.author),
        "created_at": when(it.created),
        "updated_at": when(it.created),
    }


def review(ask: Ask, it: Review) -> Json:
    address = f"{ask.here}/pulls/{it.pull}"
    return {
        "id": it.id,
        "user": user(ask, it.author),
        "team": None,
        "state": it.state,
        "body": it.body,
        "commit_id": it.sha,
        "stale": it.stale,
        "official": it.official,
        "dismissed": it.dismissed,
        "comments_count": it.remarks,
        "submitted_at": when(it.submitted),
        "updated_at": when(it.updated),
        "html_url": f"{address}#issuecomment-{it.id}",
        "pull_request_url": address,
    }


def remark(ask: Ask, of: Review, it: Remark) -> Json:
    address = f"{ask.here}/pulls/{of.pull}"
    return {
        "id": it.id,
        "body": it.body,
        "user": user(ask, of.author),
        "resolver": None,
        "pull_request_review_id": of.id,
        "created_at": when(it.created),
        "updated_at": when(it.created),
        "path": it.path,
        "commit_id": of.sha,
        "original_commit_id": "",
        "diff_hunk": "",
        "position": it.new,
        "original_position": it.old,
        "html_url": f"{address}#issuecomment-{it.id}",
        "pull_request_url": address,
    }


def rule(it: Rule) -> Json:
    said = {
        key: list(value) if isinstance(value, tuple) else value for key, value in asdict(it).items() if key not in ("created", "updated")
    }
    return said | {
        "branch_name": "" if "*" in it.rule_name else it.rule_name,
        "push_whitelist_teams": [],
        "push_whitelist_deploy_keys": False,
        "enable_force_push": False,
        "enable_force_push_allowlist": False,
        "force_push_allowlist_usernames": [],
        "force_push_allowlist_teams": [],
        "force_push_allowlist_deploy_keys": False,
        "merge_whitelist_teams": [],
        "enable_approvals_whitelist": False,
        "approvals_whitelist_username": [],
        "approvals_whitelist_teams": [],
        "require_signed_commits": False,
        "protected_file_patterns": "",
        "unprotected_file_patterns": "",
        "created_at": when(it.created),
        "updated_at": when(it.updated),
    }


def _common(ask: Ask, it: Issue) -> Json:
    return {
        "id": it.number,
        "html_url": f"{ask.here}/{'pulls' if it.pull else 'issues'}/{it.number}",
        "number": it.number,
        "user": user(ask, it.author),
        "title": it.title,
        "body": it.body,
        "labels": labels(ask, it.labels),
        "milestone": None,
        "assignee": user(ask, it.assignees[0]) if it.assignees else None,
        "state": it.state,
        "is_locked": it.locked,
        "comments": it.comments,
        "created_at": when(it.created),
        "updated_at": when(it.updated),
        "closed_at": when(it.closed),
        "due_date": None,
        "pin_order": 0,
    }


def _pull_of_issue(ask: Ask, it: Issue) -> Json | None:
    if it.pull is None:
        return None
    return {
        "merged": it.pull.merged is not None,
        "merged_at": when(it.pull.merged),
        "draft": is_draft(it.title),
        "html_url": f"{ask.here}/pulls/{it.number}",
    }
