"""The token of a server: asked for, tried, kept where it is found again, and forgotten."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from console import wire
from tests.acceptance.conftest import folder as folder  # a fixture
from tests.acceptance.server import Server, serving
from tests.acceptance.world import World, settings, world

RING = """\
import json, pathlib, time
from keyring.backend import KeyringBackend

class Ring(KeyringBackend):
    priority = 1
    file = pathlib.Path(__file__).with_name("ring.json")

    def kept(self):
        return json.loads(self.file.read_text()) if self.file.exists() else {}

    def get_password(self, service, username):
        return self.kept().get(service)

    def set_password(self, service, username, password):
        self.file.write_text(json.dumps(self.kept() | {service: password}))

    def delete_password(self, service, username):
        self.file.write_text(json.dumps({k: v for k, v in self.kept().items() if k != service}))
"""


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    with serving(world(folder, settings("true", "true"), {"README": "a project\n"})) as started:
        yield started


@pytest.fixture
def console(server: Server, folder: Path) -> World:
    """A console that has no token yet, and a keyring of its own."""
    made = server.world("none", settings("true", "true"))
    assert made.place.settings
    made.place.settings.write_text(f"forge: {{kind: gitea, url: {server.url}}}\n{settings('true', 'true')}")
    (folder / "ring.py").write_text(RING)
    made.environment |= {"PYTHON_KEYRING_BACKEND": "ring.Ring", "PYTHONPATH": str(folder)}
    return made


def asked(console: World, *words: str, answers: str) -> subprocess.CompletedProcess[str]:
    """A command that gets its answers by a pipe."""
    command, where = wire.ops_console(console.place, *words), console.place.checkout
    return subprocess.run(command, env=console.environment, cwd=where, input=answers, capture_output=True, text=True, timeout=60)


def typed(console: World, *words: str, answers: Sequence[str]) -> tuple[int, str, str]:
    """A command at a terminal, each answer typed when it asks; its code, stdout and stderr."""
    ours, theirs = os.openpty()
    with subprocess.Popen(
        wire.ops_console(console.place, *words),
        env=console.environment,
        cwd=console.place.checkout,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as started:
        assert started.stdout
        assert started.stderr
        said = b""
        for answer in answers:
            while not said.endswith(b": ") and (more := os.read(started.stderr.fileno(), 4096)):
                said += more
            os.write(ours, f"{answer}\n".encode())
            said += b"\n"
        said += started.stderr.read()
        printed = started.stdout.read()
    os.close(ours)
    os.close(theirs)
    return started.returncode, printed.decode(), said.decode()


def test_login_keeps_a_token_that_will_do_and_logout_forgets_it(server: Server, console: World, folder: Path) -> None:
    token, file = server.token("ops"), folder / "c" / "ops-console" / "tokens" / server.url.split("//")[1].replace(":", "_")
    said = asked(console, "login", answers=f"{token}\n")
    assert (said.returncode, said.stdout) == (0, f"ops may write to acme/proj. Kept in {file}\n")
    assert (file.read_text(), file.stat().st_mode & 0o777) == (f"{token}\n", 0o600)
    assert token not in said.stderr
    assert console.ops("issue", "new", "One") == "1\n"
    assert console.ops("logout") == f"forgotten: {file}\n"
    assert not file.exists()
    assert console.ops("logout") == f"nothing was kept for {server.url}\n"


@pytest.mark.parametrize(
    ("scopes", "lacks"),
    [
        (["read:repository", "read:issue", "read:user"], "write:repository and write:issue"),
        (["write:repository", "read:issue"], "write:issue and read:user"),
        (["write:repository", "write:issue"], "read:user"),
    ],
)
def test_a_scope_that_is_missing_is_named_and_the_token_not_kept(
    server: Server, console: World, folder: Path, scopes: list[str], lacks: str
) -> None:
    token = server.token("ops", *(word for scope in scopes for word in ("--scope", scope)))
    said = asked(console, "login", answers=f"{token}\n")
    assert said.returncode == 4
    assert f"the token lacks {lacks}\n" in said.stderr
    assert not (folder / "c" / "ops-console" / "tokens").exists()


def test_a_reader_and_a_token_that_is_nobodys_are_refused(server: Server, console: World) -> None:
    reader = asked(console, "login", answers=server.token("reader", "--role", "read") + "\n")
    assert (reader.returncode, "may read acme/proj and not write to it" in reader.stderr) == (4, True)
    nobody = asked(console, "login", answers="0123456789\n")
    assert (nobody.returncode, "does not take the token" in nobody.stderr) == (4, True)
    assert "0123456789" not in nobody.stderr


def test_the_keyring_keeps_it_and_gives_it_and_no_file_is_left(server: Server, console: World, folder: Path) -> None:
    pytest.importorskip("keyring")
    asked(console, "login", answers=server.token("ops") + "\n")
    token, host = server.token("ops"), server.url.split("//")[1]
    said = asked(console, "login", "--keyring", answers=f"{token}\n")
    assert said.stdout == f"ops may write to acme/proj. Kept in the system keyring, as ops-console/{host}\n"
    assert token in (folder / "ring.json").read_text()
    assert list((folder / "c" / "ops-console" / "tokens").iterdir()) == []
    assert console.ops("issue", "new", "One") == "1\n"
    assert console.ops("logout") == "forgotten: the system keyring\n"
    console.ops("issue", "list", ok=(3,))


def test_a_token_of_another_program_is_offered_at_a_terminal_and_tried(server: Server, console: World, folder: Path) -> None:
    (folder / "home" / ".hermes").mkdir()
    for name, token in (("gitea_token", "0123456789"), ("gitea_token_ops", server.token("ops"))):
        (folder / "home" / ".hermes" / name).write_text(token + "\n")
        (folder / "home" / ".hermes" / name).chmod(0o600)
    code, printed, said = typed(console, "login", answers=["y", "y"])
    assert code == 0, said
    assert "gitea_token: try it" in said
    assert "it will not do: the forge does not take the token" in said
    assert "ops may write to acme/proj. Kept in " in printed
    token = server.token("ops")
    code, _, said = typed(console, "login", answers=["n", "n", token])
    assert code == 0, said
    assert token not in said


def test_login_says_when_what_it_keeps_would_not_be_looked_at(server: Server, console: World) -> None:
    assert console.place.settings
    console.place.settings.write_text(f"forge: {{kind: gitea, url: {server.url}, token: {{env: MINE}}}}\n")
    said = asked(console, "login", answers="any\n")
    assert (said.returncode, "the variable MINE" in said.stderr) == (2, True)
