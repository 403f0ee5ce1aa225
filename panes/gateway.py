"""Runs in a pane as the worker of kind ``gateway``: ``python -I -S …/panes/gateway.py URL KEY MODEL < prompt``; standard library only.

It posts the prompt to ``URL/v1/chat/completions``, shows the answer while it comes, and says how it went in one JSON object on its last
line (``panes.results`` reads it as ``gateway-json``). ``KEY`` is the name of the variable with the server's key, which need not be set;
``MODEL`` may be empty. Nothing is tried twice: whoever started it decides about that.
"""

import http.client
import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

QUIET_S = 600.0  # without a byte from the server, not even a comment to keep the line open
HEALTH_S = 3.0
MODEL = "hermes-agent"  # what is asked for when nobody says; agents behind a server mostly ignore it
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
WHERE = "You work in the folder {where}, a git worktree: run every command there, and read every path in what follows from there.\n\n"


class Failed(Exception):
    """It did not do it; the text is a sentence for people. ``status``: of an HTTP refusal, else 0."""

    def __init__(self, why: str, status: int = 0) -> None:
        super().__init__(why)
        self.status = status


@dataclass
class Told:
    """What the server has said so far. ``end``: why it stopped; None: it did not say that it had."""

    end: str | None = None
    model: str | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    usd: float | None = None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The key is for the server that was named, and for no other."""

    def redirect_request(self, *_: Any) -> None:
        return None


def opened(url: str, data: bytes | None, headers: dict[str, str], seconds: float) -> Any:
    """The server's answer, to be closed. Failed: there is none, or it is a refusal."""
    request = urllib.request.Request(url, data, headers)
    through = [urllib.request.ProxyHandler({})] if request.host.rpartition(":")[0] in LOOPBACK else []
    try:
        return urllib.request.build_opener(_NoRedirect, *through).open(request, timeout=seconds)
    except urllib.error.HTTPError as refused:
        with refused:
            why = f"{refused.code} {refused.reason}: {reason(refused, refused.headers.get_content_type())}"
            raise Failed(why, refused.code) from refused
    except (OSError, http.client.HTTPException) as bad:
        said = getattr(bad, "reason", bad)
        if isinstance(said, TimeoutError):
            raise Failed(f"{url} has said nothing for {seconds:g} s") from bad
        raise Failed(f"nothing answers at {url}: {said}") from bad


def reason(body: IO[bytes], kind: str) -> str:
    """Why a server refused, out of what it sent."""
    try:
        text = body.read(100_000).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException):
        return "it did not say why"
    if kind == "text/html" or text.lstrip().startswith("<"):
        return "it sent a page of HTML, as something else than a chat server does"
    try:
        return complaint(json.loads(text)) or text[:300]
    except ValueError:
        return text[:300].strip() or "it did not say why"


def complaint(said: Any) -> str | None:
    """The error in an answer, which may come with any status; None: there is none."""
    error = said.get("error") if isinstance(said, dict) else None
    if not error:
        return None
    return str(error.get("message") or error) if isinstance(error, dict) else str(error)


def healthy(url: str) -> str | None:
    """What speaks against the server at ``url``, a sentence; None: it says that it is well, or has no such page."""
    try:
        with opened(f"{url.rstrip('/')}/health", None, {}, HEALTH_S) as answer:
            if answer.headers.get_content_type() == "text/html":
                return f"{url} answers with a page of HTML, as something else than a chat server does"
    except Failed as bad:
        return None if bad.status in (404, 405) else str(bad)
    return None


def ask(url: str, key: str | None, model: str, prompt: str, told: Told, quiet: float = QUIET_S) -> Iterator[str]:
    """Posts the prompt and yields the answer's text as it comes. Failed: as its sentence says; ``told`` has what came before."""
    headers = {"content-type": "application/json", "accept": "text/event-stream"} | ({"authorization": f"Bearer {key}"} if key else {})
    asked = {"model": model or MODEL, "stream": True, "messages": [{"role": "user", "content": prompt}]}
    with opened(f"{url.rstrip('/')}/v1/chat/completions", json.dumps(asked).encode(), headers, quiet) as answer:
        kind = answer.headers.get_content_type()
        try:
            for event in events(answer) if kind == "text/event-stream" else whole(answer, kind):
                yield from taken(event, told)
        except TimeoutError as late:
            raise Failed(f"it has said nothing for {quiet:g} s") from late
        except (OSError, http.client.HTTPException) as bad:
            raise Failed(f"its answer broke off: {bad}") from bad
    if told.end is None:
        raise Failed("its answer broke off before it said that it was done")
    if told.end != "stop":
        raise Failed(f"its answer ended early: {told.end}")


def events(answer: Any) -> Iterator[Any]:
    """The JSON values of a stream of server-sent events."""
    for line in answer:
        data = line.removeprefix(b"data:").strip() if line.startswith(b"data:") else b""
        if not data or data == b"[DONE]":
            continue
        try:
            yield json.loads(data)
        except ValueError as bad:
            raise Failed(f"its answer is spoilt: {data[:100].decode('utf-8', 'replace')}") from bad


def whole(answer: Any, kind: str) -> Iterator[Any]:
    """The one JSON value of a server that does not stream."""
    text = answer.read()
    try:
        yield json.loads(text)
    except ValueError as bad:
        what = "a page of HTML" if kind == "text/html" else kind
        raise Failed(f"it answered with {what}, as something else than a chat server does: is the address right?") from bad


def taken(event: Any, told: Told) -> Iterator[str]:
    """The text in one event, the rest into ``told``."""
    if wrong := complaint(event):
        raise Failed(wrong)
    if not isinstance(event, dict):
        return
    told.model = event.get("model") or told.model
    if isinstance(usage := event.get("usage"), dict):
        told.tokens_in, told.tokens_out, told.usd = (usage.get(k) for k in ("prompt_tokens", "completion_tokens", "cost"))
    for choice in event.get("choices") or []:
        said = choice.get("delta") or choice.get("message") or {}
        yield said.get("content") or ""
        told.end = choice.get("finish_reason") or told.end


def main(words: list[str]) -> int:
    url, key, model = words
    told, why = Told(), ""
    prompt = WHERE.format(where=Path.cwd()) + sys.stdin.buffer.read().decode("utf-8", "replace")
    print(f"asking {url}", flush=True)
    try:
        for text in ask(url, os.environ.get(key), model, prompt, told):
            print("".join(c for c in text if c.isprintable() or c in "\n\t"), end="", flush=True)
    except Failed as bad:
        why = str(bad)
        if bad.status in (401, 403):
            why += f" (its key is what {key} holds)" if os.environ.get(key) else f" (no key is sent: {key} is not set)"
    print("\n" + json.dumps({"type": "gateway", "ok": not why, "why": why} | asdict(told)))
    return 1 if why else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
