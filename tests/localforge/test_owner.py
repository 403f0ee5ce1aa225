"""What an owner can set: rules, merge styles, names."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from console.localforge import serve
from console.localforge.accounts import USUAL, new_token
from console.localforge.protect import found
from console.localforge.store import Pace, Place
from panes.git import GitFailed, git
from tests.localforge.parts import HERE, Local, commit_of, listening, local, project

ALL_STYLES = {"allow_merge_commits": True, "allow_rebase": True, "allow_rebase_explicit": True, "allow_fast_forward_only_merge": True}


@pytest.fixture
def forge(tmp_path: Path) -> Local:
    return local(tmp_path / "a forge", project(tmp_path / "the project"))


@pytest.fixture
def owner(forge: Local) -> Iterator[httpx.Client]:
    """Asks as root1; the repository is public and its trunk not protected."""
    token = new_token(Place(forge.folder), "root1", "owner", ["all"])[0]
    with (
        listening(serve.served(forge.folder)) as url,
        httpx.Client(base_url=url + HERE, headers={"Authorization": f"token {token}"}, timeout=60) as asks,
    ):
        assert asks.patch(url + HERE, json={"private": False, "has_pull_requests": True, **ALL_STYLES}).status_code == 200
        assert asks.delete("/branch_protections/main").status_code == 204
        yield asks


def proposed(forge: Local, owner: httpx.Client, branch: str) -> int:
    forge.commit(branch, f"{branch}.txt", f"{branch}\n")
    answer = owner.post("/pulls", json={"head": branch, "base": "main", "title": f"feat: {branch}"})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["number"])


@pytest.mark.parametrize(
    ("style", "parents", "subject"),
    [
        ("squash", 1, "feat: two (#2)"),
        ("merge", 2, "feat: two (#2)"),
        ("rebase", 1, "work on two.txt"),
        ("rebase-merge", 2, "feat: two (#2)"),
    ],
)
def test_each_style_lands_a_pull_in_its_way(forge: Local, owner: httpx.Client, style: str, parents: int, subject: str) -> None:
    first, second = proposed(forge, owner, "one"), proposed(forge, owner, "two")
    assert owner.post(f"/pulls/{first}/merge", json={"Do": "squash"}).status_code == 200
    before = forge.trunk
    assert owner.post(f"/pulls/{second}/merge", json={"Do": "fast-forward-only"}).status_code == 500
    assert forge.trunk == before
    assert owner.post(f"/pulls/{second}/merge", json={"Do": style}).status_code == 200

    landed = git(forge.repo, "log", "-1", "--format=%P%n%s%n%cn", "main").out.splitlines()
    assert (len(landed[0].split()), landed[1], landed[2]) == (parents, subject, "root1")
    assert git(forge.repo, "merge-base", "--is-ancestor", before, "main").code == 0
    assert set(git(forge.repo, "ls-tree", "--name-only", "main").out.split()) == {"seed.txt", "one.txt", "two.txt"}
    assert owner.get(f"/pulls/{second}").json()["merge_commit_sha"] == forge.trunk


def test_a_pull_that_is_ahead_can_be_taken_as_it_is(forge: Local, owner: httpx.Client) -> None:
    number = proposed(forge, owner, "one")
    head = commit_of(forge.repo, "one")
    assert owner.post(f"/pulls/{number}/merge", json={"Do": "fast-forward-only"}).status_code == 200
    assert forge.trunk == head


def test_the_first_rule_that_fits_says_who_pushes_and_who_lands(forge: Local, owner: httpx.Client) -> None:
    tokens = {login: new_token(Place(forge.folder), login, "write", USUAL)[0] for login in ("ops-lander", "worker1")}
    for rule in (
        {"rule_name": "release/*", "enable_push": True, "enable_push_whitelist": True, "push_whitelist_usernames": ["ops-lander"]},
        {"rule_name": "main", "enable_merge_whitelist": True, "merge_whitelist_usernames": ["ops-lander"]},
        {"rule_name": "release/open", "enable_push": True},
    ):
        assert owner.post("/branch_protections", json=rule).status_code == 201
    remote = f"{str(owner.base_url).split('/api/')[0]}/ada/engine.git"

    def push(login: str, branch: str) -> None:
        header = {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "http.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: token {tokens[login]}",
        }
        git(forge.checkout, "push", "--quiet", remote, f"HEAD:refs/heads/{branch}", env=header)

    push("ops-lander", "release/1")
    push("worker1", "release/open")
    with pytest.raises(GitFailed, match="Not allowed to push to protected branch release/2"):
        push("worker1", "release/2")
    assert owner.delete("/branches/release/1").status_code == 403

    number = proposed(forge, owner, "one")
    for login, status in (("worker1", 405), ("ops-lander", 200)):
        headers = {"Authorization": f"token {tokens[login]}"}
        assert owner.post(f"/pulls/{number}/merge", json={"Do": "squash"}, headers=headers).status_code == status


def test_contexts_are_globs_and_none_at_all_means_every_one_that_was_posted(forge: Local, owner: httpx.Client) -> None:
    owner.post(
        "/branch_protections", json={"rule_name": "main", "enable_status_check": True, "status_check_contexts": ["ci/*", "ops/verify"]}
    )
    number = proposed(forge, owner, "one")
    head = commit_of(forge.repo, "one")

    def post(context: str, state: str) -> int:
        assert owner.post(f"/statuses/{head}", json={"context": context, "state": state}).status_code == 201
        return owner.post(f"/pulls/{number}/merge", json={"Do": "squash", "head_commit_id": "0" * 40}).status_code

    assert [post("ops/verify", "success"), post("ci/a", "success"), post("ci/b", "failure"), post("ci/b", "skipped")] == [
        405,
        409,
        405,
        409,
    ]
    owner.patch("/branch_protections/main", json={"status_check_contexts": []})
    assert [post("other", "pending"), post("other", "warning")] == [405, 409]


def test_a_pull_of_somebody_elses_names_its_author_in_the_message(forge: Local, owner: httpx.Client) -> None:
    token = new_token(Place(forge.folder), "worker1", "write", USUAL)[0]
    forge.commit("one", "one.txt", "one\n")
    headers = {"Authorization": f"token {token}"}
    number = owner.post("/pulls", json={"head": "one", "base": "main", "title": "feat: one"}, headers=headers).json()["number"]
    assert owner.post(f"/pulls/{number}/merge", json={"Do": "squash", "MergeMessageField": "Why."}).status_code == 200
    who = "Ops Console <ops@example.invalid>"
    assert git(forge.repo, "log", "-1", "--format=%B", "main").out.strip() == (
        f"feat: one (#1)\n\nWhy.\n\nCo-authored-by: {who}\nCo-committed-by: {who}"
    )


def test_the_former_name_leads_to_the_new_one(forge: Local, owner: httpx.Client) -> None:
    assert owner.patch(str(owner.base_url).rstrip("/"), json={"name": "motor"}).json()["full_name"] == "ada/motor"
    moved = owner.get("/issues?state=open")
    assert (moved.status_code, moved.headers["location"]) == (301, "/api/v1/repos/ada/motor/issues?state=open")
    found(forge.folder, owner="ada", name="engine", trunk="main", source=None)  # whom it was founded for still finds it


def test_a_forge_that_takes_its_time_says_the_old_then_nothing_then_the_new(tmp_path: Path) -> None:
    """As after every push on Gitea: mergeable, not known, mergeable or not."""
    now = [0.0]
    forge = local(tmp_path / "forge", project(tmp_path / "project"))
    token = new_token(Place(forge.folder), "root1", "owner", ["all"])[0]
    served = serve.served(forge.folder, Pace(lambda: now[0], 2.0))
    with listening(served) as url, httpx.Client(base_url=url + HERE, headers={"Authorization": f"token {token}"}) as asks:

        def mergeable(after: float) -> bool:
            now[0] += after
            return bool(asks.get("/pulls/1").json()["mergeable"])

        proposed(forge, asks, "one")
        assert [mergeable(0.0), mergeable(2.0)] == [False, True]
        forge.commit("one", "seed.txt", "mine\n")
        git(forge.repo, "update-ref", "refs/heads/main", forge.commit("other", "seed.txt", "theirs\n"))
        assert [mergeable(0.0), mergeable(0.9), mergeable(0.2), mergeable(0.9)] == [True, True, False, False]
        answer = asks.post("/pulls/1/merge", json={"Do": "squash"})
        assert (answer.status_code, answer.json()["message"]) == (405, "Please try again later")


def test_an_older_forge_gets_the_rule_that_it_was_founded_with(forge: Local, owner: httpx.Client) -> None:
    with closing(sqlite3.connect(forge.folder / "forge.db")) as db:
        db.executescript("DROP TABLE rule; DROP TABLE feature; ALTER TABLE label DROP COLUMN exclusive; PRAGMA user_version = 0")
    (forge.repo / "protected").unlink()
    git(forge.checkout, "commit", "--quiet", "--allow-empty", "-m", "past the gate")
    with pytest.raises(GitFailed, match="it is not known which branches are protected"):
        git(forge.checkout, "push", str(forge.repo), "HEAD:refs/heads/other")
    for _ in range(2):
        found(forge.folder, owner="ada", name="engine", trunk="main", source=None)
        (rule,) = owner.get("/branch_protections").json()
        assert (rule["rule_name"], rule["enable_push"], rule["status_check_contexts"]) == ("main", False, ["ops/verify"])
    with pytest.raises(GitFailed, match=re.escape("Not allowed to push to protected branch main")):
        git(forge.checkout, "push", str(forge.repo), "HEAD:refs/heads/main")
