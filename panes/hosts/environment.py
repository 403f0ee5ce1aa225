"""What a worker's environment is: a list of what is let through, and nothing else."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from panes.git import Identity
from panes.session import TERM

# Who and where one is, folders for a program's own settings and login, and the way to the network.
LET_THROUGH = (
    *("USER", "LOGNAME", "TMPDIR", "TZ"),
    *("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"),
)
LOCALE = ("LANG", "LC_ALL", "LC_CTYPE")


def worker_env(identity: Identity, extra: Mapping[str, str]) -> dict[str, str]:
    """Author and committer from ``identity``, then ``extra``. Nothing of our virtual environment, no token, no ``GIT_*`` of a caller's."""
    env = {name: os.environ[name] for name in LET_THROUGH if name in os.environ}
    env |= _locale()
    # git cannot commit, and most agents cannot log in, without HOME.
    env |= {"HOME": os.environ.get("HOME") or str(Path.home()), "PATH": _path(), "TERM": TERM, "SHELL": "/bin/sh"}
    env |= {"GIT_TERMINAL_PROMPT": "0", "GIT_EDITOR": "true"}
    return env | identity.env() | dict(extra)


def _path() -> str:
    """PATH without the folders of our own virtual environment."""
    ours = {Path(sys.prefix, "bin")} if sys.prefix != sys.base_prefix else set()
    if active := os.environ.get("VIRTUAL_ENV"):
        ours.add(Path(active, "bin"))
    return os.pathsep.join(part for part in os.environ.get("PATH", os.defpath).split(os.pathsep) if part and Path(part) not in ours)


def _locale() -> dict[str, str]:
    """As we have it when it is a UTF-8 one: in any other, agents' screens come to pieces."""
    ours = {name: os.environ[name] for name in LOCALE if name in os.environ}
    counts = ours.get("LC_ALL") or ours.get("LC_CTYPE") or ours.get("LANG", "")
    return ours if "utf" in counts.lower() else {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
