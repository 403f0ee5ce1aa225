"""Pulls of the local forge: proposed, followed, refused and merged, in Gitea's words."""

import asyncio

import pytest

from panes.git import git
from tests.localforge.parts import HERE, Local, commit_of


async def merge(forge: Local, number: int, **body: object) -> tuple[int, str]:
    answer = await forge.ask("POST", f"/pulls/{number}/merge", {"Do": "squash", **body})
    return answer.status_code, answer.json()["message"] if answer.content else ""


async def test_a_pull_lands_as_one_commit_with_its_issue_closed_and_its_branch_gone(forge: Local) -> None:
    await forge.ask("POST", "/issues", {"title": "it is broken"})
    before = forge.trunk
    number, head = await forge.ready("fix/issue-1", body="Closes #1")
    fields = {"MergeTitleField": "fix: it (#1)", "MergeMessageField": "\nWhy.\n\n\n\nOps-Issue: 1\n", "head_commit_id": head}

    assert await merge(forge, number, **fields) == (200, "")

    shown = git(forge.repo, "log", "-1", "--format=%H%n%T%n%P%n%an%n%B", "main").out
    landed, tree, parents, author, message = shown.split("\n", 4)
    assert (tree, parents, author) == (commit_of(forge.repo, f"{head}^{{tree}}"), before, "Ops Console")
    assert message.strip() == "fix: it (#1)\n\nWhy.\n\nOps-Issue: 1"
    pull = (await forge.ask("GET", f"/pulls/{number}")).json()
    assert (pull["state"], pull["merged"], pull["merge_commit_sha"]) == ("closed", True, landed)
    assert (pull["head"]["label"], pull["head"]["ref"], pull["head"]["sha"]) == ("fix/issue-1", f"refs/pull/{number}/head", head)
    assert (await forge.ask("GET", "/issues/1")).json()["state"] == "closed"
    assert (await forge.ask("GET", "/branches/fix/issue-1")).status_code == 404
    assert (await forge.ask("GET", f"/pulls/{number}/merge")).status_code == 204
    assert await merge(forge, number) == (405, "The PR is already merged")


async def test_the_commit_is_by_whoever_wrote_the_head(forge: Local) -> None:
    git(forge.checkout, "commit", "--quiet", "--allow-empty", "--author=Grace <grace@example.invalid>", "-m", "x")
    (forge.checkout / "g.txt").write_text("g\n")
    git(forge.checkout, "add", ".")
    git(forge.checkout, "commit", "--quiet", "--author=Grace <grace@example.invalid>", "-m", "x")
    git(forge.checkout, "push", "--quiet", str(forge.repo), "HEAD:refs/heads/g")
    number = await forge.propose("g")
    await forge.bless(commit_of(forge.checkout, "HEAD"))
    assert (await merge(forge, number))[0] == 200
    assert git(forge.repo, "log", "-1", "--format=%an <%ae>", "main").out.strip() == "Grace <grace@example.invalid>"


@pytest.mark.parametrize("word", ["Closes", "closed", "fix", "Fixes:", "RESOLVES", "resolved"])
async def test_a_closing_word_in_the_message_alone_closes_the_issue(forge: Local, word: str) -> None:
    await forge.ask("POST", "/issues", {"title": "one"})
    await forge.ask("POST", "/issues", {"title": "two"})
    number, _ = await forge.ready("w")
    assert (await merge(forge, number, MergeMessageField=f"{word} #1, and not a prefix#2 or discloses #2"))[0] == 200
    states = [(await forge.ask("GET", f"/issues/{n}")).json()["state"] for n in (1, 2)]
    assert states == ["closed", "open"]


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({}, (422, "[Do]: Required")),
        ({"Do": "nonsense"}, (422, "[Do]: In")),
        *(
            ({"Do": style}, (405, f"{style} is not allowed an allowed merge style for this repository"))
            for style in ("merge", "rebase", "rebase-merge", "fast-forward-only", "manually-merged")
        ),
        ({"Do": "squash", "head_commit_id": "1" * 40}, (409, "head out of date")),
        ({"Do": "squash", "head_commit_id": "abbreviated"}, (409, "head out of date")),
        ({"Do": 3}, (422, "[]: json: cannot unmarshal int into Go struct field Do of type string")),
    ],
)
async def test_a_ready_pull_is_not_merged_for_a_wrong_request(forge: Local, body: object, refusal: tuple[int, str]) -> None:
    before = forge.trunk
    number, _ = await forge.ready("w")
    answer = await forge.ask("POST", f"/pulls/{number}/merge", body)
    assert (answer.status_code, answer.json()["message"]) == refusal
    assert forge.trunk == before


@pytest.mark.parametrize("state", [None, "pending", "failure", "error", "green"])
async def test_a_head_without_the_required_status_does_not_land(forge: Local, state: str | None) -> None:
    head = forge.commit("w", "w.txt", "w\n")
    number = await forge.propose("w")
    await forge.bless(head)
    moved = forge.commit("w", "w.txt", "w again\n")
    if state:
        await forge.bless(moved)
        await forge.bless(moved, state)
    assert await merge(forge, number) == (405, "Not all required status checks successful")


async def test_the_second_of_two_is_behind_until_it_is_put_on_top_of_the_first(forge: Local) -> None:
    first, _ = await forge.ready("one")
    second, _ = await forge.ready("two")
    assert (await merge(forge, first))[0] == 200
    assert await merge(forge, second) == (405, "The head branch is behind the base branch")
    await forge.bless(forge.commit("two", "two.txt", "two\n"))
    assert (await merge(forge, second))[0] == 200


async def test_a_conflict_a_draft_a_closed_one_and_one_with_nothing_new_do_not_land(forge: Local) -> None:
    again = (405, "Please try again later")
    forge.commit("same", "a.txt", "a\n")
    git(forge.repo, "update-ref", "refs/heads/same", forge.trunk)
    assert await merge(forge, await forge.propose("same")) == again

    winner = forge.commit("winner", "a.txt", "a\n")
    loser = forge.commit("loser", "a.txt", "b\n")
    number, other = await forge.propose("winner"), await forge.propose("loser", title="WIP: not yet")
    await forge.bless(winner)
    await forge.bless(loser)
    assert await merge(forge, other) == (405, "Work in progress PRs cannot be merged")
    assert (await merge(forge, number))[0] == 200
    await forge.ask("PATCH", f"/pulls/{other}", {"title": "ready"})
    assert await merge(forge, other) == again
    assert not (await forge.ask("GET", f"/pulls/{other}")).json()["mergeable"]
    await forge.ask("PATCH", f"/pulls/{other}", {"state": "closed"})
    assert await merge(forge, other) == (404, "not found")
    assert await merge(forge, 999) == (404, "GetPullRequestByIndex")


async def test_a_pull_that_changes_nothing_does_not_land(forge: Local) -> None:
    empty = git(forge.repo, "commit-tree", "main^{tree}", "-p", "main", "-m", "nothing").out.strip()
    git(forge.repo, "update-ref", "refs/heads/empty", empty)
    number = await forge.propose("empty")
    await forge.bless(empty)
    assert (await merge(forge, number))[0] == 500


async def test_one_pull_for_two_branches_however_often_it_is_proposed(forge: Local) -> None:
    forge.commit("feat/issue-1", "a.txt", "a\n")
    body = {"head": "feat/issue-1", "base": "main", "title": "feat: a"}
    answers = await asyncio.gather(*(forge.ask("POST", "/pulls", body) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    said = next(answer.json()["message"] for answer in answers if answer.status_code == 409)
    assert "pull request already exists for these targets [id: 1, issue_id: 1," in said
    assert (await forge.ask("GET", "/pulls/main/feat/issue-1")).json()["number"] == 1
    assert (await forge.http.get(f"{HERE}/pulls/main/feat%2Fissue-1")).json()["number"] == 1
    assert (await forge.ask("GET", "/pulls/main/nosuch")).status_code == 404


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"head": "nosuch", "base": "main", "title": "x"}, (404, "not found")),
        ({"head": "main", "base": "nosuch", "title": "x"}, (404, "not found")),
        ({"head": "main", "base": "main", "title": "x"}, (422, "Invalid PullRequest: There are no changes between the head and the base")),
        ({"base": "main", "title": "x"}, (422, "[Head]: Required")),
        ({"head": "w", "base": "main", "title": ""}, (422, "[Title]: Required")),
        (
            {"head": "w", "base": "main", "title": "x", "labels": ["bug"]},
            (422, '[]: json: cannot unmarshal number " into Go struct field CreatePullRequestOption.Labels of type int64'),
        ),
    ],
)
async def test_what_cannot_be_proposed(forge: Local, body: object, refusal: tuple[int, str]) -> None:
    forge.commit("w", "w.txt", "w\n")
    answer = await forge.ask("POST", "/pulls", body)
    assert (answer.status_code, answer.json()["message"]) == refusal


async def test_a_commit_id_is_no_branch(forge: Local) -> None:
    answer = await forge.ask("POST", "/pulls", {"head": forge.trunk, "base": "main", "title": "x"})
    assert (answer.status_code, answer.json()["message"]) == (422, "Invalid PullRequest: base and head must be branches")


async def test_a_push_by_path_shows_as_the_new_head_and_a_deleted_branch_closes_its_pull(forge: Local) -> None:
    forge.commit("w", "w.txt", "w\n")
    number = await forge.propose("w")
    moved = forge.commit("w", "w.txt", "again\n")
    pull = (await forge.ask("GET", f"/pulls/{number}")).json()
    assert (pull["head"]["sha"], pull["mergeable"]) == (moved, True)
    git(forge.checkout, "push", "--quiet", str(forge.repo), ":refs/heads/w")
    (listed,) = (await forge.ask("GET", "/pulls", state="closed")).json()
    assert (listed["number"], listed["merged"], listed["head"]["sha"]) == (number, False, moved)


async def test_a_branch_with_new_commits_stays_and_what_is_stacked_on_a_merged_one_goes_to_the_trunk(forge: Local) -> None:
    number, head = await forge.ready("below")
    forge.commit("above", "above.txt", "above\n", on="below")
    stacked = await forge.propose("above", base="below")
    assert (await merge(forge, number, head_commit_id=head))[0] == 200
    assert (await forge.ask("GET", f"/pulls/{stacked}")).json()["base"]["ref"] == "main"

    number, head = await forge.ready("kept")
    assert (await merge(forge, number, delete_branch_after_merge=False))[0] == 200
    assert (await forge.ask("GET", "/branches/kept")).json()["commit"]["id"] == head


async def test_pulls_are_listed_in_the_order_asked_for_and_a_merged_one_is_not_reopened(forge: Local) -> None:
    number, _ = await forge.ready("one")
    await forge.ready("two")
    assert (await merge(forge, number))[0] == 200

    async def numbers(**query: object) -> list[int]:
        return [pull["number"] for pull in (await forge.ask("GET", "/pulls", **query)).json()]

    assert await numbers() == [2]
    assert await numbers(state="nonsense") == await numbers(state="all") == [2, 1]
    assert await numbers(state="all", sort="oldest") == [1, 2]
    assert await numbers(state="all", base_branch="nosuch") == []
    answer = await forge.ask("PATCH", f"/pulls/{number}", {"state": "open"})
    assert (answer.status_code, answer.json()["message"]) == (
        412,
        "cannot change state of this pull request, it was already merged",
    )
    answer = await forge.ask("PATCH", "/pulls/2", {"base": "nosuch"})
    assert (answer.status_code, answer.json()["message"]) == (404, "new base 'nosuch' not exist")
