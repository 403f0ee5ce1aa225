"""A check that was guessed is run when the operator has said yes to it, and not before."""

import os
import pty
import subprocess
from collections.abc import Iterator

import pytest

from panes.git import git
from tests.cli.world import DEADLINE_S, World, world


@pytest.fixture
def here() -> Iterator[World]:
    """A project with a test target, and no settings."""
    with world() as made:
        has_test(made, "true")
        yield made


def has_test(made: World, command: str) -> None:
    (made.where / "Makefile").write_text(f"test:\n\t{command}\n")
    git(made.where, "add", "Makefile")
    git(made.where, "commit", "--quiet", "--message", "test")


def in_terminal(made: World, answer: str, *words: str) -> tuple[int, str]:
    """A command to its end on a terminal where ``answer`` is typed; its code and what it showed."""
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "r+b", buffering=0) as terminal:
        try:
            asked = subprocess.Popen(made.argv(*words), cwd=made.where, env=made.environment, stdin=theirs, stdout=theirs, stderr=theirs)
        finally:
            os.close(theirs)
        terminal.write(f"{answer}\n".encode())
        shown = b""
        try:
            while data := terminal.read(4096):
                shown += data
        except OSError:  # nobody has the other side any more
            pass
        return asked.wait(DEADLINE_S), shown.decode()


def test_nothing_is_started_on_a_guess_that_nobody_agreed_to(here: World) -> None:
    said = here.ops("engine", "--once")
    assert said.code == 3
    assert "looks as if it were checked by `make test`, run here with all your rights: nobody has said yes to that yet" in said.err
    assert 'set check: "make test", or what it is, under repos.local/proj in ops.yaml' in said.err
    assert "`ops-console` in a terminal" in said.err
    code, shown = in_terminal(here, "n", "engine", "--once")
    assert (code, "nothing is started" in shown) == (3, True)
    code, shown = in_terminal(here, "n")
    assert (code, "nothing is started" in shown) == (3, True)
    assert not (here.folder / "s" / "ops-console").exists()
    assert not (here.folder / "d" / "ops-console").exists()


def test_a_guess_is_asked_for_once_and_again_when_it_is_another(here: World) -> None:
    code, shown = in_terminal(here, "y", "engine", "--once")
    assert (code, "Is that right? [y/N]" in shown) == (0, True), shown
    assert here.ops("engine", "--once").code == 0
    assert '"guessed: make test"' in here.ops("doctor", "--json").out
    (here.where / "ops.yaml").write_text("repos: {local/proj: {check: 'true'}}\n")
    assert here.ops("engine", "--once").code == 0
    (here.where / "ops.yaml").unlink()
    agreed = next((here.folder / "c").glob("ops-console/*/check.json"))
    agreed.write_text('{"command": "make other"}')
    assert here.ops("engine", "--once").code == 3
    agreed.write_text("[")
    assert here.ops("engine", "--once").code == 3
