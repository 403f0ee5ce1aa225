"""A project's setup, as its operator meets it."""

import json

from panes.git import git
from tests.cli.world import settings, world


def test_a_setup_that_fails_leaves_the_issue_to_the_operator_with_its_last_words_and_a_retry_goes_on() -> None:
    setup = 'echo "setup $OPS_RUN" >> "$HOME/done"; case $OPS_RUN in 1-1) echo no network; exit 7;; esac'
    with world(settings(worker="echo done > done.txt", mode="auto", more=f"setup: {json.dumps(setup)}")) as made:
        made.well("issue", "new", "Mend it", "--label", "ops/ready")
        made.engine()
        made.until(lambda: made.stage(1) == "parked", "the issue to be left to a person")
        assert "the project's setup ended with 7: no network" in made.task(1)["why"]
        assert "no network" in made.well("issue", "show", "1")
        made.well("retry", "1")
        made.until(lambda: len(made.subjects()) == 2, "the work on the trunk")
        ran = (made.folder / "h" / "done").read_text().split("\n")
        assert [line for line in ran if "setup 1-" in line] == ["setup 1-1", "setup 1-2"]
        assert any("setup c-" in line for line in ran)


HOOK = """#!/bin/sh
read -r name oid rest && test "$oid" = "$(git rev-parse HEAD)" || exit 9
test ! -e bad.txt || { echo "bad.txt must not be there"; exit 1; }
"""


def test_the_projects_own_pre_push_hook_has_its_say_before_anything_is_published() -> None:
    worker = 'cp {prompt} "$HOME/prompt-$OPS_RUN"; echo "$OPS_RUN" >> good.txt; test "$OPS_RUN" = 1-1 && touch bad.txt || rm -f bad.txt'
    with world(settings(worker=worker, mode="auto", more="setup: git config core.hooksPath .githooks")) as made:
        hook = made.where / ".githooks" / "pre-push"
        hook.parent.mkdir()
        hook.write_text(HOOK)
        hook.chmod(0o755)
        git(made.where, "add", "--all")
        git(made.where, "commit", "--quiet", "--message", "a hook")
        made.well("issue", "new", "Mend it", "--label", "ops/ready")
        made.engine()
        made.until(lambda: len(made.subjects()) == 3, "the work on the trunk")
        assert "bad.txt must not be there" in (made.folder / "h" / "prompt-1-2").read_text()
        assert "bad.txt" not in git(made.bare, "ls-tree", "--name-only", "main").out
