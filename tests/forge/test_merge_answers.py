"""Every merge, and every update of a pull, that was recorded: what its answer means, and what the client then does."""

import json

import httpx
import pytest

from console.core.facts import Oid
from console.forge import merging
from console.forge.answers import Answer
from console.forge.errors import ForgeError, ForgeGone, Missing, Moved, NotYet, Refused
from console.forge.gitea import MERGE_S, Gitea
from console.forge.merging import Means
from console.forge.rest import Rest
from tests.forge.replay import FORGES, OWNER, Tape, answer, at, below, exchanges, listed, path, repository, response, tape

HEAD = Oid("a" * 40)
LANDED, MOVED, AGAIN, CONFLICT, OPERATOR, BUG, BROKE, GONE = (
    *(Means.LANDED, Means.MOVED, Means.AGAIN, Means.CONFLICT),
    *(Means.OPERATOR, Means.BUG, Means.BROKE, Means.GONE),
)
KINDS = {MOVED: Moved, AGAIN: NotYet, CONFLICT: Refused, OPERATOR: Refused, BUG: Refused, GONE: ForgeGone}

# Case → step → what it means. Both forges mean the same but where ELSEWHERE says so; `landing-cycle` is a story of its own below.
MERGES: dict[str, dict[int, Means]] = {
    "repo-archived": {10: OPERATOR},
    "reader-rights": {6: OPERATOR},
    "pulls-edit": {9: MOVED, 18: AGAIN},  # closed; its head branch is deleted
    "update": {4: LANDED},
    "merge-success": {1: LANDED, 9: MOVED, 10: MOVED},
    "merge-refused": {
        **dict.fromkeys((1, 2, 3, 4, 25, 26), OPERATOR),  # a required status is missing, pending or red
        **dict.fromkeys((5, 6, 7, 8, 9), OPERATOR),  # who may not merge, and nobody
        **dict.fromkeys((10, 13, 20, 27), MOVED),  # the head is another
        11: AGAIN,
        **dict.fromkeys((14, 15, 16, 17, 21), OPERATOR),  # a style that is not allowed
        **dict.fromkeys((18, 19), BUG),
        22: MOVED,
        23: OPERATOR,  # a draft
        28: LANDED,
        29: AGAIN,
        30: MOVED,
        32: LANDED,
        33: AGAIN,
        35: MOVED,
    },
    "merge-conflict-no-protection": {1: LANDED, 2: AGAIN, 3: AGAIN},
    "conflict-at-merge": {2: BROKE, 4: AGAIN, 5: CONFLICT, 6: CONFLICT},
    "merge-delete-branch": dict.fromkeys((1, 3, 5, 7, 9, 11, 13, 16), LANDED),
    "merge-closes-issue": dict.fromkeys((1, 3, 5, 7), LANDED),
    "merge-odd": {
        **dict.fromkeys((2, 3), BROKE),  # an open dependency
        **dict.fromkeys((5, 6), LANDED),
        **dict.fromkeys((10, 11), BROKE),  # nothing in it
        13: AGAIN,  # its head is the base
        14: GONE,  # put off: it lands by itself, later
        17: BUG,
        18: LANDED,
    },
    "half-landed-1": {5: BROKE, 6: OPERATOR, 7: LANDED},
    "half-landed-2": {5: BROKE},
    "reviews": {2: OPERATOR, 7: OPERATOR, 28: OPERATOR, 30: LANDED},
}
ELSEWHERE = {
    ("forgejo", "merge-refused", 11): MOVED,  # it queues no new check after a refusal
    ("forgejo", "merge-conflict-no-protection", 2): BROKE,
}


@pytest.mark.parametrize("forge", FORGES)
def test_every_recorded_merge_means_something_that_a_row_says(forge: str) -> None:
    asked = {(r["case"], r["step"]): r for r in exchanges(forge) if r["request"]["method"] == "POST" and path(r).endswith("/merge")}
    expected = {(case, step): ELSEWHERE.get((forge, case, step), means) for case, steps in MERGES.items() for step, means in steps.items()}
    assert {key for key in asked if key[0] != "landing-cycle"} == set(expected)
    for key, means in expected.items():
        assert merging.found(answer(asked[key])).means is means, (key, asked[key]["response"])
    assert all(merging.found(answer(r)).means is not Means.UNHEARD for r in asked.values())


@pytest.mark.parametrize("forge", FORGES)
async def test_every_recorded_merge_becomes_its_error_with_a_sentence(forge: str) -> None:
    for case, steps in MERGES.items():
        for step in steps:
            means = ELSEWHERE.get((forge, case, step), steps[step])
            r = at(forge, case, step)
            number = int(path(r).split("/")[-2])
            played = tape(r, ("GET", path(r).removesuffix("/merge"), httpx.Response(404)))
            if means is BROKE:
                continue  # it asks more: below
            if means is LANDED:
                await played.gitea(repository(r) or "").merge(number, HEAD, "t", "m")
            else:
                with pytest.raises(ForgeError) as no:
                    await played.gitea(repository(r) or "").merge(number, HEAD, "t", "m")
                assert type(no.value) is KINDS[means], (case, step)
                assert len(str(no.value).split()) > 3, (case, step)
            # A check that Gitea has put off starts when somebody looks at the pull.
            assert [it.method for it in played.asked] == (["POST", "GET"] if means is AGAIN else ["POST"])
            assert played.asked[0].extensions["timeout"]["read"] == MERGE_S


def broken(forge: str, case: str, step: int, pull: int, dependencies: httpx.Response) -> Tape:
    """A merge that is answered with 500, then what is asked about it."""
    r = at(forge, case, step)
    where = path(r).removesuffix(f"/pulls/{path(r).split('/')[-2]}/merge")
    number = path(r).split("/")[-2]
    return tape(
        r,
        ("GET", f"{where}/pulls/{number}", response(at(forge, case, pull))),
        ("GET", f"{where}/issues/{number}/dependencies", dependencies),
    )


@pytest.mark.parametrize("forge", FORGES)
@pytest.mark.parametrize("step", [2, 3])
async def test_a_merge_that_waits_for_an_open_dependency_is_refused_with_its_number_although_the_forge_says_500(
    forge: str, step: int
) -> None:
    """Nobody but its admin is told why. It is over all the same: no other pull has to wait until it is known what came of it."""
    played = broken(forge, "merge-odd", step, 4, response(at(forge, "dependencies", 6)))
    with pytest.raises(Refused, match="depends on #2, which is open: close that, or take the dependency off pull 2"):
        await played.gitea("odd").merge(2, HEAD, "t", "m")


@pytest.mark.parametrize("forge", FORGES)
@pytest.mark.parametrize(
    ("case", "step", "pull"), [("conflict-at-merge", 2, 3), ("merge-odd", 10, 9), ("half-landed-1", 5, 1), ("half-landed-2", 5, 1)]
)
async def test_a_merge_that_broke_is_over_and_left_to_a_few_more_tries(forge: str, case: str, step: int, pull: int) -> None:
    """A conflict that the forge had not noticed, a pull with nothing in it, one whose commit is on the trunk already: the same 500."""
    played = broken(forge, case, step, pull, listed())
    with pytest.raises(Refused, match="the forge failed to merge it") as no:
        await played.gitea(repository(at(forge, case, step)) or "").merge(int(path(at(forge, case, step)).split("/")[-2]), HEAD, "t", "m")
    assert no.value.status == 500


@pytest.mark.parametrize("forge", FORGES)
async def test_a_merge_that_broke_after_it_had_landed_is_looked_at_again(forge: str) -> None:
    played = broken(forge, "merge-odd", 2, 7, listed())  # the pull as it reads when it is merged
    with pytest.raises(Moved, match="it is merged"):
        await played.gitea("odd").merge(2, HEAD, "t", "m")


@pytest.mark.parametrize(
    ("pull", "dependencies", "kind", "says"),
    [
        (httpx.Response(502), listed(), NotYet, "cannot be asked why"),
        (None, httpx.ReadError("reset"), NotYet, "cannot be asked why"),
        (None, httpx.Response(404), Refused, "the forge failed to merge it"),  # dependencies are switched off
    ],
)
async def test_a_merge_that_broke_is_never_unknown_even_when_nobody_says_why(
    pull: httpx.Response | None, dependencies: httpx.Response | Exception, kind: type[ForgeError], says: str
) -> None:
    """It is over when the forge has answered: no other pull waits until somebody has looked."""
    given = {
        "merge": response(at("gitea", "merge-odd", 2)),
        "2": pull or response(at("gitea", "merge-odd", 4)),
        "dependencies": dependencies,
    }

    def answer(request: httpx.Request) -> httpx.Response:
        there = given[request.url.path.rpartition("/")[2]]
        if isinstance(there, Exception):
            raise there
        return httpx.Response(there.status_code, headers=there.headers, content=there.content)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://forge") as client:
        with pytest.raises(ForgeError, match=says) as no:
            await Gitea(client, OWNER, "odd").merge(2, HEAD, "t", "m")
    assert type(no.value) is kind


async def test_a_merge_that_something_before_the_forge_answers_is_unknown_and_not_over() -> None:
    where = f"/api/v1/repos/{OWNER}/odd/pulls/2/merge"
    for status, body in ((502, "<html>Bad Gateway</html>"), (504, ""), (500, "upstream died"), (200, "<html>Sign in</html>"), (201, "")):
        played = Tape([("POST", where, httpx.Response(status, text=body))])
        with pytest.raises(ForgeGone) as gone:
            await played.gitea("odd").merge(2, HEAD, "t", "m")
        assert gone.value.sent


@pytest.mark.parametrize("forge", FORGES)
def test_what_the_forge_says_while_a_pushed_head_is_looked_at_is_never_final(forge: str) -> None:
    """`landing-cycle`: the second of two, moved onto the trunk, is refused as behind for a second although it is not; then it lands."""
    merges = [r for r in exchanges(forge) if r["case"] == "landing-cycle" and path(r).endswith("/merge")]
    means = [merging.found(answer(r)).means for r in merges]
    assert means[0] is LANDED
    assert means[-1] is LANDED
    assert set(means[1:-1]) <= {AGAIN, MOVED}
    assert len(means) > 5
    assert {type(merging.refusal(answer(r))) for r in merges[1:-1]} <= {NotYet, Moved}


# case, step → what it raises (None: it was done) and what it says. The console updates its own branches itself, by a leased push.
UPDATES: dict[tuple[str, int], tuple[type[ForgeError] | None, str]] = {
    **{("update", step): (ForgeGone, "answered 500: without a reason") for step in (1, 2, 12, 13, 19)},  # up to date; or a reader
    ("update", 3): (ForgeGone, "HeadBranch of PR 1 is up to date"),
    **{("update", step): (None, "") for step in (6, 10, 20, 22)},
    ("update", 14): (Missing, "does not show it"),
    ("update", 15): (Refused, "rebase failed because of conflict"),
    ("update", 16): (Refused, "merge failed because of conflict"),
    ("update", 17): (Refused, "did not understand"),  # it is merged
    ("update", 21): (Refused, "our account may not do this"),
    ("pulls-edit", 10): (Refused, "did not understand"),  # it is closed
    ("reader-rights", 7): (ForgeGone, "answered 500"),
    ("repo-archived", 11): (ForgeGone, "answered 500"),
}


@pytest.mark.parametrize("forge", FORGES)
async def test_every_recorded_update_of_a_pull_is_done_or_is_its_error(forge: str) -> None:
    asked = {(r["case"], r["step"]): r for r in exchanges(forge) if r["request"]["method"] == "POST" and path(r).endswith("/update")}
    assert set(asked) == set(UPDATES)
    for key, (kind, says) in UPDATES.items():
        r = asked[key]
        rest = Rest(tape(r).client, OWNER, repository(r) or "")
        if kind is None:
            await rest.write("POST", below(r), None)
            continue
        with pytest.raises(ForgeError, match=says) as no:
            await rest.write("POST", below(r), None)
        assert type(no.value) is kind, key


@pytest.mark.parametrize(
    "said",
    ["Please try again later", "The head branch is behind the base branch", "Does not have enough approvals", "Changed protected files"],
)
def test_what_forgejo_wraps_means_what_gitea_says(said: str) -> None:
    def of(message: str) -> tuple[Means, str]:
        body = json.dumps({"message": message}).encode()
        it = merging.found(Answer(asked="POST /merge", status=405, headers={}, content=body))
        return it.means, it.so

    assert of(f"not allowed to merge [reason: {said}]") == of(said)
