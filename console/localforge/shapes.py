"""The forge's rows as Gitea's JSON objects: the keys a client reads, with Gitea's names, types and nulls."""

from collections.abc import Mapping
from datetime import UTC, datetime
from zlib import crc32

from console.localforge import refs
from console.localforge.merge import is_draft
from console.localforge.rows import YOU, Account, Comment, Issue, Label, Pull, Status
from console.localforge.store import Place, Settings

Json = dict[str, object]


def when(at: int | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def number(login: str) -> int:
    """Gitea numbers its accounts; here the number follows from the login."""
    return 1 if login == YOU.login else crc32(login.encode())


def user(login: str) -> Json:
    return {
        "id": number(login),
        "login": login,
        "login_name": "",
        "source_id": 0,
        "full_name": "",
        "email": f"{login}@example.invalid",
        "avatar_url": "",
        "html_url": f"local://{login}",
        "language": "",
        "is_admin": False,
        "active": True,
        "restricted": False,
        "visibility": "public",
        "username": login,
    }


def repository(settings: Settings, account: Account, *, empty: bool) -> Json:
    address = _address(settings)
    return {
        "id": 1,
        "owner": user(YOU.login) | {"login": settings.owner, "username": settings.owner},
        "name": settings.name,
        "full_name": f"{settings.owner}/{settings.name}",
        "description": "",
        "empty": empty,
        "private": True,
        "archived": False,
        "html_url": address,
        "url": address,
        "default_branch": settings.trunk,
        "permissions": {"admin": account.role == "owner", "push": account.writes, "pull": True},
        "has_issues": True,
        "has_pull_requests": True,
        "allow_merge_commits": False,
        "allow_rebase": False,
        "allow_rebase_explicit": False,
        "allow_squash_merge": True,
        "allow_fast_forward_only_merge": False,
        "allow_rebase_update": False,
        "allow_manual_merge": False,
        "autodetect_manual_merge": False,
        "default_delete_branch_after_merge": True,
        "default_merge_style": "squash",
        "object_format_name": "sha1",
    }


def branch(settings: Settings, account: Account, name: str, commit: str) -> Json:
    protected = name == settings.trunk
    return {
        "name": name,
        "commit": {"id": commit, "url": f"{_address(settings)}/commit/{commit}"},
        "protected": protected,
        "required_approvals": 0,
        "enable_status_check": protected,
        "status_check_contexts": [settings.required] if protected else [],
        "user_can_push": account.writes and not protected,
        "user_can_merge": account.writes,
        "effective_branch_protection_name": "",
    }


def label(settings: Settings, it: Label) -> Json:
    return {
        "id": it.id,
        "name": it.name,
        "exclusive": False,
        "is_archived": False,
        "color": it.color,
        "description": it.description,
        "url": f"{_address(settings)}/labels/{it.id}",
    }


def issue(settings: Settings, it: Issue) -> Json:
    return _common(settings, it) | {
        "original_author": "",
        "original_author_id": 0,
        "ref": "",
        "assets": [],
        "assignees": None,  # null when empty, on issues
        "time_estimate": 0,
        "repository": {
            "id": 1,
            "name": settings.name,
            "owner": settings.owner,
            "full_name": f"{settings.owner}/{settings.name}",
        },
        "pull_request": _pull_of_issue(settings, it),
    }


def pull(place: Place, settings: Settings, it: Issue, its: Pull, branches: Mapping[str, str]) -> Json:
    """``branches``: every branch and its commit, as they are now."""
    base, head = branches.get(its.base_branch), branches.get(its.head_branch)
    landed = its.landing if its.merged is not None else None
    return _common(settings, it) | {
        "assignees": [],
        "requested_reviewers": [],
        "requested_reviewers_teams": [],
        "draft": is_draft(it.title),
        "mergeable": it.state == "open" and not is_draft(it.title) and _is_clean(place, base, head),
        "merged": its.merged is not None,
        "merged_at": when(its.merged),
        "merge_commit_sha": landed.commit if landed else None,
        "merged_by": user(landed.by) if landed else None,
        "allow_maintainer_edit": False,
        "base": {"label": its.base_branch, "ref": its.base_branch, "sha": base or "", "repo_id": 1},
        "head": {
            "label": its.head_branch,
            "ref": its.head_branch if head else f"refs/pull/{it.number}/head",
            "sha": its.head,
            "repo_id": 1,
        },
    }


def comment(settings: Settings, it: Comment) -> Json:
    address = f"{_address(settings)}/issues/{it.issue}"
    return {
        "id": it.id,
        "html_url": f"{address}#issuecomment-{it.id}",
        "pull_request_url": "",
        "issue_url": address,
        "user": user(it.author),
        "original_author": "",
        "original_author_id": 0,
        "body": it.body,
        "assets": [],
        "created_at": when(it.created),
        "updated_at": when(it.updated),
    }


def status(settings: Settings, it: Status) -> Json:
    return {
        "id": it.id,
        "status": it.state,  # asked for as "state", answered as "status"
        "target_url": it.target_url,
        "description": it.description,
        "url": f"{_address(settings)}/statuses/{it.sha}",
        "context": it.context,
        "creator": user(it.author),
        "created_at": when(it.created),
        "updated_at": when(it.created),
    }


def _common(settings: Settings, it: Issue) -> Json:
    address = f"{_address(settings)}/{'pulls' if it.pull else 'issues'}/{it.number}"
    return {
        "id": it.number,
        "url": address,
        "html_url": address,
        "number": it.number,
        "user": user(it.author),
        "title": it.title,
        "body": it.body,
        "labels": [label(settings, one) for one in it.labels],
        "milestone": None,
        "assignee": None,
        "state": it.state,
        "is_locked": False,
        "comments": it.comments,
        "created_at": when(it.created),
        "updated_at": when(it.updated),
        "closed_at": when(it.closed),
        "due_date": None,
        "pin_order": 0,
    }


def _pull_of_issue(settings: Settings, it: Issue) -> Json | None:
    if it.pull is None:
        return None
    return {
        "merged": it.pull.merged is not None,
        "merged_at": when(it.pull.merged),
        "draft": is_draft(it.title),
        "html_url": f"{_address(settings)}/pulls/{it.number}",
    }


def _is_clean(place: Place, base: str | None, head: str | None) -> bool:
    return base is not None and head is not None and refs.merging(place.repo, base, head).tree is not None


def _address(settings: Settings) -> str:
    return f"local://{settings.owner}/{settings.name}"
