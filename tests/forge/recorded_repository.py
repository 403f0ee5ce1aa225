"""One repository as a recorded server had it: what it answered to reading, put together from several cases, and what it is sent."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

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
