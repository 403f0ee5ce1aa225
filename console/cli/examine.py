"""What `doctor` looks at: each look gives a line, with the way out where something is to mend. Nothing here changes anything."""

import asyncio
import os
import re
import shlex
import shutil
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from console import wire
from console.cli.engine import running
from console.config import Config, known_trunk, trunk_of
from console.core.facts import fact
from console.core.phrases import CONTEXT
from console.core.text import span
from console.engine import files, inbox
from console.errors import SettingsError
from console.forge.errors import ForgeError, ForgeGone
from console.forge.probe import Rights
from console.localforge import protect
from console.place import Place
from panes import kinds
from panes.git import git, own_git
from panes.hosts import worker_env

GIT, TMUX = (2, 38, ""), (3, 2, "a")
LOW_BYTES, LITTLE_BYTES = 1_000_000_000, 5_000_000_000


@fact
class Line:
    """One precondition. ``state``: as it should be, worth knowing, or to be mended (the only one that makes `doctor` end with 1)."""

    name: str
    state: Literal["ok", "note", "mend"]
    says: str
    remedy: str | None = None


def python() -> Line:
    return Line(name="python", state="ok", says=f"{'.'.join(map(str, sys.version_info[:3]))} ({sys.executable})")


def version(words: list[str]) -> tuple[int, int, str] | None:
    """The version a program prints, as (3, 2, "a"); None when it is not there or prints none."""
    try:
        said = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=20).stdout
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
    line = program("tmux", "-V", TMUX)
    if place is None or line.state == "mend":
        return line
    return Line(name="tmux", state="ok", says=f"{line.says}; the workers' own server: `tmux -L {place.server} attach`")


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


def forge(place: Place) -> Line:
    return local_forge(place) if place.kind == "local" else server(place)


def server(place: Place) -> Line:
    """A forge of somebody else's: reached, and our account may do what landing needs, and no more."""
    try:
        return judged(asyncio.run(wire.rights(place, wire.remote(place).token)), place)
    except SettingsError as error:
        return Line(name="forge", state="mend", says=str(error))
    except ForgeGone as gone:
        return Line(name="forge", state="mend", says=f"{place.url}: {gone}", remedy="is the server running, and is this its address?")
    except ForgeError as error:
        return Line(name="forge", state="mend", says=f"{place.url}: {error}", remedy="`ops-console login` takes another token")


def judged(found: Rights, place: Place) -> Line:
    """The first thing that landing stumbles over, else that all is well."""
    it, branch, on = found.repository, found.branch, f"in the settings of {place.url}/{place.repo}"
    wrongs = (
        (not it.permissions.push, f"{found.login} may not write to {place.repo}", "make it a collaborator with write"),
        (it.archived, f"{place.repo} is archived", f"unarchive it {on}"),
        (branch is None, "the trunk is not there", "push a first commit, or name the trunk with `trunk:` in ops.yaml"),
        (bool(branch and not branch.protected), "the trunk is not protected", f"protect it {on}"),
        (bool(branch and branch.user_can_push), f"{found.login} may push to the trunk directly", f"switch pushing off {on}"),
        (bool(branch and not branch.user_can_merge), f"{found.login} may not merge", f"put it into the merge whitelist {on}"),
        (
            not any(fnmatchcase(CONTEXT, glob) for glob in found.contexts),
            f"a merge does not need the status {CONTEXT}",
            f"require it {on}",
        ),
        (not found.squash_only, "something else than squash is allowed", f"allow squash merges alone {on}"),
    )
    wrong = next(((says, remedy) for bad, says, remedy in wrongs if bad), None)
    if wrong:
        return Line(name="forge", state="mend", says=wrong[0], remedy=wrong[1])
    return Line(name="forge", state="ok", says=f"{place.url} as {found.login}: protected, squash only, {CONTEXT} required")


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
        remedy = f"when it is another, set repos.{place.repo}.check in ops.yaml"
        return Line(name="check", state="note", says=f"guessed: {config.guessed}", remedy=remedy)
    if shared := next(filter(None, (of_an_environment(c, config) for c in commands)), None):
        remedy = "where it has this project installed in place, it tests the checkout, not the change: make an environment in the check"
        return Line(name="check", state="note", says=f"{commands[0]} is {shared}, of a virtual environment", remedy=remedy)
    return Line(name="check", state="ok", says=" · ".join(commands))


def workers(place: Place, config: Config) -> list[Line]:
    """A line a kind."""
    counts: dict[str, int] = {}
    for slot in config.policy.slots:
        counts[slot.kind] = counts.get(slot.kind, 0) + 1
    if not counts:
        example = 'workers: {claude: 1}, or {script: 1} and kinds: {script: {command: "./agent.sh {prompt}"}}'
        remedy = f"`ops-console kinds` lists them; set {example} under repos.{place.repo} in ops.yaml"
        return [Line(name="workers", state="mend", says="none: nobody takes an issue up", remedy=remedy)]
    return [worker(kind, count, place, config) for kind, count in counts.items()]


def worker(kind: str, count: int, place: Place, config: Config) -> Line:
    command = config.commands[kind]
    if trouble := cannot_run(command, place, config):
        install = kinds.load(kind).install if kind in kinds.names() else ""
        remedy = install or f"install it, or change kinds.{kind} in ops.yaml"
        return Line(name="workers", state="mend", says=f"{count} × {kind}: {trouble}", remedy=remedy)
    return Line(name="workers", state="ok", says=f"{count} × {kind}: {command}")


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
    return Line(name="sandbox", state="note", says="none: workers and checks run bare, with all your rights", remedy=remedy)
