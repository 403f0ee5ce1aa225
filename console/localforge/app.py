"""The forge in a folder as an ASGI application: for ``httpx.ASGITransport`` in the same process.

Routes are plain functions and run in threads, git and SQLite with them. A thread cannot be cancelled, so a client that goes away in
the middle of a merge does not stop it half-way.
"""

import asyncio
import json
import sqlite3
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as At

from console.localforge import store
from console.localforge.ask import Ask, Refusal, Reply, not_found
from console.localforge.errors import LocalForgeError, NotFounded
from console.localforge.routes import Act, Route, issues, pulls, repo, statuses
from console.localforge.settle import settle
from console.localforge.store import Place, Settings
from panes.git import GitFailed

API = "/api/v1"
HERE = f"{API}/repos/{{owner}}/{{repo}}"


def app(folder: Path) -> Starlette:
    """The forge that was founded in ``folder``; several applications and processes may use one. Raises NotFounded."""
    place = Place(folder)
    if (settings := store.settings(place)) is None:
        raise NotFounded(f"the local forge in {folder} is only half made")
    ours = (*repo.REPO, *issues.ROUTES, *pulls.ROUTES, *statuses.ROUTES)
    return Starlette(routes=[_at(place, settings, API, it) for it in repo.INSTANCE] + [_at(place, settings, HERE, it) for it in ours])


def _at(place: Place, settings: Settings, below: str, route: Route) -> At:
    method, path, act = route

    async def answer(request: Request) -> Response:
        body = await request.body()
        return _response(await asyncio.to_thread(_reply, place, settings, act, request, body))

    return At(below + path, answer, methods=[method])


def _reply(place: Place, settings: Settings, act: Act, request: Request, body: bytes) -> Reply:
    """What to answer, refusals included. What went wrong inside is said in a 500: the account is the folder's owner."""
    try:
        if "owner" in request.path_params:
            _ours(settings, request)
            settle(place)
        return act(_ask(place, settings, request, body))
    except Refusal as no:
        return _error(no.status, no.message)
    except (GitFailed, LocalForgeError, sqlite3.Error) as failed:
        return _error(500, str(failed))


def _ours(settings: Settings, request: Request) -> None:
    asked = (request.path_params["owner"], request.path_params["repo"])
    if [word.lower() for word in asked] != [settings.owner.lower(), settings.name.lower()]:
        raise not_found()


def _ask(place: Place, settings: Settings, request: Request, body: bytes) -> Ask:
    return Ask(
        place=place,
        settings=settings,
        root=f"{request.url.scheme}://{request.url.netloc}",
        address=request.url.path,
        path={name: str(value) for name, value in request.path_params.items()},
        query=dict(request.query_params),
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


def _error(status: int, message: str) -> Reply:
    body: dict[str, object] = {"message": message, "url": f"{API}/swagger"}
    return Reply(status=status, body=body | {"errors": None} if status == 404 else body)


def _response(reply: Reply) -> Response:
    headers = dict(reply.headers)
    if reply.body is None:
        return Response(status_code=reply.status, headers=headers)
    text = json.dumps(reply.body, ensure_ascii=False)
    return Response(text, reply.status, headers | {"content-type": "application/json;charset=utf-8"})
