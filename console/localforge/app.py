"""The forge in a folder as an ASGI application: for ``httpx.ASGITransport`` in the same process, and the routes of ``serve``.

Routes are plain functions and run in threads, git and SQLite with them. A thread cannot be cancelled, so a client that goes away in
the middle of a merge does not stop it half-way.
"""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as At

from console.localforge import store
from console.localforge.ask import Ask, Refusal, Reply, not_found
from console.localforge.errors import LocalForgeError, NotFounded
from console.localforge.routes import Act, Route, issues, pulls, repo, statuses
from console.localforge.rows import YOU, Account
from console.localforge.settle import settle
from console.localforge.store import Place, Settings
from panes.git import GitFailed

API = "/api/v1"
HERE = f"{API}/repos/{{owner}}/{{repo}}"


# Who asks, by the ``Authorization`` header and the scope that is needed (None: any will do); raises Refusal. Runs in a thread.
Door = Callable[[str | None, str | None], Account]


def app(folder: Path) -> Starlette:
    """The forge that was founded in ``folder``, for whoever may open it: nobody is asked who they are.

    Several applications and processes may use one. Raises NotFounded.
    """
    return Starlette(routes=api(*opened(folder), None))


def opened(folder: Path) -> tuple[Place, Settings]:
    """A founded forge. Raises NotFounded."""
    place = Place(folder)
    if (settings := store.settings(place)) is None:
        raise NotFounded(f"the local forge in {folder} is only half made")
    return place, settings


def api(place: Place, settings: Settings, door: Door | None) -> list[At]:
    """The routes of Gitea's API; without a ``door`` everybody is the operator."""
    in_repo = (*repo.REPO, *issues.ROUTES, *pulls.ROUTES, *statuses.ROUTES)
    at = partial(_at, place, settings, door)
    return [at(API, it) for it in repo.INSTANCE] + [at(HERE, it) for it in in_repo]


def _scope(method: str, below: str, path: str) -> str | None:
    """The token scope that a route needs; None for what everybody may ask."""
    level = "read" if method == "GET" else "write"
    if below == API:
        return f"{level}:user" if path == "/user" else None
    return f"{level}:issue" if path.startswith(("/issues", "/labels")) else f"{level}:repository"


def _at(place: Place, settings: Settings, door: Door | None, below: str, route: Route) -> At:
    method, path, act = route
    scope = _scope(method, below, path)

    async def answer(request: Request) -> Response:
        try:
            account = YOU
            if door and scope:  # before reading what a stranger sends
                account = await asyncio.to_thread(door, request.headers.get("authorization"), scope)
            body = await request.body()
            return _response(await asyncio.to_thread(_reply, place, settings, act, account, request, body))
        except Refusal as no:
            return _response(_error(no.status, no.message))
        except (GitFailed, LocalForgeError, sqlite3.Error) as failed:
            # What went wrong inside is said: who asks works on the folder, or was let in by its owner.
            return _response(_error(500, str(failed)))

    return At(below + path, answer, methods=[method])


def _reply(place: Place, settings: Settings, act: Act, account: Account, request: Request, body: bytes) -> Reply:
    if "owner" in request.path_params:
        ours(settings, request.path_params["owner"], request.path_params["repo"])
        settle(place)
    return act(_ask(place, settings, account, request, body))


def ours(settings: Settings, owner: str, name: str) -> None:
    """Raises Refusal unless that is the one repository there is."""
    if [owner.lower(), name.lower()] != [settings.owner.lower(), settings.name.lower()]:
        raise not_found()


def _ask(place: Place, settings: Settings, account: Account, request: Request, body: bytes) -> Ask:
    return Ask(
        place=place,
        settings=settings,
        root=f"{request.url.scheme}://{request.url.netloc}",
        address=request.url.path,
        path={name: str(value) for name, value in request.path_params.items()},
        query=dict(request.query_params),
        account=account,
        body=_object(body),
    )


def _object(body: bytes) -> dict[str, object]:
    try:
        sent = json.loads(body) if body.strip() else {}
    except ValueError as broken:
        raise Refusal(422, f"[]: {broken}") from broken
    if not isinstance(sent, dict):
        raise Refusal(422, "[]: json: cannot unmarshal into Go value of an object")
    return sent


def _error(status: int, message: str | None) -> Reply:
    if message is None:
        return Reply(status=status)
    body: dict[str, object] = {"message": message, "url": f"{API}/swagger"}
    return Reply(status=status, body=body | {"errors": None} if status == 404 else body)


def _response(reply: Reply) -> Response:
    headers = dict(reply.headers)
    if reply.body is None:
        return Response(status_code=reply.status, headers=headers)
    text = json.dumps(reply.body, ensure_ascii=False)
    return Response(text, reply.status, headers | {"content-type": "application/json;charset=utf-8"})
