"""The forge over HTTP as strangers meet it: a real server, the real git, accounts with tokens."""

import asyncio
import gzip
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from console.localforge import serve
from console.localforge.accounts import USUAL, new_token, tidied
from console.localforge.protect import found
from console.localforge.rows import Role
from console.localforge.store import Place
from panes.git import Answer, GitFailed, git
from tests.localforge.parts import HERE, commit_of, listening, project

REPO = HERE.removeprefix("/api/v1")
CLAIM = "refs/ops/claims/issue-1"


@dataclass(frozen=True)
class Served:
    """A forge behind a port, and a checkout of its project."""

    folder: Path
    checkout: Path
    url: str

    @property
    def remote(self) -> str:
        return f"{self.url}/ada/engine.git"

    @property
    def trunk(self) -> str:
        return commit_of(self.folder / "repo.git", "refs/heads/main")

    def token(self, login: str, role: Role | None = None, scopes: Sequence[str] = USUAL) -> str:
        return new_token(Place(self.folder), login, role, scopes)[0]

    def ask(self, token: str | None, method: str, path: str, body: object = None) -> httpx.Response:
        headers = {"Authorization": f"token {token}"} if token else {}
        return httpx.request(method, f"{self.url}/api/v1{path}", headers=headers, json=body)

    def git(self, token: str, *args: str, where: Path | None = None, basic: bool = False, **settings: str) -> Answer:
        """git with the token in a header or, ``basic``, as the password from a credential helper; never in an argument."""
        helper = '!f() { echo username=someone; echo "password=$TOKEN"; }; f'
        given = {"credential.helper": helper} if basic else {"http.extraHeader": f"Authorization: token {token}"}
        given |= {key.replace("_", "."): value for key, value in settings.items()}
        env = {"GIT_CONFIG_COUNT": str(len(given)), "TOKEN": token}
        for i, (key, value) in enumerate(given.items()):
            env |= {f"GIT_CONFIG_KEY_{i}": key, f"GIT_CONFIG_VALUE_{i}": value}
        return git(where or self.checkout, *args, env=env)

    def commit(self, message: str) -> str:
        git(self.checkout, "commit", "--quiet", "--allow-empty", "-m", message)
        return commit_of(self.checkout, "HEAD")

    def ready(self, token: str, branch: str) -> int:
        """A pull that only waits to be merged."""
        (self.checkout / f"{branch}.txt").write_text(branch)
        git(self.checkout, "add", ".")
        head = self.commit(f"feat: {branch}")
        self.git(token, "push", "--quiet", self.remote, f"HEAD:refs/heads/{branch}")
        made = self.ask(token, "POST", f"{REPO}/pulls", {"head": branch, "base": "main", "title": "feat: it"})
        assert made.status_code == 201, made.text
        assert self.ask(token, "POST", f"{REPO}/statuses/{head}", {"state": "success", "context": "ops/verify"}).status_code == 201
        return int(made.json()["number"])


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Served]:
    folder, checkout = tmp_path / "a forge", project(tmp_path / "the project")
    found(folder, owner="ada", name="engine", trunk="main", source=checkout)
    with listening(serve.served(folder)) as url:
        yield Served(folder, checkout, url)


def said(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["message"]


def test_without_a_token_and_with_a_wrong_one_nobody_gets_in(forge: Served) -> None:
    right = forge.token("worker1")
    assert said(forge.ask(None, "GET", REPO)) == (404, "not found")
    assert said(forge.ask(None, "POST", f"{REPO}/issues", {"title": "x"})) == (404, "not found")
    assert said(forge.ask(None, "GET", "/user")) == (401, "token is required")
    assert said(forge.ask("0" * 40, "GET", "/user")) == (401, "user does not exist [uid: 0, name: ]")
    assert said(forge.ask(None, "GET", f"/user?token={right}")) == (401, "token is required")
    assert forge.ask(None, "GET", "/version").status_code == 200
    wrong = httpx.get(f"{forge.url}/api/v1/user", auth=("worker1", "wrong"))
    assert wrong.status_code == 401
    assert wrong.json()["message"].startswith("user's password is invalid [uid: ")
    for token, basic in (("0" * 40, False), ("0" * 40, True)):
        with pytest.raises(GitFailed, match=r"Authentication failed|could not read Username"):
            forge.git(token, "ls-remote", forge.remote, basic=basic)
    refused = httpx.get(f"{forge.remote}/info/refs?service=git-receive-pack")
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, 'Basic realm="ops-console"')


def test_user_says_who_the_token_is_however_it_is_sent(forge: Served) -> None:
    token, address = forge.token("worker1"), f"{forge.url}/api/v1/user"
    asked = [httpx.get(address, headers={"Authorization": f"{scheme} {token}"}) for scheme in ("token", "Bearer", "TOKEN")]
    asked += [httpx.get(address, auth=pair) for pair in (("worker1", token), (token, "x-oauth-basic"), (token, ""))]
    assert {(answer.status_code, answer.json()["login"]) for answer in asked} == {(200, "worker1")}
    broken = httpx.get(address, headers={"Authorization": "Basic nonsense!"})
    assert said(broken) == (401, "user does not exist [uid: 0, name: ]")


@pytest.mark.parametrize(
    ("scopes", "method", "path", "needed"),
    [
        ("read:issue", "GET", REPO, "read:repository"),
        ("read:issue", "GET", "/user", "read:user"),
        ("read:issue", "GET", f"{REPO}/issues", None),
        ("read:issue", "POST", f"{REPO}/issues", "write:issue"),
        ("read:repository", "GET", f"{REPO}/labels", "read:issue"),
        ("write:repository", "POST", f"{REPO}/issues/1/comments", "write:issue"),
        ("write:repository", "GET", f"{REPO}/branches/main", None),
        ("write:issue", "POST", f"{REPO}/pulls/1/merge", "write:repository"),
        ("read:user", "POST", f"{REPO}/statuses/main", "write:repository"),
        ("all", "GET", "/user", None),
    ],
)
def test_a_token_may_only_what_its_scopes_say(forge: Served, scopes: str, method: str, path: str, needed: str | None) -> None:
    answer = forge.ask(forge.token("worker1", scopes=[scopes]), method, path, {} if method == "POST" else None)
    if needed is None:
        assert answer.status_code == 200
    else:
        words = f"token does not have at least one of required scope(s), required=[{needed}], token scope={scopes}"
        assert said(answer) == (403, words)


def test_scopes_are_told_in_giteas_order_and_reading_only_where_there_is_no_writing() -> None:
    assert tidied(["read:user", "read:issue", "write:repository", "read:repository"]) == "read:issue,write:repository,read:user"
    assert tidied(["read:user", "all"]) == "all"


def test_what_is_written_is_by_the_tokens_account(forge: Served) -> None:
    worker, lander = forge.token("worker1"), forge.token("ops-lander")
    issue = forge.ask(worker, "POST", f"{REPO}/issues", {"title": "one"}).json()
    comment = forge.ask(lander, "POST", f"{REPO}/issues/1/comments", {"body": "mine"}).json()
    assert (issue["user"]["login"], comment["user"]["login"]) == ("worker1", "ops-lander")
    assert issue["user"]["id"] == forge.ask(worker, "GET", "/user").json()["id"] != comment["user"]["id"]
    number = forge.ready(worker, "w1")
    assert forge.ask(lander, "POST", f"{REPO}/pulls/{number}/merge", {"Do": "squash"}).status_code == 200
    pull = forge.ask(worker, "GET", f"{REPO}/pulls/{number}").json()
    assert (pull["user"]["login"], pull["merged_by"]["login"]) == ("worker1", "ops-lander")


def test_a_reader_may_ask_and_talk_but_change_and_land_nothing(forge: Served) -> None:
    writer, reader = forge.token("worker1"), forge.token("reader1", "read")
    number = forge.ready(writer, "w1")
    forge.ask(writer, "POST", f"{REPO}/labels", {"name": "bug", "color": "#00aabb"})
    mine = forge.ask(reader, "POST", f"{REPO}/issues", {"title": "by a reader", "labels": [1]})
    assert (mine.status_code, mine.json()["labels"]) == (201, [])
    assert forge.ask(reader, "PATCH", f"{REPO}/issues/{mine.json()['number']}", {"title": "mine"}).status_code == 201
    assert forge.ask(reader, "POST", f"{REPO}/issues/{number}/comments", {"body": "hm"}).status_code == 201
    theirs = forge.ask(writer, "POST", f"{REPO}/issues/{number}/comments", {"body": "ha"}).json()["id"]
    for path in (f"/issues/{number}", f"/pulls/{number}", f"/issues/comments/{theirs}"):
        refused = forge.ask(reader, "PATCH", REPO + path, {"body": "x"})
        assert (refused.status_code, refused.text) == (403, "")

    no = "user should have a permission to write to a repo"
    assert said(forge.ask(reader, "POST", f"{REPO}/labels", {"name": "x", "color": "#00aabb"})) == (403, no)
    assert said(forge.ask(reader, "POST", f"{REPO}/statuses/main", {"state": "success"})) == (403, no)
    assert said(forge.ask(reader, "POST", f"{REPO}/issues/1/labels", {"labels": [1]})) == (403, "write permission is required")
    assert said(forge.ask(reader, "DELETE", f"{REPO}/issues/1/labels/1")) == (403, "write permission is required")
    assert said(forge.ask(reader, "POST", f"{REPO}/pulls/{number}/merge", {"Do": "squash"})) == (405, "User not allowed to merge PR")
    assert forge.ask(reader, "GET", REPO).json()["permissions"] == {"admin": False, "push": False, "pull": True}
    owner = forge.ask(forge.token("root1", "owner"), "GET", REPO).json()["permissions"]
    assert owner == {"admin": True, "push": True, "pull": True}


def test_git_clones_and_pushes_over_http_and_the_token_is_written_nowhere(forge: Served, tmp_path: Path) -> None:
    token, clone = forge.token("worker1"), tmp_path / "clone"
    forge.git(token, "clone", "--quiet", forge.remote, str(clone), basic=True)
    assert (clone / "seed.txt").read_text() == "seed\n"
    (clone / "big").write_bytes(os.urandom(300_000))
    git(clone, "add", ".")
    git(clone, "commit", "--quiet", "-m", "big")
    # A buffer smaller than the pack: git asks first and then sends it in chunks.
    forge.git(token, "push", "--quiet", "origin", "HEAD:refs/heads/big", where=clone, basic=True, http_postBuffer="65536")
    assert commit_of(forge.folder / "repo.git", "big") == commit_of(clone, "HEAD")
    forge.git(token, "fetch", "--quiet", f"{forge.url}/ada/engine", "big")
    assert commit_of(forge.checkout, "FETCH_HEAD") == commit_of(clone, "HEAD")
    files = [path for folder in (forge.folder, clone, forge.checkout) for path in folder.rglob("*") if path.is_file()]
    assert [path for path in files if token.encode() in path.read_bytes()] == []


def test_a_compressed_request_is_understood(forge: Served) -> None:
    """git compresses what it says it has, once that is long."""
    want = f"0032want {forge.trunk}\n00000009done\n".encode()
    headers = {"Content-Type": "application/x-git-upload-pack-request", "Content-Encoding": "gzip"}
    auth = ("worker1", forge.token("worker1"))
    answer = httpx.post(f"{forge.remote}/git-upload-pack", content=gzip.compress(want), headers=headers, auth=auth)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-git-upload-pack-result")
    assert answer.content.startswith(b"0008NAK\nPACK")


def test_of_two_who_claim_over_http_one_wins_and_only_the_holder_renews(forge: Served) -> None:
    token = forge.token("worker1")
    mine, other = forge.commit("claim by one"), forge.commit("claim by another")

    def claim(oid: str, expected: str) -> None:
        forge.git(token, "push", "--porcelain", f"--force-with-lease={CLAIM}:{expected}", forge.remote, f"{oid}:{CLAIM}")

    claim(mine, "")
    with pytest.raises(GitFailed, match="stale info"):
        claim(other, "")
    assert forge.git(token, "ls-remote", forge.remote, "refs/ops/*").out == f"{mine}\t{CLAIM}\n"
    claim(other, mine)
    with pytest.raises(GitFailed, match="stale info"):
        claim(mine, mine)
    forge.git(token, "push", "--porcelain", f"--force-with-lease={CLAIM}:{other}", forge.remote, f":{CLAIM}")
    assert forge.git(token, "ls-remote", forge.remote, "refs/ops/*").out == ""


@pytest.mark.parametrize("role", ["write", "owner"])
def test_nobody_pushes_to_the_trunk_over_http(forge: Served, role: Role) -> None:
    token, before = forge.token("somebody", role), forge.trunk
    forge.commit("past the gate")
    forced, gone = "branch main is protected from force push", "branch main is the default branch and cannot be deleted"
    plain = "Not allowed to push to protected branch main"
    other = commit_of(forge.checkout, "HEAD^{tree}")
    apart = git(forge.checkout, "commit-tree", other, "-m", "apart").out.strip()
    for refs, words in (
        (["HEAD:main"], plain),
        ([f"+{apart}:main"], forced),
        ([":main"], gone),
        (["HEAD:refs/heads/other", "HEAD:main"], plain),
    ):
        with pytest.raises(GitFailed, match=words) as refused:
            forge.git(token, "push", "--porcelain", forge.remote, *refs)
        assert "pre-receive hook declined" in refused.value.said
    assert forge.trunk == before
    assert "other" not in git(forge.folder / "repo.git", "branch", "--list").out


@pytest.mark.parametrize("basic", [False, True])
def test_a_reader_and_a_token_that_may_only_read_clone_and_do_not_push(forge: Served, tmp_path: Path, basic: bool) -> None:
    reader = forge.token("reader1", "read")
    only_reads = forge.token("worker1", scopes=["read:repository"])
    no_repository = forge.token("worker1", scopes=["write:issue"])
    for token, words in (
        (reader, r"User permission denied for writing(?s:.)*pre-receive hook declined"),
        (only_reads, r"required=\[write:repository\](?s:.)*403"),
    ):
        assert forge.trunk in forge.git(token, "ls-remote", forge.remote, "main", basic=basic).out
        with pytest.raises(GitFailed, match=words):
            forge.git(token, "push", forge.remote, "HEAD:refs/heads/new", basic=basic)
    assert git(forge.folder / "repo.git", "branch", "--list", "new").out == ""
    with pytest.raises(GitFailed, match=r"(?s)required=\[read:repository\].*403"):
        forge.git(no_repository, "ls-remote", forge.remote, basic=basic)


def test_only_this_repository_and_only_gits_smart_protocol_is_there(forge: Served) -> None:
    auth = ("x", forge.token("worker1"))
    assert httpx.get(f"{forge.url}/ada/other.git/info/refs?service=git-upload-pack", auth=auth).status_code == 404
    assert httpx.get(f"{forge.remote}/info/refs", auth=auth).status_code == 403
    for path in ("config", "HEAD", "objects/info/packs", "../forge.db"):
        assert httpx.get(f"{forge.remote}/{path}", auth=auth).status_code == 404


def test_a_forge_made_before_there_were_accounts_keeps_what_is_in_it(tmp_path: Path) -> None:
    folder, checkout = tmp_path / "forge", project(tmp_path / "project")
    found(folder, owner="ada", name="engine", trunk="main", source=checkout)
    with closing(sqlite3.connect(folder / "forge.db")) as db:
        db.execute("INSERT INTO issue (title, body, created, updated) VALUES ('old', '', 1, 1)")
        for table, column in (("issue", "author"), ("comment", "author"), ("status", "author"), ("pull", "landing_by")):
            db.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        db.executescript("DROP TABLE token; DROP TABLE account")
    found(folder, owner="ada", name="engine", trunk="main", source=None)
    token = new_token(Place(folder), "worker1", None, USUAL)[0]
    transport = httpx.ASGITransport(serve.served(folder))

    async def first() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://local.invalid") as client:
            return await client.get(f"{HERE}/issues/1", headers={"Authorization": f"token {token}"})

    assert asyncio.run(first()).json()["user"]["login"] == "you"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_the_command_serves_until_it_is_told_to_end(tmp_path: Path, number: signal.Signals, code: int) -> None:
    checkout = project(tmp_path / "project")
    (checkout / "ops.yaml").write_text("repos: {ada/engine: {}}\n")
    env = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "XDG_"))} | {"HOME": str(tmp_path)}
    command = [sys.executable, "-P", "-m", "console.cli.main", "forge"]
    made = subprocess.run(
        [*command, "token", "ops-lander", "--scope", "read:user"], cwd=checkout, env=env, capture_output=True, text=True, check=True
    )
    assert made.stderr == "ops-lander (write) may read:user with it; it cannot be shown again\n"
    with subprocess.Popen([*command, "serve"], cwd=checkout, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None
        url = served.stdout.readline().strip()
        try:
            assert url.startswith("http://127.0.0.1:")
            headers = {"Authorization": f"token {made.stdout.strip()}"}
            assert httpx.get(f"{url}/api/v1/user", headers=headers).json()["login"] == "ops-lander"
            taken = subprocess.run(
                [*command, "serve", "--port", url.rsplit(":", 1)[1]], cwd=checkout, env=env, capture_output=True, text=True
            )
            assert (taken.returncode, "cannot be had: Address already in use" in taken.stderr) == (1, True)
        finally:
            served.send_signal(number)
        assert [text.strip() for text in served.communicate(timeout=30)] == ["", ""]
        assert served.returncode == code
