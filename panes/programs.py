"""The programs that kinds of worker are, and what those run on: whether they are here, and new enough."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from panes import gateway
from panes.kinds import Kind
from panes.seen import Own

DEADLINE_S = 10.0  # for a program that is asked for its version


def trouble(kind: Kind, own: Own, env: Mapping[str, str]) -> str | None:
    """Why a run of this kind would come to nothing, a sentence, for a worker who is given ``env``; None: nothing speaks against it."""
    if kind.url:
        return gateway.healthy(own.url or kind.url)
    if kind.program is None:
        return None
    path = shutil.which(kind.program, path=env["PATH"])
    if path is None:
        return f"there is no program {kind.program}"
    return too_old(kind, env) if runs_on(path, kind) else None


def too_old(kind: Kind, env: Mapping[str, str]) -> str | None:
    """What is wrong with what a kind runs on; None: nothing."""
    return "; ".join(filter(None, (lacking(program, least, env) for program, least in kind.runtime.items()))) or None


def runs_on(path: str, kind: Kind) -> bool:
    """Whether the program is a script of the kind's runtime, by its first line; one that is compiled brings along what it needs."""
    with Path(path).open("rb") as file:
        first = file.readline(200)
    return first.startswith(b"#!") and any(re.search(rb"\b%s\b" % program.encode(), first) for program in kind.runtime)


def lacking(program: str, least: str, env: Mapping[str, str]) -> str | None:
    """What is wrong with what a kind runs on; None: nothing."""
    there = number(printed((program, "--version"), env))
    if there and parts(there) >= parts(least):
        return None
    return f"{program} {least} or newer is needed, " + (f"and here is {there}" if there else f"and there is no {program}")


def parts(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))


def number(text: str) -> str | None:
    """The first thing that looks like a version."""
    found = re.search(r"\d+(\.\d+)+", text)
    return found[0] if found else None


def printed(words: tuple[str, ...], env: Mapping[str, str]) -> str:
    """What a program prints; "" when it cannot be started or takes too long, and then it and its children are ended."""
    program = shutil.which(words[0], path=env["PATH"])
    if program is None:
        return ""
    try:
        asked = subprocess.Popen(
            [program, *words[1:]],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError:
        return ""
    with asked:
        try:
            return asked.communicate(timeout=DEADLINE_S)[0]
        except subprocess.TimeoutExpired:
            os.killpg(asked.pid, signal.SIGKILL)
            return ""
