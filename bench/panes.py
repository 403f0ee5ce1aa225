"""Workers in tmux: when an exit is known, and how soon a worker runs, against libtmux asked the obvious way."""

import asyncio
import os
import secrets
import shlex
import statistics
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import libtmux

from bench.measurement import CannotMeasure, Measurement, Target
from panes.git import Identity
from panes.hosts import HOSTS, Host, worker_env
from panes.runs import Spec, reserve
from panes.seen import Limits, RunId, Slot
from panes.session import Session

PANES = 20
EXITS = 10
STARTS = 10
POLL_S = 0.5
DEADLINE_S = 30.0


@contextmanager
def tmux_folder() -> Iterator[Path]:
    """A folder in which all tmux servers started meanwhile have their sockets."""
    before = os.environ.get("TMUX_TMPDIR")
    with TemporaryDirectory(prefix="ops-bench-") as folder:
        os.environ["TMUX_TMPDIR"] = folder
        try:
            yield Path(folder)
        finally:
            os.environ.pop("TMUX_TMPDIR") if before is None else os.environ.update(TMUX_TMPDIR=before)


@contextmanager
def ours(folder: Path) -> Iterator[Host]:
    session = Session(f"ops-bench-{secrets.token_hex(4)}", folder / "state", ["sleep", "600"])
    session.open()
    try:
        yield HOSTS["local"](folder / "runs", session)
    finally:
        session.kill()


@contextmanager
def plain(folder: Path) -> Iterator[libtmux.Session]:
    server = libtmux.Server(socket_name=f"ops-naive-{secrets.token_hex(4)}", config_file=str(folder / "none"))
    (folder / "none").write_text("set -g remain-on-exit on\n")
    try:
        yield server.new_session("naive", window_command="sleep 600", x=120, y=40)
    finally:
        server.kill()


async def start(host: Host, folder: Path, number: int, argv: Sequence[str]) -> RunId:
    """Reserves a run and starts it in a slot of its own."""
    slot, run = Slot(f"w{number:02}"), RunId(f"{number}-1")
    spec = Spec(id=run, task=str(number), purpose="work", kind="bench", slot=slot, reason="bench", began=time.time())
    await host.start(reserve(folder / "runs", spec), slot, argv, folder, worker_env(Identity(), {}), Limits())
    return run


def waits_for(file: Path) -> str:
    """A shell command that ends when something is written into its fifo."""
    os.mkfifo(file)
    return f"read line < {shlex.quote(str(file))}"


def exit_known() -> Measurement:
    """From a worker's end to knowing it: by the shim's file, and by asking each of 20 panes every 500 ms."""
    with tmux_folder() as folder, ours(folder) as host, plain(folder) as session:
        known = asyncio.run(_by_file(host, folder))
        polled = _by_polling(session, folder)
    return Measurement(bench="exit-known", ours=known, other=polled, unit="ms", target=Target(bound="at least", ratio=50))


async def _by_file(host: Host, folder: Path) -> float:
    runs = [await start(host, folder, n, ["/bin/sh", "-c", waits_for(folder / f"ours-{n}")]) for n in range(1, PANES + 1)]
    events = host.events()
    took = []
    async with asyncio.timeout(DEADLINE_S):
        while not all(run.started for run in await host.runs()):
            await asyncio.sleep(0.02)
        await anext(events)
        for number, run in enumerate(runs[:EXITS], 1):
            began = _end(folder / f"ours-{number}")
            while await anext(events) != run or next(r for r in await host.runs() if r.id == run).ended is None:
                pass
            took.append(time.monotonic() - began)
    for number in range(EXITS + 1, PANES + 1):
        _end(folder / f"ours-{number}")
    return statistics.median(took) * 1000


def _by_polling(session: libtmux.Session, folder: Path) -> float:
    commands = [waits_for(folder / f"naive-{n}") for n in range(1, PANES + 1)]
    panes = [session.new_window(attach=False, window_shell=command).active_pane for command in commands]
    known: dict[int, float] = {}
    done = threading.Event()

    def poll() -> None:
        while not done.is_set():
            for number, pane in enumerate(panes, 1):
                if pane and number not in known and pane.display_message("#{pane_dead}", get_text=True) == ["1"]:
                    known[number] = time.monotonic()
            done.wait(POLL_S)

    poller = threading.Thread(target=poll)
    poller.start()
    try:
        return statistics.median(_seen_dead(number, folder, known) for number in range(1, EXITS + 1)) * 1000
    finally:
        done.set()
        poller.join()


def _seen_dead(number: int, folder: Path, known: dict[int, float]) -> float:
    """Ends one worker, at any moment of the poller's pause; seconds until the poller knew."""
    time.sleep(POLL_S * (1 + number / EXITS))
    began = _end(folder / f"naive-{number}")
    while number not in known:
        if time.monotonic() - began > DEADLINE_S:
            raise CannotMeasure("the poller never saw a pane die")
        time.sleep(0.005)
    return known[number] - began


def _end(fifo: Path) -> float:
    """Lets the worker behind the fifo end; when that was."""
    fifo.write_text("\n")
    return time.monotonic()


def slot_opened() -> Measurement:
    """From asking for a slot to a worker that runs in it: ours with its shim, locks and files; libtmux's new window with nothing."""
    with tmux_folder() as folder, ours(folder) as host, plain(folder) as session:
        mine = asyncio.run(_opened(host, folder))
        bare = _window(session, folder)
    return Measurement(bench="slot-opened", ours=mine, other=bare, unit="ms", target=None)


def stamps(file: Path) -> list[str]:
    """A worker that writes the time at which it runs, and ends."""
    return [sys.executable, "-I", "-S", "-c", f"import time; open({str(file)!r}, 'w').write(repr(time.time()))"]


async def _opened(host: Host, folder: Path) -> float:
    took = []
    for number in range(1, STARTS + 1):
        file = folder / f"opened-{number}"
        began = time.time()
        await start(host, folder, number, stamps(file))
        async with asyncio.timeout(DEADLINE_S):
            while not (file.exists() and file.read_text()):
                await asyncio.sleep(0.005)
        took.append(float(file.read_text()) - began)
    return statistics.median(took) * 1000


def _window(session: libtmux.Session, folder: Path) -> float:
    took = []
    for number in range(1, STARTS + 1):
        file = folder / f"window-{number}"
        began = time.time()
        session.new_window(attach=False, window_shell=shlex.join(stamps(file)))
        while not (file.exists() and file.read_text()):
            if time.time() - began > DEADLINE_S:
                raise CannotMeasure("libtmux's window never ran its command")
            time.sleep(0.005)
        took.append(float(file.read_text()) - began)
    return statistics.median(took) * 1000
