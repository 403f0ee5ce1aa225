"""What `doctor` looks at: each look gives a line, with the way out where something is to mend. Nothing here changes anything."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

from console.agreed import agreed
from console.cli.engine import running
from console.config import Config, known_trunk, trunk_of
from console.core.facts import fact
from console.core.text import span
from console.engine import files, inbox
from console.errors import SettingsError
from console.localforge import protect
from console.place import Place
from panes.git import git, own_git
from panes.hosts import worker_env

GIT, TMUX = (2, 38, ""), (3, 2, "a")
ANSWER_S = 10.0  # of a program that is asked something small
LOW_BYTES, LITTLE_BYTES = 1_000_000_000, 5_000_000_000


@fact
class Line:
    """One precondition. ``state``: as it should be, worth knowing, or to be mended (the only one that makes `doctor` end with 1)."""

    name: str
    state: Literal["ok", "note", "mend"]
    says: str
    remedy: str | None = None


Look = Callable[[], Iterable[Line]]


def python() -> Line:
    return Line(name="python", state="ok", says=f"{'.'.join(map(str, sys.version_info[:3]))} ({sys.executable})")


def version(words: list[str]) -> tuple[int, int, str] | None:
    """The version a program prints, as (3, 2, "a"); None when it is not there or prints none."""
    try:
        said = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=ANSWER_S).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"(\d+)\.(\d+)([a-z]?)", said)
    return (int(found[1]), int(found[2]), found[3]) if found else None


def program(name: str, flag: str, least: tuple[int, int, str]) -> Line:
    """A program we need, and the oldest version that will do."""
    wanted, there = written(least), version([name, flag])
    remedy = f"install {name} {wanted} or newer with the system's package manager"
    if there is None:
        return Line(name=name, state="mend", says=f"{name} is missing", remedy=remedy)
    return Line(name=name, state="ok" if there >= least else "mend", says=written(there), remedy=None if there >= least else remedy)


def written(version: tuple[int, int, str]) -> str:
    return f"{version[0]}.{version[1]}{version[2]}"


def tmux(place: Place | None) -> Line:
    """The program, and the workers' own server as it is now: none, there, or not to be had."""
    line = program("tmux", "-V", TMUX)
    if place is None or line.state == "mend":
        return line
    show = f"`tmux -L {place.server} attach`"
    later = Line(name="tmux", state="ok", says=f"{line.says}; the workers' own server is started with the first of them, then {show}")
    folder = Path(os.environ.get("TMUX_TMPDIR") or "/tmp", f"tmux-{os.getuid()}")
    if not (folder / place.server).exists():  # to ask tmux would make its folder
        return later
    try:
        asked = subprocess.run(
            ["tmux", "-L", place.server, "list-sessions"], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=ANSWER_S
        )
    except subprocess.TimeoutExpired:
        remedy = f"`tmux -L {place.server} kill-server` ends it and its workers; their work is kept"
        return Line(name="tmux", state="mend", says=f"{line.says}; the workers' own server does not answer", remedy=remedy)
    if asked.returncode == 0:
        return Line(name="tmux", state="ok", says=f"{line.says}; the workers' own server is there: {show}")
    if re.search(r"no server running|No such file|Connection refused", asked.stderr):
        return later
    remedy = f"{folder} must be a folder of yours that nobody else may look into"
    return Line(name="tmux", state="mend", says=f"{line.says}; its server cannot be had: {asked.stderr.strip()}", remedy=remedy)


def kernel() -> Line:
    """Whether the kernel tells about files; where it does not they are looked at four times a second."""
    try:
        import asyncinotify  # noqa: F401  # whether it can be imported is the question
    except (ImportError, OSError):
        return Line(name="inotify", state="note", says="not here: files are looked at four times a second")
    return Line(name="inotify", state="ok", says="the kernel tells when a file changes")


def checkout(place: Place) -> Line:
    if place.checkout is None:
        there = place.kind != "local" or (place.forge / "forge.db").exists()
        remedy = None if there else "go into a git checkout of it"
        return Line(name="checkout", state="note" if there else "mend", says="you stand in none", remedy=remedy)
    return Line(name="checkout", state="ok", says=str(place.checkout))


def trunk(place: Place, config: Config) -> Line:
    """The trunk as the forge has it, else as the checkout would give it."""
    made_with = known_trunk(place)
    if made_with and made_with != config.trunk:
        says = f"the settings say {config.trunk}, the local forge was made with {made_with}"
        return Line(name="trunk", state="mend", says=says, remedy=f"set `trunk: {made_with}` in {place.settings}")
    if not made_with and place.checkout:
        try:
            trunk_of(place.checkout, config.trunk)
        except SettingsError as error:
            return Line(name="trunk", state="mend", says=str(error))
    return Line(name="trunk", state="ok", says=config.trunk)


def settings(place: Place) -> Line:
    where = str(place.settings) if place.settings else "none: everything is as by default"
    return Line(name="settings", state="ok", says=where)


def mode(place: Place, config: Config) -> Line:
    stands = inbox.standing(place.standing)
    words = [stands.mode or config.policy.mode, "as said last" if stands.mode else "as the settings have it"]
    words += ["paused" for _ in [0] if stands.pause] + ["landing is frozen" for _ in [0] if stands.freeze]
    held = bool(stands.pause or stands.freeze)
    remedy = "`ops-console resume` ends a pause, `ops-console unfreeze` a freeze" if held else None
    return Line(name="mode", state="note" if held else "ok", says=", ".join(words), remedy=remedy)


def local_forge(place: Place) -> Line:
    """There and protected: the hook is ours, git may run it, and nobody's settings point elsewhere."""
    bare = place.forge / "repo.git"
    if not bare.is_dir():
        return Line(name="forge", state="ok", says=f"local, made at its first use in {place.forge}")
    hook, trunk = bare / "hooks" / "pre-receive", known_trunk(place) or ""
    ours = hook.is_file() and hook.read_text() == protect.hook_text(trunk) and os.access(hook, os.X_OK)
    if ours and git(bare, "config", "--file", "config", "--get", "core.hooksPath", ok=(0, 1)).out.strip() == "hooks":
        return Line(name="forge", state="ok", says=f"local, {trunk} is protected, in {place.forge}")
    says = f"the protection of {trunk} is off: anyone may push to it"
    return Line(name="forge", state="mend", says=says, remedy="`ops-console issue list` puts it back")


def check(place: Place, config: Config) -> Line:
    plan = config.policy.full
    if plan is None:
        says = "none is set and none could be guessed: nothing can land"
        return Line(name="check", state="mend", says=says, remedy=f'set repos.{place.repo}.check: "make test" in ops.yaml')
    fast = config.policy.fast
    commands = [plan.command] if fast is None or fast.command == plan.command else [fast.command, plan.command]
    if trouble := next(filter(None, (cannot_run(c, place, config) for c in commands)), None):
        return Line(name="check", state="mend", says=f"{commands[0]}: {trouble}", remedy="install it, or change the check in ops.yaml")
    if config.guessed:
        asked = "" if config.guessed == agreed(place) else "; you are asked before it is first run"
        remedy = f"when it is another, set repos.{place.repo}.check in ops.yaml"
        return Line(name="check", state="note", says=f"guessed: {config.guessed}{asked}", remedy=remedy)
    if shared := next(filter(None, (of_an_environment(c, config) for c in commands)), None):
        remedy = "where it has this project installed in place, it tests the checkout, not the change: make an environment in the check"
        return Line(name="check", state="note", says=f"{commands[0]} is {shared}, of a virtual environment", remedy=remedy)
    return Line(name="check", state="ok", says=" · ".join(commands))


def first_word(command: str) -> str | None:
    """The program a shell's text starts with; None when only a shell could tell."""
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    word = next((word for word in words if not re.match(r"[A-Za-z_]\w*=", word)), "")
    return word if re.fullmatch(r"[\w./+-]+", word) else None


def cannot_run(command: str, place: Place, config: Config) -> str | None:
    """Why a command will not start, by its first word alone, and with the PATH that it will have; None when nothing speaks against it."""
    word = first_word(command)
    if word is None:
        return None
    if "/" in word and not word.startswith("/"):
        return None if in_trunk(word, place, config) else f"there is no {word} in {config.trunk}"
    found = subprocess.run(
        ["/bin/sh", "-c", 'command -v -- "$1"', "sh", word],
        env=worker_env(config.identity, {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
    )
    return None if found.returncode == 0 else f"there is no program {word}"


def in_trunk(path: str, place: Place, config: Config) -> bool:
    """Whether the project has a file; true where there is nothing to ask."""
    name = f"refs/heads/{config.trunk}:{os.path.normpath(path)}"
    bare = place.forge / "repo.git"
    if bare.is_dir():
        return git(bare, "cat-file", "-e", name, ok=(0, 1, 128)).code == 0
    return place.checkout is None or own_git(place.checkout, "cat-file", "-e", name, ok=(0, 1, 128)).code == 0


def of_an_environment(command: str, config: Config) -> str | None:
    """The program of a command, when it lies in a virtual environment."""
    found = shutil.which(first_word(command) or "", path=worker_env(config.identity, {})["PATH"])
    return found if found and (Path(found).parent.parent / "pyvenv.cfg").exists() else None


def state(place: Place) -> Line:
    if not place.state.exists():
        return Line(name="state", state="ok", says=f"made at the first start: {place.state}")
    if place.state.stat().st_uid != os.getuid():
        says = f"{place.state} belongs to another user"
        return Line(name="state", state="mend", says=says, remedy="name a folder of your own with --state")
    if place.state.stat().st_mode & 0o077:
        says = f"others on this machine can look into {place.state}"
        return Line(name="state", state="mend", says=says, remedy=f"chmod 700 {shlex.quote(str(place.state))}")
    return Line(name="state", state="ok", says=f"private: {place.state}")


def disk(place: Place) -> Line:
    """Room where the state lies or will lie."""
    there = next(folder for folder in (place.state, *place.state.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    says = f"{free / 1e9:.1f} GB free at {there}"
    if free >= LITTLE_BYTES:
        return Line(name="disk", state="ok", says=says)
    remedy = "each task and each check takes a checkout of the project: make room"
    return Line(name="disk", state="mend" if free < LOW_BYTES else "note", says=says, remedy=remedy)


def engine(place: Place) -> Line:
    pid = running(place.state)
    if pid is None:
        return Line(name="engine", state="note", says="none runs", remedy="`ops-console` starts one, `ops-console engine` is one")
    try:
        age = files.age(files.raw(place.state)["at"])
    except files.NoBoard as error:
        return Line(name="engine", state="note", says=f"process {pid}: {error}")
    if age > files.STALE_S:
        remedy = f"`ops-console engine stop` ends it; its log is {place.state}/engine.log"
        return Line(name="engine", state="mend", says=f"process {pid} has said nothing for {span(age)}", remedy=remedy)
    return Line(name="engine", state="ok", says=f"process {pid}, heard {span(age)} ago")


def sandbox() -> Line:
    remedy = "give it projects and agents that you trust, or run all of it in a container or as a user of its own"
    bubblewrap = "; bubblewrap is installed, and not used yet" if shutil.which("bwrap") else ""
    return Line(name="sandbox", state="note", says=f"none: workers and checks run bare, with all your rights{bubblewrap}", remedy=remedy)
