"""An engine's parts around a small project: real git, a real local forge, no loop; the acts and senses are called one by one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console import wire
from console.core import actions as a
from console.core.facts import Oid
from console.engine.acts import claim, work
from console.engine.claims import claim_ref
from console.engine.effect import none
from console.engine.loop import Loop
from console.engine.ports import Ports
from console.engine.push import exists
from panes.git import git
from tests.acceptance.conftest import folder as folder  # a fixture
from tests.acceptance.world import settings, world

BRANCH = "feat/issue-1"


@pytest.fixture
async def loop(folder: Path) -> AsyncIterator[Loop]:
    """The loop of an engine that does not run, its hub fetched, and one ready issue."""
    made = world(folder, settings("true", "true"), {"README": "a project\n"})
    async with wire.engine(made.place, lambda: True) as engine:
        await engine.loop.ports.forge.file("One", "", ["ops/ready"])
        await engine.loop.senses.look({}, {})
        yield engine.loop


@pytest.fixture
def ports(loop: Loop) -> Ports:
    return loop.ports


def trunk(ports: Ports) -> Oid:
    return Oid(git(ports.paths.hub, "rev-parse", "refs/remotes/origin/main").out.strip())


async def claimed(ports: Ports) -> Oid:
    """Issue 1 is claimed and has its worktree; the claim."""
    await claim.take(a.TakeClaim(issue=1, branch=BRANCH, label=None), ports, none)
    oid = await exists(ports.paths.hub, ports.remote, claim_ref(1))
    assert oid
    await work.provision(a.Provision(issue=1, claim=oid, branch=BRANCH, at=trunk(ports)), ports, none)
    return oid
