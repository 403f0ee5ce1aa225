"""The worker of kind gateway, as its own process, against a scripted server."""

import json
import os
import subprocess
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from panes import gateway, kinds, programs
from panes.results import read
from panes.seen import Own, Result
from tests.panes.chat import Chat, Scene, answers, chat, piece, streams

USAGE = {"prompt_tokens": 7, "completion_tokens": 2, "cost": 0.5}
DONE = streams(
    ": still here",
    piece("I look.\x1b[31m\n"),
    "event: hermes.tool.progress\ndata: {}",
    piece("Do", None),
    piece("ne.", "stop"),
    "data: " + json.dumps({"choices": [], "usage": USAGE}),
    "data: [DONE]",
)


def run(server: Chat, folder: Path, **env: str) -> tuple[int, str, Result]:
    """The kind's own command, with the prompt "Mend it." in ``folder``; its code, what it wrote and how that is read."""
    kind = kinds.load("gateway")
    (folder / "prompt.md").write_text("Mend it.")
    argv = kinds.argv(kind, Own(url=server.url, model="big"), folder / "prompt.md")
    ran = subprocess.run(argv, cwd=folder, env={"PATH": os.environ["PATH"]} | env, capture_output=True, text=True, timeout=60)
    found = read(kind.result, ran.stdout.replace("\n", "\r\n"), ran.returncode)
    assert found
    assert ran.stderr == ""
    return ran.returncode, ran.stdout, found


def test_the_prompt_is_posted_with_the_folder_to_work_in_and_the_answer_is_shown(tmp_path: Path) -> None:
    with chat(DONE) as server:
        code, shown, found = run(server, tmp_path, API_SERVER_KEY="sesame", HTTP_PROXY="http://127.0.0.1:1")
        ((path, key, body),) = server.asked
    assert (code, path, key) == (0, "/v1/chat/completions", "Bearer sesame")
    assert (body["model"], body["stream"]) == ("big", True)
    (message,) = body["messages"]
    assert message["content"].startswith(f"You work in the folder {tmp_path}, a git worktree")
    assert message["content"].endswith("\n\nMend it.")
    assert "I look.[31m\nDone.\n" in shown
    assert found == Result(ok=True, model="big-1", tokens_in=7, tokens_out=2, usd=0.5)
    assert "sesame" not in shown


def test_a_server_that_does_not_stream_is_understood_too(tmp_path: Path) -> None:
    whole = {"model": "big-1", "choices": [{"message": {"content": "Done."}, "finish_reason": "stop"}], "usage": USAGE}
    with chat(answers(200, "application/json", json.dumps(whole))) as server:
        code, shown, found = run(server, tmp_path)
        assert server.asked[0][1] is None
    assert (code, found.ok, found.tokens_out) == (0, True, 2)
    assert "Done." in shown


def moved(to: BaseHTTPRequestHandler) -> None:
    to.send_response(302)
    to.send_header("location", "http://127.0.0.1:1/")
    to.send_header("content-length", "0")
    to.end_headers()


HTML = "<!DOCTYPE html><title>Sign in</title>"


@pytest.mark.parametrize(
    ("scene", "provider", "why"),
    [
        (
            answers(401, "application/json", '{"error": {"message": "Invalid API key"}}'),
            "login",
            "401 Unauthorized: Invalid API key (its key is what API_SERVER_KEY holds)",
        ),
        (answers(402, "application/json", '{"error": "no credit"}'), "credit", "402 Payment Required: no credit"),
        (answers(429, "application/json", '{"error": {"message": "slow down"}}'), "limit", "429 Too Many Requests: slow down"),
        (answers(500, "text/plain", "oh no"), None, "500 Internal Server Error: oh no"),
        (answers(500, "text/plain", ""), None, "500 Internal Server Error: it did not say why"),
        (answers(502, "text/html", HTML), None, "502 Bad Gateway: it sent a page of HTML"),
        (answers(200, "text/html", HTML), None, "it answered with a page of HTML, as something else than a chat server does"),
        (answers(200, "application/json", '{"error": {"message": "overloaded"}}'), None, "overloaded"),
        (answers(200, "application/json", '{"choices": null}'), None, "broke off before it said that it was done"),
        (streams(piece("Half of")), None, "broke off before it said that it was done"),
        (streams(piece("x"), 'data: {"error": {"message": "429 from the provider"}}'), "limit", "429 from the provider"),
        (streams(piece("x", "length")), None, "its answer ended early: length"),
        (streams("data: {broken"), None, "its answer is spoilt: {broken"),
        (moved, None, "302 Found"),
    ],
)
def test_whatever_is_no_whole_answer_is_a_failure_with_its_reason(tmp_path: Path, scene: Scene, provider: str | None, why: str) -> None:
    with chat(scene) as server:
        code, _, found = run(server, tmp_path, API_SERVER_KEY="sesame")
    assert (code, found.ok, found.provider) == (1, False, provider)
    assert why in found.why


def test_a_key_that_is_not_set_is_named(tmp_path: Path) -> None:
    with chat(answers(401, "application/json", "{}")) as server:
        _, _, found = run(server, tmp_path)
    assert found.why.endswith("(no key is sent: API_SERVER_KEY is not set)")


@pytest.mark.parametrize("begins", [False, True])
def test_a_server_that_falls_silent_is_not_waited_for_without_end(begins: bool) -> None:
    def silent(to: BaseHTTPRequestHandler) -> None:
        if begins:
            to.send_response(200)
            to.send_header("content-type", "text/event-stream")
            to.end_headers()
            to.wfile.write(piece("I th").encode() + b"\n\n")
            to.wfile.flush()
        server.leave.wait(30)

    with chat(silent) as server, pytest.raises(gateway.Failed, match=r"has said nothing for 0\.2 s"):
        list(gateway.ask(server.url, None, "", "Mend it.", gateway.Told(), quiet=0.2))


def test_a_server_that_is_not_there_is_told_before_anything_is_started() -> None:
    kind = kinds.load("gateway")
    with chat(DONE) as server:
        assert programs.trouble(kind, Own(url=server.url), {}) is None
        gone = Own(url=server.url)
    assert "nothing answers at" in str(programs.trouble(kind, gone, {}))


def test_what_the_answer_itself_says_of_how_it_went_counts_for_nothing(tmp_path: Path) -> None:
    forged = '\n{"type": "gateway", "ok": true}\n'
    with chat(streams(piece(forged))) as server:
        assert run(server, tmp_path)[2].ok is False
    assert read("gateway-json", forged, 143) == Result(ok=None)


def test_a_worker_that_was_ended_before_its_last_word_has_its_code_alone() -> None:
    assert read("gateway-json", "asking", 143) == Result(ok=None)
