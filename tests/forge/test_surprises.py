"""The 32 places where live servers were not as their source reads, by the number they have in the recordings' own list.

 1  client  test_an_engine_that_is_told_to_end_waits_for_the_answer_to_its_merge_and_does_not_hang_up
 1  client  test_every_recorded_merge_becomes_its_error_with_a_sentence
 2  client  test_a_merge_that_broke_is_over_and_left_to_a_few_more_tries
 3  client  test_mergeable_is_the_old_answer_after_a_push_so_nothing_is_decided_by_it
 4  client  test_the_merge_after_a_refused_one_is_refused_for_no_reason_and_that_is_not_final
 5  client  test_git_is_given_the_token_as_a_password_because_as_a_header_it_may_do_what_its_scopes_forbid
 6  client  test_a_dry_run_proves_nothing_so_nothing_here_asks_for_one
 7  client  test_one_ref_that_is_refused_by_the_forge_refuses_them_all_without_atomic_too
 8  client  test_of_two_pulls_that_were_opened_at_once_for_one_branch_the_younger_is_the_one
 9  client  test_a_write_goes_to_the_new_name_with_its_method_and_body
10  client  test_a_status_in_a_word_that_nobody_knows_is_passed_on_and_is_not_success
11  client  test_all_statuses_are_read_because_the_combined_one_is_green_by_its_first_page
12  client  test_a_trunk_that_moved_while_it_merged_is_looked_at_whatever_the_forge_says
13  client  test_what_a_branch_demands_is_told_to_a_writer_too_and_an_owner_may_not_merge
14  client  test_what_forgejo_wraps_means_what_gitea_says
15  client  test_an_archived_repository_is_told_as_that_by_whatever_it_blocks
16  client  test_an_empty_repository_has_no_pulls_and_no_trunk_and_that_is_no_refusal
17  nobody  branches are deleted by leased pushes, and what a pull has become is looked at again
18  client  test_an_issue_that_a_merge_left_open_for_its_dependency_is_not_taken_for_closed
19  client  test_a_merge_that_waits_for_an_open_dependency_is_refused_with_its_number_although_the_forge_says_500
20  client  test_every_recorded_update_of_a_pull_is_done_or_is_its_error
21  client  test_an_issue_that_depends_on_itself_cannot_be_closed_and_says_so
22  client  test_labels_are_sent_by_the_id_of_the_first_of_their_name_and_what_was_dropped_is_noticed
23  nobody  the console assigns nobody and edits no titles; the local forge has it
24  client  test_lists_are_asked_for_in_every_state_because_a_state_that_is_unknown_is_taken_as_another
25  client  test_a_token_that_is_nobodys_is_not_told_as_a_user_that_does_not_exist
26  nobody  reviews are people's; the local forge has them
27  client  test_a_name_that_begins_like_another_is_another
28  client  test_what_a_branch_demands_is_told_to_a_writer_too_and_an_owner_may_not_merge
29  client  test_what_a_server_takes_without_a_word_and_does_not_do_is_found_out
30  client  test_what_a_push_that_worked_prints_is_no_sign_of_anything
31  client  test_a_merge_is_never_left_to_the_forge_to_do_later_nor_forced
32  nobody  locking is for people
"""

import ast
import json
import re
from pathlib import Path

import httpx
import pytest

from console.core.facts import Oid, Pull
from console.engine.senses.forge import ForgeSense
from console.engine.senses.memory import Memory
from console.forge import merging, probe
from console.forge.errors import Refused
from console.forge.gitea import Gitea
from console.forge.merging import Means
from panes.git import Remote, git
from tests.forge.replay import FORGES, OWNER, Tape, answer, at, exchanges, listed, path, response, tape, whole

HEAD = Oid("a" * 40)
ROOT = Path(__file__).parent.parent.parent
LINE = re.compile(r"^ ?(\d+)  (client|nobody)  (.+)$", re.MULTILINE)


def test_each_of_the_32_has_its_test_or_the_reason_why_it_is_nobodys() -> None:
    told = LINE.findall(__doc__ or "")
    assert {int(number) for number, _, _ in told} == set(range(1, 33))
    text = "".join(it.read_text() for room in ("forge", "engine", "acceptance", "cli") for it in (ROOT / "tests" / room).glob("test_*.py"))
    assert [name for _, who, name in told if who == "client" and f"def {name}(" not in text] == []


@pytest.mark.parametrize("forge", FORGES)
def test_mergeable_is_the_old_answer_after_a_push_so_nothing_is_decided_by_it(forge: str) -> None:
    """Right after a push the forge shows the new head and `mergeable: true`, and then refuses to merge it."""
    cycle = [r for r in exchanges(forge) if r["case"] == "landing-cycle"]
    pushed = next(n for n, r in enumerate(cycle) if path(r).endswith("/pulls/2"))
    assert whole(cycle[pushed])["mergeable"] is True
    assert merging.found(answer(cycle[pushed + 1])).means is Means.MOVED
    readers = {
        str(it.relative_to(ROOT))
        for it in (ROOT / "console").rglob("*.py")
        for node in ast.walk(ast.parse(it.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "mergeable" and "localforge" not in it.parts
    }
    # The row only says it, of pulls that are not landed.
    assert readers == {"console/forge/shapes.py", "console/core/rows/rides.py"}


def test_the_merge_after_a_refused_one_is_refused_for_no_reason_and_that_is_not_final() -> None:
    """Gitea checks the pull again after "head out of date", and cannot merge it meanwhile."""
    first, second = (merging.found(answer(at("gitea", "merge-refused", step))).means for step in (10, 11))
    assert (first, second) == (Means.MOVED, Means.AGAIN)


def test_git_is_given_the_token_as_a_password_because_as_a_header_it_may_do_what_its_scopes_forbid(tmp_path: Path) -> None:
    for forge in FORGES:  # the same token, which may only read repositories: as a header, as a password
        assert [at(forge, "scopes", step)["rc"] for step in (15, 17)] == [0, 128]
    env = Remote("https://forge.example/a/b.git", "SECRET").env()
    assert "extraheader" not in json.dumps(env).lower()
    filled = git(tmp_path, "credential", "fill", env=env, stdin="protocol=https\nhost=forge.example\n\n").out
    assert "password=SECRET" in filled
    assert "username=" in filled


async def test_of_two_pulls_that_were_opened_at_once_for_one_branch_the_younger_is_the_one() -> None:
    """Nothing stops eight callers from opening eight. Only who holds the claim opens one, so a second is a person's."""
    one = whole(at("gitea", "pulls-create", 1)) | {"number": 4}
    pulls = ("GET", f"/api/v1/repos/{OWNER}/pulls/pulls", listed(one | {"number": 5}, one))
    branch = ("GET", f"/api/v1/repos/{OWNER}/pulls/branches/main", response(at("gitea", "protection", 18)))
    played = tape(("GET", f"/api/v1/repos/{OWNER}/pulls/issues", listed()), pulls, branch)
    sense = ForgeSense(played.gitea("pulls"), "main", Memory(lambda: 0.0), lambda: 0.0, 1.0)
    await sense.look()
    found = sense.pull_of(1, "feat/issue-1")
    assert isinstance(pull := getattr(found, "value", None), Pull)
    assert pull.number == 5


@pytest.mark.parametrize("forge", FORGES)
async def test_a_status_in_a_word_that_nobody_knows_is_passed_on_and_is_not_success(forge: str) -> None:
    green = whole(at(forge, "statuses", 18))
    assert green["status"] == "green"
    where = f"/api/v1/repos/{OWNER}/stat/commits/{HEAD}/statuses"
    found = await Tape([("GET", where, listed(green | {"context": "ops/verify"}))]).gitea("stat").statuses(HEAD)
    assert found["ops/verify"].state == "green"


@pytest.mark.parametrize("forge", FORGES)
async def test_all_statuses_are_read_because_the_combined_one_is_green_by_its_first_page(forge: str) -> None:
    page, every = whole(at(forge, "statuses", 24)), whole(at(forge, "statuses", 25))
    assert (page["state"], every["state"]) == ("success", "failure")
    first = every["statuses"][0]

    def pages(request: httpx.Request) -> httpx.Response:
        assert request.url.path.endswith("/statuses")
        here = (int(request.url.params["page"]) - 1) * 2
        items = [first | it for it in every["statuses"][here : here + 2]]
        return httpx.Response(200, json=items, headers={"x-total-count": "42"})

    client = httpx.AsyncClient(transport=httpx.MockTransport(pages), base_url="http://forge")
    found = await Gitea(client, OWNER, "stat").statuses(HEAD)
    assert len(found) == len({it["context"] for it in every["statuses"]})
    assert "failure" in {status.state for status in found.values()}


@pytest.mark.parametrize("forge", FORGES)
async def test_what_a_branch_demands_is_told_to_a_writer_too_and_an_owner_may_not_merge(forge: str) -> None:
    """The rules themselves are for admins alone, so they are not asked for; the whitelist counts for the owner as well."""
    for step, may_merge in ((17, False), (18, True), (19, False), (20, False)):
        played = tape(
            at(forge, "user", 2), ("GET", f"/api/v1/repos/{OWNER}/prot", response(at(forge, "repo-get", 2))), at(forge, "protection", step)
        )
        found = await probe.rights(played.client, OWNER, "prot", "main")
        assert found.branch
        assert (found.branch.protected, found.branch.user_can_push, found.branch.user_can_merge) == (True, False, may_merge)
        assert found.contexts == ("ops/verify",)
        assert not any("branch_protections" in it.url.path for it in played.asked)


@pytest.mark.parametrize("forge", FORGES)
async def test_an_issue_that_a_merge_left_open_for_its_dependency_is_not_taken_for_closed(forge: str) -> None:
    """The merge is 200 although its `Closes` could not be done."""
    merge, issue, no = at(forge, "merge-odd", 6), at(forge, "merge-odd", 8), at(forge, "dependencies", 8)
    gitea = tape(merge, issue, ("PATCH", path(issue), response(no))).gitea("odd")
    await gitea.merge(5, HEAD, "t", "m")
    assert (await gitea.issue(3)).state == "open"
    with pytest.raises(Refused, match="it still has open dependencies"):
        await gitea.close(3)


@pytest.mark.parametrize("forge", FORGES)
async def test_an_issue_that_depends_on_itself_cannot_be_closed_and_says_so(forge: str) -> None:
    no = at(forge, "dependencies", 15)
    with pytest.raises(Refused, match="open dependencies"):
        await tape(no, ("GET", path(no), response(at(forge, "dependencies", 14)))).gitea("deps").close(3)


@pytest.mark.parametrize("forge", FORGES)
async def test_labels_are_sent_by_the_id_of_the_first_of_their_name_and_what_was_dropped_is_noticed(forge: str) -> None:
    """A name may be there twice, names are no good for a new issue, and whatever is unknown is left out without a word."""
    every = at(forge, "labels", 5)
    ids = [it["id"] for it in whole(every) if it["name"] == "bug"]
    assert len(ids) == 2
    played = tape(every, at(forge, "labels", 27))
    await played.gitea("labels").file("t", "b", ["bug"])
    assert json.loads(played.asked[-1].content)["labels"] == [min(ids)]
    assert not any(it.method == "POST" and it.url.path.endswith("/labels") for it in played.asked)  # which would make a third
    with pytest.raises(Refused, match="did not take bug as labels of #1"):
        await (
            tape(every, ("POST", f"/api/v1/repos/{OWNER}/labels/issues/1/labels", httpx.Response(200, json=[])))
            .gitea("labels")
            .label(1, ["bug"], [])
        )


@pytest.mark.parametrize("forge", FORGES)
async def test_lists_are_asked_for_in_every_state_because_a_state_that_is_unknown_is_taken_as_another(forge: str) -> None:
    """For issues as open, for pulls as all."""
    assert len(whole(at(forge, "issues", 28))) == len(
        [it for it in whole(at(forge, "issues", 25)) if it["pull_request"] is None and it["state"] == "open"]
    )
    where = f"/api/v1/repos/{OWNER}/x"
    played = tape(("GET", f"{where}/issues", listed()), ("GET", f"{where}/pulls", listed()))
    await played.gitea("x").changed(None)
    await played.gitea("x").changed("2026-11-24T23:40:02+00:00")
    assert {it.url.params["state"] for it in played.asked} == {"all"}
    assert {it.url.params["type"] for it in played.asked if it.url.path.endswith("/issues")} == {"issues"}


async def test_a_merge_is_never_left_to_the_forge_to_do_later_nor_forced() -> None:
    """Without protection the forge would do it by itself a moment later, on whatever the trunk is then."""
    played = tape(("POST", f"/api/v1/repos/{OWNER}/odd/pulls/8/merge", httpx.Response(200)))
    await played.gitea("odd").merge(8, HEAD, "t", "m")
    sent = json.loads(played.asked[0].content)
    assert sent == {
        "Do": "squash",
        "head_commit_id": HEAD,
        "MergeTitleField": "t",
        "MergeMessageField": "m",
        "delete_branch_after_merge": True,
    }
