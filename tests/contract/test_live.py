"""The recorded questions of a live Gitea: with OPS_TEST_GITEA_URL, and an administrator's token in OPS_TEST_GITEA_TOKEN."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract import live
from tests.contract.different import LIVE
from tests.contract.replay import replayed
from tests.contract.setups import SETUP
from tests.recorded import case

URL, TOKEN = (os.environ.get(f"OPS_TEST_GITEA_{name}", "") for name in ("URL", "TOKEN"))


@pytest.fixture(scope="module")
def site() -> Iterator[live.Site]:
    with live.site(URL, TOKEN) as there:
        yield there


@pytest.mark.skipif(not (URL and TOKEN), reason="no live server: OPS_TEST_GITEA_URL and OPS_TEST_GITEA_TOKEN (an admin's) name one")
@pytest.mark.parametrize("name", SETUP)
def test_a_live_gitea_answers_as_the_recorded_one_did(site: live.Site, name: str, tmp_path: Path) -> None:
    with live.forge(site, tmp_path, name, case("gitea", name)) as world:
        SETUP[name](world)
        failures = list(replayed(world))
    apart = LIVE.get(name, {})
    for failure in failures:
        if failure.step in apart:
            print(f"could not be asked of it: step {failure.step}  {failure.asked}: {apart[failure.step]}")
    wrong = [str(failure) for failure in failures if failure.step not in apart]
    assert not wrong, "\n".join(["", *wrong])
