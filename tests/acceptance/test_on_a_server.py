"""The main job on a server: over HTTP alone, with the token of somebody who may write and no more."""

import os
from collections.abc import Iterator

import pytest

from panes.git import GitFailed, Remote, git
from tests.acceptance.conftest import Made
from tests.acceptance.server import Server, serving
from tests.acceptance.world import World, settings

SETTINGS = settings("test -f README", 'echo "$OPS_RUN" > "made-$OPS_RUN.txt" && git add -A && git commit -qm made', slots=2)


@pytest.fixture
def server(make: Made) -> Iterator[Server]:
    with serving(make(SETTINGS)) as started:
        yield started


def told_to(server: Server, count: int) -> list[str]:
    """Issues for the taking, and the trunk's subjects once they have landed, sorted."""
    numbers = [int(server.host.ops("issue", "new", f"Make {n}", "--ready")) for n in range(1, count + 1)]
    return sorted(["first", *(f"feat: Make {n} (#{n})" for n in numbers)])


def left(world: World) -> list[str]:
    """What is left of the work: branches, claims and all else but the trunk, the archive and this console's own."""
    refs = git(world.bare, "for-each-ref", "--format=%(refname)").out.split()
    return [ref for ref in refs if ref != "refs/heads/main"]


def test_five_issues_land_with_a_writers_token_and_the_trunk_takes_no_push(server: Server) -> None:
    landed, token = told_to(server, 5), server.token("ops")
    world = server.world(token, SETTINGS)
    try:
        code, said = world.run()
        assert code == 0, said
        assert sorted(world.subjects()) == landed
        assert left(world) == []
        assert world.board()["tasks"] == []
        direct, checkout = Remote(f"{server.url}/acme/proj.git", token), world.place.checkout
        assert checkout
        env = os.environ | direct.env()
        git(checkout, "pull", "--quiet", direct.url, "main", env=env)
        git(checkout, "commit", "--quiet", "--allow-empty", "--message", "past the pulls")
        with pytest.raises(GitFailed, match="protected branch main"):
            git(checkout, "push", direct.url, "HEAD:refs/heads/main", env=env)
    finally:
        world.end()


def test_a_server_that_dies_and_comes_back_stops_nothing_for_good(server: Server) -> None:
    landed = told_to(server, 2)
    world = server.world(server.token("ops"), SETTINGS)
    try:
        engine = world.engine("--until-idle")
        world.until(lambda: any(e["what"] == "launch" for e in world.journal()), "a worker was started")
        server.process.kill()
        server.process.wait()
        world.until(lambda: "it cannot be seen" in world.task(1)["why"], "the console says that it is blind")
        with serving(server.host, int(server.url.rsplit(":", 1)[1])):
            said, _ = engine.communicate(timeout=120)
        assert engine.returncode == 0, said
        assert sorted(world.subjects()) == landed
        assert left(world) == []
    finally:
        world.end()
