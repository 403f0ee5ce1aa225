"""From issue to trunk: what the engine adds to the worker's and the checks' own time, against a script that does the bare git."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from bench.measurement import CannotMeasure, Measurement
from bench.status import home
from console.demo import agent, story
from panes.git import git
from panes.runs import RunFolders


def measure() -> Measurement:
    """The demo's plain issue, alone. Raises CannotMeasure."""
    with home() as folder:
        issues = folder / "issues"
        issues.mkdir()
        plain = sorted(agent.ISSUES.glob("*.toml"))[0]
        shutil.copy(plain, issues)
        return Measurement(bench="issue-to-trunk", ours=_engine(folder, issues), other=_script(folder, issues), unit="s", target=None)


def _engine(folder: Path, issues: Path) -> float:
    """Seconds from the claim to the commit on the trunk, without those in which worker and checks ran."""
    kept = folder / "kept"
    command = [
        sys.executable,
        "-P",
        "-m",
        "console.cli.main",
        "demo",
        "--pace",
        "0",
        "--keep",
        str(kept),
        "--issues",
        str(issues),
        "--json",
    ]
    ran = subprocess.run(command, env=os.environ, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if ran.returncode:
        raise CannotMeasure(f"the demo ended with {ran.returncode}: {ran.stderr[-300:]}")
    whole = json.loads(ran.stdout)["issues"][0]["seconds"]
    (state,) = (kept / "state" / "ops-console").iterdir()
    spent = [run.ended.seconds for run in RunFolders(state / "runs").look() if run.ended and run.about.get("for") != story.TRUNK]
    return float(whole) - sum(spent)


def _script(folder: Path, issues: Path) -> float:
    """Seconds of a worktree, a commit, a squash and tidying up, by git alone and with nothing proven."""
    checkout = story.plant(folder / "bare-larder")
    (told,) = story.story(issues)
    began = time.monotonic()
    work = folder / "work"
    git(checkout, "worktree", "add", "--quiet", "-b", "fix", str(work), story.TRUNK)
    for edit in told.attempts[-1].edits:
        file = work / edit.file
        file.write_text(edit.on(file.read_text()))
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "--message", "fix")
    git(checkout, "merge", "--quiet", "--squash", "fix")
    git(checkout, "commit", "--quiet", "--message", told.title)
    git(checkout, "worktree", "remove", "--force", str(work))
    git(checkout, "branch", "--quiet", "-D", "fix")
    return time.monotonic() - began
