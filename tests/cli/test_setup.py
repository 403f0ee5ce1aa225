"""A project's setup, as its operator meets it."""

import json

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
