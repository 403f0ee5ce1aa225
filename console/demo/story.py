"""What the demo is made of: a small real project, its five issues, and the worker that replays an edit for each."""

import shlex
import shutil
import sys
import tomllib
from pathlib import Path

from console.demo import agent
from panes.git import git
from panes.seen import fact

PROJECT = Path(__file__).parent / "project"
TRUNK = "main"

# The project's own test command, for `check:`, by the interpreter that runs us: it is known to have pytest.
CHECK = f"{shlex.quote(sys.executable)} -m pytest -q"


@fact
class Told:
    """An issue of the story, as its reporter wrote it, and the attempts that will be replayed for it."""

    title: str
    body: str
    labels: tuple[str, ...]
    attempts: tuple[agent.Attempt, ...]


def story(folder: Path = agent.ISSUES) -> tuple[Told, ...]:
    """The issues, in the order in which they are filed: one file each, by name."""
    return tuple(_told(file) for file in sorted(folder.glob("*.toml")))


def _told(file: Path) -> Told:
    told = tomllib.loads(file.read_text(encoding="utf-8"))
    return Told(title=told["title"], body=told["body"], labels=tuple(told["labels"]), attempts=agent.attempts(told))


def worker(pace: float, folder: Path = agent.ISSUES) -> str:
    """The command of the kind that replays, with ``{prompt}`` where the prompt's file goes. ``pace``: seconds between its steps."""
    words = [sys.executable, "-P", agent.__file__, "--pace", f"{pace:g}", "--issues", str(folder)]
    return " ".join([*(shlex.quote(word) for word in words), "{prompt}"])


def plant(folder: Path) -> Path:
    """Puts the project into a new folder, as a git repository with one commit on the trunk. Returns the folder."""
    shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns("__pycache__", "*.pyc", ".pytest_cache"))
    git(folder, "init", "--quiet", "--template=", f"--initial-branch={TRUNK}")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "larder 1.2.0")
    return folder
