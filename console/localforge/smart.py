"""git's smart HTTP: requests go through ``git http-backend``, so leases, custom refs and the trunk's hook are as with a push by path.

Requests and answers go through files: a push is then one program's run in a thread, which a client that goes away does not end half-way.
"""

import asyncio
import sqlite3
import subprocess
from collections.abc import Iterator
from functools import partial
from tempfile import TemporaryFile
from typing import IO

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route as At

from console.localforge import features
from console.localforge.app import Door, Renamed, ours
from console.localforge.refusals import Refusal, no_token
from console.localforge.rows import NOBODY, Account
from console.localforge.settle import settle
from console.localforge.store import Place, Settings, transaction
from panes.git import clean_env

UPLOAD, RECEIVE = "git-upload-pack", "git-receive-pack"
SCOPES = {UPLOAD: "read:repository", RECEIVE: "write:repository"}
ASK_WHO = {"www-authenticate": 'Basic realm="ops-console"'}  # else git does not send the password it has
PASSED_ON = ("content-encoding", "git-protocol")
CHUNK = 1 << 16  # bytes


def routes(place: Place, settings: Settings, door: Door) -> list[At]:
    """What git asks for below ``/owner/name.git``, or without the ``.git``, as on Gitea."""

    async def answer(request: Request) -> Response:
        return await _answer(place, settings, door, request)

    here = "/{owner}/{repo}"
    posts = [At(f"{here}/{service}", answer, methods=["POST"]) for service in SCOPES]
    return [At(f"{here}/info/refs", answer, methods=["GET"]), *posts]


async def _answer(place: Place, settings: Settings, door: Door, request: Request) -> Response:
    path = request.url.path.split("/", 3)[3]
    service = request.query_params.get("service", "") if path == "info/refs" else path
    try:
        account = await asyncio.to_thread(_entered, place, settings, door, request, service)
        with TemporaryFile() as body:
            async for chunk in request.stream():
                body.write(chunk)
            env = _cgi(place, account, request, path, body.tell())
            body.seek(0)
            return await asyncio.to_thread(_backend, place, env, body)
    except Renamed as renamed:
        parts = request.url.path.split("/")
        return Response(
            status_code=301, headers={"location": "/".join((*parts[:2], f"{renamed}.git", *parts[3:])) + f"?{request.url.query}"}
        )
    except Refusal as no:
        return PlainTextResponse(f"{no.message}\n", no.status, ASK_WHO if no.status == 401 else None)
    except sqlite3.Error as failed:
        return PlainTextResponse(f"{failed}\n", 500)


def _entered(place: Place, settings: Settings, door: Door, request: Request, service: str) -> Account:
    """Who may use the service. Raises Refusal, or Renamed. Who may only read comes as far as the hook, as on Gitea."""
    if service not in SCOPES:
        raise Refusal(403, "only git's smart protocol is spoken here")
    account = door(request.headers.get("authorization"), SCOPES[service])
    with transaction(place) as db:
        repository = features.repository(db, settings)
    if account == NOBODY and (service == RECEIVE or repository.private):
        raise no_token()  # git asks for a password then
    try:
        ours(settings, repository, account, request.path_params["owner"], request.path_params["repo"].removesuffix(".git"))
    except Refusal as unknown:
        raise Refusal(unknown.status, "Repository not found") from unknown
    if service == RECEIVE and repository.archived:
        raise Refusal(403, "This repo is archived. You can view files and clone it, but cannot push or open issues/pull-requests.")
    return account


def _cgi(place: Place, account: Account, request: Request, path: str, length: int) -> dict[str, str]:
    """The request as ``git http-backend`` wants it. ``length``: bytes of its body.

    Of git's settings there is only this one: a ``core.hooksPath`` as ours usually have it would switch the trunk's protection off.
    """
    env = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "http.receivepack",
        "GIT_CONFIG_VALUE_0": "true",
        "GIT_PROJECT_ROOT": str(place.folder),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{place.repo.name}/{path}",
        "REQUEST_METHOD": request.method,
        "QUERY_STRING": request.url.query,
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(length),
        "REMOTE_USER": account.login or "anonymous",
        "OPS_MAY_WRITE": "yes" if account.writes else "no",
    }
    return env | {f"HTTP_{name.upper().replace('-', '_')}": request.headers[name] for name in PASSED_ON if name in request.headers}


def _backend(place: Place, env: dict[str, str], body: IO[bytes]) -> Response:
    """Runs it to its end; what it says is streamed from a file."""
    out = TemporaryFile()  # noqa: SIM115 - closed when the answer has been sent
    command = ["git", "-C", str(place.folder), "http-backend"]
    ran = subprocess.run(command, env=clean_env(env), stdin=body, stdout=out, stderr=subprocess.PIPE)
    if env["PATH_INFO"].endswith(RECEIVE):
        settle(place)  # a pull's head is right when git push returns
    out.seek(0)
    headers = dict(_headers(out))
    status = int(headers.pop("status", "200").split()[0])
    if not headers or status >= 500:
        out.close()
        return PlainTextResponse(ran.stderr, 500)
    return StreamingResponse(iter(partial(out.read, CHUNK), b""), status, headers, background=BackgroundTask(out.close))


def _headers(out: IO[bytes]) -> Iterator[tuple[str, str]]:
    """A CGI program's headers, up to the empty line; names in lower case."""
    while line := out.readline().decode("latin-1").strip():
        name, _, value = line.partition(":")
        yield name.lower(), value.strip()
