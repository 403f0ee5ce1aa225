"""The recorded questions, case by case, of the forge in a folder."""

from pathlib import Path

import pytest

from tests.contract import local
from tests.contract.different import DIFFERENT
from tests.contract.replay import replayed
from tests.contract.setups import SETUP
from tests.recorded import case, records


@pytest.mark.parametrize("name", SETUP)
def test_the_local_forge_answers_as_gitea_did(name: str, tmp_path: Path) -> None:
    with local.forge(tmp_path, name, case("gitea", name)) as world:
        SETUP[name](world)
        failures = {failure.step: failure for failure in replayed(world)}
    listed = DIFFERENT.get(name, {})
    wrong = [str(failure) for step, failure in failures.items() if step not in listed]
    wrong += [f"step {step}  agrees, and is listed as different: {listed[step]}" for step in listed if step not in failures]
    assert not wrong, "\n".join(["", *wrong])


def test_every_recorded_case_is_asked() -> None:
    assert set(SETUP) == {record["case"] for record in records("gitea")}
