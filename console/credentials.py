"""The forge's token: found where it may be kept, and taken out of the environment so that no process of ours hands it on."""

import os
import re
import stat
from pathlib import Path
from urllib.parse import urlsplit

from console.errors import SettingsError
from console.place import config_folder
from console.redact import know
from console.settings import ForgeSettings

VARIABLE = "OPS_FORGE_TOKEN"
TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]+")  # what the standards let stand in a header
TAKEN: dict[str, str] = {}  # by this process, from variables


def token(forge: ForgeSettings) -> str:
    """The settings' file or variable, then OPS_FORGE_TOKEN, then what `login` kept. Raises SettingsError; its text has no token in it."""
    if forge.token.file:
        return from_file(Path(forge.token.file).expanduser())
    if forge.token.env:
        if found := variable(forge.token.env):
            return found
        raise SettingsError(f"forge.token.env names {forge.token.env}, and there is no such environment variable (or it is empty)")
    if found := variable(VARIABLE):
        return found
    kept = kept_for(forge.url or "")
    if kept.exists():
        return from_file(kept)
    raise SettingsError(f"there is no token for {forge.url}: `ops-console login` asks for one and keeps it")


def kept_for(url: str) -> Path:
    """Where the token for a forge is kept, a file a host."""
    return config_folder() / "tokens" / urlsplit(url).netloc.replace(":", "_")


def keep(url: str, secret: str) -> Path:
    """Writes it, for this user alone from its first byte on."""
    path = kept_for(url)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secret + "\n")
    fresh.replace(path)
    return path


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
