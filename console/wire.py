"""Parts put together: the one place where concrete classes meet."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from console.config import instance, load, trunk_of
from console.credentials import token
from console.engine import effect
from console.engine.loop import Loop
from console.engine.ports import Paths, Ports
from console.engine.senses import Senses
from console.engine.watch import Watch
from console.errors import SettingsError
from console.forge import probe, scopes
from console.forge.gitea import Gitea
from console.forge.probe import Found, Posted, Rights
from console.localforge import protect
from console.localforge.app import app
from console.place import Place, belongs, prompts_folder, remember_checkout
from console.redact import know, redact
from console.settings import Settings, read
from panes.git import Remote
from panes.hosts import HOSTS
from panes.session import Session

Through = Callable[[httpx.AsyncBaseTransport], httpx.AsyncBaseTransport]

LOCAL_EVERY_S = 1.0  # the local forge costs 12 ms to ask
SERVER_EVERY_S = 10.0


@dataclass(frozen=True, slots=True)
class Engine:
    """A loop and what is looked at beside it."""

    loop: Loop
    watch: Watch


class Outgoing(httpx.AsyncBaseTransport):
    """The last door to a forge: what is sent through it has no secret in it but in its header."""

    def __init__(self, to: httpx.AsyncBaseTransport) -> None:
        self._to = to

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        said = request.content.decode()
        if (cleaned := redact(said)) != said:
            headers = [(name, value) for name, value in request.headers.raw if name.lower() != b"content-length"]
            request = httpx.Request(request.method, request.url, headers=headers, content=cleaned, extensions=request.extensions)
        return await self._to.handle_async_request(request)

    async def aclose(self) -> None:
        await self._to.aclose()


def ops_console(place: Place, *words: str) -> list[str]:
    """The command line of another process of ours about the same repository; ``-P``: never what lies in its folder."""
    options = ["--repo", place.repo, "--state", str(place.state.parent)]
    if place.settings:
        options += ["--config", str(place.settings)]
    return [sys.executable, "-P", "-m", "console.cli.main", *options, *words]


def session(place: Place) -> Session:
    """The tmux server of a repository's workers; nothing is started by making it."""
    return Session(place.server, place.state, ops_console(place, "log", "-f"), redact)


@asynccontextmanager
async def forge(place: Place, through: Through = lambda transport: transport) -> AsyncIterator[Gitea]:
    """The repository's forge, for as long as it is needed; a local one is made at its first use. ``through`` may stand between."""
    found(place)
    owner, name = place.repo.split("/", 1)
    async with client(place, remote(place).token, through) as asked:
        yield Gitea(asked, owner, name)


def client(place: Place, token: str | None, through: Through = lambda transport: transport) -> httpx.AsyncClient:
    """HTTP to the place's forge; a local one is asked in this very process."""
    if place.kind == "local":
        local = httpx.ASGITransport(app=app(place.forge), raise_app_exceptions=False)
        return httpx.AsyncClient(transport=Outgoing(through(local)), base_url="http://local.invalid")
    headers = {"authorization": f"token {token}"}
    return httpx.AsyncClient(transport=Outgoing(through(httpx.AsyncHTTPTransport())), base_url=place.url, headers=headers)


def stranger(url: str) -> httpx.AsyncClient:
    """HTTP to a server that does not know us."""
    return httpx.AsyncClient(base_url=url)


async def rights(place: Place, token: str | None) -> Rights:
    """What ``token`` lets us do with the repository. Raises a ForgeError."""
    owner, name = place.repo.split("/", 1)
    async with client(place, token) as asked:
        return await probe.rights(asked, owner, name, load(place).trunk)


async def lacking(place: Place, token: str) -> tuple[str, ...]:
    """The scopes that we need and ``token`` has not. Raises a ForgeError."""
    owner, name = place.repo.split("/", 1)
    async with client(place, token) as asked:
        return await scopes.missing(asked, owner, name)


async def looked(place: Place, token: str | None) -> tuple[Found, Posted | None]:
    """The repository as the server has it, and what is posted there; None without a trunk. Raises a ForgeError."""
    owner, name = place.repo.split("/", 1)
    async with client(place, token) as asked:
        found = await probe.found(asked, owner, name, load(place).trunk)
        tip = found.rights.branch.commit.id if found.rights.branch else None
        return found, await probe.posted(asked, owner, name, tip) if tip else None


def remote(place: Place) -> Remote:
    """What git fetches from and pushes to. Raises SettingsError when a server's token is not to be had."""
    if place.kind == "local":
        return Remote(str(place.forge / "repo.git"))
    settings = read(place.settings) if place.settings else Settings()
    return Remote(f"{place.url}/{place.repo}.git", token(settings.forge))


def found(place: Place) -> None:
    """Makes the local forge if there is none, out of the operator's checkout. Raises SettingsError when there is nothing to make it of.

    A server of somebody else's is there already.
    """
    if place.kind != "local":
        return
    settings = load(place)
    there = (place.forge / "forge.db").exists()
    if not there and place.checkout is None:
        raise SettingsError(f"there is no local forge for {place.repo} yet: start once in its git checkout, without --repo")
    if not there and place.checkout and (other := other_forge(place, place.checkout)):
        raise SettingsError(
            f"the issues of this checkout are in the local forge {other}, not in {place.repo}: call it {other} in the settings, "
            f"or begin anew as {place.repo} by moving {place.forge.parents[1] / other} away"
        )
    trunk = trunk_of(place.checkout, settings.trunk) if place.checkout and not there else settings.trunk
    owner, name = place.repo.split("/", 1)
    protect.found(place.forge, owner=owner, name=name, trunk=trunk, source=place.checkout)
    if place.checkout and not (place.forge / "checkout.json").exists():
        remember_checkout(place.forge, place.checkout)


def other_forge(place: Place, checkout: Path) -> str | None:
    """The name of a local forge that was made of this checkout before, under another name."""
    forges = place.forge.parents[1].glob("*/*/checkout.json")
    return next(("/".join(path.parent.parts[-2:]) for path in forges if belongs(path.parent, checkout)), None)


@asynccontextmanager
async def engine(place: Place, still_ours: Callable[[], bool], through: Through = lambda transport: transport) -> AsyncIterator[Engine]:
    """Everything an engine needs, for as long as it runs."""
    async with forge(place, through) as client:
        config = load(place)
        for own in config.kinds.values():
            know(os.environ.get(own.key or "", ""))  # the operator's name for it need not tell what it is
        paths = Paths(state=place.state)
        paths.make()
        place.standing.parent.mkdir(parents=True, exist_ok=True)
        tmux = session(place)
        watch = Watch(tmux, (place.state / "inbox", place.standing.parent))
        ports = Ports(
            paths=paths,
            policy=config.policy,
            forge=client,
            remote=remote(place),
            host=HOSTS["local"](paths.runs, tmux),
            identity=config.identity,
            kinds=config.kinds,
            check_env=config.check_env,
            standing=place.standing,
            prompts=prompts_folder(),
            me=instance(place),
            process=f"{os.getpid()}-{time.time_ns()}",
            getenv=os.environ.get,
            clock=time.time,
        )
        loop = Loop(
            ports=ports,
            senses=Senses(ports, LOCAL_EVERY_S if place.kind == "local" else SERVER_EVERY_S),
            effect=effect.named(os.environ.get("OPS_KILL_ONCE")),
            tmux=watch.tmux,
            lines=watch.lines,
            still_ours=still_ours,
        )
        yield Engine(loop=loop, watch=watch)


async def run(engine: Engine, until_idle: bool) -> None:
    """The loop with what wakes it, until it ends by itself."""
    loop, watch = engine.loop, engine.watch
    beside = [
        asyncio.create_task(watch.files(loop.woken.set)),
        asyncio.create_task(watch.runs(loop.ports.host.events(), loop.woken.set)),
        asyncio.create_task(watch.screens(loop.live_slots, loop.woken.set)),
    ]
    try:
        await loop.run(until_idle)
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
