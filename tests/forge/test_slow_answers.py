"""A forge on a real socket that is slow, endless, cut short or not a forge at all: the client ends in time, and says what it was."""

import asyncio
import gzip
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import httpx
import pytest

from console.forge.errors import ForgeError, ForgeGone
from console.forge.gitea import Gitea
from console.forge.rest import MOST_BYTES, Rest

Serve = Callable[[asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


@asynccontextmanager
async def forge(serve: Serve) -> AsyncIterator[httpx.AsyncClient]:
    """``serve`` answers whatever is asked; its connection is closed when it returns."""
    answering: set[asyncio.Task[None]] = set()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await serve(writer)
            await writer.drain()
        except ConnectionError:
            pass  # the client had enough
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answering.add(asyncio.create_task(one(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server, httpx.AsyncClient(base_url="http://127.0.0.1:{1}".format(*server.sockets[0].getsockname())) as client:
        yield client
    for task in answering:
        task.cancel()
    await asyncio.gather(*answering, return_exceptions=True)


async def said(serve: Serve, answer_s: float = 0.2) -> tuple[ForgeError, float]:
    """What the client says of it, and after how many seconds."""
    async with forge(serve) as client:
        began = time.monotonic()
        with pytest.raises(ForgeError) as no:
            await Rest(client, "ada", "engine").answer("GET", "/issues/1", None, answer_s=answer_s)
        return no.value, time.monotonic() - began


async def test_a_forge_that_listens_and_does_not_answer_is_given_up_in_time() -> None:
    async def silent(writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    gone, took = await said(silent)
    assert str(gone) == "the forge did not answer GET ada/engine/issues/1 within 0.2 s"
    assert isinstance(gone, ForgeGone)
    assert gone.sent
    assert took < 5


async def test_an_answer_that_trickles_in_is_given_up_too() -> None:
    """Each byte comes in time; all of them never would."""

    async def trickle(writer: asyncio.StreamWriter) -> None:
        writer.write(OK + b"content-length: 100000\r\n\r\n")
        for _ in range(100_000):
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.01)  # this is how slow it is

    gone, took = await said(trickle)
    assert "did not answer" in str(gone)
    assert took < 5


@pytest.mark.parametrize("packed", [False, True])
async def test_an_answer_without_end_is_cut_off(packed: bool) -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        part = b"[" * 1_000_000
        body = gzip.compress(part * 40) if packed else b""
        writer.write(OK + (b"content-encoding: gzip\r\n" if packed else b"") + b"transfer-encoding: chunked\r\n\r\n")
        for _ in range(1 if packed else 10_000):
            sent = body or part
            writer.write(b"%x\r\n%s\r\n" % (len(sent), sent))
            await writer.drain()

    gone, _ = await said(endless, answer_s=60)
    assert str(gone) == f"the forge sent more than {MOST_BYTES // 1_000_000} MB for GET ada/engine/issues/1"


async def test_an_answer_that_is_cut_short_is_no_answer() -> None:
    async def half(writer: asyncio.StreamWriter) -> None:
        writer.write(OK + b'content-length: 500\r\n\r\n{"number": 1, "title": "t"')

    gone, _ = await said(half)
    assert str(gone).startswith("the forge broke off answering GET ada/engine/issues/1: ")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n", "broke off"),
        (b"", "broke off"),
        (OK + b"content-length: 5\r\nx-bad header\r\n\r\n", "broke off"),
        (OK + b"content-encoding: gzip\r\ncontent-length: 5\r\n\r\nhello", "broke off"),
    ],
)
async def test_something_else_on_the_forges_port_is_no_forge(answer: bytes, says: str) -> None:
    async def other(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    gone, _ = await said(other)
    assert says in str(gone)


async def test_nobody_on_the_forges_port_is_told_as_that_and_nothing_was_sent() -> None:
    async with forge(lambda writer: asyncio.sleep(0)) as client:
        address = client.base_url
    async with httpx.AsyncClient(base_url=address) as client:
        with pytest.raises(ForgeGone, match="the forge cannot be reached: ") as gone:
            await Gitea(client, "ada", "engine").close(1)
    assert not gone.value.sent


@pytest.mark.parametrize(
    ("kind", "body", "says"),
    [
        ("text/html", b"<!DOCTYPE html><title>Sign in</title>", "a page of HTML: is there a login page or a proxy before it"),
        ("application/json", b"\n <html>captive portal</html>", "a page of HTML: is there a login page"),
        ("text/plain", b"OK", "something that is no answer to it"),
        ("application/octet-stream", b"\x00\x01\x02", "something that is no answer to it"),
        ("application/json", b"", "nothing at all"),
        ("application/json", b"null", "Expected `object`, got `null`"),
        ("application/json", b"[]", "Expected `object`, got `array`"),
        ("application/json", b'{"number": 1}', "missing required field `title`"),
        ("application/json", b'{"number": "1"}', "Expected `int`, got `str`"),
        ("application/json", b'{"x": ' + b"[" * 200_000, "something that is no answer to it"),
        ("application/json", b'{"number": ' + b"9" * 5000, "something that is no answer to it"),
    ],
)
async def test_a_good_status_with_a_wrong_body_is_no_answer(kind: str, body: bytes, says: str) -> None:
    async def wrong(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\ncontent-length: %d\r\n\r\n%s" % (kind.encode(), len(body), body))

    async with forge(wrong) as client:
        with pytest.raises(ForgeGone) as gone:
            await Gitea(client, "ada", "engine").issue(1)
    assert str(gone.value).startswith("the forge sent for GET ada/engine/issues/1 ")
    assert says in str(gone.value)
    assert len(str(gone.value)) < 700


async def test_a_refusal_that_is_nested_without_end_is_a_refusal() -> None:
    async def deep(writer: asyncio.StreamWriter) -> None:
        body = b"[" * 200_000
        writer.write(b"HTTP/1.1 409 Conflict\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))

    async with forge(deep) as client:
        with pytest.raises(ForgeError) as no:
            await Gitea(client, "ada", "engine").close(1)
    assert len(str(no.value)) < 700
