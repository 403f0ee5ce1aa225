"""Runs inside a pane around one worker: ``python -I -S …/panes/shim.py RUNDIR -- command …``; standard library only.

It holds the run's locks, gives the worker a terminal of its own, keeps its time limit, ends its whole tree of processes and then,
and only then, writes ``exit.json``. What it is told stands in ``RUNDIR/start.json``, which it takes away, for there are keys in it::

    {"where": folder, "env": {name: value}, "wall_s": seconds, "grace_s": seconds between TERM and KILL}

A stop is asked for by the file ``stop`` (its grace in seconds) and a byte into the fifo ``bell``, for a process id could be somebody
else's by then; or by TERM. A hang-up (the window was closed, or tmux died) also ends the tree, so that no worker outlives its pane,
and the run is *lost*: it says nothing about the worker.
"""

import ctypes
import fcntl
import json
import os
import select
import signal
import sys
import termios
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

MARK = "OPS_RUN_DIR"  # as panes.runs.MARK, which this file may not import
LINGER_S = 0.1  # tmux reads a dead pane's last bytes late: without it the last line is lost in a third of the cases
LOG_BYTES = 10_000_000  # output.log becomes output.log.1 at this size: the last 10 to 20 MB are kept
FLOW_BYTES = 65_536  # what may wait for a slow reader; beyond it the writer waits too
LOOK_S = 0.05  # how often the tree is looked through while it is being ended
PR_SET_CHILD_SUBREAPER = 36


class Refused(Exception):
    """The command cannot be started; the text says why."""


def write_whole(path: Path, text: str) -> None:
    """The file is there with all of ``text``, or as it was.

    It is not synced, which would make every end be known milliseconds later: after a power cut the run may be lost, as it is without.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)


def lock(path: Path) -> int:
    """Waits for the lock. Probes take it shared for a moment, so a passing attempt would now and then fail for nothing."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


class Log:
    """``output.log``: what the worker wrote, the last of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = path.open("ab", buffering=0)
        self.size = self.file.tell()

    def write(self, data: bytes) -> None:
        with suppress(OSError):  # a full disk is no reason to end the worker
            self.file.write(data)
        self.size += len(data)
        if self.size >= LOG_BYTES:
            self.file.close()
            self.path.replace(self.path.with_name("output.log.1"))
            self.file, self.size = self.path.open("ab", buffering=0), 0


class Flow:
    """Bytes one way, from a terminal to another. Nothing blocks: a stuck reader must not keep the limit from being kept."""

    def __init__(self, source: int, target: int, log: Log | None = None) -> None:
        self.source = source
        self.target = target
        self.log = log
        self.waiting = b""
        self.open = True  # the source may still give something
        self.taken = True  # the target still takes something

    def wants(self) -> Iterator[tuple[int, int]]:
        if self.open and len(self.waiting) < FLOW_BYTES:
            yield self.source, select.POLLIN
        if self.waiting:
            yield self.target, select.POLLOUT

    def move(self) -> bool:
        """Moves what can be moved now. False: nothing came."""
        data = self._read() if self.open and len(self.waiting) < FLOW_BYTES else b""
        if self.log:
            self.log.write(data)
        if self.taken:
            self.waiting += data
            self._write()
        return bool(data)

    def _read(self) -> bytes:
        try:
            data = os.read(self.source, FLOW_BYTES)
        except BlockingIOError:
            return b""
        except OSError:  # EIO: nobody has the other side of this terminal open any more
            data = b""
        self.open = bool(data)
        return data

    def _write(self) -> None:
        try:
            while self.waiting:
                self.waiting = self.waiting[os.write(self.target, self.waiting) :]
        except BlockingIOError:
            pass
        except OSError:  # the terminal is gone; the worker must not be kept waiting for it
            self.waiting = b""
            self.taken = False


class Worker:
    """The child, and everything that descends from it or carries the run's mark."""

    def __init__(self, command: list[str], where: str, env: dict[str, str], folder: Path, settings: list[Any] | None) -> None:
        self.mark = f"{MARK}={folder}".encode()
        self.code: int | None = None
        self.signal = 0
        self.childless = False  # nobody is left who descends from us
        self.terminal, inner = os.openpty()
        if settings:
            termios.tcsetattr(inner, termios.TCSANOW, settings)
        if size := _size():
            termios.tcsetwinsize(inner, (size.lines, size.columns))
        tree = lock(folder / "tree.lock")
        os.set_inheritable(tree, True)
        told, tell = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            _become(command, where, env, inner, tell)
        for ours in (inner, tree, tell):
            os.close(ours)
        os.set_blocking(self.terminal, False)
        with os.fdopen(told, encoding="utf-8", errors="replace") as answer:
            if said := answer.read():
                os.waitpid(self.pid, 0)
                raise Refused(said)

    def reap(self) -> None:
        """Takes notice of everybody who has ended: as their reaper we are the parent of all who lost theirs."""
        try:
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                if pid == self.pid:
                    code = os.waitstatus_to_exitcode(status)
                    self.signal = -code if code < 0 else 0
                    self.code = 128 + self.signal if code < 0 else code
        except ChildProcessError:
            self.childless = True

    def tree(self) -> set[int]:
        """The living processes of the run, without us."""
        processes = [int(name) for name in os.listdir("/proc") if name.isdigit()] if sys.platform == "linux" else []  # noqa: PTH208
        if not processes:  # without /proc the child is all that can be seen
            return {self.pid} if self.code is None else set()
        ours = {os.getpid()}
        if not self.childless:  # else nobody descends from us any more: most ends are like that
            parents = {pid: parent for pid in processes if (parent := _parent(pid))}
            while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
                ours |= more
        return (ours | {pid for pid in processes if self.mark in _read(f"/proc/{pid}/environ").split(b"\0")}) - {os.getpid()}

    def send(self, number: int) -> None:
        """To the group, then to every process of the tree by itself: background ones lead groups of their own."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)
        for pid in self.tree():
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)


def _parent(pid: int) -> int:
    """0: there is no such process, or it is a zombie."""
    state, parent, *_ = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split() or (b"X", b"0")
    return 0 if state in b"ZX" else int(parent)


def _read(path: str) -> bytes:
    """Empty when it is gone, or another user's. Plain calls: this is done for every process there is, before an end is told."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC), "rb", buffering=0) as file:
            return file.read()
    except OSError:
        return b""


def _become(command: list[str], where: str, env: dict[str, str], terminal: int, tell: int) -> None:
    """In the child: a session and terminal of its own, then the command. What goes wrong is told through the pipe."""
    try:
        for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGWINCH, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        os.login_tty(terminal)
        try:
            os.chdir(where)
        except OSError as bad:
            raise Refused(f"the folder {where} cannot be entered: {bad.strerror}") from bad
        try:
            os.execvpe(command[0], command, env)
        except (OSError, ValueError) as bad:
            reason = "not found" if isinstance(bad, FileNotFoundError) else getattr(bad, "strerror", None) or str(bad)
            raise Refused(f"the command {command[0]} cannot be started: {reason}") from bad
    except Exception as bad:  # a forked child must never return into its parent's code
        os.write(tell, str(bad).encode("utf-8", "backslashreplace"))
    finally:
        os._exit(127)


class Shim:
    """One run, from the locks to its end."""

    def __init__(self, folder: Path, command: list[str], order: bytes) -> None:
        self.folder = folder
        self.command = command
        self.order = order  # start.json
        self.signals: set[int] = set()
        self.rung = False  # somebody wrote into the bell
        self.why = ""  # why the tree is being ended; "": it is not
        self.over = False  # and there was nobody left to end
        self.kill_at = float("inf")
        self.wall = self.grace = 0.0  # seconds, from start.json
        self.out: Flow | None = None  # what the worker says, on its way to the pane
        with suppress(FileExistsError):
            os.mkfifo(folder / "bell", 0o600)
        self.bell = os.open(folder / "bell", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self.wake, waker = os.pipe()
        for end in (self.wake, waker, 1):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGWINCH, signal.SIGCHLD):
            signal.signal(number, self._signalled)

    def _signalled(self, number: int, _: FrameType | None) -> None:
        self.signals.add(number)

    def run(self, settings: list[Any] | None) -> dict[str, Any]:
        """Starts the worker, stays until the last of its tree has ended, and returns what goes into ``exit.json``.

        ``settings``: of the worker's terminal (termios); None: as the system has them.
        """
        if (self.folder / "stop").exists():
            return _end(None, "stopped", 0.0, "stopped before it was started")
        try:
            worker = self._start(settings)
        except Refused as bad:
            return _end(None, "refused", 0.0, str(bad))
        began = time.monotonic()
        self._note("started")
        self.out = Flow(worker.terminal, 1, Log(self.folder / "output.log"))
        self._watch(worker, [self.out, Flow(0, worker.terminal)], began + self.wall)
        while self.out.move():  # what it said last
            pass
        detail = f"ended by signal {worker.signal} ({signal.Signals(worker.signal).name})" if worker.signal else ""
        detail = {"limit": f"over its limit of {self.wall:g} s", "lost": "its terminal went away"}.get(self.why, detail)
        return _end(worker.code, self.why, time.monotonic() - began, detail)

    def _start(self, settings: list[Any] | None) -> Worker:
        try:
            order = json.loads(self.order)
            env = {**order["env"], MARK: str(self.folder), "OPS_RUN": self.folder.name}
            self.wall, self.grace = float(order["wall_s"]), float(order["grace_s"])
            where = str(order["where"])
        except (OSError, ValueError, KeyError, TypeError) as bad:
            raise Refused(f"start.json cannot be used: {bad!r}") from bad
        return Worker(self.command, where, env, self.folder, settings)

    def _watch(self, worker: Worker, flows: list[Flow], limit: float) -> None:
        while True:
            self._wait(flows, LOOK_S if self.why else max(0.0, limit - time.monotonic()))
            for flow in flows:
                flow.move()
            worker.reap()
            self._heed(worker)
            if worker.code is not None and not self.why:
                self._end_tree(worker, "ended", self.grace)
            elif time.monotonic() >= limit and not self.why:
                self._end_tree(worker, "limit", self.grace)
            if self.why and (self.over or not worker.tree()):
                worker.reap()
                return
            if time.monotonic() >= self.kill_at:
                worker.send(signal.SIGKILL)

    def _wait(self, flows: list[Flow], seconds: float) -> None:
        poll = select.poll()
        wanted: dict[int, int] = {self.wake: select.POLLIN, self.bell: select.POLLIN}
        for flow in flows:
            for descriptor, events in flow.wants():
                wanted[descriptor] = wanted.get(descriptor, 0) | events
        for descriptor, events in wanted.items():
            poll.register(descriptor, events)
        poll.poll(min(seconds, 3600.0) * 1000 + 1)
        with suppress(BlockingIOError):
            os.read(self.wake, 4096)
        with suppress(BlockingIOError):
            self.rung = bool(os.read(self.bell, 4096))

    def _heed(self, worker: Worker) -> None:
        """What we were told meanwhile."""
        told, self.signals = self.signals, set()
        if signal.SIGWINCH in told and (size := _size()):
            termios.tcsetwinsize(worker.terminal, (size.lines, size.columns))
        if signal.SIGHUP in told:
            self._end_tree(worker, "lost", self.grace)
        if told & {signal.SIGTERM, signal.SIGINT}:
            self._end_tree(worker, "stopped", self.grace)
        if self.rung:
            self.rung = False
            with suppress(OSError, ValueError):
                self._end_tree(worker, "stopped", float((self.folder / "stop").read_text()))

    def _end_tree(self, worker: Worker, why: str, grace: float) -> None:
        """TERM now, KILL after ``grace`` seconds. The first reason stays; a later, shorter grace counts."""
        self.kill_at = min(self.kill_at, time.monotonic() + grace)
        if self.why:
            return
        self.why, self.over = why, not worker.tree()
        if not self.over:
            self._note("ending", why=why)
            worker.send(signal.SIGTERM)
            worker.send(signal.SIGCONT)  # whoever is stopped takes no TERM

    def _note(self, event: str, **more: str) -> None:
        with (self.folder / "events.jsonl").open("a") as events:
            events.write(json.dumps({"at": time.time(), "event": event} | more) + "\n")


def _end(code: int | None, why: str, seconds: float, detail: str) -> dict[str, Any]:
    return {"code": code, "why": why, "at": time.time(), "seconds": round(seconds, 3), "detail": detail}


def _size() -> os.terminal_size | None:
    """Of the pane; None: we run in none."""
    return os.get_terminal_size(0) if os.isatty(0) else None


@contextmanager
def _raw() -> Iterator[list[Any] | None]:
    """The pane's terminal passes every byte as it is: the worker's own does the rest, with the settings that this one had."""
    if not sys.stdin.isatty():
        yield None
        return
    before = termios.tcgetattr(0)
    tty.setraw(0)
    try:
        yield before
    finally:
        with suppress(termios.error):  # it may be gone
            termios.tcsetattr(0, termios.TCSANOW, before)


def _linger(flow: Flow | None) -> None:
    until = time.monotonic() + LINGER_S
    while (left := until - time.monotonic()) > 0:
        if flow and flow.waiting:
            select.select([], [1], [], left)
            flow.move()
        else:
            time.sleep(left)


def main(words: list[str]) -> int:
    """Returns the worker's exit code; 0 when there was nothing to do; 127 when the command was refused."""
    folder, command = Path(words[0]).resolve(), words[2:]
    lock(folder / "wrapper.lock")
    order = _read(f"{folder}/start.json")
    (folder / "start.json").unlink(missing_ok=True)
    if (folder / "exit.json").exists() or (folder / "events.jsonl").exists():
        print(f"run {folder.name} is over, or was begun by a shim that is gone: nothing is started")
        return 0
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    shim = Shim(folder, command, order)
    with _raw() as settings:
        ended = shim.run(settings)
        write_whole(folder / "exit.json", json.dumps(ended))
        _linger(shim.out)
    if ended["why"] == "refused":
        print(ended["detail"], file=sys.stderr)
        return 127
    return ended["code"] or 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
