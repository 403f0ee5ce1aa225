"""Recorded exchanges with real forges, cut for the tests: what Gitea 1.26 and Forgejo 10 answered, request by request."""

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data" / "contract"


@cache
def records(forge: str) -> tuple[dict[str, Any], ...]:
    """All records of `gitea` or `forgejo`, in the order they were asked.

    A record has `case`, `step`, `as` (who asked) and one of `request` with `response`, `git` (a git command's words, with `rc`,
    `stdout` and `stderr`), or `fact`. `trimmed` marks a body of which only the counts are whole.
    """
    return tuple(json.loads(line) for line in gzip.decompress((DATA / f"{forge}.jsonl.gz").read_bytes()).splitlines())


def case(forge: str, name: str) -> tuple[dict[str, Any], ...]:
    return tuple(record for record in records(forge) if record["case"] == name)
