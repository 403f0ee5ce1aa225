"""The walk, thin: one issue, from open to landed."""

from panes.git import git
from tests.acceptance.conftest import Made
from tests.acceptance.world import settings


def test_an_issue_becomes_a_squashed_commit_on_the_trunk(make: Made) -> None:
    worker = "echo hello > hello.txt && git add -A && git commit -qm one && echo world >> hello.txt"
    world = make(settings("test -f README", worker))
    world.issues = [int(world.ops("issue", "new", "Say hello", "--ready", "--label", "bug"))]
    code, said = world.run()
    assert code == 0, said
    assert world.judged()["problems"] == []
    assert world.subjects() == ["fix: Say hello (#1)", "first"]
    assert git(world.bare, "show", "main:hello.txt").out == "hello\nworld\n"  # what it left uncommitted is in it
    assert "closed" in world.ops("issue", "show", "1")
    assert "tested tree" in world.ops("issue", "show", "1")
