"""A forge in a folder with a space in its name, for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.localforge.parts import Local, local, project


@pytest.fixture
async def forge(tmp_path: Path) -> AsyncIterator[Local]:
    made = local(tmp_path / "a forge", project(tmp_path / "the project"))
    async with made.http:
        yield made
