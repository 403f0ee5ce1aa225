"""The operator's terminal, lent to a worker's pane until they detach."""

import asyncio
import os
import shlex
import subprocess
from collections.abc import Sequence

from textual.app import App, SuspendNotSupported


class NoTerminal(Exception):
    """There is no terminal to lend; the text says how to attach instead."""


async def attach(app: App[str], argv: Sequence[str]) -> None:
    """Runs ``argv`` (a tmux attach) on the operator's terminal and comes back when it ends. Raises NoTerminal."""
    if os.environ.get("TMUX"):
        await _popup(argv)
    else:
        _lend(app, argv)


async def _popup(argv: Sequence[str]) -> None:
    """In a pop-up of the tmux the console itself runs in, with the console alive beneath."""
    # What runs in a pop-up has the environment of the operator's tmux server, not ours: it would look for our server elsewhere.
    where = [f"TMUX_TMPDIR={os.environ['TMUX_TMPDIR']}"] if "TMUX_TMPDIR" in os.environ else []
    inner = shlex.join(["env", "-u", "TMUX", *where, *argv])
    popup = ["tmux", "display-popup", "-E", "-w", "90%", "-h", "90%", inner]
    process = await asyncio.create_subprocess_exec(*popup, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, said = await process.communicate()
    # Leaving the pop-up gives the code of what ran in it; words on stderr mean there was no pop-up.
    if process.returncode and said.strip():
        raise NoTerminal(f"tmux has no pop-up for it ({said.decode(errors='replace').strip()}): run {shlex.join(argv)}")


def _lend(app: App[str], argv: Sequence[str]) -> None:
    """With the console suspended.

    In Textual 8.2 anything raised inside ``suspend`` leaves the console dead, and a repaint inside it hangs it: so what is raised
    waits until after the block, and nothing is drawn in it. The loop stands still meanwhile; the engine is another process.
    """
    failed: OSError | None = None
    try:
        with app.suspend(), app.batch_update():
            try:
                subprocess.run(argv, env={k: v for k, v in os.environ.items() if k != "TMUX"}, check=False)
            except OSError as error:
                failed = error
    except SuspendNotSupported:
        raise NoTerminal(f"this terminal cannot be lent: run {shlex.join(argv)}") from None
    if failed:
        raise NoTerminal(f"{failed}: run {shlex.join(argv)}")
