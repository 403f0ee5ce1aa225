"""The four questions of `init`: each guessed from checkout and machine, asked of the operator, or given as an option."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import click

from console.config import guess_in, trunk_of
from console.core.facts import fact
from console.place import checkout_name
from panes import kinds, programs
from panes.git import Identity, own_git
from panes.hosts import worker_env
from panes.seen import Own

T = TypeVar("T")

LOCAL = "local"
MODES = ("watch", "assist", "auto")
ELSEWHERE = ("github.com", "gitlab.com", "bitbucket.org")  # forges that speak another language
NAME = r"[A-Za-z0-9._-]+"


@fact
class Where:
    """Where issues and pulls are: the server's address, None for a folder on this machine, and the repository."""

    url: str | None
    repo: str

    def __str__(self) -> str:
        return f"{self.url}/{self.repo}" if self.url else LOCAL


@fact
class Workers:
    """Slots by kind; ``command``: what kind `script` runs."""

    slots: Mapping[str, int]
    command: str | None = None

    def __str__(self) -> str:
        return self.command or " ".join(f"{kind}:{count}" for kind, count in self.slots.items())


@fact
class Given:
    """The answers that came as options, each None when it did not."""

    forge: str | None
    workers: str | None
    check: str | None
    mode: str | None


@fact
class Answers:
    """``check`` None: nobody said, and nothing could be guessed."""

    where: Where
    workers: Workers
    check: str | None
    mode: str
    trunk: str


def answers(checkout: Path, given: Given, repo: str | None, *, ask: bool) -> Answers:
    """All four, asked for where ``ask``, else taken as guessed. Raises SettingsError for a checkout without commits, click's UsageError."""
    remote = remote_of(checkout)

    def address(text: str) -> Where:
        return where_of(text, checkout_name(checkout), repo)

    if given.forge is None and remote and (host := urlsplit(remote).hostname) in ELSEWHERE:
        click.echo(f"Issues and pulls on {host} cannot be used yet; they are kept in a folder on this machine.", err=True)
    trunk = trunk_in(checkout)
    guess = guess_in(checkout, trunk, own_git) or ""
    question = one(ask)
    return Answers(
        where=question("1/4 Where are issues and pulls? An address, or `local` for a folder here", given.forge, guess_of(remote), address),
        workers=question("2/4 Which agents, and how many? Or a command with {prompt} in it", given.workers, str(installed()), workers_of),
        check=question("3/4 Which command checks a change?", given.check, guess, lambda text: text.strip() or None),
        mode=question("4/4 What may it do by itself? watch, assist or auto", given.mode, "assist", mode_of),
        trunk=trunk,
    )


def one(ask: bool) -> Callable[[str, str | None, str, Callable[[str], T]], T]:
    """How one question is put: not at all when it was given, or when nobody is to be asked."""

    def question(text: str, given: str | None, guess: str, parse: Callable[[str], T]) -> T:
        if given is not None or not ask:
            return parse(guess if given is None else given)
        answer: T = click.prompt(text, default=guess, show_default=bool(guess), value_proc=parse, err=True)
        return answer

    return question


# The guesses


def remote_of(checkout: Path) -> str:
    """The web address of the checkout's remote, as its fetch address suggests it; "" when there is none."""
    remote = own_git(checkout, "config", "--get", "remote.origin.url", ok=(0, 1)).out.strip()
    if found := re.fullmatch(r"(https?)://(?:[^@/]*@)?([^/]+/.+?)(?:\.git)?/?", remote):
        return f"{found[1]}://{found[2]}"
    if found := re.fullmatch(r"ssh://(?:[^@/]*@)?([^/:]+)(?::\d+)?/(.+?)(?:\.git)?/?", remote):
        return f"https://{found[1]}/{found[2]}"
    if found := re.fullmatch(r"(?:[^@/:]+@)?([^/:]+\.[^/:]+):(?!/)(.+?)(?:\.git)?/?", remote):
        return f"https://{found[1]}/{found[2]}"
    return ""


def guess_of(remote: str) -> str:
    parts = urlsplit(remote)
    fits = parts.hostname not in ELSEWHERE and re.fullmatch(rf"(?:/.+)?/{NAME}/{NAME}", parts.path)
    return remote if remote and fits else LOCAL


def trunk_in(checkout: Path) -> str:
    """The branch that the remote calls its own, where it is here too; else main, master or the one that is checked out."""
    head = own_git(checkout, "symbolic-ref", "-q", "refs/remotes/origin/HEAD", ok=(0, 1)).out.strip()
    name = head.removeprefix("refs/remotes/origin/")
    there = name and own_git(checkout, "rev-parse", "--verify", "--quiet", f"refs/heads/{name}", ok=(0, 1)).code == 0
    return name if there else trunk_of(checkout, None)


def installed() -> Workers:
    """One slot for each agent that is here, and whose runtime is; of two with one program the first."""
    env = worker_env(Identity(), {})
    slots: dict[str, int] = {}
    seen: set[str] = set()
    for kind in map(kinds.load, kinds.names()):
        if kind.program and kind.program not in seen and programs.trouble(kind, Own(), env) is None:
            slots[kind.name] = 1
            seen.add(kind.program)
    return Workers(slots=slots)


# The answers


def where_of(text: str, local: str, repo: str | None) -> Where:
    """``local``: the name of a repository in a folder here; ``repo``: what --repo says it is called, whatever that is."""
    if text.strip() == LOCAL:
        return Where(url=None, repo=repo or local)
    found = re.fullmatch(rf"(https?://[^/@\s?#]+(?:/[^@\s?#]+?)?)/({NAME}/{NAME}?)(?:\.git)?/?", text.strip())
    if not found:
        raise click.UsageError(f"the address of a repository is like https://git.example.org/acme/api, or `local`; not {text!r}")
    if urlsplit(found[1]).hostname in ELSEWHERE:
        raise click.UsageError(f"{urlsplit(found[1]).hostname} cannot be used yet; `local` keeps issues in a folder on this machine")
    if repo not in (None, found[2]):
        raise click.UsageError(f"--repo says {repo}, and the address {found[2]}")
    return Where(url=found[1], repo=found[2])


def workers_of(text: str) -> Workers:
    """`claude:2 kimi:1`, or a command; nothing is none."""
    if "{prompt}" in text:
        return Workers(slots={"script": 1}, command=text.strip())
    slots: dict[str, int] = {}
    known = [name for name in kinds.names() if kinds.whole(name)]
    for word in text.replace(",", " ").split():
        kind, _, count = word.replace("=", ":").partition(":")
        if kind not in known or not re.fullmatch(r"[1-9]\d?", count or "1"):
            raise click.UsageError(
                f"agents are said like claude:2 codex:1, of {', '.join(known)}; or a command with {{prompt}}; not {word!r}"
            )
        slots[kind] = slots.get(kind, 0) + int(count or "1")
    return Workers(slots=slots)


def mode_of(text: str) -> str:
    if text.strip() not in MODES:
        raise click.UsageError(f"it is one of {', '.join(MODES)}; not {text!r}")
    return text.strip()
