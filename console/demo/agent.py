"""The demo's worker: replays the edits of one issue at a pace one can watch. No model is called.

Stand-alone and standard library only: it is run by path in a worktree, whose own modules must not be mistaken for ours.

    python -P agent.py [--pace SECONDS] [--issues FOLDER] PROMPT_FILE

Ends with 0 when the edits are made, and with 1 and a sentence when they cannot be. What has been done already is not done twice, so
a run that was cut short may be repeated in the same worktree.
"""

import argparse
import difflib
import io
import os
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ISSUES = Path(__file__).parent / "issues"
REFUSED = "## What the check said"
TAKEN_OVER = "## What happened before"
SHOWN_LINES = 14

BOLD, DIM, RED, GREEN, CYAN, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[36m", "\x1b[0m"


class CannotReplay(Exception):
    """The edits do not fit what is here; the text says which and where."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One exact replacement. Paths are relative to the worktree."""

    file: str
    old: str
    new: str

    def on(self, text: str) -> str:
        """The text with the edit made, once. Raises CannotReplay when the old text does not stand there exactly once."""
        if self.new in text:
            return text
        if text.count(self.old) != 1:
            raise CannotReplay(f"{self.file} has {text.count(self.old)} times, not once: {self.old.strip().splitlines()[0]}")
        return text.replace(self.old, self.new)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the prompt asks for. ``refused``: a check has refused a change; ``taken_over``: a run before this one did not finish."""

    title: str
    refused: bool
    taken_over: bool


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one run does. ``tests``: what it runs before it is content; ``commit``: its message, None leaves the work uncommitted."""

    thinks: str
    tests: str
    commit: str | None
    edits: tuple[Edit, ...]


def attempts(told: Mapping[str, object]) -> tuple[Attempt, ...]:
    """The attempts of an issue's file, as tomllib reads it."""
    found = told["attempt"]
    assert isinstance(found, list)
    return tuple(Attempt(a["thinks"], a["tests"], a.get("commit"), tuple(Edit(**edit) for edit in a["edit"])) for a in found)


def edited(files: Mapping[str, str], tries: Sequence[Attempt]) -> dict[str, str]:
    """The files as the last of the tries leaves them, whether or not the ones before it were made here. Raises CannotReplay."""
    *before, last = tries
    try:
        return _made(files, last.edits)
    except CannotReplay:
        if not before:
            raise
        return _made(edited(files, before), last.edits)


def _made(files: Mapping[str, str], edits: Sequence[Edit]) -> dict[str, str]:
    made = dict(files)
    for edit in edits:
        made[edit.file] = edit.on(made[edit.file])
    return made


def read_prompt(prompt: str) -> Asked:
    """Raises CannotReplay when it does not begin with an issue."""
    found = re.match(r"# Issue #\d+\n(?:[^`].*\n|\n)*?```+text\n(.+)\n", prompt)
    lines = prompt.splitlines() or [""]
    if found is None:
        raise CannotReplay(f"the prompt does not begin with an issue: {lines[0][:80]!r}")
    return Asked(found[1], refused=REFUSED in lines, taken_over=TAKEN_OVER in lines)


def find_attempts(title: str, issues: Path) -> tuple[Attempt, ...]:
    """Raises CannotReplay when no file in the folder tells of that issue."""
    for file in sorted(issues.glob("*.toml")):
        told = tomllib.loads(file.read_text(encoding="utf-8"))
        if told["title"] == title:
            return attempts(told)
    raise CannotReplay(f"this replay knows no issue called {title!r}")


def due(asked: Asked, files: Mapping[str, str], tries: tuple[Attempt, ...]) -> tuple[Attempt, ...]:
    """The attempts up to the one to be made now: the first, or the last where the first was refused or is here already."""
    if asked.refused:
        return tries
    try:
        is_here = edited(files, tries[:1]) == files
    except CannotReplay:
        return tries  # a run that was cut short may have got further than its prompt knows
    return tries if is_here and asked.taken_over else tries[:1]


class Voice:
    """What is said in the pane, a step at a time."""

    def __init__(self, pace: float) -> None:
        self.pace = pace

    def say(self, text: str, style: str = "") -> None:
        print(f"{style}{text}{PLAIN if style else ''}", flush=True)

    def step(self, verb: str, what: str) -> None:
        time.sleep(self.pace)
        print(f"{CYAN}● {verb}{PLAIN} {what}", flush=True)

    def diff(self, file: str, before: str, after: str) -> None:
        self.step("edit", file)
        lines = list(changed_lines(before, after))
        for line in lines[:SHOWN_LINES]:
            self.say(f"    {line}", GREEN if line[0] == "+" else RED if line[0] == "-" else DIM)
        if len(lines) > SHOWN_LINES:
            self.say(f"    … {len(lines) - SHOWN_LINES} lines more", DIM)


def changed_lines(before: str, after: str) -> Iterator[str]:
    """A unified diff with one line of context, without its headings."""
    for line in difflib.unified_diff(before.splitlines(), after.splitlines(), n=1, lineterm=""):
        if not line.startswith(("---", "+++", "@@")):
            yield line


def replay(prompt: str, issues: Path, voice: Voice) -> None:
    """Does it, in the current folder. Raises CannotReplay before anything is changed, or when the tests or git say no."""
    asked = read_prompt(prompt)
    voice.say(asked.title, BOLD)
    tries = find_attempts(asked.title, issues)
    voice.step("read", "the issue" + (", and what the check said about the change" if asked.refused else ""))
    before = {}
    for name in dict.fromkeys(edit.file for attempt in tries for edit in attempt.edits):
        voice.step("open", name)
        before[name] = read(name)
    tries = due(asked, before, tries)
    voice.step("think", tries[-1].thinks)
    for name, text in edited(before, tries).items():
        if before[name] != text:
            voice.diff(name, before[name], text)
            Path(name).write_text(text, encoding="utf-8")
    run_tests(tries[-1].tests, voice)
    commit(tries[-1].commit, voice)
    voice.say("Done. No model was called: this is a replay.", GREEN)


def read(name: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8")
    except OSError as wrong:
        raise CannotReplay(f"{name} cannot be read: {wrong.strerror}") from wrong


def run_tests(tests: str, voice: Voice) -> None:
    voice.step("test", f"python -m pytest -q {tests}")
    # Compiled files would be litter in the worktree, and stale ones have hidden edits made within the same second.
    env = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    if subprocess.run([sys.executable, "-m", "pytest", "-q", tests], env=env, stdin=subprocess.DEVNULL).returncode:
        raise CannotReplay(f"the tests in {tests} are red")


def commit(message: str | None, voice: Voice) -> None:
    """Commits everything, unless an earlier run has done so; None leaves it to the engine."""
    if message is None:
        voice.step("leave", "the change uncommitted, for the engine to commit")
        return
    voice.step("commit", message)
    git("add", "--all")
    if subprocess.run(["git", "diff", "--cached", "--quiet"]).returncode == 0:
        voice.say("    it is committed already", DIM)
        return
    git("commit", "--quiet", "--message", message)


def git(*words: str) -> None:
    # The person who watches may sign their commits, or have hooks of their own for all repositories: neither is the project's.
    if subprocess.run(["git", "-c", "commit.gpgSign=false", "-c", "core.hooksPath=/dev/null", *words]).returncode:
        raise CannotReplay(f"git {words[0]} failed")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Replays the edits of one of the demo's issues. No model is called.")
    parser.add_argument("--pace", type=float, default=0.4, help="seconds between steps")
    parser.add_argument("--issues", type=Path, default=ISSUES, help="the folder of the issues' files")
    parser.add_argument("prompt", type=Path, help="the file with the prompt")
    args = parser.parse_args(argv)
    for stream in (sys.stdout, sys.stderr):  # the locale may be C, the words are not ASCII
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        replay(args.prompt.read_text(encoding="utf-8"), args.issues, Voice(args.pace))
    except CannotReplay as why:
        print(f"{RED}Cannot replay: {why}{PLAIN}", file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
