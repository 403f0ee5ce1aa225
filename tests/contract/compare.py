"""A recorded answer beside one of today: what has to agree, and what does not."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx

JSON = "application/json"
VALUES = frozenset({"state", "merged", "mergeable", "draft", "number", "total_count"})  # compared as they are; of all else keys and types
SAID = re.compile(r"error|fatal|hint|warning|rejected")  # what of git's stderr has to agree; the rest is how the server says hello
MORE = " is too much"

_MASK = re.compile(r"\b[0-9a-f]{7,40}\b|\d+")
_HOST = re.compile(r"https?://[^/\s\"]+")


def masked(text: str) -> str:
    """Without the numbers, commit ids and addresses that differ from server to server."""
    return _MASK.sub("#", _HOST.sub("", text))


def answers(recorded: dict[str, Any], answer: httpx.Response, *, trimmed: bool, exact: bool) -> Iterator[str]:
    """The differences. ``recorded``: a record's response; ``trimmed``: of its body only the counts are whole; ``exact``: no key more."""
    if recorded["status"] != answer.status_code:
        yield f"status {recorded['status']}, got {answer.status_code} {answer.text[:300]}"
        return
    for name, said in (("content-type", str), ("x-total-count", str), ("location", masked), ("link", links)):
        was, now = (said(text) if text else text for text in (recorded["headers"].get(name), answer.headers.get(name)))
        if was != now:
            yield f"{name} {was}, got {now}"
    if "json" in recorded and answer.headers.get("content-type", "").startswith(JSON):
        differences = bodies("", recorded["json"], answer.json(), trimmed)
        yield from (said for said in differences if exact or not said.endswith(MORE))
    elif recorded.get("text", "") != answer.text and masked(recorded.get("text", "")) != masked(answer.text):
        yield f"text {recorded.get('text')!r}, got {answer.text!r}"


def links(header: str) -> dict[str, str]:
    """``rel`` → where it leads, below the host, parameters sorted."""
    found = {}
    for part in header.split(","):
        address, _, rel = part.partition(";")
        url = httpx.URL(address.strip(" <>"))
        found[rel.strip()] = f"{url.path}?{sorted(url.params.multi_items())}"
    return found


def bodies(where: str, was: Any, now: Any, trimmed: bool) -> Iterator[str]:
    """Keys and types, lists by their length and first element, ``VALUES`` and messages as they are."""
    name = where.rpartition(".")[2]
    if kind(was) != kind(now):
        yield f"{where or 'body'} {kind(was)}, got {kind(now)} {json.dumps(now)[:200]}"
    elif isinstance(was, list):
        if len(was) != len(now):
            yield f"{where or 'body'} of {len(was)}, got {len(now)}"
        elif was:
            yield from bodies(f"{where}[0]", was[0], now[0], trimmed)
    elif isinstance(was, dict) and not trimmed:
        for lacking in sorted(was.keys() - now.keys()):
            yield f"{where}.{lacking} is lacking"
        for more in sorted(now.keys() - was.keys()):
            yield f"{where}.{more}{MORE}"
        for key in was.keys() & now.keys():
            yield from bodies(f"{where}.{key}", was[key], now[key], trimmed)
    elif name == "message" and not where.startswith((".commit", "[0]")):
        if masked(was) != masked(now):
            yield f"message {was!r}, got {now!r}"
    elif name in VALUES and was != now:
        yield f"{where} {was!r}, got {now!r}"


def kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    return {int: "number", float: "number", str: "text", list: "list", dict: "object"}.get(type(value), "null")


def gits(recorded: dict[str, Any], code: int, out: str, err: str) -> Iterator[str]:
    """The same for a git command: its code, its stdout, and of its stderr what was refused."""
    if recorded["rc"] != code:
        yield f"code {recorded['rc']}, got {code} {err}"
    if masked(recorded["stdout"]) != masked(out):
        yield f"stdout {recorded['stdout']!r}, got {out!r}"
    was, now = ([masked(line).rstrip() for line in text.splitlines() if SAID.search(line)] for text in (recorded["stderr"], err))
    if was != now:
        yield f"stderr {was}, got {now}"
