"""Leases on the forge: one winner, and a loser that knows it lost."""

import asyncio
from pathlib import Path

import pytest

from console.core.facts import Oid
from console.engine.push import Ref, classified, exists, push, record
from console.forge.errors import ForgeGone, Moved, Refused
from panes.git import GitFailed, Remote, git

NAME = "refs/ops/claims/issue-1"


@pytest.fixture
def forge(tmp_path: Path) -> Path:
    bare = tmp_path / "for ge.git"
    git(tmp_path, "init", "--quiet", "--bare", "--template=", str(bare))
    return bare


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet", "--bare", "--template=", str(tmp_path / "hub.git"))
    return tmp_path / "hub.git"


async def test_of_eight_who_claim_at_once_one_wins_and_the_others_see_that_it_moved(forge: Path, hub: Path) -> None:
    async def claim(n: int) -> Oid | None:
        mine = await record(hub, f"claim {n}")
        try:
            await push(hub, Remote(str(forge)), [Ref(name=NAME, was=None, now=mine)])
        except Moved:
            return None
        return mine

    for _ in range(4):
        winners = [oid for oid in await asyncio.gather(*(claim(n) for n in range(8))) if oid]
        assert winners == [await exists(hub, Remote(str(forge)), NAME)]
        await push(hub, Remote(str(forge)), [Ref(name=NAME, was=winners[0], now=None)])


async def test_a_robbed_holder_moves_neither_claim_nor_branch(forge: Path, hub: Path) -> None:
    first, second, work = await record(hub, "first"), await record(hub, "second"), await record(hub, "work")
    await push(hub, Remote(str(forge)), [Ref(name=NAME, was=None, now=second)])
    with pytest.raises(Moved):
        await push(hub, Remote(str(forge)), [Ref(name=NAME, was=first, now=work), Ref(name="refs/heads/fix/issue-1", was=None, now=work)])
    assert await exists(hub, Remote(str(forge)), "refs/heads/fix/issue-1") is None


async def test_deleting_what_another_moved_is_seen_as_moved(forge: Path, hub: Path) -> None:
    first, second = await record(hub, "first"), await record(hub, "second")
    await push(hub, Remote(str(forge)), [Ref(name=NAME, was=None, now=second)])
    with pytest.raises(Moved):
        await push(hub, Remote(str(forge)), [Ref(name=NAME, was=first, now=None)])
    assert await exists(hub, Remote(str(forge)), NAME) == second


async def test_a_forge_that_is_not_there_is_gone_and_not_a_refusal(tmp_path: Path, hub: Path) -> None:
    mine = await record(hub, "mine")
    with pytest.raises(ForgeGone):
        await push(hub, Remote(str(tmp_path / "nowhere.git")), [Ref(name=NAME, was=None, now=mine)])
    with pytest.raises(ForgeGone):
        await exists(hub, Remote(str(tmp_path / "nowhere.git")), NAME)


async def test_a_hook_that_says_no_is_a_refusal_in_its_words(forge: Path, hub: Path) -> None:
    hook = forge / "hooks" / "pre-receive"
    hook.parent.mkdir()
    hook.write_text("#!/bin/sh\necho not today >&2\nexit 1\n")
    hook.chmod(0o755)
    git(forge, "config", "core.hooksPath", "hooks")
    with pytest.raises(Refused, match="not today"):
        await push(hub, Remote(str(forge)), [Ref(name=NAME, was=None, now=await record(hub, "mine"))])


async def test_a_name_that_begins_like_another_is_another(forge: Path, hub: Path) -> None:
    mine = await record(hub, "mine")
    await push(hub, Remote(str(forge)), [Ref(name=NAME + "0", was=None, now=mine)])
    assert await exists(hub, Remote(str(forge)), NAME) is None


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("fatal: unable to access 'http://h/a/b.git/': The requested URL returned error: 403", Refused),
        ("fatal: Authentication failed for 'http://h/a/b.git/'", Refused),
        ("fatal: could not read Username for 'http://h': terminal prompts disabled", Refused),
        ("! [remote rejected] (cannot lock ref 'refs/ops/claims/a': 'refs/ops/claims' exists; cannot create 'refs/ops/claims/a')", Refused),
        ("! [remote rejected] (cannot lock ref 'refs/ops/claims/issue-1': reference already exists)", Moved),
        ("fatal: unable to access 'http://h/a/b.git/': The requested URL returned error: 502", ForgeGone),
        ("fatal: unable to access 'http://h/a/b.git/': The requested URL returned error: 429", ForgeGone),
        ("fatal: unable to access 'http://h/a/b.git/': Failed to connect to h port 80: Connection refused", ForgeGone),
    ],
)
def test_a_no_is_told_from_a_race_that_was_lost_and_from_a_server_that_is_away(said: str, means: type[Exception]) -> None:
    assert isinstance(classified(GitFailed(["push"], 128, said), "the push"), means)
