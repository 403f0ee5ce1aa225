"""Recorded exchanges, played back to the client through a transport."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from console.forge.answers import Answer
from console.forge.gitea import Gitea
from tests.recorded import records

FORGES = ("gitea", "forgejo")
OWNER = "root1"
Record = dict[str, Any]


def at(forge: str, case: str, step: int) -> Record:
    return next(r for r in records(forge) if (r["case"], r["step"]) == (case, step))


def exchanges(forge: str) -> Iterator[Record]:
    return (r for r in records(forge) if "request" in r)


def path(r: Record) -> str:
    """The path as it was sent, from the server's root on."""
    there: str = r["request"]["path"]
    return there if there.startswith("/api/") else f"/api/v1{there}"


def repository(r: Record) -> str | None:
    """The repository that a record is about."""
    words = path(r).split("/")
    return words[5] if words[3:5] == ["repos", OWNER] and len(words) > 5 else None


def below(r: Record) -> str:
    """The path below the repository; from the API's root on when it is about none."""
    return path(r).removeprefix(f"/api/v1/repos/{OWNER}/{repository(r)}").removeprefix("/api/v1")


def content(r: Record) -> bytes:
    response = r["response"]
    return str(response["text"]).encode() if "text" in response else json.dumps(whole(r)).encode()


def whole(r: Record) -> Any:
    """The body as JSON. Of a long list only the first entry was kept whole: the others get from it what they lack."""
    body = r["response"].get("json")
    return [body[0] | entry for entry in body] if r.get("trimmed") and isinstance(body, list) else body


def response(r: Record) -> httpx.Response:
    return httpx.Response(r["response"]["status"], headers=r["response"]["headers"], content=content(r))


def answer(r: Record) -> Answer:
    got = response(r)
    return Answer(asked=f"{r['request']['method']} {path(r)}", status=got.status_code, headers=dict(got.headers), content=got.content)


def listed(*items: Any) -> httpx.Response:
    return httpx.Response(200, json=list(items), headers={"x-total-count": str(len(items))})


@dataclass
class Tape:
    """A transport that answers what was recorded for method and path, each thing in its order, the last one again and again."""

    recorded: Iterable[tuple[str, str, httpx.Response]]
    asked: list[httpx.Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._left: dict[tuple[str, str], list[httpx.Response]] = {}
        for method, where, given in self.recorded:
            self._left.setdefault((method, where), []).append(given)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        key = (request.method, request.url.raw_path.decode().partition("?")[0])
        assert key in self._left, f"it asks {key}, which the tape has not: {sorted(self._left)}"
        left = self._left[key]
        given = left.pop(0) if len(left) > 1 else left[0]
        return httpx.Response(given.status_code, headers=given.headers, content=given.content)

    @property
    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self), base_url="http://127.0.0.1:3000")

    def gitea(self, name: str) -> Gitea:
        return Gitea(self.client, OWNER, name)


def tape(*recorded: Record | tuple[str, str, httpx.Response]) -> Tape:
    return Tape([(r["request"]["method"], path(r), response(r)) if isinstance(r, dict) else r for r in recorded])
