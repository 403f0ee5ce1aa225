"""The forge in a folder as an ASGI application: for ``httpx.ASGITransport`` in the same process, and the routes of ``serve``.

Routes are plain functions and run in threads, git and SQLite with them. A thread cannot be cancelled, so a client that goes away in
the middle of a merge does not stop it half-way.
"""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from functools import partial
from html import escape
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route as At

from console.localforge import features, store
from console.localforge.ask import NULL, Ask, Reply
from console.localforge.errors import LocalForgeError, NotFounded
from console.localforge.refusals import Refusal, no_token, not_found
from console.localforge.routes import Act, Route, comments, files, instance, issues, labels, protection, pulls, repo, reviews, statuses
from console.localforge.rows import NOBODY, YOU, Account, Repository
from console.localforge.settle import settle
from console.localforge.store import INSTANT, Pace, Place, Settings, transaction
from panes.git import GitFailed

API = "/api/v1"
IN_PROCESS, LOCAL = "local.invalid", "local:/"  # where nothing listens there are no web addresses
HERE = f"{API}/repos/{{owner}}/{{repo}}"


# Who asks, by the ``Authorization`` header and the scope that is needed (None: any will do); raises Refusal. Runs in a thread.
Door = Callable[[str | None, str | None], Account]


class Renamed(Exception):
    """The repository was called that; ``str()`` is its name now."""


def app(folder: Path) -> Starlette:
    """The forge that was founded in ``folder``, for whoever may open it: nobody is asked who they are.

    Several applications and processes may use one. Raises NotFounded.
    """
    return Starlette(routes=api(*opened(folder), None), exception_handlers=OTHERWISE)


def opened(folder: Path, pace: Pace = INSTANT) -> tuple[Place, Settings]:
    """A founded forge. Raises NotFounded."""
    place = Place(folder, pace)
    if (settings := store.settings(place)) is None:
        raise NotFounded(f"the local forge in {folder} is only half made")
    return place, settings


def api(place: Place, settings: Settings, door: Door | None) -> list[At]:
    """The routes of Gitea's API; without a ``door`` everybody is the operator."""
    groups = (repo, protection, files, comments, issues, labels, reviews, pulls, statuses)
    at = partial(_at, place, settings, door)
    return [at(API, it) for it in instance.ROUTES] + [at(HERE, it) for group in groups for it in group.ROUTES]


def _scope(method: str, below: str, path: str) -> str | None:
    """The token scope that a route needs; None for what everybody may ask."""
    level = "read" if method == "GET" else "write"
    if path.startswith(("/issues", "/labels", "/repos/issues")):
        return f"{level}:issue"
    if below == HERE:
        return f"{level}:repository"
    return f"{level}:user" if path.startswith("/user") else None


def _at(place: Place, settings: Settings, door: Door | None, below: str, route: Route) -> At:
    method, path, act = route
    scope = _scope(method, below, path)

    async def answer(request: Request) -> Response:
        account = YOU
        try:
            if door and scope:  # before reading what a stranger sends
                account = await asyncio.to_thread(door, request.headers.get("authorization"), scope)
            body = await request.body()
            return _response(await asyncio.to_thread(_reply, place, settings, act, account, request, body))
        except Renamed as renamed:
            return _moved(request, str(renamed))
        except Refusal as no:
            return _response(_error(no, account))
        except (GitFailed, LocalForgeError, sqlite3.Error) as failed:
            return _response(_error(Refusal(500, str(failed)), account))

    return At(below + path, answer, methods=[method])


def _reply(place: Place, settings: Settings, act: Act, account: Account, request: Request, body: bytes) -> Reply:
    with transaction(place) as db:
        repository = features.repository(db, settings)
    if "owner" in request.path_params:
        ours(settings, repository, account, request.path_params["owner"], request.path_params["repo"])
        settle(place)
    if account == NOBODY and (request.method != "GET" or "owner" not in request.path_params):
        raise no_token()
    return act(_ask(place, settings, repository, account, request, body))


def ours(settings: Settings, repository: Repository, account: Account, owner: str, name: str) -> None:
    """Raises Refusal unless that is the one repository there is, and the account may see it; Renamed for a name that it had."""
    if owner.lower() != settings.owner.lower():
        raise not_found("GetUserByName", f"user redirect does not exist [name: {owner}]")
    if name.lower() not in {it.lower() for it in (repository.name, *repository.former)}:
        raise not_found()
    if account.role == "none" and repository.private:
        raise not_found()
    if name.lower() != repository.name.lower():
        raise Renamed(repository.name)


def _ask(place: Place, settings: Settings, repository: Repository, account: Account, request: Request, body: bytes) -> Ask:
    root = f"{request.url.scheme}://{request.url.netloc}"
    return Ask(
        place=place,
        settings=settings,
        repository=repository,
        root=root,
        site=LOCAL if request.url.hostname == IN_PROCESS else root,
        address=request.url.path,
        path={name: str(value) for name, value in request.path_params.items()},
        query=dict(request.query_params),
        labels=request.query_params.getlist("labels"),
        account=account,
        body=_object(body),
    )


def _object(body: bytes) -> dict[str, object]:
    try:
        sent = json.loads(body) if body.strip() else {}
    except json.JSONDecodeError as broken:
        at = broken.doc[broken.pos : broken.pos + 1] or "\0"
        raise Refusal(422, f"[]: invalid character '{at}' looking for beginning of value") from broken
    except ValueError as broken:
        raise Refusal(422, f"[]: {broken}") from broken
    if not isinstance(sent, dict):
        raise Refusal(422, "[]: json: cannot unmarshal into Go value of an object")
    return sent


def _error(no: Refusal, account: Account) -> Reply:
    if no.body is not None:
        return Reply(status=no.status, body=no.body)
    if no.message is None:
        return Reply(status=no.status)
    told = no.status != 500 or account == YOU or account.administers  # what went wrong inside is for who owns the folder
    return Reply(status=no.status, body={"message": no.message if told else "", "url": f"{API}/swagger", **no.more})


def _response(reply: Reply) -> Response:
    headers = dict(reply.headers)
    if reply.text is not None:
        return PlainTextResponse(reply.text, reply.status, headers)
    if reply.body is None:
        return Response(status_code=reply.status, headers=headers)
    text = json.dumps(None if reply.body is NULL else reply.body, ensure_ascii=False)
    return Response(text, reply.status, headers | {"content-type": "application/json;charset=utf-8"})


def _moved(request: Request, name: str) -> Response:
    """A relative address, in a page for GET alone."""
    parts = request.url.path.split("/")
    parts[5] = name
    to = "/".join(parts) + (f"?{request.url.query}" if request.url.query else "")
    if request.method != "GET":
        return Response(status_code=301, headers={"location": to})
    return HTMLResponse(f'<a href="{escape(to)}">Moved Permanently</a>.\n\n', 301, {"location": to})


def _no_route(request: Request, error: Exception) -> Response:
    return PlainTextResponse("404 page not found\n", 404)


def _wrong_method(request: Request, error: Exception) -> Response:
    return Response(status_code=405)


OTHERWISE = {404: _no_route, 405: _wrong_method}
