"""Kinds of worker: one YAML file each, beside this one, and how a command line is made from it.

``command`` is the one-shot command, word by word. ``{command}`` in it stands for the operator's own command (a shell's text), ``{prompt}``
for the prompt's file, and inside the operator's command for that path as a shell writes it. ``prompt`` says how the prompt goes in:
``file`` (by the path alone), ``stdin``, or ``argument`` (its text, as one more word at the end). ``result`` says what is read when it has
ended (``panes.results``). ``env`` is set for it; ``keys`` are the variables of ours that it is given, and no other kind.
"""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, fields
from functools import lru_cache
from pathlib import Path
from typing import Literal

import msgspec
import yaml

from panes.seen import PanesError, fact

FOLDER = Path(__file__).parent


@fact
class Kind:
    """One kind, as its file says."""

    name: str
    what: str  # for people, in a few words
    command: tuple[str, ...]
    prompt: Literal["file", "stdin", "argument"]
    result: Literal["exit-code", "claude-json", "codex-jsonl"]
    env: Mapping[str, str] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    install: str = ""  # for people: how to get it, and to log in
    login: tuple[str, ...] = ()  # files of which one is there once it is logged in; $HOME and the like stand for what a run has
    node: str = ""  # the oldest Node that it runs on, for a kind that comes as a script of its


def names() -> tuple[str, ...]:
    """The kinds there are files for."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


@lru_cache(maxsize=64)
def load(name: str) -> Kind:
    """PanesError: there is no such kind, or its file is not as it should be."""
    if name not in names():
        raise PanesError(f"there is no kind of worker called {name}; there is {', '.join(names())}")
    return read(FOLDER / f"{name}.yaml")


def read(file: Path) -> Kind:
    """PanesError names the file and what is wrong with it."""
    try:
        said = yaml.safe_load(file.read_text(encoding="utf-8"))
        kind = msgspec.convert(said, Kind)
    except (OSError, yaml.YAMLError, msgspec.ValidationError) as bad:
        raise PanesError(f"{file.name}: {bad}") from bad
    known = {it.name for it in fields(Kind)}
    if unknown := sorted(set(said) - known):
        raise PanesError(f"{file.name}: {unknown[0]} is not a setting of a kind; there is {', '.join(sorted(known))}")
    if kind.name != file.stem:
        raise PanesError(f"{file.name}: it is called {kind.name}, and its file must be too")
    return kind


def argv(kind: Kind, command: str, prompt: Path) -> list[str]:
    """The command line of one run. ``command``: the operator's own, for kinds that have ``{command}``; else not used."""
    own = command.replace("{prompt}", shlex.quote(str(prompt)))
    words = [_fill(word, own, prompt) for word in kind.command]
    if kind.prompt == "stdin":
        return _by_shell('exec "$@" < "$0"', prompt, words)
    if kind.prompt == "argument":
        return _by_shell('exec "$@" "$(cat "$0")"', prompt, words)
    return words


def environment(kind: Kind, getenv: Callable[[str], str | None]) -> dict[str, str]:
    """What a run of this kind is given besides what every worker is."""
    return {name: value for name in kind.keys if (value := getenv(name))} | dict(kind.env)


def own_command(kind: Kind) -> str | None:
    """What it runs, for people; None for a kind that runs what the operator says."""
    return None if "{command}" in kind.command else shlex.join(kind.command)


def _fill(word: str, own: str, prompt: Path) -> str:
    return own if word == "{command}" else word.replace("{prompt}", str(prompt))


def _by_shell(script: str, prompt: Path, words: Sequence[str]) -> list[str]:
    """The text is put in by a shell when it starts, so that it stands in no other command line than the agent's own."""
    return ["/bin/sh", "-c", script, str(prompt), *words]
