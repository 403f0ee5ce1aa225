"""What a measurement says of itself."""

import json
import os
import sys
from pathlib import Path

import pytest

from bench.__main__ import main
from bench.measurement import CannotMeasure, Measurement, Target, side_by_side

AT_MOST = Target(bound="at most", ratio=8)
AT_LEAST = Target(bound="at least", ratio=50)


@pytest.mark.parametrize(
    ("ours", "other", "target", "ratio", "meets"),
    [
        (70, 10, AT_MOST, 7, True),
        (90, 10, AT_MOST, 9, False),
        (2, 250, AT_LEAST, 125, True),
        (10, 250, AT_LEAST, 25, False),
        (40, 10, None, 4, None),
        (40, None, None, None, None),
        (40, None, AT_MOST, None, None),
    ],
)
def test_a_ratio_is_a_cost_or_an_advantage_as_its_target_has_it(
    ours: float, other: float | None, target: Target | None, ratio: float | None, meets: bool | None
) -> None:
    taken = Measurement(bench="x", ours=ours, other=other, unit="ms", target=target)
    assert (taken.ratio, taken.meets) == (ratio, meets)


def test_a_measurement_is_one_line_of_json() -> None:
    line = Measurement(bench="x", ours=2.00004, other=200, unit="ms", target=AT_LEAST).as_json()
    assert json.loads(line) == {"bench": "x", "ours": 2.0, "other": 200.0, "unit": "ms", "ratio": 100.0, "target": ">= 50", "meets": True}


def test_a_command_that_fails_is_not_measured(tmp_path: Path) -> None:
    with pytest.raises(CannotMeasure, match="ended with 5: no board"):
        side_by_side(
            [sys.executable, "-c", "import sys; print('no board', file=sys.stderr); sys.exit(5)"], ["true"], tmp_path, os.environ, 1
        )


def test_an_unknown_measurement_is_named_with_those_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["speed"]) == 2
    assert capsys.readouterr().err.startswith("bench: there is no speed; there are status")
