"""The guessed check that the operator agreed to, kept beside what they said of the mode: asked for once, and again when it is another."""

import json

from console.engine.files import replace
from console.place import Place


def agreed(place: Place) -> str | None:
    """The command that they said yes to; None: to none, or what was kept cannot be read."""
    try:
        said = json.loads(place.standing.with_name("check.json").read_text())
    except (OSError, ValueError):
        return None
    return said.get("command") if isinstance(said, dict) else None


def agree(place: Place, command: str) -> None:
    place.standing.parent.mkdir(parents=True, exist_ok=True)
    replace(place.standing.with_name("check.json"), json.dumps({"command": command}))
