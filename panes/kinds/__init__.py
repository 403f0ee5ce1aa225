"""Kinds of worker: one YAML file each, beside this one, and how a command line and an environment are made from it.

``command`` is the one-shot command, word by word, that asks nobody for leave. ``{command}`` in it stands for the operator's own command
(a shell's text), ``{prompt}`` for the prompt's file, and inside the operator's command for that path as a shell writes it; ``{python}`` for
our Python, ``{panes}`` for the folder of our programs; ``{url}``, ``{key}`` and ``{model}`` for what the operator, else the file, says.
``prompt`` says how the prompt goes in: ``file`` (by the path alone), ``stdin``, or ``argument`` (its text, as one more word at the end).
``result`` says how what it wrote is read when it has ended (``panes.results``).
"""

import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import field, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

import msgspec

from panes.seen import Own, PanesError, Reading, fact

FOLDER = Path(__file__).parent
ARGUMENT_BYTES = 100_000  # Linux takes 128 KiB as one word of a command line


@fact
class Seed:
    """A file that an agent wants to find at its first start; where there is one it is left alone."""

    under: tuple[str, ...]  # variables: the folder that the first of them names which is set
    file: str
    text: str


@fact
class Kind:
    """One kind, as its file says. ``environment``: variables it always gets; ``keys``: those it gets as the engine has them, if it has.

    What its provider's login needs stands in ``keys`` of that kind alone: no worker is given another's.
    """

    name: str
    what: str  # for people, in a few words
    command: tuple[str, ...]
    prompt: Literal["file", "stdin", "argument"]
    result: Reading
    program: str | None = None  # what must be on PATH; None: that is in the operator's command
    environment: Mapping[str, str] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    runtime: Mapping[str, str] = field(default_factory=dict)  # program it runs on → the oldest version that will do
    install: str = ""  # a command, for people
    login: str = ""  # what logs it in, for people
    signs: tuple[str, ...] = ()  # files of which one is there once it is logged in; $HOME and the like stand for what a run has
    seeds: tuple[Seed, ...] = ()
    url: str | None = None  # of the server that does the work; None: it is done here
    key: str = ""  # the variable with that server's key; it need not be set


def names() -> tuple[str, ...]:
    """The kinds there are files for."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


def whole(name: str) -> bool:
    """Whether there is such a kind and it runs without a command of the operator's. PanesError: its file is not as it should be."""
    return name in names() and "{command}" not in load(name).command


def meant(name: str, own: Own) -> Kind:
    """What a run of the kind ``name`` is. An operator's command makes it a script, given what a kind of ours of that name is given.

    PanesError: there is no such kind, and no command.
    """
    if not own.command:
        return load(name)
    given = load(name if name in names() else "script")
    return replace(load("script"), environment=given.environment, keys=given.keys)


@lru_cache(maxsize=64)
def load(name: str) -> Kind:
    """PanesError: there is no such kind, or its file is not as it should be."""
    if name not in names():
        raise PanesError(f"there is no kind of worker called {name}; there is {', '.join(names())}")
    return read(FOLDER / f"{name}.yaml")


def read(file: Path) -> Kind:
    """PanesError names the file and what is wrong with it."""
    import yaml  # 25 ms that who only asks for names need not wait

    try:
        said = yaml.safe_load(file.read_text(encoding="utf-8"))
        kind = msgspec.convert(said, Kind)
    except (OSError, yaml.YAMLError, msgspec.ValidationError) as bad:
        raise PanesError(f"{file.name}: {bad}") from bad
    known = {field.name for field in fields(Kind)}
    if unknown := sorted(set(said) - known):
        raise PanesError(f"{file.name}: {unknown[0]} is not a setting of a kind; there is {', '.join(sorted(known))}")
    if kind.name != file.stem:
        raise PanesError(f"{file.name}: it is called {kind.name}, and its file must be too")
    return kind


def argv(kind: Kind, own: Own, prompt: Path) -> list[str]:
    """The command line of one run."""
    words = [_fill(word, kind, own, prompt) for word in kind.command]
    if kind.prompt == "stdin":
        return _by_shell('exec "$@" < "$0"', prompt, words)
    if kind.prompt == "argument" and prompt.stat().st_size > ARGUMENT_BYTES:
        return _by_shell('exec "$@" < /dev/null', prompt, [*words, f"Read {prompt} and do what it says."])
    if kind.prompt == "argument":
        return _by_shell('exec "$@" "$(cat "$0")" < /dev/null', prompt, words)
    return words


def _fill(word: str, kind: Kind, own: Own, prompt: Path) -> str:
    if word == "{command}":
        return own.command.replace("{prompt}", shlex.quote(str(prompt)))
    here = {"{prompt}": str(prompt), "{python}": sys.executable, "{panes}": str(FOLDER.parent)}
    said = {"{url}": own.url or kind.url or "", "{key}": own.key or kind.key, "{model}": own.model or ""}
    for name, value in (here | said).items():
        word = word.replace(name, value)
    return word


def _by_shell(script: str, prompt: Path, words: Sequence[str]) -> list[str]:
    """The text is put in by a shell when it starts, so that it stands in no other command line than the agent's own.

    No agent has the terminal as its stdin: some take that for a person to talk with, and stay.
    """
    return ["/bin/sh", "-c", script, str(prompt), *words]


def environment(kind: Kind, own: Own, getenv: Callable[[str], str | None]) -> dict[str, str]:
    """What a run of this kind is given beside what every worker is. What is fixed wins over what the engine has."""
    keys = (*kind.keys, own.key or kind.key)
    return {name: value for name in keys if (value := getenv(name))} | dict(kind.environment)


def seed(kind: Kind, env: Mapping[str, str]) -> None:
    """Makes the files that the kind wants to find, for a worker who is given ``env``. OSError: it cannot be done."""
    for wanted in kind.seeds:
        folder = next((env[name] for name in wanted.under if env.get(name)), None)
        if folder is None:
            continue
        Path(folder).mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError), (Path(folder) / wanted.file).open("x", encoding="utf-8") as file:
            file.write(wanted.text)
