"""Issues from the shell, and commits between the operator's checkout and the local forge."""

import json
from collections.abc import Iterator

import pytest

from panes.git import git
from tests.cli.world import World, project, settings, world


@pytest.fixture
def here() -> Iterator[World]:
    with world(settings(mode="auto")) as made:
        yield made


def commit(here: World, name: str) -> str:
    """A commit of the operator's own; its subject is the file's name."""
    (here.where / name).write_text(f"{name}\n")
    git(here.where, "add", name)
    git(here.where, "commit", "--quiet", "--message", name)
    return git(here.where, "rev-parse", "HEAD").out.strip()


def test_issues_are_opened_listed_shown_labelled_and_closed(here: World) -> None:
    body = here.folder / "body.md"
    body.write_text("It is *wrong*.\n\nSee [here].\n")
    assert here.well("issue", "list") == "no open issues: `ops-console issue new TITLE --ready` opens one"
    assert here.well("issue", "new", "First", "--body-file", str(body), "--label", "bug", "--ready") == "1"
    assert here.well("issue", "new", "Second", "--body", "short") == "2"
    assert here.well("issue", "list").splitlines() == ["    1  First  [bug, ops/ready]", "    2  Second"]
    assert here.well("issue", "show", "1") == "#1 First\nopen  bug, ops/ready\n\nIt is *wrong*.\n\nSee [here]."
    assert here.well("issue", "ready", "2") == "#2 is ready"
    assert here.well("issue", "ready", "2", "--off") == "#2 is not ready"
    assert here.well("issue", "label", "2", "--add", "docs", "--add", "perf", "--remove", "bug") == "#2: docs, perf"
    assert here.well("issue", "label", "2", "--remove", "docs", "--remove", "perf") == "#2: no labels"
    assert here.ops("issue", "label", "2").code == 2
    assert here.well("issue", "close", "1") == "#1 is closed"
    assert here.well("issue", "close", "1") == "#1 is closed"
    assert here.well("issue", "list") == "    2  Second"
    told = json.loads(here.well("issue", "list", "--all", "--json"))
    assert told == {
        "schema": 1,
        "issues": [
            {"number": 1, "title": "First", "state": "closed", "labels": ["bug", "ops/ready"]},
            {"number": 2, "title": "Second", "state": "open", "labels": []},
        ],
    }


def test_ready_means_the_label_that_the_settings_name(here: World) -> None:
    (here.where / "ops.yaml").write_text("repos: {acme/proj: {pick: {label: todo}}}")
    here.well("issue", "new", "First", "--ready")
    assert here.well("issue", "list") == "    1  First  [todo]"
    (here.where / "ops.yaml").write_text("repos: {acme/proj: {pick: {label: null}}}")
    assert "every open issue is ready" in here.ops("issue", "ready", "1").err


def test_landed_commits_come_into_the_checkout_and_the_operators_own_go_to_the_forge(here: World) -> None:
    here.well("issue", "new", "Hello", "--ready")
    assert here.ops("engine", "--until-idle").code == 0
    assert here.well("forge", "pull").endswith(" feat: Hello (#1)")
    assert (here.where / "done").exists()
    assert here.well("forge", "pull") == "main has them all already"
    own = commit(here, "own")
    assert here.well("forge", "push").endswith(" own")
    assert git(here.bare, "rev-parse", "main").out.strip() == own
    assert here.well("forge", "push") == "the forge has them all already"


def test_commits_on_both_sides_are_refused_in_both_directions_and_nothing_moves(here: World) -> None:
    here.well("issue", "new", "Hello", "--ready")
    assert here.ops("engine", "--until-idle").code == 0
    own = commit(here, "own")
    landed = git(here.bare, "rev-parse", "main").out
    pulled = here.ops("forge", "pull")
    assert (pulled.code, pulled.err.startswith("ops-console: main was not moved: ")) == (1, True)
    pushed = here.ops("forge", "push")
    assert (pushed.code, "not a fast-forward" in pushed.err, "`ops-console forge pull`" in pushed.err) == (1, True, True)
    assert (git(here.where, "rev-parse", "main").out.strip(), git(here.bare, "rev-parse", "main").out) == (own, landed)


def test_a_trunk_that_is_not_checked_out_is_brought_forward_too(here: World) -> None:
    here.well("issue", "new", "Hello", "--ready")
    assert here.ops("engine", "--until-idle").code == 0
    git(here.where, "switch", "--quiet", "--create", "mine")
    here.well("forge", "pull")
    assert git(here.where, "log", "--format=%s", "main").out.splitlines() == ["feat: Hello (#1)", "first"]
    assert not (here.where / "done").exists()


def test_work_that_is_not_committed_is_never_written_over(here: World) -> None:
    here.well("issue", "new", "Hello", "--ready")
    assert here.ops("engine", "--until-idle").code == 0
    (here.where / "done").write_text("mine\n")
    said = here.ops("forge", "pull")
    assert (said.code, "main was not moved" in said.err) == (1, True)
    assert (here.where / "done").read_text() == "mine\n"


def test_two_checkouts_of_one_name_have_a_forge_each(here: World) -> None:
    (here.where / "ops.yaml").unlink()
    here.well("issue", "new", "Of the first")
    (here.folder / "other").mkdir()
    here.where = project(here.folder / "other" / "proj")
    here.well("issue", "new", "Of the second")
    assert here.well("issue", "list") == "    1  Of the second"
    here.where = here.folder / "proj"
    assert here.well("issue", "list") == "    1  Of the first"


def test_issues_filed_before_the_settings_gave_the_repository_another_name_are_not_left_behind(here: World) -> None:
    here.well("issue", "new", "Filed first")
    (here.where / "ops.yaml").write_text("repos: {me/other: {}}")
    refused = here.ops("issue", "list")
    assert refused.code == 3
    assert "the issues of this checkout are in the local forge acme/proj, not in me/other" in refused.err
    (here.where / "ops.yaml").write_text("repos: {acme/proj: {}}")
    assert "Filed first" in here.well("issue", "list")
