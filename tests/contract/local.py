"""The local forge, served on loopback with a clock of the test's own."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from console.localforge import serve
from console.localforge.accounts import new_token
from console.localforge.protect import found
from console.localforge.rows import Role
from console.localforge.store import Pace, Place
from panes.git import git
from tests.contract import world as w
from tests.contract.known import Known
from tests.localforge.parts import listening

ROLES: dict[str, Role] = {"admin": "owner", "lander": "write", "writer": "write", "reader": "read", "stranger": "none"}
SEED = ({"README.md": "# seed\n\n", "a.txt": w.LINES, "b.txt": "b\n", "src/x.py": "x = 1\n"}, {"b.txt": "bb\n"})


class Clock(w.Waiting):
    def __init__(self) -> None:
        self.now = 0.0

    def advance(self, seconds: float) -> None:
        self.now += seconds


def repos(records: Sequence[dict[str, Any]]) -> list[str]:
    """The repositories that a case's paths name, its own first."""
    paths = [record["request"]["path"].split("/") for record in records if "request" in record]
    named = [record["stderr"].split("/root1/")[1].split("/")[0] for record in records if "/root1/" in record.get("stderr", "")]
    return list(dict.fromkeys([*(path[3] for path in paths if path[1] == "repos" and len(path) > 3), *named])) or ["main"]


def seeded(folder: Path) -> Path:
    """A checkout with two commits on ``main``."""
    git(folder.parent, "init", "--quiet", "-b", "main", str(folder))
    for files in SEED:
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        git(folder, "add", ".", env=w.WORKER)
        git(folder, "commit", "--quiet", "-m", "seed", env=w.WORKER)
    return folder


@contextmanager
def forge(tmp: Path, case: str, records: Sequence[dict[str, Any]]) -> Iterator[w.World]:
    """A fresh forge for the case: public, not protected, squash only; in ``repo-empty`` without a commit."""
    clock, names, checkout = Clock(), repos(records), seeded(tmp / "clone")
    place = Place(tmp / "forge", Pace(lambda: clock.now, clock.settling))
    found(place.folder, owner="root1", name=names[0], trunk="main", source=None if case == "repo-empty" else checkout)
    with listening(serve.served(place.folder, place.pace)) as url, httpx.Client(base_url=url, timeout=60, trust_env=False) as http:
        yield _world(place, case, records, http, names, checkout, clock)


def _world(
    place: Place, case: str, records: Sequence[dict[str, Any]], http: httpx.Client, names: list[str], checkout: Path, clock: Clock
) -> w.World:
    for who, login in w.LOGINS.items():
        new_token(place, login, ROLES[who], ["read:user"])

    def token(login: str, scopes: list[str]) -> str:
        return new_token(place, login, None, scopes)[0]

    made = w.World(case, records, http, names[0], Known(frozenset(names), "", {}), checkout, clock, token)
    git(checkout, "remote", "add", "origin", made.remote)
    made.api("admin", "PATCH", "", w.SQUASH_ONLY | {"private": False})
    made.api("admin", "DELETE", "/branch_protections/main")
    return made
