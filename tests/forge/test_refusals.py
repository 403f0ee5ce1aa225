"""What the forge will not do, word by word: each refusal says what it is and what to do, on Gitea and on Forgejo."""

from collections.abc import Awaitable, Callable

import pytest

from console.core.facts import Oid
from console.forge import probe
from console.forge.errors import ForgeGone, Missing, Refused
from tests.forge.replay import FORGES, OWNER, Record, Tape, at, content, listed, path, repository, response, tape

HEAD = Oid("1" * 40)
LOGIN = "`ops-console login` takes another token"


async def refused(r: Record) -> Refused:
    """The refusal, as the first thing that anybody asks of the forge: who we are."""
    played = Tape([("GET", "/api/v1/user", response(r))])
    with pytest.raises(Refused) as no:
        await probe.rights(played.client, OWNER, "prot", "main")
    assert len(played.asked) == 1
    return no.value


@pytest.mark.parametrize("forge", FORGES)
@pytest.mark.parametrize(
    ("step", "scope"),
    [
        (1, "read:repository"),
        (2, "read:user"),
        (4, "read:repository"),
        (6, "write:issue"),
        (8, "write:repository"),
        (11, "read:notification"),
    ],
)
async def test_a_scope_that_the_token_lacks_is_named(forge: str, step: int, scope: str) -> None:
    """Gitea: `required=[…]`, Forgejo: `required scope(s): […]`."""
    no = await refused(at(forge, "scopes", step))
    assert (no.why, no.remedy) == (f"the token lacks the scope {scope}", f"make one on the forge that has it; {LOGIN}")


@pytest.mark.parametrize("forge", FORGES)
@pytest.mark.parametrize(
    ("step", "said"),
    [
        (5, "token is required"),
        (6, "user does not exist [uid: 0, name: ]"),
        (7, "user does not exist [uid: 0, name: ]"),
        (11, "password is invalid"),
    ],
)
async def test_a_token_that_is_nobodys_is_not_told_as_a_user_that_does_not_exist(forge: str, step: int, said: str) -> None:
    no = await refused(at(forge, "user", step))
    assert no.why.startswith("the forge does not take the token (")
    assert said in no.why
    assert no.remedy == LOGIN


@pytest.mark.parametrize("forge", FORGES)
async def test_an_account_that_must_change_its_password_is_told_where(forge: str) -> None:
    no = await refused(at(forge, "token-create", 7))
    assert "waits for the account's owner (You must change your password. Change it at: http://127.0.0.1:3000" in str(no)


@pytest.mark.parametrize("forge", FORGES)
@pytest.mark.parametrize("step", [4, 6, 8, 10])
async def test_an_archived_repository_is_told_as_that_by_whatever_it_blocks(forge: str, step: int) -> None:
    r = at(forge, "repo-archived", step)
    gitea = tape(at(forge, "user", 2), ("GET", path(r), listed()), r).gitea("archived")
    asked: dict[int, Callable[[], Awaitable[object]]] = {
        4: lambda: gitea.file("x", "", []),
        6: lambda: gitea.say(2, "workpad", "x"),
        8: lambda: gitea.propose("w1", "main", "x", ""),
        10: lambda: gitea.merge(1, HEAD, "t", "m"),
    }
    with pytest.raises(Refused) as no:
        await asked[step]()
    assert (no.value.status, no.value.remedy) == (423, "unarchive it on the forge")
    assert no.value.why.startswith("the repository is archived, and nothing is written to it (")


@pytest.mark.parametrize("forge", FORGES)
async def test_a_private_repository_reads_as_one_that_is_not_there_so_both_are_said(forge: str) -> None:
    private, none = at(forge, "repo-get", 6), at(forge, "repo-get", 10)
    assert content(private) == content(none)
    for r in (private, none):
        with pytest.raises(Missing) as no:
            await probe.rights(tape(at(forge, "user", 2), r).client, OWNER, repository(r) or "", "main")
        assert f"the forge has no GET root1/{repository(r)}, or does not show it to our account (" in str(no.value)


@pytest.mark.parametrize("forge", FORGES)
async def test_a_reader_is_told_to_be_a_collaborator_whatever_the_forge_makes_of_it(forge: str) -> None:
    """Words, an empty body, or on Forgejo a whole page of HTML that calls itself an internal error."""
    for step in (3, 4, 5, 8, 11):
        no = await refused(at(forge, "reader-rights", step))
        assert no.why.startswith("our account may not do this (")
        assert no.remedy == "make it a collaborator with write"
    assert "<!DOCTYPE html>" in content(at("forgejo", "reader-rights", 3)).decode()


@pytest.mark.parametrize("forge", FORGES)
async def test_an_empty_repository_has_no_pulls_and_no_trunk_and_that_is_no_refusal(forge: str) -> None:
    issues, pulls, repo, trunk = (at(forge, "repo-empty", step) for step in (7, 6, 1, 3))
    assert pulls["response"]["status"] == 404
    found = await tape(issues, pulls, repo).gitea("empty").changed(None)
    assert (found.issues, found.pulls) == ((), ())
    rights = await probe.rights(tape(at(forge, "user", 2), repo, trunk).client, OWNER, "empty", "main")
    assert (rights.branch, rights.repository.empty) == (None, True)
    assert at(forge, "repo-empty", 17)["response"]["json"]["empty"] is True  # still, after a claim was pushed to it


@pytest.mark.parametrize("forge", FORGES)
async def test_a_repository_whose_pulls_are_switched_off_is_not_taken_for_an_empty_one(forge: str) -> None:
    there = at(forge, "repo-get", 2)
    missing = ("GET", f"{path(there)}/pulls", response(at(forge, "repo-empty", 6)))
    with pytest.raises(Missing, match="has no GET root1/repo-get/pulls"):
        await tape(there, missing, ("GET", f"{path(there)}/issues", listed())).gitea("repo-get").changed(None)


@pytest.mark.parametrize("forge", FORGES)
async def test_a_500_without_a_word_is_said_to_be_that_and_a_write_is_not_sent_again(forge: str) -> None:
    r = at(forge, "statuses", 15)  # a commit that the forge does not have
    played = tape(r)
    with pytest.raises(ForgeGone, match="the forge answered 500: without a reason") as gone:
        await played.gitea("stat").bless(HEAD, "ops/verify", "success", "")
    assert gone.value.sent
    assert len(played.asked) == 1
