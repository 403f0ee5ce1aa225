"""The demo's verdict, taken by a fresh process from git, tmux and /proc alone: nothing of the engine's is asked.

    python -P -m console.demo.verdict --forge BARE_REPOSITORY --state FOLDER --tmux SERVER --trunk main 1 2 3

Prints one JSON object, ``{"schema": 1, "ok": …, "issues": […], "problems": […]}``, and ends with 0 when every issue landed and
nothing was left behind, else with 1.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from panes.git import GitFailed, git
from panes.seen import Oid, Tree, fact

# Under the state folder: one folder a task or a check, gone when it is done.
MUST_BE_EMPTY = ("work", "tasks", "checks")
# In the forge: what a task needs on its way, and no longer.
MUST_BE_GONE = ("refs/heads", "refs/ops/claims", "refs/ops/wip", "refs/ops/lander")
TMUX_WAIT_S = 10.0


@fact
class Commit:
    """A commit of the trunk, with the trailers that say where it came from (empty where it has none)."""

    oid: Oid
    parents: tuple[Oid, ...]
    tree: Tree
    issue: str
    pull: str
    tested: str
    title: str


@fact
class Landed:
    """What landed for an issue; None throughout when nothing did."""

    issue: int
    title: str | None
    pull: int | None
    commit: Oid | None
    tree: Tree | None


def trunk_commits(forge: Path, trunk: str) -> tuple[Commit, ...]:
    """All of the trunk, newest first. Raises GitFailed."""
    trailers = "%x00".join(f"%(trailers:key={key},valueonly,separator=%x2C)" for key in ("Ops-Issue", "Ops-Pull", "Tested-Tree"))
    log = git(forge, "log", "-z", f"--format=%H%x00%P%x00%T%x00{trailers}%x00%s", f"refs/heads/{trunk}", "--").out
    words = iter(log.removesuffix("\0").split("\0"))
    return tuple(_commit(row) for row in zip(*[words] * 7, strict=True))


def _commit(row: tuple[str, ...]) -> Commit:
    oid, parents, tree, issue, pull, tested, title = row
    return Commit(
        oid=Oid(oid),
        parents=tuple(Oid(parent) for parent in parents.split()),
        tree=Tree(tree),
        issue=issue,
        pull=pull,
        tested=tested,
        title=title,
    )


def landed(issue: int, commits: Sequence[Commit]) -> tuple[Landed, list[str]]:
    """What landed for an issue, and what is wrong with it."""
    mine = [commit for commit in commits if commit.issue == str(issue)]
    if len(mine) != 1:
        said = "did not land" if not mine else f"landed {len(mine)} times: {', '.join(c.oid[:12] for c in mine)}"
        return Landed(issue=issue, title=None, pull=None, commit=None, tree=None), [f"issue {issue} {said}"]
    (commit,) = mine
    pull = int(commit.pull) if commit.pull.isdecimal() else None
    problems = []
    if pull is None:
        problems.append(f"issue {issue}: commit {commit.oid[:12]} names no pull")
    if commit.tested != commit.tree:
        problems.append(f"issue {issue}: tree {commit.tree[:12]} landed, tested was {commit.tested[:12] or 'none'}")
    return Landed(issue=issue, title=commit.title, pull=pull, commit=commit.oid, tree=commit.tree), problems


def trunk_problems(commits: Sequence[Commit], issues: Sequence[int]) -> Iterator[str]:
    """Linear, and nothing on it but what was planted and what was asked for."""
    for commit in commits:
        if len(commit.parents) > 1:
            yield f"the trunk is not linear: {commit.oid[:12]} has {len(commit.parents)} parents"
        if not commit.issue and commit.parents:
            yield f"{commit.oid[:12]} came to the trunk from no issue"
        if commit.issue and commit.issue not in map(str, issues):
            yield f"{commit.oid[:12]} is for issue {commit.issue}, which is none of these"


def ref_problems(forge: Path, trunk: str) -> Iterator[str]:
    """Branches and refs that a task should have taken with it."""
    for name in git(forge, "for-each-ref", "--format=%(refname)", *MUST_BE_GONE).out.split():
        if name != f"refs/heads/{trunk}":
            yield f"left in the forge: {name}"


def folder_problems(state: Path) -> Iterator[str]:
    """Worktrees and repositories of tasks and checks that are still there."""
    for name in MUST_BE_EMPTY:
        folder = state / name
        if folder.is_dir():
            yield from (f"left under the state folder: {name}/{left.name}" for left in sorted(folder.iterdir()))


def window_problems(server: str) -> Iterator[str]:
    """Windows of slots and bays in which something still runs. No server is none; one that does not answer proves nothing."""
    try:
        asked = subprocess.run(
            ["tmux", "-u", "-L", server, "list-panes", "-a", "-F", "#{pane_dead} #{window_name}"],
            env=os.environ | {"LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TMUX_WAIT_S,
        )
    except (OSError, subprocess.TimeoutExpired) as wrong:
        yield f"tmux could not be asked: {wrong}"
        return
    if asked.returncode:
        if not asked.stderr.startswith(("no server running", "error connecting")):
            yield f"tmux could not be asked: {asked.stderr.strip()}"
        return
    for line in asked.stdout.splitlines():
        dead, _, name = line.partition(" ")
        if dead != "1" and name[:1] in "wc" and name[1:].isdecimal():
            yield f"window {name} is still alive"


def process_problems(state: Path, proc: Path = Path("/proc")) -> Iterator[str]:
    """Processes of a run of this state folder: they carry OPS_RUN, and the folder in environment, command or working folder."""
    ours = _ancestors(proc)
    folders = {os.fsencode(state.absolute()), os.fsencode(state.resolve())}
    for process in proc.iterdir():
        if process.name.isdecimal() and int(process.name) not in ours and _belongs(process, folders):
            command = _read(process / "cmdline").replace(b"\0", b" ").decode(errors="replace").strip()
            yield f"process {process.name} is still alive: {command[:120]}"


def _belongs(process: Path, folders: Collection[bytes]) -> bool:
    environment = _read(process / "environ").split(b"\0")
    if not any(word.startswith(b"OPS_RUN=") for word in environment):
        return False
    try:
        where = os.fsencode((process / "cwd").readlink())
    except OSError:
        where = b""
    words = [*(word.partition(b"=")[2] for word in environment), *_read(process / "cmdline").split(b"\0"), where]
    return any(word == folder or folder + b"/" in word for word in words for folder in folders)


def _read(file: Path) -> bytes:
    """Empty when the process has ended meanwhile, or is another user's and so none of ours."""
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _ancestors(proc: Path) -> frozenset[int]:
    """This process and those that started it: the demo may itself be run by a worker of another console."""
    found, pid = set(), os.getpid()
    while pid > 0:
        found.add(pid)
        # The name, in brackets, may hold anything; after it come the state and the parent.
        fields = _read(proc / str(pid) / "stat").rpartition(b")")[2].split()
        pid = int(fields[1]) if len(fields) > 1 else 0
    return frozenset(found)


def still_alive(state: Path, server: str, grace_s: float) -> list[str]:
    """Windows and processes that are left. What is on its way out may take ``grace_s`` seconds: on a busy machine it does."""
    until = time.monotonic() + grace_s
    while (left := [*window_problems(server), *process_problems(state)]) and time.monotonic() < until:
        time.sleep(0.1)
    return left


def judge(forge: Path, state: Path, server: str, trunk: str, issues: Sequence[int], grace_s: float) -> dict[str, object]:
    """The object that is printed. A question that git does not answer is a problem, never a pass."""
    rows: list[Landed] = []
    problems: list[str] = []
    try:
        commits = trunk_commits(forge, trunk)
        for issue in issues:
            row, wrong = landed(issue, commits)
            rows.append(row)
            problems += wrong
        problems += [*trunk_problems(commits, issues), *ref_problems(forge, trunk)]
    except GitFailed as wrong_answer:
        problems.append(f"the forge's repository could not be read: {wrong_answer.said}")
    problems += [*folder_problems(state), *still_alive(state, server, grace_s)]
    return {"schema": 1, "ok": not problems, "issues": [asdict(row) for row in rows], "problems": problems}


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--forge", type=Path, required=True, help="the forge's bare repository")
    parser.add_argument("--state", type=Path, required=True, help="the repository's folder under the state folder")
    parser.add_argument("--tmux", required=True, help="the name of the tmux server (tmux -L)")
    parser.add_argument("--trunk", default="main")
    parser.add_argument("--grace", type=float, default=5.0, help="seconds for what is on its way out (default: 5)")
    parser.add_argument("issues", type=int, nargs="+", help="the numbers of the issues that must have landed")
    args = parser.parse_args(argv)
    verdict = judge(args.forge, args.state, args.tmux, args.trunk, args.issues, args.grace)
    print(json.dumps(verdict))
    return 0 if verdict["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
