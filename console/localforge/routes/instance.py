"""The instance, the account that asks, and what reaches over repositories, of which there is one."""

import re

from console.localforge import issues, shapes
from console.localforge.ask import MOST, USUAL, Ask, Reply
from console.localforge.refusals import Refusal
from console.localforge.routes import Route
from console.localforge.routes.issues import KINDS, STATES
from console.localforge.store import transaction


def version(ask: Ask) -> Reply:
    return Reply(body={"version": "1.26.0+local"})


def limits(ask: Ask) -> Reply:
    sizes = {"default_git_trees_per_page": 1000, "default_max_blob_size": 10 << 20, "default_max_response_size": 100 << 20}
    return Reply(body={"max_response_items": MOST, "default_paging_num": USUAL, **sizes})


def features(ask: Ask) -> Reply:
    off = dict.fromkeys(("mirrors_disabled", "migrations_disabled", "stars_disabled", "time_tracking_disabled", "lfs_disabled"), True)
    return Reply(body={"http_git_disabled": False, **off})


def account(ask: Ask) -> Reply:
    return Reply(body=shapes.user(ask, ask.account.login))


def repositories(ask: Ask) -> Reply:
    there = [shapes.repository(ask)] if ask.account.role != "none" else []
    return ask.listing(there[ask.offset : ask.offset + ask.limit], len(there))


def create_repository(ask: Ask) -> Reply:
    """There is one, and no other can be made."""
    name = ask.needed("name")
    if not re.fullmatch(r"[\w.-]+", name):
        raise Refusal(422, "[Name]: AlphaDashDot")
    if name.lower() == ask.repository.name.lower():
        raise Refusal(409, "The repository with the same name already exists.")
    raise Refusal(403, "this forge is for one repository")


def create_token(ask: Ask) -> Reply:
    """Only a password would do, and nobody has one: `ops-console forge token` makes them."""
    raise Refusal(401, "auth required")


def search(ask: Ask) -> Reply:
    """Labels that are any of those asked for, unlike in the list of a repository."""
    which = issues.Filter(
        state=STATES.get(ask.query.get("state", "open"), "open"),
        pulls=KINDS.get(ask.query.get("type", "")),
        any_label=[name for name in ask.query.get("labels", "").split(",") if name],
        since=ask.moment("since"),
        before=ask.moment("before"),
        words=ask.query.get("q", ""),
    )
    if ask.query.get("owner", ask.settings.owner) != ask.settings.owner or (ask.account.role == "none" and ask.repository.private):
        return ask.listing([], 0)
    with transaction(ask.place) as db:
        page, total = issues.some(db, which, order="newest", limit=ask.limit, offset=ask.offset)
    return ask.listing([shapes.issue(ask, issue) for issue in page], total)


ROUTES: tuple[Route, ...] = (
    ("GET", "/version", version),
    ("GET", "/settings/api", limits),
    ("GET", "/settings/repository", features),
    ("GET", "/user", account),
    ("GET", "/user/repos", repositories),
    ("POST", "/user/repos", create_repository),
    ("POST", "/users/{login}/tokens", create_token),
    ("GET", "/repos/issues/search", search),
)
