"""A chat server that says what it is told to, on a loopback port."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Scene = Callable[[BaseHTTPRequestHandler], None]


class Chat:
    """``asked``: the requests it had, each with path, key and body."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.asked: list[tuple[str, str | None, Any]] = []
        self.leave = threading.Event()  # set when it ends: a silent scene waits for it
        self.url = ""


@contextmanager
def chat(scene: Scene) -> Iterator[Chat]:
    """A server that answers every post with ``scene``, and says that it is well."""
    made = Chat(scene)

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            send(self, 200, "application/json", '{"status": "ok"}')

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            made.asked.append((self.path, self.headers["authorization"], body))
            made.scene(self)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        made.url = f"http://127.0.0.1:{server.server_address[1]}"
        running = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        running.start()
        try:
            yield made
        finally:
            made.leave.set()
            server.shutdown()
            running.join()


def send(to: BaseHTTPRequestHandler, status: int, kind: str, text: str) -> None:
    to.send_response(status)
    to.send_header("content-type", kind)
    to.send_header("content-length", str(len(text.encode())))
    to.end_headers()
    to.wfile.write(text.encode())


def answers(status: int, kind: str, text: str) -> Scene:
    return lambda to: send(to, status, kind, text)


def streams(*events: str) -> Scene:
    """Server-sent events, one after the other, and then the connection is closed."""
    return answers(200, "text/event-stream", "".join(f"{event}\n\n" for event in events))


def piece(text: str | None = None, end: str | None = None, **more: Any) -> str:
    delta = {"content": text} if text is not None else {}
    return "data: " + json.dumps({"model": "big-1", "choices": [{"delta": delta, "finish_reason": end}]} | more)
