"""Commit statuses: posted by whoever checked a commit, and summed up."""

from console.localforge import pulls, refs, shapes
from console.localforge.ask import Ask, Reply
from console.localforge.refusals import Refusal, no_object, not_found, read_only
from console.localforge.routes import Route
from console.localforge.store import transaction


def create(ask: Ask) -> Reply:
    """Any word is taken as a state, and a branch or an abbreviated id as the commit; an unknown commit is 500, as on Gitea."""
    ask.writer(read_only())
    word = ask.path["sha"]
    if (sha := refs.commit(ask.place.repo, word)) is None:
        raise Refusal(500, no_object(word))
    said = {field: ask.text(field) or "" for field in ("context", "state", "description", "target_url")}
    with transaction(ask.place) as db:
        status = pulls.add_status(db, {**said, "sha": sha, "author": ask.account.login})
    return Reply(status=201, body=shapes.status(ask, status))


def listed(ask: Ask) -> Reply:
    """All of them, whatever page is asked for."""
    with transaction(ask.place) as db:
        found = pulls.statuses(db, _commit(ask))
    return ask.listing([shapes.status(ask, status) for status in found], len(found))


def combined(ask: Ask) -> Reply:
    """The latest of each context, pages from the newest on. The state is the page's, as on Gitea: read all before believing it."""
    sha = _commit(ask)
    with transaction(ask.place) as db:
        found = pulls.latest(db, sha)
    page = sorted(found, key=lambda it: -it.id)[ask.offset : ask.offset + ask.limit][::-1]
    body = {
        "state": pulls.combined(page),
        "sha": sha,
        "total_count": len(page),
        "statuses": [shapes.status(ask, status) for status in page] or None,
        "repository": shapes.repository(ask),
        "commit_url": f"{ask.api}/commits/{sha}",
        "url": f"{ask.api}/commits/{sha}/status",
    }
    return Reply(body=body, headers={"X-Total-Count": str(len(found))})


def _commit(ask: Ask) -> str:
    if (sha := refs.commit(ask.place.repo, ask.path["sha"])) is None:
        raise not_found("not found", no_object(ask.path["sha"]))
    return sha


ROUTES: tuple[Route, ...] = (
    ("POST", "/statuses/{sha:path}", create),
    ("GET", "/statuses/{sha:path}", listed),
    ("GET", "/commits/{sha:path}/statuses", listed),
    ("GET", "/commits/{sha:path}/status", combined),
)
