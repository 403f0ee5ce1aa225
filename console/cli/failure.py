"""What a command ends with when it cannot do it: a code, a sentence, the way out. Never a traceback."""

import json
import sys

USAGE, SETTINGS, FORGE, STALE, INTERRUPTED = 2, 3, 4, 5, 130


class Failure(Exception):
    """Ends the command with ``code``; ``remedy``: what the operator can do, "" when nothing is known."""

    def __init__(self, code: int, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.remedy = remedy


def show(failure: Failure, as_json: bool) -> None:
    """Says it: on stderr for people, as one object on stdout for `--json`."""
    if as_json:
        error = {"code": failure.code, "message": failure.message, "remedy": failure.remedy or None}
        print(json.dumps({"schema": 1, "error": error}, ensure_ascii=False))
    else:
        print(f"ops-console: {failure.message}" + (f"\n  {failure.remedy}" if failure.remedy else ""), file=sys.stderr)
