"""What git has as Gitea's JSON objects: branches, commits, files."""

from collections.abc import Sequence

from console.localforge.ask import Ask
from console.localforge.refs import Changed, Commit, Person
from console.localforge.rows import Rule
from console.localforge.shapes import NEVER, Json, user

STATUS = {"A": "added", "D": "deleted", "M": "modified", "T": "changed"}
UNSIGNED = {"verified": False, "reason": "gpg.error.not_signed_commit", "signature": "", "signer": None, "payload": ""}


def branch(ask: Ask, name: str, it: Commit, rule: Rule | None) -> Json:
    login, writes = ask.account.login, ask.account.writes
    return {
        "name": name,
        "commit": {
            "id": it.sha,
            "message": it.message,
            "url": f"{ask.here}/commit/{it.sha}",
            "author": _named(it.author),
            "committer": _named(it.committer),
            "verification": UNSIGNED,
            "timestamp": it.committer.at,
            "added": None,
            "removed": None,
            "modified": None,
        },
        "protected": rule is not None,
        "required_approvals": rule.required_approvals if rule else 0,
        "enable_status_check": rule is not None and rule.enable_status_check,
        "status_check_contexts": list(rule.status_check_contexts) if rule else [],
        "user_can_push": writes and (rule is None or rule.lets_push(login)),
        "user_can_merge": writes and (rule is None or rule.lets_merge(login)),
        "effective_branch_protection_name": rule.rule_name if rule and ask.account.administers else "",
    }


def commit(ask: Ask, it: Commit, changed: Sequence[Changed] | None, *, verified: bool = True) -> Json:
    """``changed``: the files, None where they are not wanted."""
    url = f"{ask.api}/git/commits"
    added, removed = (sum(count) for count in zip(*((one.added, one.removed) for one in changed), strict=True)) if changed else (0, 0)
    return {
        "url": f"{url}/{it.sha}",
        "sha": it.sha,
        "created": it.committer.at,
        "html_url": f"{ask.here}/commit/{it.sha}",
        "commit": {
            "url": f"{url}/{it.sha}",
            "author": _signed(it.author),
            "committer": _signed(it.committer),
            "message": it.message,
            "tree": {"url": f"{ask.api}/git/trees/{it.sha}", "sha": it.sha, "created": it.committer.at},  # the commit's id, as on Gitea
            "verification": UNSIGNED if verified else None,
        },
        "author": user(ask, it.author.email.partition("@")[0]),
        "committer": user(ask, it.committer.email.partition("@")[0]),
        "parents": [{"url": f"{url}/{sha}", "sha": sha, "created": NEVER} for sha in it.parents],
        "files": None if changed is None else [{"filename": one.path, "status": STATUS[one.status]} for one in changed],
        "stats": None if changed is None else {"total": added + removed, "additions": added, "deletions": removed},
    }


def file(ask: Ask, it: Changed, head: str) -> Json:
    return {
        "filename": it.path,
        "status": STATUS[it.status],
        "additions": it.added,
        "deletions": it.removed,
        "changes": it.added + it.removed,
        "html_url": f"{ask.here}/src/commit/{head}/{it.path}",
        "contents_url": f"{ask.api}/contents/{it.path}?ref={head}",
        "raw_url": f"{ask.here}/raw/commit/{head}/{it.path}",
    }


def _named(who: Person) -> Json:
    return {"name": who.name, "email": who.email, "username": who.email.partition("@")[0]}


def _signed(who: Person) -> Json:
    return {"name": who.name, "email": who.email, "date": who.at}
