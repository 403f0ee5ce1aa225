"""What is asked for: `ops.yaml` and the environment, for one `Place`, become a `Config`. Nobody else reads either."""

import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from console.core.facts import Slot, Suite, fact
from console.core.guard import Guard
from console.core.policy import Caps, CheckPlan, Policy, SlotPlan
from console.errors import SettingsError
from console.place import Place, digest
from console.settings import RepoSettings, Settings, read
from panes.git import Answer, Identity, git, own_git
from panes.seen import Own


@fact
class Config:
    """A place and all that the settings say of it."""

    place: Place
    policy: Policy
    identity: Identity
    kinds: Mapping[str, Own]  # what the operator says of them
    check_env: tuple[str, ...]
    trunk: str
    guessed: str | None  # the check, when nobody set one


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
    setup = (repo.setup or "").strip() or None
    policy = Policy(
        repo=place.repo,
        trunk=trunk,
        mode=settings.mode,
        slots=tuple(numbered(repo.workers)),
        bays=tuple(Slot(f"c{i:02}") for i in range(1, max(1, repo.check.bays) + 1)),
        fast=plan(fast, setup, env, repo.check.timeout, repo.check.hooks and fast == full),
        full=plan(full, setup, env, repo.check.timeout, repo.check.hooks),
        setup=setup,
        pick_label=repo.pick.label,
        skip_labels=frozenset(repo.pick.skip) | {"ops/hold"},
        broken_first=repo.pick.broken_first == "strict",
        guard=Guard(paths=tuple(repo.guard.paths), tests=repo.guard.deleted_tests == "ask"),
        land_when=repo.land.when,
        foreign_rides=repo.land.foreign == "ride",
        title=repo.land.title,
        caps=Caps(
            run_s=repo.limits.run,
            attempts=repo.limits.attempts,
            missing_s=repo.limits.missing,
            in_flight=repo.limits.in_flight,
            backoff_s=tuple(repo.limits.backoff) or (60.0,),
        ),
    )
    identity = Identity(settings.identity.name, settings.identity.email)
    return Config(
        place=place,
        policy=policy,
        identity=identity,
        kinds=own_kinds(place, repo),
        check_env=env,
        trunk=trunk,
        guessed=guessed,
    )


def numbered(workers: Mapping[str, int]) -> list[SlotPlan]:
    kinds = [kind for kind, count in workers.items() for _ in range(count)]
    return [SlotPlan(slot=Slot(f"w{i:02}"), kind=kind) for i, kind in enumerate(kinds, 1)]


def plan(command: str | None, setup: str | None, env: tuple[str, ...], wall_s: float, hooks: bool) -> CheckPlan | None:
    """A suite is the digest of all that its verdict depends on besides the tree."""
    if not command:
        return None
    means = [
        command,
        *(f"{name}={os.environ.get(name, '')}" for name in sorted(env)),
        *([setup] if setup else []),
        *(["hooks"] if hooks else []),
    ]
    suite = Suite(hashlib.sha256("\0".join(means).encode()).hexdigest()[:16])
    return CheckPlan(command=command, suite=suite, wall_s=wall_s, hooks=hooks)


def own_kinds(place: Place, repo: RepoSettings) -> dict[str, Own]:
    """What the operator says of the kinds. Raises SettingsError for a kind with workers that has no command and cannot do without."""
    from panes import kinds  # msgspec, and YAML files, which a command that starts nothing does not pay

    found = {
        name: Own(command=kind.script or kind.command or "", url=kind.url, key=kind.key, model=kind.expected_model)
        for name, kind in repo.kinds.items()
    }
    for name, own in found.items():
        if own.url and not (name in kinds.names() and kinds.load(name).url):
            raise SettingsError(f"{place.settings}: repos.{place.repo}.kinds.{name} asks no server: url is for gateway")
    for name in repo.workers:
        if not (name in found and found[name].command) and not kinds.whole(name):
            ready = ", ".join(filter(kinds.whole, kinds.names()))
            raise SettingsError(
                f"{place.settings}: repos.{place.repo}.workers asks for {name}, but nothing says what that runs: "
                f"{ready} need no command; for one of your own "
                f'set kinds: {{{name}: {{{"command" if name == "script" else "script"}: "./agent.sh {{prompt}}"}}}}'
            )
    return found


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


def known_trunk(place: Place) -> str | None:
    """The trunk a local forge was made with."""
    bare = place.forge / "repo.git"
    if place.kind != "local" or not bare.is_dir():
        return None
    return git(bare, "symbolic-ref", "--short", "-q", "HEAD", ok=(0, 1)).out.strip() or None


def guess_check(place: Place, trunk: str) -> str | None:
    """The project's own test command, guessed from what the trunk has; None when nothing tells."""
    bare = place.forge / "repo.git"
    if place.kind == "local" and bare.is_dir():
        return guess_in(bare, trunk, git)
    return guess_in(place.checkout, trunk, own_git) if place.checkout else None


def guess_in(where: Path, ref: str, ask: Callable[..., Answer]) -> str | None:
    """The same, in a repository; ``ask``: whose git it is."""
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


def instance(place: Place) -> str:
    """Which console this is: an id kept in the config folder, with the machine and the state folder in it."""
    path = place.instance
    try:
        name = str(json.loads(path.read_text())["id"])
    except (OSError, ValueError, KeyError):
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps({"id": os.urandom(6).hex()}))
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
        return os.uname().nodename
