"""The console as a process, over a state folder and a real tmux session: ``python live_console.py STATE SERVER FOLDER``."""

import sys
from pathlib import Path

from console.tui.app import OpsApp
from panes.session import Session

if __name__ == "__main__":
    state, server, folder = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    print("left:", OpsApp(state, state / "standing.json", Session(server, folder, ["sleep", "600"]), False, state / "prefs.json").run())
