"""The verdict, on hand-made forges: one that is as it should be, and each way in which one may not be."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from panes.git import clean_env, git


@dataclass
class Ground:
    """A bare repository in which issue 1 landed by pull 2, and a state folder with nothing left in it."""

    forge: Path
    state: Path
    tmux: str
    env: dict[str, str]

    def land(self, issue: object, pull: object = 2, tested: str | None = None, parents: int = 1, tree: str | None = None) -> str:
        """Puts a commit on the trunk. ``tested`` None: the tree it has."""
        head = git(self.forge, "rev-parse", "refs/heads/main").out.strip()
        tree = tree or git(self.forge, "rev-parse", "refs/heads/main^{tree}").out.strip()
        side = git(self.forge, "commit-tree", tree, "-p", head, "-m", "side").out.strip()
        message = f"fix: a thing (#{issue})\n\nWhy.\n\nOps-Issue: {issue}\nOps-Pull: {pull}\nTested-Tree: {tested or tree}\n"
        words = [word for parent in [head, side][:parents] for word in ("-p", parent)]
        oid = git(self.forge, "commit-tree", tree, *words, "-m", message).out.strip()
        git(self.forge, "update-ref", "refs/heads/main", oid)
        return oid

    def judge(self, *issues: int, grace: float = 0) -> tuple[int, dict[str, Any]]:
        """Exit code and printed object, of a fresh process."""
        command = [sys.executable, "-P", "-m", "console.demo.verdict", "--forge", str(self.forge), "--state", str(self.state)]
        numbers = map(str, issues or (1,))
        ran = subprocess.run(
            [*command, "--tmux", self.tmux, "--grace", str(grace), *numbers], env=self.env, capture_output=True, text=True, cwd="/"
        )
        assert ran.stderr == ""
        return ran.returncode, json.loads(ran.stdout)

    def problems(self, *issues: int) -> list[str]:
        code, verdict = self.judge(*issues)
        assert (code, verdict["ok"]) == (1, False)
        return list(verdict["problems"])


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    forge, state = tmp_path / "a forge.git", tmp_path / "state" / "a repo"
    for name in ("work", "tasks", "checks", "runs/1/1-1"):
        (state / name).mkdir(parents=True)
    git(tmp_path, "init", "--quiet", "--bare", "--template=", "--initial-branch=main", str(forge))
    tree = git(forge, "mktree", stdin="").out.strip()
    git(forge, "update-ref", "refs/heads/main", git(forge, "commit-tree", tree, "-m", "planted").out.strip())
    # Not under tmp_path: a socket's path may have about a hundred characters.
    with TemporaryDirectory(prefix="ops-tmux-") as sockets:
        env = clean_env({"TMUX_TMPDIR": sockets, "PYTHONPATH": str(Path(__file__).parents[2])})
        made = Ground(forge, state, f"verdict-{os.getpid()}", env)
        made.land(1)
        yield made


def test_what_landed_and_left_nothing_behind_is_good(ground: Ground) -> None:
    commit = git(ground.forge, "rev-parse", "main").out.strip()
    tree = git(ground.forge, "rev-parse", "main^{tree}").out.strip()
    row = {"issue": 1, "title": "fix: a thing (#1)", "pull": 2, "commit": commit, "tree": tree}
    assert ground.judge() == (0, {"schema": 1, "ok": True, "issues": [row], "problems": []})


def test_several_that_landed_are_told_in_the_order_in_which_they_were_asked_for(ground: Ground) -> None:
    ground.land(12, pull=13)
    code, verdict = ground.judge(12, 1)
    assert (code, [row["pull"] for row in verdict["issues"]]) == (0, [13, 2])


def test_an_issue_that_did_not_land_is_named(ground: Ground) -> None:
    code, verdict = ground.judge(1, 4)
    assert (code, verdict["problems"]) == (1, ["issue 4 did not land"])
    assert verdict["issues"][1] == {"issue": 4, "title": None, "pull": None, "commit": None, "tree": None}


def test_an_issue_that_landed_twice_is_named_with_its_commits(ground: Ground) -> None:
    second = ground.land(1)
    (problem,) = ground.problems()
    assert problem.startswith(f"issue 1 landed 2 times: {second[:12]}, ")


def test_a_tree_that_is_not_the_tested_one_is_named(ground: Ground) -> None:
    ground.land(3, tested="f" * 40)
    (problem,) = ground.problems(1, 3)
    assert problem.endswith("tested was ffffffffffff")


def test_a_commit_without_a_pull_is_named(ground: Ground) -> None:
    commit = ground.land(3, pull="")
    assert ground.problems(1, 3) == [f"issue 3: commit {commit[:12]} names no pull"]


def test_a_trunk_with_a_merge_on_it_is_not_linear(ground: Ground) -> None:
    commit = ground.land(3, parents=2)
    assert f"the trunk is not linear: {commit[:12]} has 2 parents" in ground.problems(1, 3)


def test_a_commit_that_is_for_no_issue_or_for_another_one_is_named(ground: Ground) -> None:
    other, none = ground.land(9), ground.land("")
    assert ground.problems() == [f"{none[:12]} came to the trunk from no issue", f"{other[:12]} is for issue 9, which is none of these"]


@pytest.mark.parametrize(
    "name",
    ["refs/heads/fix/issue-1", "refs/ops/claims/issue-1", "refs/ops/wip/issue-1", "refs/ops/lander/main"],
)
def test_a_ref_left_in_the_forge_is_named(ground: Ground, name: str) -> None:
    git(ground.forge, "update-ref", name, "refs/heads/main")
    assert ground.problems() == [f"left in the forge: {name}"]


def test_refs_that_outlive_a_task_by_design_are_not_counted(ground: Ground) -> None:
    for name in ("refs/ops/consoles/0123", "refs/ops/verdicts/main"):
        git(ground.forge, "update-ref", name, "refs/heads/main")
    assert ground.judge()[0] == 0


@pytest.mark.parametrize("name", ["work/1", "tasks/1.git", "checks/c-1"])
def test_a_folder_left_under_the_state_folder_is_named(ground: Ground, name: str) -> None:
    (ground.state / name).mkdir()
    assert ground.problems() == [f"left under the state folder: {name}"]


def test_a_state_folder_without_those_folders_is_good(ground: Ground) -> None:
    for name in ("work", "tasks", "checks"):
        (ground.state / name).rmdir()
    assert ground.judge()[0] == 0


@contextmanager
def tmux(ground: Ground, window: str, command: str) -> Iterator[None]:
    """A server with one window, whose command may have ended already."""
    words = ["tmux", "-f", "/dev/null", "-L", ground.tmux]
    start = ["new-session", "-d", "-s", "ops", "-n", "log", "sleep", "600"]
    opened = ["set-option", "-g", "remain-on-exit", "on", ";", "new-window", "-d", "-n", window, "sh", "-c", command]
    try:
        subprocess.run([*words, *start, ";", *opened], env=ground.env, check=True)
        yield
    finally:
        subprocess.run([*words, "kill-server"], env=ground.env, check=True)


@pytest.mark.parametrize("window", ["w01", "c12"])
def test_a_window_of_a_slot_in_which_something_runs_is_named(ground: Ground, window: str) -> None:
    with tmux(ground, window, "sleep 600"):
        assert ground.problems() == [f"window {window} is still alive"]


@pytest.mark.parametrize(("window", "command"), [("w01", "exit 0"), ("console", "sleep 600")])
def test_a_dead_window_and_one_that_is_no_slot_are_good(ground: Ground, window: str, command: str) -> None:
    with tmux(ground, window, command):
        assert ground.judge(grace=20)[0] == 0


def test_a_tmux_that_is_not_there_proves_nothing(ground: Ground, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/git").symlink_to(str(shutil.which("git")))
    ground.env["PATH"] = str(tmp_path / "bin")
    (problem,) = ground.problems()
    assert problem.startswith("tmux could not be asked")


Started = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def started() -> Iterator[Started]:
    """Starts a process that sleeps, or the one that is given; all are ended and waited for."""
    running: list[subprocess.Popen[bytes]] = []

    def start(*command: str, cwd: Path | str = "/", **env: str) -> subprocess.Popen[bytes]:
        one = subprocess.Popen(command or ["sleep", "600"], cwd=cwd, env={"PATH": os.environ["PATH"], **env})
        running.append(one)
        return one

    yield start
    for one in running:
        one.kill()
        one.wait()


def test_a_process_of_a_run_is_found_by_its_working_folder_its_environment_or_its_command(ground: Ground, started: Started) -> None:
    (ground.state / "runs/1/1-1/x").touch()
    left = [
        started(cwd=ground.state / "runs", OPS_RUN="1-1"),
        started(OPS_RUN="1-1", RUN_FOLDER=f"{ground.state}/runs/1/1-1"),
        started("tail", "-f", f"{ground.state}/runs/1/1-1/x", OPS_RUN="1-1"),
    ]
    problems = ground.problems()
    assert {problem.split(" is ")[0] for problem in problems} == {f"process {one.pid}" for one in left}


def test_runs_of_another_console_and_processes_of_no_run_are_none_of_its_business(ground: Ground, started: Started) -> None:
    started(OPS_RUN="1-1")
    started(OPS_RUN="1-1", RUN_FOLDER=f"{ground.state} of another/runs/1/1-1")
    started(cwd=ground.state)
    assert ground.judge()[0] == 0


def test_the_demo_may_itself_be_run_by_a_worker(ground: Ground) -> None:
    ground.env["OPS_RUN"] = "1-1"
    assert ground.judge()[0] == 0


def test_a_process_on_its_way_out_is_waited_for(ground: Ground, started: Started) -> None:
    leaving = started("sleep", "0.5", cwd=ground.state, OPS_RUN="1-1")
    assert ground.judge(grace=20)[0] == 0
    assert leaving.poll() is not None or leaving.wait(timeout=20) == 0


def test_a_forge_that_cannot_be_read_is_a_problem_and_no_traceback(ground: Ground, tmp_path: Path) -> None:
    ground.forge = tmp_path / "elsewhere"
    (problem,) = ground.problems()
    assert problem.startswith("the forge's repository could not be read")
