"""What the operator once said about leaving while work goes on; kept, so that it is asked once."""

import json
from pathlib import Path
from typing import Literal

Leave = Literal["keep", "stop"]


def remembered(prefs: Path) -> bool:
    """Whether "keep working" was said before. A file that cannot be read has said nothing."""
    try:
        said = json.loads(prefs.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(said, dict) and said.get("leave") == "keep"


def remember(prefs: Path) -> None:
    """Remembers "keep working"; other preferences in the file stay. Raises OSError."""
    try:
        said = json.loads(prefs.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        said = {}
    prefs.parent.mkdir(parents=True, exist_ok=True)
    prefs.write_text(json.dumps({**(said if isinstance(said, dict) else {}), "leave": "keep"}), encoding="utf-8")
