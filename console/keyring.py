"""The system's keyring, asked by a process of its own: a locked one waits for the person at the screen, and we do not.

It costs 0.2 s, and nothing where the library is not installed (`pip install ops-console[keyring]`).
"""

import subprocess
import sys
from functools import cache
from importlib.util import find_spec

from console.errors import SettingsError

ACCOUNT = "token"
GET_S = 10.0
PUT_S = 60.0  # somebody is there, and may have to unlock it


def installed() -> bool:
    return find_spec("keyring") is not None


@cache
def get(host: str) -> str | None:
    """The secret kept for a host. None: it has none, there is no keyring, or it did not answer in time."""
    if not installed():
        return None
    try:
        ran = _keyring("get", host, "", GET_S)
    except subprocess.TimeoutExpired:
        return None
    return ran.stdout.strip() or None if ran.returncode == 0 else None


def put(host: str, secret: str) -> None:
    """Raises SettingsError when it does not take it."""
    if not installed():
        raise SettingsError("the library for the system keyring is not here: `pip install keyring` beside ops-console")
    try:
        ran = _keyring("set", host, secret, PUT_S)
    except subprocess.TimeoutExpired as late:
        raise SettingsError(f"the system keyring did not answer within {PUT_S:g} s: is it locked?") from late
    if ran.returncode:
        said = ran.stderr.strip().splitlines()
        raise SettingsError(f"the system keyring did not take it: {said[-1] if said else 'it does not say why'}")
    get.cache_clear()


def drop(host: str) -> bool:
    """Takes out what it keeps for a host; whether there was something."""
    there = get(host) is not None and _keyring("del", host, "", PUT_S).returncode == 0
    get.cache_clear()
    return there


def _keyring(do: str, host: str, secret: str, deadline_s: float) -> subprocess.CompletedProcess[str]:
    """The library's own command; a secret goes in by stdin and comes out by stdout."""
    words = [sys.executable, "-P", "-m", "keyring", do, f"ops-console/{host}", ACCOUNT]
    return subprocess.run(words, input=secret, capture_output=True, text=True, timeout=deadline_s)
