"""What is a secret is in nothing that is kept or shown."""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console import redact as one
from console import wire
from console.cli import main
from console.core.shown import EventShown
from console.engine import board
from console.engine.files import replace
from console.redact import MARK, forms, know, know_environment, redact

SECRET = "s3cr+t/of~the=forge"


@pytest.fixture(autouse=True)
def known() -> Iterator[None]:
    before = [*one._known]
    know(SECRET)
    yield
    one._known[:] = before


def basic(user: str, secret: str = SECRET) -> str:
    return base64.b64encode(f"{user}:{secret}".encode()).decode()


@pytest.mark.parametrize(
    "said",
    [
        f"remote: {SECRET} is no good",
        f"https://ops:{quote(SECRET, safe='')}@git.example.org/a/b.git",
        f"/search?q={quote(SECRET)}",
        *(basic(user) for user in ("a", "ab", "abc", "ops-console")),
        basic("ops").replace("+", "-").replace("/", "_"),
        json.dumps({"said": SECRET}),
    ],
)
def test_a_known_value_is_found_in_each_of_its_forms(said: str) -> None:
    left = redact(said)
    assert MARK in left
    assert not [form for form in forms(SECRET) if form in left]


@given(st.binary(max_size=9), st.binary(max_size=9))
def test_whatever_stands_around_it_in_base64(before: bytes, after: bytes) -> None:
    assert MARK in redact(base64.b64encode(before + SECRET.encode() + after).decode())


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("Authorization: token 0123456789abcdef", f"Authorization: token {MARK}"),
        ('{"authorization": "Bearer abc.def-123"}', f'{{"authorization": "Bearer {MARK}"}}'),
        ("> AUTHORIZATION: Basic b3BzOnNlY3JldA==", f"> AUTHORIZATION: Basic {MARK}"),
        ("fatal: https://ops:pa55word@git.example.org/x", f"fatal: https://{MARK}@git.example.org/x"),
        ("GET /user?access_token=0123456789&page=1", f"GET /user?access_token={MARK}&page=1"),
        ("ANTHROPIC_API_KEY=whatever-it-is", f"ANTHROPIC_API_KEY={MARK}"),
        ("key sk-ant-api03-0123456789abcdefghij!", f"key {MARK}!"),
        ("ghp_0123456789abcdefghijABCDEFGHIJ", MARK),
        ("a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE+/=\n-----END RSA PRIVATE KEY-----\nb", f"a\n{MARK}\nb"),
    ],
)
def test_what_looks_like_a_secret_is_taken_for_one(said: str, left: str) -> None:
    assert redact(said) == left
    assert redact(left) == left


@pytest.mark.parametrize(
    "said",
    [
        "84d8ba4c1b1e5e3d6a7c0e7a0f2b3c4d5e6f7081 is the trunk",
        "ssh://git@git.example.org/a/b.git and https://git.example.org/@somebody",
        "MAX_TOKENS=100000, the tokenizer, a task-with-a-rather-long-name-to-it",
        "no authorization for basic users",
    ],
)
def test_what_only_resembles_one_is_left_alone(said: str) -> None:
    assert redact(said) == said


PIECES = [SECRET, "PASSWORD=", "://", "@", "-----BEGIN PRIVATE KEY-----\\", 'TOKEN=12345678"', "\\sk-" + "a" * 30]
OUTSIDE = st.lists(st.lists(st.text(max_size=4) | st.sampled_from(PIECES), max_size=6).map("".join), max_size=4)


@given(OUTSIDE)
def test_json_stays_json(said: list[str]) -> None:
    know('with"quotes\\and more 1')
    json.loads(redact(json.dumps(said)))
    json.loads(redact(json.dumps(said, ensure_ascii=False)))


def test_values_of_the_environment_are_known_by_their_names_but_plain_words_and_paths_are_not() -> None:
    plain = {"TOKEN_FOLDER": "abcdef1234567", "PROJECT_KEY": "the-project-2", "SECRET": "development", "SSH_PRIVATE_KEY": "/home/ops/key1"}
    know_environment({"MODEL_API_KEY": "mk-1234567890abc"} | plain)
    said = " ".join(plain.values())
    assert redact(f"mk-1234567890abc {said}") == f"{MARK} {said}"


def test_the_engines_files_and_the_journal_hold_no_secret(tmp_path: Path) -> None:
    replace(tmp_path / "verdict.json", json.dumps({"said": f"it printed {SECRET}"}))
    event = EventShown(
        t=board.iso(0), by="engine", issue=1, pull=None, slot=None, what="x", why=basic("ops"), result="ok", s=None, exact=None
    )
    board.note(tmp_path, event)
    assert json.loads((tmp_path / "verdict.json").read_text()) == {"said": f"it printed {MARK}"}
    assert MARK in board.events(tmp_path)[0].why


async def test_what_is_sent_to_a_forge_has_it_in_its_header_alone() -> None:
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200)

    transport = wire.Outgoing(httpx.MockTransport(answer))
    async with httpx.AsyncClient(transport=transport, headers={"authorization": f"token {SECRET}"}) as client:
        await client.post("http://forge.invalid/comments", json={"body": f"ended with {SECRET}"})
        await client.post("http://forge.invalid/comments", json={"body": "ended well"})
    assert json.loads(sent[0].content) == {"body": f"ended with {MARK}"}
    assert sent[0].headers["content-length"] == str(len(sent[0].content))
    assert {request.headers["authorization"] for request in sent} == {f"token {SECRET}"}
    assert json.loads(sent[1].content) == {"body": "ended well"}


def test_a_bug_is_written_down_without_it() -> None:
    told = main.bug(RuntimeError(f"no answer to {SECRET}"))
    file = Path(told.remedy.removeprefix("please report it with "))
    try:
        assert f"RuntimeError: no answer to {MARK}\n" in file.read_text()
    finally:
        file.unlink()


PRINTS = """
import sys
from console.redact import know, streams
know({secret!r})
streams()
print("out", {secret!r}, flush=True)
print("a broken {secret}", file=sys.stderr)
raise SystemExit("ended: {secret}")
"""


def test_what_is_printed_holds_no_secret() -> None:
    ran = subprocess.run([sys.executable, "-c", PRINTS.format(secret=SECRET)], capture_output=True, text=True, timeout=60)
    assert (ran.stdout, ran.stderr) == (f"out {MARK}\n", f"a broken {MARK}\nended: {MARK}\n")
