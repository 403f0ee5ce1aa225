"""One HTTP exchange with a forge: asked, read whole, asked again where a renamed repository is now."""

import asyncio
import json
import re
from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar
from urllib.parse import quote, unquote

import httpx

from console.forge.answers import Answer, decoded, error, words
from console.forge.errors import ForgeGone, Refused

T = TypeVar("T")
Params = Mapping[str, str | int]

CONNECT_S = 10.0
ANSWER_S = 30.0
WHOLE = 2.0  # times the wait for a first or a next byte: an answer that trickles in ends too
MOST_BYTES = 32_000_000  # the largest list known is 50 issues of 64 KB, or some thousand comments
PAUSES_S = (0.1, 0.4)  # before a read is tried again
LONGEST_S = 5.0  # a Retry-After beyond this is left to the next tick
HOPS = 4  # a repository renamed more often than this in one question goes in circles


class Stumbled(ForgeGone):
    """It broke off, or nobody listened: a read is worth another try at once."""


class Rest:
    """The API of one repository. ``client``: base address (without ``/api/v1``) and credentials."""

    def __init__(self, client: httpx.AsyncClient, owner: str, name: str) -> None:
        self._client = client
        self._root = f"/api/v1/repos/{quote(owner, safe='')}/{quote(name, safe='')}"

    async def read(self, path: str, shape: type[T], params: Params | None = None, *, top: bool = False) -> T:
        """One thing, tried again a few times while the forge is away. ``top``: ``path`` is not below the repository."""
        return decoded(await self._read(path, params or {}, top), shape)

    async def everything(
        self,
        path: str,
        shape: type[list[T]],
        key: Callable[[T], Hashable],
        params: Params,
        enough: Callable[[T], bool] = lambda _: False,
    ) -> list[T]:
        """A list with all its pages, each thing once; it ends early at the first that is ``enough``. Raises ForgeGone when it is not whole.

        A list that moved while it was read (something was added in front) is read once more.
        """
        for _ in range(2):
            found, total = await self._walk(path, shape, key, params, enough)
            if len(found) >= total:
                return found
        raise ForgeGone(f"the list {path} was cut short: {len(found)} of {total}", sent=True)

    async def write(self, method: str, path: str, body: object) -> Answer:
        """Sends once, whatever happens. Raises a ForgeError for anything but 2xx."""
        answer = await self.answer(method, path, body)
        if not answer.good:
            raise error(answer)
        return answer

    async def answer(self, method: str, path: str, body: object, *, answer_s: float = ANSWER_S) -> Answer:
        """Sends once; whatever is answered. Raises ForgeGone when nothing is, or not all of it, within ``answer_s``."""
        return await self._asked(method, path, {}, body, answer_s, top=False)

    async def _walk(
        self,
        path: str,
        shape: type[list[T]],
        key: Callable[[T], Hashable],
        params: Params,
        enough: Callable[[T], bool],
    ) -> tuple[list[T], int]:
        found: dict[Hashable, T] = {}
        page, idle = 1, 0
        while True:
            # Page numbers are walked, never links: those carry the server's own idea of its address.
            answer = await self._read(path, {**params, "limit": 50, "page": page}, top=False)
            total, before = answer.total, len(found)
            items = [] if answer.content.strip() == b"null" else decoded(answer, shape)  # so Gitea lists what an empty repository has
            for item in items:
                if enough(item):
                    return list(found.values()), 0
                found.setdefault(key(item), item)
            idle = (
                idle + 1 if len(found) == before else 0
            )  # one page like the last comes of a new thing in front, two of a server that counts wrong
            if not items or len(found) >= total or idle == 2:
                return list(found.values()), total
            page += 1

    async def _read(self, path: str, params: Params, top: bool) -> Answer:
        for pause in PAUSES_S:
            wait = pause
            try:
                answer = await self._asked("GET", path, params, None, ANSWER_S, top)
                if answer.good:
                    return answer
                wait = max(pause, answer.wait_s)
                if answer.status < 500 or wait > LONGEST_S:
                    raise error(answer)
            except Stumbled:
                pass
            await asyncio.sleep(wait)
        answer = await self._asked("GET", path, params, None, ANSWER_S, top)
        if not answer.good:
            raise error(answer)
        return answer

    async def _asked(self, method: str, path: str, params: Params, body: object, answer_s: float, top: bool) -> Answer:
        """Follows a repository to its new name, and remembers it: with a 301 nobody but us keeps the method."""
        for _ in range(HOPS):
            answer = await self._once(method, path if top else self._root + path, params, body, answer_s)
            if not 300 <= answer.status < 400:
                return answer
            self._root = self._moved(answer, path)
        raise ForgeGone(f"the forge sends {answer.asked} round in circles", sent=False)

    def _moved(self, answer: Answer, path: str) -> str:
        """The repository's root as a redirect names it. Raises Refused when that is another server, or no repository."""
        base, where = self._client.base_url, answer.headers.get("location", "")
        there = base.join(where)  # httpx has read it before us: what is no address is an answer that broke off
        if (there.scheme, there.host, there.port) != (base.scheme, base.host, base.port):
            # Never asked there: whoever answers would get the token.
            why = f"the forge is elsewhere, at {words(f'{there.scheme}://{there.netloc.decode()}')}"
            raise Refused(why, answer.status, "set that as forge.url")
        inner = there.raw_path.decode().partition("?")[0].removeprefix(base.raw_path.decode().rstrip("/"))
        named = re.match(r"/api/v1/repos/[^/]+/[^/]+", inner)
        if not named or unquote(inner[named.end() :]) != unquote(path):
            raise Refused(f"the forge sends {answer.asked} on to {words(where) or 'nowhere'}, which is no repository", answer.status)
        return named[0]

    async def _once(self, method: str, path: str, params: Params, body: object, answer_s: float) -> Answer:
        """One request and its whole answer. Raises ForgeGone when there is none."""
        asked = f"{method} {words(unquote(path.removeprefix('/api/v1').removeprefix('/repos/')))}"
        content = None if body is None else json.dumps(body).encode()
        try:
            async with (
                asyncio.timeout(WHOLE * answer_s),
                self._client.stream(
                    method,
                    path,
                    params=dict(params),
                    content=content,
                    headers={"content-type": "application/json"} if content else {},
                    timeout=httpx.Timeout(CONNECT_S, read=answer_s),
                    follow_redirects=False,
                ) as response,
            ):
                return Answer(
                    asked=asked, status=response.status_code, headers=dict(response.headers), content=await _whole(response, asked)
                )
        except (httpx.ConnectTimeout, httpx.PoolTimeout) as late:
            raise ForgeGone(f"the forge cannot be reached: nobody answers within {CONNECT_S:g} s", sent=False) from late
        except httpx.ConnectError as away:
            raise Stumbled(f"the forge cannot be reached: {words(str(away)) or type(away).__name__}", sent=False) from away
        except (httpx.TimeoutException, TimeoutError) as late:
            raise ForgeGone(f"the forge did not answer {asked} within {answer_s:g} s", sent=True) from late
        except httpx.RequestError as broken:
            raise Stumbled(f"the forge broke off answering {asked}: {words(str(broken)) or type(broken).__name__}", sent=True) from broken


async def _whole(response: httpx.Response, asked: str) -> bytes:
    """The body, as long as it is one that we would read."""
    parts, size = [], 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > MOST_BYTES:
            raise ForgeGone(f"the forge sent more than {MOST_BYTES // 1_000_000} MB for {asked}", sent=True)
        parts.append(part)
    return b"".join(parts)
