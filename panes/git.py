"""git as a subprocess with a clean environment: the one way every room runs it.

Hooks, fsmonitor and protocol are set by ``GIT_CONFIG_COUNT`` and nothing but identity and ``safe.directory`` in the file that
``GIT_CONFIG_GLOBAL`` names: git hands that file on to a local ``receive-pack`` and drops the rest, so a ``hooksPath`` there would
switch the forge's own protection off.
"""

import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

GLOBAL = Path(__file__).with_name("git.config")
ZERO = "0" * 40
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

# What git is given of our environment: where programs, folders and the network are. No token or provider's key is among them.
PASSED_ON = (
    *("PATH", "LD_LIBRARY_PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TZ"),
    *("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE"),
)

# What ours must never do in a repository that a worker could write to.
SETTINGS: tuple[tuple[str, str], ...] = (
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.quotePath", "false"),
    ("core.logAllRefUpdates", "false"),
    ("protocol.ext.allow", "never"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("advice.detachedHead", "false"),
    ("commit.gpgSign", "false"),
    ("submodule.recurse", "false"),
)

# Gitea takes the token for itself, whatever account stands beside it.
CREDENTIAL = """!f() { test "$1" = get && printf 'username=ops-console\\npassword=%s\\n' "$OPS_GIT_TOKEN"; }; f"""


class GitFailed(Exception):
    """git ended with a code that was not expected; ``said`` is what it wrote to stderr (and stdout, for pushes)."""

    def __init__(self, args: Iterable[str], code: int, said: str) -> None:
        self.words = tuple(args)
        self.code = code
        self.said = said.strip()
        super().__init__(f"git {' '.join(self.words[:2])} ended with {code}: {self.said[-600:]}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What git said: exit code, stdout, stderr (text, undecodable bytes kept as surrogates)."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Remote:
    """Where git fetches from and pushes to. ``token`` goes into the environment of the git process that asks, and nowhere else."""

    url: str
    token: str | None = field(default=None, repr=False)

    def env(self) -> dict[str, str]:
        """For ``git`` and ``agit``: a credential helper for this host alone.

        It goes as Basic then: as a header of its own Gitea forgets what it may not do.
        """
        if self.token is None:
            return {}
        parts = urlsplit(self.url)
        ours = (("credential.helper", ""), (f"credential.{parts.scheme}://{parts.netloc}.helper", CREDENTIAL))
        return _settings((*SETTINGS, *ours)) | {"OPS_GIT_TOKEN": self.token}


@dataclass(frozen=True, slots=True)
class Identity:
    """Author and committer of what is made in our name."""

    name: str = "Ops Console"
    email: str = "ops@example.invalid"

    def env(self) -> dict[str, str]:
        return {
            "GIT_AUTHOR_NAME": self.name,
            "GIT_AUTHOR_EMAIL": self.email,
            "GIT_COMMITTER_NAME": self.name,
            "GIT_COMMITTER_EMAIL": self.email,
        }


def clean_env(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment git is run in: PASSED_ON of the caller's, no system or user settings, no prompt, C.UTF-8."""
    env = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    env |= {
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(GLOBAL),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
    }
    return env | _settings(SETTINGS) | Identity().env() | dict(extra or {})


def _settings(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    env = {"GIT_CONFIG_COUNT": str(len(pairs))}
    for i, (key, value) in enumerate(pairs):
        env |= {f"GIT_CONFIG_KEY_{i}": key, f"GIT_CONFIG_VALUE_{i}": value}
    return env


def _command(where: Path | str, args: Iterable[str]) -> list[str]:
    return ["git", "-C", str(where), *args]


def git(
    where: Path | str,
    *args: str,
    ok: Iterable[int] = (0,),
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
    timeout: float = 120,
) -> Answer:
    """Runs git in ``where`` and waits. Raises GitFailed for a code not in ``ok``, and when ``timeout`` seconds have passed."""
    try:
        ran = subprocess.run(
            _command(where, args),
            env=clean_env(env),
            input=None if stdin is None else stdin.encode("utf-8", "surrogateescape"),
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            timeout=timeout,
        )
    except subprocess.TimeoutExpired as late:
        raise GitFailed(args, -1, f"no answer within {timeout:g} s") from late
    return _answer(args, ran.returncode, ran.stdout, ran.stderr, ok)


async def agit(
    where: Path | str,
    *args: str,
    ok: Iterable[int] = (0,),
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
    timeout: float = 120,
) -> Answer:
    """``git`` for the event loop. Cancelling ends the process."""
    import asyncio  # 14 ms that `status`, which asks git one thing, does not pay

    process = await asyncio.create_subprocess_exec(
        *_command(where, args),
        env=clean_env(env),
        stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(timeout):
            out, err = await process.communicate(None if stdin is None else stdin.encode("utf-8", "surrogateescape"))
    except TimeoutError as late:
        raise GitFailed(args, -1, f"no answer within {timeout:g} s") from late
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return _answer(args, process.returncode or 0, out, err, ok)


def _answer(args: Iterable[str], code: int, out: bytes, err: bytes, ok: Iterable[int]) -> Answer:
    answer = Answer(code, out.decode("utf-8", "surrogateescape"), err.decode("utf-8", "surrogateescape"))
    if code not in ok:
        # A push says on stdout which ref was refused and why (--porcelain), and on stderr only that it failed.
        raise GitFailed(args, code, f"{answer.out}\n{answer.err}" if "push" in tuple(args) else answer.err or answer.out)
    return answer


def own_git(where: Path | str, *args: str, ok: Iterable[int] = (0,)) -> Answer:
    """git with the operator's own settings, to read and fast-forward their checkout; without a caller's ``GIT_*`` and our ``OPS_*``."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "OPS_"))} | {"LC_ALL": "C.UTF-8", "GIT_TERMINAL_PROMPT": "0"}
    ran = subprocess.run(_command(where, args), env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    return _answer(args, ran.returncode, ran.stdout, ran.stderr, ok)
