"""The shell contract of asking: what each command leaves for the engine, and what it says became of it."""

import subprocess

from panes.git import git
from tests.cli.world import BY_TITLE, World, settings, world


def text(mode: str = "assist", more: str = "limits: {attempts: 1}") -> str:
    return settings(worker=BY_TITLE, mode=mode, more=more)


def issue(here: World, title: str, *more: str) -> str:
    return here.well("issue", "new", title, "--ready", *more)


def test_an_issue_is_given_to_a_worker_or_the_reason_is_told() -> None:
    with world(text()) as here:
        issue(here, "One that waits")
        issue(here, "Done long ago")
        here.well("issue", "close", "2")
        here.engine()
        granted = here.well("assign", "1", "w02", "--wait")
        assert granted in ("granted: script works on it in w02", "granted: script is at it already, in w02")
        assert here.well("assign", "1", "--wait").startswith("granted: script ")
        refusals = {
            ("2",): "there is no open issue 2",
            ("99",): "there is no open issue 99",
            ("1", "w09"): "there is no slot w09; there are w01, w02",
            ("1", "--kind", "claude"): "no slot has kind claude",
        }
        for words, why in refusals.items():
            said = here.ops("assign", *words, "--wait")
            assert (said.code, said.out) == (1, f"refused: {why}\n")
        queued = here.well("assign", "1")
        assert queued.startswith("queued ")
        assert queued.endswith(": assign 1")


def test_an_idle_worker_takes_up_what_is_next() -> None:
    with world(text()) as here:
        here.well("issue", "list")
        here.engine()
        here.until(lambda: here.board()["slots"], "the slots")
        said = here.ops("wake", "w01", "--wait")
        assert (said.code, said.out.startswith("refused: nothing is ready for a worker")) == (1, True)
        issue(here, "One that waits")
        assert here.well("wake", "w02", "--wait").startswith("granted: script ")
        assert here.running(1)["slot"] == "w02"
        assert here.ops("wake", "--wait").code == 2
        said = here.ops("wake", "w02", "have a break", "--wait")
        assert (said.code, "cannot be told anything while it runs" in said.out) == (1, True)


def test_in_assist_a_pull_waits_for_the_word_and_the_word_lands_it() -> None:
    with world(text()) as here:
        issue(here, "Say hello", "--label", "bug")
        here.engine()
        here.well("assign", "1", "--wait")
        pull = here.until(lambda: here.stage(1) == "waiting" and here.task(1)["pull"], "the pull")
        assert here.subjects() == ["first"]
        said = here.well("merge", "1", "--wait")
        assert said == f"granted: landed as {git(here.bare, 'rev-parse', '--short=7', 'main').out.strip()}"
        assert here.subjects() == ["fix: Say hello (#1)", "first"]
        here.until(lambda: not here.board()["tasks"], "everything tidy")
        assert "closed" in here.well("issue", "show", "1")
        again = here.ops("merge", str(pull), "--wait")
        assert (again.code, "there is no pull p2 in hand" in again.err) == (1, True)


def test_what_is_stopped_is_kept_and_taken_up_again_by_retry() -> None:
    with world(text()) as here:
        issue(here, "One that begins and waits")
        here.engine()
        here.well("assign", "1", "--wait")
        begun = here.until(lambda: [*here.state.glob("work/1/begun.txt")], "the work")[0]
        said = here.well("stop", "1", "--wait")
        assert said.startswith("granted: ")
        assert "its work is kept" in said
        here.until(lambda: here.stage(1) == "on_hold", "the hold")
        assert begun.exists()
        (kept,) = git(here.state / "hub.git", "for-each-ref", "--format=%(objectname)", "refs/ops/rescue").out.split()
        assert git(here.state / "hub.git", "show", f"{kept}:begun.txt").out == "begun\n"
        idle = here.ops("stop", "w02", "--wait")
        assert (idle.code, idle.out.startswith("refused: ")) == (1, True)
        here.go()
        here.well("retry", "1", "--wait")
        here.until(lambda: here.stage(1) == "waiting", "the pull")
        assert set(git(here.bare, "ls-tree", "--name-only", here.task(1)["branch"]).out.split()) > {"README", "begun.txt"}


def test_a_worker_is_typed_its_interrupt_once() -> None:
    with world(text()) as here:
        issue(here, "One that waits")
        here.engine()
        here.well("assign", "1", "--wait")
        said = here.ops("interrupt", "w01", "--wait")
        assert "w01" in said.out
        here.until(lambda: here.stage(1) == "parked", "the end of the only attempt")
        said = here.ops("interrupt", "w01", "--wait")
        assert (said.code, said.out) == (1, "refused: nobody works in w01\n")


def test_a_pause_starts_nothing_until_resume() -> None:
    with world(text("auto")) as here:
        here.well("issue", "list")
        assert here.well("pause", "--why", "lunch").startswith("auto, paused by you")
        here.engine()
        issue(here, "Say hello")
        here.until(lambda: "paused" in here.task(1).get("why", ""), "the reason")
        assert here.board()["engine"]["pause"]["why"] == "lunch"
        assert "claim" not in here.well("log")
        assert here.well("resume") == "auto"
        here.until(lambda: len(here.subjects()) == 2, "the landing")


def test_what_was_said_last_outlives_the_engine_and_wins_over_the_settings() -> None:
    with world(text("assist")) as here:
        here.well("issue", "list")
        assert here.well("mode") == "assist"
        assert here.well("mode", "watch") == "watch"
        assert here.well("freeze", "--why", "release").startswith("watch, landing frozen by you")
        here.engine()
        assert here.board()["engine"]["mode"] == "watch"
        assert here.well("engine", "stop") == "the engine has ended; workers go on"
        here.engine()
        assert (here.board()["engine"]["mode"], here.board()["engine"]["freeze"]["why"]) == ("watch", "release")
        assert here.well("unfreeze") == "watch"


def test_workers_outlive_the_engine_and_the_next_one_takes_them_up() -> None:
    with world(text("auto")) as here:
        issue(here, "One that waits")
        first = here.engine()
        run = here.running(1)
        here.well("engine", "stop")
        assert first.wait(20) == 0
        assert here.ops("engine", "stop").code == 5
        assert here.ops("status").out  # what is known, and 5 once it is stale
        here.engine()
        again = here.running(1)
        assert (again["id"], again["alive"]) == (run["id"], True)
        here.go()
        here.until(lambda: len(here.subjects()) == 2, "the landing")


def test_a_command_waits_for_an_engine_that_is_not_there() -> None:
    with world(text()) as here:
        issue(here, "Say hello")
        said = here.ops("assign", "1")
        assert (said.code, said.err) == (0, "no engine runs: it is done when one does (`ops-console engine`)\n")
        assert here.ops("engine", "--until-idle").code == 0
        assert "propose" in here.well("log", "1")


def test_one_tick_is_one_tick() -> None:
    with world(text("auto")) as here:
        issue(here, "Say hello")
        assert here.ops("engine", "--once").code == 0
        assert (here.state / "observed.json").exists()
        assert here.subjects() == ["first"]


def test_a_reader_that_goes_away_ends_a_long_answer_without_a_word() -> None:
    with world(text("auto")) as here:
        issue(here, "Say hello")
        here.ops("engine", "--until-idle")
        shell = ["/bin/sh", "-c", '"$@" | head -n 1', "sh", *here.argv("log")]
        ran = subprocess.run(shell, cwd=here.where, env=here.environment, capture_output=True, text=True, timeout=60)
        assert (len(ran.stdout.splitlines()), ran.stderr) == (1, "")
