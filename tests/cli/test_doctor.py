"""`doctor`: every precondition with its remedy, and nothing changed by asking."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from panes.git import git
from tests.cli.world import World, settings, world


@pytest.fixture
def here() -> Iterator[World]:
    with world(settings()) as made:
        yield made


def lines(world: World, code: int = 0, **more: str) -> dict[str, dict[str, str]]:
    """Name → line."""
    said = world.ops("doctor", "--json", **more)
    assert said.code == code, said
    shown = said.json()
    assert (shown["schema"], shown["ok"]) == (1, code == 0)
    assert all(line.keys() == {"name", "state", "says", "remedy"} for line in shown["lines"])
    assert all(line["remedy"] for line in shown["lines"] if line["state"] == "mend" and line["name"] not in ("settings", "repository"))
    return {line["name"]: line for line in shown["lines"]}


def everything(folder: Path) -> set[str]:
    return {str(path) for path in folder.rglob("*") if ".git" not in path.parts}


def test_what_is_well_is_said_in_a_line_each_and_nothing_is_made(here: World) -> None:
    before = everything(here.folder)
    said = here.ops("doctor")
    assert said.code == 0
    assert " ".join(line.split()[1] for line in said.out.splitlines() if line[0] in "✓◆✗") == (
        "python git tmux inotify repository checkout settings mode trunk check workers forge state disk engine sandbox"
    )
    assert "✓ workers    2 × script: echo done > done" in said.out
    assert "◆ sandbox    none: workers and checks run bare, with all your rights" in said.out
    assert everything(here.folder) == before


def test_tmux_is_told_with_the_line_that_shows_the_workers(here: World) -> None:
    here.well("issue", "list")
    here.engine()
    server = here.board()["engine"]["tmux"] or here.until(lambda: here.board()["engine"]["tmux"], "tmux")
    shown = lines(here)
    assert f"`tmux -L {server['server']} attach`" in shown["tmux"]["says"]
    assert shown["engine"]["says"].startswith(f"process {here.processes[0].pid}, heard")
    assert shown["state"]["says"].startswith("private: ")


def test_a_program_that_is_missing_or_old_is_named_with_what_to_install(here: World) -> None:
    old = here.folder / "old"
    old.mkdir()
    (old / "tmux").write_text("#!/bin/sh\necho tmux 3.1c\n")
    (old / "tmux").chmod(0o755)
    shown = lines(here, 1, PATH=f"{old}{os.pathsep}{os.environ['PATH']}")
    assert (shown["tmux"]["says"], shown["tmux"]["state"]) == ("3.1c", "mend")
    assert "tmux 3.2a or newer" in shown["tmux"]["remedy"]
    shown = lines(here, 1, PATH=str(old))
    assert shown["git"]["says"] == "git is missing"
    assert "git is missing" in shown["repository"]["says"]


def test_a_command_that_is_not_there_is_found_out_before_a_worker_is(here: World) -> None:
    (here.where / "ops.yaml").write_text(settings(worker="no-such-agent --at {prompt}", check="./no-such-check"))
    shown = lines(here, 1)
    assert shown["workers"]["says"] == "2 × script: there is no program no-such-agent"
    assert shown["check"]["says"] == "./no-such-check: there is no ./no-such-check in main"


def test_the_check_is_shown_as_guessed_and_how_to_set_one_is_told(here: World) -> None:
    (here.where / "ops.yaml").unlink()
    shown = lines(here, 1)
    assert shown["check"]["says"] == "none is set and none could be guessed: nothing can land"
    assert "repos.local/proj.check" in shown["check"]["remedy"]
    assert shown["workers"]["says"] == "none: nobody takes an issue up"
    (here.where / "Makefile").write_text("test:\n\ttrue\n")
    git(here.where, "add", "Makefile")
    git(here.where, "commit", "--quiet", "--message", "test")
    assert lines(here, 1)["check"]["says"] == "guessed: make test; you are asked before it is first run"


def test_a_forge_whose_protection_is_off_is_to_be_mended(here: World) -> None:
    here.well("issue", "list")
    assert "main is protected" in lines(here)["forge"]["says"]
    git(here.bare, "config", "core.hooksPath", "/dev/null")
    assert lines(here, 1)["forge"]["says"] == "the protection of main is off: anyone may push to it"
    here.well("issue", "list")
    assert lines(here)["forge"]["state"] == "ok"
    (here.bare / "hooks" / "pre-receive").chmod(0o644)
    assert lines(here, 1)["forge"]["state"] == "mend"


def test_a_state_folder_that_others_can_read_is_to_be_mended(here: World) -> None:
    here.well("issue", "new", "Hello")
    here.well("assign", "1")
    assert here.state.stat().st_mode & 0o777 == 0o700
    here.state.chmod(0o755)
    shown = lines(here, 1)
    assert shown["state"]["remedy"] == f"chmod 700 {here.state}"


def test_what_is_held_is_told_with_the_way_out(here: World) -> None:
    here.well("pause")
    here.well("mode", "auto")
    assert lines(here)["mode"]["says"] == "auto, as said last, paused"
    assert "`ops-console resume`" in lines(here)["mode"]["remedy"]


def test_settings_that_cannot_be_read_leave_the_other_lines_standing(here: World) -> None:
    (here.where / "ops.yaml").write_text("mode: assist\nrepos:\n  acme/proj:\n    chek: make\n")
    shown = lines(here, 1)
    assert "unknown key `chek`" in (shown.get("settings") or shown["repository"])["says"]
    assert shown["git"]["state"] == "ok"
