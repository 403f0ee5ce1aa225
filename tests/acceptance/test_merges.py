"""A merge whose answer is lost, and an action that hangs: an engine in this process, with something between it and its forge."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from console import wire
from console.engine import inbox
from tests.acceptance.conftest import Made
from tests.acceptance.world import World, settings

DEADLINE_S = 180.0


@dataclass
class Between(httpx.AsyncBaseTransport):
    """Stands between client and forge; ``how`` is asked about each request that matches, and the rest goes through."""

    inner: httpx.AsyncBaseTransport
    matches: Callable[[httpx.Request], bool]
    how: Callable[[httpx.Request, httpx.AsyncBaseTransport], Awaitable[httpx.Response]]
    seen: list[str] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not self.matches(request):
            return await self.inner.handle_async_request(request)
        self.seen.append(f"{request.method} {request.url.path}")
        return await self.how(request, self.inner)


def is_merge(request: httpx.Request) -> bool:
    return request.method == "POST" and request.url.path.endswith("/merge")


async def performs_and_loses_the_answer(request: httpx.Request, inner: httpx.AsyncBaseTransport) -> httpx.Response:
    await (await inner.handle_async_request(request)).aread()
    raise httpx.ReadTimeout("no answer", request=request)


async def loses_the_request(request: httpx.Request, inner: httpx.AsyncBaseTransport) -> httpx.Response:
    raise httpx.ReadTimeout("no answer", request=request)


@asynccontextmanager
async def running(world: World, between: Callable[[httpx.AsyncBaseTransport], httpx.AsyncBaseTransport]) -> AsyncIterator[wire.Engine]:
    async with wire.engine(world.place, lambda: True, between) as engine:
        task = asyncio.create_task(wire.run(engine, until_idle=False))
        try:
            yield engine
        finally:
            engine.loop.ending = True
            engine.loop.woken.set()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def until(what: Callable[[], object], says: str) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not what():
            await asyncio.sleep(0.02)
    assert what(), says


def one_ready(make: Made) -> World:
    world = make(settings("true", 'echo x > "$OPS_RUN.txt"', slots=2))
    world.ops("issue", "new", "One", "--ready")
    return world


async def test_a_merge_that_times_out_and_lands_anyway_is_seen_as_landed(make: Made) -> None:
    world = one_ready(make)
    between: list[Between] = []

    def through(inner: httpx.AsyncBaseTransport) -> Between:
        between.append(Between(inner, is_merge, performs_and_loses_the_answer))
        return between[0]

    async with running(world, through):
        await until(lambda: len(world.subjects()) == 2 and not world.board()["tasks"], "it landed and is tidy")
    assert len(between[0].seen) == 1
    assert world.subjects()[0] == "feat: One (#1)"


async def test_a_merge_that_times_out_and_lands_later_is_seen_as_landed_and_sent_once(make: Made) -> None:
    world = one_ready(make)
    between: list[Between] = []
    later: list[asyncio.Task[httpx.Response]] = []
    go = asyncio.Event()

    async def performs_later(request: httpx.Request, inner: httpx.AsyncBaseTransport) -> httpx.Response:
        async def perform() -> httpx.Response:
            await go.wait()
            return await inner.handle_async_request(request)

        later.append(asyncio.create_task(perform()))
        raise httpx.ReadTimeout("no answer", request=request)

    def through(inner: httpx.AsyncBaseTransport) -> Between:
        between.append(Between(inner, is_merge, performs_later))
        return between[0]

    async with running(world, through):
        await until(lambda: "was lost" in world.task(1)["why"], "landing stops, and says so")
        go.set()
        await until(lambda: len(world.subjects()) == 2 and not world.board()["tasks"], "the late merge is seen")
        await asyncio.gather(*later)
    assert len(between[0].seen) == 1


async def test_a_merge_that_never_arrived_is_not_repeated_blindly_and_nothing_else_lands_until_the_operator_says_so(make: Made) -> None:
    world = one_ready(make)
    between: list[Between] = []

    def through(inner: httpx.AsyncBaseTransport) -> Between:
        between.append(Between(inner, is_merge, loses_the_request))
        return between[0]

    async with running(world, through) as engine:
        await until(lambda: "was lost" in world.task(1)["why"], "landing stops, and says so")
        two = int(world.ops("issue", "new", "Two", "--ready"))
        await until(lambda: world.task(two)["stage"] == "aboard", "the second is ready")
        ticks = engine.loop.ticks
        await until(lambda: engine.loop.ticks > ticks + 5, "it looks again and again")
        assert len(between[0].seen) == 1
        assert "nothing lands" in world.task(two)["why"]
        assert [f["rule"] for f in world.board()["findings"]].count("unsure_merge") >= 1
        assert len(world.subjects()) == 1
        between[0].matches = lambda request: False
        pull = world.task(1)["pull"]
        inbox.leave(world.place.state, "merge", f"p{pull}", "you")
        await until(lambda: len(world.subjects()) == 3, "said again, it lands, and the other after it")


async def test_an_engine_that_is_told_to_end_waits_for_the_answer_to_its_merge_and_does_not_hang_up(make: Made) -> None:
    """A forge that is hung up on stops half-way: the trunk has the commit, and the pull is open for ever."""
    world, asked, go = one_ready(make), asyncio.Event(), asyncio.Event()
    hung_up: list[bool] = []

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]))
        asked.set()
        more, went = asyncio.create_task(reader.read()), asyncio.create_task(go.wait())
        await asyncio.wait({more, went}, return_when=asyncio.FIRST_COMPLETED)
        hung_up.append(more.done())
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(slow, "127.0.0.1", 0)
    address = "http://127.0.0.1:{1}/merge".format(*server.sockets[0].getsockname())

    async def over_the_wire(request: httpx.Request, inner: httpx.AsyncBaseTransport) -> httpx.Response:
        async with httpx.AsyncHTTPTransport() as wire:
            there = httpx.Request("POST", address, content=request.content, extensions=request.extensions)
            await (await wire.handle_async_request(there)).aread()
        return await inner.handle_async_request(request)

    async with server, running(world, lambda inner: Between(inner, is_merge, over_the_wire)) as engine:
        try:
            engine.loop.grace_s = 0.05
            async with asyncio.timeout(DEADLINE_S):
                await asked.wait()
            engine.loop.ending = True
            engine.loop.woken.set()
            await asyncio.sleep(20 * engine.loop.grace_s)  # there is nothing to wait for: that it does not hang up is what is asked
            assert not hung_up
        finally:
            go.set()
        await until(lambda: len(world.subjects()) == 2, "it landed")
    assert hung_up == [False]


def test_an_engine_whose_terminal_closes_ends_as_one_that_is_told_to(make: Made) -> None:
    world = one_ready(make)
    started = world.engine()
    assert started.stdout
    started.stdout.close()  # nobody reads what it prints any more
    world.until(lambda: "merge" in [event["what"] for event in world.journal()], "it works all the same, and writes it down")
    started.send_signal(signal.SIGHUP)
    assert started.wait(60) in (0, 120)  # 120: Python could not write what was left


async def test_while_one_action_sleeps_the_others_advance_and_a_pause_is_honoured(make: Made) -> None:
    """It sleeps for as long as all the rest takes, which is more than any 30 s on a busy machine."""
    world, morning = one_ready(make), asyncio.Event()

    async def sleeps(request: httpx.Request, inner: httpx.AsyncBaseTransport) -> httpx.Response:
        await morning.wait()
        return await inner.handle_async_request(request)

    def first_pull(request: httpx.Request) -> bool:
        return request.method == "POST" and request.url.path.endswith("/pulls") and b"issue-1" in request.content

    async with running(world, lambda inner: Between(inner, first_pull, sleeps)) as engine:
        await until(lambda: world.task(1)["stage"] == "no_pull", "the first one's action hangs")
        world.ops("issue", "new", "Two", "--ready")
        await until(lambda: len(world.subjects()) == 2, "the second lands meanwhile")
        world.ops("pause")
        three = int(world.ops("issue", "new", "Three", "--ready"))
        await until(lambda: "paused by" in world.task(three)["why"], "the pause is heard")
        ticks = engine.loop.ticks
        await until(lambda: engine.loop.ticks > ticks + 2, "and kept")
        assert world.task(three)["claim"] is None
        assert world.task(1)["stage"] == "no_pull"
        assert world.subjects()[0] == "feat: Two (#2)"
        morning.set()
        await until(lambda: world.subjects()[0] == "feat: One (#1)", "and when it wakes, it goes on")
