"""A person's own pull lands with ours: checked as the tree it lands as, put on top of the trunk, and they are told."""

from pathlib import Path

from panes.git import Remote, git
from tests.acceptance.conftest import Made
from tests.acceptance.server import serving
from tests.acceptance.test_kill_once import killed_until_done
from tests.acceptance.world import settings

SETTINGS = settings("test ! -e broken", "echo x > x.txt")


def test_a_persons_pull_is_shown_then_lands_at_the_operators_word_and_a_broken_one_is_told(make: Made, folder: Path) -> None:
    host = make(SETTINGS)
    with serving(host) as server:
        ada, world = server.token("ada"), server.world(server.token("ops"), SETTINGS)
        checkout, remote = world.place.checkout, Remote(f"{server.url}/acme/proj.git", ada)
        assert checkout

        def proposes(branch: str, name: str) -> int:
            git(checkout, "switch", "--quiet", "--create", branch, "main")
            (checkout / name).write_text("ada's\n")
            git(checkout, "add", "--all")
            git(checkout, "commit", "--quiet", "--message", name)
            git(checkout, "push", "--quiet", remote.url, branch, env=world.environment | remote.env())
            sent = {"head": branch, "base": "main", "title": f"docs: {name}"}
            return int(server.ask(ada, "POST", "/pulls", sent)["number"])

        good, bad = proposes("ada/good", "good.txt"), proposes("ada/bad", "broken")
        world.ops("issue", "new", "Ours", "--ready")
        try:
            code, said = world.run()
            assert code == 0, said
            assert world.subjects() == ["feat: Ours (#3)", "first"]
            assert f"p{good} is by ada" in world.ops("why", f"p{good}")
            assert "2 of others" in world.ops("status")
            for number in (good, bad):
                world.ops("merge", f"p{number}")
            code, _ = killed_until_done(world, folder / "killed")
            assert code == 0, world.told()
            assert {"tell.say", "tell.note"} <= {path.name for path in (folder / "killed").iterdir()}
            assert world.subjects() == [f"docs: good.txt (#{good})", "feat: Ours (#3)", "first"]
            told = {n: server.ask(ada, "GET", f"/issues/{n}/comments")[-1]["body"] for n in (good, bad)}
            assert "Tested tree" in told[good]
            assert "the check fails on it merged with main" in told[bad]
            assert "refused" in world.ops("log")
        finally:
            world.end()
