"""Where things are: the command line's options and the environment become a `Place`.

Made for every command, `status` in a shell prompt included: it costs one question to git and imports next to nothing.
"""

import hashlib
import json
import os
import re
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from console.errors import NotNamed, SettingsError
from panes.git import GitFailed, own_git

APP = "ops-console"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says, each None when it does not."""

    repo: str | None = None
    config: Path | None = None
    state: Path | None = None
    where: Path  # the folder one stands in
    checkout: Path | None = None  # said to be the repository's, wherever one stands


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One repository's names and folders. ``checkout``: the operator's own of this very repository, when one stands in it."""

    repo: str
    url: str
    kind: str  # local, gitea or forgejo
    checkout: Path | None
    settings: Path | None
    state: Path  # observed.json, inbox, runs …; private
    forge: Path  # the local forge's folder
    standing: Path
    instance: Path  # console.json: which console this is

    @property
    def slug(self) -> str:
        return slug(self.repo)

    @property
    def server(self) -> str:
        """The tmux server's name."""
        return f"ops-{self.slug}-{digest(self.url, self.repo, str(self.state))}"


def slug(repo: str) -> str:
    """The repository's name, fit for a file, a socket and a window."""
    return re.sub(r"[^A-Za-z0-9]+", "-", repo.rsplit("/", 1)[-1]).strip("-").lower() or "repo"


def digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]


def xdg(variable: str, default: str) -> Path:
    """A base folder of the XDG kind; a relative value is ignored, as the specification has it."""
    said = os.environ.get(variable, "")
    return Path(said) if said.startswith("/") else Path.home() / default


def config_folder() -> Path:
    return xdg("XDG_CONFIG_HOME", ".config") / APP


def prompts_folder() -> Path:
    """Where the operator may keep prompts that take the place of ours."""
    return config_folder() / "prompts"


def checkout_of(where: Path) -> Path | None:
    """The git checkout around a folder, None outside of any. Raises SettingsError for one that git will not read."""
    try:
        return Path(own_git(where, "rev-parse", "--show-toplevel").out.removesuffix("\n"))
    except FileNotFoundError as error:
        raise SettingsError("git is missing: install it (git 2.38 or newer)") from error
    except GitFailed as error:
        if "not a git repository" in error.said:
            return None
        raise SettingsError(unreadable(where, error.said)) from error


def unreadable(where: Path, said: str) -> str:
    """Why git does not read the checkout at ``where``, and the way out."""
    if found := re.search(r"dubious ownership in repository at '(.*)'", said):
        allow = f"git config --global --add safe.directory {shlex.quote(found[1])}"
        return f"the checkout at {found[1]} belongs to another user, so git does not read it; `{allow}` allows it"
    if "must be run in a work tree" in said:
        return f"{where} is a bare repository: stand in a checkout of it"
    return f"git cannot read the checkout at {where}: {said.splitlines()[-1] if said else 'it does not say why'}"


def locate(options: Options) -> Place:
    """Which repository is meant, and where its things are. Raises SettingsError, saying what to do."""
    checkout = options.checkout or (checkout_of(options.where) if options.where.is_dir() else None)
    file = settings_file(options, checkout)
    settings = read(file) if file else None
    repo = options.repo or named(file, list(settings.repos) if settings else [], checkout, chosen=options.config is not None)
    if not re.fullmatch(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+", repo):
        raise SettingsError(f"a repository is OWNER/NAME, of letters, digits and . _ -; this is not: {repo!r}")
    forge = xdg("XDG_DATA_HOME", ".local/share") / APP / "forge" / repo
    url = settings.forge.url.rstrip("/") if settings and settings.forge.url and settings.forge.kind != "local" else forge.as_uri()
    base = (options.state or xdg("XDG_STATE_HOME", ".local/state") / APP).absolute()
    own = f"{slug(repo)}-{digest(url, repo)}"
    return Place(
        repo=repo,
        url=url,
        kind=settings.forge.kind if settings else "local",
        checkout=checkout if options.checkout or not options.repo or own_checkout(checkout, file, forge) else None,
        settings=file,
        state=base / own,
        forge=forge,
        standing=config_folder() / own / "standing.json",
        instance=config_folder() / "console.json",
    )


def everywhere(options: Options) -> list[Place]:
    """Every repository that the settings name; without settings the one that one stands in."""
    checkout = checkout_of(options.where) if options.where.is_dir() else None
    file = settings_file(options, checkout)
    if not file:
        return [locate(options)]
    return [locate(replace(options, repo=name)) for name in read(file).repos] or [locate(options)]


def settings_file(options: Options, checkout: Path | None) -> Path | None:
    if options.config:
        if not options.config.is_file():
            raise SettingsError(f"there is no settings file {options.config}")
        return options.config.absolute()
    candidates = ([checkout / "ops.yaml"] if checkout else []) + [config_folder() / "ops.yaml"]
    return next((path for path in candidates if path.is_file()), None)


def own_checkout(checkout: Path | None, file: Path | None, forge: Path) -> bool:
    """Whether the checkout one stands in is that of a repository named by --repo: nobody's forge is made of another's commits."""
    return checkout is not None and ((file is not None and file.parent == checkout) or belongs(forge, checkout))


def read(file: Path) -> Any:
    """The settings in a file; what reads them is imported only when there is one."""
    from console.settings import read

    return read(file)


def named(file: Path | None, names: list[str], checkout: Path | None, *, chosen: bool) -> str:
    """The repository's name: the settings' only one, else the checkout's own. ``chosen``: the file was named by --config."""
    if checkout and names and (known := remote_name(checkout)) in names:
        return known
    own = checkout is not None and file is not None and file.parent == checkout
    if checkout and not own and not (chosen and len(names) == 1):
        return checkout_name(checkout)
    if len(names) == 1:
        return names[0]
    if names:
        raise NotNamed(f"{file} has several repositories, name one with --repo: {', '.join(names)}")
    if checkout:
        return checkout_name(checkout)
    raise SettingsError("this is no git checkout, and no settings name a repository: go into one, or see `ops-console demo`")


def remote_name(checkout: Path) -> str:
    """OWNER/NAME as the checkout's remote has it; "" when it has none."""
    remote = own_git(checkout, "config", "--get", "remote.origin.url", ok=(0, 1)).out.strip()
    found = re.search(r"([\w.-]+/[\w.-]+?)(?:\.git)?/?$", remote)
    return found[1] if found else ""


def checkout_name(checkout: Path) -> str:
    """local/FOLDER, one forge a checkout: a second of that name gets a number."""
    folder = re.sub(r"[^A-Za-z0-9._-]+", "-", checkout.name).strip("-.") or "repo"
    taken = xdg("XDG_DATA_HOME", ".local/share") / APP / "forge" / "local"
    for number in range(1, 1000):
        name = folder if number == 1 else f"{folder}-{number}"
        if not (taken / name).exists() or belongs(taken / name, checkout):
            return f"local/{name}"
    raise SettingsError(f"there are a thousand local forges called {folder} already: name yours with --repo")


def belongs(forge: Path, checkout: Path) -> bool:
    """Whether a local forge was made for this checkout: the same path, or a path that is gone and the same first commit."""
    try:
        made_for = json.loads((forge / "checkout.json").read_text())
    except (OSError, ValueError):
        return False
    if made_for["path"] == str(checkout):
        return True
    return not Path(made_for["path"]).exists() and made_for["root"] == root_commit(checkout)


def root_commit(checkout: Path) -> str:
    """The first commit of a checkout, by which it is known after it was moved; "" when there is none yet."""
    roots = own_git(checkout, "rev-list", "--max-parents=0", "HEAD", ok=(0, 128)).out.split()
    return roots[-1] if roots else ""


def remember_checkout(forge: Path, checkout: Path) -> None:
    (forge / "checkout.json").write_text(json.dumps({"path": str(checkout), "root": root_commit(checkout)}))
