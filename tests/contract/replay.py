"""Asks a case's recorded questions again, one after the other, and says which answers differ."""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from panes.git import Answer
from tests.contract import compare
from tests.contract.setups import BEFORE, FACTS
from tests.contract.world import BASIC, PASSWORD, World

LATER = re.compile(r"([\d.]+) s (later|after the push)")
AGAIN = re.compile("Please try again later|behind the base branch")
NAMED = re.compile(r"https?://[\w.:-]+/[\w-]+/[\w.-]+?(\.git)?/?(?=['\s])")  # a repository's address


@dataclass(frozen=True)
class Failure:
    """One record that does not agree; ``str()`` is what a person reads."""

    step: int
    asked: str
    differences: tuple[str, ...]

    def __str__(self) -> str:
        return f"step {self.step}  {self.asked}\n" + "\n".join(f"    expected {line}" for line in self.differences)


def replayed(world: World) -> Iterator[Failure]:
    """Every record of the case that does not agree. The set-up has been done."""
    since_push = 0.0
    for record in world.records:
        if before := BEFORE.get((world.case, record["step"])):
            before(world)
        if later := LATER.match(record.get("note", "")):
            passed = float(later[1])
            world.pace.advance(passed - (since_push if later[2] != "later" else 0))
            since_push = passed
        if different := tuple(_differences(world, record)):
            yield Failure(record["step"], _asked(record), different)


def _asked(record: dict[str, Any]) -> str:
    if "fact" in record:
        return "looked up"
    if "git" in record:
        return f"{record['as']}: git {record['git']}"
    request = record["request"]
    return f"{record['as']}: {request['method']} {request['path']} {request['query'] or ''} {request.get('text') or request['json'] or ''}"


def _differences(world: World, record: dict[str, Any]) -> Iterator[str]:
    if "fact" in record:
        now = FACTS[world.case, record["step"]](world)
        yield from (
            f"{key} {was!r}, got {now.get(key)!r}" for key, was in record["fact"].items() if world.known.text(str(was)) != str(now.get(key))
        )
    elif "git" in record:
        said = _git(world, record)
        yield from compare.gits(record, said.code, said.out, said.err)
    else:
        yield from _patiently(world, record)


def _patiently(world: World, record: dict[str, Any]) -> Iterator[str]:
    """Asks again, as long as the world's pace lets it, what a forge may answer otherwise in a moment."""
    headers = {name: world.known.text(said) for name, said in record["response"]["headers"].items()}
    recorded = record["response"] | {"headers": headers}
    for wait in (*world.pace.again, None):
        answer = _ask(world, record)
        different = list(compare.answers(recorded, answer, trimmed=record.get("trimmed", False), exact=world.pace.exact))
        if not different or wait is None or not (record["request"]["method"] == "GET" or AGAIN.search(answer.text)):
            break
        world.pace.advance(wait)
    if answer.headers.get("content-type", "").startswith(compare.JSON):
        world.known.learn(recorded.get("json"), answer.json())
    yield from different


def _ask(world: World, record: dict[str, Any]) -> httpx.Response:
    request = record["request"]
    path = world.known.path(request["path"])
    query = world.known.query(request["path"], request["query"] or {})
    headers = _credentials(world, record)
    if query.get("token"):
        query["token"] = world.key(record["as"])
    more: dict[str, Any] = {"content": request["text"]} if request.get("text") else {}
    if not more and request["json"] is not None:
        more = {"json": world.known.body(request["json"])}
    base = "" if path.startswith("/api/") else "/api/v1"
    return world.plain(world.http.request(request["method"], base + path, params=query or None, headers=headers, **more))


def _credentials(world: World, record: dict[str, Any]) -> dict[str, str]:
    who, auth = record["as"], record["request"].get("auth", "")
    if auth.startswith("token: "):
        return {"Authorization": f"token {'0' * 40 if 'well formed' in auth else 'nonsense'}"}
    if who == "anonymous" or auth.startswith("?"):
        return {}
    key = world.key(who, _scopes(record))
    if auth.startswith("Basic "):
        login, _, password = auth.removeprefix("Basic ").partition(":")
        words = {"login": world.login(who), "TOKEN": key, "wrong password": "wrong", "PASSWORD": PASSWORD}
        pair = f"{words.get(login, login)}:{words.get(password, password)}"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    return {"Authorization": f"{'Bearer' if auth.startswith('Bearer') else 'token'} {key}"}


def _scopes(record: dict[str, Any]) -> list[str]:
    said = record.get("token", "")
    return said.removeprefix("scopes ").split(",") if said else []


def _git(world: World, record: dict[str, Any]) -> Answer:
    """Runs the command; in what it says the forge is called ``origin`` again."""
    remote = world.remote_of(world.elsewhere or world.repo)
    words = [remote if word == "origin" else world.known.text(word) for word in record["git"].split()]
    basic, world.basic, world.elsewhere = world.basic, None, None
    if basic:
        who, scopes = basic
        answer = world.git_with({"credential.helper": BASIC}, words, LOGIN=world.login(who), TOKEN=world.key(who, scopes))
    elif record["as"] == "anonymous":
        answer = world.git_with({}, words)
    else:
        answer = world.git_with({"http.extraHeader": f"Authorization: token {world.key(record['as'], _scopes(record))}"}, words)
    out, err = (NAMED.sub("origin", text).replace(world.known.suffix or "\0", "") for text in (answer.out, answer.err))
    return Answer(answer.code, out, err)
