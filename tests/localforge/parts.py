"""What the tests of the local forge and of its client share: a project, a forge founded from it, and plain requests to it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import uvicorn
from starlette.applications import Starlette

from console.localforge import serve
from console.localforge.app import app
from console.localforge.protect import found
from panes.git import git

ROOT = Path(__file__).parents[2]  # where a process of its own has to start to import us
HERE = "/api/v1/repos/ada/engine"


def project(folder: Path) -> Path:
    """A checkout with one commit on ``main``."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "-b", "main")
    (folder / "seed.txt").write_text("seed\n")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "seed")
    return folder


@dataclass(frozen=True)
class Local:
    """A founded forge, a checkout of its project, and a client on it."""

    folder: Path
    checkout: Path
    http: httpx.AsyncClient

    @property
    def repo(self) -> Path:
        return self.folder / "repo.git"

    @property
    def trunk(self) -> str:
        return commit_of(self.repo, "refs/heads/main")

    async def ask(self, method: str, path: str, body: object = None, **params: object) -> httpx.Response:
        query = {key: str(value) for key, value in params.items()}
        return await self.http.request(method, HERE + path, json=body, params=query)

    def commit(self, branch: str, name: str, text: str, *, on: str = "main") -> str:
        """Pushes one commit that writes ``name``, on top of what the forge has as ``on``, to the branch; its id."""
        git(self.checkout, "fetch", "--quiet", str(self.repo), f"refs/heads/{on}")
        git(self.checkout, "checkout", "--quiet", "--detach", "FETCH_HEAD")
        (self.checkout / name).write_text(text)
        git(self.checkout, "add", ".")
        git(self.checkout, "commit", "--quiet", "-m", f"work on {name}")
        git(self.checkout, "push", "--quiet", "--force", str(self.repo), f"HEAD:refs/heads/{branch}")
        return commit_of(self.checkout, "HEAD")

    async def propose(self, branch: str, title: str = "feat: a thing", body: str = "", base: str = "main") -> int:
        answer = await self.ask("POST", "/pulls", {"head": branch, "base": base, "title": title, "body": body})
        assert answer.status_code == 201, answer.text
        return int(answer.json()["number"])

    async def bless(self, head: str, state: str = "success") -> None:
        answer = await self.ask("POST", f"/statuses/{head}", {"state": state, "context": "ops/verify"})
        assert answer.status_code == 201, answer.text

    async def ready(self, branch: str, body: str = "") -> tuple[int, str]:
        """A pull that only waits to be merged, and its head."""
        head = self.commit(branch, f"{branch.replace('/', '-')}.txt", f"{branch}\n")
        number = await self.propose(branch, body=body)
        await self.bless(head)
        return number, head


def local(folder: Path, checkout: Path) -> Local:
    """Founds the forge and opens a client on it, the way the console does."""
    found(folder, owner="ada", name="engine", trunk="main", source=checkout)
    return Local(folder, checkout, client(folder))


@contextmanager
def listening(forge: Starlette) -> Iterator[str]:
    """Serves it on loopback, in a thread; its address."""
    with serve.listen(0) as socket:
        server = uvicorn.Server(uvicorn.Config(forge, log_config=None, lifespan="off", http="h11", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]})
        thread.start()
        try:
            yield serve.url(socket)
        finally:
            server.should_exit = True
            thread.join()


def client(folder: Path) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app(folder), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://local.invalid")


def commit_of(repo: Path, word: str) -> str:
    return git(repo, "rev-parse", word).out.strip()
