"""Running: the engine as its own process, the console on top of it, a worker's pane in a terminal."""

import asyncio
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click

from console.cli.failure import SETTINGS, STALE, USAGE, Failure
from console.cli.which import place
from console.engine import files

START_S = 20.0  # an engine that has not written its board by then is not coming


@contextmanager
def locked(state: Path) -> Iterator[Path]:
    """The engine's lock, held; its file says who has it. Failure: somebody else does."""
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = state / "engine.lock"
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failure(1, f"an engine runs here already ({holder(path)})", "`ops-console engine stop` ends it") from None
        file.seek(0)
        file.truncate()
        file.write(json.dumps({"pid": os.getpid(), "since": files.iso(time.time())}))
        file.flush()
        yield path


def agree_on_check(where: Any) -> None:
    """Has the operator say yes to a check that was guessed, once. Failure: they do not, or nobody is there to ask."""
    from console.agreed import agree, agreed
    from console.config import load

    guessed = load(where).guessed
    if guessed is None or guessed == agreed(where):
        return
    says = f"no check is set, and the project looks as if it were checked by `{guessed}`, run here with all your rights"
    how = f'set check: "{guessed}", or what it is, under repos.{where.repo} in ops.yaml'
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Failure(SETTINGS, f"{says}: nobody has said yes to that yet", f"{how}; or start `ops-console` in a terminal, which asks")
    if not click.confirm(f"{says}. Is that right?", err=True):
        raise Failure(SETTINGS, "nothing is started", how)
    agree(where, guessed)


def holder(path: Path) -> str:
    try:
        return f"process {json.loads(path.read_text())['pid']}"
    except (OSError, ValueError, KeyError):
        return "process unknown"


def running(state: Path) -> int | None:
    """The process id of the engine that holds the lock, None when nobody does."""
    path = state / "engine.lock"
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return None
    except FileNotFoundError:
        return None
    except BlockingIOError:
        try:
            return int(json.loads(path.read_text())["pid"])
        except (ValueError, KeyError):
            return 0


@click.group(invoke_without_command=True)
@click.option("--once", is_flag=True, help="One tick.")
@click.option("--until-idle", is_flag=True, help="Until nothing is left to do; 1 when something is parked.")
@click.pass_context
def engine(ctx: click.Context, once: bool, until_idle: bool) -> None:
    """The loop without a window, until it is told to end (a signal, a closed terminal, or `engine stop`). Workers live on."""
    if ctx.invoked_subcommand:
        return
    where = place(ctx)
    agree_on_check(where)
    with locked(where.state) as lock:
        inode = lock.stat().st_ino

        def still_ours() -> bool:
            try:
                return lock.stat().st_ino == inode
            except FileNotFoundError:
                return False

        sys.exit(asyncio.run(_run(where, still_ours, once, until_idle)))


async def _run(where: Any, still_ours: Any, once: bool, until_idle: bool) -> int:
    from console import wire

    async with wire.engine(where, still_ours) as parts:
        loop = parts.loop

        def end() -> None:
            loop.ending = True
            loop.woken.set()

        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):  # a terminal that closes must not cut a merge off
            asyncio.get_running_loop().add_signal_handler(number, end)
        loop.on_event = _show
        if once:
            await loop.once()
        else:
            await wire.run(parts, until_idle)
        parked = [s.issue for s in loop.plan.steps if s.stage in ("parked", "foreign", "on_hold", "guarded")] if loop.plan else []
        if until_idle and parked:
            click.echo(f"left to you: {', '.join(map(str, parked))} (`ops-console why N`)", err=True)
            return 1
        return 0


def _show(event: Any) -> None:
    from console.cli.look import event_line

    with suppress(OSError):  # whoever read it has gone; the journal has it all the same
        click.echo(event_line(event))


@engine.command("stop")
@click.option("--all", "everything", is_flag=True, help="Workers too; their work is kept, and the next engine goes on with it.")
@click.pass_context
def engine_stop(ctx: click.Context, everything: bool) -> None:
    """End the engine; workers go on, and the next engine takes them up."""
    where = place(ctx)
    if everything and running(where.state):
        stop_everything(where)
        return
    stop_engine(where)
    click.echo("the engine has ended; workers go on")


def stop_engine(where: Any) -> None:
    """Tells the engine to end, and waits until it has."""
    pid = running(where.state)
    if not pid:
        raise Failure(STALE, "no engine runs here")
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + START_S
    while running(where.state) == pid:
        if time.monotonic() > deadline:
            raise Failure(1, f"process {pid} was told to end and has not yet", "it ends by itself after a merge that is under way")
        time.sleep(0.05)


def start_engine(where: Any) -> None:
    """Starts an engine in a session of its own, if none runs, and waits for its first board. Failure: it did not come up."""
    from console import wire

    if running(where.state) is not None:
        return
    where.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    before = time.time()
    with (where.state / "engine.log").open("ab") as out:
        started = subprocess.Popen(
            wire.ops_console(where, "engine"),
            cwd=where.checkout or Path.home(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            if files.seconds(files.raw(where.state)["at"]) >= before:
                return
        except files.NoBoard:
            pass
        if started.poll() is not None and running(where.state) is None:
            said = (where.state / "engine.log").read_text(errors="replace").strip().splitlines()
            raise Failure(
                started.returncode or 1,
                f"the engine did not start: {said[-1] if said else 'it said nothing'}",
                f"its log: {where.state}/engine.log",
            )
        time.sleep(0.03)
    raise Failure(STALE, f"the engine has said nothing for {START_S:.0f} s", f"its log: {where.state}/engine.log")


def open_console(ctx: click.Context, *, read_only: bool, no_engine: bool) -> None:
    """The console, on an engine that is started when none runs."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Failure(USAGE, "the console needs a terminal", "`ops-console status` and `ops-console watch` do not")
    where = place(ctx)
    from console import wire

    if not no_engine:
        agree_on_check(where)
    wire.found(where)
    if not no_engine:
        start_engine(where)
    where.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    leave_console(where, show_console(where, read_only))


def show_console(where: Any, read_only: bool) -> str | None:
    """Opens it; what the operator chose on leaving."""
    from console import credentials, wire
    from console.place import config_folder
    from console.settings import read
    from console.tui.app import OpsApp

    if where.settings:
        credentials.learn(read(where.settings).forge)
    app = OpsApp(where.state, where.standing, wire.session(where), read_only, config_folder() / "console-prefs.json")
    return app.run()


def leave_console(where: Any, choice: str | None) -> None:
    """Keep working, or stop: workers get TERM, their work is kept, the engine ends."""
    pid = running(where.state)
    if choice != "stop" or not pid:
        if pid:
            click.echo(f"the engine works on (process {pid}); `ops-console` opens the console again")
        return
    stop_everything(where)


def stop_everything(where: Any) -> None:
    """Ends workers and engine, and waits until they have ended."""
    from console.engine import inbox

    pid = running(where.state)
    inbox.leave(where.state, "leave", "all", "you")
    click.echo("stopping: workers are told to end, their work is kept …")
    deadline = time.monotonic() + 60
    while running(where.state) == pid:
        if time.monotonic() > deadline:
            raise Failure(1, "it has not ended within a minute; `ops-console status` shows what it waits for")
        time.sleep(0.1)
    click.echo("all has ended; nothing is lost")


@click.command()
@click.argument("slot", metavar="[wNN]", required=False)
@click.option("--read-only", is_flag=True, help="Look, without typing into it.")
@click.pass_context
def attach(ctx: click.Context, slot: str | None, read_only: bool) -> None:
    """Look at a worker in its own tmux. C-g d leaves it again."""
    from console import wire
    from panes.seen import Slot, TmuxGone

    where = place(ctx)
    session = wire.session(where)
    try:
        there = session.slots()
    except TmuxGone as gone:
        raise Failure(STALE, f"there is nothing to attach to: {gone}", "`ops-console` or `ops-console engine` opens it") from gone
    if slot and slot not in [s.slot for s in there]:
        raise Failure(1, f"{slot} has no window yet; there are: {', '.join(s.slot for s in there) or 'none'}")
    if not sys.stdout.isatty():
        raise Failure(USAGE, "attach needs a terminal")
    argv = session.attach_argv(Slot(slot) if slot else None, read_only)
    env = {k: v for k, v in os.environ.items() if k != "TMUX"}
    try:
        os.execvpe(argv[0], argv, env)
    except FileNotFoundError:
        raise Failure(SETTINGS, "tmux is missing: install tmux 3.2a or newer") from None
