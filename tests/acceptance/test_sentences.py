"""Sentences that must be true of the whole: the same story, disturbed."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from console import wire
from console.demo import story
from panes.git import git
from panes.runs import RunFolders
from tests.acceptance.conftest import Made
from tests.acceptance.world import World, settings

# Under the state folder: what cannot be derived from forge and git. Uncommitted work is in `work`, and its repository in `tasks`.
KEPT = {"runs", "inbox", "engine.lock", "work", "tasks", "quarantine"}


def landed_trees(world: World) -> set[str]:
    return set(world.trees().values())


def test_what_is_deleted_under_the_state_folder_in_the_middle_changes_nothing_that_lands(larder: World) -> None:
    for _ in range(400):
        larder.ops("engine", "--once")
        stages = {t["stage"] for t in larder.board()["tasks"]}
        runs = RunFolders(larder.place.state / "runs").look()
        if {"aboard", "unpublished", "no_pull", "checking", "unchecked"} & stages and not any(
            r.state in ("alive", "reserved") for r in runs
        ):
            break
    else:
        raise AssertionError("nothing ever rested with a pull in hand")
    wire.session(larder.place).kill()
    for path in larder.place.state.iterdir():
        if path.name not in KEPT:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    code, said = larder.run()
    assert (code, larder.judged()["problems"]) == (0, []), said
    assert len(landed_trees(larder)) == 6


def test_the_tmux_server_is_killed_and_the_engine_opens_another_and_the_story_ends(larder: World) -> None:
    engine = larder.engine("--until-idle")
    larder.until(lambda: any(s["state"] == "run" for s in larder.board()["slots"]), "a worker runs")
    pid, _ = wire.session(larder.place).server()
    os.kill(pid, signal.SIGKILL)
    said, _ = engine.communicate(timeout=180)
    assert engine.returncode == 0, said
    assert larder.judged()["problems"] == []
    assert wire.session(larder.place).server()[0] != pid


def test_the_engine_lives_on_when_the_terminal_that_started_it_is_closed(make: Made, folder: Path) -> None:
    world = make(settings("true", "echo x > x.txt"))
    socket = folder / "tmux" / "terminal"
    tmux = ["tmux", "-S", str(socket), "-f", "/dev/null"]
    subprocess.run([*tmux, "new-session", "-d", "-x", "80", "-y", "24", *wire.ops_console(world.place)], check=True, env=world.environment)
    try:
        pid = world.until(lambda: world.board().get("engine", {}).get("pid"), "the console has started an engine")
    finally:
        subprocess.run([*tmux, "kill-server"], check=True)
    try:
        world.ops("issue", "new", "After the terminal was closed", "--ready")
        world.ops("mode", "auto")
        world.until(lambda: len(world.subjects()) == 2, "the engine lands it with nobody looking")
        assert world.board()["engine"]["pid"] == pid
    finally:
        world.ops("engine", "stop")


def test_a_board_that_cannot_be_written_ends_no_engine(make: Made) -> None:
    world = make(settings("true", "echo x > x.txt"))
    (world.place.state / "observed.json").mkdir(parents=True)
    engine = world.engine()
    world.until(lambda: any(e["what"] == "tick" and "observed.json" in e["why"] for e in world.journal()), "it says that it stumbles")
    (world.place.state / "observed.json").rmdir()
    world.ops("issue", "new", "Lands all the same", "--ready")
    world.until(lambda: len(world.subjects()) == 2, "it goes on")
    assert engine.poll() is None


def test_a_worker_that_prints_done_and_exits_0_without_a_change_is_a_failure_and_says_why(make: Made) -> None:
    world = make(settings("true", "echo DONE", more="limits: {attempts: 1}"))
    world.ops("issue", "new", "Do something", "--ready")
    code, _ = world.run()
    assert code == 1
    assert world.subjects() == ["first"]
    assert "it ended well but changed nothing" in world.ops("why", "1")
    assert "ops/needs-human" in world.ops("issue", "show", "1")


def test_a_check_never_runs_where_a_worker_ran_and_leaves_the_tracked_files_alone(make: Made) -> None:
    # The check says where it runs and what it sees; the worker leaves an ignored file, which must not be there.
    check = 'pwd >> "$HOME/checked"; ls -A >> "$HOME/checked"; test ! -e ignored'
    world = make(settings(check, "echo ignored > .gitignore; touch ignored; pwd > $HOME/worked; git add -A; git commit -qm x"))
    world.ops("issue", "new", "Leave something ignored", "--ready")
    assert world.run()[0] == 0
    home = Path(os.environ["HOME"])
    assert (home / "worked").read_text().strip() not in (home / "checked").read_text()
    assert "/checks/" in (home / "checked").read_text()


def test_a_check_that_changes_tracked_files_proves_nothing(make: Made) -> None:
    world = make(settings("grep -q second notes || exit 0; echo changed >> README", "echo second > notes", more="limits: {attempts: 1}"))
    world.ops("issue", "new", "Add notes", "--ready")
    assert world.run()[0] == 1
    assert world.subjects() == ["first"]
    assert "changed files that are tracked" in world.ops("why", "1")


def test_the_second_to_land_is_put_on_top_of_the_first_and_checked_again(larder: World) -> None:
    assert larder.run()[0] == 0
    checked: dict[str, set[str]] = {}
    for run in RunFolders(larder.place.state / "runs").look():
        if run.purpose == "check":
            checked.setdefault(run.about["for"], set()).add(run.about["tree"])
    shopping = [str(n) for n, told in zip(larder.issues, story.story(), strict=True) if "hopping" in told.title]
    assert len(shopping) == 2
    second = [n for n in shopping if len(checked[n]) >= 2]
    assert second, "one of the two was checked on two trees"
    moved = [e for e in larder.journal() if e["what"] == "move" and str(e["issue"]) in second]
    assert moved
    assert landed_trees(larder) - {larder.trees()["larder 1.2.0"]} <= set.union(*checked.values())


def test_a_broken_edit_lets_the_demo_end_with_1(folder: Path) -> None:
    from console.demo.agent import ISSUES

    broken = folder / "issues"
    shutil.copytree(ISSUES, broken)
    first = sorted(broken.glob("*.toml"))[0]
    # What the worker looks for is not in the file: it fails loudly, until the cap.
    first.write_text(first.read_text().replace("class BadRecipe(ValueError):", "class NoSuchThing(ValueError):"))
    ran = subprocess.run(
        [*wire_command(), "demo", "--pace", "0", "--issues", str(broken)],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "did not land" in ran.stdout


def wire_command() -> list[str]:
    import sys

    return [sys.executable, "-P", "-m", "console.cli.main"]


@pytest.mark.parametrize("how", ["keep", "json"])
def test_the_demo_ends_with_0_and_says_that_no_model_was_called(folder: Path, how: str) -> None:
    import json

    words = ["demo", "--pace", "0", *(["--keep", str(folder / "kept")] if how == "keep" else ["--json"])]
    ran = subprocess.run([*wire_command(), *words], env=dict(os.environ), capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    if how == "json":
        said = json.loads(ran.stdout)
        assert (said["ok"], said["model_called"], len(said["issues"])) == (True, False, 5)
        assert {row["attempts"] for row in said["issues"]} == {1, 2}
    else:
        assert "No model was called" in ran.stdout
        assert git(folder / "kept" / "larder", "rev-list", "--count", "HEAD").out.strip() == "1"  # the operator's checkout is not touched
