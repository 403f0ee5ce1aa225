"""What `doctor` and `login` make of a server's rules; asked of the local forge, which answers as a server does."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from console import wire
from console.cli import examine, login
from console.cli.failure import Failure
from console.forge.probe import Rights
from tests.acceptance.conftest import folder as folder  # a fixture
from tests.acceptance.world import settings, world


@pytest.fixture
def place(folder: Path) -> Any:
    return world(folder, settings("true", "true"), {"README": "a project\n"}).place


def but(found: Rights, part: str, **over: object) -> Rights:
    """The same rights, one part of them otherwise."""
    return replace(found, **{part: msgspec.structs.replace(getattr(found, part), **over)})


async def test_a_protected_trunk_with_the_required_status_and_squash_alone_is_as_it_should_be(place: Any) -> None:
    assert examine.judged(await wire.rights(place, None), place).state == "ok"
    assert "may write to acme/proj" in await login.tried(place, "any")


@pytest.mark.parametrize(
    ("part", "over", "says"),
    [
        ("repository", {"archived": True}, "archived"),
        ("repository", {"allow_rebase": True}, "something else than squash"),
        ("repository", {"allow_squash_merge": False}, "something else than squash"),
        ("branch", {"protected": False}, "not protected"),
        ("branch", {"user_can_push": True}, "push to the trunk directly"),
        ("branch", {"user_can_merge": False}, "may not merge"),
        ("branch", {"status_check_contexts": ["ci/*"]}, "does not need the status ops/verify"),
        ("branch", {"enable_status_check": False}, "does not need the status ops/verify"),
        ("branch", {"status_check_contexts": None}, "does not need the status ops/verify"),
    ],
)
async def test_what_landing_would_stumble_over_is_named_with_the_way_out(place: Any, part: str, over: dict[str, object], says: str) -> None:
    line = examine.judged(but(await wire.rights(place, None), part, **over), place)
    assert line.state == "mend"
    assert says in line.says
    assert line.remedy


async def test_a_required_status_may_be_a_pattern_and_a_trunk_may_be_missing(place: Any) -> None:
    found = await wire.rights(place, None)
    assert examine.judged(but(found, "branch", status_check_contexts=["ops/*"]), place).state == "ok"
    assert "not there" in examine.judged(replace(found, branch=None), place).says


async def test_a_token_for_another_repository_is_not_kept(place: Any) -> None:
    with pytest.raises(Failure, match="shows this account no repository acme/other"):
        await login.tried(replace(place, repo="acme/other", settings=None), "any")
