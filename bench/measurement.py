"""What a measurement says, and how long a command takes."""

import json
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from panes.seen import fact


class CannotMeasure(Exception):
    """What is to be measured does not work here; the text says what went wrong."""


@fact
class Target:
    """What the ratio has to be: at most so many times the other's cost, or at least so many times better than the other."""

    bound: Literal["at most", "at least"]
    ratio: float

    def __str__(self) -> str:
        return f"{'<=' if self.bound == 'at most' else '>='} {self.ratio:g}"


@fact
class Measurement:
    """``ours`` and ``other`` are raw figures in ``unit``, less being better. None: there is nothing to compare it with, or no target."""

    bench: str
    ours: float
    other: float | None
    unit: str
    target: Target | None

    @property
    def ratio(self) -> float | None:
        """How much of the other's cost is ours; where the target is an `at least`, how many times of ours the other's is."""
        if self.other is None:
            return None
        return self.other / self.ours if self.target and self.target.bound == "at least" else self.ours / self.other

    @property
    def meets(self) -> bool | None:
        if self.target is None or self.ratio is None:
            return None
        return self.ratio <= self.target.ratio if self.target.bound == "at most" else self.ratio >= self.target.ratio

    def as_json(self) -> str:
        """One line, figures to four digits."""
        return json.dumps(
            {
                "bench": self.bench,
                "ours": _short(self.ours),
                "other": _short(self.other),
                "unit": self.unit,
                "ratio": _short(self.ratio),
                "target": None if self.target is None else str(self.target),
                "meets": self.meets,
            }
        )


def _short(figure: float | None) -> float | None:
    return None if figure is None else float(f"{figure:.4g}")


def side_by_side(ours: Sequence[str], other: Sequence[str], where: Path, env: Mapping[str, str], times: int) -> tuple[float, float]:
    """Median milliseconds of two commands, run in turn so that a busy moment hits both. Raises CannotMeasure when one fails."""
    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(times):
        for column, command in zip(took, (ours, other), strict=True):
            began = time.perf_counter()
            ran = subprocess.run(command, cwd=where, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
            column.append((time.perf_counter() - began) * 1000)
            if ran.returncode:
                raise CannotMeasure(f"{' '.join(command)} ended with {ran.returncode}: {ran.stderr.strip()[-400:]}")
    return statistics.median(took[0]), statistics.median(took[1])
