"""Our own tmux server and session, through libtmux: slots opened, watched, typed into, closed, attached to.

Everything here blocks, each command for at most DEADLINE_S; ``panes.hosts.local`` is where it leaves the event loop. libtmux keeps
the server and carries the commands, through a ``cmd`` that gives them what libtmux has not: a deadline, a clean environment and UTF-8.
Its object listings (``server.panes`` …) are not used: they pass ``cmd`` by, raise under ``LC_ALL=C``, and one worker's title can
make them raise for all.
"""

import contextlib
import os
import re
import secrets
import shlex
import signal
import subprocess
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import libtmux
from libtmux.common import tmux_cmd

from panes.runs import write_whole
from panes.seen import PanesError, RunId, Slot, SlotSeen, TmuxGone

DEADLINE_S = 3.0
COLUMNS, ROWS = 120, 40
SESSION = "ops"
TERM = "screen-256color"  # of whatever runs in our panes; known to every terminal database
SLOT = re.compile(r"[wc]\d{2,}")
ENTER_AFTER_S = 0.15  # an Enter within the burst of a paste is swallowed by some agents

# Of the variables that tmux gives to every process in it: what a program needs to run at all.
KEPT = ("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TMUX_TMPDIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")

CONF = f"""\
# Written by ops-console. This server is its own: ~/.tmux.conf is not read.
set -g base-index 0
set -g pane-base-index 0
set -g prefix C-g
set -g prefix2 None
unbind C-b
bind C-g send-prefix
bind -n F12 detach-client
set -g default-command ''
set -g default-shell /bin/sh
set -g default-terminal {TERM}
set -g default-size {COLUMNS}x{ROWS}
set -g update-environment ''
set -g remain-on-exit on
set -gq remain-on-exit-format ''
set -g exit-empty off
set -g destroy-unattached off
# A dead pane that gets a focus event takes the server down (3.3a, 3.4).
set -g focus-events off
set -g set-clipboard off
set -g escape-time 10
set -g history-limit 5000
set -g mouse off
set -g automatic-rename off
set -g allow-rename off
set -g bell-action none
set -g visual-activity off
set -g status-left '[ops] '
set -g status-right 'F12 leaves · C-g is the prefix'
"""

# A title may hold anything but line ends: it goes last.
FIELDS = "\t".join(f"#{{{name}}}" for name in ("window_name", "window_id", "pane_id", "pane_dead", "@ops_run", "pane_title"))
GONE = ("no server running", "error connecting", "server exited", "lost server", "No such file or directory")


class _Told(tmux_cmd):
    """What tmux said to one command, in libtmux's own form."""

    def __init__(self, argv: list[str], env: dict[str, str], deadline: float) -> None:
        self.cmd = argv
        try:
            ran = subprocess.run(
                argv, env=env, capture_output=True, timeout=deadline, encoding="utf-8", errors="backslashreplace", stdin=subprocess.DEVNULL
            )
        except FileNotFoundError as missing:
            raise PanesError("tmux is not installed") from missing
        except subprocess.TimeoutExpired as late:
            raise TmuxGone(f"tmux did not answer within {deadline:g} s") from late
        self.returncode = ran.returncode
        self.stdout = ran.stdout.removesuffix("\n").split("\n") if ran.stdout else []
        self.stderr = [line for line in ran.stderr.split("\n") if line]


class _Server(libtmux.Server):
    """libtmux's server, every command of which has a deadline and a clean environment."""

    def cmd(self, cmd: str, *args: Any, target: str | int | None = None) -> tmux_cmd:
        aimed = ["-t", str(target)] if target is not None else []
        return _Told([*tmux_argv(str(self.socket_name), str(self.config_file)), cmd, *aimed, *map(str, args)], _env(), DEADLINE_S)


def tmux_argv(name: str, conf: str) -> list[str]:
    return ["tmux", "-u", "-L", name, "-f", conf]


def _env() -> dict[str, str]:
    """The server gives the environment of whoever starts it to every worker, for ever: so it gets next to none."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {"HOME": str(Path.home())} | kept | {"LC_ALL": "C.UTF-8", "TERM": TERM, "SHELL": "/bin/sh"}


def _word(word: str) -> str:
    """One word of a command as tmux takes it: it reads a semicolon at the end as its own."""
    return word[:-1] + "\\;" if word.endswith(";") else word


class Session:
    """The session ``ops`` on the server ``name``; our settings for it are written into ``folder``; ``log_argv`` runs in window 0.

    What is captured of a screen goes through ``shown``.
    """

    def __init__(self, name: str, folder: Path, log_argv: Sequence[str], shown: Callable[[str], str] = str) -> None:
        self.name = name
        self.folder = folder
        self.log_argv = tuple(log_argv)
        self._shown = shown
        self._conf = folder / "tmux.conf"
        self._server = _Server(socket_name=name, config_file=str(self._conf))
        self._pid: int | None = None

    # The server

    def open(self) -> None:
        """Server and session are there afterwards; what runs in them is left as it is."""
        found = self._server.cmd("has-session", target=f"={SESSION}")
        if found.returncode:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(self._conf, CONF.encode())
            where = ["-x", str(COLUMNS), "-y", str(ROWS), "-c", str(self.folder)]
            said = self._server.cmd("new-session", "-d", "-s", SESSION, "-n", "log", *where, "--", *map(_word, self.log_argv))
            if said.returncode and "duplicate session" not in " ".join(said.stderr):
                raise self._trouble(said, "open its session")
        self.server()

    def server(self) -> tuple[int, int]:
        """The server's process and when it started (seconds since the epoch): pane ids are only good together with these."""
        pid, started = self._say("display-message", "-p", "#{pid} #{start_time}")[0].split()
        self._pid = int(pid)
        return int(pid), int(started)

    def kill(self) -> None:
        """Ends the server and all that runs in it. Nothing to do when it is gone."""
        with contextlib.suppress(PanesError):
            self.server()
        try:
            self._server.cmd("kill-server")
        except TmuxGone:  # a stuck control client can make it hang for ever
            if self._pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self._pid, signal.SIGKILL)

    # Slots

    def start(self, slot: Slot, argv: Sequence[str], where: Path, task: str, run: RunId) -> None:
        """Runs ``argv`` in a new window for ``slot``, in place of the slot's last one. The session must be open.

        PanesError: there is no folder ``where`` (tmux would start the command somewhere else, without a word).
        """
        if not SLOT.fullmatch(slot):
            raise PanesError(f"{slot} is no slot: they are called w01, c01 …")
        if not where.is_dir():
            raise PanesError(f"the folder {where} does not exist")
        before = self._windows(slot)
        # A new window, not respawn-pane: that takes the server down while a control client looks on.
        new = ["new-window", "-d", "-P", "-F", "#{window_id} #{pane_id}", "-t", f"={SESSION}:", "-n", slot, "-c", str(where), "--"]
        window, pane = self._say(*new, *map(_word, argv))[0].split()
        settings = [
            *("set-option", "-p", "-t", pane, "@ops_task", _word(task), ";"),
            *("set-option", "-p", "-t", pane, "@ops_run", _word(run), ";"),
            # Of this window alone: the global option takes the server down with the next window (3.3a to 3.5a).
            *("resize-window", "-t", window, "-x", str(COLUMNS), "-y", str(ROWS)),
        ]
        for old in before:
            settings += [";", "kill-window", "-t", old]
        self._say(*settings)

    def slots(self) -> tuple[SlotSeen, ...]:
        """The slots that have a window, by name. TmuxGone when the server does not answer: that is not "none"."""
        seen = {
            Slot(row[0]): SlotSeen(slot=Slot(row[0]), pane=row[2], dead=row[3] == "1", run=RunId(row[4]) or None, title=row[5])
            for row in self._rows()
        }
        return tuple(seen[slot] for slot in sorted(seen))

    def capture(self, slot: Slot, history: int = 0) -> str:
        """The slot's screen in colour (SGR sequences, which carry over line ends), after ``history`` lines of what scrolled off."""
        return self._shown("\n".join(self._say("capture-pane", "-p", "-e", "-N", "-S", str(-history), "-t", self._pane(slot).pane)))

    def interrupt(self, slot: Slot) -> None:
        """C-c to what runs in the slot."""
        self._type(slot, "send-keys", "C-c")

    def paste(self, slot: Slot, text: str) -> None:
        """Types ``text`` into the slot, once, and then Enter. Control characters are left out; line ends stay line ends.

        PanesError: nothing was typed, or it was typed and its Enter was not.
        """
        buffer = f"ops-{secrets.token_hex(6)}"
        file = self.folder / f"{buffer}.txt"
        write_whole(file, _plain(text).encode())
        try:
            self._say("load-buffer", "-b", buffer, str(file))
        finally:
            file.unlink()
        self._type(slot, "paste-buffer", "-p", "-r", "-d", "-b", buffer)
        time.sleep(ENTER_AFTER_S)
        self._type(slot, "send-keys", "Enter")

    def close(self, slot: Slot) -> None:
        """The slot's window is gone afterwards, and a worker in it gets a hang-up."""
        for window in self._windows(slot):
            self._say("kill-window", "-t", window)

    def attach_argv(self, slot: Slot | None, read_only: bool) -> list[str]:
        """A command that shows the session in a terminal: a view of its own, which vanishes when it is left."""
        view = f"view-{secrets.token_hex(4)}"
        flags = ["-f", "read-only,ignore-size"] if read_only else []
        shown = [";", "select-window", "-t", f"={view}:={slot}"] if slot else []
        return [
            *tmux_argv(self.name, str(self._conf)),
            *("new-session", "-t", f"={SESSION}", "-s", view, *flags),
            # Not destroy-unattached: that takes the server down when it is asked anything while the view is left (3.3a).
            *(";", "set-hook", "-t", f"={view}:", "client-detached", f"kill-session -t ={view}"),
            *shown,
        ]

    # Underneath

    def _say(self, *words: str) -> list[str]:
        """Gives tmux a command and returns its lines."""
        said = self._server.cmd(words[0], *words[1:])
        if said.returncode:
            raise self._trouble(said, words[0])
        return said.stdout

    def _trouble(self, said: tmux_cmd, what: str) -> PanesError:
        text = " ".join(said.stderr) or f"it ended with {said.returncode}"
        kind = TmuxGone if any(sign in text for sign in GONE) else PanesError
        return kind(f"tmux could not {what}: {text}")

    def _rows(self) -> Iterator[list[str]]:
        """FIELDS of the slots' panes, in order of their making; one that a person split off has no run and comes first, to be outdone."""
        try:
            lines = self._say("list-panes", "-s", "-t", f"={SESSION}", "-F", FIELDS)
        except TmuxGone:
            raise
        except PanesError:  # it answered: there is no such session, and so no slot
            return
        rows = [line.split("\t", 5) for line in lines]
        yield from sorted((row for row in rows if SLOT.fullmatch(row[0])), key=lambda row: (bool(row[4]), int(row[2][1:])))

    def _windows(self, slot: Slot) -> list[str]:
        return sorted({row[1] for row in self._rows() if row[0] == slot})

    def _pane(self, slot: Slot) -> SlotSeen:
        for seen in self.slots():
            if seen.slot == slot:
                return seen
        raise PanesError(f"{slot} has no window")

    def _type(self, slot: Slot, *words: str) -> None:
        """A command that types into the slot's pane, if that lives: asked in the same breath, for a paste into a dead one ends the server.

        A pane that somebody scrolled back in would swallow the keys, so it leaves that mode first.
        """
        pane = self._pane(slot).pane
        leave = f"if-shell -F -t {pane} '#{{pane_in_mode}}' 'send-keys -t {pane} -X cancel'"
        then = f"{leave} ; {shlex.join([words[0], '-t', pane, *words[1:]])} ; display-message -p sent"
        if "sent" not in self._say("if-shell", "-F", "-t", pane, "#{pane_dead}", "display-message -p dead", then):
            raise PanesError(f"what ran in {slot} has ended: nothing was typed")


def _plain(text: str) -> str:
    """Without control characters but line ends and tabs: an escape sequence in it could end the paste early and type the rest."""
    return "".join(c for c in text.replace("\r\n", "\n") if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
