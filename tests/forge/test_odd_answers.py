"""Answers that are late, cut short, wrong or none: what each means, and what is tried again."""

import json
from collections.abc import Awaitable, Callable, Sequence

import httpx
import pytest

from console.core.facts import Oid
from console.forge.errors import ForgeError, ForgeGone, Missing, Moved, NotYet, Refused
from console.forge.gitea import Gitea

HEAD = Oid("a" * 40)
ISSUE = {
    "number": 1,
    "title": "t",
    "body": "",
    "state": "open",
    "created_at": "2026-11-24T23:40:56Z",
    "updated_at": "2026-11-24T23:40:57+01:00",
    "html_url": "http://forge/1",
    "assignees": None,
    "labels": None,
}


class Script:
    """A transport that answers from a list and remembers what it was asked; the last answer is repeated."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


def gitea(script: Callable[[httpx.Request], httpx.Response]) -> Gitea:
    return Gitea(httpx.AsyncClient(transport=httpx.MockTransport(script), base_url="http://forge"), "ada", "my engine.v2")


def said(status: int, message: object = None, **headers: str) -> httpx.Response:
    body = b"" if message is None else json.dumps({"message": message, "url": "http://forge/swagger"}).encode()
    return httpx.Response(status, content=body, headers={name.replace("_", "-"): value for name, value in headers.items()})


def listed(items: Sequence[object], total: int) -> httpx.Response:
    return httpx.Response(200, json=items, headers={"x-total-count": str(total)})


async def test_times_are_seconds_and_null_lists_are_empty() -> None:
    script = Script(httpx.Response(200, json=ISSUE))
    issue = await gitea(script).issue(1)
    assert (issue.created, issue.updated, issue.labels) == (1795563656.0, 1795560057.0, ())
    assert script.asked[0].url.raw_path == b"/api/v1/repos/ada/my%20engine.v2/issues/1"


@pytest.mark.parametrize("first", [httpx.ConnectError("refused"), httpx.ReadError("reset"), said(502), said(503, "busy", retry_after="0")])
async def test_a_read_is_tried_again(first: httpx.Response | Exception) -> None:
    script = Script(first, httpx.Response(200, json=ISSUE))
    assert (await gitea(script).issue(1)).number == 1
    assert len(script.asked) == 2


@pytest.mark.parametrize(
    ("answer", "asked", "sent"),
    [
        (httpx.ConnectError("refused"), 3, False),
        (httpx.ConnectTimeout("late"), 1, False),
        (httpx.ReadTimeout("late"), 1, True),
        (httpx.RemoteProtocolError("peer closed connection without sending complete message body"), 3, True),
        (said(500, ""), 3, True),
        (said(503, "busy", retry_after="120"), 1, True),
        (httpx.Response(502, text="<html>Bad gateway</html>"), 3, True),
        (httpx.Response(200, text="<!DOCTYPE html><title>Sign in</title>"), 1, True),
        (httpx.Response(200, content=json.dumps(ISSUE).encode()[:-20]), 1, True),
        (httpx.Response(200, content=b""), 1, True),
        (httpx.Response(200, json=ISSUE | {"number": "1"}), 1, True),
        (httpx.Response(200, json=ISSUE | {"state": "half open"}), 1, True),
        (httpx.Response(200, json=ISSUE | {"created_at": "yesterday"}), 1, True),
        (httpx.Response(200, json=ISSUE | {"updated_at": "2026-11-24T23:40:56"}), 1, True),  # of no time zone: of no time
        (httpx.Response(200, json=[ISSUE]), 1, True),
        (httpx.Response(200, content=b"\xff\xfe"), 1, True),
    ],
)
async def test_an_answer_that_is_none_means_later(answer: httpx.Response | Exception, asked: int, sent: bool) -> None:
    script = Script(answer)
    with pytest.raises(ForgeGone) as gone:
        await gitea(script).issue(1)
    assert (len(script.asked), gone.value.sent) == (asked, sent)
    assert str(gone.value).startswith("the forge ")


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (405, {"message": "Please try again later"}, NotYet, "Please try again later"),
        (405, {"message": "not allowed to merge [reason: Please try again later]"}, NotYet, "try again later"),
        (409, {"message": "head out of date"}, Moved, "head out of date"),
        (409, {"message": "merge push out of date"}, Moved, "push out of date"),
        (409, {"message": "PushRejected … cannot lock ref 'refs/heads/main': is at 1 but expected 2"}, Moved, "cannot lock ref"),
        (405, {"message": "The head branch is behind the base branch"}, Moved, "behind"),
        (405, {"message": "The PR is already merged"}, Moved, "already merged"),
        (405, None, Moved, "merged already"),
        (404, {"message": "not found", "errors": None}, Moved, "closed, or gone"),
        (405, {"message": "Not all required status checks successful"}, Refused, "Not all required"),
        (405, {"message": "User not allowed to merge PR"}, Refused, "not allowed"),
        (409, {"message": "PushRejected with remote message: no\x1b[31m"}, Refused, "PushRejected with remote message: no\ufffd"),
        (409, {"Style": "merge", "StdOut": "", "StdErr": "CONFLICT", "Err": {}}, Refused, "conflict"),
        (422, {"message": "[Do]: In"}, Refused, "In"),
        (423, {"message": "repository is archived"}, Refused, "archived"),
        (401, {"message": "token is required"}, Refused, "token is required"),
        (403, None, Refused, "collaborator with write"),
        (301, None, Refused, "on to nowhere, which is no repository"),
        (429, None, NotYet, "busy"),
        (405, {"message": "is blocked by an open dependency"}, Refused, "take the dependency off"),
        (405, {"message": "wont sign: never"}, Refused, "signatures are required"),
        (405, {"message": "There are requested changes"}, Refused, "it waits for a review"),
        (405, {"message": "Changed protected files"}, Refused, "files that are protected"),
        (409, {"message": "The pull request is already scheduled to auto merge"}, Refused, "cancel that there"),
        (405, {"message": "It is Tuesday"}, Refused, "in words that are new to us (It is Tuesday)"),
        (502, {"message": "at https://ada:secret@forge/x"}, ForgeGone, "answered 502 (at https://forge/x)"),
    ],
)
async def test_each_way_a_merge_can_be_refused(status: int, body: object, kind: type[ForgeError], words: str) -> None:
    script = Script(httpx.Response(status, content=b"" if body is None else json.dumps(body).encode()))
    with pytest.raises(ForgeError) as no:
        await gitea(script).merge(1, HEAD, "t", "m")
    assert type(no.value) is kind
    assert words in str(no.value)
    assert "secret" not in str(no.value)
    assert [it.method for it in script.asked].count("POST") == 1


async def test_a_merge_is_given_minutes_and_sent_once() -> None:
    script = Script(httpx.ReadTimeout("late"))
    with pytest.raises(ForgeGone) as gone:
        await gitea(script).merge(1, HEAD, "t", "m")
    assert gone.value.sent
    assert len(script.asked) == 1
    assert script.asked[0].extensions["timeout"]["read"] >= 300


@pytest.mark.parametrize("fault", [httpx.ConnectError("refused"), httpx.ReadError("reset"), said(503, "busy")])
async def test_no_write_is_sent_twice(fault: httpx.Response | Exception) -> None:
    writes: tuple[Callable[[Gitea], Awaitable[object]], ...] = (
        lambda it: it.bless(HEAD, "c", "success", ""),
        lambda it: it.propose("h", "main", "t", "b"),
        lambda it: it.close(1),
        lambda it: it.file("t", "b", []),
    )
    for write in writes:
        script = Script(fault)
        with pytest.raises(ForgeGone):
            await write(gitea(script))
        assert len(script.asked) == 1


async def test_a_list_is_read_to_its_end_or_not_returned() -> None:
    def pages(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params["page"])
        return listed([ISSUE | {"number": n} for n in range(120, 0, -1)][(page - 1) * 20 : page * 20], 120)  # cut to 20 without a word

    everything = Script(listed([], 0))
    found = await gitea(lambda r: everything(r) if r.url.path.endswith("/pulls") else pages(r)).changed(None)
    assert len(found.issues) == 120

    def short(request: httpx.Request) -> httpx.Response:
        return pages(request) if int(request.url.params["page"]) < 4 else listed([], 120)

    with pytest.raises(ForgeGone, match="cut short: 60 of 120"):
        await gitea(short).changed(None)
    with pytest.raises(ForgeGone, match="without saying how long"):
        await gitea(Script(httpx.Response(200, json=[]))).changed(None)


async def test_a_list_that_is_null_is_empty() -> None:
    """Live: the branches of an empty repository."""
    found = await gitea(Script(httpx.Response(200, text="null", headers={"x-total-count": "0"}))).changed(None)
    assert (found.issues, found.pulls) == ((), ())


async def test_a_list_whose_pages_are_all_the_same_is_not_read_for_ever() -> None:
    with pytest.raises(ForgeGone, match="cut short: 1 of 9"):
        await gitea(Script(listed([ISSUE], 9))).changed(None)


async def test_a_list_that_moved_while_it_was_read_is_read_once_more() -> None:
    one, two, three = (ISSUE | {"number": n} for n in (1, 2, 3))
    script = Script(
        listed([two], 2),
        listed([two], 3),  # a third was filed: everything moved down by one
        listed([one], 3),
        listed([], 3),
        listed([three, two, one], 3),
        listed([], 0),
    )
    found = await gitea(script).changed(None)
    assert [issue.number for issue in found.issues] == [1, 2, 3]


async def test_pulls_are_read_only_as_far_back_as_was_asked() -> None:
    def pull(number: int, minute: int) -> dict[str, object]:
        head = {"label": "w", "ref": f"refs/pull/{number}/head", "sha": HEAD}
        times = {"updated_at": f"2026-11-24T23:{minute:02}:00Z"}
        return ISSUE | times | {"number": number, "merged": False, "mergeable": True, "head": head, "base": head, "user": None}

    script = Script(listed([], 0), listed([pull(5, 50), pull(4, 40), pull(9, 20)], 300))
    found = await gitea(script).changed("2026-11-24T23:40:02+00:00")
    assert [it.number for it in found.pulls] == [4, 5]
    assert found.cursor == "2026-11-24T23:50:00+00:00"
    assert found.pulls[0].head_branch == "w"
    assert found.pulls[0].by == "ghost"
    assert [request.url.params.get("since") for request in script.asked] == ["2026-11-24T23:40:00Z", None]


async def test_a_pull_that_exists_is_looked_up_when_the_refusal_does_not_name_it() -> None:
    there = ISSUE | {
        "number": 8,
        "merged": False,
        "mergeable": True,
        "head": {"label": "a/b", "sha": HEAD},
        "base": {"label": "main", "sha": HEAD},
    }
    script = Script(said(409, "already there"), httpx.Response(200, json=there))
    assert await gitea(script).propose("a/b", "main", "t", "") == 8
    assert script.asked[1].url.raw_path.endswith(b"/pulls/main/a%2Fb")
    script = Script(said(409, "already there"), httpx.Response(200, json=there | {"state": "closed"}))
    with pytest.raises(Refused, match="already there"):
        await gitea(script).propose("a/b", "main", "t", "")


async def test_a_label_that_was_dropped_without_a_word_is_noticed() -> None:
    label = {"id": 1, "name": "bug"}
    script = Script(listed([label], 1), httpx.Response(200, json=[]))
    with pytest.raises(Refused, match="did not take bug as labels of #1"):
        await gitea(script).label(1, ["bug"], [])


async def test_an_issue_that_may_not_be_closed_is_not_taken_for_closed() -> None:
    script = Script(said(412, "cannot close this issue because it still has open dependencies"), httpx.Response(200, json=ISSUE))
    with pytest.raises(Refused, match="open dependencies"):
        await gitea(script).close(1)


async def test_what_is_not_there_is_missing() -> None:
    script = Script(said(404, "not found"))
    with pytest.raises(Missing):
        await gitea(script).pull(3)
    assert len(script.asked) == 1
