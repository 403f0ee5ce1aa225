"""A repository, or its owner, that is called otherwise now: the forge sends us on, and the client goes there once and for all."""

import json
from collections.abc import Callable

import httpx
import pytest

from console.core.facts import Oid
from console.forge import probe
from console.forge.errors import ForgeError, ForgeGone, Refused
from console.forge.gitea import Gitea
from tests.forge.replay import FORGES, OWNER, Tape, at, listed, response, tape, whole

OLD, NEW = f"/api/v1/repos/{OWNER}/renamed-old", f"/api/v1/repos/{OWNER}/renamed-new"


def asked(played: Tape) -> list[str]:
    return [f"{it.method} {it.url.path}" for it in played.asked]


@pytest.mark.parametrize("forge", FORGES)
async def test_a_write_goes_to_the_new_name_with_its_method_and_body(forge: str) -> None:
    """Gitea answers 301, after which a browser would GET; Forgejo 307."""
    played = tape(at(forge, "repo-renamed", 4), ("POST", f"{NEW}/issues", response(at(forge, "issues", 1))))
    assert await played.gitea("renamed-old").file("via old name", "b", []) == 1
    assert asked(played) == [f"POST {OLD}/issues", f"POST {NEW}/issues"]
    assert played.asked[0].content == played.asked[1].content
    assert json.loads(played.asked[1].content)["title"] == "via old name"


@pytest.mark.parametrize("forge", FORGES)
async def test_a_list_keeps_its_query_and_what_follows_is_asked_of_the_new_name_at_once(forge: str) -> None:
    played = tape(at(forge, "repo-renamed", 3), ("GET", f"{NEW}/issues", listed()), ("GET", f"{NEW}/pulls", listed()))
    gitea = played.gitea("renamed-old")
    await gitea.changed("2026-11-24T00:00:02+00:00")
    first, again, pulls = played.asked
    assert (first.url.path, again.url.path, pulls.url.path) == (f"{OLD}/issues", f"{NEW}/issues", f"{NEW}/pulls")
    assert first.url.query == again.url.query  # the forge's `Location` has it too, and it is not sent twice
    assert again.url.params["since"] == "2026-11-24T00:00:00Z"
    await gitea.changed(None)
    assert f"GET {OLD}/issues" not in asked(played)[1:]


@pytest.mark.parametrize("forge", FORGES)
async def test_a_merge_and_a_deletion_are_repeated_as_what_they_are(forge: str) -> None:
    moved = at(forge, "repo-renamed", 6)["response"]
    sent_on = httpx.Response(moved["status"], headers={"location": f"{NEW}/pulls/2/merge"})
    played = tape(("POST", f"{OLD}/pulls/2/merge", sent_on), ("POST", f"{NEW}/pulls/2/merge", httpx.Response(200)))
    await played.gitea("renamed-old").merge(2, Oid("a" * 40), "t", "m")
    assert asked(played) == [f"POST {OLD}/pulls/2/merge", f"POST {NEW}/pulls/2/merge"]

    label = httpx.Response(200, json=[{"id": 3, "name": "bug"}])
    sent_on = httpx.Response(moved["status"], headers={"location": f"{NEW}/issues/1/labels/3"})
    played = tape(
        ("GET", f"{OLD}/issues/1/labels", label),
        ("DELETE", f"{OLD}/issues/1/labels/3", sent_on),
        ("DELETE", f"{NEW}/issues/1/labels/3", httpx.Response(204)),
    )
    await played.gitea("renamed-old").label(1, [], ["bug"])
    assert asked(played)[-1] == f"DELETE {NEW}/issues/1/labels/3"


@pytest.mark.parametrize("forge", FORGES)
async def test_the_new_name_can_be_told_to_the_operator(forge: str) -> None:
    played = tape(
        at(forge, "user", 2),
        at(forge, "repo-renamed", 2),
        at(forge, "repo-renamed", 5),
        ("GET", f"{NEW}/branches/main", response(at(forge, "protection", 18))),
    )
    found = await probe.rights(played.client, OWNER, "renamed-old", "main")
    assert found.repository.full_name == f"{OWNER}/renamed-new" == whole(at(forge, "repo-renamed", 5))["full_name"]


def sends_on(where: Callable[[httpx.Request], str], seen: list[httpx.Request]) -> httpx.AsyncClient:
    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.url.path.endswith("/new/pulls/1"):
            return httpx.Response(404)
        return httpx.Response(301, headers={"location": where(request)})

    headers = {"authorization": "token SECRET"}
    return httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="https://forge.example/git", headers=headers)


@pytest.mark.parametrize(
    "where",
    [
        "/git/api/v1/repos/them/new/pulls/1",
        "https://forge.example/git/api/v1/repos/them/new/pulls/1?x=y",
        "https://forge.example:443/git/api/v1/repos/them/new/pulls/1",
    ],
)
async def test_a_new_owner_below_a_folder_of_the_server_and_an_absolute_address_are_followed_too(where: str) -> None:
    seen: list[httpx.Request] = []
    with pytest.raises(ForgeError, match="does not show it"):
        await Gitea(sends_on(lambda _: where, seen), "me", "old").pull(1)
    assert [it.url.path for it in seen] == ["/git/api/v1/repos/me/old/pulls/1", "/git/api/v1/repos/them/new/pulls/1"]


@pytest.mark.parametrize(
    ("where", "says"),
    [
        (
            "https://elsewhere.example/git/api/v1/repos/me/new/pulls/1",
            "the forge is elsewhere, at https://elsewhere.example: set that as forge.url",
        ),
        ("http://forge.example/git/api/v1/repos/me/new/pulls/1", "the forge is elsewhere, at http://forge.example: set that as forge.url"),
        ("https://forge.example:8443/git/api/v1/repos/me/new/pulls/1", "the forge is elsewhere, at https://forge.example:8443"),
        ("//elsewhere.example/git/api/v1/repos/me/new/pulls/1", "the forge is elsewhere"),
        ("https://me:PW@elsewhere.example/", "the forge is elsewhere, at https://elsewhere.example"),
        ("/user/login?redirect_to=/x", "on to /user/login"),
        ("/git/api/v1/repos/me/new/issues/7", "which is no repository"),
        ("", "on to nowhere"),
    ],
)
async def test_nobody_else_is_asked_and_nobody_else_gets_the_token(where: str, says: str) -> None:
    seen: list[httpx.Request] = []
    with pytest.raises(Refused) as no:
        await Gitea(sends_on(lambda _: where, seen), "me", "old").pull(1)
    assert says in str(no.value)
    assert "PW" not in str(no.value)
    assert len(seen) == 1


async def test_what_is_no_address_is_an_answer_that_broke_off() -> None:
    with pytest.raises(ForgeGone, match="Invalid port"):
        await Gitea(sends_on(lambda _: "https://forge.example:port/", []), "me", "old").close(1)


async def test_a_forge_that_sends_us_round_in_circles_is_asked_a_few_times_only() -> None:
    seen: list[httpx.Request] = []

    def other(request: httpx.Request) -> str:
        return request.url.path.replace("/one/", "/two/") if "/one/" in request.url.path else request.url.path.replace("/two/", "/one/")

    with pytest.raises(ForgeGone, match="round in circles"):
        await Gitea(sends_on(other, seen), "me", "one").pull(1)
    assert len(seen) == 4
