"""A merge and what came of it: the forge's answer counts for little, the trunk for everything."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from console.core import actions as a
from console.core.facts import Landing, Oid, Tree
from console.engine.acts import land
from console.engine.effect import none
from console.engine.ports import Ports
from console.engine.push import Ref, push, record
from console.forge.errors import ForgeError, ForgeGone, Moved, NotYet, Refused
from console.forge.gitea import Gitea
from panes.git import git
from tests.engine.conftest import trunk
from tests.forge.replay import FORGES, Record, at, response

LANDER = "refs/ops/lander/main"
Answer = Callable[[], httpx.Response]


async def merge(ports: Ports, answer: Answer) -> None:
    """Merges a pull whose forge answers so, while git sees the real one."""

    def forge(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return answer()
        if request.url.path.endswith("/dependencies"):
            return httpx.Response(200, json=[])
        return response(at("gitea", "half-landed-1", 1 if "/pulls/" in request.url.path else 2))

    lander = await record(ports.paths.hub, "lander")
    await push(ports.paths.hub, ports.remote, [Ref(name=LANDER, was=None, now=lander)])
    landing = Landing(pull=2, issue=1, head=Oid("1" * 40), trunk=trunk(ports), tree=Tree("2" * 40))
    async with httpx.AsyncClient(transport=httpx.MockTransport(forge), base_url="http://forge") as client:
        asked = replace(ports, forge=Gitea(client, "ada", "engine"))
        await land.merge(a.Merge(landing=landing, lander=lander), asked, none)


def moves_the_trunk(ports: Ports) -> None:
    """As the forge does it when it merges: a commit on the trunk, whatever it then answers."""
    bare = ports.remote.url
    made = git(bare, "commit-tree", "main^{tree}", "-p", "main", "-m", "landed").out.strip()
    git(bare, "update-ref", "refs/heads/main", made)


def recorded(r: Record) -> Answer:
    return lambda: response(r)


@pytest.mark.parametrize("forge", FORGES)
@pytest.mark.parametrize(
    ("case", "step", "kind"),
    [
        ("merge-refused", 5, Refused),
        ("merge-refused", 33, NotYet),
        ("merge-refused", 27, Moved),
        ("conflict-at-merge", 2, Refused),
        ("merge-odd", 14, ForgeGone),
    ],
)
async def test_what_the_forge_says_of_a_trunk_that_stands_still_is_what_happened(
    ports: Ports, forge: str, case: str, step: int, kind: type[ForgeError]
) -> None:
    with pytest.raises(ForgeError) as no:
        await merge(ports, recorded(at(forge, case, step)))
    assert type(no.value) is kind


@pytest.mark.parametrize(
    "answer",
    [
        recorded(at("gitea", "conflict-at-merge", 2)),  # 500: half landed, or landed and something after it failed
        lambda: httpx.Response(403),  # Forgejo, when the branch of what it merged cannot be deleted
        lambda: httpx.Response(502, text="<html>Bad Gateway</html>"),
        recorded(at("gitea", "merge-refused", 10)),
    ],
)
async def test_a_trunk_that_moved_while_it_merged_is_looked_at_whatever_the_forge_says(ports: Ports, answer: Answer) -> None:
    def landed() -> httpx.Response:
        moves_the_trunk(ports)
        return answer()

    with pytest.raises(Moved, match="and the trunk moved to"):
        await merge(ports, landed)


async def test_a_merge_whose_answer_was_lost_stays_unknown_while_the_trunk_cannot_be_asked_either(ports: Ports) -> None:
    """Else it would be sent again as one that never left, and could land twice over on something untested."""

    def dies() -> httpx.Response:
        bare = Path(ports.remote.url)
        bare.rename(bare.with_name("gone.git"))
        raise httpx.ReadError("connection reset")

    with pytest.raises(ForgeGone, match="connection reset") as gone:
        await merge(ports, dies)
    assert gone.value.sent
