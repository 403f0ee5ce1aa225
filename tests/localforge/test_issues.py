"""Issues, labels and comments of the local forge, in Gitea's shapes."""

import asyncio
import json

import pytest

from tests.localforge.parts import HERE, Local

WRONG = "[]: json: cannot unmarshal"


async def test_an_issue_is_filed_read_edited_and_closed(forge: Local) -> None:
    sent = json.dumps({"title": "first", "body": "ünïcode \ud800 <b>"})  # half a character, which JSON can carry
    answer = await forge.http.post(f"{HERE}/issues", content=sent.encode())
    assert answer.status_code == 201
    issue = answer.json()
    assert (issue["number"], issue["state"], issue["assignees"], issue["pull_request"]) == (1, "open", None, None)
    assert issue["body"] == "ünïcode \ufffd <b>"
    assert issue["html_url"] == "local://ada/engine/issues/1"
    edited = await forge.ask("PATCH", "/issues/1", {"title": "", "state": "closed"})
    assert (edited.status_code, edited.json()["title"], edited.json()["state"]) == (201, "first", "closed")
    closed_at = edited.json()["closed_at"]
    assert closed_at
    assert (await forge.ask("PATCH", "/issues/1", {"state": "closed"})).json()["closed_at"] == closed_at
    assert (await forge.ask("PATCH", "/issues/1", {"state": "open"})).json()["closed_at"] is None


@pytest.mark.parametrize(
    ("method", "path", "body", "refusal"),
    [
        ("POST", "/issues", {}, (422, "[Title]: Required")),
        ("POST", "/issues", {"title": ""}, (422, "[Title]: Required")),
        (
            "POST",
            "/issues",
            {"title": "x", "labels": ["bug"]},
            (422, f'{WRONG} number " into Go struct field CreateIssueOption.Labels of type int64'),
        ),
        ("POST", "/issues", {"title": 3}, (422, f"{WRONG} int into Go struct field title of type string")),
        ("POST", "/issues", ["x"], (422, f"{WRONG} into Go value of an object")),
        ("GET", "/issues/999", None, (404, "not found")),
        ("PATCH", "/issues/999", {"state": "closed"}, (404, "not found")),
        ("PATCH", "/issues/1", {"state": "nonsense"}, (412, "unknown state: nonsense")),
        ("GET", "/pulls/1", None, (404, "not found")),
        ("POST", "/labels", {"name": "x"}, (422, "[Color]: Required")),
        ("POST", "/labels", {"name": "x", "color": "zzz"}, (422, "invalid color: #zzz")),
        ("POST", "/issues/1/labels", {"labels": [1, "x"]}, (400, "labels should be an array of strings or integers")),
        ("POST", "/issues/999/labels", {"labels": ["x"]}, (404, "not found")),
        ("DELETE", "/issues/1/labels/77", None, (422, "label does not exist [label_id: 0]")),
        ("DELETE", "/issues/1/labels/bug", None, (422, "label does not exist [label_id: 0]")),
        ("POST", "/issues/1/comments", {"body": ""}, (422, "[Body]: Required")),
        ("POST", "/issues/999/comments", {"body": "x"}, (500, "issue does not exist [id: 0, repo_id: 1, index: 999]")),
        ("PATCH", "/issues/comments/77", {"body": "x"}, (404, "not found")),
        ("POST", f"/statuses/{'1' * 40}", {"state": "success"}, (500, f"object does not exist [id: {'1' * 40}, rel_path: ]")),
        ("GET", "/commits/nosuch/status", None, (404, "not found")),
    ],
)
async def test_what_is_refused(forge: Local, method: str, path: str, body: object, refusal: tuple[int, str]) -> None:
    await forge.ask("POST", "/issues", {"title": "there"})
    answer = await forge.ask(method, path, body)
    assert (answer.status_code, answer.json()["message"]) == refusal


async def test_a_body_that_is_no_json_and_a_repository_that_is_not_ours_are_refused(forge: Local) -> None:
    assert (await forge.http.post(f"{HERE}/issues", content=b'{"title": ')).status_code == 422
    assert (await forge.http.get("/api/v1/repos/ada/other/issues")).status_code == 404
    assert (await forge.http.get("/api/v1/repos/Ada/ENGINE")).json()["default_branch"] == "main"
    assert (await forge.ask("GET", "/issues", since="notatime")).status_code == 422


async def test_a_long_list_comes_in_pages_of_at_most_fifty_newest_first(forge: Local) -> None:
    for n in range(1, 61):
        await forge.ask("POST", "/issues", {"title": f"issue {n}"})
    first = await forge.ask("GET", "/issues", type="issues", limit=100, state="all")
    assert [issue["number"] for issue in first.json()] == list(range(60, 10, -1))
    assert first.headers["x-total-count"] == "60"
    assert first.headers["link"].startswith(f'<http://local.invalid{HERE}/issues?limit=100&page=2&state=all&type=issues>; rel="next"')
    second = await forge.ask("GET", "/issues", type="issues", limit=100, page=2)
    assert [issue["number"] for issue in second.json()] == list(range(10, 0, -1))
    assert len((await forge.ask("GET", "/issues", limit=0)).json()) == 30
    beyond = await forge.ask("GET", "/issues", page=9)
    assert (beyond.json(), beyond.headers["x-total-count"]) == ([], "60")


async def test_issues_are_listed_by_state_kind_label_and_time(forge: Local) -> None:
    bug = (await forge.ask("POST", "/labels", {"name": "bug", "color": "#00aabb"})).json()["id"]
    await forge.ask("POST", "/issues", {"title": "one", "labels": [bug, 99]})
    await forge.ask("POST", "/issues", {"title": "two"})
    await forge.ask("PATCH", "/issues/2", {"state": "closed"})
    forge.commit("w", "w.txt", "w\n")
    await forge.propose("w")

    async def numbers(**query: object) -> list[int]:
        return [issue["number"] for issue in (await forge.ask("GET", "/issues", **query)).json()]

    assert await numbers() == await numbers(state="nonsense") == [3, 1]
    assert await numbers(state="all", type="issues") == [2, 1]
    assert await numbers(type="pulls") == [3]
    assert await numbers(labels="bug") == await numbers(labels="bug,nosuch") == [1]
    assert await numbers(labels="nosuch") == [3, 1]
    assert await numbers(since="2099-01-01T00:00:00Z") == []
    assert await numbers(since="2020-01-01T00:00:00+02:00") == [3, 1]


async def test_labels_are_added_by_name_or_id_and_a_name_may_be_there_twice(forge: Local) -> None:
    await forge.ask("POST", "/issues", {"title": "one"})
    first, second = [(await forge.ask("POST", "/labels", {"name": "bug", "color": "00aabb"})).json()["id"] for _ in range(2)]
    added = await forge.ask("POST", "/issues/1/labels", {"labels": ["bug", "nosuch"]})
    assert [label["id"] for label in added.json()] == [first, second]
    assert (await forge.ask("DELETE", f"/issues/1/labels/{first}")).status_code == 204
    assert (await forge.ask("DELETE", f"/issues/1/labels/{first}")).status_code == 204
    assert [label["id"] for label in (await forge.ask("GET", "/issues/1/labels")).json()] == [second]
    listed = await forge.ask("GET", "/labels", limit=1, page=2)
    assert ([label["id"] for label in listed.json()], listed.headers["x-total-count"]) == ([second], "2")


async def test_comments_are_counted_edited_and_never_paged(forge: Local) -> None:
    await forge.ask("POST", "/issues", {"title": "one"})
    ids = [(await forge.ask("POST", "/issues/1/comments", {"body": f"c{n}"})).json()["id"] for n in range(3)]
    assert (await forge.ask("PATCH", f"/issues/comments/{ids[1]}", {"body": "edited"})).status_code == 200
    listed = await forge.ask("GET", "/issues/1/comments", limit=1, page=2)
    assert [comment["body"] for comment in listed.json()] == ["c0", "edited", "c2"]
    assert (await forge.ask("GET", "/issues/1")).json()["comments"] == 3


async def test_statuses_are_summed_up_by_the_latest_of_each_context(forge: Local) -> None:
    assert (await forge.ask("GET", "/commits/main/status")).json()["statuses"] is None

    async def post(context: str, state: str) -> str:
        await forge.ask("POST", f"/statuses/{forge.trunk}", {"context": context, "state": state})
        summed = (await forge.ask("GET", "/commits/main/status")).json()
        assert summed["sha"] == forge.trunk
        return str(summed["state"])

    assert await post("ops/verify", "pending") == "pending"
    assert await post("ops/verify", "success") == "success"
    assert await post("ci/other", "error") == "failure"
    assert await post("ci/other", "skipped") == "success"
    assert await post("ci/other", "green") == "pending"
    assert (await forge.ask("GET", f"/commits/{forge.trunk}/statuses", limit=2)).headers["x-total-count"] == "5"
    assert (await forge.ask("GET", f"/statuses/{forge.trunk[:10]}")).json()[0]["status"] == "pending"


async def test_edits_at_the_same_moment_are_all_kept(forge: Local) -> None:
    await forge.ask("POST", "/issues", {"title": "busy"})
    await asyncio.gather(*(forge.ask("POST", "/issues/1/comments", {"body": f"c{n}"}) for n in range(40)))
    assert (await forge.ask("GET", "/issues/1")).json()["comments"] == 40


async def test_the_forge_says_what_it_is(forge: Local) -> None:
    assert (await forge.http.get("/api/v1/version")).json()["version"].startswith("1.26")
    assert (await forge.http.get("/api/v1/settings/api")).json()["max_response_items"] == 50
    assert (await forge.http.get("/api/v1/user")).json()["login"] == "you"
    branch = (await forge.ask("GET", "/branches/main")).json()
    assert (branch["protected"], branch["status_check_contexts"]) == (True, ["ops/verify"])
    assert [branch["name"] for branch in (await forge.ask("GET", "/branches")).json()] == ["main"]
    assert (await forge.http.get("/api/v1/nosuch")).status_code == 404
