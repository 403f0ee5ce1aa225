"""One repository as a recorded server had it: what it answered to reading, put together from several cases, and what it is sent."""

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.recorded import case

HERE = "/api/v1/repos/root1/it"


def answer(forge: str, name: str, step: int) -> httpx.Response:
    said = next(record["response"] for record in case(forge, name) if record["step"] == step)
    content = json.dumps(said["json"]).encode() if "json" in said else said["text"].encode()
    return httpx.Response(said["status"], headers=said["headers"], content=content)


def of(forge: str, **over: tuple[str, int]) -> dict[str, httpx.Response]:
    """GET path → answer, for the lander: protected, squash only, with the label ops/ready. ``over``: part → another case and step."""
    parts = {
        "user": ("user", 2),
        "repository": ("repo-settings", 6),
        "branch": ("protection", 18),
        "labels": ("labels", 5),
        "rules": ("protection", 3),
    } | over
    paths = {
        "user": "/api/v1/user",
        "repository": HERE,
        "branch": f"{HERE}/branches/main",
        "labels": f"{HERE}/labels",
        "rules": f"{HERE}/branch_protections",
    }
    return {paths[part]: answer(forge, name, step) for part, (name, step) in parts.items()}


ADMIN: Mapping[str, tuple[str, int]] = {
    "user": ("user", 1),
    "repository": ("repo-settings", 5),
    "branch": ("protection", 17),
    "rules": ("protection", 9),
}


@dataclass
class Recorded:
    """A transport that answers GETs from ``answers``, and keeps what is written."""

    answers: dict[str, httpx.Response]
    writes: list[tuple[str, str, Any]] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            there = self.answers[request.url.path]
            return httpx.Response(there.status_code, headers=there.headers, content=there.content)
        self.writes.append((request.method, request.url.path.removeprefix(HERE), json.loads(request.content)))
        return httpx.Response(200, json={})

    @property
    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self), base_url="http://forge.invalid")


AN_ADMIN, A_LANDER = "a" * 40, "b" * 40  # tokens
ROLES = {AN_ADMIN: "admin", A_LANDER: "lander"}


class Server:
    """A recorded server on a port, with a new repository root1/it that takes what it is sent: each answer is one that was recorded.

    ``writes``: the requests that changed something, as they came.
    """

    def __init__(self, forge: str, listening: socket.socket) -> None:
        self.forge = forge
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self.writes: list[tuple[str, str, Any]] = []
        self.labels: list[dict[str, Any]] = []
        self.squash = self.protected = self.deaf = False

    async def __call__(self, request: Request) -> Response:
        body = await request.body()
        role = ROLES.get(request.headers.get("authorization", "").partition(" ")[2], "")
        said = self.read(request.url.path, role) if request.method == "GET" else self.write(request, role, json.loads(body))
        return Response(said.content, said.status_code, {k: v for k, v in said.headers.items() if k != "content-length"})

    def read(self, path: str, role: str) -> httpx.Response:
        admin = role == "admin"
        if path.endswith("/version"):
            return answer(self.forge, "version", 7 if "forgejo" in path else 1)
        if not role:
            return answer(self.forge, "user", 5)
        if path.removeprefix(HERE) in ("/labels", "/pulls") or path.endswith("/statuses"):
            shown = self.labels if path.endswith("/labels") else []
            return httpx.Response(200, json=shown, headers={"x-total-count": str(len(shown))})
        match path.removeprefix(HERE):
            case "/branch_protections" if admin and not self.protected:
                return httpx.Response(200, json=[])
            case "" if admin and not self.squash:  # as the lander is shown it, with an administrator's rights
                permissions = answer(self.forge, "repo-settings", 5).json()["permissions"]
                return httpx.Response(200, json=answer(self.forge, "repo-settings", 1).json() | {"permissions": permissions})
        parts = {"repository": ("repo-settings", 6 if self.squash else 1), "branch": ("protection", 18 if self.protected else 1)}
        if admin:
            parts |= {part: at for part, at in ADMIN.items() if part in ("user", "rules") or (self.squash and self.protected)}
            parts |= {"repository": ADMIN["repository"]} if self.squash else {}
        return of(self.forge, **parts)[path]

    def write(self, request: Request, role: str, body: Any) -> httpx.Response:
        at = request.url.path.removeprefix(HERE)
        if at in ("/pulls/0", "/issues/0"):  # how a token's scopes are tried
            return answer(self.forge, "protection", 12)
        if at == "/labels":
            self.writes.append((request.method, at, body))
            made = answer(self.forge, "labels", 1).json() | {"id": len(self.labels) + 1, "name": body["name"]}
            self.labels.append(made)
            return httpx.Response(201, json=made)
        if role != "admin":
            return answer(self.forge, "protection", 2)
        self.writes.append((request.method, at, body))
        if at == "":
            self.squash = not self.deaf and (self.forge == "forgejo" or "has_pull_requests" in body)
            return answer(self.forge, "repo-settings", 5 if self.squash else 3)
        if self.protected:
            return answer(self.forge, "protection", 5)  # the same rule again
        self.protected = True
        return answer(self.forge, "protection", 4)


@contextmanager
def served(forge: str) -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        recorded = Server(forge, listening)
        methods = ["GET", "POST", "PATCH"]
        app = Starlette(routes=[Route("/{path:path}", recorded.__call__, methods=methods)])
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", http="h11", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield recorded
        finally:
            server.should_exit = True
            thread.join()
