"""The instance, the account, the repository and its branches."""

from console.localforge import refs, shapes
from console.localforge.ask import MOST, USUAL, Ask, Reply, not_found
from console.localforge.routes import Route


def version(ask: Ask) -> Reply:
    return Reply(body={"version": "1.26.0+local"})


def limits(ask: Ask) -> Reply:
    return Reply(body={"max_response_items": MOST, "default_paging_num": USUAL})


def account(ask: Ask) -> Reply:
    return Reply(body=shapes.user(ask.account.login))


def repository(ask: Ask) -> Reply:
    empty = refs.branch(ask.place.repo, ask.settings.trunk) is None
    return Reply(body=shapes.repository(ask.settings, ask.account, empty=empty))


def branches(ask: Ask) -> Reply:
    there = sorted(refs.branches(ask.place.repo).items())
    page = there[ask.offset : ask.offset + ask.limit]
    return ask.listing([shapes.branch(ask.settings, ask.account, name, commit) for name, commit in page], len(there))


def branch(ask: Ask) -> Reply:
    name = ask.path["branch"]
    if (commit := refs.branch(ask.place.repo, name)) is None:
        raise not_found()
    return Reply(body=shapes.branch(ask.settings, ask.account, name, commit))


INSTANCE: tuple[Route, ...] = (
    ("GET", "/version", version),
    ("GET", "/settings/api", limits),
    ("GET", "/user", account),
)
REPO: tuple[Route, ...] = (
    ("GET", "", repository),
    ("GET", "/branches", branches),
    ("GET", "/branches/{branch:path}", branch),
)
