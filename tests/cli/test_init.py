"""`init`: four questions make the settings, and a server's rules are set by the calls that were shown. The servers are recorded ones."""

import os
import pty
import re
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from console.settings import read
from panes.git import GitFailed, Remote, git
from tests.cli.world import DEADLINE_S, World, world
from tests.forge.recorded_repository import A_LANDER, AN_ADMIN, Server, served
from tests.localforge.test_serve import REPO, Served
from tests.localforge.test_serve import forge as forge  # a fixture

BOTH = pytest.mark.parametrize("kind", ["gitea", "forgejo"])


@pytest.fixture
def here() -> Iterator[World]:
    """A checkout with a check that can be guessed, an agent on PATH, and no settings."""
    with world() as made:
        (made.where / "Makefile").write_text("test:\n\ttrue\n")
        git(made.where, "add", "Makefile")
        git(made.where, "commit", "--quiet", "--message", "test")
        agent = made.folder / "bin" / "claude"
        agent.parent.mkdir()
        agent.write_text("#!/bin/sh\necho 2.1\n")
        agent.chmod(0o755)
        made.environment["PATH"] = f"{agent.parent}{os.pathsep}{made.environment['PATH']}"
        yield made


@pytest.fixture
def server(kind: str) -> Iterator[Server]:
    with served(kind) as recorded:
        yield recorded


def cloned(here: World, server: Server) -> str:
    """The checkout's remote is on the server; the repository's address."""
    git(here.where, "remote", "add", "origin", f"{server.url}/root1/it.git")
    return f"{server.url}/root1/it"


def in_terminal(here: World, words: list[str], talk: list[tuple[str, str]], **more: str) -> tuple[int, str]:
    """Runs a command in a terminal of its own; ``talk``: what is waited for, and what is typed then. Its code and all it has shown."""
    ours, theirs = pty.openpty()
    try:
        process = subprocess.Popen(
            here.argv(*words),
            cwd=here.where,
            env=here.environment | more,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            text=True,
            start_new_session=True,
        )
    finally:
        os.close(theirs)
    here.processes.append(process)  # ended with the world, whatever happens
    shown, since, deadline = "", 0, time.monotonic() + DEADLINE_S
    waiting = list(talk)
    while time.monotonic() < deadline:
        if waiting and waiting[0][0] in shown[since:]:
            since = len(shown)
            os.write(ours, f"{waiting.pop(0)[1]}\n".encode())
        if select.select([ours], [], [], 0.1)[0]:
            try:
                shown += os.read(ours, 65536).decode()
            except OSError:  # the other end is closed: it has ended
                break
    os.close(ours)
    assert not waiting, f"waited for {waiting[0][0]!r}: {shown}"
    return process.wait(DEADLINE_S), re.sub(r"\x1b\[[0-9;]*m", "", shown).replace("\r\n", "\n")


def test_the_settings_are_made_of_four_answers(here: World) -> None:
    code, shown = in_terminal(
        here,
        ["init"],
        [("1/4", ""), ("2/4", "claude:two"), ("2/4", "claude:2"), ("3/4", ""), ("4/4", "auto"), ("Write this? [Y/n]", "")],
    )
    assert "agents are said like claude:2 codex:1" in shown
    assert "[claude:1]" in shown
    assert "[make test]" in shown
    settings = read(here.where / "ops.yaml")
    assert (settings.mode, settings.forge.kind) == ("auto", "local")
    assert (settings.repos["local/proj"].workers, settings.repos["local/proj"].check.full) == ({"claude": 2}, "make test")
    assert "✓ check      make test" in shown
    assert code == 0
    assert "workers" in here.well("init", "--yes")
    refused = here.ops("init", "--yes", "--check", "true")
    assert (refused.code, "is there already" in refused.err) == (2, True)


def test_a_dry_run_shows_the_settings_and_writes_nothing(here: World) -> None:
    before = sorted(here.folder.rglob("*"))
    said = here.ops("init", "--dry-run", "--workers", "./agent.sh {prompt}", "--check", 'it\'s "quoted"')
    assert said.code == 0
    assert sorted(here.folder.rglob("*")) == before
    (here.folder / "shown.yaml").write_text(said.out.split("ops.yaml:\n", 1)[1])
    repo = read(here.folder / "shown.yaml").repos["local/proj"]
    assert (repo.check.fast, repo.workers, repo.kinds["script"].command) == ('it\'s "quoted"', {"script": 1}, "./agent.sh {prompt}")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ([], 2, "there is no terminal"),
        (["--yes", "--check", "GH_TOKEN=0123456789abcdef make test"], 3, "a command with a secret in it"),
        (["--yes", "--workers", "gpt:1"], 2, "of claude, codex"),
        (["--yes", "--forge", "git.example.org"], 2, "the address of a repository is like"),
        (["--yes", "--forge", "https://github.com/acme/api"], 2, "github.com cannot be used yet"),
        (["--yes", "--forge", "http://127.0.0.1:9/acme/api"], 4, "http://127.0.0.1:9: the forge cannot be reached"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_written(here: World, words: list[str], code: int, says: str) -> None:
    said = here.ops("init", *words)
    assert (said.code, says in said.err) == (code, True), said
    assert not (here.where / "ops.yaml").exists()


@BOTH
def test_an_administrator_is_shown_the_calls_and_they_are_sent_once(here: World, server: Server, kind: str) -> None:
    address = cloned(here, server)
    code, shown = in_terminal(
        here,
        ["init", "--lander", "ops-lander"],
        [
            ("1/4", ""),
            ("2/4", ""),
            ("3/4", ""),
            ("4/4", ""),
            ("Write this?", ""),
            ("token: ", AN_ADMIN),
            ("Send these 5 calls? [y/N]", "y"),
        ],
    )
    assert f"[{address}]" in shown
    assert f"PATCH {server.url}/api/v1/repos/root1/it\n" in shown
    assert '"allow_squash_merge"' not in shown  # it is allowed already
    assert '"default_merge_style": "squash"' in shown
    assert f"POST {server.url}/api/v1/repos/root1/it/branch_protections\n" in shown
    assert "main moves only by merges, by ops-lander alone, with the status ops/verify: done" in shown
    assert [(method, at) for method, at, _ in server.writes[:2]] == [("PATCH", ""), ("POST", "/branch_protections")]
    assert [label["name"] for label in server.labels] == ["ops/ready", "ops/hold", "ops/needs-human"]
    settings = read(here.where / "ops.yaml")
    assert (settings.forge.kind, settings.forge.url) == (kind, server.url)
    assert settings.repos["root1/it"].trunk == "main"
    assert AN_ADMIN not in shown
    # The kept token is root1's: doctor says that it is not the one who merges.
    assert (code, "✗ rules      others than root1 may merge, or root1 may not" in shown) == (1, True)


@BOTH
def test_rules_that_are_so_already_are_not_sent_again(here: World, server: Server, kind: str) -> None:
    address = cloned(here, server)
    tokens = {"OPS_FORGE_TOKEN": A_LANDER, "OPS_ADMIN_TOKEN": AN_ADMIN}
    first = here.ops("init", "--yes", **tokens)
    assert "main moves only by merges, by ops-lander alone, with the status ops/verify: done" in first.out
    assert "✓ rules      main is protected, squash only, ops/verify required" in first.out
    assert "✗" not in first.out.replace("✗ workers", "")
    sent = len(server.writes)
    assert sent == 5
    again = here.ops("init", "--yes", **tokens)
    assert "main moves only by merges, by ops-lander alone, with the status ops/verify: already so" in again.out
    assert len(server.writes) == sent
    dry = here.ops("init", "--dry-run", **tokens)
    assert (dry.code, address in dry.out) == (0, True)
    assert not (here.folder / "c" / "ops-console" / "tokens").exists()


@BOTH
def test_who_is_no_administrator_gets_the_calls_for_one(here: World, server: Server, kind: str) -> None:
    cloned(here, server)
    dry = here.ops("init", "--dry-run", OPS_FORGE_TOKEN=A_LANDER)
    assert "once a token is kept: the landing rules" in dry.out
    said = here.ops("init", "--yes", OPS_FORGE_TOKEN=A_LANDER)
    assert said.code == 1
    assert "ops-lander is no administrator of root1/it. Ask root1, or whoever administers it," in said.out
    assert [at for _, at, _ in server.writes] == ["/labels"] * 3  # those a writer may make
    lines = [line for line in said.out.splitlines() if line.startswith("curl -f -X")]
    if shutil.which("curl") is None:
        pytest.skip("there is no curl to run them with")
    for line in lines:
        subprocess.run(["/bin/sh", "-c", line], env=here.environment | {"TOKEN": AN_ADMIN}, check=True, capture_output=True, timeout=60)
    assert (server.squash, server.protected) == (True, True)
    assert "already so" in here.ops("init", "--dry-run", OPS_FORGE_TOKEN=A_LANDER).out
    assert here.ops("init", "--dry-run", OPS_FORGE_TOKEN=A_LANDER).code == 0


@pytest.mark.parametrize("kind", ["gitea"])
def test_an_administrators_token_is_asked_for_and_kept_nowhere(here: World, server: Server) -> None:
    cloned(here, server)
    here.ops("init", "--yes", OPS_FORGE_TOKEN=A_LANDER)
    code, shown = in_terminal(here, ["init"], [("not kept (nothing: they are printed for one): ", "")], OPS_FORGE_TOKEN=A_LANDER)
    assert (code, shown.count("curl -f -X"), server.squash) == (1, 2, False)
    code, shown = in_terminal(
        here,
        ["init"],
        [("not kept (nothing: they are printed for one): ", AN_ADMIN), ("Send these 2 calls?", "y")],
        OPS_FORGE_TOKEN=A_LANDER,
    )
    assert "✓ rules      main is protected" in shown
    assert (server.squash, server.protected) == (True, True)
    assert not (here.folder / "c" / "ops-console" / "tokens").exists()
    assert code in (0, 1)  # by the other lines of doctor, such as the agent's login


@pytest.mark.parametrize("kind", ["gitea"])
def test_calls_that_are_not_agreed_to_are_not_sent(here: World, server: Server) -> None:
    cloned(here, server)
    said = here.ops("init", "--yes")
    assert (said.code, f"there is no token for {server.url}: `ops-console login` asks for one" in said.out) == (1, True)
    code, _ = in_terminal(here, ["init"], [("Send these 5 calls?", "")], OPS_FORGE_TOKEN=AN_ADMIN)
    assert (code, server.writes) == (1, [])


@pytest.mark.parametrize("kind", ["gitea"])
def test_what_a_server_takes_without_a_word_and_does_not_do_is_found_out(here: World, server: Server) -> None:
    cloned(here, server)
    server.deaf = True
    said = here.ops("init", "--yes", OPS_FORGE_TOKEN=A_LANDER, OPS_ADMIN_TOKEN=AN_ADMIN)
    assert said.code == 1
    assert "✗ squash merges alone, and no branch left after them: sent, and still merge commits are allowed" in said.out


def test_settings_in_the_config_folder_that_name_another_repository_are_left_alone(here: World) -> None:
    others = Path(here.environment["XDG_CONFIG_HOME"], "ops-console", "ops.yaml")
    others.parent.mkdir()
    others.write_text("repos: {acme/other: {}}\n")
    here.well("init", "--yes")
    assert list(read(here.where / "ops.yaml").repos) == ["local/proj"]
    assert others.read_text() == "repos: {acme/other: {}}\n"
    (here.where / "ops.yaml").unlink()
    others.write_text("repos: {local/proj: {check: 'true', workers: {claude: 1}}}\n")
    assert f"Settings: {others} (as they are)" in here.well("init", "--yes")
    assert not (here.where / "ops.yaml").exists()


def test_settings_can_be_written_elsewhere(here: World) -> None:
    here.well("--config", str(here.folder / "mine.yaml"), "init", "--yes")
    assert list(read(here.folder / "mine.yaml").repos) == ["local/proj"]
    assert not (here.where / "ops.yaml").exists()


def test_a_project_of_another_forge_is_told_that_its_issues_are_kept_here(here: World) -> None:
    git(here.where, "remote", "add", "origin", "git@github.com:acme/api.git")
    said = here.ops("init", "--dry-run")
    assert (said.code, "  local/proj:\n" in said.out) == (0, True)
    assert "Issues and pulls on github.com cannot be used yet" in said.err


def test_the_local_forge_behind_a_port_takes_the_rules_as_a_server_does(forge: Served, here: World) -> None:
    git(here.where, "remote", "add", "origin", forge.remote)
    lander, worker = forge.token("ops-lander"), forge.token("worker1")
    tokens = {"OPS_FORGE_TOKEN": lander, "OPS_ADMIN_TOKEN": forge.token("root1", "owner")}
    first = here.ops("init", "--yes", **tokens)
    assert "main moves only by merges, by ops-lander alone, with the status ops/verify: done" in first.out, first
    assert "✓ rules      main is protected, squash only, ops/verify required" in first.out
    assert here.ops("init", "--dry-run", **tokens).code == 0
    number = forge.ready(worker, "w1")
    asked = [forge.ask(token, "POST", f"{REPO}/pulls/{number}/merge", {"Do": "squash"}).status_code for token in (worker, lander)]
    assert asked == [405, 200]


@pytest.mark.skipif(
    "OPS_TEST_GITEA_URL" not in os.environ, reason="there is no live server: OPS_TEST_GITEA_URL, OPS_TEST_GITEA_TOKEN (admin)"
)
def test_on_a_live_server_the_rules_are_set_hold_and_are_not_set_twice(here: World) -> None:
    url, token, name = os.environ["OPS_TEST_GITEA_URL"], os.environ["OPS_TEST_GITEA_TOKEN"], f"ops-init-{os.urandom(4).hex()}"
    with httpx.Client(base_url=f"{url}/api/v1", headers={"authorization": f"token {token}"}, timeout=60) as client:
        owner = client.get("/user").json()["login"]
        assert client.post("/user/repos", json={"name": name, "default_branch": "main"}).status_code == 201
        remote = Remote(f"{url}/{owner}/{name}.git", token)
        try:
            git(here.where, "remote", "add", "origin", remote.url)
            git(here.where, "push", "--quiet", "origin", "main", env=remote.env())
            first = here.ops("init", "--yes", OPS_FORGE_TOKEN=token)
            assert f"main moves only by merges, by {owner} alone, with the status ops/verify: done" in first.out
            assert "✓ rules      main is protected, squash only, ops/verify required" in first.out
            assert here.ops("init", "--dry-run", OPS_FORGE_TOKEN=token).code == 0
            git(here.where, "commit", "--quiet", "--allow-empty", "--message", "past the rules")
            with pytest.raises(GitFailed, match="protected branch main"):
                git(here.where, "push", "origin", "main", env=remote.env())
        finally:
            client.delete(f"/repos/{owner}/{name}")
