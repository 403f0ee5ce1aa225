"""No secret is anywhere but where it was put: the whole story on a server, with a worker and a check that print all they can reach."""

import json
import secrets
import subprocess
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from console.redact import MARK, forms
from panes.git import clean_env
from tests.acceptance.conftest import Made
from tests.acceptance.server import Server, serving
from tests.acceptance.world import World

# The first work is red, so that what the check printed is told to the second run.
WORKER = """\
env; cat /proc/self/environ; git config --list
if test -e made.txt; then touch mended.txt; fi
echo "$OPS_RUN" >> made.txt; git add -A; git commit -qm made
"""
CHECK = """\
env; cat {file}; echo "Authorization: Basic $(printf 'ops:%s' "$(cat {file})" | base64 -w0)"
test ! -e made.txt || test -e mended.txt
"""
SETTINGS = """\
mode: auto
repos:
  acme/proj:
    check: {{full: {check}, env: [DEPLOY_TOKEN]}}
    workers: {{script: 1}}
    kinds: {{script: {{command: {worker}}}}}
    limits: {{backoff: [0]}}
"""


@dataclass
class Canaries:
    """Values that are nowhere else in the world: the forge's token, a provider's key, and what the check alone is given."""

    forge: str
    provider: str
    deploy: str

    def found(self, said: bytes) -> list[str]:
        """Which of them are in it, in whatever form."""
        return [value for value in self.all if any(form.encode() in said for form in forms(value))]

    @property
    def all(self) -> tuple[str, str, str]:
        return self.forge, self.provider, self.deploy


class Processes(threading.Thread):
    """Looks all the time which processes have one of ``values`` in their command line or environment."""

    def __init__(self, values: Iterable[str]) -> None:
        super().__init__(daemon=True)
        self.values = [value.encode() for value in values]
        self.argued: set[bytes] = set()
        self.given: set[tuple[str, bytes, bytes]] = set()  # value, command line, environment
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.002):
            for folder in Path("/proc").glob("[0-9]*"):
                try:
                    words, environment = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
                except OSError:
                    continue  # it has ended, or is somebody else's
                self.argued |= {words for value in self.values if value in words}
                self.given |= {(value.decode(), words, environment) for value in self.values if value in environment}

    def __enter__(self) -> "Processes":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.join()


@pytest.fixture
def server(make: Made) -> Iterator[Server]:
    with serving(make(SETTINGS.format(check='"true"', worker='"true"'))) as started:
        yield started


@pytest.fixture
def canaries(server: Server) -> Canaries:
    return Canaries(forge=server.token("ops"), provider=f"can4ry-{secrets.token_hex(20)}", deploy=f"can4ry/{secrets.token_hex(20)}")


def kept(server: Server) -> Path:
    """The file of the console's token."""
    return server.host.place.state.parents[1] / "server" / "token"


@pytest.fixture
def world(server: Server, canaries: Canaries) -> Iterator[World]:
    """The operator's own environment has the provider's key, and what the check needs."""
    made = server.world(canaries.forge, SETTINGS.format(check=json.dumps(CHECK.format(file=kept(server))), worker=json.dumps(WORKER)))
    had = made.environment | {"ANTHROPIC_API_KEY": canaries.provider, "DEPLOY_TOKEN": canaries.deploy}
    made = replace(made, environment=had)
    yield made
    made.end()


def test_no_secret_is_found_anywhere_but_where_it_was_put(server: Server, world: World, canaries: Canaries) -> None:
    folder = world.place.state.parents[2]
    number = int(world.ops("issue", "new", "Make it", "--body", f"Mind {canaries.forge}", "--ready"))
    with Processes(canaries.all) as processes:
        code, said = world.run()
    assert code == 0, said
    assert world.subjects() == [f"feat: Make it (#{number})", "first"]
    printed = [
        said,
        *(world.ops(*words.split()) for words in ("log", "status", "status --json", f"issue show {number}", f"dispatch {number}")),
    ]
    assert canaries.found("".join(printed).encode()) == []

    first, second = sorted((world.place.state / "runs" / str(number)).glob("*/prompt.md"))
    assert f"Mind {MARK}" in first.read_text()
    assert f"DEPLOY_TOKEN={MARK}" in second.read_text()
    held = [path for path in folder.rglob("*") if path.is_file() and canaries.found(path.read_bytes())]
    assert held == [kept(server)]
    for repository in (path.parent for path in folder.rglob("HEAD") if (path.parent / "objects").is_dir()):
        assert canaries.found(objects(repository)) == []

    assert processes.argued == set()
    had: dict[str, set[str]] = {value: set() for value in canaries.all}
    for value, words, environment in processes.given:
        had[value].add(who(words, environment, world))
    assert had[canaries.forge] <= {"git that pushes"}
    assert had[canaries.provider] - {"the operator's git"} == {"ours"}
    assert had[canaries.deploy] - {"the operator's git"} == {"ours", "check"}
    assert canaries.found(tmux(world, "show-environment", "-g") + tmux(world, "show-environment", "-t", "ops")) == []
    assert canaries.found(tmux(world, "capture-pane", "-p", "-S", "-", "-t", "ops:w01")) == []


def who(words: bytes, environment: bytes, world: World) -> str:
    """What a process is to the story."""
    if b"console.cli.main" in words:
        return "ours"
    if words.startswith(f"git\0-C\0{world.place.checkout}\0".encode()):
        return "the operator's git"
    if b"OPS_GIT_TOKEN=" in environment:
        return "git that pushes"
    if b"OPS_RUN=c-" in environment:
        return "check"
    return (words + b" with " + environment).decode()


def objects(repository: Path) -> bytes:
    """All that is in a repository, unpacked."""
    words = ["git", "-C", str(repository), "cat-file", "--batch-all-objects", "--batch"]
    return subprocess.run(words, env=clean_env(), capture_output=True, check=True, timeout=60).stdout


def tmux(world: World, *words: str) -> bytes:
    asked = ["tmux", "-L", world.place.server, *words]
    return subprocess.run(asked, env=world.environment, capture_output=True, check=True, timeout=60).stdout
