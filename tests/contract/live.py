"""A live Gitea: accounts and repositories of its own, with names that nobody else has, and removed when it is done."""

import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from panes.git import git
from tests.contract import world as w
from tests.contract.known import Known
from tests.contract.local import repos, seeded

ROLES = {"lander": "write", "writer": "write", "reader": "read"}


class Wall(w.Waiting):
    """Time passes by itself."""

    settling = 3.0
    exact = False
    again = (0.5, 0.5, 1.0, 1.0, 2.0, 2.0)

    def advance(self, seconds: float) -> None:
        time.sleep(max(seconds, 0.0))


class Site:
    """The server, asked by its administrator."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url.rstrip("/")
        self.headers = {"Authorization": f"token {token}"}
        self.suffix = f"-{secrets.token_hex(4)}x"
        self.logins = {login: login + self.suffix for login in w.LOGINS.values()}

    def ask(self, method: str, path: str, body: object = None, *, login: str | None = None) -> httpx.Response:
        """As the administrator, or as one of the accounts, with its password. It has to be granted."""
        auth = (login, w.PASSWORD) if login else None
        headers = {} if login else self.headers
        answer = httpx.request(method, f"{self.url}/api/v1{path}", json=body, headers=headers, auth=auth, timeout=60)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer

    def token(self, login: str, scopes: list[str]) -> str:
        said = {"name": secrets.token_hex(8), "scopes": scopes}
        return str(self.ask("POST", f"/users/{login}/tokens", said, login=login).json()["sha1"])


@contextmanager
def site(url: str, token: str) -> Iterator[Site]:
    """The server with our five accounts."""
    made = Site(url, token)
    try:
        for login in made.logins.values():
            mine = {"username": login, "email": f"{login}@example.invalid", "password": w.PASSWORD, "must_change_password": False}
            made.ask("POST", "/admin/users", mine)
        owner = made.logins["root1"]
        made.ask("PATCH", f"/admin/users/{owner}", {"login_name": owner, "source_id": 0, "admin": True})
        yield made
    finally:
        for login in made.logins.values():
            httpx.delete(f"{made.url}/api/v1/admin/users/{login}?purge=true", headers=made.headers, timeout=60)


@contextmanager
def forge(there: Site, tmp: Path, case: str, records: Sequence[dict[str, Any]]) -> Iterator[w.World]:
    """A fresh repository for the case, as ``local.forge`` makes one."""
    names, checkout, owner = repos(records), seeded(tmp / "clone"), there.logins["root1"]
    name = names[0] + there.suffix
    known = Known(frozenset(names), there.suffix, there.logins)
    there.ask("POST", "/user/repos", {"name": name, "private": False, "default_branch": "main"}, login=owner)
    try:
        with httpx.Client(base_url=there.url, timeout=120, trust_env=False) as http:
            world = w.World(case, records, http, names[0] + there.suffix, known, checkout, Wall(), there.token)
            git(checkout, "remote", "add", "origin", world.remote)
            for who, role in ROLES.items():
                there.ask("PUT", f"/repos/{owner}/{name}/collaborators/{world.login(who)}", {"permission": role}, login=owner)
            if case != "repo-empty":
                world.push("main:refs/heads/main", who="admin")
            world.api("admin", "PATCH", "", w.SQUASH_ONLY)
            yield world
    finally:
        for left in names:
            path = f"{there.url}/api/v1/repos/{owner}/{left}{there.suffix}"
            httpx.delete(path, auth=(owner, w.PASSWORD), timeout=60, follow_redirects=True)
