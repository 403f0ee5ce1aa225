"""What a project needs before anything can be done in a fresh worktree: run once there, in front of the command of a run, under its shim.

So it has the run's pane, environment and limit, and is ended with it. What it was stands in the worktree's own git folder, which goes
when the worktree goes. Where it fails the command is not run, and ``FAILED`` in the run's folder says so.
"""

from collections.abc import Sequence
from pathlib import Path

FAILED = "setup-failed"

_SCRIPT = """\
failed=$0 setup=$1; shift
done=$(git rev-parse --absolute-git-dir)/ops-setup || exit
if test "$(cat "$done" 2>/dev/null)" != "$setup"; then
  /bin/sh -c "$setup" </dev/null || { code=$?; : > "$failed"; exit $code; }
  printf '%s\\n' "$setup" > "$done"
fi
exec "$@"
"""


def before(argv: Sequence[str], setup: str | None, folder: Path) -> list[str]:
    """The command line that first does the setup, if there is one and it was not done in the worktree before. ``folder``: the run's."""
    return ["/bin/sh", "-c", _SCRIPT, str(folder / FAILED), setup, *argv] if setup else list(argv)
