"""The `ops.yaml` that `init` writes: small, commented, and understood by what reads it."""

import json
import os
from pathlib import Path

from console.cli.questions import Answers
from console.errors import SettingsError
from console.redact import redact
from console.settings import read

MODE = "watch: nothing by itself; assist: what you ask for; auto: all that is ready"
COLUMN = 36


def text(of: Answers, kind: str) -> str:
    """``kind``: which server it is; not looked at for a folder on this machine."""
    lines = [
        "# Settings of ops-console, written by `ops-console init`. All there are, with their meaning: ops.example.yaml in its repository.",
        "",
        commented(f"mode: {of.mode}", MODE),
    ]
    if of.where.url:
        server = f"forge: {{kind: {kind}, url: {json.dumps(of.where.url)}}}"
        lines.append(commented(server, "its token is not here: `ops-console login` keeps it"))
    lines += ["", "repos:", f"  {of.where.repo}:"]
    if of.where.url:
        lines.append(commented(f"    trunk: {json.dumps(of.trunk)}", "the protected branch"))
    if of.check:
        lines.append(commented(f"    check: {scalar(of.check)}", "what a change must pass, in a clean checkout of its own"))
    else:
        lines.append("    # check: make test   (what a change must pass; nothing can land before it is set)")
    slots = ", ".join(f"{name}: {count}" for name, count in of.workers.slots.items())
    lines.append(commented(f"    workers: {{{slots}}}", "slots of each kind; `ops-console kinds` lists them"))
    if of.workers.command:
        lines.append(f"    kinds: {{script: {{command: {scalar(of.workers.command)}}}}}")
    return "\n".join(lines) + "\n"


def commented(line: str, says: str) -> str:
    return f"{line:{COLUMN}}  # {says}"


def scalar(command: str) -> str:
    """A command as YAML takes it for certain: JSON's strings are YAML's too."""
    return json.dumps(command, ensure_ascii=False)


def write(path: Path, settings: str) -> None:
    """Puts the settings there, whole, once they are understood. Raises FileExistsError when something is there, SettingsError, OSError."""
    if redact(settings) != settings:
        raise SettingsError(f"a command with a secret in it does not go into {path.name}: let its program read it from a file of its own")
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        fresh.write_text(settings, encoding="utf-8")
        read(fresh)
        os.link(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)
