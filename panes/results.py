"""What an agent's own output says of how its run went: one reader a format, pure, over the text and the exit code.

An exit code of 0 proves nothing: claude calls a refused payment a success (and says ``is_error`` beside it), hermes ends with 0 whatever
its provider said. So a format that tells must tell: where the word for "done" is missing, the run is not good. The text is what a
terminal was given, perhaps only the last of it: escapes in it, its first line cut.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from panes.seen import Reading, Result

LAST_BYTES = 1_000_000  # of the output are read: the last word stands at the end, and one line of it may be long

Provider = Literal["limit", "credit", "login"]
Said = Mapping[str, Any]

_ESCAPES = re.compile(r"\x1b(?:\][^\x07\x1b]*(?:\x07|\x1b\\)|\[[0-?]*[ -/]*[@-~]|[@-Z\\^_])")
_PROVIDER: tuple[tuple[Provider, re.Pattern[str]], ...] = (
    ("credit", re.compile(r"\b402\b|credit balance|(insufficient|out of( usage)?) credits?|quota exceeded|billing_error", re.I)),
    ("login", re.compile(r"\b401\b|unauthori[sz]ed|(invalid|incorrect) api key|not logged in|/login\b", re.I)),
    ("limit", re.compile(r"\b429\b|rate.?limit|usage limit|hit your .{0,40}limit|limit reached", re.I)),
)
# What hermes writes in place of an answer, as the beginning of a line.
_HERMES = re.compile(
    r"\W*(API call failed|HTTP [45]\d\d\b|Response truncated due to|Context length exceeded|Rate limited after|Non-retryable error)"
)
# What both generations of kimi write beside their events when they give up.
_KIMI = re.compile(r"error: (.+)|(LLM \w.+|Max steps reached.*)")


def read(reading: Reading, text: str, code: int | None) -> Result | None:
    """None: this kind's output says nothing, its exit code is all there is."""
    return _READERS[reading](_ESCAPES.sub("", text), code) if reading in _READERS else None


def _claude(text: str, code: int | None) -> Result:
    """The last ``result``; without one, what it was told when it asked the last time."""
    events = list(_events(text))
    said = next((e for e in reversed(events) if e.get("type") == "result"), None)
    if said is None:
        retry = next((e for e in reversed(events) if e.get("subtype") == "api_retry"), None)
        return _refused(f"{retry.get('error_status')} {retry.get('error')}, try {retry.get('attempt')}") if retry else _silent(code)
    usage = _part(said, "usage")
    counted = [usage.get(k) for k in ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")]
    denials = said.get("permission_denials") or []
    tools = sorted({str(d.get("tool_name")) for d in denials if isinstance(d, dict)})
    status = said.get("api_error_status")
    why = f"{said.get('result') or said.get('subtype')}" + (f" ({status})" if status else "")
    failed = said.get("is_error") is not False or said.get("subtype") != "success"
    if denials and not failed:
        why = f"{len(denials)} of its calls were not permitted: {', '.join(tools)}"
    return Result(
        ok=not failed and not denials,
        why=_sentence(why) if failed or denials else "",
        tokens_in=sum(n for n in counted if isinstance(n, int)) if usage else None,
        tokens_out=_number(usage.get("output_tokens")),
        usd=_number(said.get("total_cost_usd")),
        model=_most(_part(said, "modelUsage")),
        denied=len(denials),
        provider=_provider(f"{why} {said.get('api_error_type')}") if failed else None,
    )


def _codex(text: str, code: int | None) -> Result:
    """``turn.completed`` or ``turn.failed``, whichever came last. An ``error`` before it may have been mended by another try."""
    last = next((e for e in reversed(list(_events(text))) if e.get("type") in ("turn.completed", "turn.failed", "error")), None)
    if last is None:
        return _silent(code)
    if last["type"] != "turn.completed":
        return _refused(str(_part(last, "error").get("message") or last.get("message")))
    usage = _part(last, "usage")
    return Result(ok=True, tokens_in=_number(usage.get("input_tokens")), tokens_out=_number(usage.get("output_tokens")))


def _kimi(text: str, code: int | None) -> Result:
    """Its last message is words and not another call, and no try went wrong after it. What it gives up on it says beside the events."""
    last = next((e for e in reversed(list(_events(text))) if e.get("role") != "meta" or e.get("type") == "turn.step.retrying"), None)
    if code == 0 and last and last.get("role") == "assistant" and last.get("content") and not last.get("tool_calls"):
        return Result(ok=True)
    wrong = next((m[1] or m[2] for line in reversed(text.split("\n")) if (m := _KIMI.match(line))), None)
    if wrong:
        return _refused(wrong)
    return _refused(str(last.get("error_message"))) if last and last.get("role") == "meta" else _silent(code)


def _hermes(text: str, code: int | None) -> Result:
    """It never says that it did well, only that it did not, in one of its last lines."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    wrong = next((line for line in reversed(lines[-5:]) if _HERMES.match(line)), None)
    if wrong:
        return _refused(wrong)
    return Result(ok=None) if lines else _silent(code)


def _gateway(text: str, code: int | None) -> Result:
    """The last line of ``panes.gateway``."""
    said = next((e for e in reversed(list(_events(text))) if e.get("type") == "gateway"), None)
    if said is None or (said.get("ok") is True and code):  # the answer may hold such a line; the last word comes before an end with 0
        return _silent(code)
    used = {k: _number(said.get(k)) for k in ("tokens_in", "tokens_out", "usd")}
    if said.get("ok") is True:
        return Result(ok=True, model=_name(said.get("model")), **used)
    why = str(said.get("why"))
    return Result(ok=False, why=_sentence(why), model=_name(said.get("model")), provider=_provider(why), **used)


_READERS: Mapping[Reading, Callable[[str, int | None], Result]] = {
    "claude-json": _claude,
    "codex-jsonl": _codex,
    "kimi-jsonl": _kimi,
    "hermes-text": _hermes,
    "gateway-json": _gateway,
}


def _events(text: str) -> Iterator[Said]:
    """The JSON objects that are a line each (a line ends with its feed alone: strings may hold other separators). The first may be cut."""
    for number, line in enumerate(text.split("\n")):
        said = _json(line.strip()) or (_rest(line) if number == 0 else None)
        if said is not None:
            yield said


def _json(line: str) -> Said | None:
    try:
        said = json.loads(line) if line.startswith("{") else None
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def _rest(line: str) -> Said | None:
    """An object without its beginning, from the first of its own keys on: from one that is deeper in, what follows is no object.

    A quote inside a string stands behind a backslash, so what matches is a key or a string's end.
    """
    if '"type":"result"' not in line:
        return None
    starts = (match.start(1) for match in re.finditer(r',("\w+":)', line))
    return next((said for start in starts if (said := _json("{" + line[start:]))), None)


def _part(said: Said, name: str) -> Said:
    part = said.get(name)
    return part if isinstance(part, dict) else {}


def _most(used: Said) -> str | None:
    """The model that wrote most of it: small things go to smaller ones."""
    return max(used, key=lambda name: _number(_part(used, name).get("outputTokens")) or 0, default=None)


def _name(value: object) -> str | None:
    return _sentence(value) if isinstance(value, str) and value else None


def _number(value: object) -> Any:
    return value if isinstance(value, int | float) else None


def _refused(why: str) -> Result:
    return Result(ok=False, why=_sentence(why), provider=_provider(why))


def _silent(code: int | None) -> Result:
    """It never said how it went. With a code of its own that is the better reason."""
    return Result(ok=None) if code else Result(ok=False, why="it ended without saying that it was done")


def _provider(why: str) -> Provider | None:
    return next((name for name, pattern in _PROVIDER if pattern.search(why)), None)


def _sentence(text: str) -> str:
    """One line for people, at most 300 characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:300]
