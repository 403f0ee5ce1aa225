"""The demo in a terminal, left before its end."""

import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LIMIT_S = 120.0


@contextmanager
def terminal() -> Iterator[tuple[int, int]]:
    """Both ends of a pty, ours first."""
    ours, theirs = os.openpty()
    try:
        yield ours, theirs
    finally:
        os.close(ours)
        os.close(theirs)


def read(ours: int, until: float) -> bytes:
    """What was written to it within 0.2 s; b"" when nothing was. Fails after ``until``."""
    assert time.monotonic() < until, "the demo neither asked nor ended"
    return os.read(ours, 65_536) if select.select([ours], [], [], 0.2)[0] else b""


def test_the_demo_left_in_the_middle_tells_the_rest_and_ends_with_0(folder: Path) -> None:
    with terminal() as (ours, theirs):
        command = [sys.executable, "-P", "-m", "console.cli.main", "demo", "--pace", "0.3"]
        env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "160", "LINES": "45"}
        demo = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=env, start_new_session=True)
        try:
            said, until = b"", time.monotonic() + LIMIT_S
            for seen, key in ((b"working", b"q"), (b"keep working", b"k")):
                while seen not in said:
                    said += read(ours, until)
                os.write(ours, key)
            while demo.poll() is None:
                said += read(ours, until)
            said += read(ours, until)
        finally:
            if demo.poll() is None:
                demo.terminate()
            demo.wait()
    assert demo.returncode == 0, said[-2_000:].decode(errors="replace")
    assert b"All landed in" in said
