"""The forge's token: found where it may be kept, and taken out of the environment so that no process of ours hands it on."""

import os
import re
import stat
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from console import keyring
from console.errors import SettingsError
from console.place import config_folder
from console.redact import know
from console.settings import ForgeSettings

VARIABLE = "OPS_FORGE_TOKEN"
TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]+")  # what the standards let stand in a header
TAKEN: dict[str, str] = {}  # by this process, from variables


def token(forge: ForgeSettings) -> str:
    """From where the settings say; else OPS_FORGE_TOKEN, the system's keyring, what `login` kept. SettingsError never has a token in it."""
    url = forge.url or ""
    if forge.token.file:
        return from_file(Path(forge.token.file).expanduser())
    if forge.token.env:
        if found := variable(forge.token.env):
            return found
        raise SettingsError(f"forge.token.env names {forge.token.env}, and there is no such environment variable (or it is empty)")
    if not forge.token.keyring and (found := variable(VARIABLE)):
        return found
    if found := keyring.get(host(url)):
        return sound(found, "the system keyring")
    if forge.token.keyring:
        raise SettingsError(f"the system keyring gave no token for {host(url)}: `ops-console login` asks for one and keeps it there")
    kept = kept_for(url)
    if kept.exists():
        return from_file(kept)
    raise SettingsError(f"there is no token for {url}: `ops-console login` asks for one and keeps it")


def learn(forge: ForgeSettings) -> None:
    """Lets the redactor know a token that lies at hand, in a process that shows workers' screens and has no other use for it."""
    know(os.environ.get(forge.token.env or VARIABLE, ""))
    with suppress(SettingsError):
        from_file(Path(forge.token.file).expanduser() if forge.token.file else kept_for(forge.url or ""))


def host(url: str) -> str:
    """The server, with its port when the address has one: a token is kept for it, not for a repository."""
    return urlsplit(url).netloc


def kept_for(url: str) -> Path:
    """Where `login` keeps the token for a forge, a file a host."""
    return config_folder() / "tokens" / host(url).replace(":", "_")


def of_others() -> tuple[Path, ...]:
    """Where other programs of the operator's may have kept a token of a forge."""
    return tuple(sorted((Path.home() / ".hermes").glob("gitea_token*")))


def keep(path: Path, secret: str) -> None:
    """Writes it, for this user alone from its first byte on."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secret + "\n")
    fresh.replace(path)


def from_file(path: Path) -> str:
    try:
        with path.open() as file:
            mode = os.fstat(file.fileno()).st_mode
            secret = file.read(10_000).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the token in {path} cannot be read: {getattr(error, 'strerror', None) or 'it is not text'}") from error
    if stat.S_IMODE(mode) & 0o077:
        raise SettingsError(f"others can read the token in {path}: `chmod 600 {path}`, and a new token if they may have")
    return sound(secret, str(path))


def sound(secret: str, where: str) -> str:
    """One word that fits into a header; the redactor knows it from here on."""
    if not TOKEN.fullmatch(secret):
        raise SettingsError(f"what is in {where} is no token: that is one word of letters and digits")
    know(secret)
    return secret


def variable(name: str) -> str | None:
    """Taken, not read: git runs the project's hooks, and what we start gets our environment. Remembered for the next who asks."""
    if secret := os.environ.pop(name, "").strip():
        TAKEN[name] = sound(secret, name)
    return TAKEN.get(name)
