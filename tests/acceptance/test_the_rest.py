"""What the demo's story does not do: stopped, interrupted, parked, closed, moved under a worker; each effect killed once too."""

import subprocess
from pathlib import Path
from typing import Any

from console.engine.effect import EFFECTS
from panes.git import git
from tests.acceptance.conftest import Made
from tests.acceptance.test_kill_once import ELSEWHERE, killed_until_done
from tests.acceptance.world import World, settings

# Does as the issue's title says; "go" in HOME lets the ones that fail or wait do better the next time.
WORKER = r"""
title=$(sed -n '/^```text$/{n;p;q;}' {prompt})
case "$title" in
  *fails*)  test -e "$HOME/go" || { echo half > half.txt; exit 3; } ;;
  *waits*)  test -e "$HOME/go" || { trap 'exit 130' INT; sleep 600 & wait; } ;;
esac
echo "$title" > "$OPS_RUN.txt"
"""


def files_of(world: World) -> set[str]:
    return set(git(world.bare, "ls-tree", "--name-only", "main").out.split())


def stands(task: dict[str, Any], stage: str) -> bool:
    """At that stage, and if it is working, with a worker that lives."""
    return bool(task["stage"] == stage and (stage != "working" or task["run"]["alive"]))


def killed_engine_until(world: World, killed: Path, stages: dict[int, str]) -> None:
    """Engines that are killed once at each effect, until the issues stand where they should; the last one is stopped."""
    killed.mkdir(exist_ok=True)
    for _ in range(100):
        engine = world.engine(OPS_KILL_ONCE=str(killed))

        def there(engine: subprocess.Popen[str] = engine) -> bool:
            return engine.poll() is not None or all(stands(world.task(n), stage) for n, stage in stages.items())

        world.until(there, f"an engine brings them to {stages}")
        if engine.poll() is None:
            world.stop()
            return
    raise AssertionError("a hundred engines died")


def test_failed_and_parked_then_taken_up_again_by_retry(make: Made, folder: Path) -> None:
    world = make(settings("true", WORKER, more="limits: {attempts: 1}"))
    world.issues = [int(world.ops("issue", "new", "This fails first", "--ready"))]
    killed = folder / "killed"
    code, _ = killed_until_done(world, killed)
    assert code == 1
    assert world.task(1)["stage"] == "parked"
    assert "ended with 3" in world.task(1)["why"]
    assert "ops/needs-human" in world.ops("issue", "show", "1")
    rescued = git(world.place.state / "hub.git", "for-each-ref", "--format=%(refname)", "refs/ops/rescue").out.split()
    assert [name.rpartition("/")[0] for name in rescued] == ["refs/ops/rescue/issue-1"]  # what it had written is kept
    (folder / "home" / "go").touch()
    world.ops("retry", "1")
    code, said = killed_until_done(world, killed)
    assert code == 0, said
    assert world.judged()["problems"] == []
    assert {"README", "half.txt"} < files_of(world)  # it went on from what was there
    hit = {path.name for path in killed.iterdir()}
    assert {"rescue.keep", "park.note", "park.say", "park.label", "note.label", "note.word"} <= hit


def test_stopped_and_interrupted_workers_keep_their_work_and_a_closed_issue_gives_all_back(make: Made, folder: Path) -> None:
    world = make(settings("true", WORKER, more="limits: {attempts: 1}"))
    killed = folder / "killed"
    world.ops("issue", "new", "This waits", "--ready")
    killed_engine_until(world, killed, {1: "working"})
    world.ops("stop", "w01")
    killed_engine_until(world, killed, {1: "on_hold"})
    assert "you stopped it" in world.task(1)["why"]
    world.ops("retry", "1")
    killed_engine_until(world, killed, {1: "working"})
    world.ops("interrupt", "w01")
    while world.task(1)["stage"] == "working":
        interrupted(world, killed)
    killed_engine_until(world, killed, {1: "parked"})
    assert "ended with 130" in world.task(1)["why"]
    world.ops("mode", "assist")
    world.ops("issue", "new", "This is good", "--ready")
    world.ops("assign", "2")
    killed_engine_until(world, killed, {2: "waiting"})
    assert len(world.subjects()) == 1  # nothing lands without the word
    world.ops("issue", "close", "1")
    world.ops("issue", "close", "2")
    code, said = killed_until_done(world, killed)
    assert code == 0, said
    assert world.subjects() == ["first"]
    assert git(world.bare, "for-each-ref", "--format=%(refname)", "refs/ops/claims").out == ""
    kept = git(world.bare, "rev-parse", "refs/ops/wip/issue-2").out.strip()
    assert git(world.bare, "rev-parse", "refs/heads/feat/issue-2").out.strip() == kept  # nothing of the work is deleted
    hit = {path.name for path in killed.iterdir()}
    assert {"stop.term", "interrupt.take", "interrupt.type", "pull.close"} <= hit


def interrupted(world: World, killed: Path) -> None:
    """One engine with the command: answered, or killed over it. Then it is reported and not repeated, and has to be said again."""
    done = world.place.state / "inbox" / "done"
    before = len(list(done.iterdir()))
    engine = world.engine(OPS_KILL_ONCE=str(killed))
    world.until(lambda: engine.poll() is not None or len(list(done.iterdir())) > before, "the command is answered, or its engine dies")
    if engine.poll() is None:
        world.stop()
        if world.task(1)["stage"] == "working":
            world.ops("interrupt", "w01")


def test_red_on_top_of_a_trunk_that_moved_between_put_on_top_and_merge(make: Made, folder: Path) -> None:
    # The check wants no two files that end in .one: each is green alone.
    told = 'grep -q "What the check said" {prompt}'
    worker = (
        f"if {told}; then git merge -q --no-edit origin/main && git rm -q foreign.one && git commit -qm mended; else echo 1 > mine.one; fi"
    )
    world = make(settings('test "$(ls *.one 2>/dev/null | wc -l)" -lt 2', worker))
    killed = folder / "killed"
    killed.mkdir()
    checkout = world.place.checkout
    assert checkout
    world.issues = [int(world.ops("issue", "new", "Mine", "--ready"))]
    world.until(lambda: world.ops("engine", "--once") is not None and world.task(1)["stage"] == "aboard", "it is ready to land")
    commit(checkout, "harmless.txt")
    world.ops("forge", "push")
    world.until(lambda: world.ops("engine", "--once") is not None and any(e["what"] == "move" for e in world.journal()), "it is put on top")
    commit(checkout, "foreign.one")
    world.ops("forge", "push")
    code, _ = killed_until_done(world, killed)
    assert code == 0, world.told()
    assert world.subjects()[0] == "feat: Mine (#1)"
    assert "foreign.one" not in files_of(world)  # told what failed on top of the trunk, the worker brought it in and mended it
    assert "follow.merge" in {path.name for path in killed.iterdir()}


def commit(checkout: Path, name: str) -> None:
    (checkout / name).write_text("foreign\n")
    git(checkout, "add", "--all")
    git(checkout, "commit", "--quiet", "--message", name)


def test_a_commit_that_is_not_the_tree_that_was_tested_freezes_landing(make: Made, folder: Path) -> None:
    world = make(settings("true", "echo x > x.txt"))
    tree = git(world.bare, "rev-parse", "main^{tree}").out.strip()
    message = f"feat: odd (#9)\n\nOps-Issue: 9\nOps-Pull: 10\nTested-Tree: {'0' * 40}\n"
    odd = git(world.bare, "commit-tree", tree, "-p", "main", "-m", message).out.strip()
    git(world.bare, "update-ref", "refs/heads/main", odd)
    world.issues = [int(world.ops("issue", "new", "Waits for the operator to look", "--ready"))]
    code, said = killed_until_done(world, folder / "killed")
    assert code == 0, said
    assert "landing is frozen" in world.task(1)["why"]
    assert len(world.subjects()) == 2
    assert "freeze.write" in {path.name for path in (folder / "killed").iterdir()}
    world.ops("unfreeze")
    world.run()
    assert world.subjects()[0] == "feat: Waits for the operator to look (#1)"


def test_a_red_trunk_is_one_issue_and_nothing_else_is_begun_until_it_is_mended(make: Made, folder: Path) -> None:
    worker = "if grep -q loop-generated {prompt}; then git rm -q broken; else echo x > x.txt; fi"
    world = make(settings("test ! -e broken", worker), {"broken": "it is\n"})
    world.ops("issue", "new", "Waits for a green trunk", "--ready")
    killed_until_done(world, folder / "killed")
    assert world.subjects() == ["first"]
    world.run()
    [bug] = [t for t in world.board()["tasks"] if t["issue"] != 1]
    assert bug["title"] == "[loop-generated] [bug] main is red: test ! -e broken"
    assert world.task(1)["stage"] == "held"
    world.ops("issue", "ready", str(bug["issue"]))
    world.run()
    assert world.subjects() == ["feat: Waits for a green trunk (#1)", f"fix: {bug['title']} (#{bug['issue']})", "first"]
    assert {"bug.open", "bug.end"} <= {path.name for path in (folder / "killed").iterdir()}


def test_every_effect_is_in_one_of_the_stories() -> None:
    here = {"rescue.keep", "park.note", "park.say", "park.label", "note.label", "note.word", "stop.term"}
    here |= {"interrupt.take", "interrupt.type", "pull.close", "follow.merge", "freeze.write", "bug.open", "bug.end"}
    here |= {"tell.say", "tell.note"}  # tests/acceptance/test_rides.py
    assert here == ELSEWHERE
    assert ELSEWHERE < EFFECTS
