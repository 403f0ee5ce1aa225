"""What an agent says of its own run, in the form made for machines: an exit code alone proves only that it ended."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

READ_BYTES = 1_000_000  # of the end of what a run wrote


def complaint(form: str, output: str) -> str | None:
    """Why the run was no success by its own account; None: it says it was, or this form has no account.

    An account that is not there at all is a complaint too: unknown is not success.
    """
    return FORMS[form](output)


def _claude(output: str) -> str | None:
    said = next((it for it in reversed([*_events(output)]) if it.get("type") == "result"), None)
    if said is None:
        return "it ended without a result"
    if said.get("is_error"):  # its subtype may still be "success"
        return str(said.get("result") or said.get("subtype") or "it says it failed")[:300]
    if denied := said.get("permission_denials"):
        names = {str(it.get("tool_name")) for it in denied if isinstance(it, dict)}
        return f"it was not allowed to use {', '.join(sorted(names)) or 'something'}"
    return None


def _codex(output: str) -> str | None:
    turns = [it for it in _events(output) if it.get("type") in ("turn.completed", "turn.failed")]
    if not turns:
        return "it ended in the middle of its turn"
    if turns[-1]["type"] == "turn.completed":
        return None
    error = turns[-1].get("error")
    return str(error.get("message") if isinstance(error, dict) else error)[:300]


def _events(output: str) -> Iterator[Mapping[str, Any]]:
    """The lines that are JSON objects; a line cut in the middle is none."""
    for line in output.split("\n"):
        if line.startswith("{"):
            try:
                yield json.loads(line)
            except ValueError:
                continue


FORMS: Mapping[str, Callable[[str], str | None]] = {"claude-json": _claude, "codex-jsonl": _codex, "exit-code": lambda output: None}
