"""The client on a forge in a folder: the way the console puts the two together."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console.forge.gitea import Gitea
from tests.localforge.parts import Local, local, project


@pytest.fixture
async def forge(tmp_path: Path) -> AsyncIterator[Local]:
    made = local(tmp_path / "a forge", project(tmp_path / "the project"))
    async with made.http:
        yield made


@pytest.fixture
def gitea(forge: Local) -> Gitea:
    return Gitea(forge.http, "ada", "engine")
