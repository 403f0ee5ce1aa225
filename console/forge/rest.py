"""One HTTP exchange with a forge: asked, read, and every answer that is not one turned into a typed error."""

import asyncio
import json
import re
from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

import httpx
import msgspec

from console.core.sanitize import clean
from console.forge.errors import ForgeError, ForgeGone, Missing, Moved, NotYet, Refused

T = TypeVar("T")

CONNECT_S = 10.0
ANSWER_S = 30.0
PAUSES_S = (0.1, 0.4)  # before a read is tried again
LONGEST_S = 5.0  # a Retry-After beyond this is left to the next tick

# What a refused merge says, beside its code, which alone proves nothing. Forgejo wraps the same words, so they are searched for.
SAID: tuple[tuple[str, type[NotYet] | type[Moved]], ...] = (
    ("please try again later", NotYet),
    ("head out of date", Moved),
    ("push out of date", Moved),
    ("cannot lock ref", Moved),
    ("behind the base branch", Moved),
    ("already merged", Moved),
)


class Rest:
    """The API of one repository. ``root``: its path below the client's base address."""

    def __init__(self, client: httpx.AsyncClient, root: str) -> None:
        self._client = client
        self._root = root

    async def read(self, path: str, shape: type[T], params: Mapping[str, str | int] | None = None, *, top: bool = False) -> T:
        """One thing, tried again a few times while the forge is away. ``top``: ``path`` is not below the repository."""
        return decoded(await self._read(path if top else self._root + path, params or {}), shape)

    async def everything(
        self,
        path: str,
        shape: type[list[T]],
        key: Callable[[T], Hashable],
        params: Mapping[str, str | int],
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

    async def write(self, method: str, path: str, body: object, *, answer_s: float = ANSWER_S) -> bytes:
        """Sends once, whatever happens; the answer's body."""
        answer = await self._once(method, self._root + path, {}, body, answer_s)
        return answer.content

    async def _walk(
        self,
        path: str,
        shape: type[list[T]],
        key: Callable[[T], Hashable],
        params: Mapping[str, str | int],
        enough: Callable[[T], bool],
    ) -> tuple[list[T], int]:
        found: dict[Hashable, T] = {}
        page = 1
        while True:
            # Page numbers are walked, never links: those carry the server's own idea of its address.
            answer = await self._read(self._root + path, {**params, "limit": 50, "page": page})
            total = _total(answer)
            items = decoded(answer, shape)
            for item in items:
                if enough(item):
                    return list(found.values()), 0
                found.setdefault(key(item), item)
            if not items or len(found) >= total:
                return list(found.values()), total
            page += 1

    async def _read(self, path: str, params: Mapping[str, str | int]) -> httpx.Response:
        for pause in PAUSES_S:
            try:
                return await self._once("GET", path, params, None, ANSWER_S)
            except ForgeGone as gone:
                wait = max(pause, _retry_after(gone))
                if wait > LONGEST_S or isinstance(gone.__cause__, httpx.TimeoutException):
                    raise
            await asyncio.sleep(wait)
        return await self._once("GET", path, params, None, ANSWER_S)

    async def _once(self, method: str, path: str, params: Mapping[str, str | int], body: object, answer_s: float) -> httpx.Response:
        """One request. Raises a ForgeError for anything but 2xx, and for a body that did not arrive whole."""
        content = None if body is None else json.dumps(body).encode()
        try:
            answer = await self._client.request(
                method,
                path,
                params=dict(params),
                content=content,
                headers={"content-type": "application/json"} if content else {},
                timeout=httpx.Timeout(CONNECT_S, read=answer_s),
                follow_redirects=False,  # following a 301 turns a POST into a GET
            )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as away:
            raise ForgeGone(f"the forge cannot be reached: {_words(str(away)) or type(away).__name__}", sent=False) from away
        except httpx.RequestError as broken:
            raise ForgeGone(
                f"the forge did not answer {method} {path}: {_words(str(broken)) or type(broken).__name__}", sent=True
            ) from broken
        if not answer.is_success:
            raise error(answer) from httpx.HTTPStatusError(str(answer.status_code), request=answer.request, response=answer)
        return answer


def decoded(answer: httpx.Response | bytes, shape: type[T]) -> T:
    """The body as ``shape``. Raises ForgeGone for anything else: HTML, half a body, a wrong type."""
    content = answer if isinstance(answer, bytes) else answer.content
    try:
        return msgspec.json.decode(content, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as odd:
        what = "a page of HTML" if content.lstrip()[:1] == b"<" else f"something that is not an answer ({odd})"
        raise ForgeGone(f"the forge sent {what}", sent=True) from odd


def error(answer: httpx.Response) -> ForgeError:
    """What an answer that is not 2xx means; the words of the forge are kept, cleaned and without secrets."""
    status, words = answer.status_code, _message(answer)
    for said, kind in SAID:
        if status in (405, 409) and said in words.lower():
            return kind(words)
    if status >= 500:
        return ForgeGone(f"the forge answered {status}: {words or 'without a reason'}", sent=True)
    if status == 405 and not words:  # Forgejo, of a pull that is merged already
        return Moved("the forge refused without a reason: it may be merged already")
    if status == 429:
        return NotYet(words or "the forge is busy")
    if status == 404:
        return Missing(words or "not found", status)
    if 300 <= status < 400:
        return Refused("the repository has moved: it may have been renamed", status)
    return Refused(words or f"the forge refused without a reason ({status})", status)


def _message(answer: httpx.Response) -> str:
    try:
        body = json.loads(answer.content)
    except ValueError:
        text = answer.text.strip()
        return "a page of HTML" if text.startswith("<") else _words(text)
    if not isinstance(body, dict):
        return _words(str(body))
    if "message" not in body and "StdErr" in body:  # a conflict of Do: merge or rebase
        return "conflict"
    return _words(str(body.get("message") or ""))


def _words(text: str) -> str:
    """At most a few lines' worth, in one line, with no account in an address."""
    return re.sub(r"//[^/@\s]+@", "//", clean(text, one_line=True))[:500].strip()


def _total(answer: httpx.Response) -> int:
    word = answer.headers.get("x-total-count", "")
    if not word.isdecimal():
        raise ForgeGone("the forge sent a list without saying how long it is", sent=True)
    return int(word)


def _retry_after(gone: ForgeGone) -> float:
    """Seconds the forge asked us to wait; 0 when it did not say."""
    cause = gone.__cause__
    word = cause.response.headers.get("retry-after", "") if isinstance(cause, httpx.HTTPStatusError) else ""
    return float(word) if word.isdecimal() else 0.0
