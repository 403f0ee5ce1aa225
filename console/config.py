"""Where things are and what is asked for: the command line's options, `ops.yaml` and the environment become `Place` and `Config`.

Nobody else reads either. A `Place` is cheap (no git beyond one question, no validation): enough to show what is going on.
"""

import hashlib
import json
import os
import re
import shutil
import socket
import uuid
from collections.abc import Mapping
from pathlib import Path

from console.core.facts import Slot, Suite, fact
from console.core.policy import Caps, CheckPlan, Policy, SlotPlan
from console.settings import RepoSettings, Settings, SettingsError, read
from panes.git import GitFailed, Identity, git, own_git

__all__ = ["Config", "Place", "SettingsError"]

APP = "ops-console"


@fact
class Options:
    """What the command line says, each None when it does not."""

    repo: str | None = None
    config: Path | None = None
    state: Path | None = None
    where: Path  # the folder one stands in


@fact
class Place:
    """One repository's names and folders. ``checkout``: the operator's own, when one stands in it."""

    repo: str
    url: str
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


@fact
class Config:
    """A place and all that the settings say of it."""

    place: Place
    policy: Policy
    identity: Identity
    commands: Mapping[str, str]  # kind → the operator's command for it
    check_env: tuple[str, ...]
    trunk: str
    guessed: str | None  # the check, when nobody set one


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


def checkout_of(where: Path) -> Path | None:
    """The git checkout around a folder, None outside of any. Raises SettingsError for one that git will not read."""
    if shutil.which("git") is None:
        raise SettingsError("git is missing: install it (git 2.38 or newer)")
    try:
        return Path(own_git(where, "rev-parse", "--show-toplevel").out.strip())
    except GitFailed as error:
        if "dubious ownership" in error.said:
            raise SettingsError(
                f"the checkout at {where} belongs to another user, so git does not read it; "
                f"`git config --global --add safe.directory {where}` allows it"
            ) from error
        if "must be run in a work tree" in error.said:
            raise SettingsError(f"{where} is a bare repository: stand in a checkout of it") from error
        return None


def locate(options: Options) -> Place:
    """Which repository is meant, and where its things are. Raises SettingsError, saying what to do."""
    checkout = checkout_of(options.where) if options.where.is_dir() else None
    file = settings_file(options, checkout)
    repo = options.repo or named(file, checkout)
    if not re.fullmatch(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+", repo):
        raise SettingsError(f"a repository is OWNER/NAME, of letters, digits and . _ -; this is not: {repo!r}")
    forge = xdg("XDG_DATA_HOME", ".local/share") / APP / "forge" / repo
    url = forge.as_uri()
    base = (options.state or xdg("XDG_STATE_HOME", ".local/state") / APP).absolute()
    own = f"{slug(repo)}-{digest(url, repo)}"
    return Place(
        repo=repo,
        url=url,
        checkout=checkout,
        settings=file,
        state=base / own,
        forge=forge,
        standing=config_folder() / own / "standing.json",
        instance=config_folder() / "console.json",
    )


def settings_file(options: Options, checkout: Path | None) -> Path | None:
    if options.config:
        if not options.config.is_file():
            raise SettingsError(f"there is no settings file {options.config}")
        return options.config.absolute()
    candidates = ([checkout / "ops.yaml"] if checkout else []) + [config_folder() / "ops.yaml"]
    return next((path for path in candidates if path.is_file()), None)


def named(file: Path | None, checkout: Path | None) -> str:
    """The repository's name: the settings' only one, else the checkout's own."""
    names = list(read(file).repos) if file else []
    own = checkout is not None and file is not None and file.parent == checkout
    if checkout and not own:
        return checkout_name(checkout, names)
    if len(names) == 1:
        return names[0]
    if names:
        raise SettingsError(f"{file} has several repositories, name one with --repo: {', '.join(names)}")
    if checkout:
        return checkout_name(checkout, names)
    raise SettingsError("this is no git checkout, and no settings name a repository: go into one, or see `ops-console demo`")


def checkout_name(checkout: Path, names: list[str]) -> str:
    """OWNER/NAME from the checkout's remote where the settings know it, else local/FOLDER, one forge a checkout."""
    remote = own_git(checkout, "config", "--get", "remote.origin.url", ok=(0, 1)).out.strip()
    found = re.search(r"([\w.-]+/[\w.-]+?)(?:\.git)?/?$", remote)
    if found and found[1] in names:
        return found[1]
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


def instance(place: Place) -> str:
    """Which console this is: an id kept in the config folder, with the machine and the state folder in it."""
    path = place.instance
    try:
        name = str(json.loads(path.read_text())["id"])
    except (OSError, ValueError, KeyError):
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps({"id": uuid.uuid4().hex[:12]}))
        try:
            os.link(fresh, path)  # the first of two at once wins, and both read the winner's
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
        name = str(json.loads(path.read_text())["id"])
    return f"{name}-{digest(machine(), str(place.state))}"


def machine() -> str:
    try:
        return Path("/etc/machine-id").read_text().strip()
    except OSError:
        return socket.gethostname()


def trunk_of(checkout: Path, wanted: str | None) -> str:
    """The trunk in the operator's checkout. Raises SettingsError when there is none."""
    branches = own_git(checkout, "for-each-ref", "--format=%(refname:short)", "refs/heads").out.split("\n")
    branches = [b for b in branches if b]
    current = own_git(checkout, "symbolic-ref", "--short", "-q", "HEAD", ok=(0, 1)).out.strip()
    if not branches:
        raise SettingsError(f"{checkout} has no commits yet: make the first one, then start again")
    if wanted:
        if wanted not in branches:
            raise SettingsError(
                f"there is no branch {wanted} in {checkout}, which the settings name as trunk; there are: {', '.join(branches[:8])}"
            )
        return wanted
    trunk = next((name for name in ("main", "master", current) if name in branches), None)
    if not trunk:
        raise SettingsError(
            f"which branch of {checkout} is the trunk? Name it with `trunk:` in ops.yaml; there are: {', '.join(branches[:8])}"
        )
    return trunk


def load(place: Place) -> Config:
    """All the settings for a place. Raises SettingsError."""
    settings = read(place.settings) if place.settings else Settings()
    repo = settings.repos.get(place.repo, RepoSettings())
    if place.settings and settings.repos and place.repo not in settings.repos:
        raise SettingsError(f"{place.settings} does not name {place.repo}; it names {', '.join(settings.repos)}")
    trunk = repo.trunk or known_trunk(place) or (trunk_of(place.checkout, None) if place.checkout else "main")
    guessed = None if repo.check.full or repo.check.fast else guess_check(place, trunk)
    full = repo.check.full or repo.check.fast or guessed
    fast = repo.check.fast or full
    env = tuple(repo.check.env)
    policy = Policy(
        repo=place.repo,
        trunk=trunk,
        mode=settings.mode,
        slots=tuple(numbered(repo.workers)),
        bays=tuple(Slot(f"c{i:02}") for i in range(1, max(1, repo.check.bays) + 1)),
        fast=plan(fast, env, repo.check.timeout),
        full=plan(full, env, repo.check.timeout),
        pick_label=repo.pick.label,
        skip_labels=frozenset(repo.pick.skip) | {"ops/hold"},
        land_when=repo.land.when,
        title=repo.land.title,
        caps=Caps(
            run_s=repo.limits.run,
            attempts=repo.limits.attempts,
            in_flight=repo.limits.in_flight,
            backoff_s=tuple(repo.limits.backoff) or (60.0,),
        ),
    )
    identity = Identity(settings.identity.name, settings.identity.email)
    return Config(
        place=place,
        policy=policy,
        identity=identity,
        commands=commands(place, repo),
        check_env=env,
        trunk=trunk,
        guessed=guessed,
    )


def numbered(workers: Mapping[str, int]) -> list[SlotPlan]:
    kinds = [kind for kind, count in workers.items() for _ in range(count)]
    return [SlotPlan(slot=Slot(f"w{i:02}"), kind=kind) for i, kind in enumerate(kinds, 1)]


def plan(command: str | None, env: tuple[str, ...], wall_s: float) -> CheckPlan | None:
    """A suite is the digest of all that its verdict depends on besides the tree."""
    if not command:
        return None
    values = [f"{name}={os.environ.get(name, '')}" for name in sorted(env)]
    return CheckPlan(command=command, suite=Suite(hashlib.sha256("\0".join([command, *values]).encode()).hexdigest()[:16]), wall_s=wall_s)


def commands(place: Place, repo: RepoSettings) -> dict[str, str]:
    """What each kind with workers runs. Raises SettingsError for one that has no command."""
    found = {name: kind.script or kind.command or "" for name, kind in repo.kinds.items()}
    for name in repo.workers:
        if not found.get(name):
            raise SettingsError(
                f"{place.settings}: repos.{place.repo}.workers asks for {name}, but nothing says what that runs: "
                f'set kinds: {{{name}: {{{"command" if name == "script" else "script"}: "./agent.sh {{prompt}}"}}}}'
            )
    return found


def known_trunk(place: Place) -> str | None:
    """The trunk a local forge was made with."""
    bare = place.forge / "repo.git"
    if not bare.is_dir():
        return None
    return git(bare, "symbolic-ref", "--short", "-q", "HEAD", ok=(0, 1)).out.strip() or None


def guess_check(place: Place, trunk: str) -> str | None:
    """The project's own test command, guessed from what the trunk has; None when nothing tells."""
    bare = place.forge / "repo.git"
    where, ref = (bare, trunk) if bare.is_dir() else (place.checkout, trunk)
    if where is None:
        return None
    ask = git if where == bare else own_git
    files = set(ask(where, "ls-tree", "--name-only", ref, ok=(0, 128)).out.split("\n"))

    def text(name: str) -> str:
        return ask(where, "cat-file", "blob", f"{ref}:{name}", ok=(0, 128)).out if name in files else ""

    if re.search(r"^test\s*:", text("Makefile"), re.MULTILINE):
        return "make test"
    if "tox.ini" in files:
        return "tox"
    if files & {"pytest.ini", "conftest.py"} or "pytest" in text("pyproject.toml") + text("setup.cfg"):
        return "python3 -m pytest -q"
    if '"test"' in text("package.json"):
        return "npm test"
    if "Cargo.toml" in files:
        return "cargo test"
    return "go test ./..." if "go.mod" in files else None
