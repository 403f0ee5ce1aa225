"""A world whose forge is a server: the local one behind a loopback port, where nobody gets in without a token."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx

from console import wire
from console.place import Options, locate
from tests.acceptance.world import World


@dataclass
class Server:
    """``host`` is the world in whose folders the forge lies; ``url`` where it answers."""

    host: World
    url: str
    process: subprocess.Popen[str]

    def token(self, login: str, *options: str) -> str:
        """A new token of an account, which is made when there is none."""
        return self.host.ops("forge", "token", login, *options).strip()

    def ask(self, token: str, method: str, path: str, body: object = None) -> Any:
        """One question to the repository's API, as somebody else asks it; the JSON of its answer."""
        headers = {"authorization": f"token {token}"}
        answer = httpx.request(method, f"{self.url}/api/v1/repos/acme/proj{path}", json=body, headers=headers)
        answer.raise_for_status()
        return answer.json()

    def world(self, token: str, text: str, name: str = "server") -> World:
        """A console on this server: its settings ``text``, the token in a file of its own."""
        folder = self.host.place.state.parents[1] / name
        folder.mkdir()
        kept = folder / "token"
        kept.write_text(token + "\n")
        kept.chmod(0o600)
        (folder / "ops.yaml").write_text(f"forge: {{kind: gitea, url: {self.url}, token: {{file: {kept}}}}}\n{text}")
        checkout = self.host.place.checkout
        options = Options(config=folder / "ops.yaml", where=checkout or folder, repo="acme/proj", checkout=checkout)
        return replace(self.host, place=locate(options), engines=[])


@contextmanager
def serving(host: World, port: int = 0) -> Iterator[Server]:
    """``ops-console forge serve`` as a process of its own, ended by its id."""
    started = subprocess.Popen(
        wire.ops_console(host.place, "forge", "serve", "--port", str(port)),
        env=host.environment,
        cwd=host.place.checkout,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert started.stdout
    try:
        yield Server(host=host, url=started.stdout.readline().strip(), process=started)
    finally:
        started.send_signal(signal.SIGTERM)
        started.wait(30)
        started.stdout.close()
