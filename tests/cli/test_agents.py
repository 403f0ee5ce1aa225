"""What `doctor` says of agents: stand-ins on a PATH of their own, never a run that would cost."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.world import World, world

SETTINGS = "repos: {acme/proj: {check: 'true', workers: {claude: 2}}}\n"


@pytest.fixture
def here() -> Iterator[World]:
    with world(SETTINGS) as made:
        (made.folder / "bin").mkdir()
        yield made


def program(here: World, name: str, text: str) -> None:
    path = here.folder / "bin" / name
    path.write_text(text)
    path.chmod(0o755)


def workers(here: World, path: str | None = None, **more: str) -> dict[str, dict[str, str]]:
    """Name → line, with the stand-ins before, or ``path`` in place of, what is on PATH."""
    said = here.ops("doctor", "--json", PATH=path or f"{here.folder / 'bin'}{os.pathsep}{os.environ['PATH']}", **more)
    return {line["name"]: line for line in said.json()["lines"]}


def test_an_agent_that_is_logged_in_is_told_with_its_version(here: World) -> None:
    program(here, "claude", "#!/bin/sh\necho '2.1.329 (Claude Code)'\n")
    line = workers(here)["workers"]
    assert (line["state"], line["says"]) == ("note", "2 × claude: 2.1.329 (Claude Code), not logged in as far as its files tell")
    assert "start `claude` once and say /login" in line["remedy"]
    by_key = workers(here, ANTHROPIC_API_KEY="canary")["workers"]
    login = Path(here.environment["HOME"], ".claude", ".credentials.json")
    login.parent.mkdir()
    login.touch()
    by_file = workers(here)["workers"]
    assert by_key == by_file
    assert (by_file["state"], by_file["says"]) == ("ok", "2 × claude: 2.1.329 (Claude Code), logged in")


def test_an_agent_that_does_not_start_says_why(here: World) -> None:
    program(here, "claude", "#!/bin/sh\necho 'cannot find its module' >&2; exit 3\n")
    line = workers(here)["workers"]
    assert (line["state"], line["says"]) == ("mend", "2 × claude: it does not start: cannot find its module")
    (here.folder / "bin" / "claude").unlink()
    line = workers(here)["workers"]
    assert line["says"] == "2 × claude: there is no program claude"
    assert line["remedy"].startswith("npm install")


def test_node_is_looked_at_where_an_agent_is_a_script_of_its(here: World) -> None:
    program(here, "node", "#!/bin/sh\necho v20.11.0\n")
    program(here, "claude", "#!/bin/sh\necho 2.1\n")
    assert workers(here)["workers"]["says"] == "2 × claude: 2.1, not logged in as far as its files tell"
    program(here, "claude", "#!/usr/bin/env node\n")
    line = workers(here)["workers"]
    assert (line["state"], line["says"]) == ("mend", "2 × claude: node 22 or newer is needed, and here is 20.11.0")
    program(here, "node", "#!/bin/sh\necho v22.3.0\n")
    assert workers(here)["workers"]["state"] == "note"


def test_a_tmux_server_that_cannot_be_had_is_told(here: World) -> None:
    said = workers(here)["tmux"]["says"]
    name = said.split("`tmux -L ")[1].split()[0]
    assert "is started with the first of them" in said
    folder = Path(here.environment["TMUX_TMPDIR"], f"tmux-{os.getuid()}")
    folder.mkdir(mode=0o700)
    (folder / name).touch()
    assert "is started with the first of them" in workers(here)["tmux"]["says"]
    folder.chmod(0o777)
    line = workers(here)["tmux"]
    assert (line["state"], "unsafe permissions" in line["says"]) == ("mend", True)
