"""The forge on a loopback port, for clients and gits that are not ours: whoever asks needs an account's token."""

import signal
import socket
import sys
from functools import partial
from pathlib import Path

from starlette.applications import Starlette

from console.localforge import smart
from console.localforge.accounts import let_in
from console.localforge.app import OTHERWISE, api, opened
from console.localforge.store import INSTANT, Pace

LOOPBACK = "127.0.0.1"
END_S = 5  # how long requests under way may take once it is told to end; a merge or a push is finished all the same


def served(folder: Path, pace: Pace = INSTANT) -> Starlette:
    """The forge that was founded in ``folder``, API and git, for whoever has a token. Raises NotFounded."""
    place, settings = opened(folder, pace)
    door = partial(let_in, place)
    return Starlette(routes=[*api(place, settings, door), *smart.routes(place, settings, door)], exception_handlers=OTHERWISE)


def listen(port: int) -> socket.socket:
    """A socket on loopback that takes connections from now on; port 0: any that is free. Raises OSError for one that is not."""
    return socket.create_server((LOOPBACK, port))


def url(listening: socket.socket) -> str:
    return f"http://{LOOPBACK}:{listening.getsockname()[1]}"


def serve(folder: Path, listening: socket.socket) -> None:
    """Serves until SIGINT (then KeyboardInterrupt is raised) or SIGTERM (then SystemExit, with 0). Raises NotFounded."""
    import uvicorn  # of all commands, only this one needs it

    config = uvicorn.Config(
        served(folder),
        log_config=None,  # warnings and errors go to stderr; requests are not logged
        access_log=False,
        lifespan="off",
        http="h11",
        ws="none",
        timeout_graceful_shutdown=END_S,
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn raises the signal again once it has ended
    uvicorn.Server(config).run(sockets=[listening])
