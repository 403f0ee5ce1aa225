"""The client against the forge in a folder: every word of the protocol, as the engine uses it."""

import pytest

from console.core.facts import CommitStatus, Oid
from console.core.sanitize import MARK
from console.forge import Forge
from console.forge.errors import Missing, Moved, NotYet, Refused
from console.forge.gitea import Gitea
from panes.git import git
from tests.localforge.parts import Local


async def test_an_issue_is_filed_with_labels_that_are_made_when_missing(gitea: Gitea, forge: Local) -> None:
    number = await gitea.file("a title", "a body", ["bug", "ops/ready", "bug"])
    await gitea.file("another", "", ["bug"])
    issue = await gitea.issue(number)
    assert (issue.title, issue.body, issue.state, issue.labels) == ("a title", "a body", "open", ("bug", "ops/ready"))
    assert issue.created <= issue.updated
    assert issue.url == "local://ada/engine/issues/1"
    assert len((await forge.ask("GET", "/labels")).json()) == 2


async def test_labels_are_added_and_removed_by_name_however_often(gitea: Gitea) -> None:
    number = await gitea.file("x", "", [])
    for _ in range(2):
        await gitea.label(number, ["ops/needs-human", "bug"], [])
    for _ in range(2):
        await gitea.label(number, [], ["bug", "never there"])
    assert (await gitea.issue(number)).labels == ("ops/needs-human",)


async def test_a_label_whose_name_was_made_twice_is_one_label_to_us(gitea: Gitea, forge: Local) -> None:
    number = await gitea.file("x", "", [])
    for _ in range(2):
        await forge.ask("POST", "/labels", {"name": "bug", "color": "00aabb"})
    await forge.ask("POST", f"/issues/{number}/labels", {"labels": ["bug"]})
    assert (await gitea.issue(number)).labels == ("bug",)
    await gitea.label(number, [], ["bug"])
    assert (await gitea.issue(number)).labels == ()


async def test_closing_twice_is_closing_once(gitea: Gitea) -> None:
    number = await gitea.file("x", "", [])
    await gitea.close(number)
    closed = await gitea.issue(number)
    await gitea.close(number)
    assert (closed.state, closed.closed) == ("closed", (await gitea.issue(number)).closed)
    with pytest.raises(Missing):
        await gitea.close(999)


async def test_what_we_say_with_a_mark_is_one_comment_edited_in_place(gitea: Gitea, forge: Local) -> None:
    number = await gitea.file("x", "", [])
    await forge.ask("POST", f"/issues/{number}/comments", {"body": "quoted: <!-- ops-console:workpad -->"})
    for text in ("one", "two", "two"):
        await gitea.say(number, "workpad", text)
    await gitea.say(number, "proof", "landed")
    bodies = [comment.body for comment in await gitea.comments(number)]
    assert bodies[1:] == ["<!-- ops-console:workpad -->\ntwo", "<!-- ops-console:proof -->\nlanded"]
    assert {comment.by for comment in await gitea.comments(number)} == {"you"}


async def test_proposing_twice_adopts_the_pull_that_is_there(gitea: Gitea, forge: Local) -> None:
    head = forge.commit("feat/issue-1", "a.txt", "a\n")
    number = await gitea.propose("feat/issue-1", "main", "feat: a", "Closes #1")
    assert await gitea.propose("feat/issue-1", "main", "feat: b", "") == number
    pull = await gitea.pull(number)
    assert (pull.title, pull.head, pull.head_branch, pull.base_branch) == ("feat: a", head, "feat/issue-1", "main")
    assert (pull.state, pull.merged, pull.merged_as, pull.mergeable, pull.by) == ("open", False, None, True, "you")
    with pytest.raises(Missing):
        await gitea.propose("nosuch", "main", "x", "")


async def test_a_pull_lands_and_every_pull_of_its_branch_can_be_found_afterwards(gitea: Gitea, forge: Local) -> None:
    issue = await gitea.file("broken", "", [])
    head = Oid(forge.commit("fix/issue-1", "a.txt", "a\n"))
    first = await gitea.propose("fix/issue-1", "main", "fix: a", "")
    await gitea.close(first)
    number = await gitea.propose("fix/issue-1", "main", "fix: a", f"Closes #{issue}")
    await gitea.bless(head, "ops/verify", "pending", "")
    await gitea.bless(head, "ops/verify", "success", "tree 1a suite 2b")
    assert await gitea.statuses(head) == {"ops/verify": CommitStatus(state="success", said="tree 1a suite 2b")}

    await gitea.merge(number, head, "fix: a (#1)", f"Ops-Issue: {issue}")

    pull = await gitea.pull(number)
    assert (pull.merged, pull.merged_as, pull.state) == (True, forge.trunk, "closed")
    assert git(forge.repo, "log", "-1", "--format=%B", "main").out.strip() == "fix: a (#1)\n\nOps-Issue: 1"
    assert (await gitea.issue(issue)).state == "closed"
    pulls = (await gitea.changed(None)).pulls
    assert [it.number for it in pulls if it.head_branch == "fix/issue-1"] == [first, number]
    await gitea.close(number)  # a merged pull is closed already


async def test_a_merge_that_is_refused_says_what_to_do_next(gitea: Gitea, forge: Local) -> None:
    head = Oid(forge.commit("one", "a.txt", "a\n"))
    one = await gitea.propose("one", "main", "one", "")
    with pytest.raises(Refused, match="Not all required status checks successful"):
        await gitea.merge(one, head, "one", "")
    await gitea.bless(head, "ops/verify", "success", "")
    with pytest.raises(Moved, match="head out of date"):
        await gitea.merge(one, Oid("1" * 40), "one", "")

    clashing, behind = Oid(forge.commit("two", "a.txt", "b\n")), Oid(forge.commit("three", "c.txt", "c\n"))
    two, three = await gitea.propose("two", "main", "two", ""), await gitea.propose("three", "main", "three", "")
    await gitea.bless(clashing, "ops/verify", "success", "")
    await gitea.bless(behind, "ops/verify", "success", "")
    await gitea.merge(one, head, "one", "")
    with pytest.raises(Moved, match="already merged"):
        await gitea.merge(one, head, "one", "")
    with pytest.raises(NotYet, match="try again later"):
        await gitea.merge(two, clashing, "two", "")
    with pytest.raises(Moved, match="behind the base branch"):
        await gitea.merge(three, behind, "three", "")
    await gitea.close(two)
    with pytest.raises(Moved, match="closed, or gone"):
        await gitea.merge(two, clashing, "two", "")


async def test_what_changed_is_told_since_a_cursor_and_everything_without_one(gitea: Gitea, forge: Local) -> None:
    assert await gitea.changed(None) == await gitea.changed((await gitea.changed(None)).cursor)
    for n in range(55):
        await gitea.file(f"issue {n}", "", [])
    forge.commit("w", "w.txt", "w\n")
    number = await gitea.propose("w", "main", "w", "")
    await gitea.close(3)

    whole = await gitea.changed(None)
    assert [issue.number for issue in whole.issues] == list(range(1, 56))
    assert [issue.number for issue in whole.issues if issue.state == "closed"] == [3]
    assert [pull.number for pull in whole.pulls] == [number]

    await gitea.label(7, ["later"], [])
    moved = forge.commit("w", "w.txt", "again\n")
    changes = await gitea.changed(whole.cursor)
    assert 7 in [issue.number for issue in changes.issues if issue.labels]
    assert [pull.head for pull in changes.pulls] == [moved]
    assert changes.cursor >= whole.cursor
    later = await gitea.changed("2099-01-01T00:00:00+00:00")
    assert (later.issues, later.pulls, later.cursor) == ((), (), "2099-01-01T00:00:00+00:00")


async def test_text_from_outside_is_harmless_when_it_arrives(gitea: Gitea, forge: Local) -> None:
    title = "a\x1b]0;pwned\x07b\n" + "[red]x[/red]; rm -rf $HOME " * 400
    number = await gitea.file(title, "one\r\ntwo\x1b[2J\u202e", ["la\x1bbel"])
    await forge.ask("POST", f"/issues/{number}/comments", {"body": "c\x9b1m"})
    issue = await gitea.issue(number)
    assert issue.title.startswith(f"a{MARK}]0;pwned{MARK}b [red]x[/red]; rm -rf $HOME ")
    assert len(issue.title) == len(title)
    assert issue.body == f"one\ntwo{MARK}[2J{MARK}"
    assert issue.labels == (f"la{MARK}bel",)
    assert [comment.body for comment in await gitea.comments(number)] == [f"c{MARK}1m"]


def test_gitea_keeps_the_protocol(gitea: Gitea) -> None:
    kept: Forge = gitea
    assert kept is gitea
