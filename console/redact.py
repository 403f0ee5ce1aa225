"""The one redactor: secrets taken out of whatever is kept or shown.

Text leaves us through few doors, and each of them calls ``redact``: what the engine writes (`engine.files.replace`, `engine.board.note`),
what is sent to a forge (`wire.Outgoing`), what a worker is told (its prompt), and what a person reads (`streams`, captured screens).
A value that was once told to ``know`` is found whatever surrounds it; of others only what looks like a secret is.
"""

import json
import re
import sys
from base64 import b64encode
from collections.abc import Iterable, Mapping
from io import TextIOWrapper
from typing import TextIO
from urllib.parse import quote

MARK = "[secret]"
LEAST = 8  # characters: a shorter value is found in everything

_known: list[str] = []  # of this process: values and their forms, each before what is part of it

# A project's, a cache's or a signer's key is no secret, and neither is a path or a plain word: they would be taken out everywhere.
SECRET_NAME = re.compile(r"(?:(?:API|AUTH|ACCESS|PRIVATE|SECRET|SERVER)_?KEY|TOKEN|SECRET|PASSWORD|PASSWD)$")
SECRET_VALUE = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[^\s/]\S{11,}")

# None takes a quote or a backslash in, so that JSON stays JSON. Each is tried only where one of its words stands: that is fast.
PATTERNS: tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...] = tuple(
    (words, re.compile(pattern), put)
    for words, pattern, put in (
        (("uthorization", "AUTHORIZATION"), r"(?i)(authorization\W{1,8}(?:token|bearer|basic)\s+)[^\s\"'\\,;]{6,}", rf"\1{MARK}"),
        (("://",), r"://(?!git@)[^\s\"'\\/@]+@", f"://{MARK}@"),
        (("token=", "key="), r"([?&](?:access_token|token|api_?key|key)=)[^\s\"'\\&#]+", rf"\1{MARK}"),
        (("KEY=", "TOKEN=", "SECRET=", "PASSWORD="), r"((?:KEY|TOKEN|SECRET|PASSWORD)=)[^\s\"'\\]{8,}", rf"\1{MARK}"),
        (("sk-",), r"(?<![A-Za-z0-9])sk-[A-Za-z0-9_-]{20,}", MARK),
        (("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"(?<![A-Za-z0-9])gh[opusr]_[A-Za-z0-9]{20,}", MARK),
        (("github_pat_",), r"github_pat_[A-Za-z0-9_]{20,}", MARK),
        (("glpat-",), r"glpat-[A-Za-z0-9_-]{20,}", MARK),
        (("AIza",), r"AIza[A-Za-z0-9_-]{30,}", MARK),
        (("eyJ",), r"(?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}", MARK),
        (("PRIVATE KEY",), r"-----BEGIN[ A-Z]* PRIVATE KEY-----(?:[A-Za-z0-9+/=\s]|\\[nr])*(?:-----END[ A-Z]*-----)?", MARK),
    )
)


def redact(text: str) -> str:
    """``text`` without secrets. May be done twice. JSON stays JSON."""
    for value in _known:
        text = text.replace(value, MARK)
    for words, pattern, put in PATTERNS:
        if any(word in text for word in words):
            text = pattern.sub(put, text)
    return text


def know(secret: str) -> None:
    """From now on this value is taken out, in each of its forms. One too short to be told from other words is not."""
    if len(secret) < LEAST:
        return
    _known.extend(form for form in forms(secret) if form not in _known)
    _known.sort(key=len, reverse=True)


def know_environment(environment: Mapping[str, str]) -> None:
    """The values of variables that are named like secrets, and are not plain words."""
    for name, value in environment.items():
        if SECRET_NAME.search(name) and SECRET_VALUE.fullmatch(value):
            know(value)


def forms(secret: str) -> Iterable[str]:
    """The value as it is, as JSON and addresses have it, and as it comes out in the base64 of anything it is part of (`user:token`)."""
    plain = secret.encode()
    found = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], quote(secret, safe=""), quote(secret)}
    for before in range(3):
        # The characters that depend on the value alone: base64 cuts what it is given into sixes of bits.
        coded = b64encode(b"\0" * before + plain).decode()
        core = coded[(before * 8 + 5) // 6 : (before + len(plain)) * 8 // 6]
        found |= {core, core.replace("+", "-").replace("/", "_")}
    return found if set(secret) & set("\"'\\") else found | {secret}


class _Redacted(TextIOWrapper):
    def write(self, text: str) -> int:
        super().write(redact(text))
        return len(text)


def streams() -> None:
    """From now on nothing that this process prints has a secret in it."""
    sys.stdout, sys.stderr = _redacted(sys.stdout), _redacted(sys.stderr)


def _redacted(stream: TextIO) -> TextIO:
    if not isinstance(stream, TextIOWrapper):  # None: whoever started us closed it
        return stream
    stream.flush()
    return _Redacted(stream.buffer, stream.encoding, stream.errors, line_buffering=stream.line_buffering)
